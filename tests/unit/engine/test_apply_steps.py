# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applier with steps that the state does not show, that must not be sent again, or that come to nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    ActionFailedError,
    ApiError,
    AuthenticationError,
    NotFoundError,
    OutcomeUnknownError,
    PendingEventError,
    RefusedError,
    WaitTimeoutError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    Awaited,
    Change,
    CreateDroplet,
    DeleteSnapshot,
    DropletAction,
    Plan,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.verb import Verb
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.apply import apply
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.job import State
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, droplet
from ansible_collections.lifeboat.digitalocean.tests.unit.engine.test_apply import Client

LOST = OutcomeUnknownError("The answer was lost.")


@dataclass
class World:
    """Steps that are wanted as long as they are not in `seen`; `shows` False: whatever is done, nothing shows."""

    steps: tuple
    shows: bool = True
    further: dict = field(default_factory=dict)
    observe: object = None

    def __post_init__(self):
        self.deleted, self.created = [], 0
        self.client = Client()
        do = self.client.do
        do.snapshots = SimpleNamespace(delete=self.delete)
        do.droplets = SimpleNamespace(create=self.create)
        self.losing = {}

    def delete(self, snapshot_id):
        self.deleted.append(int(snapshot_id))
        self.lose("delete")

    def create(self, body):
        self.created += 1
        self.lose("create")
        do = self.client.do
        action = do.begin("droplet", 77, {"type": "create"})["action"]
        return {"droplet": {"id": 77}, "links": {"actions": [{"id": action["id"]}]}, "name": body["name"]}

    def lose(self, kind):
        if self.losing.get(kind, 0):
            self.losing[kind] -= 1
            raise LOST

    def done(self, step):
        if isinstance(step, DeleteSnapshot):
            return step.image in self.deleted
        if isinstance(step, CreateDroplet):
            return bool(self.created)
        return step.observable and (step.type, 1) in self.client.do.sent

    def plan(self, request, _observed=None, _now=None):
        left = tuple(step for step in request if not (self.shows and self.done(step)))
        return Plan((Change(droplet(1), request, {}, {}, left),))

    def run(self):
        verb = WorldVerb(self)
        (job,) = apply(self.client, verb, self.steps, self.plan(self.steps), wait=True)
        return job

    def resume(self, change, done):
        return tuple(step for step in change.request if step.observable or step not in done)


class WorldVerb(Verb):
    """What a World wants. A method in `further` counts instead of the one here."""

    def __init__(self, world):
        self.world = world
        for name, method in world.further.items():
            setattr(self, name, method)

    def request(self, params):
        raise NotImplementedError

    def plan(self, request, _facts, _now):
        if isinstance(self.world.observe, Exception):
            raise self.world.observe
        return self.world.plan(request)

    def resume(self, change, done, _own):
        return self.world.resume(change, done)

    def describe(self, _shown):
        return ""


REBOOT = DropletAction("reboot", observable=False)
OFF = DropletAction("power_off")


def lose_next(client, kind, carried_out):
    """The answer to the next action of this type is lost."""
    send = client.do.on_droplet

    def lost(droplet_id, body):
        client.do.droplet_actions.post = send
        if carried_out:
            send(droplet_id, body)
        raise LOST

    assert kind
    client.do.droplet_actions.post = lost


