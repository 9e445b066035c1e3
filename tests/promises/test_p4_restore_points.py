# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P4: no restore point is lost unless the user gave it up in so many words, under any reading of the API."""

from __future__ import annotations

from itertools import product

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import invariants, verbs, worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import one_in

READINGS = {
    "disable_backups_images": ("keep", "delete"),
    "shorter_retention": ("keep", "prune"),
    "convert_image_id": ("keep", "new"),
    "backups_order": ("newest_first", "oldest_first"),
}
RISKY = [verb for verb in verbs.VERBS if verb.disables or verb.name.startswith("daily")]
POSITIONS = list(product(*READINGS.values()))
CONVERTING = [verb for verb in RISKY if verb.converts]


def named(value):
    return "-".join(value) if isinstance(value, tuple) else getattr(value, "name", value)


def task(sim, verb, selection="id"):
    before = sim.state()
    options, ids = verbs.select(before, verb, selection)
    return before, {**options, **verb.params, "wait_timeout": 600}, ids


@pytest.mark.parametrize(("verb", "position", "selection"), one_in(5, RISKY, POSITIONS, ("id", "all")), ids=named)
def test_p4_under_every_reading(sim, run, verb, position, selection):
    sim.behave(**dict(zip(READINGS, position, strict=True)))
    before, params, ids = task(sim, verb, selection)
    target = verbs.subject(before, verb)["id"]
    at_risk = verb.at_risk(before.droplets[target], verbs.instant(before["now"]))
    assert at_risk
    told = run(**params)
    after = sim.state()
    invariants.check_restore_points(verb, before, after, ids)
    if verb.refused:
        assert told.kind == "refused", told
        assert not told.writes
        assert after.policies() == before.policies()
        return
    assert not told.failed, told
    entry = told.droplets[target]
    # What the result says about each restore point that was at risk is what the simulator has.
    names = {(point["name"], point["created_at"]) for point in at_risk}
    droplet = after.droplets[target]
    there = {(p["name"], p["created_at"]): p["id"] for p in (*droplet["backups"], *droplet["snapshots"])}
    kept = {(point["name"], point["created_at"]): point["id"] for point in entry["kept"]}
    gone = {(point["name"], point["created_at"]) for point in entry["gone"]}
    assert kept == {name: key for name, key in there.items() if name in names}, told
    assert gone == names - there.keys(), told


@pytest.mark.parametrize(("verb", "position"), one_in(5, CONVERTING, POSITIONS), ids=named)
def test_p4_a_failed_conversion_leaves_everything_on(sim, run, verb, position):
    """The conversion ends as errored: backups stay on, the policy stays, nothing more is sent for this Droplet."""
    sim.behave(**dict(zip(READINGS, position, strict=True)))
    before, params, ids = task(sim, verb)
    sim.fault({"action": "errored"}, method="POST", path="/images/")
    told = run(**params)
    assert told.kind == "action_failed", told
    after = sim.state()
    assert after.policies() == before.policies()
    assert [entry["body"]["type"] for entry in told.writes] == ["convert"]
    for key in ids:
        invariants.check_kept(before.droplets[key]["backups"], after, key)


@pytest.mark.parametrize(("verb", "position"), one_in(5, CONVERTING, POSITIONS), ids=named)
def test_p4_a_conversion_that_did_nothing_is_noticed(sim, run, verb, position):
    """The API says 201 to the conversion, without an action that ever shows: backups stay on."""
    sim.behave(**dict(zip(READINGS, position, strict=True)))
    before, params, ids = task(sim, verb)
    point = verbs.subject(before, verb)["backups"][0]["id"]
    answer = {
        "action": {
            "id": 1, "status": "completed", "type": "convert", "started_at": before["now"], "completed_at": None,
            "resource_id": point, "resource_type": "image", "region": None, "region_slug": "nyc3",
        }
    }
    sim.fault({"status": 201, "body": answer}, method="POST", path="/images/", times=0)
    told = run(**params)
    assert told.failed, told
    after = sim.state()
    assert after.policies() == before.policies()
    for key in ids:
        invariants.check_kept(before.droplets[key]["backups"], after, key)


def test_p4_a_snapshot_made_by_hand_is_no_converted_backup(sim, run):
    """A snapshot of the user's own does not count as the backup that was to be converted."""
    worlds.edge(sim)
    verb = verbs.BY_NAME["disable-convert_newest"]
    state = sim.state()
    target = next(key for key, droplet in state.droplets.items() if droplet["name"] == "bravo")
    worlds.act(sim, target, "snapshot", name="bravo by hand")
    sim.advance(100)
    before = sim.state()
    told = run(droplet_id=target, **verb.params)
    assert not told.failed, told
    invariants.check_restore_points(verb, before, sim.state(), {target})


@pytest.mark.parametrize("check", [True, False])
def test_p4_max_disable_guards_the_fleet(sim, run, check):
    before = sim.state()
    told = run(check=check, all=True, state="disabled", existing_backups="may_be_lost")
    assert told.kind == "refused", told
    assert not told.writes
    assert "max_disable" in told.result["msg"]
    exactly = sum(policy is not None for policy in before.policies().values())
    told = run(check=check, all=True, state="disabled", existing_backups="may_be_lost", max_disable=exactly - 1)
    assert told.kind == "refused", told
    assert sim.state().policies() == before.policies()
    told = run(check=check, all=True, state="disabled", existing_backups="may_be_lost", max_disable=exactly)
    assert not told.failed, told


def test_p4_converting_later_keeps_what_is_new(sim, run):
    """Enabled again and disabled again a week later: the newest of then is converted, and nothing for a second time."""
    verb = verbs.BY_NAME["disable-convert_newest"]
    before, params, ids = task(sim, verb)
    (target,) = ids
    assert not run(**params).failed
    assert len(sim.state().droplets[target]["snapshots"]) == 1
    assert not run(droplet_id=target, plan="daily", hour=4).failed
    sim.advance("3d")
    assert len(sim.state().droplets[target]["backups"]) > 2
    newest = max(sim.state().droplets[target]["backups"], key=lambda point: point["created_at"])
    told = run(**params)
    assert not told.failed, told
    snapshots = sim.state().droplets[target]["snapshots"]
    assert len(snapshots) == 2
    invariants.check_kept([newest], sim.state(), target)
    assert before
