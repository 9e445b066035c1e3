# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every switch, in every position, does what README.md says of it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from dosim.behaviour import LAGS, SWITCHES
from dosim_testing import Sim, try_switch

PENDING = "Droplet already has a pending event."
WEEKLY = {"plan": "weekly", "weekday": "SUN", "hour": 8}
Case = Callable[[Sim, str], None]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """A switch's test has its name, and is run with each of its values."""
    CASES[function.__name__] = function
    return function


def order(sim: Sim, droplet: str, kind: str, /, **args: object) -> requests.Response:
    return sim.post(f"/v2/droplets/{sim.id(droplet)}/actions", {"type": kind, **args})


def backup_ids(sim: Sim, droplet: int) -> list[int]:
    return [backup["id"] for backup in sim.read(f"/v2/droplets/{droplet}/backups")["backups"]]


@case
def backup_actions_block(sim: Sim, value: str) -> None:
    sim.act(sim.id("plain-none"), "enable_backups")
    second = order(sim, "plain-none", "snapshot", name="x")
    if value == "true":
        sim.refused(second, 422, PENDING)
    else:
        assert second.status_code == 201
        sim.refused(order(sim, "plain-none", "enable_backups"), 422, PENDING)  # other types always block


@case
def backups_order(sim: Sim, value: str) -> None:
    dates = [row["created_at"] for row in sim.read(f"/v2/droplets/{sim.id('plain-daily')}/backups")["backups"]]
    assert dates == sorted(dates, reverse=value == "newest_first")


@case
def basic_plan_retention(sim: Sim, value: str) -> None:
    droplet = sim.id("plain-none")
    given = {"plan": "daily", "hour": 4, "retention_period_days": 30}
    sim.done(droplet, "enable_backups", backup_policy=given)
    taken = sim.policy(droplet)["backup_policy"]
    assert taken["retention_period_days"] == (30 if value == "take" else 7)
    sim.advance("2d")
    known = sim.known("plain-none")
    share = 0.3 * 6
    stored = sum(backup["size_gigabytes"] for backup in known["backups"])
    assert known["backups_cost"] == pytest.approx(0.03 * stored if value == "take" else share)
    sim.done(droplet, "change_backup_policy", backup_policy={**given, "retention_period_days": 7})
    assert sim.known("plain-none")["backups_cost"] == pytest.approx(share)


@case
def change_when_disabled(sim: Sim, value: str) -> None:
    reply = order(sim, "plain-none", "change_backup_policy", backup_policy=WEEKLY)
    if value == "reject":
        sim.refused(reply, 422, "Backups are not enabled")
    sim.advance(1)
    assert sim.policy(sim.id("plain-none"))["backup_enabled"] is (value == "accept")


@case
def convert_image_id(sim: Sim, value: str) -> None:
    known = sim.known("plain-daily")
    backup = known["backups"][0]
    assert sim.post(f"/v2/images/{backup['id']}/actions", {"type": "convert"}).status_code == 201
    sim.advance(1)
    (snapshot,) = sim.read(f"/v2/droplets/{known['id']}/snapshots")["snapshots"]
    assert (snapshot["name"], snapshot["created_at"]) == (backup["name"], backup["created_at"])
    assert (snapshot["id"] == backup["id"]) is (value == "keep")
    assert sim.get(f"/v2/images/{backup['id']}").status_code == (200 if value == "keep" else 404)
    assert sim.read(f"/v2/images/{backup['id']}/actions")["actions"][0]["status"] == "completed"
    assert len(backup_ids(sim, known["id"])) == len(known["backups"]) - 1
    sim.advance("30d")
    assert sim.read(f"/v2/images/{snapshot['id']}")["image"]["type"] == "snapshot"


@case
def convert_non_backup(sim: Sim, value: str) -> None:
    (snapshot,) = sim.known("with-volumes")["snapshots"]
    reply = sim.post(f"/v2/images/{snapshot['id']}/actions", {"type": "convert"})
    if value == "reject":
        sim.refused(reply, 422, "Only backups can be converted")
    else:
        assert reply.status_code == 201
    sim.advance(1)
    assert [image["id"] for image in sim.known("with-volumes")["snapshots"]] == [snapshot["id"]]


