# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane: clock, journal, reset, tokens, state, and its own refusals."""

import json
import time

import pytest
from dosim_testing import Sim


def refused(sim: Sim, method: str, path: str, body: object = None, data: bytes | None = None) -> str:
    answer = sim.session.request(method, f"{sim.ready['api_url']}/_sim/{path}", json=body, data=data)
    assert answer.status_code == 422, answer.text
    return answer.json()["message"]


def test_the_clock_starts_with_the_world_and_runs_at_real_speed(sim: Sim) -> None:
    assert sim.control("GET", "clock")["now"] in ("2026-03-11T09:30:00Z", "2026-03-11T09:30:01Z")
    time.sleep(1.1)
    assert sim.control("GET", "clock")["now"] in ("2026-03-11T09:30:01Z", "2026-03-11T09:30:02Z")


@pytest.mark.parametrize(
    ("how_long", "now"),
    [
        (90, "09:31:3"),
        (0, "09:30:0"),
        (1.5, "09:30:0"),
        ("45s", "09:30:4"),
        ("90m", "11:00:0"),
        ("2h", "11:30:0"),
        ("0.5h", "10:00:0"),
    ],
)
def test_the_clock_advances(sim: Sim, how_long: str | float, now: str) -> None:
    assert now in sim.advance(how_long)


def test_the_clock_is_set_and_the_date_header_follows(sim: Sim) -> None:
    sim.set_clock("2027-01-01T00:00:00Z")
    assert sim.get("/v2/account").headers["date"].startswith("Fri, 01 Jan 2027 00:00:0")
    assert "never goes back" in refused(sim, "POST", "clock", {"set": "2026-12-31T00:00:00Z"})


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"advance": -1},
        {"advance": "2w"},
        {"advance": "h"},
        {"advance": True},
        {"advance": None},
        {"advance": 1e300},
        {"advance": 10**400},
        {"advance": "9999999d"},
        {"advance": "99999999999d"},
        {"set": "yesterday"},
        {"set": "2027-01-01"},
        {"set": 5},
        {"set": "9999-12-31T23:59:59Z"},
        {"set": "2027-13-01T00:00:00Z"},
        {"set": "2027-01-01T00:00:00Z", "advance": 1},
        {"jump": 1},
    ],
    ids=lambda body: str(body)[:50],
)
def test_a_bad_time_is_refused_and_the_clock_stays(sim: Sim, body: object) -> None:
    assert refused(sim, "POST", "clock", data=json.dumps(body).encode())
    assert sim.control("GET", "clock")["now"].startswith("2026-03-11T09:30:0")


