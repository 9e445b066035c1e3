# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups whose Droplet was deleted: how long they stay, how they are called, what tells of them; the switches."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dosim.behaviour import SWITCHES
from dosim_testing import Sim, try_switch

Case = Callable[[Sim, str], None]
CASES: dict[str, Case] = {}
FOUR_WEEKS = timedelta(days=28)
JOINTS = {"dash": ["- "], "spaced_dash": [" - "], "space": [" "], "mixed": ["- ", " - ", " "]}
LONG = {"plan": "intra_daily_12h", "hour": 0, "retention_period_days": 90}


def case(function: Case) -> Case:
    """A switch's test has its name, and is run with each of its values."""
    CASES[function.__name__] = function
    return function


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def delete(sim: Sim, name: str) -> dict[str, Any]:
    """The Droplet as it was before it was deleted."""
    known = sim.known(name)
    assert sim.delete(f"/v2/droplets/{known['id']}").status_code == 204
    return known


def expiries(sim: Sim, known: dict[str, Any]) -> dict[int, datetime]:
    """Image id → when it expires, of all backups that a Droplet has or had."""
    found = [row for row in sim.state()["images"] if (row["droplet_id"], row["type"]) == (known["id"], "backup")]
    return {row["id"]: moment(row["expires_at"]) for row in found}


@case
def backup_name(sim: Sim, value: str) -> None:
    sim.done(sim.id("plain-daily"), "rename", name="later-name")
    sim.advance("1d")
    shown = sim.read(f"/v2/droplets/{sim.id('later-name')}/backups")["backups"]
    for backup in shown:
        owner = "later-name" if backup is shown[0] else "plain-daily"
        assert backup["name"].removeprefix(owner).removesuffix(backup["created_at"][:10]) in JOINTS[value]
        assert sim.read(f"/v2/images/{backup['id']}")["image"]["name"] == backup["name"]


def test_an_account_has_names_of_all_forms_when_they_are_mixed(sim: Sim) -> None:
    sim.behave(backup_name="mixed")
    droplets = [row for row in sim.state()["droplets"] if row["backups"]]
    joints = {
        backup["name"].removeprefix(droplet["name"]).removesuffix(backup["created_at"][:10])
        for droplet in droplets
        for backup in droplet["backups"]
    }
    assert joints == set(JOINTS["mixed"])


def test_a_name_that_somebody_gave_or_a_snapshot_has_stays_whatever_the_switch_says(sim: Sim) -> None:
    renamed, converted = sim.known("plain-daily")["backups"][:2]
    assert sim.request("PUT", f"/v2/images/{renamed['id']}", json={"name": "by hand"}).status_code == 200
    assert sim.post(f"/v2/images/{converted['id']}/actions", {"type": "convert"}).status_code == 201
    sim.advance(1)
    sim.behave(backup_name="space")
    assert sim.read(f"/v2/images/{renamed['id']}")["image"]["name"] == "by hand"
    assert sim.read(f"/v2/images/{converted['id']}")["image"]["name"] == converted["name"]


@case
def backups_in_log(sim: Sim, value: str) -> None:
    told = value == "true"
    droplet = sim.id("plain-daily")
    sim.advance("1d")
    known = delete(sim, "plain-daily")
    begun = {
        action["started_at"]: action["id"]
        for action in sim.state()["actions"]
        if (action["resource_id"], action["type"]) == (droplet, "backup")
    }
    log = sim.read("/v2/actions?per_page=200")["actions"]
    shown = {action["started_at"] for action in log if (action["resource_id"], action["type"]) == (droplet, "backup")}
    assert shown == ({backup["created_at"] for backup in known["backups"]} | set(begun) if told else set())
    for backup in known["backups"]:
        assert sim.get(f"/v2/actions/{begun[backup['created_at']]}").status_code == (200 if told else 404)
    busy = sim.id("usage-plan")
    assert ("backup" in {row["type"] for row in sim.read(f"/v2/droplets/{busy}/actions")["actions"]}) is told


