# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P6: a time-out leaves the action running and names it; the rerun waits for it instead of starting another."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import invariants, verbs
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

SWEPT = [verb for verb in verbs.VERBS if not verb.refused]


def task(sim, verb, selection):
    before = sim.state()
    options, ids = verbs.select(before, verb, selection)
    return before, {**options, **verb.params}, ids


@pytest.mark.parametrize("blocking", ["true", "false"])
@pytest.mark.parametrize("selection", ["id", "several"])
@pytest.mark.parametrize("verb", SWEPT, ids=lambda verb: verb.name)
def test_p6_a_stuck_action_is_adopted(sim, run, verb, selection, blocking):
    """Whether or not the API refuses another action meanwhile."""
    sim.behave(backup_actions_block=blocking)
    before, params, ids = task(sim, verb, selection)
    sim.fault({"action": "stuck"}, method="POST")
    first = run(**params, wait_timeout=20)
    assert first.kind == "wait_timeout", first
    (stuck,) = [action for action in sim.state()["actions"] if action["status"] == "in-progress"]
    assert stuck["id"] == first.result["failure"]["action"], first
    assert str(stuck["id"]) in first.result["msg"], first
    invariants.check_result(first, before, sim.state())

    second = run(**params, wait_timeout=20)
    assert second.kind == "wait_timeout", second
    assert str(stuck["id"]) in second.result["msg"], second
    for entry in second.writes:
        same = (entry["body"]["type"], f"/{stuck['resource_id']}/actions" in entry["path"]) == (stuck["type"], True)
        assert not (same and entry["carried_out"]), f"P6: another one was started\n{second}"

    sim.clear_faults()
    third = run(**params, wait_timeout=600)
    assert not third.failed, third
    after = sim.state()
    for key in ids:
        assert verb.reached(before.policy(key), after.policy(key)) is None
    invariants.check_not_doubled(before, after)
    invariants.check_restore_points(verb, before, after, ids)
    last = run(**params)
    assert not last.changed
    assert not last.writes


@pytest.mark.parametrize("blocking", ["true", "false"])
def test_p6_what_another_run_began_ends_before_the_next_begins(simulators, blocking):
    """Somebody else's change to another policy is under way: it is waited for, then the goal is reached once."""
    sim = simulators("--droplets", "6", "--action-seconds", "8", "--rate-limit", "off")
    sim.reset()
    sim.behave(backup_actions_block=blocking)
    verb = verbs.BY_NAME["weekly"]
    before, params, ids = task(sim, verb, "id")
    (target,) = ids
    kind = "change_backup_policy" if before.policy(target) else "enable_backups"
    policy = {"plan": "daily", "hour": 8}
    sim.api("POST", f"droplets/{target}/actions", {"type": kind, "backup_policy": policy}, status=201)
    told = Runner(sim)(**params, wait_timeout=600)
    assert not told.failed, told
    assert len([entry for entry in told.writes if entry["carried_out"]]) == 1, told
    assert verb.met(sim.state().policy(target)), told


def test_p6_the_time_includes_waits_for_limits(sim, run):
    """An hourly limit that frees up too late ends the task at once, with a sentence that says when."""
    target = min(sim.state().droplets)
    sim.fault({"status": 429, "reset_in": 900}, times=0)
    told = run(droplet_id=target, plan="weekly", weekday="SAT", hour=4, wait_timeout=60)
    assert told.kind == "rate_limit", told
    assert len(told.requests) == 1


def test_p6_wait_false_skips_only_the_last_wait(simulators):
    sim = simulators("--droplets", "6", "--action-seconds", "8", "--rate-limit", "off")
    sim.reset()
    before, params, ids = task(sim, verbs.BY_NAME["weekly"], "several")
    told = Runner(sim)(**params, wait=False)
    assert not told.failed, told
    assert any(action["status"] == "in-progress" for action in sim.state()["actions"])
    assert sim.state().policies() == before.policies()
    again = Runner(sim)(**params, wait_timeout=600)
    assert not again.failed, again
    invariants.check_not_doubled(before, sim.state())
    assert all(verbs.BY_NAME["weekly"].met(sim.state().policy(key)) for key in ids)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("name", ["disable-convert_newest", "daily-convert_all"])
def test_p6_wait_false_is_refused_where_one_step_needs_another(sim, run, name, check):
    before, params, _ids = task(sim, verbs.BY_NAME[name], "id")
    told = run(check=check, **params, wait=False)
    assert told.kind == "input", told
    assert not told.writes
    assert sim.state().policies() == before.policies()
