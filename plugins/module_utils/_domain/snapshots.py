# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task tells about snapshots, and what it wants of their tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import tags as tagging
from .cost import monthly_snapshot_cost
from .errors import InputError
from .models import Droplet, RestorePoint
from .names import LONGEST, is_tag
from .plan import Doubt
from .time import iso

TYPES = ("backup", "snapshot")

SCRATCH_DISK = "backups and snapshots of a GPU Droplet hold its boot disk only, and nothing of its scratch disk"


@dataclass(frozen=True, slots=True)
class DropletImages:
    """A Droplet with the restore points that are known to be its own.

    One that is gone has no name, or is said to be `deleted`, and no id if nothing tells it; `backups` is then what is
    known.
    """

    droplet: Droplet
    backups: tuple[RestorePoint, ...] = ()
    snapshots: tuple[RestorePoint, ...] = ()
    deleted: bool = False

    def __post_init__(self) -> None:
        """A backup that is listed as a snapshot, too, has been converted: the list of backups is late."""
        ids = {point.id for point in self.snapshots}
        times = {point.created_at for point in self.snapshots} - {None}
        left = tuple(point for point in self.backups if point.id not in ids and point.created_at not in times)
        object.__setattr__(self, "backups", left)

    @classmethod
    def holding(cls, droplet: Droplet, points: Sequence[RestorePoint], deleted: bool = False) -> DropletImages:
        """With `points` of any type."""
        backups, snapshots = (tuple(point for point in points if point.type == kind) for kind in TYPES)
        return cls(droplet, backups, snapshots, deleted)

    @property
    def gone(self) -> bool:
        return self.deleted or not self.droplet.name

    @property
    def unlisted(self) -> tuple[int, ...]:
        """The ids of snapshots that the Droplet itself tells and the list of them does not show, ascending."""
        return unlisted(self.droplet, self.snapshots)


def unlisted(droplet: Droplet, points: Iterable[RestorePoint]) -> tuple[int, ...]:
    """The ids of snapshots that `droplet` itself tells and that are not among `points`, ascending."""
    return tuple(sorted({*(droplet.snapshot_ids or ())}.difference(point.id for point in points)))


def unlisted_doubt(ids: Sequence[int], until: datetime) -> Doubt:
    """Why no snapshot is made until then while those of `ids`, which the Droplet has, are not listed."""
    return Doubt(until, f"the Droplet has a snapshot {ids[-1]}, and the list of snapshots lacks it yet")


def by_droplet(snapshots: Iterable[RestorePoint]) -> dict[int | None, tuple[RestorePoint, ...]]:
    """The snapshots of each Droplet, by its ascending id; None, last, for those that tell none."""
    own: dict[int | None, tuple[RestorePoint, ...]] = {}
    for snapshot in sorted(snapshots, key=lambda point: (point.droplet_id is None, point.droplet_id or 0)):
        own[snapshot.droplet_id] = (*own.get(snapshot.droplet_id, ()), snapshot)
    return own


def record(point: RestorePoint, made: bool = True) -> dict[str, Any]:
    """A snapshot for a result; `made` False for one that is still to be made, whose id is not known."""
    cost = monthly_snapshot_cost(point.size_gigabytes)
    return {
        "id": point.id if made else None,
        "name": point.name,
        "created_at": iso(point.created_at),
        "size_gigabytes": point.size_gigabytes,
        "min_disk_size": point.min_disk_size,
        "regions": list(point.regions),
        "tags": None if point.tags is None else list(point.tags),
        "monthly_cost": "unknown" if cost is None else cost,
    }


def monthly_cost(points: Sequence[RestorePoint]) -> float | str:
    """USD a month of all these snapshots together, "unknown" if the size of one is not told."""
    costs = [cost for point in points if (cost := monthly_snapshot_cost(point.size_gigabytes)) is not None]
    return round(sum(costs, 0.0), 2) if len(costs) == len(points) else "unknown"


def checked_tags(tags: Sequence[str] | None) -> tuple[str, ...]:
    """The tags to be put on snapshots, each once; raises InputError."""
    for tag in tags or ():
        if not is_tag(tag):
            raise InputError(
                f"tags has {tag!r}, which is no tag: letters, digits, and the signs _ - : are allowed, at most "
                f"{LONGEST} of them."
            )
    return tagging.distinct(tags or ())


def missing_tags(tags: Iterable[str], point: RestorePoint) -> tuple[str, ...]:
    """Those of `tags` that `point` does not carry in any spelling: the first spelling of a tag is the one it keeps."""
    return tagging.missing(tags, point.tags)


def carried_tags(tags: Sequence[str], point: RestorePoint) -> list[str]:
    """Those of `tags` that `point` carries, sorted."""
    missing = missing_tags(tags, point)
    return sorted(tag for tag in tags if tag not in missing)
