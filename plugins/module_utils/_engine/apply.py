# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out: does what the state of each Job commands, and tells it what came of that (`job.py`).

It goes in rounds. What all Jobs need to be planned is read together, the next steps are sent concurrently, and running
actions are asked for together. A slow target delays no other, and one that fails stops no other, unless the error is
one that all would meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from .._api import actions, steps
from .._api.client import Client
from .._api.read import answer
from .._domain.errors import (
    ActionFailedError,
    InvalidAnswerError,
    LifeboatError,
    NotFoundError,
    OutcomeUnknownError,
    UnexpectedError,
    UnreachableError,
    WaitTimeoutError,
)
from .._domain.facts import Facts
from .._domain.models import Action
from .._domain.plan import Change, ConvertBackup, Plan
from .._domain.verb import Record, Verb
from . import hold
from .by_tag import ByTag
from .job import UNDER_WAY, Job, State, in_state, note_unheard
from .one_by_one import OneByOne
from .task import LONGEST_PAUSE, Task
from .verify import see_begun, verify

FIRST_PAUSE = 0.2
"""Seconds between the first two looks at running actions: doubled up to `LONGEST_PAUSE`."""


class Sender(Protocol):
    """How the next steps of Jobs are sent."""

    def takes_part(self, jobs: list[Job]) -> None:
        """Some of `jobs` wait for what was running before: it may be part of what is to be sent."""

    def is_outdated(self, job: Job) -> bool:
        """True if it has to be planned again before its next step is sent."""

    def send(self, ready: Sequence[Job], jobs: list[Job]) -> None:
        """Send the next step of those that are `ready`; `jobs` are all, to which others may be added."""

    def search(self, looking: Sequence[Job]) -> None:
        """Look for what was begun by requests whose answers were lost."""


def apply(client: Client, verb: Verb[Any], request: Any, plan: Plan[Any], wait: bool) -> list[Job]:
    """The Jobs of all changes that have something to send or to wait for, each DONE, FAILED or NOT_TRIED.

    `wait` False skips the last wait and verification.
    """
    task = Task(client, verb, request, wait)
    sender = OneByOne(task) if plan.by_tag is None else ByTag(task, plan, plan.by_tag)
    return Applier(task, sender).run(plan)


