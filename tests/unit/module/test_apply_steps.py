# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applier with steps that the state does not show, that must not be sent again, or that come to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    NotConvergedError,
    NotFoundError,
    OutcomeUnknownError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    Change,
    CreateDroplet,
    DeleteSnapshot,
    DropletAction,
    Plan,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._module.apply import Applier, State
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, droplet
from ansible_collections.lifeboat.digitalocean.tests.unit.module.test_apply import Client

LOST = OutcomeUnknownError("The answer was lost.")


@dataclass
class World:
    """Steps that are wanted as long as they are not in `seen`; `shows` False: whatever is done, nothing shows."""

    steps: tuple
    shows: bool = True

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
        return step.shown and (step.type, 1) in self.client.do.sent

    def plan(self, request, _observed=None, _now=None):
        left = tuple(step for step in request if not (self.shows and self.done(step)))
        return Plan((Change(droplet(1), {}, {}, left),))

    def run(self):
        plans = SimpleNamespace(
            plan=self.plan,
            pin=lambda request, _change, done: [step for step in request if step.shown or step not in done],
            unmet=lambda *_about: None,
        )
        verb = SimpleNamespace(plans=plans, observe=lambda *_about: None, reread=lambda *_about: None)
        (job,) = Applier(self.client, verb, self.steps, wait=True).run(self.plan(self.steps))
        return job


REBOOT = DropletAction("reboot", shown=False)
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
    assert job.unsure


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
    assert isinstance(job.error, NotConvergedError)
    assert "power_off completed, and its effect does not show" in job.error.message
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
            raise NotFoundError("There is no such thing.", status=404)
        world.deleted.append(int(snapshot_id))

    world.client.do.snapshots.delete = refuse
    job = world.run()
    if meanwhile:
        assert job.state is State.DONE
        assert world.deleted == [8, 9]
        assert any("not needed any more" in note for note in job.notes)
    else:
        assert job.state is State.FAILED
        assert isinstance(job.error, NotFoundError)
        assert world.deleted == []


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
        seen.append(step)
        return looks or bool(world.client.do.sent)

    (planned,) = world.plan((step,)).changes
    world.done = done
    plans = SimpleNamespace(plan=world.plan, pin=lambda request, *_more: request, unmet=lambda *_about: None)
    verb = SimpleNamespace(plans=plans, observe=lambda *_about: None, reread=lambda *_about: None)
    (job,) = Applier(world.client, verb, (step,), wait=True).run(Plan((planned,)))
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


def test_a_creation_that_shows_is_taken_for_ours():
    world = World((CreateDroplet({"name": "new"}),))
    world.losing["create"] = 1
    assert world.run().state is State.DONE
    assert world.created == 1
