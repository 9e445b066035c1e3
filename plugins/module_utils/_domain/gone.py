# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The restore points of a Droplet that is gone, found by its name or by its id.

Nothing of the API joins the two. A backup bears the name and no id; a snapshot bears the id, and a name that anybody
may have given. What joins them is a snapshot that was a backup and kept its name, and the account's log, if it tells
of backups: an action of type `backup` begins at the time that the image bears. Names are not unique, so all restore
points that may be meant are told apart as far as that is possible, and two groups of them are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from .errors import ScopeError, SelectionError
from .models import Action, Droplet, RestorePoint
from .orphans import droplet_name, orphaned
from .restore_points import RestorePointSelector
from .retention import newest_first
from .time import iso

NAMED = 8
"""So many backups or names are listed in a sentence."""

CLOSEST, FARTHEST = timedelta(hours=2), timedelta(days=8)
"""No plan makes two backups of a Droplet within the first, and each makes one within the second."""

_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """What was read of an account: all `droplets` that exist, its own `images`, and its `snapshots` of Droplets.

    `actions` are those of the log, as far back as it was read; there are none if the token may not read it.
    """

    droplets: tuple[Droplet, ...]
    images: tuple[RestorePoint, ...]
    snapshots: tuple[RestorePoint, ...]
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A Droplet that is gone, without an id or a name if nothing tells it, and its restore `points`.

    `doubtful` are backups that may be its own as well as those of another Droplet that is gone.
    """

    droplet: Droplet
    points: tuple[RestorePoint, ...]
    doubtful: tuple[RestorePoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Restore points that cannot be told apart: of the Droplet `droplet_id`, None if that is not known.

    `mixed` is True if they are not of one Droplet all the same.
    """

    droplet_id: int | None
    points: tuple[RestorePoint, ...]
    mixed: bool = False

    def __str__(self) -> str:
        newest, *older = newest_first(self.points)
        whose = "a Droplet whose id is not told" if self.droplet_id is None else f"Droplet {self.droplet_id}"
        number, span = "1 restore point", f"of {iso(newest.created_at)}"
        if older:
            number = f"{len(older) + 1} restore points"
            span = f"of {iso(older[-1].created_at)} to {iso(newest.created_at)}"
        mixed = ", some too close in time to be of one Droplet" if self.mixed else ""
        return (
            f"{whose}: {number} {span} in {', '.join(newest.regions) or 'no region'} for disks from "
            f"{newest.min_disk_size} GiB, the newest is {newest.type} {newest.id}{mixed}"
        )


Bears = Callable[[str, RestorePoint], bool]


def _nobody_named(_name: str, _point: RestorePoint) -> bool:
    return False


class _Clues:
    """Whose each backup and snapshot of a Droplet that is gone is, as far as that is known."""

    def __init__(self, account: Account) -> None:
        there = {droplet.id for droplet in account.droplets}
        backups = orphaned(account.images, account.droplets, datetime.max.replace(tzinfo=UTC), timedelta())
        if backups is None:
            raise ScopeError(
                "GET /v2/droplets does not tell the backup_ids of every Droplet, so backups of Droplets that are gone "
                "cannot be told from theirs. Give the token the scope image:read."
            )
        snapshots = {point.id: point for point in account.snapshots}
        known = {key for droplet in account.droplets for key in droplet.snapshot_ids or ()}.union(snapshots)
        # One list may lag behind the other: what has become a snapshot lately may be in the first as a backup still, or
        # not be in the second yet.
        late = [point for point in account.images if point.type == "snapshot" and point.id not in known]
        left = [point for point in snapshots.values() if point.droplet_id not in there]
        self.points = newest_first([*(point for point in backups if point.id not in snapshots), *left, *late])
        self._began: dict[datetime | None, list[Action]] = {}
        for action in account.actions:
            if action.type == "backup" and action.resource_type == "droplet" and action.resource_id not in there:
                self._began.setdefault(action.started_at, []).append(action)

    def owner(self, point: RestorePoint) -> int | None:
        """The id of the Droplet, told by the snapshot itself or by the one backup that began at its time."""
        if point.droplet_id is not None or point.type != "backup":
            return point.droplet_id
        ids = {
            action.resource_id
            for action in self._began.get(point.created_at, ())
            if action.region is None or action.region in point.regions
        }
        return next(iter(ids)) if len(ids) == 1 else None

    def groups(self, points: Iterable[RestorePoint]) -> list[Group]:
        """`points` by Droplet: those of known ids first, then those that only place, disk and dates tell apart."""
        known: dict[int, list[RestorePoint]] = {}
        loose = []
        for point in points:
            owner = self.owner(point)
            if owner is None:
                loose.append(point)
            else:
                known.setdefault(owner, []).append(point)
        apart = _told_apart(loose)
        if len(known) == len(apart) == 1:
            key = next(iter(known))
            own = known[key]
            if _may_be_one(own, apart[0].points):
                return [Group(key, (*own, *apart[0].points), apart[0].mixed)]
        return [*(Group(key, tuple(known[key])) for key in sorted(known)), *apart]


