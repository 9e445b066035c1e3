# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a Droplet's newest backup as new as its policy promises?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from .models import Action, BackupPolicy, BackupState, Droplet, RestorePoint
from .retention import newest_first
from .windows import WEEKDAYS, interval

PROTECTED = "protected"
PENDING = "pending"
OVERDUE = "overdue"
UNPROTECTED = "unprotected"
UNKNOWN_PLAN = "unknown_plan"
STATUSES = (PROTECTED, PENDING, OVERDUE, UNPROTECTED, UNKNOWN_PLAN)

LONGEST_INTERVAL = timedelta(days=8)
"""No plan that is known makes a backup less often, so that under any other one a Droplet without one is overdue too."""

WINDOW_HOURS = 4
"""The length of a window if the API shows none."""

SETTING_ACTIONS = ("enable_backups", "change_backup_policy")


def preliminary_status(state: BackupState, backups: Iterable[RestorePoint], grace: timedelta, now: datetime) -> str:
    """The status as far as policy and backups tell: one of STATUSES, of which PENDING means that it takes a closer
    look.
    """
    if not state.enabled:
        return UNPROTECTED
    every = _interval(state.policy)
    allowed = LONGEST_INTERVAL if every is None else every + _length(state.policy) + grace
    newest = next(iter(newest_first(backups)), None)
    if newest and newest.created_at and now - newest.created_at <= allowed:
        return UNKNOWN_PLAN if every is None else PROTECTED
    return PENDING


def policy_changed_at(droplet: Droplet, actions: Iterable[Action]) -> datetime | None:
    """When the policy in force was set: by the last enable or change that completed among `actions`, else when the
    Droplet was created; None if that is not known."""
    times = [
        action.completed_at or action.started_at
        for action in actions
        if action.completed and action.type in SETTING_ACTIONS
    ]
    return max((moment for moment in times if moment), default=droplet.created_at)


def pending_or_overdue(policy: BackupPolicy | None, since: datetime | None, grace: timedelta, now: datetime) -> str:
    """PENDING until the first window since the policy was set (None: long ago) is over, OVERDUE from then on.

    Nobody knows the windows of an unknown plan, so that it is UNKNOWN_PLAN for as long as it may not have had one.
    """
    if since is None:
        return OVERDUE
    opens = first_window_after(policy, since) if policy else None
    if opens is None:
        return UNKNOWN_PLAN if now <= since + LONGEST_INTERVAL else OVERDUE
    return PENDING if now <= opens + _length(policy) + grace else OVERDUE


def final_status(
    first: str, policy: BackupPolicy | None, told: bool, since: datetime | None, grace: timedelta, now: datetime
) -> str | None:
    """A status at first sight, and if that is PENDING a closer one; None if the backups were not `told`."""
    if first != PENDING:
        return first
    return pending_or_overdue(policy, since, grace, now) if told else None


def first_window_after(policy: BackupPolicy, moment: datetime) -> datetime | None:
    """The start (UTC) of the first window that opens after `moment`; None if nobody knows how often one opens."""
    every = interval(policy.plan)
    if every is None:
        return None
    start = datetime(moment.year, moment.month, moment.day, policy.hour or 0, tzinfo=UTC)
    if policy.weekday in WEEKDAYS:
        start += timedelta(days=(WEEKDAYS.index(policy.weekday) - start.weekday()) % 7)
    while start - every > moment:
        start -= every
    while start <= moment:
        start += every
    return start


def _interval(policy: BackupPolicy | None) -> timedelta | None:
    """From one backup to the next, None if nobody knows; `policy` is None if the API does not show it."""
    return interval(policy.plan) if policy else None


def _length(policy: BackupPolicy | None) -> timedelta:
    return timedelta(hours=(policy.window_length_hours if policy else None) or WINDOW_HOURS)
