# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends one order to a tag, which the API gives to all Droplets that carry it.

The Jobs are those of any task: each waits for its own action, and is verified and reported by itself. Once none of them
waits for somebody else's action, one request goes out for all, and when it is out no other follows: a Droplet that the
API has left out of it fails with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from .._api import actions, droplets
from .._domain import evidence
from .._domain.errors import (
    ApiError,
    LifeboatError,
    NotConvergedError,
    NotFoundError,
    OutcomeUnknownError,
    PendingEventError,
    UnexpectedError,
)
from .._domain.models import Action, Droplet
from .._domain.plan import ActionByTag, Change, Plan
from .job import Job, Lost, NotYet, Refused, State, in_state, says_already
from .one_by_one import SENDING_TRIES
from .task import Task


class ByTag:
    """The sender of a plan that has `by_tag`, which is `order`."""

    def __init__(self, task: Task, plan: Plan[Any], order: ActionByTag) -> None:
        self._task = task
        self._client = task.client
        self._order = order
        self._members = {change.target.id: change for change in plan.changes}
        self._is_out = False
        self._tries = self._refusals = 0
        self._sent_at: datetime | None = None
        self._lost: tuple[OutcomeUnknownError, Lost] | None = None
        self._refused: Refused | None = None
        self._has_looked = False

    def takes_part(self, jobs: list[Job]) -> None:
        """If the log alone can tell, a running action of this type is part of an order that is out already."""
        begun = [job.running.started_at for job in in_state(jobs, State.WAITING) if job.running and job.done]
        moments = [moment for moment in begun if moment]
        if moments and len(moments) == len(begun):
            self._hand_out(jobs, self._begun_since(min(moments), known=frozenset()))

    def is_outdated(self, _job: Job) -> bool:
        """False: all Droplets get it, whatever has become of one."""
        return False

    def search(self, _looking: Sequence[Job]) -> None:
        """Nothing: what an order whose answer was lost has begun is looked for when it would be sent again."""

    def send(self, ready: Sequence[Job], jobs: list[Job]) -> None:
        """The order for all that are `ready`, as soon as nobody waits any more."""
        if self._is_out:
            for job in ready:
                self._task.fail(job, self._left_out(job))
        elif self._task.is_over:
            for job in ready:
                self._task.give_up(job)
        elif ready and not in_state(jobs, State.PLANNING, State.WAITING, State.LOOKING):
            try:
                self._send(list(ready), jobs)
            except LifeboatError as error:
                self._fail_all(ready, error)
            except Exception as error:  # pylint: disable=broad-except
                self._fail_all(ready, UnexpectedError.of(error))

    def _send(self, ready: list[Job], jobs: list[Job]) -> None:
        if self._refused:
            self._look_on(ready, self._refused)
        elif self._lost:
            self._look_for(ready, jobs, *self._lost)
        elif not self._is_in_doubt(ready):
            self._send_order([job for job in ready if job.steps], jobs)

    def _is_in_doubt(self, ready: Sequence[Job]) -> bool:
        """True if what the order would make for a member may be there already: that is waited for first."""
        for job in ready:
            try:
                self._task.hold(job)
            except NotYet as reason:
                job.look_again(reason)
            else:
                if not job.steps:
                    job.nothing_left()
        return bool(in_state(ready, State.LOOKING))

    def _send_order(self, needing: list[Job], jobs: list[Job]) -> None:
        if not needing:
            return
        action = self._order.action
        sent_at = self._sent_at = self._sent_at or self._client.now()
        self._tries += 1
        for job in needing:
            job.attempted = True
        try:
            begun = actions.by_tag(self._client, self._order.tag, type=action.type, **action.arguments)
        except PendingEventError:
            self._wait_for_members(needing, jobs)
        except OutcomeUnknownError as error:
            self._client.sleep(2 ** (self._tries - 1))
            lost = Lost(action, sent_at, self._task.now + self._task.lag.total_seconds())
            self._lost = error, lost
            for job in needing:
                job.answer_lost(None, f"by tag: {error.message}")
            self._look_for(needing, jobs, error, lost)
        except NotFoundError as error:
            raise error.copy(
                f"No Droplet carries the tag {self._order.tag!r} any more. Nothing was sent to any."
            ) from error
        except ApiError as error:
            if error.fatal:
                raise
            if says_already(error) and self._refused is None:
                self._refused = Refused(error, self._task.now + self._task.lag.total_seconds())
                self._look_on(needing, self._refused)
                return
            raise _of_all(error) from error
        else:
            self._hand_out(jobs, {action.resource_id: action for action in begun if action.resource_id is not None})

    def _look_on(self, needing: Sequence[Job], refused: Refused) -> None:
        """The API says of a member that it is so already, which may show late: look once more before that is told."""
        if self._has_looked:
            raise _of_all(refused.error) from refused.error
        self._has_looked = self._task.now >= refused.until
        for job in needing:
            reason = NotYet("the API says of a member that it is so already, which does not show yet")
            job.look_again(reason, plan=self._has_looked)

    def _look_for(self, needing: Sequence[Job], jobs: list[Job], error: OutcomeUnknownError, lost: Lost) -> None:
        """After a lost answer: if the log has actions of this order it is out, and else it may be sent again."""
        try:
            begun = self._begun_since(lost.sent_at, self._task.known)
        except LifeboatError as second:
            raise second.copy(f"{error.message} {second.message}") from second
        missing = [job for job in needing if job.change.target.id not in begun]
        if missing and self._task.now < lost.until:
            for job in needing:
                reason = NotYet("the answer to the order was lost, and the log does not show all of it yet")
                job.look_again(reason, plan=False)
            return
        self._lost = None
        if begun:
            self._hand_out(jobs, begun)
        elif self._tries >= SENDING_TRIES:
            raise error

    def _wait_for_members(self, needing: Sequence[Job], jobs: list[Job]) -> None:
        """The API refuses because a member is busy: wait for what shows, else a moment."""
        self._tries, self._sent_at = 0, None
        self._refusals += 1
        running = actions.recent_on(self._client, [job.change.target.id for job in needing])
        adopted = [self._task.adopt_running(job, running.get(job.change.target.id, ())) for job in needing]
        self.takes_part(jobs)
        if not any(adopted):
            self._task.pause(2 ** (self._refusals - 1))

    def _begun_since(self, moment: datetime, known: Set[int]) -> dict[int, Action]:
        """A dict of Droplet id to the newest action of this type, for each member if one has begun since then.

        None of those `known`, by id, is meant.
        """
        logs = actions.since(self._client, list(self._members), moment - evidence.CLOCK_TOLERANCE)
        begun = {key: evidence.begun_since(log, self._order.action.type, known, moment) for key, log in logs.items()}
        return {key: own[0] for key, own in begun.items() if own}

    def _hand_out(self, jobs: list[Job], begun: Mapping[int, Action]) -> None:
        """The order is out, and `begun` are its actions by Droplet id: each Job waits for its own."""
        self._is_out = True
        left = dict(begun)
        for job in jobs:
            action = left.pop(job.change.target.id, None)
            if action and job.state in (State.PLANNING, State.SENDING, State.FINISHED):
                job.steps = [self._order.action]
                job.begun(action, self._task.now)
            elif action:
                job.actions[action.id] = action
            elif job.state is State.SENDING and job.steps:
                self._task.fail(job, self._left_out(job))
        jobs += [self._further(left[key]) for key in sorted(left)]

    def _further(self, action: Action) -> Job:
        """The Job of a Droplet that needs nothing, or that got the tag meanwhile, and has the action all the same."""
        key: int = action.resource_id  # type: ignore[assignment]  # by which it was handed out
        job = Job(self._members.get(key) or self._newcomer(key), self._task.wait)
        job.steps = [self._order.action]
        job.begun(action, self._task.now)
        return job

    def _newcomer(self, droplet_id: int) -> Change[Any]:
        try:
            found = droplets.get_if_there(self._client, droplet_id)
        except LifeboatError:
            found = None
        joined = self._task.verb.joined(self._task.request, found or Droplet(droplet_id, "?"))
        return replace(joined, steps=(self._order.action,))

    def _left_out(self, job: Job) -> NotConvergedError:
        return NotConvergedError(
            f"Droplet {job.change.target}: the API has left it out of the {self._order.action.type} by tag, "
            "because it was busy, carries the tag no more, or for a reason that it does not tell. Send it to this one "
            "by its id."
        )

    def _fail_all(self, jobs: Sequence[Job], error: LifeboatError) -> None:
        for job in jobs:
            again = error.copy()
            again.__cause__ = error.__cause__
            self._task.fail(job, again)


def _of_all(error: ApiError) -> ApiError:
    """The refusal of an order, with what it means."""
    return error.copy(
        f"{error.message.rstrip('.')}. An order by tag goes to all that carry it or to none: leave by_tag out to send "
        "it to each Droplet that needs it."
    )
