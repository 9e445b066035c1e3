# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all Jobs of a task share, and what happens to one of them whichever way its steps are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from .._api import actions, droplets, images, steps
from .._api.client import Client
from .._api.read import answers, value_of
from .._domain import evidence, scopes
from .._domain.errors import (
    LifeboatError,
    NotFoundError,
    PendingEventError,
    ScopeError,
    SelectionError,
    UnexpectedError,
    WaitTimeoutError,
)
from .._domain.facts import Facts
from .._domain.models import Action, Droplet
from .._domain.plan import Change, Plan, Step
from .._domain.verb import Verb
from . import hold
from .job import Job, NotYet

T = TypeVar("T")

LONGEST_PAUSE = 10.0
"""Seconds between two looks at most."""

HIDDEN = "the API says that an action is pending, and the log does not show it yet"


@dataclass
class Task:
    """The jobs' client, verb and `request`; `wait` is False if the last action of each is not waited for.

    `stopped_by` is the error that all would meet, once there is one. `conversions` are those in the account's log, and
    `known` the ids of all actions that the log had before anything was sent.
    """

    client: Client
    verb: Verb[Any]
    request: Any
    wait: bool = True
    stopped_by: LifeboatError | None = None
    conversions: hold.Conversions = field(default_factory=hold.Conversions)
    known: Set[int] = frozenset()

    @property
    def lag(self) -> timedelta:
        return self.client.lag_tolerance

    @property
    def now(self) -> float:
        """Seconds of the budget."""
        return self.client.budget.spent

    @property
    def is_over(self) -> bool:
        """True if nothing more can be sent."""
        return self.stopped_by is not None or self.client.budget.left <= 0

    def is_young(self, job: Job) -> bool:
        """True if what the job has begun may not be there yet for others to see."""
        return bool(job.actions) and self.now - job.waits_since < self.lag.total_seconds()

    # Planning

    def ask(
        self, jobs: Sequence[Job], question: Callable[[Job, Facts], T], accept: Callable[[Job, T | Exception], None]
    ) -> None:
        """Ask `question` of facts for all `jobs` together; `accept` acts for each on its answer or error."""
        found = answers(self.client, [partial(question, job) for job in jobs])
        for job, one in zip(jobs, found, strict=True):
            with self.failing(job):
                accept(job, one)

    def plan_one(self, job: Job, facts: Facts) -> tuple[Plan[Any], float]:
        """The Plan of its one target, and when it was read."""
        return self.verb.plan(self.resumed(job), facts, self.client.now()), facts.read_at

    def resumed(self, job: Job) -> Any:
        """The request for this one target, with what was decided for it and what this run has done."""
        return self.verb.resume(job.change, job.done, tuple(job.actions.values()))

    def plan(self, job: Job) -> Change[Any]:
        """The Change for this one target as it is now."""
        (found,) = answers(self.client, [partial(self.plan_one, job)])
        return self.change_of(job, found)

    def change_of(self, job: Job, found: tuple[Plan[Any], float] | Exception) -> Change[Any]:
        """The Change of a plan for one target; raises NotYet if what was made may not show yet."""
        if isinstance(found, SelectionError):
            made = bool(job.done) and job.done[-1].creates
            if self.is_young(job) or (made and self._is_there(job.change.target)):
                why = f"{job.last_done()} has completed, and what it made does not show yet"
                raise NotYet(why, job.behind) from found
        changes = value_of(found)[0].changes
        if not changes and self.is_young(job):
            raise NotYet(f"{job.last_done()} has completed, and the Droplet does not show yet", job.behind)
        if not changes:
            raise NotFoundError(f"Droplet {job.change.target} was deleted meanwhile.")
        return changes[0]

    def accept_plan(self, job: Job, found: tuple[Plan[Any], float] | Exception) -> None:
        """Bring the Job up to date. Raises NotYet if it wants again what was just done."""
        change = self.change_of(job, found)
        if job.now_about(change.target):
            self._claim(job)
        job.planned(change, value_of(found)[1], self.now)

    def _is_there(self, target: Droplet) -> bool:
        """False only for a Droplet that is gone."""
        return target.id is None or droplets.get_if_there(self.client, target.id) is not None

    def _claim(self, job: Job) -> None:
        """A Droplet was found that a step made whose answer was lost: so its action is one that was sent."""
        ours = {step.type for step in job.change.steps}
        seen = actions.of_droplet_if_there(self.client, job.change.target.id)
        job.actions.update({action.id: action for action in seen if action.type in ours})

    # What speaks against sending

    def hold(self, job: Job) -> None:
        """Raises NotYet if what is missing may have been made already, or may show yet after a lost answer."""
        now, attempt = self.client.now(), job.attempt
        self._learn_owners(job)
        if reason := hold.doubt(job, self.conversions, now, self.lag):
            raise reason
        if attempt.refused:
            if self.now < attempt.refused.until:
                raise NotYet(job.why)
            return
        if reason := hold.echo(job, now, self.lag):
            raise reason
        if job.steps and attempt.lost and self.now < attempt.lost.until:
            raise NotYet(f"the answer to {attempt.lost.step.type} was lost, and nothing shows of it yet")

    def _learn_owners(self, job: Job) -> None:
        if self.conversions.log and job.maker:
            found = self.conversions.unaccounted(job, job.maker, self.client.now(), self.lag)
            for image in self.conversions.unknown(found):
                owner = images.owner(self.client, image)
                if owner is not None:
                    self.conversions.owners[image] = owner

    def log_of(self, job: Job, step: Step) -> list[Action]:
        """The actions among which that of `step` would be."""
        return steps.history(self.client, job.change.target.id, step)

    def adopt_running(self, job: Job, log: Iterable[Action]) -> bool:
        """Wait for the first action in progress in its log; False if there is none."""
        seen = list(log)
        job.saw(seen)
        running = next((action for action in seen if action.in_progress), None)
        if running:
            job.wait_for_others(running, self.now)
        return running is not None

    def find_lost(self, job: Job, log: Iterable[Action]) -> bool:
        """Wait for the action that the lost request has begun, if the log has it; False if not."""
        lost = job.attempt.lost
        begun = lost and lost.step.type and evidence.begun_since(log, lost.step.type, job.known, lost.sent_at)
        if begun:
            job.begun(begun[0], self.now)
        return bool(begun)

    # Failures

    @contextmanager
    def failing(self, job: Job) -> Iterator[None]:
        """Every failure within it ends in its Job."""
        try:
            yield
        except NotYet as reason:
            job.look_again(reason)
        except PendingEventError:
            self.wait_for_pending(job)
        except LifeboatError as error:
            self.fail(job, error)
        except Exception as error:  # pylint: disable=broad-except
            # One Droplet's surprise must not hide what was done to the others.
            job.fail(UnexpectedError.of(error))

    def fail(self, job: Job, error: LifeboatError) -> None:
        """The end of one Job, and of all if they would meet the same."""
        needed = scopes.of_steps(job.change.steps) if isinstance(error, ScopeError) else ()
        if len(needed) > 1:
            # One that is missing is seldom alone, and each would cost another run.
            error = error.copy(f"{error.message} Altogether this task needs {', '.join(needed)}, and scopes to read.")
        if error.fatal:
            self.stopped_by = error
        job.fail(error)

    def give_up(self, job: Job) -> None:
        """The end for a Droplet whose next step cannot be sent any more."""
        job.stop(self.stopped_by.copy() if self.stopped_by else self.timed_out(job))

    def wait_for_pending(self, job: Job) -> None:
        """The API refused because of a pending event: wait for it if it shows, else a moment, then plan again.

        Before something is made, for as long as it may not show, unless it has just ended.
        """
        step = job.steps[0]
        job.refused_as_busy()
        try:
            log = self.log_of(job, step)
            if self.adopt_running(job, log):
                return
            now = self.client.now()
            just_ended = any(hold.ended_within(action, step, hold.JUST_ENDED, now) for action in log)
            if step.creates and self.lag and not just_ended:
                job.hidden_until = self.now + self.lag.total_seconds()
                job.look_again(NotYet(HIDDEN))
            else:
                self.pause(2 ** (job.refusals - 1))
                job.plan_again()
        except LifeboatError as error:
            self.fail(job, error)

    def pause(self, seconds: float) -> None:
        """Sleep so long, within the limits."""
        self.client.sleep(max(0, min(seconds, LONGEST_PAUSE, self.client.budget.left)))

    def timed_out(self, job: Job) -> WaitTimeoutError:
        """The error of a Job whose time is over."""
        doubt = job.unheard or (job.running.doubt if job.running else None)
        if job.running:
            what = f"action {job.running.id} ({job.running.type}) {'may still be' if doubt else 'is still'} running"
        elif job.why:
            what = job.why
            if job.behind and str(job.behind.id) not in what:
                what += f" (after action {job.behind.id}, {job.behind.type})"
            if job.steps:
                what += ". Nothing more was sent for it"
        else:
            what = "it was still busy" if job.refusals else "not all was sent"
        if doubt:
            what += f". {doubt.rstrip('.')}"
        advice = "Run the task again to wait on, or raise wait_timeout."
        if self.lag and self._may_be_unseen(job):
            lag = self.lag.total_seconds()
            advice += f" Wait {lag:.0f} s (lag_tolerance) before that, so that it finds what this run has begun."
        seconds = self.client.budget.seconds
        return WaitTimeoutError(
            f"The time of {seconds:.0f} s is over for Droplet {job.change.target}: {what}. {advice}"
        )

    def _may_be_unseen(self, job: Job) -> bool:
        """True if the task has begun, or may have begun, what another run would not see yet."""
        if job.running:
            return job.own_action and self.now - job.waits_since < self.lag.total_seconds()
        return bool(job.actions or job.done or job.outcome_unknown)
