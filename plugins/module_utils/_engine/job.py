# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Job: the way of one Change through sending, waiting and looking. What moves it is in `apply.py`."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .._domain.errors import ApiError, LifeboatError
from .._domain.models import Action, Droplet
from .._domain.plan import Change, Step


class State(enum.Enum):
    READY = "ready"
    WAITING = "waiting"
    LOOKING = "looking"
    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not tried"


UNDER_WAY = (State.READY, State.WAITING, State.LOOKING)


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


@dataclass
class Job:
    """How far one Change has come; `key` is the id of the Droplet as it was planned, None for one to be made.

    `actions` are those sent for it, by id; `running` is the one waited for, `own_action` whether this task sent it, and
    `begun_at` when the wait for it began. `known` are the ids of the actions that its log was seen to have before the
    next step was sent, and `others` what is known of those. `tries` counts how often the next step was sent, `refusals`
    how often the Droplet was busy. `observed_at` is when the request was sent whose answer the plan goes by, and
    `planned_at` when it was planned again last, None if it was not. `done` are the steps carried out.
    `outcome_unknown` is True once an answer was lost, and `lost` is about the last one as long as nothing shows of
    it; `refused` is what the API says to be so already. `unheard` says why the last look was in vain, `why` what is
    not seen yet, and `behind` is the action that is behind it. `out_of_sight` is an action that may be gone with
    its image, or not be there yet. `hidden_until` is when one that the API has called pending must show. `latest` is
    the Change as it was planned last. `told` are further keys of the result: what came of the change once it is
    verified, or what a failure has left behind. Times are in seconds of the budget.
    """

    change: Change[Any]
    steps: list
    state: State = State.READY
    running: Action | None = None
    own_action: bool = True
    begun_at: float = 0
    plan_again: bool = False
    attempted: bool = False
    tries: int = 0
    refusals: int = 0
    observed_at: float | None = None
    planned_at: float | None = None
    actions: dict = field(default_factory=dict)
    others: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    done: list = field(default_factory=list)
    outcome_unknown: bool = False
    lost: Lost | None = None
    refused: Refused | None = None
    hidden_until: float | None = None
    looks: int = 0
    why: str = ""
    unheard: str | None = None
    behind: Action | None = None
    out_of_sight: Action | None = None
    latest: Change[Any] | None = None
    told: dict[str, Any] = field(default_factory=dict)
    error: LifeboatError | None = None
    key: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.change.target.id

    @classmethod
    def not_tried(cls, change: Change[Any], error: LifeboatError) -> Job:
        """The Job of a Change for which nothing was sent because of `error`."""
        job = cls(change, list(change.steps))
        job.fail(error.copy())
        job.state = State.NOT_TRIED
        return job

    @property
    def known(self) -> set[int]:
        return {*self.others, *self.actions}

    def now_about(self, target: Droplet) -> bool:
        """The Droplet that is made for it is known now; False if it was known before."""
        new = self.change.target.id is None and target.id is not None
        if new:
            self.change = replace(self.change, target=target)
        return new

    def proven_by(self, planned: Change[Any]) -> None:
        """Nothing is left to be done, as `planned` again: what this run has begun has come to its end."""
        self.told = planned.extra_result
        self._completed()

    def moved_on(self, planned: Change[Any]) -> None:
        """The rest of the Change, as `planned` again."""
        self.steps, self.latest, self.plan_again = list(planned.steps), planned, False
        self.change = replace(self.change, request=planned.request, visible=planned.visible, doubt=planned.doubt)
        if not planned.doubt:
            self._completed()

    def _completed(self) -> None:
        """An action that went out of sight with its image has completed, if its effect shows."""
        if self.out_of_sight:
            self.actions[self.out_of_sight.id] = replace(self.out_of_sight, status="completed")

    def fail(self, error: LifeboatError) -> None:
        self.state = State.FAILED
        action = self.running or self.behind
        self.error = error.with_context(droplet=self.change.target.id, action=action and action.id)

    def wait_for(self, action: Action, ours: bool, now: float) -> None:
        self.state, self.running, self.own_action, self.attempted = State.WAITING, action, ours, True
        self.begun_at = now
        self.looks = 0
        self.unheard = None

    def look_again(self, reason: NotYet) -> None:
        """Nothing is sent before another look, after a pause."""
        self.state, self.plan_again, self.why, self.behind = State.LOOKING, True, reason.why, reason.action
        self.looks += 1


def note_unheard(jobs: Iterable[Job], error: LifeboatError) -> None:
    """A look at what these wait for was in vain."""
    for job in jobs:
        job.unheard = error.message
