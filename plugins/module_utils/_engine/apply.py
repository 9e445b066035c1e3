# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries a plan out: sends each step once, waits for many actions at a time, looks before it sends again, verifies.

A Job is the way of one Change: READY to send or to plan again, WAITING for an action, LOOKING for what may be there
already and does not show yet, and in the end DONE, FAILED or NOT_TRIED. One failing Droplet does not stop the others,
unless the error is one that all of them would meet.

The API lags behind itself. What the answer to a write and its action by id say is true, whatever a list says; so what
does not show yet is looked for until the time is over, and what must not happen twice is not sent before an absence is
older than the lag tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from .._api import actions, droplets, images, steps
from .._api.client import Client
from .._api.read import answer, answers, value_of
from .._domain import evidence, needs, scopes
from .._domain.errors import (
    ActionFailedError,
    ApiError,
    InvalidAnswerError,
    LifeboatError,
    NotFoundError,
    OutcomeUnknownError,
    PendingEventError,
    ScopeError,
    SelectionError,
    UnexpectedError,
    UnreachableError,
    WaitTimeoutError,
)
from .._domain.facts import Facts
from .._domain.models import Action, Droplet
from .._domain.plan import Change, ConvertBackup, ImageStep, Plan, Step
from .._domain.verb import Verb
from .job import UNDER_WAY, Job, Lost, NotYet, Refused, State, note_unheard, says_already
from .verify import LONGEST_POLL, Verifier, last_done, timed_out

SENDING_TRIES = 4
"""How often one step is sent when its answer is lost each time, with a look at the state before each."""

FIRST_POLL = 0.2
"""Seconds between the first two looks at running actions: doubled up to `LONGEST_POLL`."""

STALE_AFTER = 30.0
"""Seconds for which a plan made between two steps, or what a guarded step goes by, is good enough to be sent."""

SHORTEST_LOOK = 15.0
"""Seconds for which a step that is never sent again is looked for after a lost answer, whatever the lag tolerance."""

JUST_NOW = timedelta(minutes=5)
"""What has ended since then may not be in the state that was read before."""

JUST_ENDED = timedelta(seconds=10)
"""What has ended since then may be what the API has called pending."""

HIDDEN = "the API says that an action is pending, and the log does not show it yet"


