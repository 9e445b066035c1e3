# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job machine by its table, and by any way through it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import ApiError, WaitTimeoutError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    Awaited,
    Change,
    CreateDroplet,
    DeleteSnapshot,
    Doubt,
    DropletAction,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.job import (
    COMMANDS,
    TABLE,
    UNDER_WAY,
    Attempt,
    Event,
    Job,
    Lost,
    NotYet,
    State,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, droplet

OFF = DropletAction("power_off")
REBOOT = DropletAction("reboot", observable=False)
SNAPSHOT = DropletAction("snapshot", {"name": "x"})
OTHER = Action(90, "backup", "in-progress", 1, "droplet", NOW)
OWN = Action(91, "power_off", "in-progress", 1, "droplet", NOW)
FAILURE = ApiError("Not today.", status=422)


def change(*steps, **fields):
    return Change(droplet(1), "request", {}, {}, steps, **fields)


def in_state(state, *steps):
    """A Job in this state, with these steps left."""
    job = Job(change(*steps))
    if state is State.PLANNING:
        job.plan_again()
    elif state is State.WAITING:
        job.steps = [OFF, *job.steps]
        job.begun(OWN, 0)
    elif state is State.LOOKING:
        job.look_again(NotYet("it does not show yet"))
    elif state is State.FINISHED:
        job.nothing_left()
    elif state is not State.SENDING:
        job.attempted = state is not State.NOT_TRIED
        job.nothing_left() if state is State.DONE else job.stop(FAILURE)
        if state is State.DONE:
            job.handed_over()
    assert job.state is state
    return job


HAPPENS = {
    Event.LEFT: lambda job: job.planned(change(OFF), 0, 0),
    Event.NOTHING_LEFT: lambda job: job.planned(change(), 0, 0) if job.state is State.PLANNING else job.nothing_left(),
    Event.OTHERS_RUN: lambda job: job.wait_for_others(OTHER, 0),
    Event.BEGUN: lambda job: job.begun(OWN, 0),
    Event.HANDED_OVER: lambda job: job.begun(OWN, 0),
    Event.CARRIED_OUT: lambda job: job.begun(None, 0),
    Event.LAST_CARRIED_OUT: lambda job: job.begun(None, 0),
    Event.OUTDATED: lambda job: job.plan_again(),
    Event.NOT_SHOWN: lambda job: job.look_again(NotYet("it does not show yet")),
    Event.ENDED: lambda job: job.ended(),
    Event.LAST_ENDED: lambda job: job.ended(),
    Event.LOOKED: lambda job: job.looked(young=False, now=0),
    Event.LOOKED_ON: lambda job: job.looked(young=False, now=0),
    Event.OUT_OF_SIGHT: lambda job: job.looked(young=True, now=0),
    Event.PROVEN: lambda job: job.proven(change()),
    Event.FAILED: lambda job: job.fail(FAILURE),
    Event.STOPPED: lambda job: job.stop(FAILURE),
}
"""What makes each event happen to a Job."""

LAST = (Event.HANDED_OVER, Event.LAST_CARRIED_OUT)


def prepared(state, event):
    """A Job in `state` to which `event` can happen."""
    two = (OFF, REBOOT)
    job = in_state(state, *((OFF,) if event in LAST else () if event is Event.LAST_ENDED else two))
    job.waits = event is not Event.HANDED_OVER
    job.goes_on_as_planned = event is Event.LOOKED_ON
    job.out_of_sight = OWN if event is Event.OUT_OF_SIGHT else None
    return job


ROWS = [
    pytest.param(state, event, to, id=f"{state.value}-{event.name}")
    for state in TABLE
    for event, to in TABLE[state].items()
]


@pytest.mark.parametrize(("state", "event", "to"), ROWS)
def test_each_event_leads_where_the_table_says(state, event, to):
    job = prepared(state, event)
    HAPPENS[event](job)
    assert job.state is to


UNKNOWN = [
    pytest.param(state, event, id=f"{state.value}-{event.name}")
    for state in State
    for event in Event
    if event not in TABLE[state]
]


@pytest.mark.parametrize(("state", "event"), UNKNOWN)
def test_an_event_that_a_state_does_not_know_is_a_fault(state, event):
    job = in_state(state, OFF, REBOOT)
    with pytest.raises(AssertionError, match=re.escape(f"A job that is {state.value} met: {event.value}.")):
        job._on(event)
    assert job.state is state


class TestTheTable:
    def test_it_has_every_state_and_uses_every_event(self):
        assert set(TABLE) == set(State)
        assert {event for row in TABLE.values() for event in row} == set(Event)

    def test_what_is_under_way_has_a_command_and_can_fail(self):
        assert set(COMMANDS) == {*UNDER_WAY, State.FINISHED}
        assert all(TABLE[state][Event.FAILED] is State.FAILED for state in COMMANDS)

    def test_the_ends_are_ends(self):
        assert all(not TABLE[state] for state in (State.DONE, State.FAILED, State.NOT_TRIED))

    def test_a_write_leaves_its_state_whatever_its_answer(self):
        """So that the same step is sent once more only after a look."""
        assert State.SENDING not in TABLE[State.SENDING].values()

    def test_only_what_is_finished_can_be_done(self):
        assert [state for state in State if State.DONE in TABLE[state].values()] == [State.FINISHED]

    def test_every_state_is_reached_from_the_first(self):
        reached, before = {State.SENDING}, set()
        while reached != before:
            before, reached = reached, reached | {to for state in reached for to in TABLE[state].values()}
        assert reached == set(State)


class TestPlannedAgain:
    def planned(self, job, *steps, **fields):
        job.plan_again()
        job.planned(change(*steps, **fields), observed_at=3, now=5)
        return job

    def test_the_rest_is_what_the_plan_says(self):
        job = self.planned(Job(change(OFF, REBOOT)), REBOOT)
        assert (job.state, job.steps, job.planned_at, job.observed_at) == (State.SENDING, [REBOOT], 5, 3)

    def test_what_was_just_done_is_not_sent_again(self):
        job = Job(change(OFF, REBOOT))
        job.begun(None, 0)
        with pytest.raises(NotYet, match="has completed, and its effect does not show yet"):
            job.planned(change(OFF, REBOOT), 0, 0)
        assert job.state is State.PLANNING

    def test_nor_is_what_was_made_some_steps_ago(self):
        job = Job(change(SNAPSHOT, REBOOT, OFF))
        job.begun(OWN, 0)
        job.ended()
        job.planned(change(REBOOT, OFF), 0, 0)
        job.begun(OWN, 0)
        job.ended()
        with pytest.raises(NotYet):
            job.planned(change(SNAPSHOT, REBOOT, OFF), 0, 0)

    def test_what_can_be_done_twice_may_be_needed_again(self):
        job = Job(change(OFF, REBOOT, DeleteSnapshot(8)))
        job.begun(None, 0)
        job.planned(change(REBOOT, DeleteSnapshot(8)), 0, 0)
        job.begun(None, 0)
        job.planned(change(OFF, DeleteSnapshot(8)), 0, 0)
        assert job.steps == [OFF, DeleteSnapshot(8)]

    def test_another_step_is_another_attempt(self):
        job = Job(change(OFF, REBOOT))
        job.about_to_send()
        assert self.planned(job, OFF, REBOOT).attempt.tries == 1
        assert self.planned(job, REBOOT).attempt == Attempt()

    def test_a_doubt_is_looked_into_even_if_no_step_is_left(self):
        doubt = Doubt(NOW, "it does not show yet")
        assert self.planned(Job(change(OFF)), doubt=doubt).state is State.SENDING

    def test_an_action_in_progress_is_waited_for(self):
        job = self.planned(Job(change(OFF)), OFF, wait_for=Awaited(OTHER))
        assert (job.state, job.running, job.own_action) == (State.WAITING, OTHER, False)

    @pytest.mark.parametrize("attempted", [True, False])
    def test_what_was_decided_stays_unless_nothing_could_be_decided(self, attempted):
        job = Job(change(OFF, doubt=Doubt(NOW, "it does not show yet")))
        job.attempted = attempted
        job.plan_again()
        other = replace(change(REBOOT), after={"name": "other"}, request="another")
        job.planned(other, 0, 0)
        assert job.change.after == ({} if attempted else {"name": "other"})
        assert job.change.request == "another"


class TestAnAction:
    def test_one_of_somebody_else_is_followed_by_a_plan(self):
        job = Job(change(OFF))
        job.wait_for_others(OTHER, 0)
        job.has_news(replace(OTHER, status="errored"))
        job.ended()
        assert (job.state, job.others, job.actions) == (State.PLANNING, {90: replace(OTHER, status="errored")}, {})
        assert job.notes == ["waited for action 90 (backup), which was already running"]

    def test_one_that_only_the_log_shows_is_the_one_of_an_earlier_run(self):
        job = Job(change(REBOOT))
        job.wait_for_others(replace(OTHER, type="reboot"), 0)
        assert (job.own_action, job.done, list(job.actions)) == (True, [REBOOT], [90])

    def test_not_if_it_matters_whose_it_is(self):
        guarded = replace(REBOOT, requires_fresh_state=True)
        job = Job(change(guarded))
        job.wait_for_others(replace(OTHER, type="reboot"), 0)
        assert (job.own_action, job.done) == (False, [])

    def test_one_that_went_with_its_image_has_completed_once_its_effect_shows(self):
        job = Job(change(OFF, REBOOT))
        job.begun(OWN, 0)
        job.vanished()
        assert job.actions[91].status == "in-progress"
        job.planned(change(REBOOT), 0, 0)
        assert job.actions[91].status == "completed"

    def test_the_droplet_that_it_makes_is_known_by_it(self):
        job = Job(Change(droplet(None, "new"), "request", {}, {}, (CreateDroplet({}),)))
        job.begun(Action(5, "create", "in-progress", 77, "droplet"), 0)
        assert (job.key, job.change.target.id) == (None, 77)

    def test_what_it_has_begun_is_not_known_before_the_next_step(self):
        job = Job(change(OFF))
        job.saw([OTHER])
        assert job.known == {90}
        job.begun(OWN, 0)
        assert job.known == {90, 91}


class TestALostAnswer:
    def test_it_is_looked_for_as_long_as_its_step_is_the_next(self):
        job = Job(change(OFF, REBOOT))
        job.about_to_send()
        job.answer_lost(Lost(OFF, NOW, 60), "The answer was lost.")
        assert (job.is_lost, job.outcome_unknown) == (True, True)
        assert job.notes == ["the answer to power_off was lost: The answer was lost."]
        job.begun(OWN, 0)
        assert not job.is_lost

    @pytest.mark.parametrize(
        ("step", "observed_at", "left"),
        [
            (OFF, None, 0),
            (replace(OFF, requires_fresh_state=True), None, -1),
            (replace(OFF, requires_fresh_state=True), 10, 20),
        ],
    )
    def test_a_guarded_step_goes_by_a_fresh_state(self, step, observed_at, left):
        job = Job(change(step))
        job.observed_at = observed_at
        assert job.left(fresh_for=30, now=20) == left


class TestTheEnd:
    def test_nothing_was_tried_if_nothing_was_sent(self):
        assert Job.not_tried(change(OFF), FAILURE).state is State.NOT_TRIED
        job = Job(change(OFF))
        job.about_to_send()
        job.stop(FAILURE)
        assert (job.state, job.error.message, job.error.droplet) == (State.FAILED, "Not today.", 1)

    def test_an_error_names_the_action_that_it_is_about(self):
        job = Job(change(OFF))
        job.begun(OWN, 0)
        job.fail(WaitTimeoutError("The time is over."))
        assert job.error.action == 91

    def test_what_came_of_it_is_told(self):
        job = Job(change())
        job.nothing_left()
        job.proven(change(extra_result={"kept": [1]}))
        assert job.told == {"kept": [1]}


@given(st.lists(st.sampled_from(list(Event)), max_size=40), st.booleans())
def test_whatever_happens_no_step_is_done_twice_and_no_end_is_left(events, waits):
    """Any order of events that the states know: what was done was planned, in its order, and each step once."""
    steps = [OFF, DeleteSnapshot(8), REBOOT, DeleteSnapshot(9)]
    job = Job(change(*steps), waits=waits)
    for event in events:
        if event not in TABLE[job.state] or (job.state is State.FINISHED and event is Event.BEGUN):
            continue
        begins = event in (Event.BEGUN, Event.HANDED_OVER, Event.CARRIED_OUT, Event.LAST_CARRIED_OUT)
        if begins and not job.steps:
            continue
        if event in (Event.LEFT, Event.NOTHING_LEFT) and job.state is State.PLANNING:
            rest = steps[len(job.done) :]
            job.planned(change(*rest), 0, 0)
        else:
            HAPPENS[event](job)
        assert job.done == steps[: len(job.done)]
        assert (job.running is not None) == (job.state is State.WAITING) or job.state is State.FAILED
        assert (job.error is not None) == (job.state in (State.FAILED, State.NOT_TRIED))


def diagram():
    """The table as a diagram; every state that is under way leads to FAILED as well, which is left out."""
    edges = {}
    for state, row in TABLE.items():
        for event, to in row.items():
            if to not in (State.FAILED, State.NOT_TRIED):
                edges.setdefault((state, to), []).append(event.name)
    lines = [f"    {state.name} --> {to.name}: {', '.join(names)}" for (state, to), names in edges.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> SENDING", *lines, "    DONE --> [*]", "```"])


def test_the_diagram_in_the_architecture_is_made_from_the_table():
    page = (Path(__file__).parents[3] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert diagram() in page, f"ARCHITECTURE.md needs this diagram:\n{diagram()}"
