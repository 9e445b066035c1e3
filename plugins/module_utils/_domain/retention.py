# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which restore points a change would put at risk, and which of them are already safe."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from .models import RestorePoint

_UNDATED = datetime.min.replace(tzinfo=UTC)


def newest_first(points: Iterable[RestorePoint]) -> list[RestorePoint]:
    """Restore points by age, the newest first; the API promises no order."""
    return sorted(points, key=lambda point: (_age_key(point), point.id), reverse=True)


def _age_key(point: RestorePoint) -> datetime:
    return point.created_at or _UNDATED


def at_risk_by_retention(
    backups: Iterable[RestorePoint], retention_days: int | None, now: datetime
) -> list[RestorePoint]:
    """The backups that a retention of `retention_days` would not have kept; all of them if it is not known."""
    if retention_days is None:
        return newest_first(backups)
    return newest_first(backup for backup in backups if backup.older_than(retention_days, now))


def made_from_a_backup(snapshot: RestorePoint, droplet_name: str) -> bool:
    """True if a snapshot bears the name the API gives to backups, which converting leaves as it is.

    The space in it sets it apart from what people like to call their own snapshots.
    """
    made = snapshot.created_at
    if made is None:
        return False
    return re.fullmatch(f"{re.escape(droplet_name)}(?: -|-)? +{made:%Y-%m-%d}", snapshot.name) is not None


def to_convert(at_risk: Iterable[RestorePoint], converted: Iterable[RestorePoint], how: str) -> list[RestorePoint]:
    """The backups still to be converted so that `convert_newest` or `convert_all` of those `at_risk` holds.

    `converted` are the snapshots that were backups of this Droplet: if one of them is as new as the newest backup
    at risk, `convert_newest` has been done by an earlier run, and nothing more is converted.
    """
    if how == "convert_all":
        return newest_first(at_risk)
    newest = newest_first(at_risk)[:1]
    return [] if newest and any(_age_key(snapshot) >= _age_key(newest[0]) for snapshot in converted) else newest
