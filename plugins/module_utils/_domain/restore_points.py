# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup or snapshot is meant: by its id, the newest, or the newest that is not younger than a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .errors import InputError, RefusedError, SelectionError
from .models import given_time, iso
from .names import checked_id
from .retention import newest_first


@dataclass(frozen=True, slots=True)
class Wanted:
    """The restore point that a task asks for; exactly one of the first four is set. `max_age_hours` in hours."""

    backup_id: int | None = None
    snapshot_id: int | None = None
    newest: bool = False
    before: datetime | None = None
    max_age_hours: float | None = None

    @classmethod
    def from_options(cls, params):
        """From a task's options of the same names; raises InputError."""
        before = given_time("before", params["before"])
        for name in ("backup_id", "snapshot_id"):
            checked_id(name, params[name], "an image")
        if params["max_age_hours"] is not None and params["max_age_hours"] <= 0:
            raise InputError(f"max_age_hours {params['max_age_hours']} must be above 0.")
        plain = {name: params[name] for name in ("backup_id", "snapshot_id", "max_age_hours")}
        return cls(newest=bool(params["newest"]), before=before, **plain)

    @property
    def id(self):
        """The id of the image that is named, None where it is described."""
        return self.snapshot_id if self.backup_id is None else self.backup_id

    def __str__(self):
        if self.backup_id is not None:
            return f"backup {self.backup_id}"
        if self.snapshot_id is not None:
            return f"snapshot {self.snapshot_id}"
        return "the newest restore point" + (f" of {iso(self.before)} or before" if self.before else "")


def resolve(wanted, points, droplet, now):
    """The RestorePoint among `points`, all of them the Droplet's own, that `wanted` means.

    Raises SelectionError where there is none, RefusedError where it is older than `max_age_hours`.
    """
    found = _by_id(wanted, points, droplet) if wanted.id is not None else _described(wanted, points, droplet)
    if told := too_old(wanted, found, now):
        raise RefusedError(
            f"{wanted} of Droplet {droplet} is {found}, {told}. Raise it, or name the restore point by its id.",
            droplet=droplet.id,
        )
    return found


def too_old(wanted, point, now):
    """Where `point` is older than `max_age_hours`, that in words: "80.5 hours old, and max_age_hours allows 24"."""
    age = point.age_hours(now)
    if wanted.max_age_hours is None or (age is not None and age <= wanted.max_age_hours):
        return None
    told = "of unknown age" if age is None else f"{age} hours old"
    return f"{told}, and max_age_hours allows {wanted.max_age_hours:g}"


def _by_id(wanted, points, droplet):
    kind = "backup" if wanted.backup_id is not None else "snapshot"
    found = next((point for point in points if point.id == wanted.id), None)
    if found is None:
        own = ", ".join(str(point.id) for point in newest_first(points)) or "none"
        raise SelectionError(
            f"Image {wanted.id} is no restore point of Droplet {droplet}, whose own are: {own}. Only a Droplet's own "
            "backups and snapshots can go onto its disk; a new Droplet can be made from any with droplet_from_backup.",
            droplet=droplet.id,
        )
    if found.type != kind:
        raise SelectionError(
            f"Image {wanted.id} of Droplet {droplet} is a {found.type}: name it with {found.type}_id.",
            droplet=droplet.id,
        )
    return found


def _described(wanted, points, droplet):
    dated = [point for point in newest_first(points) if point.created_at]
    fit = [point for point in dated if wanted.before is None or point.created_at <= wanted.before]
    if fit:
        return fit[0]
    oldest = f"the oldest is of {iso(dated[-1].created_at)}" if dated else "it has none"
    raise SelectionError(f"Droplet {droplet} has no such restore point as {wanted}: {oldest}.", droplet=droplet.id)
