# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_restore`: killed anywhere, beside others, under either reading of the API: restored once, and nothing lost.

The orders of `orders/droplet_restore.py` hold it to the promises of every module. Here is what only a restore can do
wrong, asserted on the simulator's state.
"""

from __future__ import annotations

from itertools import count

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import journal, worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Killed, Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL, one_in
from ansible_collections.lifeboat.digitalocean.tests.promises.orders import droplet_restore as orders

MINUTE, HOUR = 60, 3600
SLOW = ("--droplets", "0", "--action-seconds", "5,snapshot=40,restore=40,rebuild=40", "--rate-limit", "off")
KILLS = 1 if FULL else 10
"""Each so manyth request is one at which a run is killed."""


@pytest.fixture(name="slow")
def _slow(simulators):
    """A simulator in which work on images takes longer than a poll."""
    sim = simulators(*SLOW)
    sim.reset(droplets=0)
    return sim


def restores(sim, before):
    """Restores and rebuilds since the State `before`, the oldest first."""
    found = [action for action in sim.state().actions_since(before) if action["type"] in orders.WORK]
    return sorted(found, key=lambda action: action["id"])


def marks(sim, key):
    return [tag for tag in sim.state().droplets[key]["tags"] if tag.startswith("lifeboat:restore:")]


def untag(sim, key, word):
    """Somebody takes the marks with that word in them away."""
    for tag in marks(sim, key):
        if f":{word}:" in tag:
            body = {"resources": [{"resource_id": str(key), "resource_type": "droplet"}]}
            sim.api("DELETE", f"tags/{tag}/resources", body, status=204)


def converged(sim, before, options, run):
    """All is as promised, and one more run changes and writes nothing."""
    assert orders.wrong(before, sim.state(), options) is None
    last = run(**options)
    assert not last.failed, last
    assert not last.changed, last
    assert not last.writes, last
    assert last.diff == {"before": "", "after": ""}
    assert orders.wrong(before, sim.state(), options) is None


def sweep(sim, start, every, **task):
    """Kill the run at each request in turn, before it is sent or after its answer; the number of kills."""
    kills = 0
    for number in count(start, every):
        for moment in ("before_request", "after_request"):
            sim.reset(droplets=0)
            options = orders.world(sim, **task)
            run = Runner(sim, "droplet_restore")
            before = sim.state()

            def kill(sent, _request, number=number):
                if sent >= number:
                    raise Killed

            try:
                whole = run(**options, **{moment: kill})
            except Killed:
                kills += 1
                again = run(**options)
                assert not again.failed, again
                converged(sim, before, options, run)
            else:
                assert not whole.failed, whole
                return kills
    raise AssertionError("unreachable")


TASKS = {
    f"{point}-{'stopped' if stop else 'running'}-{'on' if on else 'off'}": {"point": point, "stop_first": stop, "on": on}
    for point in ("backup", "snapshot")
    for stop in (True, False)
    for on in (True, False)
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("task", "speed"), one_in(3, TASKS, ["quick", "slow"]))
def test_p3_killed_at_every_request(sim, slow, record_property, task, speed):
    """Whether an action is over by the next run or still in progress."""
    kills = sweep(sim if speed == "quick" else slow, 1 + list(TASKS).index(task) % KILLS, KILLS, **TASKS[task])
    record_property("kills", kills)
    assert kills > 40 // KILLS


@pytest.fixture(name="restore")
def _restore(sim):
    return Runner(sim, "droplet_restore")


def somebody_restores(sim, key, kind="restore"):
    """Somebody else overwrites the disk: from its oldest backup, or its first snapshot; `(action id, image id)`."""
    droplet = sim.state().droplets[key]
    point = min(droplet["backups"], key=lambda backup: backup["created_at"])
    image = point["id"] if kind == "restore" else droplet["snapshots"][0]["id"]
    return worlds.act(sim, key, kind, image=image), image


@pytest.mark.parametrize("kind", ["restore", "rebuild"])
def test_p3_a_restore_of_somebody_else_is_waited_for_and_named(slow, kind):
    """In check mode it is named at once."""
    options = orders.world(slow, point="newest")
    key = options["droplet_id"]
    action, image = somebody_restores(slow, key, kind)
    run = Runner(slow, "droplet_restore")
    before = slow.state()
    told = run(check=True, **options)
    assert told.kind == "refused", told
    assert f"action {action} ({kind})" in told.result["msg"]
    assert not told.changed
    met = run(**options)
    assert met.kind == "refused", met
    assert f"action {action} ({kind})" in met.result["msg"]
    assert f"Action {action} ({kind}) on Droplet alpha ({key}) has ended as completed." in met.result["msg"]
    assert slow.state().action(action)["status"] == "completed"
    assert (met.changed, met.diff) == (told.changed, told.diff)
    assert not met.writes
    assert met.result["summary"] == {"matched": 1, "unchanged": 0, "changed": 0, "failed": 1, "not_tried": 0}
    again = run(**options)
    assert again.kind == "refused", again
    assert "which bears no mark of an incident" in again.result["msg"]
    assert not again.writes
    assert slow.state().droplets[key]["disk_from"] == image
    assert restores(slow, before) == []


def test_p3_a_restore_of_somebody_else_that_fails_ends_the_task_too(slow):
    options = orders.world(slow)
    slow.fault({"action": "errored"}, method="POST")
    action, _image = somebody_restores(slow, options["droplet_id"])
    slow.clear_faults()
    run = Runner(slow, "droplet_restore")
    before = slow.state()
    met = run(**options)
    assert met.kind == "refused", met
    assert f"Action {action} (restore)" in met.result["msg"]
    assert "has ended as errored" in met.result["msg"]
    assert not met.writes
    again = run(**options)
    assert not again.failed, again
    converged(slow, before, options, run)


@pytest.mark.parametrize("kind", ["restore", "rebuild"])
@pytest.mark.parametrize("number", range(8))
def test_p3_somebody_restores_just_before_a_write(slow, number, kind):
    """The n-th write of a run meets it, on a Droplet that is stopped first: ours is never carried out after it."""
    options = orders.world(slow, stop_first=True)
    key = options["droplet_id"]
    run = Runner(slow, "droplet_restore")
    before = slow.state()
    writes, theirs = [], []

    def meet(_number, request):
        if request.method == "POST":
            writes.append(request.url)
            if len(writes) == number + 1:
                theirs.extend(somebody_restores(slow, key, kind))

    met = run(before_request=meet, **options)
    assert theirs, f"there is no write {number}\n{met}"
    assert met.kind in ("refused", "not_converged"), met
    assert str(theirs[0]) in met.result["msg"], met
    *ours, last = restores(slow, before)
    assert last["id"] == theirs[0], "P3: restored after somebody else had"
    assert len(ours) == (number > 4)
    slow.advance(MINUTE)
    assert slow.state().droplets[key]["disk_from"] == theirs[1]


def test_p3_somebody_restores_while_a_limit_holds_ours_up(sim, restore):
    """Ours was decided on before: after the wait it is decided anew, and not sent."""
    options = orders.world(sim, safety_snapshot=False)
    key = options["droplet_id"]
    before = sim.state()
    sim.fault({"status": 429, "reset_in": 300}, method="POST", path=f"droplets/{key}/actions")
    theirs = []

    def meet(seconds):
        if seconds > 200 and not theirs:
            theirs.append(somebody_restores(sim, key)[0])

    met = restore(on_sleep=meet, wait_timeout=3600, **options)
    assert met.kind == "refused", met
    assert [action["id"] for action in restores(sim, before)] == theirs


@pytest.mark.timeout(600)
@pytest.mark.parametrize("other", ["same", "another"])
@pytest.mark.parametrize("start", range(8 if FULL else 1))
def test_p3_two_runs_at_once(sim, other, start):
    """A second run, of the same incident or of another one, from beginning to end between any two requests of a first.

    The first does not restore after the second has; whoever is refused is told, and a rerun finds everything done.
    """
    # The journal does not tell whose of the two a request is.
    restore = Runner(sim, "droplet_restore", reaches=False)
    for number in count(1 + start, 8):
        options = orders.world_again(sim, stop_first=True)
        second = {**options, "incident": orders.INCIDENT if other == "same" else "inc-2"}
        before = sim.state()
        within = []

        def meet(sent, _request, number=number, within=within, second=second):
            if sent == number and not within:
                within.append(None)
                within.append(restore(**second))

        first = restore(after_request=meet, **options)
        if not within:
            assert number > 8
            return
        told = within[-1]
        done = restores(sim, before)
        assert all(action["status"] == "completed" for action in done)
        outcome = f"{first}\n\nwithin it, at request {number}:\n{told}"
        if other == "same":
            assert len(done) == 1, outcome
            assert first.kind in (None, "refused"), outcome
            assert told.kind in (None, "refused"), outcome
            converged(sim, before, options, rerun(restore))
        elif told.failed:
            assert told.kind == "refused", outcome
            assert len(done) == 1, outcome
            converged(sim, before, options, restore)
        else:
            last = f"lifeboat:restore:inc-2:done:{options['backup_id']}:{done[-1]['id']}"
            assert last in marks(sim, options["droplet_id"]), outcome
            assert first.kind in (None, "refused", "not_converged"), outcome
            again = restore(**options)
            assert again.kind == "refused", again
            assert "of incident 'inc-2'" in again.result["msg"]


def rerun(restore):
    """Runs twice and gives the second: the first may still have a mark to write."""

    def run(**options):
        assert not restore(**options).failed
        return restore(**options)

    return run