@case
def droplet_delete_backups(sim: Sim, value: str) -> None:
    known = delete(sim, "plain-daily")
    kept = known["backups"] if value == "keep" else []
    images = sim.read("/v2/images?private=true&per_page=200")["images"]
    left = [row for row in images if row["name"].startswith("plain-daily")]
    assert {row["id"]: (row["type"], row["name"]) for row in left} == {
        row["id"]: ("backup", row["name"]) for row in kept
    }
    assert not any("droplet_id" in row or "resource_id" in row for row in left)
    for backup in known["backups"]:
        assert sim.get(f"/v2/images/{backup['id']}").status_code == (200 if kept else 404)


@case
def kept_backups_expire(sim: Sim, value: str) -> None:
    sim.done(sim.id("plain-none"), "enable_backups", backup_policy=LONG)
    sim.advance("3d")
    for name in ("plain-daily", "plain-none", "with-volumes"):
        before = expiries(sim, sim.known(name))
        known = delete(sim, name)
        deleted = moment(sim.state()["now"])
        rules: dict[str, Callable[[datetime], datetime]] = {
            "sooner": lambda own, deleted=deleted: min(own, deleted + FOUR_WEEKS),
            "four_weeks": lambda _own, deleted=deleted: deleted + FOUR_WEEKS,
            "retention": lambda own: own,
        }
        assert len(before) > 3
        assert expiries(sim, known) == {key: rules[value](own) for key, own in before.items()}
    first = min(expiries(sim, known).values())
    sim.set_clock((first - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    there = len(expiries(sim, known))
    sim.advance(1)
    assert len(expiries(sim, known)) < there
    sim.advance("90d")
    assert expiries(sim, known) == {}


def test_a_kept_backup_is_still_good_for_all_that_needs_no_droplet(sim: Sim) -> None:
    known = delete(sim, "plain-daily")
    first, second = known["backups"][-1]["id"], known["backups"][-2]["id"]
    request = {"name": "again", "size": "s-1vcpu-1gb", "region": "nyc3", "image": first}
    assert sim.post("/v2/droplets", request).status_code == 202
    sim.advance(1)
    assert sim.known("again")["disk_from"] == first
    other = sim.id("again")
    sim.refused(sim.post(f"/v2/droplets/{other}/actions", {"type": "restore", "image": second}), 422, "this Droplet")
    assert sim.post(f"/v2/images/{second}/actions", {"type": "convert"}).status_code == 201
    sim.advance("60d")
    assert sim.read(f"/v2/snapshots/{second}")["snapshot"]["resource_id"] == str(known["id"])
    assert sim.get(f"/v2/images/{first}").status_code == 404


def test_a_world_has_droplets_that_were_deleted_before_it_starts(sim: Sim, tmp_path: Path) -> None:
    world = tmp_path / "world.yml"
    daily = {"plan": "daily", "hour": 4}
    entries = [
        {"name": "gone", "policy": daily, "deleted_for": "3d", "snapshots": [{"name": "kept", "age": "9d"}]},
        {"name": "gone", "policy": {"plan": "weekly", "weekday": "SUN", "hour": 4}, "deleted_for": "20d"},
        {"name": "here", "policy": daily},
    ]
    world.write_text(json.dumps({"droplets": entries}))
    sim.reset(world=str(world))
    (here,) = sim.read("/v2/droplets")["droplets"]
    state = sim.state()
    gone = [row for row in state["images"] if row["droplet_id"] != here["id"]]
    now = moment(state["now"])
    kinds = {}
    for row in gone:
        kinds.setdefault((row["droplet_id"], row["type"]), []).append(now - moment(row["created_at"]))
    first, _snapshots, second = sorted(kinds, key=lambda key: (key[0], key[1]))
    # Four of seven dailies have not expired by now, and one of four weeklies.
    assert [age.days for age in kinds[first]] == [6, 5, 4, 3]
    assert [age.days for age in kinds[second]] == [24]
    ends = {row["resource_id"]: row["started_at"] for row in state["actions"] if row["type"] == "destroy"}
    assert ends == {first[0]: "2026-03-08T09:30:00Z", second[0]: "2026-02-19T09:30:00Z"}
    times = [row["started_at"] for row in state["actions"]]
    assert times == sorted(times)
    assert [row["id"] for row in state["actions"]] == sorted(row["id"] for row in state["actions"])


@pytest.mark.parametrize(("switch", "value"), [(key, value) for key in CASES for value in SWITCHES[key]])
def test_switch(sim: Sim, switch: str, value: str) -> None:
    try_switch(sim, switch, value, CASES[switch])
