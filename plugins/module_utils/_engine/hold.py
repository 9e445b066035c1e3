# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the next step of a Job is not sent yet, although a plan wants it: pure.

The API lags behind itself. What the answer to a write and its action by id say is true, whatever a list says; and what
must not happen twice is not sent before an absence is older than the lag tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .._domain import evidence
from .._domain.models import Action
from .._domain.plan import Change, ConvertBackup, Step
from .job import Job, NotYet

JUST_NOW = timedelta(minutes=5)
"""What has ended since then may not be in the state that was read before."""

JUST_ENDED = timedelta(seconds=10)
"""What has ended since then may be what the API has called pending."""


@dataclass
class Conversions:
    """Conversions that the account's log has shown, which does not tell of which Droplet the image was.

    `owners` are the ids of Droplets by those of snapshots, as far as they are known.
    """

    log: list[Action] = field(default_factory=list)
    owners: dict[int, int] = field(default_factory=dict)

    def unaccounted(self, job: Job, step: Step, now: datetime, lag: timedelta) -> list[Action]:
        """Those that may have made what `step` would make, and that `job` has not begun."""
        found = evidence.unaccounted(job.change, step, self.log, now, lag)
        return [action for action in found if action.id not in job.actions]

    def of(self, target: int | None, actions: Iterable[Action]) -> list[Action]:
        """Those of `actions` that may be about the Droplet `target`; of one that is gone only the name may be known."""
        known = [(action, self._owner(action)) for action in actions]
        return [action for action, owner in known if target is None or owner in (None, target)]

    def unknown(self, actions: Iterable[Action]) -> list[int]:
        """The ids of images whose owner is not known yet."""
        return [it.resource_id for it in actions if it.resource_id is not None and self._owner(it) is None]

    def _owner(self, action: Action) -> int | None:
        return None if action.resource_id is None else self.owners.get(action.resource_id)


def doubt(job: Job, conversions: Conversions, now: datetime, lag: timedelta) -> NotYet | None:
    """Why what the next steps would make may be there already; it is put down in the Change."""
    found, maker = job.change.doubt, job.maker
    if maker and not (found and now < found.until):
        found = evidence.doubt_about(_unaccounted(job, maker, conversions, now, lag), maker, now, lag)
    if found is None or now >= found.until:
        return None
    job.change = replace(job.change, doubt=found)
    return NotYet(found.why, found.action)


def echo(job: Job, now: datetime, lag: timedelta) -> NotYet | None:
    """Why the next step may not be needed: one of its type was waited for, and may not show its effect yet."""
    other, step = job.behind, job.next_step
    if other is None or step is None or job.done:
        return None
    same = other.type == step.type and other.completed and step.observable
    if not (same and other.completed_at is not None and ended_within(other, step, lag, now)):
        return None
    return NotYet(f"action {other.id} ({other.type}), which was already running, may not show its effect yet", other)


def was_read_too_early(
    change: Change[Any], step: Step, action: Action, few: bool, now: datetime, lag: timedelta
) -> bool:
    """True if what was read of the state may be from before the end of an action like the next `step`.

    With `few`, the one Droplet of several that needs anything is read alone, because a list may lag behind that.
    """
    if action.type != step.type or action.in_progress or not (step.observable or step.creates):
        return False
    if step.creates:
        return evidence.product_of(action) not in (change.visible or ()) and ended_within(action, step, JUST_NOW, now)
    return few and action.completed and ended_within(action, step, lag, now)


def ended_within(action: Action, step: Step, span: timedelta, now: datetime) -> bool:
    """True if an action like `step` has ended in the last `span`, or if nothing tells when."""
    return evidence.ended_within(action, span, now, getattr(step, "size_gigabytes", None))


def _unaccounted(job: Job, maker: Step, conversions: Conversions, now: datetime, lag: timedelta) -> list[Action]:
    """Actions that have made just now what does not show, and may be what the job is about to make."""
    if not isinstance(maker, ConvertBackup):
        return evidence.unaccounted(job.change, maker, job.others.values(), now, lag)
    return conversions.of(job.change.target.id, conversions.unaccounted(job, maker, now, lag))
