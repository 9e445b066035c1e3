# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Job: the way of one Change from its plan to what the next run would see. Pure: `apply.py` does what it commands.

Theory of operation. A plan is what remains to be done, and it is true only for what was read. So a Job is planned again
from fresh facts after everything that may have changed them: a step that has ended, an answer that was lost, a refusal,
a wait. It ends when a plan finds nothing left to be done, in the lists that the next run would read.

- There is one command for each state, and `TABLE` says which event leads where. An event that a state does not know is
  a fault of the program, and raises.
- A write is sent from SENDING alone, the first of the `steps` only. Whatever its answer is, the Job leaves SENDING: the
  same step can be sent once more only if a new plan still wants it.
- An answer that was lost counts as carried out until the log of actions, and then the state, have had the time to show
  it (`Lost.until`). LOOKING is that wait, and every other for what may be there already and does not show yet.
- What a plan wants again, although its action has just completed, has not shown its effect yet: it is looked for, never
  sent again.
- An action of somebody else that is running is waited for, and then the Job is planned again.
- FINISHED means that nothing is left to be sent. All that are finished are verified together, by planning again.

Times are in seconds of the task's budget, unless they are datetimes (UTC).
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .._domain.errors import ApiError, LifeboatError
from .._domain.models import Action, Droplet
from .._domain.plan import Change, Step


class State(enum.Enum):
    PLANNING = "planning"
    SENDING = "sending"
    WAITING = "waiting"
    LOOKING = "looking"
    FINISHED = "finished"
    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not tried"


class Event(enum.Enum):
    """What `apply.py` has met."""

    LEFT = "something is left to be sent"
    NOTHING_LEFT = "nothing is left to be sent"
    OTHERS_RUN = "an action of somebody else is running"
    BEGUN = "the step's action has begun"
    HANDED_OVER = "the last step has begun, and is not waited for"
    CARRIED_OUT = "the step was carried out with its answer"
    LAST_CARRIED_OUT = "so was the last one"
    OUTDATED = "what the plan goes by has changed or is too old"
    NOT_SHOWN = "something may be there already and does not show yet"
    ENDED = "the action has ended"
    LAST_ENDED = "the action of the last step has ended"
    LOOKED = "the pause is over: plan again"
    LOOKED_ON = "the pause is over: go on as planned"
    OUT_OF_SIGHT = "the action may show yet"
    PROVEN = "planned again, nothing is left"
    FAILED = "an error"
    STOPPED = "the task ends before anything was tried"


COMMANDS = {
    State.PLANNING: "plan again, from fresh facts",
    State.SENDING: "send the first step, if nothing speaks against it",
    State.WAITING: "pause, then ask for the action",
    State.LOOKING: "pause, then look in the log for what may have begun",
    State.FINISHED: "plan again with all that are finished, by the lists that the next run reads",
}
"""What `apply.py` does for a Job in each state; nothing in those that are not here."""

_ENDS = {Event.FAILED: State.FAILED, Event.STOPPED: State.NOT_TRIED}

TABLE: Mapping[State, Mapping[Event, State]] = {
    State.PLANNING: {
        Event.LEFT: State.SENDING,
        Event.NOTHING_LEFT: State.FINISHED,
        Event.OTHERS_RUN: State.WAITING,
        Event.BEGUN: State.WAITING,
        Event.HANDED_OVER: State.FINISHED,
        Event.OUTDATED: State.PLANNING,
        Event.NOT_SHOWN: State.LOOKING,
        **_ENDS,
    },
    State.SENDING: {
        Event.NOTHING_LEFT: State.FINISHED,
        Event.OTHERS_RUN: State.WAITING,
        Event.BEGUN: State.WAITING,
        Event.HANDED_OVER: State.FINISHED,
        Event.CARRIED_OUT: State.PLANNING,
        Event.LAST_CARRIED_OUT: State.FINISHED,
        Event.OUTDATED: State.PLANNING,
        Event.NOT_SHOWN: State.LOOKING,
        **_ENDS,
    },
    State.WAITING: {
        Event.ENDED: State.PLANNING,
        Event.LAST_ENDED: State.FINISHED,
        Event.FAILED: State.FAILED,
    },
    State.LOOKING: {
        Event.LOOKED: State.PLANNING,
        Event.LOOKED_ON: State.SENDING,
        Event.BEGUN: State.WAITING,
        Event.HANDED_OVER: State.FINISHED,
        Event.OUT_OF_SIGHT: State.WAITING,
        **_ENDS,
    },
    State.FINISHED: {
        Event.BEGUN: State.WAITING,
        Event.HANDED_OVER: State.FINISHED,
        Event.PROVEN: State.DONE,
        Event.FAILED: State.FAILED,
    },
    State.DONE: {},
    State.FAILED: {},
    State.NOT_TRIED: {},
}
"""To which state an event leads."""

