# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `droplet_snapshot_info` reports: the snapshots that match, and what they are together."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from .._domain import arguments, needs, snapshots
from .._domain import tags as tagging
from .._domain.errors import InputError
from .._domain.facts import Facts
from .._domain.journal import safety_of
from .._domain.models import Droplet, RestorePoint
from .._domain.reader import Reader, Reading
from .._domain.retention import newest_first
from .._domain.selection import exactly_ids, exactly_names

WHOSE = ("droplet_id", "droplet_name", "deleted_droplets")
ARGUMENTS = arguments.Arguments(
    {
        "droplet_id": {"type": "list", "elements": "int"},
        "droplet_name": {"type": "list", "elements": "str"},
        "deleted_droplets": {"type": "bool", "choices": [True]},
        "tag": {"type": "list", "elements": "str"},
        "snapshot_name": {"type": "str"},
        "region": {"type": "list", "elements": "str"},
        "max_age_hours": {"type": "float"},
        "min_age_hours": {"type": "float"},
    },
    mutually_exclusive=(WHOSE,),
)


@dataclass(frozen=True, slots=True)
class Request:
    """Which snapshots are meant: all that match everything that is set. Ages in hours."""

    droplet_ids: tuple[int, ...] | None = None
    droplet_names: tuple[str, ...] | None = None
    deleted_droplets: bool = False
    tags: tuple[str, ...] = ()
    name: str | None = None
    regions: tuple[str, ...] = ()
    max_age_hours: float | None = None
    min_age_hours: float | None = None

    def matches(self, point: RestorePoint, now: datetime) -> bool:
        """Whether it has the tags, the name, a region and the age that are asked for.

        An unknown age matches no age, and a safety snapshot of a restore is never one that is new enough.
        """
        age = point.age_hours(now)
        return (
            (not self.tags or tagging.carries_any(point.tags, self.tags))
            and (self.name is None or fnmatchcase(point.name, self.name))
            and (not self.regions or not set(self.regions).isdisjoint(point.regions))
            and (
                self.max_age_hours is None
                or (age is not None and age <= self.max_age_hours and safety_of(point) is None)
            )
            and (self.min_age_hours is None or (age is not None and age >= self.min_age_hours))
        )


class DropletSnapshotInfo(Reader[Request]):
    """Snapshots of Droplets."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        for name in ("max_age_hours", "min_age_hours"):
            if params[name] is not None and params[name] < 0:
                raise InputError(f"{name} {params[name]:g} is below 0.")
        for name in ("droplet_id", "droplet_name", "tag", "region"):
            if params[name] == []:
                raise InputError(f"{name} is an empty list. Leave it out to see all snapshots.")
        return Request(
            droplet_ids=params["droplet_id"] and tuple(params["droplet_id"]),
            droplet_names=params["droplet_name"] and tuple(params["droplet_name"]),
            deleted_droplets=bool(params["deleted_droplets"]),
            tags=tuple(params["tag"] or ()),
            name=params["snapshot_name"],
            regions=tuple(params["region"] or ()),
            max_age_hours=params["max_age_hours"],
            min_age_hours=params["min_age_hours"],
        )

    def read(self, request: Request, facts: Facts, now: datetime) -> Reading:
        # All snapshots first, so that a Droplet that is made meanwhile is not taken for gone.
        points = facts.get(needs.AllSnapshots())
        if request.tags and points and not any(point.tags for point in points):
            facts.get(needs.ImageTagsReadable(request.tags[0]))
        there = {droplet.id: droplet for droplet in facts.get(needs.AllDroplets())}
        # The list may lack one that is new. Of one that is gone, its snapshots are the proof that there was one.
        known = there.keys() | {point.droplet_id for point in points}
        asked = facts.each(needs.DropletById(key) for key in request.droplet_ids or () if key not in known)
        there |= {droplet.id: droplet for droplet in asked if droplet}
        found = [point for point in _of_droplets(request, points, there) if request.matches(point, now)]
        records = [_record(point, there, now) for point in newest_first(found)]
        return Reading({"snapshots": records, "summary": _summary(found, there)})


def _of_droplets(
    request: Request, points: Sequence[RestorePoint], there: Mapping[int, Droplet]
) -> Sequence[RestorePoint]:
    """Those of `points` whose Droplets are asked for; raises SelectionError. `there` are the Droplets by id."""
    if request.deleted_droplets:
        return [point for point in points if point.droplet_id not in there]
    if request.droplet_ids is not None:
        wanted = set(request.droplet_ids)
        left_over = {point.droplet_id for point in points}
        exactly_ids([key for key in request.droplet_ids if key not in left_over], there.values())
    elif request.droplet_names is not None:
        wanted = {droplet.id for droplet in exactly_names(request.droplet_names, there.values())}
    else:
        return points
    return [point for point in points if point.droplet_id in wanted]


def _record(point: RestorePoint, there: Mapping[int, Droplet], now: datetime) -> dict[str, Any]:
    droplet = None if point.droplet_id is None else there.get(point.droplet_id)
    return {
        **snapshots.record(point),
        "droplet_id": point.droplet_id,
        "droplet_name": droplet and droplet.name,
        "droplet_exists": droplet is not None,
        "age_hours": point.age_hours(now),
    }


def _summary(points: Sequence[RestorePoint], there: Container[int | None]) -> dict[str, Any]:
    """What all these snapshots are together: GiB and USD a month, as far as known."""
    sized = [point for point in points if point.size_gigabytes is not None]
    return {
        "count": len(points),
        "size_gigabytes": round(sum((point.size_gigabytes or 0.0 for point in sized), 0.0), 2),
        "monthly_cost": snapshots.monthly_cost(sized),
        "monthly_cost_unknown": len(points) - len(sized),
        "of_deleted_droplets": sum(point.droplet_id not in there for point in points),
    }
