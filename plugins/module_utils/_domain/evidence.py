# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log of actions says about things that the lists do not show yet: pure.

The API lags behind itself. An action that has ended proves its effect, and something that is missing, but may have been
made within the lag tolerance, is waited for and not made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime, timedelta
from typing import Any

from .models import Action
from .plan import SECONDS_PER_GIB, Change, Doubt, Step

CLOCK_TOLERANCE = timedelta(seconds=2)
"""By so much the clock that dates actions may be behind the one that dates answers."""


def ended_at(action: Action, gigabytes: float | None = None) -> datetime | None:
    """When an action ended at the latest; None if nothing tells.

    `completed_at` has been seen null on completed actions: then the size of what it worked on (GiB) says how long it
    can have taken.
    """
    if action.completed_at or action.started_at is None:
        return action.completed_at
    return action.started_at + timedelta(seconds=SECONDS_PER_GIB * (gigabytes or 0))


def ended_within(action: Action, span: timedelta, now: datetime, gigabytes: float | None = None) -> bool:
    """True if an action has ended in the last `span`, or if nothing tells when."""
    ended = ended_at(action, gigabytes)
    return ended is None or ended >= now - span


def begun_since(log: Iterable[Action], kind: str, known: Set[int], sent_at: datetime) -> list[Action]:
    """The actions of a type that can be the answer to a request sent at `sent_at`, the newest first.

    What was in the log before the request was sent, by the ids `known`, never is.
    """
    found = [
        action
        for action in log
        if action.type == kind and action.id not in known and not action.began_before(sent_at - CLOCK_TOLERANCE)
    ]
    return sorted(found, key=lambda action: action.id, reverse=True)


def unaccounted(change: Change[Any], step: Step, log: Iterable[Action], now: datetime, span: timedelta) -> list[Action]:
    """The completed actions like `step` that have ended in the last `span` and whose product `change` does not show."""
    if change.visible is None:
        return []
    size = getattr(step, "size_gigabytes", None)
    return [
        action
        for action in log
        if action.type == step.type
        and action.completed
        and product_of(action) not in change.visible
        and ended_within(action, span, now, size)
    ]


def product_of(action: Action) -> datetime | int | None:
    """By what a list shows the product of an action: an image by its id, and a snapshot by the time it bears."""
    return action.resource_id if action.type == "convert" else action.started_at


def doubt_about(actions: Iterable[Action], step: Step, now: datetime, tolerance: timedelta) -> Doubt | None:
    """The Doubt that unaccounted `actions` raise about sending `step`; None if there are none."""
    size = getattr(step, "size_gigabytes", None)
    latest = max(actions, key=lambda action: (ended_at(action, size) or now, action.id), default=None)
    if latest is None:
        return None
    until = min(ended_at(latest, size) or now, now) + tolerance
    return Doubt(until, f"action {latest.id} ({latest.type}) has completed, and what it made does not show yet", latest)
