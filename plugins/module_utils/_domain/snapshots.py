# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task tells about snapshots, and what it wants of their names and tags."""

from __future__ import annotations

from dataclasses import dataclass

from .cost import monthly_snapshot_cost
from .errors import InputError
from .models import Droplet, RestorePoint, iso

TYPES = ("backup", "snapshot")
LONGEST_TAG = 255


@dataclass(frozen=True, slots=True)
class Own:
    """A Droplet with the restore points that are known to be its own.

    The Droplet has no name where it is gone, and no id where not even that is told; `backups` is then what is known.
    """

    droplet: Droplet
    backups: tuple[RestorePoint, ...] = ()
    snapshots: tuple[RestorePoint, ...] = ()

    @classmethod
    def holding(cls, droplet, points):
        """With `points` of any type."""
        backups, snapshots = (tuple(point for point in points if point.type == kind) for kind in TYPES)
        return cls(droplet, backups, snapshots)

    @property
    def gone(self):
        return not self.droplet.name


def by_droplet(snapshots):
    """A dict of Droplet id to the tuple of its snapshots, by ascending id; None, last, for those that tell none."""
    own = {}
    for snapshot in sorted(snapshots, key=lambda point: (point.droplet_id is None, point.droplet_id or 0)):
        own[snapshot.droplet_id] = (*own.get(snapshot.droplet_id, ()), snapshot)
    return own


def record(point, made=True):
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


def monthly_cost(points):
    """USD a month of all these snapshots together, "unknown" where the size of one is not told."""
    costs = [monthly_snapshot_cost(point.size_gigabytes) for point in points]
    return "unknown" if None in costs else round(sum(costs, 0.0), 2)


def priced(cost):
    """A monthly cost (USD, or "unknown") as words."""
    return "cost unknown" if cost == "unknown" else f"{cost:.2f} USD a month"


def checked_tags(tags):
    """The tags to be put on snapshots, each once; raises InputError."""
    for tag in tags or ():
        bare = tag.translate(str.maketrans("", "", "_-:"))
        if not tag or len(tag) > LONGEST_TAG or not tag.isascii() or (bare and not bare.isalnum()):
            raise InputError(
                f"tags has {tag!r}, which is no tag: letters, digits, and the signs _ - : are allowed, at most "
                f"{LONGEST_TAG} of them."
            )
    return tuple({tag.lower(): tag for tag in tags or ()}.values())


def missing_tags(tags, point):
    """Those of `tags` that `point` does not carry in any spelling: the first spelling of a tag is the one it keeps."""
    carried = {tag.lower() for tag in point.tags or ()}
    return tuple(tag for tag in tags if tag.lower() not in carried)


def carried_tags(tags, point):
    """Those of `tags` that `point` carries, sorted."""
    missing = missing_tags(tags, point)
    return sorted(tag for tag in tags if tag not in missing)
