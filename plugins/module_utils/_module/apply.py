# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out: sends each step once, waits for many actions at a time, looks before it sends again, verifies.

A Job is the way of one Change: READY to send or to plan again, WAITING for an action, SETTLING until its effect shows,
and in the end DONE, FAILED or NOT_TRIED. One failing Droplet does not stop the others, unless the error is one that all
of them would meet.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .._api import actions, steps
from .._domain.errors import (
    ActionFailedError,
    ApiError,
    LifeboatError,
    NotConvergedError,
    NotFoundError,
    OutcomeUnknownError,
    PendingEventError,
    UnexpectedError,
    UnreachableError,
    WaitTimeoutError,
)
from .._domain.models import Action
from .._domain.plan import Change, ImageStep

SENDING_TRIES = 4
"""How often one step is sent when its answer is lost each time, with a look at the state before each."""

FIRST_POLL, LONGEST_POLL = 0.2, 10.0
"""Seconds between two looks at running actions: doubled from the first to the longest."""

STALE_AFTER = 30.0
"""Seconds for which what was read of a Droplet is good enough to send a guarded step; work on an image takes longer."""

VERIFYING_TRIES = 4

JUST_NOW = timedelta(minutes=5)
"""What has ended since then may not be in the state that was read before."""

CLOCK_TOLERANCE = timedelta(seconds=2)


class State(enum.Enum):
    READY = "ready"
    WAITING = "waiting"
    SETTLING = "settling"
    DONE = "done"
    FAILED = "failed"
    NOT_TRIED = "not tried"


UNDER_WAY = (State.READY, State.WAITING, State.SETTLING)


@dataclass
class Job:
    """How far one Change has come; `key` is the id of the Droplet as it was planned, None for one to be made.

    `actions` are those sent for it, by id; `running` is the one waited for, `ours` whether this task sent it. `tries`
    counts how often the next step was sent, `refusals` how often the Droplet was busy. `looked_at` is when the request
    was sent whose answer the plan goes by, in seconds of the budget. `done` are the steps carried out, and `unproven`
    the last of them as long as nobody looked. `settled_by` is when an effect must show, on the clock of the budget.
    `unsure` is True once an answer was lost. `seen` is what was read to verify the whole.
    """

    change: Change
    steps: list
    state: State = State.READY
    running: Action | None = None
    ours: bool = True
    plan_again: bool = False
    tried: bool = False
    tries: int = 0
    refusals: int = 0
    looked_at: float | None = None
    actions: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    done: list = field(default_factory=list)
    unproven: object = None
    settled_by: float = 0
    unsure: bool = False
    seen: object = None
    error: LifeboatError | None = None
    key: int | None = field(init=False)

    def __post_init__(self):
        self.key = self.change.target.id

    def about(self, target):
        """The Droplet that is made for it is known now; False where it was known before."""
        new = self.change.target.id is None and target.id is not None
        if new:
            self.change = replace(self.change, target=target)
        return new

    def fail(self, error):
        self.state = State.FAILED
        self.error = error.about(droplet=self.change.target.id, action=self.running and self.running.id)

    def wait_for(self, action, ours):
        self.state, self.running, self.ours, self.tried = State.WAITING, action, ours, True