@pytest.mark.parametrize("step", [REBOOT, OFF], ids=["not shown", "shown"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_an_action_whose_answer_was_lost_is_sent_once_more_only_where_the_log_lacks_it(step, carried_out):
    world = World((step,))
    lose_next(world.client, step.type, carried_out)
    job = world.run()
    assert job.state is State.DONE
    assert world.client.do.sent == [(step.type, 1)]
    assert job.outcome_unknown


def test_an_older_action_of_the_same_type_is_not_taken_for_the_lost_one():
    world = World((REBOOT,))
    old = {"id": 1, "type": "reboot", "status": "completed", "resource_id": 1, "resource_type": "droplet"}
    world.client.do.log.append({**old, "started_at": NOW.replace(hour=3).isoformat()})
    lose_next(world.client, "reboot", carried_out=False)
    assert world.run().state is State.DONE
    assert world.client.do.sent == [("reboot", 1)]


@pytest.mark.parametrize(("step", "sent"), [(REBOOT, []), (OFF, [("power_off", 1)])], ids=["not shown", "shown"])
def test_a_running_action_of_the_same_type_counts_as_this_one_where_nothing_else_can_tell(step, sent):
    world = World((step,))
    running = {"id": 1, "type": step.type, "status": "in-progress", "resource_id": 1, "resource_type": "droplet"}
    log = world.client.do.log
    log.append({**running, "started_at": NOW.isoformat()})
    sleep = world.client.sleep

    def ends(seconds):
        log[0]["status"] = "completed"
        sleep(seconds)

    world.client.sleep = ends
    job = world.run()
    assert job.state is State.DONE
    assert world.client.do.sent == sent


def test_what_somebody_else_has_just_done_may_show_late_and_is_not_sent_before_the_absence_is_old():
    world = World((OFF,))
    started = {"id": 1, "type": "power_off", "resource_id": 1, "resource_type": "droplet"}
    started["started_at"] = NOW.isoformat()
    log, client = world.client.do.log, world.client
    log.append({**started, "status": "in-progress"})
    sleep = client.sleep

    def ends(seconds):
        log[0].update(status="completed", completed_at=NOW.isoformat())
        sleep(seconds)

    client.sleep = ends
    assert world.run().state is State.DONE
    assert client.do.sent == [("power_off", 1)]
    assert client.budget.spent >= 60


def test_steps_are_planned_anew_after_each_and_each_is_sent_once():
    world = World((OFF, DeleteSnapshot(8), REBOOT, DeleteSnapshot(9)))
    job = world.run()
    assert job.state is State.DONE
    assert world.client.do.sent == [("power_off", 1), ("reboot", 1)]
    assert world.deleted == [8, 9]


def test_what_was_done_and_does_not_show_is_not_done_again():
    world = World((OFF, REBOOT), shows=False)
    job = world.run()
    assert job.state is State.FAILED
    assert isinstance(job.error, WaitTimeoutError)
    assert "action 1 (power_off) has completed, and its effect does not show" in job.error.message
    assert job.error.action == 1
    assert world.client.do.sent == [("power_off", 1)]


def test_a_request_whose_answer_was_lost_is_decided_by_the_state():
    world = World((DeleteSnapshot(8),))
    world.losing["delete"] = 1
    assert world.run().state is State.DONE
    assert world.deleted == [8]


@pytest.mark.parametrize("meanwhile", [True, False])
def test_what_the_api_refuses_is_no_failure_where_somebody_else_has_done_it(meanwhile):
    world = World((DeleteSnapshot(8), DeleteSnapshot(9)))

    def refuse(snapshot_id):
        if snapshot_id == "8":
            if meanwhile:
                world.deleted.append(8)
            raise ApiError("It cannot be deleted.", status=422)
        world.deleted.append(int(snapshot_id))

    world.client.do.snapshots.delete = refuse
    job = world.run()
    if meanwhile:
        assert job.state is State.DONE
        assert world.deleted == [8, 9]
        assert any("not needed any more" in note for note in job.notes)
    else:
        assert job.state is State.FAILED
        assert job.error.message == "It cannot be deleted."
        assert world.deleted == []


@pytest.mark.parametrize("shows_after", [20, None])
def test_what_the_api_says_to_be_so_already_is_looked_for_before_it_is_a_failure(shows_after):
    world, sent = World((OFF,)), []

    def refuses(droplet_id, body):
        sent.append((body["type"], droplet_id))
        raise ApiError("Droplet is already powered off.", status=422)

    began = world.client.clock.time
    world.done = lambda _step: shows_after is not None and world.client.clock.time >= began + shows_after
    world.client.do.droplet_actions.post = refuses
    job = world.run()
    assert sent == [("power_off", 1)]
    assert job.state is (State.FAILED if shows_after is None else State.DONE)
    waited = world.client.clock.time - began
    assert 60 <= waited < 75 if shows_after is None else 20 <= waited < 35


def test_a_snapshot_that_is_there_no_more_is_deleted():
    world = World((DeleteSnapshot(8),))

    def gone(snapshot_id):
        world.deleted.append(int(snapshot_id))
        raise NotFoundError("There is no such thing.", status=404)

    world.client.do.snapshots.delete = gone
    assert world.run().state is State.DONE
    assert world.deleted == [8]


@pytest.mark.parametrize(
    ("minutes", "looks", "sent"),
    [(1, True, 0), (4, True, 0), (6, False, 1)],
)
def test_a_snapshot_that_ended_while_the_state_was_read_is_looked_for_first(minutes, looks, sent):
    step = DropletAction("snapshot", {"name": "x"})
    world = World((step,))
    ended = {"id": 1, "type": "snapshot", "status": "completed", "resource_id": 1, "resource_type": "droplet"}
    world.client.do.log.append({**ended, "completed_at": (NOW - timedelta(minutes=minutes)).isoformat()})
    seen = []

    def done(_step):
        if not world.client.do.sent:
            seen.append(step)
        return looks or bool(world.client.do.sent)

    (planned,) = world.plan((step,)).changes
    world.done = done
    (job,) = apply(world.client, WorldVerb(world), (step,), Plan((planned,)), wait=True)
    assert job.state is State.DONE
    assert len(world.client.do.sent) == sent
    assert bool(seen) == looks


def test_a_creation_whose_answer_was_lost_is_looked_for_and_never_sent_again():
    world = World((CreateDroplet({"name": "new"}),), shows=False)
    world.losing["create"] = 1
    job = world.run()
    assert job.state is State.FAILED
    assert isinstance(job.error, OutcomeUnknownError)
    assert "It is not sent again" in job.error.message
    assert world.created == 1
    assert len(world.client.clock.slept) > 3


class Nursery(World):
    """A Droplet is made, and is there at once; its creation ends when somebody sleeps for the `naps`-th time."""

    naps = 3

    def __post_init__(self):
        super().__post_init__()
        self.client.sleep = self.sleep

    def create(self, body):
        answer = super().create(body)
        self.client.do.log[-1]["status"] = "in-progress"
        return answer

    def lose(self, kind):
        if self.losing.get(kind, 0):
            self.client.do.begin("droplet", 77, {"type": "create"})
            self.client.do.log[-1]["status"] = "in-progress"
        super().lose(kind)

    def sleep(self, seconds):
        self.client.clock.sleep(seconds)
        self.naps -= 1
        if not self.naps:
            for action in self.client.do.log:
                action["status"] = "completed"

    def plan(self, request, _observed=None, _now=None):
        if not self.created:
            return Plan((Change(droplet(None, "new"), request, {}, {}, tuple(request)),))
        running = [Action.from_api(action) for action in self.client.do.log if action["status"] == "in-progress"]
        wait_for = Awaited(running[0]) if running else None
        return Plan((Change(droplet(77, "new"), request, {}, {}, wait_for=wait_for),))


@pytest.mark.parametrize("naps", [1, 2, 3, 4])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_creation_is_waited_for_and_then_known_by_its_id(lost, naps):
    """Whether its answer told the id, or it was found, still being made or done."""
    world = Nursery((CreateDroplet({"name": "new"}),))
    world.losing["create"], world.naps = lost, naps
    job = world.run()
    assert job.state is State.DONE
    assert world.naps <= 0
    assert world.created == 1
    assert (job.key, job.change.target.id) == (None, 77)
    assert [(action.type, action.status) for action in job.actions.values()] == [("create", "completed")]


def test_what_an_earlier_run_began_is_waited_for_and_changes_nothing():
    world = Nursery((CreateDroplet({"name": "new"}),))
    world.create({"name": "new"})
    job = world.run()
    assert job.state is State.DONE
    assert world.naps <= 0
    assert (job.actions, world.created) == ({}, 1)
    assert "(create), which was already running" in job.notes[0]


def test_a_creation_that_shows_is_taken_for_ours():
    world = World((CreateDroplet({"name": "new"}),))
    world.losing["create"] = 1
    assert world.run().state is State.DONE
    assert world.created == 1


GUARDED = DropletAction("restore", {"image": 8}, observable=False, requires_fresh_state=True)


def running(client, kind="restore"):
    """An action in progress, which ends when somebody sleeps."""
    action = {"id": 1, "type": kind, "status": "in-progress", "resource_id": 1, "resource_type": "droplet"}
    client.do.log.append({**action, "started_at": NOW.isoformat()})
    sleep = client.sleep

    def ends(seconds):
        client.do.log[0]["status"] = "completed"
        sleep(seconds)

    client.sleep = ends
    return Action(1, kind, "in-progress", 1, "droplet", NOW)


class TestGuarded:
    """A step where it matters whose action it is, and what was read before."""

    def test_a_running_one_of_its_type_is_waited_for_and_not_taken_for_it(self):
        world = World((GUARDED,))
        running(world.client)
        assert world.run().state is State.DONE
        assert world.client.do.sent == [("restore", 1)]

    def test_the_droplet_is_read_just_before(self):
        world = World((GUARDED,))
        order = []
        plan, post = world.plan, world.client.do.droplet_actions.post
        world.plan = lambda *about: (order.append("planned"), plan(*about))[1]

        def sends(droplet_id, body, stale_after):
            order.append(f"sent within {stale_after:g}")
            return post(droplet_id, body)

        world.client.do.droplet_actions.post = sends
        assert world.run().state is State.DONE
        assert order == ["planned", "planned", "sent within 30", "planned"]

    def test_what_was_read_too_long_ago_is_read_again(self):
        world = World((GUARDED,))
        plan, plans = world.plan, []

        def slow(*about):
            plans.append(world.client.clock.time)
            if len(plans) == 2:
                world.client.clock.time += 31
            elif len(plans) > 2:
                world.client.meter.sent_at = world.client.budget.spent
            return plan(*about)

        post = world.client.do.droplet_actions.post

        def held_up(droplet_id, body, stale_after):
            if stale_after < 0:
                raise PendingEventError("held up")
            return post(droplet_id, body)

        world.plan, world.client.do.droplet_actions.post = slow, held_up
        assert world.run().state is State.DONE
        assert len(plans) == 4
        assert world.client.do.sent == [("restore", 1)]

    @pytest.mark.parametrize("done", [True, False])
    def test_what_is_refused_may_have_been_done_by_somebody_else(self, done):
        off = DropletAction("power_off", requires_fresh_state=True)
        world = World((off,))
        refusal = ApiError("Droplet is already powered off.", status=422)

        def refuses(droplet_id, body, stale_after):
            assert stale_after > 0
            if done:
                world.client.do.sent.append((body["type"], droplet_id))
            raise refusal

        world.client.do.droplet_actions.post = refuses
        job = world.run()
        assert job.state is (State.DONE if done else State.FAILED)
        assert job.error is (None if done else refusal)

    @pytest.mark.parametrize("carried_out", [True, False])
    def test_a_lost_answer_is_decided_by_the_log(self, carried_out):
        world = World((GUARDED,))
        send = world.client.do.droplet_actions.post
        lost = []

        def loses(droplet_id, body, stale_after):
            if not lost:
                lost.append(stale_after)
                if carried_out:
                    send(droplet_id, body)
                raise LOST
            return send(droplet_id, body)

        world.client.do.droplet_actions.post = loses
        assert world.run().state is State.DONE
        assert world.client.do.sent == [("restore", 1)]


class TestAwaits:
    """An action that must have ended before anything is sent."""

    def world(self, steps, then):
        world = World(steps)
        awaited = Awaited(running(world.client))
        plan = world.plan

        def plans(*about):
            (change,) = plan(*about).changes
            if world.client.do.log[0]["status"] == "in-progress":
                return Plan((Change(change.target, change.request, {}, {}, steps, wait_for=awaited),))
            return then(change)

        world.plan = plans
        return world

    def test_it_has_ended_before_the_first_step(self):
        world = self.world((OFF,), lambda change: Plan((change,)))
        job = world.run()
        assert job.state is State.DONE
        assert job.notes == ["waited for action 1 (restore), which was already running"]
        assert world.client.do.sent == [("power_off", 1)]

    def test_without_steps_it_is_waited_for_all_the_same(self):
        def refuse(_change):
            raise RefusedError("Somebody else was at work.")

        job = self.world((), refuse).run()
        assert isinstance(job.error, RefusedError)
        assert not job.actions

    def test_one_that_the_log_no_longer_shows_as_running_is_not_forgotten(self):
        def refuse(_change):
            raise RefusedError("Somebody else was at work.")

        world = self.world((), refuse)
        world.client.do.droplet_actions.list = lambda **_about: {"actions": [], "meta": {"total": 0}}
        assert isinstance(world.run().error, RefusedError)

    def test_one_that_appears_between_two_steps(self):
        world = World((OFF, DeleteSnapshot(8)))
        plan, awaited = world.plan, []

        def plans(*about):
            (change,) = plan(*about).changes
            if len(change.steps) == 1 and not awaited:
                action = Action(1, "restore", "in-progress", 1, "droplet", NOW)
                awaited.append(action)
                return Plan((Change(change.target, change.request, {}, {}, (), wait_for=Awaited(action)),))
            return Plan((change,))

        world.plan = plans
        assert world.run().state is State.DONE
        assert awaited
        assert world.deleted == [8]


class TestRescue:
    """What a failure left behind is put right once."""

    def rescued(self, *steps, fails=None, error=None, further=None):
        compensate = {"compensate": lambda *_about: further or (DropletAction("power_on"),)}
        world = World(steps, further=compensate)
        post = world.client.do.droplet_actions.post

        def sends(droplet_id, body):
            if error and body["type"] == "reboot":
                raise error
            answer = post(droplet_id, body)
            if body["type"] == fails:
                world.client.do.log[-1]["status"] = "errored"
            return answer

        world.client.do.droplet_actions.post = sends
        return world.run(), [kind for kind, _key in world.client.do.sent]

    def test_after_an_action_that_failed(self):
        job, sent = self.rescued(OFF, REBOOT, fails="reboot")
        assert isinstance(job.error, ActionFailedError)
        assert sent == ["power_off", "reboot", "power_on"]
        assert job.notes == ["after the failure power_on was sent (action 3)"]
        assert [action.type for action in job.actions.values()] == ["power_off", "reboot", "power_on"]

    def test_after_a_request_that_was_refused(self):
        job, sent = self.rescued(OFF, REBOOT, error=ApiError("Not today.", status=422))
        assert job.error.message == "Not today."
        assert sent == ["power_off", "power_on"]

    def test_not_where_an_order_may_yet_be_carried_out(self):
        job, sent = self.rescued(OFF, REBOOT, error=LOST)
        assert isinstance(job.error, OutcomeUnknownError)
        assert sent == ["power_off"]

    def test_not_after_a_success(self):
        job, sent = self.rescued(OFF, REBOOT)
        assert job.state is State.DONE
        assert sent == ["power_off", "reboot"]

    def test_its_own_failure_does_not_hide_the_first(self):
        job, _sent = self.rescued(OFF, REBOOT, fails="reboot", further=(None,))
        assert isinstance(job.error, ActionFailedError)
        assert "after the failure nothing more could be put right: Unexpected" in job.notes[0]


class TestOtherwise:
    """A verb may know another way to what the API refuses."""

    def other(self, refusal, knows=True):
        world = World((GUARDED,))
        post = world.client.do.droplet_actions.post
        instead = DropletAction("rebuild", {"image": 8}, observable=False, requires_fresh_state=True)

        def otherwise(_change, step, error):
            assert (step, error) == (GUARDED, refusal)
            return (instead,) if knows else None

        def sends(droplet_id, body, **options):
            if body["type"] == "restore":
                raise refusal
            return post(droplet_id, body, **options)

        world.client.do.droplet_actions.post = sends
        world.further = {"alternative": otherwise}
        return world, world.run()

    def test_it_is_taken_once_and_told(self):
        world, job = self.other(ApiError("Backups only.", status=422))
        assert job.state is State.DONE
        assert world.client.do.sent == [("rebuild", 1)]
        assert job.notes == ["Backups only, so another way is taken"]

    def test_without_one_the_refusal_stands(self):
        world, job = self.other(ApiError("Backups only.", status=422), knows=False)
        assert (job.state, job.error.message, world.client.do.sent) == (State.FAILED, "Backups only.", [])

    def test_what_all_would_meet_has_none(self):
        world, job = self.other(AuthenticationError("No.", status=401))
        assert (job.state, world.client.do.sent) == (State.FAILED, [])


class TestLeftBehind:
    """After a failure what is left stands in the message and in the result."""

    def failed(self, seen=None, sentences=("It is off.",), left=10.0):
        asked = []

        def left_behind(_request, change, facts, _now):
            asked.append((change.target.id, facts is not None))
            if facts is not None and isinstance(seen, Exception):
                raise seen
            return {"undo": 1}, sentences

        world = World((OFF, REBOOT), further={"left_behind": left_behind})
        post = world.client.do.droplet_actions.post

        def sends(droplet_id, body):
            answer = post(droplet_id, body)
            if body["type"] == "reboot":
                world.client.do.log[-1]["status"] = "errored"
                world.client.budget = SimpleNamespace(left=left, spent=0.0, seconds=left)
            return answer

        world.client.do.droplet_actions.post = sends
        return world.run(), asked

    def test_it_is_read_and_told(self):
        job, asked = self.failed()
        assert (job.state, job.told, asked) == (State.FAILED, {"undo": 1}, [(1, True)])
        assert job.error.message.endswith("then run the task again. It is off.")
        assert isinstance(job.error, ActionFailedError)
        assert job.error.action

    def test_nothing_more_to_say(self):
        job, _asked = self.failed(sentences=())
        assert job.error.message.endswith("then run the task again.")

    def test_what_cannot_be_read_is_not_known(self):
        assert self.failed(seen=NotFoundError("Gone.", status=404))[1] == [(1, True), (1, False)]
        assert self.failed(left=0.0)[1] == [(1, False)]
