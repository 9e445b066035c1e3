# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P7: one failing Droplet does not stop the others, and the task tells what is done, what failed and what was left."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import invariants, verbs, worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

WEEKLY = verbs.BY_NAME["weekly"]
FAILING = {
    "action_failed": {"action": "errored"},
    "api": {"status": 422, "body": {"id": "unprocessable_entity", "message": "Not this one, sorry."}},
    "outcome_unknown": {"status": 503},
    "not_found": {"status": 404},
}


@pytest.fixture(name="forty")
def _forty(simulators):
    simulator = simulators("--droplets", "40", "--action-seconds", "0", "--rate-limit", "off")
    simulator.reset()
    return simulator


def drifting(state):
    """The ids of the Droplets that are not as the task wants them."""
    return sorted(key for key, policy in state.policies().items() if not WEEKLY.met(policy))


@pytest.mark.parametrize("kind", FAILING)
def test_p7_one_of_forty_fails(forty, kind):
    """The others are done all the same; the failure names the one, and why."""
    before = forty.state()
    bad = drifting(before)[20]
    forty.fault(FAILING[kind], method="POST", path=f"/droplets/{bad}/actions", times=0)
    told = Runner(forty)(all=True, **WEEKLY.params)
    after = forty.state()
    invariants.check_result(told, before, after)
    assert told.kind == kind, told
    needed = drifting(before)
    assert told.result["summary"] == {
        "matched": 40, "unchanged": 40 - len(needed), "changed": len(needed) - 1, "failed": 1, "not_tried": 0
    }
    assert before.droplets[bad]["name"] in told.result["msg"]
    assert str(bad) in told.result["msg"]
    assert "error" in told.droplets[bad]
    assert all(WEEKLY.met(after.policy(key)) for key in after.droplets if key != bad)
    forty.clear_faults()
    assert not Runner(forty)(all=True, **WEEKLY.params).failed


@pytest.mark.parametrize("module", ["droplet_backups", "droplet_snapshot"])
def test_p7_a_failure_before_the_first_write_has_changed_nothing(forty, module):
    """The look for running actions fails: nothing was sent, so nothing was changed or has failed."""
    forty.fault({"status": 503}, method="GET", path="/actions", times=0)
    tag = next(tag for droplet in forty.state()["droplets"] for tag in droplet["tags"])
    params = {"all": True, **WEEKLY.params} if module == "droplet_backups" else {"tag": [tag], "snapshot_name": "a"}
    look = Runner(forty, module=module)(check=True, **params)
    told = Runner(forty, module=module)(**params)
    assert told.kind == "unreachable", told
    assert not told.writes
    assert not told.changed, told
    planned = look.result["summary"]["changed"]
    assert planned > 1
    assert told.result["summary"]["not_tried"] == planned
    assert told.result["summary"]["failed"] == told.result["summary"]["changed"] == 0
    assert sum("not_tried" in entry for entry in told.droplets.values()) == planned


@pytest.mark.parametrize("number", [1, 2, 3, 6, 12, 20, 30])
def test_p7_a_revoked_token_ends_the_task(forty, number):
    """The token is revoked before the n-th write: what was done is told as done, the rest as failed or not tried."""
    before = forty.state()
    token = forty.make_token("droplet:read", "droplet:update", "actions:read")
    writes = []

    def revoke(_count, request):
        if request.method == "POST":
            writes.append(request)
            if len(writes) == number:
                forty.revoke(token)

    told = Runner(forty)(token=token, before_request=revoke, all=True, **WEEKLY.params)
    assert len(writes) >= number
    assert told.kind == "authentication", told
    invariants.check_result(told, before, forty.state())
    refused = [entry for entry in told.writes if entry["status"] == 401]
    assert 1 <= len(refused) <= 8, f"P7: went on with a token that is not accepted\n{told}"
    summary = told.result["summary"]
    assert sum(summary[name] for name in ("changed", "unchanged", "failed", "not_tried")) == 40
    again = Runner(forty)(all=True, **WEEKLY.params)
    assert not again.failed, again


def test_p7_a_deleted_droplet_does_not_stop_the_others(forty):
    before = forty.state()
    bad = drifting(before)[7]
    first = {"first": {"method": "DELETE", "path": f"/v2/droplets/{bad}"}}
    forty.fault(first, method="POST", path=f"/droplets/{bad}/actions")
    told = Runner(forty)(all=True, **WEEKLY.params)
    after = forty.state()
    invariants.check_result(told, before, after, gone={bad})
    assert told.kind == "not_found", told
    assert told.result["summary"]["changed"] == len(drifting(before)) - 1
    again = Runner(forty)(all=True, **WEEKLY.params)
    assert not again.failed
    assert not again.changed


def test_p7_above_two_hundred_what_matters_is_listed(simulators):
    sim = simulators("--droplets", "1000", "--action-seconds", "0", "--rate-limit", "off")
    sim.reset()
    ids = sorted(sim.state().droplets)
    Runner(sim)(all=True, plan="daily", hour=[0, 4, 8, 12, 16, 20], existing_backups="may_be_lost")
    wrong = ids[::100]
    Runner(sim)(droplet_id=wrong, plan="weekly", weekday="SAT", hour=4)
    bad = wrong[3]
    sim.fault({"action": "errored"}, method="POST", path=f"/droplets/{bad}/actions", times=0)
    task = {"all": True, "plan": "daily", "existing_backups": "may_be_lost"}
    told = Runner(sim)(**task)
    assert sorted(told.droplets) == wrong
    assert [key for key, entry in told.droplets.items() if "error" in entry] == [bad]
    assert told.result["summary"] == {"matched": 1000, "unchanged": 990, "changed": 9, "failed": 1, "not_tried": 0}
    sim.clear_faults()
    assert sorted(Runner(sim)(**task, report="all").droplets) == ids


@pytest.mark.parametrize("path", ["snapshots", "images", "actions"])
def test_p7_a_read_between_two_steps_that_is_refused_ends_the_task(sim, path):
    """It is no refusal of what was sent: nothing is planned again and again because of it."""
    sim.reset(droplets=0)
    worlds.create(sim, "alpha", "bravo", "charlie", "delta", policy=worlds.DAILY)
    sim.advance(2 * worlds.DAY)
    sim.forget()
    sim.fault({"status": 400}, method="GET", path=f"^/v2/{path}$", after=1, times=0)
    run, task = Runner(sim, module="backup_to_snapshot"), {"newest": True, "snapshot_name": "kept-{droplet}-{date}"}
    told = run(all=True, **task)
    assert told.kind == "api", told
    assert f"The API refuses GET /v2/{path} with 400" in told.result["msg"]
    assert {write["method"] for write in told.writes} == {"PUT"}
    assert len(told.reads) < 12, told
    assert told.result["summary"]["failed"] == 4
    sim.clear_faults()
    assert not run(all=True, **task).failed
