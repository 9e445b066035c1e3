# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the next step of each Job by itself: once, and again only after a look at what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .._api import actions, steps
from .._api.read import value_of
from .._domain import needs
from .._domain.errors import ApiError, LifeboatError, OutcomeUnknownError, PendingEventError
from .._domain.facts import Facts
from .._domain.models import Action
from .._domain.plan import ConvertBackup, ImageStep, Step
from .job import Job, Lost, NotYet, Refused, State, in_state, says_already
from .task import HIDDEN, Task

SENDING_TRIES = 4
"""How often one step is sent when its answer is lost each time, with a look at the state before each."""

STALE_AFTER = 30.0
"""Seconds for which a plan made between two steps, or what a guarded step goes by, is good enough to be sent."""

SHORTEST_LOOK = 15.0
"""Seconds for which a step that is never sent again is looked for after a lost answer, whatever the lag tolerance."""


class OneByOne:
    """The sender of most tasks: a request for each Job, several at a time."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._client = task.client

    def takes_part(self, jobs: list[Job]) -> None:
        """Nothing: what is running already belongs to its own Droplet."""

    def is_outdated(self, job: Job) -> bool:
        """True if the next step goes by a fresh state, and what was read is none."""
        return job.left(STALE_AFTER, self._task.now) < 0

    def send(self, ready: Sequence[Job], _jobs: list[Job]) -> None:
        """The next step of each Job that is `ready`, if nothing speaks against it."""
        sure = [job for job, may in zip(ready, self._client.map(self._may_send, ready), strict=True) if may]
        self._task.ask([job for job in sure if _is_on_image(job)], self._image_log, self._accept_image_log)
        self._client.map(self._send_next, in_state(sure, State.SENDING))

    def search(self, looking: Sequence[Job]) -> None:
        """See whether the log shows by now what was begun by the requests whose answers were lost."""
        lost = [job for job in looking if job.is_lost]
        on_images = [job for job in lost if _is_on_image(job)]
        on_droplets = [job for job in lost if not _is_on_image(job) and job.change.target.id is not None]
        try:
            recent = actions.recent_on(self._client, [job.change.target.id for job in on_droplets])
            for job in on_droplets:
                self._task.find_lost(job, recent.get(job.change.target.id, ()))
            for job in on_images:
                self._task.find_lost(job, self._task.log_of(job, job.steps[0]))
        except LifeboatError:
            # The state is read next, and tells what is wrong.
            return

    def _may_send(self, job: Job) -> bool:
        """Whether the next step may be sent; if not, the Job is not SENDING any more."""
        with self._task.failing(job):
            if job.hidden_until is not None and job.steps and self._is_pending(job, job.steps[0]):
                return False
            self._task.hold(job)
            if job.attempt.refused:
                self._look_into(job, job.attempt.refused.error)
                return False
            job.attempt.lost = None
            return True
        return False

    def _is_pending(self, job: Job, step: Step) -> bool:
        """True if what the API has called pending shows in the log by now, and is running.

        What it makes may be what the step would make: raises NotYet for as long as it may not show.
        """
        if self._task.adopt_running(job, self._task.log_of(job, step)):
            job.hidden_until = None
            return True
        if job.hidden_until is not None and self._task.now < job.hidden_until:
            raise NotYet(HIDDEN)
        job.hidden_until = None
        return False

    def _image_log(self, job: Job, facts: Facts) -> tuple[Action, ...]:
        # As `_is_on_image` says.
        return facts.get(needs.ImageLog(job.steps[0].image_id))  # type: ignore[attr-defined]

    def _accept_image_log(self, job: Job, found: tuple[Action, ...] | Exception) -> None:
        """Wait for an action on the image of the next step that is running. Raises NotYet if a conversion has ended."""
        step, log = job.steps[0], value_of(found)
        if self._task.adopt_running(job, log):
            return
        converted = next((action for action in log if action.type == step.type and action.completed), None)
        if converted and isinstance(step, ConvertBackup):
            raise NotYet(f"action {converted.id} (convert) has completed, and its effect does not show yet", converted)

    def _send_next(self, job: Job) -> None:
        with self._task.failing(job):
            if not job.steps:
                job.nothing_left()
            elif self._task.is_over:
                # Another job may have met it since this one was planned.
                self._task.give_up(job)
            elif job.planned_at is not None and self._task.now - job.planned_at > STALE_AFTER:
                # Sending for thousands takes its time under the rate limit, and a backup may have been made meanwhile.
                job.plan_again()
            elif (fresh_for := job.left(STALE_AFTER, self._task.now)) < 0:
                job.plan_again()
            else:
                self._send(job, job.steps[0], fresh_for)

    def _send(self, job: Job, step: Step, fresh_for: float) -> None:
        if job.attempt.tries and not step.retryable:
            raise OutcomeUnknownError(
                f"The answer to {step.type} for {job.change.target} was lost, and nothing shows of it. It is not sent "
                "again. Look in the control panel, or run the task again after some minutes: it looks first."
            )
        sent_at = self._client.now()
        job.about_to_send()
        try:
            action = steps.send(self._client, job.change.target.id, step, fresh_for)
        except OutcomeUnknownError as error:
            if job.attempt.tries >= SENDING_TRIES:
                raise
            self._client.sleep(2 ** (job.attempt.tries - 1))
            self._look(job, step, sent_at, error)
        except PendingEventError:
            raise
        except ApiError as error:
            self._look_into(job, error)
        else:
            job.begun(action, self._task.now)

    def _look(self, job: Job, step: Step, sent_at: datetime, error: OutcomeUnknownError) -> None:
        """After a lost answer: find what the request may have begun and wait for it, or plan again from the state.

        The log may lag as the state does: if neither shows anything, it is not sent again before the absence is old.
        """
        patience = self._task.lag.total_seconds()
        patience = patience if step.retryable else max(patience, SHORTEST_LOOK)
        lost = Lost(step, sent_at, self._task.now + patience) if step.type else None
        job.answer_lost(lost, error.message)
        try:
            seen = self._task.log_of(job, step)
        except LifeboatError as second:
            raise second.copy(f"{error.message} {second.message}") from second
        if not self._task.find_lost(job, seen):
            job.saw(seen)
            job.plan_again()

    def _look_into(self, job: Job, refusal: ApiError) -> None:
        """Plan again if the refused step is not needed any more or goes another way; else raises the refusal.

        Only of what was sent: if a read is refused, planning again would meet the same, and find no end.
        """
        if refusal.fatal or not (self._is_needless(job, refusal) or self._goes_another_way(job, refusal)):
            raise refusal

    def _is_needless(self, job: Job, refusal: ApiError) -> bool:
        """True if what the API refuses is not wanted any more, because somebody else has done it meanwhile."""
        if not job.steps:
            return False
        try:
            planned = self._task.plan(job)
        except NotYet as reason:
            job.look_again(reason)
            return True
        except LifeboatError:
            return False
        if planned.steps[:1] == tuple(job.steps[:1]):
            return self._may_be_done(job, refusal)
        job.attempt.tries = 0
        job.notes.append("the API refused a request, and the state shows that it was not needed any more")
        job.plan_again()
        return True

    def _may_be_done(self, job: Job, refusal: ApiError) -> bool:
        """Whether to look on, and to send nothing, because the API says that it is so already, which may show late."""
        if not (says_already(refusal) or isinstance(job.steps[0], ConvertBackup)):
            return False
        until = self._task.now + self._task.lag.total_seconds()
        job.attempt.refused = job.attempt.refused or Refused(refusal, until)
        if self._task.now >= job.attempt.refused.until:
            return False
        job.look_again(NotYet("the API says that it is so already, which does not show yet"))
        return True

    def _goes_another_way(self, job: Job, refusal: ApiError) -> bool:
        """Whether the verb knows another way to what the API has refused; then it is planned again."""
        request = self._task.verb.alternative(job.change, job.steps[0], refusal) if job.steps else None
        if request is None:
            return False
        job.notes.append(f"{refusal.message.rstrip('.')}, so another way is taken")
        job.another_way(request)
        return True


def _is_on_image(job: Job) -> bool:
    """True if the next step is an action on an image."""
    return isinstance(job.next_step, ImageStep)