def by_name(account: Account, name: str, bears: Bears = _nobody_named) -> Source | None:
    """The Droplet that is gone and was called `name`; None if nothing is left of one.

    `bears(name, point)` is True for a restore point that an earlier run has named, for a Droplet of that name. Raises
    SelectionError if there was more than one.
    """
    clues = _Clues(account)
    called_so = {point.id for point in clues.points if droplet_name(point) == name or bears(name, point)}
    ids = {clues.owner(point) for point in clues.points if point.id in called_so} - {None}
    groups = clues.groups(point for point in clues.points if point.id in called_so or clues.owner(point) in ids)
    if not groups:
        return None
    if len(groups) > 1 or groups[0].mixed:
        listed = "; ".join(f"({number}) {group}" for number, group in enumerate(groups, 1))
        raise SelectionError(
            f"More than one Droplet that is gone was named {name!r}. What is left of them: {listed}. Say which by the "
            "id of the Droplet, if it is told here, or name the restore point by its own id."
        )
    (only,) = groups
    return Source(Droplet(only.droplet_id, name), tuple(newest_first(only.points)))


def by_id(account: Account, droplet_id: int, bears: Bears = _nobody_named) -> Source | None:
    """The Droplet of that id, which is gone; None if nothing is known to be left of it. `bears` as for `by_name`."""
    clues = _Clues(account)
    own = [point for point in clues.points if clues.owner(point) == droplet_id]
    if not own:
        return None
    loose = [point for point in clues.points if clues.owner(point) is None]
    names = {name for point in own if (name := droplet_name(point))}
    others = {name for point in loose if (name := droplet_name(point))}
    names |= {name for name in others if any(bears(name, point) for point in own)}
    regions = {region for point in own for region in point.regions}
    if names:
        doubtful = [
            point for point in loose if droplet_name(point) in names or any(bears(name, point) for name in names)
        ]
    else:
        doubtful = [point for point in loose if not regions.isdisjoint(point.regions)]
    droplet = Droplet(droplet_id, next(iter(names)) if len(names) == 1 else "")
    if names and doubtful:
        called_so = [point for point in clues.points if droplet_name(point) in names]
        groups = clues.groups({*own, *doubtful, *called_so})
        if len(groups) == 1 and not groups[0].mixed:
            own, doubtful = list(groups[0].points), []
    return Source(droplet, tuple(newest_first(own)), tuple(newest_first(doubtful)))


def prove_newest(wanted: RestorePointSelector, chosen: RestorePoint, source: Source) -> None:
    """Raises SelectionError if a backup that may be the Droplet's own is what `wanted` means, and not `chosen`."""
    rivals = [point for point in source.doubtful if _made(point) > _made(chosen) and wanted.describes(point)]
    if not rivals:
        return
    listed = ", ".join(f"{point} of {iso(point.created_at)}" for point in rivals[:NAMED])
    more = f" and {len(rivals) - NAMED} more" if len(rivals) > NAMED else ""
    raise SelectionError(
        f"{chosen} of {iso(chosen.created_at)} is the newest that is known to be of Droplet {source.droplet}, which is "
        f"gone, but there are younger backups, and nothing tells whose they are: {listed}{more}. If its name is among "
        "them, say which Droplet it is by that name, else name the restore point by its own id.",
        droplet=source.droplet.id,
    )


def prove_all(source: Source) -> None:
    """Raises SelectionError if there are backups that may be the Droplet's own, and may not."""
    if source.doubtful:
        listed = ", ".join(str(point) for point in source.doubtful[:NAMED])
        raise SelectionError(
            f"Which backups are those of Droplet {source.droplet}, which is gone, cannot be told. These may be its own "
            f"or another's: {listed}. If its name is among them, say which Droplet it is by that name, else name the "
            "backups by their own ids.",
            droplet=source.droplet.id,
        )


def nothing_left(whose: str, account: Account) -> str:
    """A sentence for a Droplet of which nothing is left, with the names of those of which there is something."""
    backups = (point for point in _Clues(account).points if point.type == "backup")
    names = sorted({name for point in backups if (name := droplet_name(point))})
    if not names:
        return f"No Droplet {whose}, and no backup is left of one that is gone."
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (
        f"No Droplet {whose}, and nothing that is left tells of one that is gone. There are backups of Droplets that "
        f"are gone and were named {', '.join(names[:NAMED])}{more}."
    )


def _made(point: RestorePoint) -> datetime:
    return point.created_at or _EARLIEST


def _told_apart(points: Sequence[RestorePoint]) -> list[Group]:
    """Groups of different regions or disks, or with a gap between them that no plan leaves."""
    groups: list[list[RestorePoint]] = []
    for point in sorted(points, key=_made):
        own = next((group for group in groups if _goes_on(group[-1], point)), None)
        if own is None:
            groups.append([point])
        else:
            own.append(point)
    return [Group(None, tuple(group), _are_mixed(group)) for group in groups]


def _goes_on(last: RestorePoint, point: RestorePoint) -> bool:
    return _same_place(last, point) and _made(point) - _made(last) <= FARTHEST


def _same_place(one: RestorePoint, other: RestorePoint) -> bool:
    return one.min_disk_size == other.min_disk_size and _share_a_region(one, other)


def _share_a_region(one: RestorePoint, other: RestorePoint) -> bool:
    """Whether both may be of one place; none told is any."""
    return not (one.regions and other.regions) or not set(one.regions).isdisjoint(other.regions)


def _are_mixed(group: Sequence[RestorePoint]) -> bool:
    made = [_made(point) for point in group if point.type == "backup"]
    return any(later - earlier < CLOSEST for earlier, later in pairwise(made))


def _may_be_one(known: Sequence[RestorePoint], loose: Sequence[RestorePoint]) -> bool:
    """Whether backups of unknown owner may go on what is known of one Droplet.

    A snapshot may be of a time when its disk was smaller, so it has only to be in the same region.
    """
    backups = [point for point in known if point.type == "backup"]
    if backups:
        return any(_same_place(one, other) for one in backups for other in loose)
    return any(_share_a_region(one, other) for one in known for other in loose)