class Applier:
    """The rounds of one task."""

    def __init__(self, task: Task, sender: Sender) -> None:
        self._task = task
        self._client = task.client
        self._sender = sender
        self._pause = FIRST_PAUSE

    def run(self, plan: Plan[Any]) -> list[Job]:
        """The Jobs of all changes that have something to send or to wait for, each DONE, FAILED or NOT_TRIED."""
        jobs = [Job(change, self._task.wait) for change in plan.pending]
        if not jobs:
            return jobs
        for job in jobs:
            if job.change.wait_for:
                job.wait_for_others(job.change.wait_for.action, self._task.now)
        try:
            self._adopt_running(jobs, alone=len(plan.changes) == 1 and self._is_by_id())
        except LifeboatError as error:
            return [Job.not_tried(job.change, error) for job in jobs]
        self._sender.takes_part(jobs)
        while in_state(jobs, *UNDER_WAY):
            self._advance(jobs)
            self._watch(jobs)
        failed = [job for job in in_state(jobs, State.FAILED) if job.attempted]
        self._client.map(self._compensate, failed)
        finished = in_state(jobs, State.FINISHED)
        if self._task.wait:
            verify(self._task, finished)
        else:
            see_begun(self._task, finished)
        self._client.map(self._look_back, [job for job in in_state(jobs, State.FAILED) if job.attempted])
        return jobs

    def _is_by_id(self) -> bool:
        selection = getattr(self._task.request, "selection", None)
        return getattr(selection, "ids", None) is not None

    def _adopt_running(self, jobs: Sequence[Job], alone: bool) -> None:
        """Wait for what an earlier or a parallel run has begun, instead of sending beside it.

        What ended between the look at the state and this one is in neither: if it would be made twice, look again.
        With `alone`, the task is about one Droplet by its id.
        """
        jobs = [job for job in in_state(jobs, State.SENDING) if job.steps]
        by_description = any(job.change.visible is not None and isinstance(job.maker, ConvertBackup) for job in jobs)
        ids = [job.change.target.id for job in jobs if job.change.target.id is not None]
        found = actions.recent(self._client, ids, account=by_description) if ids or by_description else []
        self._task.known = {action.id for action in found}
        if by_description:
            self._task.conversions.log = [action for action in found if action.type == ConvertBackup.type]
        by_id = actions.by_droplet(found, ids)
        now, few = self._client.now(), len(jobs) == 1 and not alone
        for job in jobs:
            seen = by_id.get(job.change.target.id, [])
            if not self._task.adopt_running(job, seen):
                early = (
                    hold.was_read_too_early(job.change, job.steps[0], action, few, now, self._task.lag)
                    for action in seen
                )
                if any(early):
                    job.plan_again()

    def _advance(self, jobs: list[Job]) -> None:
        """One step forward for each Job that can take one; what several of them need for it is read together."""
        task, ready = self._task, in_state(jobs, State.PLANNING, State.SENDING)
        for job in ready:
            if task.is_over:
                task.give_up(job)
            elif job.state is State.SENDING and self._sender.is_outdated(job):
                job.plan_again()
        task.ask(in_state(ready, State.PLANNING), task.plan_one, task.accept_plan)
        self._sender.send(in_state(ready, State.SENDING), jobs)
        if any(job.state is State.WAITING or (job.state is State.LOOKING and job.attempt.looks == 1) for job in ready):
            self._pause = FIRST_PAUSE

    def _watch(self, jobs: Sequence[Job]) -> None:
        """After a pause, see how far the Jobs that wait have come."""
        watched = in_state(jobs, State.WAITING, State.LOOKING)
        if not watched:
            return
        if self._client.budget.left <= 0:
            for job in watched:
                job.fail(self._task.timed_out(job))
            return
        self._task.pause(self._pause)
        self._pause = min(LONGEST_PAUSE, self._pause * 2)
        waiting, looking = in_state(watched, State.WAITING), in_state(watched, State.LOOKING)
        self._poll(waiting)
        self._sender.search(looking)
        for job in in_state(looking, State.LOOKING):
            job.looked(self._task.is_young(job), self._task.now)

    def _poll(self, waiting: Sequence[Job]) -> None:
        """Ask for all running actions at once."""
        if not waiting:
            return
        try:
            refreshed = actions.refresh(self._client, [job.running for job in waiting if job.running])
        except (InvalidAnswerError, UnreachableError) as error:
            # The actions run on without us: ask again until the time is over.
            note_unheard(waiting, error)
            return
        except LifeboatError as error:
            for job in waiting:
                self._task.fail(job, error.copy())
            return
        for job, action in zip(waiting, refreshed, strict=True):
            job.unheard = None
            if action:
                self._heard(job, action)
            elif job.running:
                self._not_found(job, job.running)

    def _heard(self, job: Job, action: Action) -> None:
        if action.completed and action.completed_at is None:
            # The API may not tell when an action has ended: it has by now.
            action = replace(action, completed_at=self._client.now())
        job.has_news(action)
        if action.errored and job.own_action:
            job.fail(
                ActionFailedError(
                    f"Action {action.id} ({action.type}) on Droplet {job.change.target} ended as errored; "
                    "DigitalOcean does not say why. Look at the Droplet in the control panel, then run the task again."
                )
            )
        elif action.ended:
            job.ended()

    def _not_found(self, job: Job, running: Action) -> None:
        """An action that has begun lately may not show yet, and one on an image may have gone with it.

        A conversion may have given the image another id, which shows at once: what became of it is seen later.
        """
        on_image = running.resource_type == "image"
        is_young = self._task.now - job.waits_since < self._task.lag.total_seconds()
        if is_young and not (on_image and running.type == ConvertBackup.type):
            return
        if on_image:
            job.vanished()
        else:
            job.fail(NotFoundError(f"Droplet {job.change.target} was deleted meanwhile.", status=404))

    def _compensate(self, job: Job) -> None:
        """A side effect of what has failed is undone, as far as it can be: once, and without a wait.

        Not after a time-out, from which a rerun goes on, nor if a request may yet be carried out.
        """
        if isinstance(job.error, OutcomeUnknownError | WaitTimeoutError):
            return
        verb, client, request = self._task.verb, self._client, self._task.resumed(job)
        try:
            for step in answer(client, lambda facts: verb.compensate(request, facts, client.now())):
                action = steps.send(client, job.change.target.id, step)
                if action:
                    job.actions[action.id] = action
                    job.notes.append(f"after the failure {step.type} was sent (action {action.id})")
        except Exception as error:  # pylint: disable=broad-except
            # The failure that led here is what has to be told first.
            message = error.message if isinstance(error, LifeboatError) else UnexpectedError.of(error).message
            job.notes.append(f"after the failure nothing more could be put right: {message}")

    def _look_back(self, job: Job) -> None:
        """What a failure leaves behind stands in its message and in the result; not read once the time is over."""
        verb, client, request = self._task.verb, self._client, self._task.resumed(job)
        change: Change[Any] = job.latest or job.change

        def look(facts: Facts | None) -> tuple[Record, Sequence[str]]:
            return verb.left_behind(request, change, facts, client.now())

        try:
            job.told, sentences = answer(client, look) if client.budget.left > 0 else look(None)
        except LifeboatError:
            job.told, sentences = look(None)
        first = job.error
        if sentences and first:
            job.error = first.copy(" ".join([first.message, *sentences])).with_context(first.droplet, first.action)
            job.error.__cause__ = first.__cause__