@case
def default_hour(sim: Sim, value: str) -> None:
    hours = set()
    for name in ("plain-none", "untagged", "with-volumes", "plain-daily", "powered-off", "just-born"):
        sim.done(sim.id(name), "disable_backups")
        sim.done(sim.id(name), "enable_backups", backup_policy={"plan": "daily"})
        hours.add(sim.policy(sim.id(name))["backup_policy"]["hour"])
    if value == "spread":
        assert len(hours) > 1
        assert hours <= {0, 4, 8, 12, 16, 20}
    else:
        assert hours == {int(value)}


@case
def disable_backups_images(sim: Sim, value: str) -> None:
    sim.done(sim.id("plain-daily"), "disable_backups")
    kept = 7 if value == "keep" else 0
    assert len(backup_ids(sim, sim.id("plain-daily"))) == kept
    assert len(sim.read(f"/v2/droplets/{sim.id('plain-daily')}")["droplet"]["backup_ids"]) == kept


def test_a_backup_that_is_being_converted_is_not_deleted_with_the_others(sim: Sim) -> None:
    sim.behave(disable_backups_images="delete")
    known = sim.known("plain-daily")
    held = sim.fault({"action": "stuck"}, path="images")
    assert sim.post(f"/v2/images/{known['backups'][0]['id']}/actions", {"type": "convert"}).status_code == 201
    sim.done(known["id"], "disable_backups")
    assert backup_ids(sim, known["id"]) == [known["backups"][0]["id"]]
    sim.control("DELETE", f"faults/{held}")
    assert [image["id"] for image in sim.known("plain-daily")["snapshots"]] == [known["backups"][0]["id"]]


@case
def disable_when_disabled(sim: Sim, value: str) -> None:
    reply = order(sim, "plain-none", "disable_backups")
    if value == "reject":
        sim.refused(reply, 422, "Backups are not enabled")
    else:
        assert reply.status_code == 201
        sim.advance(1)
        assert sim.read(f"/v2/actions/{reply.json()['action']['id']}")["action"]["status"] == "completed"


@case
def droplet_action_completed_at(sim: Sim, value: str) -> None:
    droplet = sim.id("plain-none")
    action = sim.done(droplet, "snapshot")
    assert action["completed_at"] is not None
    shown = sim.read(f"/v2/droplets/{droplet}/actions/{action['id']}")["action"]
    assert shown["status"] == "completed"
    assert (shown["completed_at"] is None) is (value == "null")


@case
def droplet_order(sim: Sim, value: str) -> None:
    ids = [row["id"] for row in sim.read("/v2/droplets?per_page=200")["droplets"]]
    assert ids == sorted(ids, reverse=value == "newest_first")


@case
def enable_when_enabled(sim: Sim, value: str) -> None:
    droplet = sim.id("plain-daily")
    before = sim.policy(droplet)
    reply = order(sim, "plain-daily", "enable_backups", backup_policy=WEEKLY)
    if value == "reject":
        sim.refused(reply, 422, "Backups are already enabled")
        sim.refused(order(sim, "plain-daily", "enable_backups"), 422, "Backups are already enabled")
    else:
        assert reply.status_code == 201
    sim.advance(1)
    assert (sim.policy(droplet) == before) is (value != "accept")
    if value != "reject":
        now = sim.policy(droplet)
        assert sim.done(droplet, "enable_backups")["status"] == "completed"
        assert sim.policy(droplet) == now


@case
def extra_fields(sim: Sim, value: str) -> None:
    client = Sim(sim.ready)  # the schema does not know the fields, which is the point
    droplet = client.read(f"/v2/droplets/{sim.id('plain-daily')}")["droplet"]
    policy = client.policy(sim.id("plain-daily"))
    for shape in (droplet, policy, policy["backup_policy"]):
        assert ("added_later" in shape) is (value == "added")


@case
def gpu_backups(sim: Sim, value: str) -> None:
    reply = order(sim, "gpu-none", "enable_backups")
    if value == "rejected":
        sim.refused(reply, 422, "not supported for this Droplet")
    sim.advance(1)
    assert sim.policy(sim.id("gpu-none"))["backup_enabled"] is (value == "supported")
    assert order(sim, "plain-none", "enable_backups").status_code == 201
    size, region = "gpu-h100x1-80gb", "tor1"
    body = {"name": "gpu-new", "size": size, "region": region, "image": "gpu-h100x1-base", "backups": True}
    assert sim.post("/v2/droplets", body).status_code == (202 if value == "supported" else 422)


