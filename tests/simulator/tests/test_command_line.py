# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program: its ready line, its listeners, its certificates, its worlds, and how it ends."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import requests
from dosim.cli import main
from dosim.simulator import Settings, Simulator
from dosim_testing import PROGRAM, Sim, process


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Start with these arguments, in this process, which must fail with 2; what it said."""

    def start(*arguments: str) -> str:
        try:
            code = main(list(arguments))
        except SystemExit as stopped:
            code = stopped.code
        output, said = capsys.readouterr()
        assert (code, output) == (2, "")
        return said.strip()

    return start


def test_a_start_that_fails_ends_the_program_with_2() -> None:
    command = [sys.executable, str(PROGRAM), "--world", "atlantis"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr == "simulator: no world 'atlantis': it is neither a file nor one of awkward, fleet, large, usage\n"
    )


def test_the_ready_line_and_the_ready_file(tmp_path) -> None:
    file = tmp_path / "ready.json"
    with process("--droplets", "1", "--ready-file", str(file)) as (program, ready):
        assert json.loads(file.read_text()) == ready
        assert list(ready) == ["api_url", "http_url", "ca_path", "token", "pid"]
        assert ready["api_url"].startswith("https://127.0.0.1:")
        assert ready["http_url"] is None
        assert ready["pid"] == program.pid
        assert ready["token"].startswith("dop_v1_")
        assert len(ready["token"]) == 7 + 64
        assert [entry.name for entry in tmp_path.iterdir()] == ["ready.json"]
        assert Sim(ready).read("/v2/droplets")["meta"]["total"] == 1


def test_certificates_are_verified_kept_and_reused(tmp_path) -> None:
    tls = tmp_path / "tls"
    arguments = ("--droplets", "0", "--tls-dir", str(tls), "--tls-name", "api.test", "other.test")
    with process(*arguments) as (_program, ready):
        assert ready["ca_path"] == str(tls / "ca.pem")
        assert sorted(file.name for file in tls.iterdir()) == ["ca.pem", "server.key", "server.pem"]
        assert (tls / "server.key").stat().st_mode & 0o077 == 0
        sim = Sim(ready)
        assert sim.get("/v2/account").status_code == 200
        by_name = ready["api_url"].replace("127.0.0.1", "localhost") + "/v2/account"
        assert sim.session.get(by_name).status_code == 401
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(by_name, verify=True, timeout=5)
        first = (tls / "ca.pem").read_bytes()
    with process(*arguments) as (_program, ready):
        assert (tls / "ca.pem").read_bytes() == first
        assert Sim(ready).get("/v2/account").status_code == 200


def test_settings_of_the_command_line_hold_over_a_reset() -> None:
    arguments = (
        *("--droplets", "4", "--seed", "9", "--token", "my-own-token", "--start", "2027-05-01T12:00:00Z"),
        *("--action-seconds", "0,snapshot=600", "--behaviour", "gpu_backups=rejected", "tag_case=insensitive"),
    )
    with process(*arguments) as (_program, ready):
        sim = Sim(ready)
        assert sim.token == "my-own-token"
        for _again in range(2):
            state = sim.state()
            assert state["now"].startswith("2027-05-01T12:00:0")
            assert len(state["droplets"]) == 4
            assert (state["behaviour"]["gpu_backups"], state["behaviour"]["tag_case"]) == ("rejected", "insensitive")
            droplet = state["droplets"][0]["id"]
            action = sim.act(droplet, "enable_backups")
            assert action["status"] == "in-progress"
            assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == "completed"
            action = sim.act(droplet, "snapshot")
            sim.advance(590)
            assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == "in-progress"
            sim.advance(10)
            assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == "completed"
            sim.reset()


def test_real_durations_follow_the_size_of_the_image() -> None:
    with process("--droplets", "1", "--action-seconds", "real") as (_program, ready):
        sim = Sim(ready)
        droplet = sim.state()["droplets"][0]["id"]
        action = sim.act(droplet, "snapshot")
        sim.advance("6h")
        ended = sim.read(f"/v2/actions/{action['id']}")["action"]
        (snapshot,) = sim.read(f"/v2/droplets/{droplet}/snapshots")["snapshots"]
        minutes = {key: int(ended[key][11:13]) * 60 + int(ended[key][14:16]) for key in ("started_at", "completed_at")}
        took = minutes["completed_at"] - minutes["started_at"]
        assert abs(took - 2 * snapshot["size_gigabytes"]) <= 1


def test_latency_is_real_and_spares_the_control_plane() -> None:
    with process("--droplets", "0", "--latency-ms", "200") as (_program, ready):
        sim = Sim(ready)
        begun = time.monotonic()
        sim.control("GET", "clock")
        assert time.monotonic() - begun < 0.2
        begun = time.monotonic()
        sim.get("/v2/account")
        assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_with_connections_open_and_requests_held(number: signal.Signals) -> None:
    with process("--droplets", "0") as (program, ready):
        sim = Sim(ready)
        sim.fault({"delay": 90})
        arguments = (sim.ready["api_url"], sim.ready["ca_path"], sim.token)
        held = subprocess.Popen([sys.executable, "-c", _HANG, *arguments], stderr=subprocess.DEVNULL)
        while not sim.journal():
            time.sleep(0.05)
        program.send_signal(number)
        # Much less than the request is held and connections are kept, even on a busy machine.
        assert program.wait(30) == 0
        held.kill()
        held.wait()


_HANG = """
import sys, requests
url, ca, token = sys.argv[1:]
session = requests.Session()
session.trust_env = False
session.get(url + "/v2/account", headers={"Authorization": "Bearer " + token}, verify=ca)
"""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--world", "atlantis"), "no world 'atlantis': it is neither a file nor one of awkward, fleet, large, usage"),
        (("--world", "fleet", "--droplets", "3"), "exclude each other"),
        (("--droplets", "-1"), "the number of Droplets must be from 0 to 100000"),
        (("--start", "tomorrow"), "'tomorrow'"),
        (("--start", "1970-01-01T00:00:00Z"), "the clock knows the years 2000 to 8999"),
        (("--token", "short"), "at least 8"),
        (("--latency-ms", "-1"), "--latency-ms must be"),
        (("--latency-ms", "nan"), "--latency-ms must be"),
        (("--action-seconds", "soon"), "'soon' is not SECONDS, TYPE=SECONDS or 'real'"),
        (("--action-seconds", "-1"), "'-1' is not SECONDS"),
        (("--action-seconds", "nan"), "'nan' is not SECONDS"),
        (("--action-seconds", "explode=1"), "unknown action type 'explode'; the types are backup,"),
        (("--rate-limit", "5"), "'5' is not on, off or REQUESTS/SECONDS"),
        (("--rate-limit", "5/0"), "'5/0' is not"),
        (("--rate-limit", "5/60,x/y"), "'x/y' is not"),
        (("--behaviour", "gpu_backups"), "'gpu_backups' is not KEY=VALUE"),
        (("--behaviour", "colour=red"), "unknown switch 'colour'"),
        (("--behaviour", "gpu_backups=maybe"), "gpu_backups takes supported, rejected"),
        (("--port", "99999"), ""),
        (("--seed", "x"), "invalid int value"),
        (("--nonsense",), "unrecognized arguments"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, tuple) else "",
)
def test_a_mistake_is_a_sentence_and_exit_2(fails, arguments: tuple[str, ...], words: str) -> None:
    assert words in fails(*arguments)


WORLD = """
start: "2026-06-01T00:00:00Z"
account: {email: me@example.com, droplet_limit: 9}
droplets:
  - {name: "web-##", count: 2, region: [nyc3, ams3], status: off, policy: {plan: weekly, weekday: MON, hour: 8}}
  - {name: lone, image: debian-12-x64, size: c-2, age: 1h, volumes: 1}
