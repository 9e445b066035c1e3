# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a task: it looks at what was done until a rerun would see it, or the time is over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from .._api import actions
from .._api.client import Client
from .._api.read import answers
from .._domain.errors import (
    LifeboatError,
    NotConvergedError,
    RefusedError,
    SelectionError,
    UnexpectedError,
    WaitTimeoutError,
)
from .._domain.facts import Facts
from .._domain.plan import Change, Plan
from .._domain.verb import Verb
from .job import Job

LONGEST_POLL = 10.0
"""Seconds between two looks at most."""

FIRST_LOOK = 1.0
"""Seconds between the first two looks at what was done: doubled up to `LONGEST_POLL`."""


class Verifier:
    """Verifies what was done for `request`."""

    def __init__(self, client: Client, verb: Verb[Any], request: Any) -> None:
        self._client = client
        self._verb = verb
        self._request = request

    def verify(self, jobs: list[Job]) -> None:
        """Read again what was changed, and keep looking until all is as planned, or the time is over."""
        pause = FIRST_LOOK
        while jobs:
            found = answers(self._client, [partial(self._planned, job) for job in jobs], as_before=True)
            jobs = [job for job, one in zip(jobs, found, strict=True) if not self._is_verified(job, one)]
            left = self._client.budget.left
            if left <= 0:
                for job in jobs:
                    job.fail(timed_out(self._client, job))
                return
            if jobs:
                self._client.sleep(min(pause, left))
                pause = min(LONGEST_POLL, pause * 2)

    def _planned(self, job: Job, facts: Facts) -> Plan[Any]:
        request = self._verb.resume(job.change, job.done, tuple(job.actions.values()))
        return self._verb.plan(request, facts, self._client.now())

    def _is_verified(self, job: Job, found: Plan[Any] | Exception) -> bool:
        """True if no other look is needed, because nothing is left to be done or another look would change nothing."""
        if isinstance(found, SelectionError) and self._may_show_yet(job):
            job.why = found.message.rstrip(".")
            return False
        if isinstance(found, NotConvergedError | RefusedError):
            job.fail(not_converged(job, found.message))
        elif isinstance(found, LifeboatError):
            job.fail(not_converged(job, f"what was done could not be verified: {found.message}"))
        elif isinstance(found, Exception):
            job.fail(UnexpectedError.of(found))
        elif why := self._left(found.changes):
            job.why = why.rstrip(".")
            return False
        else:
            job.proven_by(found.changes[0])
        return True

    def _may_show_yet(self, job: Job) -> bool:
        """True if what is not found has been made by this run, or may be missing because a list is late."""
        young = self._client.budget.spent - job.begun_at < self._client.lag_tolerance.total_seconds()
        return young or any(step.creates for step in job.done)

    def _left(self, changes: Sequence[Change[Any]]) -> str | None:
        """What is left to be done for a target, or does not show yet, as a sentence; None if nothing is."""
        if not changes:
            return "it can no longer be read"
        (change,) = changes
        if change.wait_for:
            return f"action {change.wait_for.action.id} ({change.wait_for.action.type}) is in progress"
        if change.steps:
            wanted, found = self._verb.describe(change.after), self._verb.describe(change.before)
            return f"the API reports every action as completed, but it shows {found} instead of {wanted}"
        if change.doubt:
            return change.doubt.why
        return "; ".join(change.notes) if change.skipped else None

    def see_begun(self, jobs: list[Job]) -> None:
        """Without the last wait, too, the task ends only when a rerun would find what it has begun.

        What has ended by then is not found as running any more, but by its effect.
        """
        ended: list[Job] = []
        missing = {action.id: job for job in jobs for action in list(job.actions.values())[-1:]}
        pause = FIRST_LOOK
        while missing:
            begun = [job.actions[key] for key, job in missing.items()]
            try:
                found = actions.log_of_all(self._client, begun)
            except LifeboatError as error:
                for job in missing.values():
                    job.fail(not_converged(job, f"what was begun could not be looked for: {error.message}"))
                return
            ended += [job for key, job in missing.items() if key in found and found[key].completed and _is_seen(job)]
            missing = {key: job for key, job in missing.items() if key not in found}
            left = self._client.budget.left
            if left <= 0:
                for job in missing.values():
                    job.why = f"{last_done(job)} was begun, and does not show in the log yet"
                    job.fail(timed_out(self._client, job))
                return
            if missing:
                self._client.sleep(min(pause, left))
                pause = min(LONGEST_POLL, pause * 2)
        self.verify(ended)


def _is_seen(job: Job) -> bool:
    """True if the state shows the last step as soon as its action has ended."""
    step = job.done[-1]
    return step.observable and not step.creates and not step.settle_seconds


def timed_out(client: Client, job: Job) -> WaitTimeoutError:
    """The error of a Job whose time is over."""
    if job.running:
        doubt = job.unheard or job.running.doubt
        what = f"action {job.running.id} ({job.running.type}) {'may still be' if doubt else 'is still'} running"
    elif job.why:
        what = job.why
        if job.behind and str(job.behind.id) not in what:
            what += f" (after action {job.behind.id}, {job.behind.type})"
        if job.steps:
            what += ". Nothing more was sent for it"
    else:
        what = "it was still busy" if job.refusals else "not all was sent"
    if doubt := job.unheard or (job.running and job.running.doubt):
        what += f". {doubt.rstrip('.')}"
    advice = "Run the task again to wait on, or raise wait_timeout."
    if client.lag_tolerance and _may_be_unseen(client, job):
        lag = client.lag_tolerance.total_seconds()
        advice += f" Wait {lag:.0f} s (lag_tolerance) before that, so that it finds what this run has begun."
    return WaitTimeoutError(
        f"The time of {client.budget.seconds:.0f} s is over for Droplet {job.change.target}: {what}. {advice}"
    )


def _may_be_unseen(client: Client, job: Job) -> bool:
    """True if the task has begun, or may have begun, what another run would not see yet."""
    if job.running:
        return job.own_action and client.budget.spent - job.begun_at < client.lag_tolerance.total_seconds()
    return bool(job.actions or job.done or job.outcome_unknown)


def last_done(job: Job) -> str:
    """The last thing that was done, for a message."""
    if job.behind:
        return f"action {job.behind.id} ({job.behind.type})"
    return (job.done[-1].type if job.done else None) or "a request"


def not_converged(job: Job, problem: str) -> NotConvergedError:
    return NotConvergedError(f"Droplet {job.change.target}: {problem.rstrip('.')}.")
