# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of Droplets that are gone: which they are, and what their names tell.

A backup outlives its Droplet for some weeks. Its image has no Droplet id; a Droplet that exists lists its own in
`backup_ids`, so what nobody lists is orphaned. Only its name, which begins with the Droplet's, says whose it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from .models import Droplet, RestorePoint
from .retention import newest_first
from .time import iso

LONGEST_KEPT = timedelta(days=28)
"""The retention of the weekly plan, the longest of the plans that are a share of the Droplet's price."""

MAKING, MAKING_A_GIB = timedelta(hours=1), timedelta(minutes=3)
"""At most so long takes a backup, the longer of both. It bears the time of its beginning and shows at its end."""

_NONE, _A_DAY = timedelta(), timedelta(days=1)
_NAME = re.compile(r"(?P<droplet>.*?[^ -])(?: -|-)? +(?P<date>\d{4}-\d\d-\d\d)", re.DOTALL)


def droplet_name(point: RestorePoint) -> str | None:
    """The name of the Droplet that a backup was made of, as the API put it into the backup's name, else None.

    `NAME - DATE`, `NAME- DATE` and `NAME DATE` have been seen. Only the last date counts, which must be that of the
    image: a Droplet may itself be called like a backup.
    """
    found = _NAME.fullmatch(point.name)
    if found is None or point.created_at is None:
        return None
    try:
        day = date.fromisoformat(found["date"])
    except ValueError:
        return None
    # A day more or less, because nothing says in which zone the name was given.
    return found["droplet"] if abs(day - point.created_at.date()) <= _A_DAY else None


def orphaned(
    images: Iterable[RestorePoint], droplets: Sequence[Droplet], since: datetime, tolerance: timedelta
) -> list[RestorePoint] | None:
    """The backups among all `images` of the account that none of all its `droplets` owns, newest first.

    None if that cannot be told, because a Droplet's backups are hidden from the token. `since` is when the first of
    the lists was read: what is younger than that by less than `tolerance`, or may have been in the making then, may be
    missing in `backup_ids` and is no orphan yet.
    """
    if any(droplet.backup_ids is None for droplet in droplets):
        return None
    owned = {key for droplet in droplets for key in droplet.backup_ids or ()}
    names = {droplet.name for droplet in droplets}

    def is_old(point: RestorePoint) -> bool:
        if point.created_at is None:
            return False
        making = max(MAKING, MAKING_A_GIB * (point.size_gigabytes or 0)) if droplet_name(point) in names else _NONE
        return point.created_at + making + tolerance <= since

    return newest_first(
        point for point in images if point.type == "backup" and point.id not in owned and is_old(point)
    )


def expires_by(point: RestorePoint, now: datetime) -> datetime | None:
    """When the retention of the weekly plan, the longest of the basic plans, is over; None if it is over already."""
    latest = point.created_at and point.created_at + LONGEST_KEPT
    return latest if latest and latest > now else None


def report(points: Iterable[RestorePoint], now: datetime) -> list[dict[str, Any]]:
    """A record of each orphaned backup, in the order given."""
    return [
        {
            "id": point.id,
            "name": point.name,
            "droplet_name": droplet_name(point),
            "created_at": iso(point.created_at),
            "age_hours": point.age_hours(now),
            "expires_by": iso(expires_by(point, now)),
            "size_gigabytes": point.size_gigabytes,
            "min_disk_size": point.min_disk_size,
            "regions": list(point.regions),
        }
        for point in points
    ]
