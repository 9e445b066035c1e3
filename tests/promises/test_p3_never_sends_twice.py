# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P3: a write is not sent again unless the API said that it was not carried out, in a run and over its reruns.

The sweeps go through every single request of a run: there the process is killed, before or after the request, or the
answer is lost; what was begun must not be begun again.
"""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import invariants, journal, verbs
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.machine import Killed
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL

SWEPT = [verb for verb in verbs.VERBS if not verb.refused]
MOST = 200
"""More requests than a run of these has."""


def step(verb, selection="id"):
    """A sample kills at, or loses, each third request of a run, or each eleventh of a long one; else all."""
    long = verb.existing == "convert_all"
    if FULL:
        return 9 if long and selection != "id" else 1
    return 11 if long else 3


def task(sim, verb, selection):
    state = sim.state()
    options, ids = verbs.select(state, verb, selection)
    return state, {**options, **verb.params, "wait_timeout": 600}, ids


KINDS = ("enable_backups", "change_backup_policy", "disable_backups")


def converged(sim, run, verb, before, params, ids, others=()):
    again = run(**params)
    assert not again.failed, again
    after = sim.state()
    for key in ids:
        assert verb.reached(before.policy(key), after.policy(key)) is None
    invariants.check_not_doubled(before, after, others)
    invariants.check_restore_points(verb, before, after, ids)
    journal.never_twice(sim.journal(), sim.faults())
    last = run(**params)
    assert not last.changed
    assert not last.writes


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("selection", ["id", "several"] if FULL else ["id"])
@pytest.mark.parametrize("verb", SWEPT, ids=lambda verb: verb.name)
def test_p3_p4_killed_at_every_request(sim, run, verb, selection, moment):
    """Killed before or after its n-th request, for every n, a task ends by its rerun as if nothing had happened."""
    every = step(verb, selection)
    for number in range(1 + SWEPT.index(verb) % every, MOST, every):
        sim.reset()
        before, params, ids = task(sim, verb, selection)

        def kill(count, _request, number=number):
            if count >= number:
                raise Killed

        try:
            whole = run(**{f"{moment}_request": kill}, **params)
        except Killed:
            converged(sim, run, verb, before, params, ids)
        else:
            assert not whole.failed, whole
            break
    assert 3 < number < MOST - every


LOSSES = {
    "504": {"status": 504},
    "504-done": {"status": 504, "carried_out": True},
    "drop": {"drop": True},
    "drop-done": {"drop": True, "carried_out": True},
    "truncated": {"truncate": True},
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("verb", SWEPT, ids=lambda verb: verb.name)
def test_p3_every_answer_lost_once(sim, run, verb, loss):
    """The answer to the n-th request is lost, for every n: the run goes on to its goal all the same."""
    for number in range(SWEPT.index(verb) % step(verb), MOST, step(verb)):
        sim.reset()
        before, params, ids = task(sim, verb, "id")
        sim.fault(LOSSES[loss], after=number)
        met = run(**params)
        if not sim.faults()[0]["hits"]:
            sim.clear_faults()
            break
        assert not met.failed, met
        invariants.check_result(met, before, sim.state())
        invariants.check_not_doubled(before, sim.state())
        invariants.check_restore_points(verb, before, sim.state(), ids)
    assert 3 < number < MOST - step(verb)


@pytest.mark.parametrize("loss", LOSSES)
def test_p3_every_answer_of_a_verb_lost(sim, run, loss):
    """All answers to writes are lost, each time: what was carried out is found, what was not is given up in words."""
    verb = verbs.BY_NAME["weekly"]
    before, params, ids = task(sim, verb, "several")
    sim.fault(LOSSES[loss], method="POST", times=0)
    met = run(**params)
    after = sim.state()
    invariants.check_result(met, before, after)
    invariants.check_not_doubled(before, after)
    done = LOSSES[loss].get("carried_out", "truncate" in LOSSES[loss])
    assert met.kind == (None if done else "outcome_unknown"), met
    sim.clear_faults()
    converged(sim, run, verb, before, params, ids)


@pytest.mark.parametrize("verb", SWEPT, ids=lambda verb: verb.name)
def test_p3_a_parallel_run_is_not_doubled(sim, run, verb):
    """Somebody else runs the same task to its end just before the first write: nothing is done a second time."""
    before, params, ids = task(sim, verb, "id")
    met = []

    def meanwhile(_count, request):
        if request.method == "POST" and not met:
            met.append(True)
            _by_somebody_else(sim, before, verb, params)

    told = run(before_request=meanwhile, **params)
    assert met
    invariants.check_restore_points(verb, before, sim.state(), ids)
    if told.failed:
        assert told.kind in ("api", "not_found"), told
        return
    # Two that write at one moment are both obeyed; what must not be is that this one does it twice.
    assert max(journal.carried_out(told.requests).values(), default=0) <= 1, told
    converged(sim, Runner(sim), verb, before, params, ids, others=KINDS)


def _by_somebody_else(sim, before, verb, params):
    """What a parallel run of the same task would have sent first."""
    droplet = before.droplets[params["droplet_id"]]
    now = verbs.instant(before["now"])
    at_risk = sorted(verb.at_risk(droplet, now), key=lambda point: point["created_at"], reverse=True)
    if verb.converts and at_risk:
        sim.api("POST", f"images/{at_risk[0]['id']}/actions", {"type": "convert"}, status=201)
    elif verb.disables:
        sim.api("POST", f"droplets/{droplet['id']}/actions", {"type": "disable_backups"}, status=201)
    else:
        kind = "change_backup_policy" if droplet["policy"] else "enable_backups"
        policy = {"plan": "daily", "hour": 4}
        sim.api("POST", f"droplets/{droplet['id']}/actions", {"type": kind, "backup_policy": policy}, status=201)
