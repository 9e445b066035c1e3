# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup or snapshot is meant: by its id, or the newest of all, of a name, or up to a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import InputError, RefusedError, SelectionError
from .journal import safety_of
from .models import Droplet, RestorePoint
from .names import checked_id
from .retention import newest_first
from .time import given_time, iso

MOST_LISTED = 20
"""Restore points that a sentence lists."""


@dataclass(frozen=True, slots=True)
class RestorePointSelector:
    """The restore point that a task asks for; exactly one of the first five is set."""

    backup_id: int | None = None
    snapshot_id: int | None = None
    newest: bool = False
    before: datetime | None = None
    snapshot_name: str | None = None
    max_age_hours: float | None = None

    @classmethod
    def from_options(cls, params: Mapping[str, Any]) -> RestorePointSelector:
        """From a task's options of the same names; raises InputError."""
        before = given_time("before", params["before"])
        for name in ("backup_id", "snapshot_id"):
            checked_id(name, params[name], "an image")
        if params["max_age_hours"] is not None and params["max_age_hours"] <= 0:
            raise InputError(f"max_age_hours {params['max_age_hours']} must be above 0.")
        if params["snapshot_name"] is not None and not params["snapshot_name"].strip():
            raise InputError("snapshot_name is empty: leave it out, or say what is meant.")
        plain = {name: params[name] for name in ("backup_id", "snapshot_id", "snapshot_name", "max_age_hours")}
        return cls(newest=bool(params["newest"]), before=before, **plain)

    @property
    def id(self) -> int | None:
        """The id of the image that is named, None if it is described."""
        return self.snapshot_id if self.backup_id is None else self.backup_id

    def describes(self, point: RestorePoint) -> bool:
        """Whether `point` may be what is meant by `newest`, `before` or `snapshot_name`, its age aside.

        A safety snapshot holds what was to be got rid of: it is chosen by its id only. What has no date is never the
        newest.
        """
        if point.created_at is None or safety_of(point) is not None:
            return False
        if self.snapshot_name is not None:
            return point.type == "snapshot" and point.name == self.snapshot_name
        return self.before is None or point.created_at <= self.before

    def __str__(self) -> str:
        if self.backup_id is not None:
            return f"backup {self.backup_id}"
        if self.snapshot_id is not None:
            return f"snapshot {self.snapshot_id}"
        if self.snapshot_name is not None:
            return f"the newest snapshot named {self.snapshot_name!r}"
        return "the newest restore point" + (f" of {iso(self.before)} or before" if self.before else "")


def resolve(
    wanted: RestorePointSelector, points: Sequence[RestorePoint], droplet: Droplet, now: datetime
) -> RestorePoint:
    """The one among `points`, all of them the Droplet's own, that `wanted` means.

    Raises SelectionError if there is none, RefusedError if it is older than `max_age_hours`.
    """
    found = _by_id(wanted, points, droplet) if wanted.id is not None else _described(wanted, points, droplet)
    if told := too_old(wanted, found, now):
        raise RefusedError(
            f"{wanted} of Droplet {droplet} is {found}, {told}. Raise it, or name the restore point by its id. "
            f"{own_points(points)}",
            droplet=droplet.id,
        )
    return found


def too_old(wanted: RestorePointSelector, point: RestorePoint, now: datetime) -> str | None:
    """If `point` is older than `max_age_hours`, that in words: "80.5 hours old, and max_age_hours allows 24"."""
    age = point.age_hours(now)
    if wanted.max_age_hours is None or (age is not None and age <= wanted.max_age_hours):
        return None
    told = "of unknown age" if age is None else f"{age} hours old"
    return f"{told}, and max_age_hours allows {wanted.max_age_hours:g}"


def _by_id(wanted: RestorePointSelector, points: Sequence[RestorePoint], droplet: Droplet) -> RestorePoint:
    kind = "backup" if wanted.backup_id is not None else "snapshot"
    found = next((point for point in points if point.id == wanted.id), None)
    if found is None:
        raise SelectionError(
            f"Image {wanted.id} is no restore point of Droplet {droplet}. {own_points(points)} Only a Droplet's own "
            "backups and snapshots can go onto its disk; a new Droplet can be made from any with droplet_from_backup.",
            droplet=droplet.id,
        )
    if found.type != kind:
        raise SelectionError(
            f"Image {wanted.id} of Droplet {droplet} is a {found.type}: name it with {found.type}_id.",
            droplet=droplet.id,
        )
    return found


def _described(wanted: RestorePointSelector, points: Sequence[RestorePoint], droplet: Droplet) -> RestorePoint:
    if fit := newest_first(point for point in points if wanted.describes(point)):
        return fit[0]
    raise SelectionError(
        f"Droplet {droplet} has no such restore point as {wanted}. {own_points(points)}", droplet=droplet.id
    )


def own_points(points: Sequence[RestorePoint]) -> str:
    """A sentence with the Droplet's own restore points, the newest first, for one who has to choose among them."""
    if not points:
        return "It has none."
    ordered = newest_first(points)
    shown = "; ".join(_listed(point) for point in ordered[:MOST_LISTED])
    more = f"; and {len(ordered) - MOST_LISTED} older ones" if len(ordered) > MOST_LISTED else ""
    return f"Its own are: {shown}{more}."


def _listed(point: RestorePoint) -> str:
    made = iso(point.created_at) if point.created_at else "an unknown time"
    return f"{point} of {made}" + (", a safety snapshot, by its id only" if safety_of(point) else "")
