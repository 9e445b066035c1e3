# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan by one order to a tag, which the API gives to all Droplets that carry it.

The Jobs are those of the Applier: each waits for its own action, settles, is verified and told by itself. What differs
is that no Job sends. Once none of them waits for somebody else's action, one request goes out for all, and when it is
out no other follows: a Droplet that the API has left out of it fails with a sentence.
"""

from __future__ import annotations

from dataclasses import replace

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
from .._domain.models import Droplet
from .._domain.plan import Step
from .apply import SENDING_TRIES, Applier
from .job import Job, NotYet, Refused, State, says_already
from .verify import LONGEST_POLL


class ByTagApplier(Applier):
    """Applies one plan that has `by_tag`; takes what an Applier takes."""

    def __init__(self, client, verb, request, wait):
        super().__init__(client, verb, request, wait)
        self._plan = None
        self._out = False
        self._tries = self._refusals = 0
        self._sent_at = None
        self._lost = None
        self._lost_until = 0.0
        self._refused = None
        self._looked = False

    def run(self, plan):
        """The Jobs of all changes that have steps, and of all other Droplets that the API has sent the order to."""
        self._plan = plan
        return super().run(plan)

    def _adopt_running(self, jobs):
        super()._adopt_running(jobs)
        self._take_part(jobs)

    def _advance_all(self, ready, jobs):
        """Plan again for those that have waited; then one order, as soon as nobody waits any more."""
        super()._advance_all([job for job in ready if job.plan_again or not job.steps], jobs)
        needing = [job for job in ready if job.state is State.READY and job.steps]
        if self._out:
            for job in needing:
                self._fail(job, self._left_out(job))
        elif self._stopped_by or self._client.budget.left <= 0:
            for job in needing:
                self._give_up(job)
        elif needing and not any(job.state in (State.WAITING, State.LOOKING) for job in jobs):
            try:
                if self._refused:
                    self._look_on(needing)
                elif self._lost:
                    self._look_for(needing, jobs)
                elif not self._in_doubt(needing):
                    self._order(needing, jobs)
            except LifeboatError as error:
                self._fail_all(needing, error)
            except Exception as error:  # pylint: disable=broad-except
                self._fail_all(needing, UnexpectedError.of(error))

    def _send(self, job: Job, step: Step) -> None:
        """Nothing: the order goes out for all at once."""

    def _in_doubt(self, needing: list[Job]) -> bool:
        """True if what the order would make for a member may be there already: that is waited for first."""
        for job in needing:
            try:
                self._is_sure(job)
            except NotYet as reason:
                job.look_again(reason)
        return any(job.state is State.LOOKING for job in needing)

    def _order(self, needing, jobs):
        tag, action = self._plan.by_tag.tag, self._plan.by_tag.action
        self._sent_at = self._sent_at or self._client.now()
        self._tries += 1
        for job in needing:
            job.attempted = True
        try:
            begun = actions.by_tag(self._client, tag, type=action.type, **action.arguments)
        except PendingEventError:
            self._wait_for_members(needing, jobs)
        except OutcomeUnknownError as error:
            self._client.sleep(2 ** (self._tries - 1))
            self._lose(needing, error)
            self._look_for(needing, jobs)
        except NotFoundError as error:
            raise error.copy(f"No Droplet carries the tag {tag!r} any more. Nothing was sent to any.") from error
        except ApiError as error:
            if error.fatal:
                raise
            if says_already(error) and self._refused is None:
                self._refused = Refused(error, self._client.budget.spent + self._lag.total_seconds())
                self._look_on(needing)
                return
            raise _of_all(error) from error
        else:
            self._hand_out(jobs, {action.resource_id: action for action in begun})

    def _look_on(self, needing: list[Job]) -> None:
        """The API says of a member that it is so already, which may show late: look once more before that is told."""
        if self._looked:
            raise _of_all(self._refused.error) from self._refused.error
        self._looked = self._client.budget.spent >= self._refused.until
        for job in needing:
            job.look_again(NotYet("the API says of a member that it is so already, which does not show yet"))
            job.plan_again = self._looked

    def _lose(self, needing: list[Job], error: OutcomeUnknownError) -> None:
        """The answer is lost: nothing is sent again before the log has had its time to show what was begun."""
        self._lost, self._lost_until = error, self._client.budget.spent + self._lag.total_seconds()
        for job in needing:
            job.outcome_unknown = True
            job.notes.append(f"the answer to {self._plan.by_tag.action.type} by tag was lost: {error.message}")

    def _look_for(self, needing, jobs):
        """After a lost answer: if the log has actions of this order it is out, and else it may be sent again."""
        error = self._lost
        try:
            begun = self._begun_since(self._sent_at, self._known)
        except LifeboatError as second:
            raise second.copy(f"{error.message} {second.message}") from second
        missing = [job for job in needing if job.change.target.id not in begun]
        if missing and self._client.budget.spent < self._lost_until:
            for job in needing:
                job.look_again(NotYet("the answer to the order was lost, and the log does not show all of it yet"))
                job.plan_again = False
            return
        self._lost = None
        if begun:
            self._hand_out(jobs, begun)
        elif self._tries >= SENDING_TRIES:
            raise error

    def _wait_for_members(self, needing, jobs):
        """The API refuses because a member is busy: wait for what shows, else a moment."""
        self._tries, self._sent_at = 0, None
        self._refusals += 1
        running = actions.recent_on(self._client, [job.change.target.id for job in needing])
        adopted = [self._adopt_first(job, running.get(job.change.target.id, ())) for job in needing]
        self._take_part(jobs)
        if not any(adopted):
            pause = min(LONGEST_POLL, 2 ** (self._refusals - 1))
            self._client.sleep(max(0, min(pause, self._client.budget.left)))

    def _take_part(self, jobs):
        """If the log alone can tell, a running action of this type is part of an order that is out already."""
        begun = [job.running.started_at for job in jobs if job.state is State.WAITING and job.done]
        if begun and all(begun):
            self._hand_out(jobs, self._begun_since(min(begun), known=frozenset()))

    def _begun_since(self, moment, known):
        """A dict of Droplet id to the newest action of this type, for each member if one has begun since then.

        None of those `known`, by id, is meant.
        """
        members = [change.target.id for change in self._plan.changes]
        logs = actions.since(self._client, members, moment - evidence.CLOCK_TOLERANCE)
        kind = self._plan.by_tag.action.type
        begun = {key: evidence.begun_since(log, kind, known, moment) for key, log in logs.items()}
        return {key: own[0] for key, own in begun.items() if own}

    def _hand_out(self, jobs, begun):
        """The order is out, and `begun` are its actions by Droplet id: each Job waits for its own."""
        self._out = True
        for job in jobs:
            action = begun.pop(job.change.target.id, None)
            if action and job.state in (State.READY, State.DONE):
                job.steps = [self._plan.by_tag.action]
                self._sent(job, action)
            elif action:
                job.actions[action.id] = action
            elif job.state is State.READY and job.steps and not job.plan_again:
                self._fail(job, self._left_out(job))
        jobs += [self._further(begun[key]) for key in sorted(begun)]

    def _further(self, action):
        """The Job of a Droplet that needs nothing, or that got the tag meanwhile, and has the action all the same."""
        known = {change.target.id: change for change in self._plan.changes}
        job = Job(known.get(action.resource_id) or self._newcomer(action.resource_id), [self._plan.by_tag.action])
        self._sent(job, action)
        return job

    def _newcomer(self, droplet_id):
        order = self._plan.by_tag
        try:
            found = droplets.get_if_there(self._client, droplet_id)
        except LifeboatError:
            found = None
        joined = self._verb.joined(self._request, found or Droplet(droplet_id, "?"))
        return replace(joined, steps=(order.action,))

    def _left_out(self, job):
        return NotConvergedError(
            f"Droplet {job.change.target}: the API has left it out of the {self._plan.by_tag.action.type} by tag, "
            "because it was busy, carries the tag no more, or for a reason that it does not tell. Send it to this one "
            "by its id."
        )

    def _fail_all(self, jobs, error):
        for job in jobs:
            again = error.copy()
            again.__cause__ = error.__cause__
            self._fail(job, again)


def _of_all(error: ApiError) -> ApiError:
    """The refusal of an order, with what it means."""
    return error.copy(
        f"{error.message.rstrip('.')}. An order by tag goes to all that carry it or to none: leave by_tag out to send "
        "it to each Droplet that needs it."
    )