UNDER_WAY = (State.PLANNING, State.SENDING, State.WAITING, State.LOOKING)
"""The states of a Job for which something is yet to be done, besides verifying it."""


class NotYet(Exception):
    """Something may be there already and does not show yet: look again after a pause, and send nothing before.

    `why` is a part of a sentence; `action` is the one whose effect does not show, if there is one.
    """

    def __init__(self, why: str, action: Action | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.action = action


@dataclass(frozen=True, slots=True)
class Lost:
    """A step whose answer was lost, sent at that time (UTC); until then, in seconds of the budget, it may yet show."""

    step: Step
    sent_at: datetime
    until: float


@dataclass(frozen=True, slots=True)
class Refused:
    """What the API has refused because it is so already; until then, in seconds of the budget, it may yet show."""

    error: ApiError
    until: float


def says_already(error: ApiError) -> bool:
    """True if the API refuses something because it is so already: only its text tells that."""
    return "already" in error.message.lower()


@dataclass(slots=True)
class Attempt:
    """What came of sending one step so far; another step begins another one.

    `tries` counts how often it was sent, `looks` how often it was looked for. `lost` is about the last answer that was
    lost as long as nothing shows of it, `refused` what the API says to be so already.
    """

    tries: int = 0
    looks: int = 0
    lost: Lost | None = None
    refused: Refused | None = None


@dataclass(slots=True, eq=False)
class Job:
    """How far one Change has come.

    Unless it `waits`, the action of the last step may go on when the task ends.

    Of the plan: `steps` are left to be sent, `done` was carried out. `key` is the id of the Droplet as it was planned
    first, None for one to be made. `latest` is the Change as it was planned last, at `planned_at` (None: not again) by
    what was asked for at `observed_at`. `attempt` is about the first of the steps.

    Of actions: `actions` are those sent for it, by id, `others` what its log showed besides. `running` is the one that
    is waited for since `waits_since`, and `own_action` says whether this task has sent it. `unheard` says why it could
    not be asked for last. `out_of_sight` is one that may be gone with its image, or not be there yet.

    Of what does not show: `why` is what it is, and `behind` the action that has made it. `hidden_until` is when an
    action must show that the API has called pending, which it did `refusals` times.

    For the result: `attempted` once something may have been sent, `outcome_unknown` once an answer was lost; `notes`,
    the `error`, and in `told` further keys, once the change is proven or what a failure has left behind is known.
    """

    change: Change[Any]
    waits: bool = True
    state: State = State.SENDING
    steps: list[Step] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    latest: Change[Any] | None = None
    planned_at: float | None = None
    observed_at: float | None = None
    attempt: Attempt = field(default_factory=Attempt)
    actions: dict[int, Action] = field(default_factory=dict)
    others: dict[int, Action] = field(default_factory=dict)
    running: Action | None = None
    waits_since: float = 0
    own_action: bool = True
    unheard: str | None = None
    out_of_sight: Action | None = None
    why: str = ""
    behind: Action | None = None
    hidden_until: float | None = None
    refusals: int = 0
    goes_on_as_planned: bool = False
    attempted: bool = False
    outcome_unknown: bool = False
    notes: list[str] = field(default_factory=list)
    error: LifeboatError | None = None
    told: dict[str, Any] = field(default_factory=dict)
    key: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.change.target.id
        self.steps = list(self.change.steps)

    @classmethod
    def not_tried(cls, change: Change[Any], error: LifeboatError) -> Job:
        """The Job of a Change for which nothing was sent because of `error`."""
        job = cls(change)
        job.stop(error.copy())
        return job

    def _on(self, event: Event) -> None:
        """Go to the state that the event leads to."""
        try:
            self.state = TABLE[self.state][event]
        except KeyError:
            raise AssertionError(f"A job that is {self.state.value} met: {event.value}.") from None

    @property
    def known(self) -> set[int]:
        """The ids of the actions that its log was seen to have before the next step is sent."""
        return {*self.others, *self.actions}

    @property
    def next_step(self) -> Step | None:
        return self.steps[0] if self.steps else None

    @property
    def maker(self) -> Step | None:
        """The first step left that would make a thing twice if it were carried out twice."""
        return next((step for step in self.steps if step.creates), None)

    @property
    def is_lost(self) -> bool:
        """True if the answer to its next step was lost, and nothing shows of it."""
        return self.attempt.lost is not None and self.next_step == self.attempt.lost.step

    def left(self, fresh_for: float, now: float) -> float:
        """Seconds within which the next step may be sent, if it goes by what is `fresh_for` so many seconds.

        Below 0 if another look is needed before.
        """
        if self.next_step is None or not self.next_step.requires_fresh_state:
            return 0.0
        return -1.0 if self.observed_at is None else fresh_for - (now - self.observed_at)

    def is_repeated(self, planned: Change[Any]) -> bool:
        """True if the plan wants again what was just done, or was made: its effect does not show yet."""
        again = planned.steps[:1]
        return bool(self.done) and (again == (self.done[-1],) or any(it.creates and it in self.done for it in again))

    def last_done(self) -> str:
        """The last thing that was done, for a message."""
        if self.behind:
            return f"action {self.behind.id} ({self.behind.type})"
        return (self.done[-1].type if self.done else None) or "a request"

    # Planning

    def plan_again(self) -> None:
        """What the plan goes by has changed or is too old."""
        self._on(Event.OUTDATED)

    def planned(self, planned: Change[Any], observed_at: float, now: float) -> None:
        """The rest of the Change, as planned again. Raises NotYet if it wants again what was just done."""
        if self.is_repeated(planned):
            raise NotYet(f"{self.last_done()} has completed, and its effect does not show yet", self.behind)
        if self.steps[:1] != list(planned.steps[:1]):
            self.attempt = Attempt()
        if self.change.doubt is not None and not self.attempted:
            self.change = planned
        self.change = replace(self.change, request=planned.request, visible=planned.visible, doubt=planned.doubt)
        self.steps, self.latest = list(planned.steps), planned
        self.planned_at, self.observed_at = now, observed_at
        if not planned.doubt:
            self._came_to_its_end()
        if planned.wait_for:
            self.wait_for_others(planned.wait_for.action, now)
        else:
            self._on(Event.LEFT if self.steps or planned.doubt else Event.NOTHING_LEFT)

    def nothing_left(self) -> None:
        self._on(Event.NOTHING_LEFT)

    def now_about(self, target: Droplet) -> bool:
        """The Droplet that is made for it is known now; False if it was known before."""
        new = self.change.target.id is None and target.id is not None
        if new:
            self.change = replace(self.change, target=target)
        return new

    def another_way(self, request: Any) -> None:
        """What was refused is done as `request` says, which is planned first."""
        self.change, self.attempt = replace(self.change, request=request), Attempt()
        self._on(Event.OUTDATED)

    # Sending

    def about_to_send(self) -> None:
        self.attempted = True
        self.attempt.tries += 1

    def begun(self, action: Action | None, now: float) -> None:
        """The next step is on its way, or was carried out with its answer if `action` is None."""
        self.attempted = True
        self.attempt = Attempt()
        self.behind, self.out_of_sight = action, None
        self.done.append(self.steps.pop(0))
        if action is None:
            self._on(Event.CARRIED_OUT if self.steps else Event.LAST_CARRIED_OUT)
            return
        self.actions[action.id] = action
        if action.resource_type == "droplet" and action.resource_id is not None:
            self.now_about(replace(self.change.target, id=action.resource_id))
        if self.waits or self.steps:
            self._wait(action, own=True, now=now)
            self._on(Event.BEGUN)
        else:
            self._on(Event.HANDED_OVER)

    def answer_lost(self, lost: Lost | None, why: str) -> None:
        """Nothing tells whether the next step was carried out; `lost` is None if no action would."""
        self.outcome_unknown = True
        self.attempt.lost = lost or self.attempt.lost
        kind = self.next_step.type if self.next_step else None
        self.notes.append(f"the answer to {kind or 'a request'} was lost: {why}")

    def refused_as_busy(self) -> None:
        """The API refuses the next step because something else is going on."""
        self.attempt.tries = 0
        self.refusals += 1

    def look_again(self, reason: NotYet, plan: bool = True) -> None:
        """Nothing is sent before another look, after a pause; `plan` False goes on as planned before."""
        self.why, self.behind, self.goes_on_as_planned = reason.why, reason.action, not plan
        self.attempt.looks += 1
        if self.state is not State.LOOKING:
            self._on(Event.NOT_SHOWN)

    def looked(self, young: bool, now: float) -> None:
        """The pause is over; what this run has begun is `young` enough to show yet."""
        if self.out_of_sight and young:
            self._wait(self.out_of_sight, own=self.own_action, now=now)
            self.out_of_sight = None
            self._on(Event.OUT_OF_SIGHT)
        else:
            self._on(Event.LOOKED_ON if self.goes_on_as_planned else Event.LOOKED)

    # Waiting

    def saw(self, log: Iterable[Action]) -> None:
        """Its log has these actions."""
        self.others.update({action.id: action for action in log if action.id not in self.actions})

    def wait_for_others(self, action: Action, now: float) -> None:
        """An action that is running already is waited for."""
        self.notes.append(f"waited for action {action.id} ({action.type}), which was already running")
        step = self.next_step
        if step and step.type == action.type and not step.observable and not step.requires_fresh_state:
            # Nothing but the log shows such an action: this is the one that an earlier run has begun.
            self.begun(action, now)
        else:
            self._wait(action, own=False, now=now)
            self._on(Event.OTHERS_RUN)

    def _wait(self, action: Action, own: bool, now: float) -> None:
        self.running, self.own_action, self.attempted, self.waits_since = action, own, True, now
        self.attempt.looks, self.unheard = 0, None

    def has_news(self, action: Action) -> None:
        """The action that it waits for as it is now."""
        self.running, self.unheard = action, None
        (self.actions if action.id in self.actions else self.others)[action.id] = action

    def ended(self) -> None:
        """The action that it waits for has ended."""
        self.behind, self.running, self.out_of_sight = self.running, None, None
        self._on_end()

    def vanished(self) -> None:
        """The action that it waits for is gone, perhaps with the image that it was about: the state tells the rest."""
        self.unheard = None
        self.out_of_sight = self.behind = self.running
        self.running = None
        self._on_end()

    def _on_end(self) -> None:
        self._on(Event.ENDED if self.steps or not self.own_action else Event.LAST_ENDED)

    def _came_to_its_end(self) -> None:
        """An action that went out of sight with its image has completed, if its effect shows."""
        if self.out_of_sight and self.out_of_sight.id in self.actions:
            self.actions[self.out_of_sight.id] = replace(self.out_of_sight, status="completed")

    # The end

    def proven(self, planned: Change[Any]) -> None:
        """Nothing is left, as `planned` again."""
        self.told = planned.extra_result
        self._came_to_its_end()
        self._on(Event.PROVEN)

    def handed_over(self) -> None:
        """The next run would find what was begun, which is all that a task without a wait sees to."""
        self._on(Event.PROVEN)

    def fail(self, error: LifeboatError) -> None:
        """The end with `error`, which says what it is about."""
        self._on(Event.FAILED)
        self._tell(error)

    def stop(self, error: LifeboatError) -> None:
        """The end because of an error that all would meet, or of the time."""
        self._on(Event.FAILED if self.attempted else Event.STOPPED)
        self._tell(error)

    def _tell(self, error: LifeboatError) -> None:
        action = self.running or self.behind
        self.error = error.with_context(droplet=self.change.target.id, action=action.id if action else None)


def in_state(jobs: Iterable[Job], *states: State) -> list[Job]:
    """Those of `jobs` that are in one of these states."""
    return [job for job in jobs if job.state in states]


def note_unheard(jobs: Collection[Job], error: LifeboatError) -> None:
    """What these wait for could not be asked for."""
    for job in jobs:
        job.unheard = error.message