class Applier:
    """Applies one plan of `verb` with `client`; `wait` False skips the last wait and verification."""

    def __init__(self, client: Client, verb: Verb[Any], request: Any, wait: bool) -> None:
        self._client = client
        self._verb = verb
        self._request = request
        self._wait = wait
        self._stopped_by = None
        self._poll_after = FIRST_POLL
        self._verifier = Verifier(client, verb, request)
        self._lag = client.lag_tolerance
        self._alone = True
        self._known: set[int] = set()
        """The ids of the actions that were in the log before anything was sent."""
        self._conversions: list[Action] = []
        """Those that the account's log has shown: which Droplet the image was of, it does not tell."""
        self._owners: dict[int, int] = {}

    def run(self, plan):
        """The Jobs of all changes that have something to send or to wait for, each DONE, FAILED or NOT_TRIED."""
        jobs = [Job(change, list(change.steps)) for change in plan.pending]
        if not jobs:
            return jobs
        selection = getattr(self._request, "selection", None)
        self._alone = len(plan.changes) == 1 and getattr(selection, "ids", None) is not None
        for job in jobs:
            self._await(job, job.change.wait_for)
        try:
            self._adopt_running(jobs)
        except LifeboatError as error:
            return [Job.not_tried(job.change, error) for job in jobs]
        while any(job.state in UNDER_WAY for job in jobs):
            ready = [job for job in jobs if job.state is State.READY]
            self._advance_all(ready, jobs)
            if any(job.state is State.WAITING or (job.state is State.LOOKING and job.looks == 1) for job in ready):
                self._poll_after = FIRST_POLL
            self._watch(jobs)
        self._client.map(self._compensate, [job for job in jobs if job.state is State.FAILED and job.attempted])
        done = [job for job in jobs if job.state is State.DONE]
        if self._wait:
            self._verifier.verify(done)
        else:
            self._verifier.see_begun(done)
        self._client.map(self._look_back, [job for job in jobs if job.state is State.FAILED and job.attempted])
        return jobs

    def _advance_all(self, ready: list[Job], _jobs: list[Job]) -> None:
        """One step forward for each Job that is READY; what several of them need for it is read together."""
        going = [job for job in ready if self._goes_on(job)]
        self._ask([job for job in going if self._has_to_plan(job)], self._plan_one, self._accept_plan)
        planned = _still_ready(going)
        sure = [job for job, may in zip(planned, self._client.map(self._may_send, planned), strict=True) if may]
        self._ask([job for job in sure if _is_on_image(job)], self._image_log, self._accept_image_log)
        self._client.map(self._send_next, _still_ready(sure))

    def _goes_on(self, job: Job) -> bool:
        """False if a Job has come to its end."""
        if not (job.steps or job.plan_again or job.change.doubt):
            job.state = State.DONE
        elif self._stopped_by or self._client.budget.left <= 0:
            self._give_up(job)
        return job.state is State.READY

    def _ask(self, jobs: list[Job], question: Callable[[Job, Facts], Any], accept: Callable[[Job, Any], None]) -> None:
        """Ask `question` of facts for all `jobs` together; `accept` acts for each on its answer or error."""
        found = answers(self._client, [partial(question, job) for job in jobs])
        for job, one in zip(jobs, found, strict=True):
            with self._failing(job):
                accept(job, one)

    @contextmanager
    def _failing(self, job: Job) -> Iterator[None]:
        """Every failure within it ends in its Job."""
        try:
            yield
        except NotYet as reason:
            job.look_again(reason)
        except PendingEventError:
            self._wait_for_others(job)
        except LifeboatError as error:
            self._fail(job, error)
        except Exception as error:  # pylint: disable=broad-except
            # One Droplet's surprise must not hide what was done to the others.
            job.fail(UnexpectedError.of(error))

    def _adopt_running(self, jobs):
        """Wait for what an earlier or a parallel run has begun, instead of sending beside it.

        What ended between the look at the state and this one is in neither: if it would be made twice, look again.
        """
        jobs = [job for job in jobs if job.state is State.READY and job.steps]
        by_description = any(job.change.visible is not None and isinstance(_maker(job), ConvertBackup) for job in jobs)
        ids = [job.change.target.id for job in jobs if job.change.target.id is not None]
        found = actions.recent(self._client, ids, account=by_description) if ids or by_description else []
        self._known = {action.id for action in found}
        if by_description:
            self._conversions = [action for action in found if action.type == ConvertBackup.type]
        by_id = actions.by_droplet(found, ids)
        for job in jobs:
            seen = by_id.get(job.change.target.id, ())
            if not self._adopt_first(job, seen):
                few = len(jobs) == 1 and not self._alone
                job.plan_again = any(self._may_have_missed(job, action, few) for action in seen)

    def _may_have_missed(self, job: Job, action: Action, few: bool) -> bool:
        """True if what was read of the state may be from before the end of an action like the next step.

        With `few`, the one Droplet of several that needs anything is read alone, because a list may lag behind that.
        """
        step = job.steps[0]
        if action.type != step.type or action.in_progress or not (step.observable or step.creates):
            return False
        if step.creates:
            visible = job.change.visible or ()
            return evidence.product_of(action) not in visible and self._ended_within(action, step, JUST_NOW)
        return few and action.completed and self._ended_within(action, step, self._lag)

    def _ended_within(self, action: Action, step: Step, span: timedelta) -> bool:
        return evidence.ended_within(action, span, self._client.now(), getattr(step, "size_gigabytes", None))

    def _await(self, job, awaited):
        """Wait for an Awaited before anything else; False if there is none."""
        if awaited:
            self._adopt(job, awaited.action)
        return bool(awaited)

    def _adopt_first(self, job, seen):
        """Wait for the first action in progress among those `seen`; False if there is none."""
        running = [action for action in seen if action.in_progress]
        job.others.update({action.id: action for action in seen if action.id not in job.actions})
        for action in running[:1]:
            self._adopt(job, action)
        return bool(running)

    def _adopt(self, job, action):
        job.notes.append(f"waited for action {action.id} ({action.type}), which was already running")
        job.plan_again = True
        self._wait_for(job, action, ours=False)
        step = next(iter(job.steps), None)
        if step and step.type == action.type and not step.observable and not step.requires_fresh_state:
            # Nothing but the log shows such an action: this is the one that an earlier run has begun.
            self._sent(job, action)

    def _has_to_plan(self, job: Job) -> bool:
        return job.plan_again or self._left(job) < 0

    def _plan_one(self, job: Job, facts: Facts) -> tuple[Plan[Any], float]:
        plan = self._verb.plan(self._resumed(job), facts, self._client.now())
        return plan, facts.read_at

    def _accept_plan(self, job: Job, found: tuple[Plan[Any], float] | Exception) -> None:
        """Bring the Job up to date. Raises NotYet if it wants again what was just done."""
        planned = self._planned_change(job, found)
        if _is_repeated(job, planned):
            raise NotYet(f"{last_done(job)} has completed, and its effect does not show yet", job.behind)
        job.observed_at = found[1]
        if job.steps[:1] != list(planned.steps[:1]):
            job.tries, job.lost, job.refused, job.looks = 0, None, None, 0
        if job.change.doubt is not None and not job.attempted:
            job.change = planned
        job.moved_on(planned)
        job.planned_at = self._client.budget.spent
        if job.now_about(planned.target):
            self._claim(job)
        self._await(job, planned.wait_for)

    def _may_send(self, job: Job) -> bool:
        """Whether the next step may be sent; if not, the Job is not READY any more, or is to be planned again."""
        with self._failing(job):
            pending = job.hidden_until is not None and job.steps and self._is_pending(job, job.steps[0])
            return not pending and self._is_sure(job)
        return False

    def _image_log(self, job: Job, facts: Facts) -> tuple[Action, ...]:
        return facts.get(needs.ImageLog(job.steps[0].image_id))

    def _send_next(self, job: Job) -> None:
        with self._failing(job):
            if not job.steps:
                job.state = State.DONE
            elif self._stopped_by or self._client.budget.left <= 0:
                # Another job may have met it since this one was planned.
                self._give_up(job)
            elif job.planned_at is not None and self._client.budget.spent - job.planned_at > STALE_AFTER:
                # Sending for thousands takes its time under the rate limit, and a backup may have been made meanwhile.
                job.plan_again = True
            else:
                self._send(job, job.steps[0])

    def _accept_image_log(self, job: Job, log: tuple[Action, ...] | Exception) -> None:
        """Wait for an action on the image of the next step that is running. Raises NotYet if a conversion has ended."""
        step, log = job.steps[0], value_of(log)
        if self._adopt_first(job, log):
            return
        converted = next((action for action in log if action.type == step.type and action.completed), None)
        if converted and isinstance(step, ConvertBackup):
            raise NotYet(f"action {converted.id} (convert) has completed, and its effect does not show yet", converted)

    def _is_pending(self, job: Job, step: Step) -> bool:
        """True if what the API has called pending shows in the log by now, and is running.

        What it makes may be what the step would make: raises NotYet for as long as it may not show.
        """
        if self._adopt_first(job, self._actions_of(job, step)):
            job.hidden_until = None
            return True
        if self._client.budget.spent < job.hidden_until:
            raise NotYet(HIDDEN)
        job.hidden_until = None
        return False

    def _left(self, job):
        """Seconds within which the next step may be sent; below 0 if a guarded one needs another look before."""
        if not (job.steps and job.steps[0].requires_fresh_state):
            return 0.0
        return -1.0 if job.observed_at is None else STALE_AFTER - (self._client.budget.spent - job.observed_at)

    def _claim(self, job):
        """A Droplet was found that a step made whose answer was lost: so its action is one that was sent."""
        ours = {step.type for step in job.change.steps}
        seen = actions.of_droplet_if_there(self._client, job.change.target.id)
        job.actions.update({action.id: action for action in seen if action.type in ours})

    def _is_sure(self, job: Job) -> bool:
        """Raises NotYet if what is missing may have been made already, or may show yet after a lost answer.

        False if what was refused before is to be planned again.
        """
        now, doubt = self._client.now(), job.change.doubt
        if not (doubt and now < doubt.until) and (maker := _maker(job)):
            doubt = evidence.doubt_about(self._unaccounted(job, maker, now), maker, now, self._lag)
        if doubt and now < doubt.until:
            job.change = replace(job.change, doubt=doubt)
            raise NotYet(doubt.why, doubt.action)
        if job.refused and self._client.budget.spent < job.refused.until:
            raise NotYet(job.why)
        if job.refused:
            self._look_into(job, job.refused.error)
            return False
        if job.behind and not job.done and job.steps and self._may_echo(job.behind, job.steps[0]):
            why = f"action {job.behind.id} ({job.behind.type}), which was already running, may not show its effect yet"
            raise NotYet(why, job.behind)
        if job.lost and job.steps and self._client.budget.spent < job.lost.until:
            raise NotYet(f"the answer to {job.lost.step.type} was lost, and nothing shows of it yet")
        job.lost = None
        return True

    def _may_echo(self, waited_for: Action, step: Step) -> bool:
        """True if a step of this type was waited for that ended so lately that the state may not show it yet."""
        same = waited_for.type == step.type and waited_for.completed and step.observable
        return same and waited_for.completed_at is not None and self._ended_within(waited_for, step, self._lag)

    def _unaccounted(self, job: Job, maker: Step, now: datetime) -> list[Action]:
        """Actions that have made just now what does not show, and may be what the job is about to make."""
        if not isinstance(maker, ConvertBackup):
            return evidence.unaccounted(job.change, maker, job.others.values(), now, self._lag)
        found = evidence.unaccounted(job.change, maker, self._conversions, now, self._lag)
        others = [action for action in found if action.id not in job.actions]
        target = job.change.target.id
        # Of a Droplet that is gone only the name may be known: then it may be any.
        return [action for action in others if target is None or self._owner(action.resource_id) in (None, target)]

    def _owner(self, image: int) -> int | None:
        """The id of the Droplet that a snapshot is of; None if the snapshot does not show yet."""
        if image not in self._owners:
            owner = images.owner(self._client, image)
            if owner is None:
                return None
            self._owners[image] = owner
        return self._owners[image]

    def _send(self, job: Job, step: Step) -> None:
        if job.tries and not step.retryable:
            raise OutcomeUnknownError(
                f"The answer to {step.type} for {job.change.target} was lost, and nothing shows of it. It is not sent "
                "again. Look in the control panel, or run the task again after some minutes: it looks first."
            )
        sent_at = self._client.now()
        job.attempted = True
        job.tries += 1
        try:
            action = steps.send(self._client, job.change.target.id, step, self._left(job))
        except OutcomeUnknownError as error:
            if job.tries >= SENDING_TRIES:
                raise
            self._client.sleep(2 ** (job.tries - 1))
            self._look(job, step, sent_at, error)
        except PendingEventError:
            raise
        except ApiError as error:
            self._look_into(job, error)
        else:
            self._sent(job, action)

    def _sent(self, job, action):
        """The next step is on its way, or done with its answer if `action` is None."""
        job.tries, job.lost, job.looks, job.behind = 0, None, 0, action
        job.done.append(job.steps.pop(0))
        job.plan_again = action is None and bool(job.steps)
        if action is None:
            return
        job.actions[action.id] = action
        if action.resource_type == "droplet":
            job.now_about(replace(job.change.target, id=action.resource_id))
        if self._wait or job.steps:
            self._wait_for(job, action, ours=True)
        else:
            job.state = State.DONE

    def _wait_for(self, job: Job, action: Action, ours: bool) -> None:
        job.wait_for(action, ours, self._client.budget.spent)

    def _look(self, job, step, sent_at: datetime, error):
        """After a lost answer: find what the request may have begun and wait for it, or plan again from the state.

        The log may lag as the state does: if neither shows anything, it is not sent again before the absence is old.
        """
        job.outcome_unknown = True
        job.notes.append(f"the answer to {step.type or 'a request'} was lost: {error.message}")
        if step.type:
            patience = self._lag.total_seconds()
            patience = patience if step.retryable else max(patience, SHORTEST_LOOK)
            job.lost = Lost(step, sent_at, self._client.budget.spent + patience)
        try:
            seen = self._actions_of(job, step)
        except LifeboatError as second:
            job.plan_again = True
            raise second.copy(f"{error.message} {second.message}") from second
        if not self._find_lost(job, seen):
            job.plan_again = True
            job.others.update({action.id: action for action in seen})

    def _find_lost(self, job: Job, log: Iterable[Action]) -> bool:
        """Wait for the action that the lost request has begun, if the log has it; False if not."""
        lost = job.lost
        begun = lost and evidence.begun_since(log, lost.step.type, job.known, lost.sent_at)
        if begun:
            self._sent(job, begun[0])
        return bool(begun)

    def _search(self, jobs: list[Job]) -> None:
        """See whether the log shows by now what was begun by the requests whose answers were lost."""
        jobs = [job for job in jobs if job.lost and job.steps[:1] == [job.lost.step]]
        on_images = [job for job in jobs if _is_on_image(job)]
        on_droplets = [job for job in jobs if not _is_on_image(job) and job.change.target.id is not None]
        try:
            recent = actions.recent_on(self._client, [job.change.target.id for job in on_droplets])
            for job in on_droplets:
                self._find_lost(job, recent.get(job.change.target.id, ()))
            for job in on_images:
                self._find_lost(job, self._actions_of(job, job.lost.step))
        except LifeboatError:
            # The state is read next, and tells what is wrong.
            return

    def _actions_of(self, job, step):
        return steps.history(self._client, job.change.target.id, step)

    def _wait_for_others(self, job):
        """The API refused because of a pending event: wait for it if it shows, else a moment, then plan again.

        Before something is made, for as long as it may not show, unless it has just ended.
        """
        step, job.tries = job.steps[0], 0
        job.refusals += 1
        job.plan_again = True
        try:
            log = self._actions_of(job, step)
            if self._adopt_first(job, log):
                return
            if step.creates and self._lag and not any(self._ended_within(action, step, JUST_ENDED) for action in log):
                job.hidden_until = self._client.budget.spent + self._lag.total_seconds()
                job.look_again(NotYet(HIDDEN))
            else:
                pause = min(LONGEST_POLL, 2 ** (job.refusals - 1))
                self._client.sleep(max(0, min(pause, self._client.budget.left)))
        except LifeboatError as error:
            self._fail(job, error)

    def _look_into(self, job: Job, refusal: ApiError) -> None:
        """Plan again if the refused step is not needed any more or goes another way; else raises the refusal.

        Only of what was sent: if a read is refused, planning again would meet the same, and find no end.
        """
        if refusal.fatal or not (self._needless(job, refusal) or self._otherwise(job, refusal)):
            raise refusal

    def _needless(self, job, error):
        """True if what the API refuses is not wanted any more, because somebody else has done it meanwhile."""
        if not job.steps:
            return False
        try:
            planned = self._planned_again(job)
        except NotYet as reason:
            job.look_again(reason)
            return True
        except LifeboatError:
            return False
        if planned.steps[:1] == tuple(job.steps[:1]):
            return self._may_be_done(job, error)
        job.tries, job.plan_again = 0, True
        job.notes.append("the API refused a request, and the state shows that it was not needed any more")
        return True

    def _may_be_done(self, job: Job, error: ApiError) -> bool:
        """Whether to look on, and to send nothing, because the API says that it is so already, which may show late."""
        if not (says_already(error) or isinstance(job.steps[0], ConvertBackup)):
            return False
        job.refused = job.refused or Refused(error, self._client.budget.spent + self._lag.total_seconds())
        if self._client.budget.spent >= job.refused.until:
            return False
        job.look_again(NotYet("the API says that it is so already, which does not show yet"))
        return True

    def _otherwise(self, job: Job, error: ApiError) -> bool:
        """Whether the verb knows another way to what the API has refused; then it is planned again."""
        if not job.steps:
            return False
        request = self._verb.alternative(job.change, job.steps[0], error)
        if request is None:
            return False
        job.notes.append(f"{error.message.rstrip('.')}, so another way is taken")
        job.change, job.tries, job.plan_again = replace(job.change, request=request), 0, True
        return True

    def _planned_again(self, job: Job) -> Change[Any]:
        """The Change for this one target as it is now."""
        (found,) = answers(self._client, [partial(self._plan_one, job)])
        return self._planned_change(job, found)

    def _planned_change(self, job: Job, found: tuple[Plan[Any], float] | Exception) -> Change[Any]:
        """The Change of a plan for one target; raises NotYet if what was made may not show yet."""
        if isinstance(found, SelectionError):
            made = job.done and job.done[-1].creates
            if self._is_young(job) or (made and self._is_there(job.change.target)):
                why = f"{last_done(job)} has completed, and what it made does not show yet"
                raise NotYet(why, job.behind) from found
        changes = value_of(found)[0].changes
        if not changes and self._is_young(job):
            raise NotYet(f"{last_done(job)} has completed, and the Droplet does not show yet", job.behind)
        if not changes:
            raise NotFoundError(f"Droplet {job.change.target} was deleted meanwhile.")
        return changes[0]

    def _resumed(self, job: Job) -> Any:
        """The request for this one target, with what was decided for it and what this run has done."""
        return self._verb.resume(job.change, job.done, tuple(job.actions.values()))

    def _is_there(self, target: Droplet) -> bool:
        """False only for a Droplet that is gone."""
        return target.id is None or droplets.get_if_there(self._client, target.id) is not None

    def _is_young(self, job: Job) -> bool:
        """True if what the job has begun may not be there yet for others to see."""
        return bool(job.actions) and self._client.budget.spent - job.begun_at < self._lag.total_seconds()

    def _fail(self, job, error):
        needed = scopes.of_steps(job.change.steps) if isinstance(error, ScopeError) else ()
        if len(needed) > 1:
            # One that is missing is seldom alone, and each would cost another run.
            error = error.copy(f"{error.message} Altogether this task needs {', '.join(needed)}, and scopes to read.")
        if error.fatal:
            self._stopped_by = error
        job.fail(error)

    def _give_up(self, job):
        """The end for a Droplet whose next step cannot be sent any more."""
        job.fail(self._stopped_by.copy() if self._stopped_by else timed_out(self._client, job))
        if not job.attempted:
            job.state = State.NOT_TRIED

    def _compensate(self, job: Job) -> None:
        """A side effect of what has failed is undone, as far as it can be: once, and without a wait.

        Not after a time-out, from which a rerun goes on, nor if a request may yet be carried out.
        """
        if isinstance(job.error, OutcomeUnknownError | WaitTimeoutError):
            return
        verb, client, request = self._verb, self._client, self._resumed(job)
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
        verb, client, request, change = self._verb, self._client, self._resumed(job), job.latest or job.change

        def look(facts: Facts | None) -> Any:
            return verb.left_behind(request, change, facts, client.now())

        try:
            job.told, sentences = answer(client, look) if client.budget.left > 0 else look(None)
        except LifeboatError:
            job.told, sentences = look(None)
        if sentences:
            first = job.error
            job.error = first.copy(" ".join([first.message, *sentences])).with_context(first.droplet, first.action)
            job.error.__cause__ = first.__cause__

    def _watch(self, jobs):
        """After a pause, see how far the Jobs that wait have come."""
        watched = [job for job in jobs if job.state in (State.WAITING, State.LOOKING)]
        if not watched:
            return
        left = self._client.budget.left
        if left <= 0:
            for job in watched:
                job.fail(timed_out(self._client, job))
            return
        self._client.sleep(min(self._poll_after, left))
        self._poll_after = min(LONGEST_POLL, self._poll_after * 2)
        looking = [job for job in watched if job.state is State.LOOKING]
        self._poll([job for job in watched if job.state is State.WAITING])
        self._resume(looking)

    def _resume(self, looking: list[Job]) -> None:
        """Let those go on that wait for something to show: they look for it by planning again."""
        self._search(looking)
        for job in looking:
            if job.state is not State.LOOKING:
                continue
            job.state = State.READY
            if job.out_of_sight and self._is_young(job):
                job.state, job.running, job.out_of_sight = State.WAITING, job.out_of_sight, None

    def _poll(self, waiting):
        """Ask after all running actions at once."""
        if not waiting:
            return
        try:
            refreshed = actions.refresh(self._client, [job.running for job in waiting])
        except (InvalidAnswerError, UnreachableError) as error:
            # The actions run on without us: ask again until the time is over.
            note_unheard(waiting, error)
            return
        except LifeboatError as error:
            for job in waiting:
                self._fail(job, error.copy())
            return
        for job, action in zip(waiting, refreshed, strict=True):
            job.unheard = None
            if action and action.completed and action.completed_at is None:
                # The API may not tell when an action has ended: it has by now.
                action = replace(action, completed_at=self._client.now())
            if action:
                (job.actions if action.id in job.actions else job.others)[action.id] = action
            self._heard(job, action)

    def _heard(self, job, action):
        """What the news about the action it waits for mean to a Job."""
        # Converting may give an image a new id, and the action goes with the old one: what became of it is seen later.
        converted = action is None and job.running.resource_type == "image"
        if action is None and self._may_show_yet(job, converted):
            return
        if action is None and not converted:
            job.fail(NotFoundError(f"Droplet {job.change.target} was deleted meanwhile.", status=404))
        elif not converted and not action.ended:
            job.running = action
        elif not converted and action.errored and job.own_action:
            job.fail(
                ActionFailedError(
                    f"Action {action.id} ({action.type}) on Droplet {job.change.target} ended as errored; "
                    "DigitalOcean does not say why. Look at the Droplet in the control panel, then run the task again."
                )
            )
        else:
            job.out_of_sight = job.running if converted else None
            job.behind = action or job.running
            job.state, job.running = State.READY, None
            job.plan_again |= bool(job.steps)

    def _may_show_yet(self, job: Job, converted: bool) -> bool:
        """True if an action that is not found has begun so lately that it may not show yet.

        A conversion may have given the image another id, which shows at once.
        """
        if converted and job.running.type == ConvertBackup.type:
            return False
        return self._client.budget.spent - job.begun_at < self._lag.total_seconds()


def _still_ready(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.state is State.READY]


def _is_repeated(job: Job, planned: Change[Any]) -> bool:
    """True if the plan wants again what this run has just done, or has made: its effect does not show yet."""
    first = planned.steps[:1]
    return bool(job.done) and (first == (job.done[-1],) or any(step.creates and step in job.done for step in first))


def _is_on_image(job: Job) -> bool:
    """True if the next step is an action on an image."""
    return bool(job.steps) and isinstance(job.steps[0], ImageStep)


def _maker(job: Job) -> Step | None:
    """The first step left that would make a thing twice if it were carried out twice."""
    return next((step for step in job.steps if step.creates), None)