@case
def gpu_in_filtered_lists(sim: Sim, value: str) -> None:
    for query, everyone in (("tag_name=role:ml", ["gpu-none", "gpu-daily"]), ("name=gpu-none", ["gpu-none"])):
        found = [row["name"] for row in sim.read(f"/v2/droplets?{query}")["droplets"]]
        assert found == (everyone if value == "included" else [])
    assert "gpu-none" not in [row["name"] for row in sim.read("/v2/droplets?per_page=200")["droplets"]]


@case
def gpu_in_policies(sim: Sim, value: str) -> None:
    body = sim.read("/v2/droplets/backups/policies?per_page=200")
    assert (str(sim.id("gpu-daily")) in body["policies"]) is (value == "included")
    assert body["meta"]["total"] == len(sim.state()["droplets"]) - (0 if value == "included" else 2)
    assert sim.policy(sim.id("gpu-daily"))["backup_enabled"] is True


@case
def image_order(sim: Sim, value: str) -> None:
    sim.reset(droplets=60)
    sim.behave(image_order=value)

    def ids(size: int) -> list[int]:
        pages = [sim.read(f"/v2/images?private=true&per_page={size}&page={n}")["images"] for n in (1, 2, 3, 4)]
        return [image["id"] for page in pages for image in page]

    assert (ids(50) == sorted(ids(50))) is (value == "oldest_first")
    assert (ids(50) == sorted(ids(50), reverse=True)) is (value == "newest_first")
    assert ids(50)[:150] == ids(200)[:150]
    assert sorted(ids(200)) == sorted(image["id"] for image in sim.state()["images"])


@case
def list_order(sim: Sim, value: str) -> None:
    droplet = sim.id("plain-none")
    for kind in ("power_off", "power_on"):
        sim.done(droplet, kind)
    for path in ("/v2/actions?per_page=200", f"/v2/droplets/{droplet}/actions"):
        started = [action["started_at"] for action in sim.read(path)["actions"]]
        assert started == sorted(started, reverse=value == "newest_first")
        assert started[0] != started[-1]


@case
def locked_during_events(sim: Sim, value: str) -> None:
    droplet = sim.id("plain-none")
    sim.act(droplet, "snapshot")
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["locked"] is (value == "true")
    sim.refused(order(sim, "plain-none", "snapshot"), 422, PENDING)
    sim.advance(1)
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["locked"] is False


@case
def missing_scope_fields(sim: Sim, value: str) -> None:
    token = sim.control("POST", "tokens", {"scopes": ["droplet:read"]})["token"]
    droplet = sim.read(f"/v2/droplets/{sim.id('plain-daily')}", token=token)["droplet"]
    assert droplet.get("backup_ids") == ([] if value == "empty" else None)


@case
def page_out_of_range(sim: Sim, value: str) -> None:
    sim.reset(droplets=250)
    sim.behave(page_out_of_range=value)
    for query in ("page=0", "page=-1", "per_page=0", "per_page=201", "per_page=1000", "page=two", "per_page=1.5"):
        answer = sim.get(f"/v2/droplets?{query}")
        if value == "reject":
            sim.refused(answer, 422, "must be a whole number from 1 to")
        else:
            assert answer.status_code == 200
    if value == "clamp":
        assert len(sim.read("/v2/droplets?per_page=1000")["droplets"]) == 200
        assert len(sim.read("/v2/droplets?per_page=0")["droplets"]) == 1
        assert sim.read("/v2/droplets?page=0") == sim.read("/v2/droplets?page=1")


@case
def policies_map_order(sim: Sim, value: str) -> None:
    sim.reset(droplets=60)
    sim.behave(policies_map_order=value)

    def keys(size: int) -> list[int]:
        pages = [sim.read(f"/v2/droplets/backups/policies?per_page={size}&page={n}")["policies"] for n in (1, 2, 3)]
        return [int(key) for page in pages for key in page]

    assert (keys(20) == sorted(keys(20))) is (value == "id")
    assert keys(20) == keys(30) == keys(20)
    assert sorted(keys(20)) == sorted(droplet["id"] for droplet in sim.state()["droplets"])


@case
def policy_without_backups(sim: Sim, value: str) -> None:
    body = {"name": "n", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "region": "nyc3", "backup_policy": WEEKLY}
    reply = sim.post("/v2/droplets", body)
    if value == "reject":
        sim.refused(reply, 422, "can only be set when backups are enabled")
    else:
        assert sim.policy(reply.json()["droplet"]["id"])["backup_enabled"] is False


