# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a task: it plans again what was done until nothing is left, as the next run would, or the time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from .._api import actions
from .._api.read import answers
from .._domain.errors import LifeboatError, NotConvergedError, RefusedError, SelectionError, UnexpectedError
from .._domain.plan import Change, Plan
from .job import Job, State, in_state
from .task import LONGEST_PAUSE, Task

FIRST_PAUSE = 1.0
"""Seconds between the first two looks at what was done: doubled up to `LONGEST_PAUSE`."""


def verify(task: Task, jobs: Sequence[Job]) -> None:
    """Plan again what was changed, and keep looking until nothing is left to be done, or the time is over."""
    for finished in _looks(task, lambda: in_state(jobs, State.FINISHED)):
        found = answers(task.client, [partial(task.plan_one, job) for job in finished], as_before=True)
        for job, one in zip(finished, found, strict=True):
            _judge(task, job, one)


def see_begun(task: Task, jobs: Sequence[Job]) -> None:
    """Without the last wait, too, the task ends only when the next run would find what it has begun.

    What has ended by then is not found as running any more, but by its effect.
    """
    ended: list[Job] = []
    unseen = list(jobs)
    for finished in _looks(task, lambda: in_state(unseen, State.FINISHED)):
        begun = {job.key: list(job.actions.values())[-1] for job in finished if job.actions}
        try:
            found = actions.log_of_all(task.client, list(begun.values()))
        except LifeboatError as error:
            for job in finished:
                job.fail(_not_converged(job, f"what was begun could not be looked for: {error.message}"))
            return
        for job in finished:
            action = found.get(begun[job.key].id) if job.key in begun else None
            if job.key not in begun:
                job.handed_over()
            elif action is None:
                job.why = f"{job.last_done()} was begun, and does not show in the log yet"
            elif action.completed and _shows_at_once(job):
                unseen.remove(job)
                ended.append(job)
            else:
                job.handed_over()
    verify(task, ended)


def _looks(task: Task, waiting: Callable[[], list[Job]]) -> Iterator[list[Job]]:
    """What is `waiting` for a look, before each one; once the time is over, it has failed."""
    pause = FIRST_PAUSE
    while finished := waiting():
        yield finished
        left = waiting()
        if left and task.client.budget.left <= 0:
            for job in left:
                job.fail(task.timed_out(job))
        elif left:
            task.pause(pause)
            pause = min(LONGEST_PAUSE, pause * 2)


def _judge(task: Task, job: Job, found: tuple[Plan[Any], float] | Exception) -> None:
    """The end of a Job if no other look is needed, because nothing is left or another look would change nothing."""
    if isinstance(found, SelectionError | RefusedError) and _may_show_yet(task, job):
        # A plan by a list that is late may refuse what it takes for yet to be done.
        job.why = found.message.rstrip(".")
    elif isinstance(found, NotConvergedError | RefusedError | SelectionError):
        job.fail(_not_converged(job, found.message))
    elif isinstance(found, LifeboatError):
        job.fail(_not_converged(job, f"what was done could not be verified: {found.message}"))
    elif isinstance(found, Exception):
        job.fail(UnexpectedError.of(found))
    elif why := _left(task, found[0].changes):
        job.why = why.rstrip(".")
    else:
        job.proven(found[0].changes[0])


def _may_show_yet(task: Task, job: Job) -> bool:
    """True if what is not found has been made by this run, or may be missing because a list is late."""
    return task.now - job.waits_since < task.lag.total_seconds() or any(step.creates for step in job.done)


def _left(task: Task, changes: Sequence[Change[Any]]) -> str | None:
    """What is left to be done for a target, or does not show yet, as a sentence; None if nothing is."""
    if not changes:
        return "it can no longer be read"
    (change,) = changes
    if change.wait_for:
        return f"action {change.wait_for.action.id} ({change.wait_for.action.type}) is in progress"
    if change.steps:
        wanted, found = task.verb.describe(change.after), task.verb.describe(change.before)
        return f"the API reports every action as completed, but it shows {found} instead of {wanted}"
    if change.doubt:
        return change.doubt.why
    return "; ".join(change.notes) if change.skipped else None


def _shows_at_once(job: Job) -> bool:
    """True if the state shows the last step as soon as its action has ended."""
    if not job.done:
        return False
    step = job.done[-1]
    return step.observable and not step.creates and not step.settle_seconds


def _not_converged(job: Job, problem: str) -> NotConvergedError:
    return NotConvergedError(f"Droplet {job.change.target}: {problem.rstrip('.')}.")