def test_the_journal_tells_what_was_asked_and_what_became_of_it(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.get("/v2/droplets?per_page=5&tag_name=env:prod")
    sim.act(droplet, "enable_backups")
    sim.post(f"/v2/droplets/{droplet}/actions", {"type": "enable_backups"})
    sim.get("/v2/nothing")
    sim.get("/v2/account", token="wrong-token-wrong")
    first, second, third, fourth, fifth = sim.journal()
    assert first == {
        "n": 1,
        "at": first["at"],
        "method": "GET",
        "path": "/v2/droplets",
        "query": "per_page=5&tag_name=env:prod",
        "body": None,
        "route": "/v2/droplets",
        "status": 200,
        "carried_out": True,
        "fault": None,
    }
    assert first["at"].startswith("2026-03-11T09:30:0")
    assert second["route"] == "/v2/droplets/{droplet_id}/actions"
    assert second["body"] == {"type": "enable_backups"}
    assert (second["status"], second["carried_out"]) == (201, True)
    assert (third["status"], third["carried_out"]) == (422, False)
    assert (fourth["route"], fourth["status"]) == ("/v2/nothing", 404)
    assert (fifth["n"], fifth["status"], fifth["carried_out"]) == (5, 401, False)
    summary = sim.control("GET", "journal/summary")
    assert summary["total"] == 5
    assert summary["summary"]["POST /v2/droplets/{droplet_id}/actions"] == 2
    assert sim.control("DELETE", "journal") == {"requests": []}
    assert sim.control("GET", "journal/summary") == {"summary": {}, "total": 0}


def test_the_token_is_never_in_the_journal_or_the_state(sim: Sim) -> None:
    made = sim.control("POST", "tokens", {"scopes": ["droplet:read"]})["token"]
    sim.get(f"/v2/droplets?name={sim.token}", token=made)
    sim.get(f"/v2/{made}")
    sim.post("/v2/droplets", {"name": sim.token, "user_data": f"x {made} y"})
    for text in (json.dumps(sim.journal()), json.dumps(sim.control("GET", "journal/summary")), json.dumps(sim.state())):
        assert sim.token not in text
        assert made not in text
    assert "[token]" in json.dumps(sim.journal())


def test_the_control_plane_and_other_paths_are_not_in_the_journal(sim: Sim) -> None:
    sim.state()
    sim.get("/elsewhere")
    assert sim.journal() == []


def test_a_reset_puts_everything_back(sim: Sim) -> None:
    before = sim.state()
    sim.done(sim.id("plain-none"), "enable_backups")
    sim.behave(gpu_backups="rejected")
    sim.fault({"status": 500}, times=0)
    sim.advance("5d")
    sim.reset()
    after = sim.state()
    assert after.pop("now")[:18] == before.pop("now")[:18]
    assert after == before
    assert sim.faults() == []
    assert sim.journal() == []


def test_a_reset_takes_another_world_and_goes_back_to_its_own(sim: Sim) -> None:
    sim.reset(droplets=7)
    assert len(sim.state()["droplets"]) == 7
    sim.reset(world="fleet")
    assert len(sim.state()["droplets"]) == 60
    answer = sim.session.post(f"{sim.ready['api_url']}/_sim/reset")
    assert answer.status_code == 200
    assert {droplet["name"] for droplet in sim.state()["droplets"]} >= {"plain-none", "twin"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "must be a JSON object"),
        ({"worlds": "fleet"}, "unknown key 'worlds'; the keys are world, droplets, seed"),
        ({"world": "atlantis"}, "no world 'atlantis': it is neither a file nor one of awkward, fleet, large, usage"),
        ({"world": "/dev"}, "no world"),
        ({"world": 5}, "world must be a text"),
        ({"world": ""}, "world must be a text"),
        ({"droplets": -1}, "droplets must be a whole number"),
        ({"droplets": "5"}, "droplets must be a whole number"),
        ({"droplets": 10**9}, "from 0 to 100000"),
        ({"droplets": 5, "world": "fleet"}, "not both"),
        ({"seed": 1.5}, "seed must be a whole number"),
    ],
    ids=str,
)
def test_a_bad_reset_is_refused_and_leaves_the_world(sim: Sim, body: object, words: str) -> None:
    sim.done(sim.id("plain-none"), "enable_backups")
    assert words in refused(sim, "POST", "reset", body)
    assert sim.known("plain-none")["policy"] is not None


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PUT", "behaviour", [], "must be a JSON object"),
        ("PUT", "behaviour", {"colour": "red"}, "unknown switch 'colour'; the switches are backup_actions_block"),
        ("PUT", "behaviour", {"gpu_backups": "maybe"}, "gpu_backups takes supported, rejected, not 'maybe'"),
        ("PUT", "behaviour", {"gpu_backups": ["supported"]}, "gpu_backups takes"),
        ("PUT", "behaviour", {"gpu_backups": None}, "gpu_backups takes"),
        ("POST", "tokens", {}, "scopes must be a list"),
        ("POST", "tokens", {"scopes": "droplet:read"}, "scopes must be a list"),
        ("POST", "tokens", {"scopes": ["droplets:read"]}, "unknown scope 'droplets:read'; the scopes are account:read"),
        ("POST", "tokens", {"scopes": [["a"]]}, "unknown scope"),
        ("POST", "tokens", {"scopes": [], "name": "x"}, "unknown key 'name'"),
    ],
    ids=str,
)
def test_other_bad_bodies(sim: Sim, method: str, path: str, body: object, words: str) -> None:
    assert words in refused(sim, method, path, body)


def test_several_switches_are_set_together_or_not_at_all(sim: Sim) -> None:
    refused(sim, "PUT", "behaviour", {"gpu_backups": "rejected", "tag_case": "loose"})
    assert sim.control("GET", "behaviour")["gpu_backups"] == "supported"


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"NaN", b"[" * 5000])
@pytest.mark.parametrize("path", ["clock", "faults", "tokens"])
def test_what_is_not_json_is_refused(sim: Sim, path: str, data: bytes) -> None:
    assert "the body is not JSON" in refused(sim, "POST", path, data=data)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "", 404),
        ("GET", "reset", 405),
        ("DELETE", "clock", 405),
        ("DELETE", "faults/99", 404),
        ("DELETE", "faults/x", 404),
        ("DELETE", "faults/" + "9" * 5000, 404),
        ("DELETE", "tokens/unknown", 404),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_there(sim: Sim, method: str, path: str, status: int) -> None:
    answer = sim.session.request(method, f"{sim.ready['api_url']}/_sim/{path}")
    assert answer.status_code == status
    assert answer.json()["message"]


def test_the_control_plane_is_on_the_plain_listener_too(sim: Sim) -> None:
    assert sim.session.get(sim.ready["http_url"] + "/_sim/clock").json()["now"]
    plain = sim.session.get(sim.ready["http_url"] + "/v2/account", headers={"Authorization": f"Bearer {sim.token}"})
    assert plain.status_code == 200
    assert [entry["path"] for entry in sim.journal()] == ["/v2/account"]