"""


def test_a_world_of_ones_own(tmp_path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(WORLD)
    with process("--world", str(file)) as (_program, ready):
        sim = Sim(ready)
        state = sim.state()
        assert state["now"].startswith("2026-06-01T00:00:0")
        assert (state["account"]["email"], state["account"]["droplet_limit"]) == ("me@example.com", 9)
        assert [(row["name"], row["region"], row["status"], len(row["backups"])) for row in state["droplets"]] == [
            ("web-01", "nyc3", "off", 4),
            ("web-02", "ams3", "off", 4),
            ("lone", "nyc3", "active", 0),
        ]
        lone = sim.read(f"/v2/droplets/{sim.id('lone')}")["droplet"]
        assert (lone["created_at"], lone["image"]["slug"], len(lone["volume_ids"])) == (
            "2026-05-31T23:00:00Z",
            "debian-12-x64",
            1,
        )


def test_the_counter_of_a_name_may_stand_before_a_line_break(tmp_path) -> None:
    """Names are not checked: a world may hold what no request may ask for."""
    file = tmp_path / "odd.yml"
    file.write_text(r'droplets: [{name: "a\n##\nb#", count: 2}]')
    store = Simulator(Settings(world=str(file))).cloud.store
    assert [droplet.name for droplet in store.droplets.rows.values()] == ["a\n01\nb#", "a\n02\nb#"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "cannot be read"),
        ("\x00", "cannot be read"),
        ("just words", "a world must be a JSON object"),
        ("colour: red", "unknown key 'colour'; the keys are start, account, droplets"),
        ("start: soon", "start: "),
        ("account: {droplet_limit: many}", "droplet_limit must be a whole number"),
        ("account: {shoe_size: 9}", "unknown key 'shoe_size'"),
        ("droplets: {}", "droplets must be a list"),
        ("droplets: [x]", "Droplet entry 1: a Droplet must be"),
        ("droplets: [{name: a}, {size: c-2}]", "Droplet entry 2: name is missing"),
        ("droplets: [{name: a, colour: red}]", "unknown key 'colour'"),
        ("droplets: [{name: a, size: huge}]", "size must be one of s-1vcpu-512mb-10gb"),
        ("droplets: [{name: a, size: [c-2]}]", "size must be one of"),
        ("droplets: [{name: a, region: mars}]", "region must be one of"),
        ("droplets: [{name: a, region: [nyc3, mars], count: 2}]", "region must be one of"),
        ("droplets: [{name: a, image: beos}]", "image must be one of"),
        ("droplets: [{name: a, status: new}]", "status must be one of active, off"),
        ("droplets: [{name: a, tags: web}]", "tags must be a list of texts"),
        ("droplets: [{name: a, age: old}]", "age: not a duration"),
        ("droplets: [{name: a, age: 99999d}]", "age: more than twenty years"),
        ("droplets: [{name: a, policy: {plan: daily, hour: false}}]", "hour must be one of"),
        ("start: '9999-01-01T00:00:00Z'", "the years 2000 to 8999"),
        ("droplets: [{name: a, count: -1}]", "count must be a whole number"),
        ("droplets: [{name: a, policy: daily}]", "policy must be a JSON object"),
        ("droplets: [{name: a, policy: {hour: 4}}]", "plan is missing"),
        ("droplets: [{name: a, policy: {plan: daily, hour: 3}}]", "hour must be one of"),
        ("droplets: [{name: a, policy: {plan: weekly}}]", "weekday must be one of"),
        ("droplets: [{name: a, policy: {plan: daily, window_length_hours: 0}}]", "window_length_hours must be"),
        ("droplets: [{name: a, policy: {plan: daily, window_length_hours: 90}}]", "window_length_hours must be"),
        ("droplets: [{name: a, snapshots: 3}]", "snapshots must be a list"),
        ("droplets: [{name: a, snapshots: [{age: 3d}]}]", "name is missing"),
        ("droplets: [{name: a, busy: {type: resize}}]", "type must be one of snapshot, power_on"),
        ("droplets: [{name: a, deleted_for: soon}]", "deleted_for: not a duration"),
        ("droplets: [{name: a, age: 2d, deleted_for: 3d}]", "was made before it was deleted"),
        ("droplets: [{name: a, deleted_for: 3d, busy: {type: snapshot}}]", "can not be busy"),
        (
            "account: {droplet_limit: 3}\ndroplets: [{name: a, count: 4}]",
            "more Droplets than the account's",
        ),
    ],
    ids=lambda value: value[:60],
)
def test_a_broken_world_is_a_sentence_and_exit_2(fails, tmp_path, text: str, words: str) -> None:
    file = tmp_path / "broken.yml"
    file.write_text(text)
    said = fails("--world", str(file))
    assert words in said
    assert str(file) in said
    assert "\n" not in said