class Applier:
    """Applies one plan of `verb` (a `runner.Verb`) with `client`; `wait` False skips the last wait and verification."""

    def __init__(self, client, verb, request, wait):
        self._client = client
        self._verb = verb
        self._request = request
        self._wait = wait
        self._proves = hasattr(verb.plans, "unproven")
        self._stopped_by = None
        self._poll_after = FIRST_POLL

    def run(self, plan):
        """The Jobs of all changes that have something to send or to wait for, each DONE, FAILED or NOT_TRIED."""
        jobs = [Job(change, list(change.steps)) for change in plan.jobs]
        if not jobs:
            return jobs
        for job in jobs:
            self._await(job, job.change.awaits)
        self._adopt_running(jobs)
        while any(job.state in UNDER_WAY for job in jobs):
            ready = [job for job in jobs if job.state is State.READY]
            self._advance_all(ready, jobs)
            if any(job.state is State.WAITING for job in ready):
                self._poll_after = FIRST_POLL
            self._watch(jobs)
        if hasattr(self._verb.plans, "rescue"):
            self._client.map(self._rescue, [job for job in jobs if job.state is State.FAILED and job.tried])
        if self._wait:
            self._verify([job for job in jobs if job.state is State.DONE])
        return jobs

    def _advance_all(self, ready, _jobs):
        """One step forward for each Job that is READY."""
        self._client.map(self._advance, ready)

    def _adopt_running(self, jobs):
        """Wait for what an earlier or a parallel run has begun, instead of sending beside it.

        What ended between the look at the state and this one is in neither: where it would be made twice, look again.
        """
        jobs = [job for job in jobs if job.state is State.READY]
        ids = [job.change.target.id for job in jobs if job.change.target.id is not None]
        recent = actions.recent_on(self._client, ids) if ids else {}
        for job in jobs:
            seen = recent.get(job.change.target.id, ())
            if not self._adopt_first(job, seen) and job.steps[0].makes:
                job.plan_again = any(self._has_just_ended(action, job.steps[0]) for action in seen)

    def _has_just_ended(self, action, step):
        ended = action.completed_at or action.started_at
        return action.type == step.type and (ended is None or ended >= self._client.now() - JUST_NOW)

    def _await(self, job, awaited):
        """Wait for an Awaited before anything else; False where there is none."""
        if awaited:
            self._adopt(job, awaited.action)
        return bool(awaited)

    def _adopt_first(self, job, seen):
        """Wait for the first action in progress among those `seen`; False where there is none."""
        running = [action for action in seen if action.in_progress]
        for action in running[:1]:
            self._adopt(job, action)
        return bool(running)

    def _adopt(self, job, action):
        job.notes.append(f"waited for action {action.id} ({action.type}), which was already running")
        job.plan_again = True
        job.wait_for(action, ours=False)
        step = next(iter(job.steps), None)
        if step and step.type == action.type and not step.shown and not step.guarded:
            # Nothing but the log shows such an action: this is the one that an earlier run has begun.
            self._sent(job, action)

    def _advance(self, job):
        """One step forward for one Droplet; every failure ends in its Job."""
        try:
            if not job.steps and not job.plan_again:
                job.state = State.DONE
                return
            if self._stopped_by or self._client.budget.left <= 0:
                self._give_up(job)
                return
            if job.unproven:
                self._prove(job)
            if job.plan_again or self._left(job) < 0:
                planned = self._planned_after(job)
                job.looked_at = self._client.meter.sent_at
                if job.steps[:1] != list(planned.steps[:1]):
                    job.tries = 0
                job.steps, job.change = list(planned.steps), job.change.risking(planned.at_risk)
                job.plan_again = False
                if job.about(planned.target):
                    self._claim(job)
                if self._await(job, planned.awaits):
                    return
            if job.steps:
                self._send(job, job.steps[0])
            else:
                job.state = State.DONE
        except PendingEventError:
            self._wait_for_others(job)
        except ApiError as error:
            if error.fatal or not self._needless(job):
                self._fail(job, error)
        except LifeboatError as error:
            self._fail(job, error)
        except Exception as error:  # pylint: disable=broad-except
            # One Droplet's surprise must not hide what was done to the others.
            job.fail(UnexpectedError.of(error))

    def _left(self, job):
        """Seconds within which the next step may be sent; below 0 where a guarded one needs another look before."""
        if not (job.steps and job.steps[0].guarded):
            return 0.0
        return -1.0 if job.looked_at is None else STALE_AFTER - (self._client.budget.spent - job.looked_at)

    def _claim(self, job):
        """A Droplet was found that a step made whose answer was lost: so its action is one that was sent."""
        ours = {step.type for step in job.change.steps}
        seen = actions.of_droplet(self._client, job.change.target.id)
        job.actions.update({action.id: action for action in seen if action.type in ours})

    def _send(self, job, step):
        if isinstance(step, ImageStep) and self._adopt_first(job, self._actions_of(job, step)):
            return
        if job.tries and not step.resend:
            self._look_once_more(job, step)
            return
        sent_at = self._client.now()
        job.tried = True
        job.tries += 1
        try:
            action = steps.send(self._client, job.change.target.id, step, self._left(job))
        except OutcomeUnknownError as error:
            if job.tries >= SENDING_TRIES:
                raise
            self._client.sleep(2 ** (job.tries - 1))
            self._look(job, step, sent_at, error)
            return
        self._sent(job, action)

    def _sent(self, job, action):
        """The next step is on its way, or done with its answer where `action` is None."""
        job.tries = 0
        job.done.append(job.steps.pop(0))
        job.plan_again = action is None and bool(job.steps)
        if action is None:
            return
        job.actions[action.id] = action
        if action.resource_type == "droplet":
            job.about(replace(job.change.target, id=action.resource_id))
        if self._wait or job.steps:
            job.wait_for(action, ours=True)
        else:
            job.state = State.DONE

    def _look(self, job, step, sent_at: datetime, error):
        """After a lost answer: find what the request may have begun, wait for it, and plan again from the state.

        A step that the state does not show is taken to be sent where the log has a new action of its type.
        """
        job.unsure = True
        job.notes.append(f"the answer to {step.type or 'a request'} was lost: {error.message}")
        try:
            seen = self._actions_of(job, step)
        except LifeboatError as second:
            job.plan_again = True
            raise second.again(f"{error.message} {second.message}") from second
        begun = [
            action
            for action in seen
            if action.type == step.type
            and (action.started_at is None or action.started_at >= sent_at - CLOCK_TOLERANCE)
            and action.id not in job.actions
        ]
        if begun and not step.shown:
            self._sent(job, max(begun, key=lambda action: action.id))
            return
        job.plan_again = True
        job.actions.update({action.id: action for action in begun})
        for action in seen:
            if action.in_progress:
                job.wait_for(action, ours=False)

    def _look_once_more(self, job, step):
        """The answer to a step that must not be sent again was lost: what came of it may still show."""
        if job.tries >= VERIFYING_TRIES:
            raise OutcomeUnknownError(
                f"The answer to {step.type} for {job.change.target} was lost, and nothing shows of it. It is not sent "
                "again. Look in the control panel, or run the task again after some minutes: it looks first."
            )
        self._client.sleep(2**job.tries)
        job.tries += 1
        job.plan_again = True

    def _actions_of(self, job, step):
        return steps.history(self._client, job.change.target.id, step)

    def _wait_for_others(self, job):
        """The API refused because of a pending event: wait for it if it shows, else a moment, then plan again."""
        job.tries = 0
        job.refusals += 1
        job.plan_again = True
        try:
            if not self._adopt_first(job, self._actions_of(job, job.steps[0])):
                pause = min(LONGEST_POLL, 2 ** (job.refusals - 1))
                self._client.sleep(max(0, min(pause, self._client.budget.left)))
        except LifeboatError as error:
            self._fail(job, error)

    def _needless(self, job):
        """True where what the API refuses is not wanted any more, because somebody else has done it meanwhile."""
        if not job.steps:
            return False
        try:
            planned = self._planned_again(job)
        except LifeboatError:
            return False
        if planned.steps[:1] == tuple(job.steps[:1]):
            return False
        job.tries, job.plan_again = 0, True
        job.notes.append("the API refused a request, and the state shows that it was not needed any more")
        return True

    def _prove(self, job):
        """Before the next step: see that the last one has really done what the next one relies on."""
        for attempt in range(VERIFYING_TRIES):
            self._client.sleep(attempt and 2 ** (attempt - 1))
            seen = self._verb.reread(self._client, [job.change])
            problem = self._verb.plans.unproven(job.change, job.unproven, seen)
            if problem is None:
                job.unproven, job.plan_again = None, True
                job.actions.update({key: replace(action, status="completed") for key, action in job.actions.items()})
                return
        raise NotConvergedError(f"Droplet {job.change.target}: {problem}. Nothing more was sent for it.")

    def _planned_after(self, job):
        """The Change as it is planned now; NotConvergedError where it wants again what was just done."""
        for attempt in range(VERIFYING_TRIES):
            self._client.sleep(attempt and 2 ** (attempt - 1))
            planned = self._planned_again(job)
            if not job.done or planned.steps[:1] != (job.done[-1],):
                return planned
        raise NotConvergedError(
            f"Droplet {job.change.target}: {job.done[-1].type or 'a request'} completed, and its effect does not show. "
            "Nothing more was sent for it."
        )

    def _planned_again(self, job):
        """The Change for this one Droplet as it is now, with the goal that was planned for it."""
        request = self._verb.plans.pin(self._request, job.change, job.done)
        observed = self._verb.observe(self._client, request)
        changes = self._verb.plans.plan(request, observed, self._client.now()).changes
        if not changes:
            raise NotFoundError(f"Droplet {job.change.target} was deleted meanwhile.")
        return changes[0]

    def _fail(self, job, error):
        if error.fatal:
            self._stopped_by = error
        job.fail(error)

    def _give_up(self, job):
        """The end for a Droplet whose next step cannot be sent any more."""
        job.fail(self._stopped_by.again() if self._stopped_by else self._timed_out(job))
        if not job.tried:
            job.state = State.NOT_TRIED

    def _rescue(self, job):
        """What a failure must not leave behind is put right, as far as it can be: once, and without a wait.

        Not after a time-out, from which a rerun goes on, nor where an order may yet be carried out.
        """
        if isinstance(job.error, OutcomeUnknownError | WaitTimeoutError):
            return
        try:
            request = self._verb.plans.pin(self._request, job.change, job.done)
            for step in self._verb.plans.rescue(request, job.change, self._verb.observe(self._client, request)):
                action = steps.send(self._client, job.change.target.id, step)
                job.actions[action.id] = action
                job.notes.append(f"after the failure {step.type} was sent (action {action.id})")
        except Exception as error:  # pylint: disable=broad-except
            # The failure that led here is what has to be told first.
            message = error.message if isinstance(error, LifeboatError) else UnexpectedError.of(error).message
            job.notes.append(f"after the failure nothing more could be put right: {message}")

    def _timed_out(self, job):
        if job.running:
            what = f"action {job.running.id} ({job.running.type}) is still running"
        elif job.state is State.SETTLING:
            what = f"the effect of {job.done[-1].type} does not show yet"
        else:
            what = "it was still busy" if job.refusals else "not all was sent"
        return WaitTimeoutError(
            f"The time of {self._client.budget.seconds:.0f} s is over for Droplet {job.change.target}: {what}. "
            "Run the task again to wait on, or raise wait_timeout."
        )

    def _watch(self, jobs):
        """After a pause, see how far the Jobs that wait have come."""
        watched = [job for job in jobs if job.state in (State.WAITING, State.SETTLING)]
        if not watched:
            return
        left = self._client.budget.left
        if left <= 0:
            for job in watched:
                job.fail(self._timed_out(job))
            return
        self._client.sleep(min(self._poll_after, left))
        self._poll_after = min(LONGEST_POLL, self._poll_after * 2)
        self._poll([job for job in watched if job.state is State.WAITING])
        self._settle([job for job in watched if job.state is State.SETTLING])

    def _poll(self, waiting):
        """Ask after all running actions at once."""
        if not waiting:
            return
        try:
            refreshed = actions.refresh(self._client, [job.running for job in waiting])
        except UnreachableError:
            # The actions run on without us: ask again until the time is over.
            return
        except LifeboatError as error:
            for job in waiting:
                self._fail(job, error.again())
            return
        for job, action in zip(waiting, refreshed, strict=True):
            if action and action.id in job.actions:
                job.actions[action.id] = action
            self._heard(job, action)

    def _heard(self, job, action):
        """What the news about the action it waits for mean to a Job."""
        # Converting may give an image a new id, and the action goes with the old one: what became of it is seen later.
        converted = action is None and job.running.resource_type == "image"
        if action is None and not converted:
            job.fail(NotFoundError(f"Droplet {job.change.target} was deleted meanwhile.", status=404))
        elif not converted and action.in_progress:
            job.running = action
        elif not converted and action.errored and job.ours:
            job.fail(
                ActionFailedError(
                    f"Action {action.id} ({action.type}) on Droplet {job.change.target} ended as errored; "
                    "DigitalOcean does not say why. Look at the Droplet in the control panel, then run the task again."
                )
            )
        else:
            job.state, job.running = State.READY, None
            job.unproven = job.done[-1] if job.ours and job.steps and self._proves else None
            job.plan_again |= bool(job.steps)
            if self._wait and job.ours and job.done[-1].settle:
                job.state = State.SETTLING
                job.settled_by = self._client.budget.spent + job.done[-1].settle

    def _settle(self, settling):
        """Let go on what shows the whole of its change by now, or has had its time."""
        if not settling:
            return
        try:
            seen = self._verb.reread(self._client, [job.change for job in settling])
        except UnreachableError:
            return
        except LifeboatError as error:
            for job in settling:
                self._fail(job, error.again())
            return
        for job in settling:
            shows = self._verb.plans.unmet(self._request, job.change, seen) is None
            if shows or self._client.budget.spent >= job.settled_by:
                job.state = State.READY

    def _verify(self, jobs):
        """Read again what was changed; what is not as planned fails, after a few looks in case the API lags."""
        for attempt in range(VERIFYING_TRIES):
            if not jobs:
                return
            self._client.sleep(attempt and 2 ** (attempt - 1))
            try:
                seen = self._verb.reread(self._client, [job.change for job in jobs])
            except LifeboatError as error:
                problems = {id(job): f"what was done could not be verified: {error.message}" for job in jobs}
                break
            found = [(job, self._verb.plans.unmet(self._request, job.change, seen)) for job in jobs]
            for job, problem in found:
                if problem is None:
                    job.seen = seen
            problems = {id(job): problem for job, problem in found if problem}
            jobs = [job for job, problem in found if problem]
        for job in jobs:
            job.fail(NotConvergedError(f"Droplet {job.change.target}: {problems[id(job)].rstrip('.')}."))
