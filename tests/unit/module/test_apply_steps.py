# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applier with steps that the state does not show, that must not be sent again, or that come to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    NotConvergedError,
    OutcomeUnknownError,
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
            return Plan((Change(droplet(None, "new"), {}, {}, tuple(request)),))
        running = [Action.from_api(action) for action in self.client.do.log if action["status"] == "in-progress"]
        awaits = Awaited(running[0]) if running else None
        return Plan((Change(droplet(77, "new"), {}, {}, awaits=awaits),))


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