@case
def shorter_retention(sim: Sim, value: str) -> None:
    known = sim.known("with-volumes")
    before = {backup["id"]: backup["expires_at"] for backup in known["backups"]}
    assert len(before) == 4
    sim.done(known["id"], "change_backup_policy", backup_policy={"plan": "daily", "hour": 4})
    now = {backup["id"]: backup["expires_at"] for backup in sim.known("with-volumes")["backups"]}
    if value == "keep":
        assert now == before
    else:
        (left,) = sim.known("with-volumes")["backups"]
        assert (left["created_at"][:10], left["expires_at"][:10]) == ("2026-03-08", "2026-03-15")
    sim.done(known["id"], "change_backup_policy", backup_policy=WEEKLY)
    again = {backup["id"]: backup["expires_at"] for backup in sim.known("with-volumes")["backups"]}
    assert again == now  # a longer retention does not bring dates back


@case
def supported_policies(sim: Sim, value: str) -> None:
    plans = [plan["name"] for plan in sim.read("/v2/droplets/backups/supported_policies")["supported_policies"]]
    usage = ["intra_daily_4h", "intra_daily_6h", "intra_daily_12h"]
    assert plans == ["weekly", "daily", *(usage if value == "usage" else [])]


@case
def unlisted_plans(sim: Sim, value: str) -> None:
    policy = {"plan": "intra_daily_4h", "hour": 0, "window_length_hours": 4, "retention_period_days": 7}
    reply = order(sim, "plain-none", "enable_backups", backup_policy=policy)
    if value == "reject":
        sim.refused(reply, 422, "plan must be one of weekly, daily")
        sim.behave(supported_policies="usage")
        assert order(sim, "plain-none", "enable_backups", backup_policy=policy).status_code == 201
    else:
        sim.advance(1)
        assert sim.policy(sim.id("plain-none"))["backup_policy"] == policy


@case
def usage_plan_features(sim: Sim, value: str) -> None:
    droplet = sim.read(f"/v2/droplets/{sim.id('usage-plan')}")["droplet"]
    assert ("backups" in droplet["features"]) is (value == "with_backups")
    assert sim.policy(droplet["id"])["backup_enabled"] is True


@case
def weekday_with_daily(sim: Sim, value: str) -> None:
    policy = {"plan": "daily", "hour": 4, "weekday": "TUE"}
    reply = order(sim, "plain-none", "enable_backups", backup_policy=policy)
    if value == "reject":
        sim.refused(reply, 422, "weekday is not allowed for plan daily")
        return
    sim.advance(1)
    stored = sim.policy(sim.id("plain-none"))
    assert stored["backup_policy"].get("weekday") == ("TUE" if value == "store" else None)
    assert stored["next_backup_window"]["start"] == "2026-03-12T04:00:00Z"


@case
def weekly_without_weekday(sim: Sim, value: str) -> None:
    reply = order(sim, "plain-none", "enable_backups", backup_policy={"plan": "weekly", "hour": 4})
    if value == "reject":
        sim.refused(reply, 422, "weekday is required")
        return
    sim.advance(1)
    assert sim.policy(sim.id("plain-none"))["backup_policy"]["weekday"] in (
        "SUN",
        "MON",
        "TUE",
        "WED",
        "THU",
        "FRI",
        "SAT",
    )


def test_every_switch_has_its_case() -> None:
    """Here, or in a file for those of one subject."""
    files = Path(__file__).parent.glob("test_switches*.py")
    found = [name for file in files for name in re.findall(r"^@case\ndef (\w+)", file.read_text(), re.MULTILINE)]
    assert sorted(found) == sorted(SWITCHES)


@pytest.mark.parametrize(("switch", "value"), [(key, value) for key in CASES for value in SWITCHES[key]])
def test_switch(sim: Sim, switch: str, value: str) -> None:
    try_switch(sim, switch, value, CASES[switch])


def test_the_first_value_is_the_default_and_a_reset_goes_back_to_it(sim: Sim) -> None:
    defaults = {key: values[0] for key, values in SWITCHES.items()} | dict.fromkeys(LAGS, "0")
    assert sim.control("GET", "behaviour") == defaults
    sim.behave(**{key: values[-1] for key, values in SWITCHES.items()})
    sim.reset()
    assert sim.control("GET", "behaviour") == defaults
