# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `backup_to_snapshot` does: pure, the same for check mode and for the real run.

A backup is renamed before it is converted: whatever happens then, and whether or not the snapshot has the backup's id,
a rerun knows it by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from .._domain import arguments, gone, needs
from .._domain.errors import InputError, SelectionError
from .._domain.facts import Facts
from .._domain.models import Action, Droplet, RestorePoint
from .._domain.plan import Change, ConvertBackup, Plan, RenameImage, Step, Tag
from .._domain.restore_points import RestorePointSelector, resolve
from .._domain.retention import made_from_a_backup, newest_first
from .._domain.selection import Selection
from .._domain.snapshots import TYPES, DropletImages, carried_tags, checked_tags, missing_tags, monthly_cost, record
from .._domain.templates import checked, fits, rendered
from .._domain.text import priced
from .._domain.verb import Record, Verb

NOT_WITH_AN_ID = ("exclude_tag", "allow_empty")


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for: `wanted` of each Droplet of `selection`, or every backup if it is None.

    `selection` is None if `wanted` names a backup by its id. `chosen` are the restore points that were decided for
    one Droplet, as they were then; `droplet` is that Droplet if it is gone, so that `selection` finds nothing.
    """

    selection: Selection | None
    wanted: RestorePointSelector | None
    name: str | None = None
    tags: tuple[str, ...] = ()
    chosen: tuple[RestorePoint, ...] | None = None
    droplet: Droplet | None = None

    @property
    def backup_id(self) -> int | None:
        """The id by which a backup was named, or None."""
        return None if self.wanted is None else self.wanted.backup_id

    def name_for(self, droplet: Droplet, point: RestorePoint) -> str:
        """The name that a restore point of `droplet` is to have; raises InputError."""
        return point.name if self.name is None else rendered(self.name, droplet.name, point.created_at)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read: `made` are ids of snapshots known to be made from backups, `image` the one asked for by its id.

    `left` is what is left of the one Droplet that is meant, if that is gone.
    """

    own: tuple[DropletImages, ...]
    made: frozenset[int] = frozenset()
    image: RestorePoint | None = None
    left: gone.Source | None = None

    def with_tags(self, tagged: Iterable[RestorePoint]) -> Seen:
        """The same with the tags of the restore points `tagged`."""
        known = {point.id: point for point in tagged}

        def shown(points: needs.Points) -> needs.Points:
            return tuple(known.get(point.id, point) for point in points)

        own = tuple(replace(one, backups=shown(one.backups), snapshots=shown(one.snapshots)) for one in self.own)
        return replace(self, own=own, image=self.image and known.get(self.image.id, self.image))


def request(selection: Selection | None, params: Mapping[str, Any]) -> Request:
    """The Request in a task's `params`; `selection` is None with `backup_id`. Raises InputError."""
    if params["backup_id"] is not None:
        for name in NOT_WITH_AN_ID:
            if params[name]:
                raise InputError(f"{name} goes with a selection of Droplets, and backup_id is none. Leave it out.")
    given = {**dict.fromkeys(("snapshot_id", "max_age_hours")), **params, "snapshot_name": None}
    wanted = None if params["all_backups"] else RestorePointSelector.from_options(given)
    return Request(selection, wanted, checked(params["snapshot_name"]), checked_tags(params["tags"]))


def look(request: Request, facts: Facts, now: datetime) -> Seen:
    """The restore points; then, if they do not show it, which snapshots were backups, and the tags."""
    if request.droplet is not None and request.chosen is not None:
        seen = Seen((_of_deleted(request, request.droplet, request.chosen, facts),))
    elif request.selection:
        seen = _of_one_or_more(request, request.selection, facts)
    else:
        seen = _of_image(request, facts)
    made = facts.each(needs.WereBackups(droplet, snapshots) for droplet, snapshots in doubtful(request, seen))
    seen = replace(seen, made=frozenset(key for ids in made for key in ids))
    return seen.with_tags(facts.each(needs.Tagged(point) for point in untold(request, seen, now)))


def _of_one_or_more(request: Request, selection: Selection, facts: Facts) -> Seen:
    """The Droplets of the selection; or the one that it names, if that is gone."""
    try:
        return _of_selection(selection, facts)
    except SelectionError as error:
        if selection.by_description or selection.empty:
            raise
        left = left_of(request, facts.get(needs.WhatIsLeft()), error)
    return Seen((DropletImages.holding(left.droplet, left.points, deleted=True),), left=left)


def _of_selection(selection: Selection, facts: Facts) -> Seen:
    droplets = facts.get(needs.Selected(selection))
    backups, snapshots = [needs.Backups(each) for each in droplets], [needs.Snapshots(each) for each in droplets]
    facts.require(*backups, *snapshots)
    own = zip(droplets, facts.each(backups), facts.each(snapshots), strict=True)
    return Seen(tuple(DropletImages(*each) for each in own))


def _of_image(request: Request, facts: Facts) -> Seen:
    """By the id of an image, which does not show of which Droplet it is."""
    image = None if request.backup_id is None else facts.get(needs.Image(request.backup_id))
    if image:
        droplet = facts.get(needs.OwnerOfImage(the_image(image).id))
    else:
        facts.require(needs.AllSnapshots(), needs.AllDroplets())
        existing = {droplet.id: droplet for droplet in facts.get(needs.AllDroplets())}
        snapshots = facts.get(needs.AllSnapshots())
        image = named(request, snapshots, existing)
        droplet = _owner(image, existing)
    if droplet is None:
        deleted = Droplet(image.droplet_id, "")  # type: ignore[arg-type]  # None if nothing shows whose it was
        return Seen((DropletImages.holding(deleted, [image]),), image=image)
    return replace(_of_selection(Selection(ids=(droplet.id,)), facts), image=image)


def _of_deleted(request: Request, droplet: Droplet, chosen: needs.Points, facts: Facts) -> DropletImages:
    """What became of the images that were chosen: one whose id is gone is among the account's snapshots."""
    if request.backup_id is None:
        # As the next run looks for what is left of the Droplet.
        images: needs.Points = facts.get(needs.OwnImages())
        return DropletImages.holding(droplet, images, deleted=True)
    found = [image for image in facts.each(needs.OwnImage(point.id) for point in chosen) if image]
    further = () if len(found) == len(chosen) else facts.get(needs.AllSnapshots())
    points = {point.id: point for point in (*further, *found)}
    return DropletImages.holding(droplet, list(points.values()), deleted=True)


def left_of(request: Request, account: gone.Account, error: SelectionError) -> gone.Source:
    """What is left of the one Droplet that `request` names, if it is gone.

    `error` says that there is no such Droplet, and is raised if nothing is left, or if it names several.
    """
    if request.selection is None:
        raise error
    ids, names = request.selection.ids, request.selection.names
    given: Sequence[int | str] = ids or names or ()
    if len(given) > 1:
        raise error.copy(f"{error.message} If one of them is gone, name it alone, in a task of its own.")
    if any(given[0] in (droplet.id, droplet.name) for droplet in account.droplets):
        raise error
    bears = partial(_fits, request.name)
    found = None
    if names:
        found = gone.by_name(account, names[0], bears)
    elif ids:
        found = gone.by_id(account, ids[0], bears)
    if found is None:
        raise error
    if names and request.name is not None and "{droplet}" not in request.name:
        raise InputError(
            f"snapshot_name {request.name!r} must have {{droplet}} in it, because Droplet {names[0]} is gone: nothing "
            "but the name of a snapshot will tell the next run whose it is."
        )
    return found


def _fits(template: str | None, name: str, point: RestorePoint) -> bool:
    return template is not None and fits(template, name, point)


def the_image(image: RestorePoint) -> RestorePoint:
    """`image`, which was asked for by its id; raises SelectionError if it can be no backup."""
    if image.public or image.type not in TYPES:
        raise SelectionError(f"Image {image.id} ({image.name}) is no backup, and none that became a snapshot.")
    return image


def named(request: Request, snapshots: Iterable[RestorePoint], droplets: Mapping[int, Droplet]) -> RestorePoint:
    """The snapshot that became of a backup whose id is gone, found by its name; raises SelectionError.

    `snapshots` are all of the account, `droplets` are by their ids.
    """
    gone = request.backup_id
    if request.name is None:
        raise SelectionError(
            f"There is no image {gone}. It has expired, was deleted, or became a snapshot with another id; with "
            "snapshot_name that snapshot would be looked for."
        )
    found = [
        snapshot
        for snapshot in snapshots
        if fits(request.name, owner.name if (owner := _owner(snapshot, droplets)) else "", snapshot)
    ]
    if len(found) == 1:
        return found[0]
    told = f"There is no image {gone}"
    if not found:
        raise SelectionError(f"{told}, and no snapshot that bears the name {request.name!r}.")
    several = ", ".join(str(snapshot) for snapshot in newest_first(found))
    raise SelectionError(f"{told}, and {len(found)} snapshots bear the name {request.name!r}: {several}.")


def _owner(snapshot: RestorePoint, droplets: Mapping[int, Droplet]) -> Droplet | None:
    return None if snapshot.droplet_id is None else droplets.get(snapshot.droplet_id)


def doubtful(request: Request, seen: Seen) -> list[tuple[Droplet, needs.Points]]:
    """Pairs of a Droplet and its snapshots of which it matters, and does not show, whether they were backups once."""
    if request.chosen is not None or request.wanted is None or request.wanted.id is not None:
        return []
    pairs = [(one.droplet, _doubtful(request, one, request.wanted.before)) for one in seen.own]
    return [pair for pair in pairs if pair[1]]


def _doubtful(request: Request, one: DropletImages, before: datetime | None) -> needs.Points:
    latest = max((made for backup in one.backups if (made := _made(backup, before))), default=None)
    return tuple(
        snapshot
        for snapshot in one.snapshots
        if (made := _made(snapshot, before))
        and (latest is None or made >= latest)
        and not _bears_the_name(request, one, snapshot)
    )


def _made(point: RestorePoint, before: datetime | None) -> datetime | None:
    """When `point` was made; None if that is unknown, or later than `before`."""
    made = point.created_at
    return None if made is None or (before is not None and made > before) else made


def _bears_the_name(request: Request, one: DropletImages, snapshot: RestorePoint) -> bool:
    return request.name is not None and fits(request.name, one.droplet.name, snapshot)


def untold(request: Request, seen: Seen, now: datetime) -> list[RestorePoint]:
    """The restore points whose tags have to be known."""
    if not request.tags:
        return []
    found: list[RestorePoint] = []
    for one in seen.own:
        try:
            found += _points(request, seen, one, now)
        except SelectionError:
            # The plan says what is wrong with it.
            continue
    return [point for point in found if point.tags is None]


def plan(request: Request, seen: Seen, now: datetime) -> Plan[Request]:
    """The Plan for `request`; raises InputError or SelectionError before anything is sent."""
    changes: list[Change[Request]] = []
    warnings: list[str] = []
    for one in seen.own:
        try:
            points = _points(request, seen, one, now)
        except SelectionError as error:
            if request.selection is None or not request.selection.by_description:
                raise
            warnings.append(error.message)
            shown = _before(request, one, ())
            nothing: Record = {"snapshots": []}
            changes.append(
                Change(one.droplet, request, shown, shown, notes=(error.message,), skipped=True, extra_result=nothing)
            )
        else:
            _guard_names(request, one, points)
            changes.append(_change(request, one, points))
    return Plan(tuple(changes), tuple(warnings))


def resumed(change: Change[Request], done: Sequence[Step]) -> Request:
    """The request of `change` after the steps `done`.

    As long as a conversion of an earlier run does not show, nothing is chosen; a Droplet that is gone is then looked
    for again, as the task names it.
    """
    if done or change.doubt is None:
        return change.request
    return replace(change.request, chosen=None, droplet=None)


def describe(shown: Mapping[str, Any]) -> str:
    """One line for people from a `before` or `after`."""
    points = [
        f"{point['type']} {point['name']!r}" + (f" tagged {', '.join(point['tags'])}" if point.get("tags") else "")
        for point in shown["restore_points"]
    ]
    left = [] if shown["backups"] is None else [_counted(shown["backups"])]
    return "; ".join([", ".join(points) or "nothing to keep", *left, f"snapshots for {priced(shown['monthly_cost'])}"])


def _points(request: Request, seen: Seen, one: DropletImages, now: datetime) -> list[RestorePoint]:
    """The restore points of a Droplet that are to be snapshots, newest first; raises SelectionError."""
    there = (*one.backups, *one.snapshots)
    if request.chosen is not None:
        return [_still(point, request.name_for(one.droplet, point), there) for point in request.chosen]
    if request.wanted is None:
        if seen.left:
            gone.prove_all(seen.left)
        ours = [snapshot for snapshot in one.snapshots if request.tags and _made_by_this(request, one, snapshot)]
        return newest_first([*one.backups, *ours])
    if request.wanted.id is not None and seen.image is not None:
        return [seen.image]
    made = [
        snapshot for snapshot in one.snapshots if snapshot.id in seen.made or _bears_the_name(request, one, snapshot)
    ]
    if not (one.backups or made):
        raise SelectionError(f"Droplet {one.droplet} has no backup that could be kept.", droplet=one.droplet.id)
    chosen = resolve(request.wanted, (*one.backups, *made), one.droplet, now)
    if seen.left:
        gone.prove_newest(request.wanted, chosen, seen.left)
    return [chosen]


def _made_by_this(request: Request, one: DropletImages, snapshot: RestorePoint) -> bool:
    """True if an earlier run of this task would have left the snapshot under its name."""
    if request.name is None:
        return made_from_a_backup(snapshot, one.droplet.name)
    return _bears_the_name(request, one, snapshot)


def _find(point: RestorePoint, name: str, there: Sequence[RestorePoint]) -> RestorePoint | None:
    """What became of `point` among `there`: by its id, or by name and time if converting gave it a new one."""
    same_id = (other for other in there if other.id == point.id)
    twins = (
        other
        for other in there
        if other.type == "snapshot" and other.created_at == point.created_at and other.name in (point.name, name)
    )
    return next(same_id, None) or next(twins, None)


def _still(point: RestorePoint, name: str, there: Sequence[RestorePoint]) -> RestorePoint:
    found = _find(point, name, there)
    if found is None:
        raise SelectionError(f"Image {point.id} ({point.name}) has expired or was deleted meanwhile.")
    return found


def _guard_names(request: Request, one: DropletImages, points: Sequence[RestorePoint]) -> None:
    if request.name is None:
        return
    backups = [point for point in points if point.type == "backup"]
    names = [request.name_for(one.droplet, point) for point in points]
    if len({name for name, point in zip(names, points, strict=True) if point in backups}) < len(backups):
        raise InputError(
            f"snapshot_name {request.name!r} gives the same name to several of the {len(backups)} backups of Droplet "
            f"{one.droplet}. Put {{date}} into it, and {{time}} if there are several backups a day.",
            droplet=one.droplet.id,
        )


def _change(request: Request, one: DropletImages, points: Sequence[RestorePoint]) -> Change[Request]:
    names = [request.name_for(one.droplet, point) for point in points]
    steps: list[Step] = []
    for point, name in zip(points, names, strict=True):
        steps += _steps(request, point, name)
    converted = [point for point in points if point.type == "backup"]
    as_named = [replace(point, name=name) for point, name in zip(points, names, strict=True)]
    narrowed = replace(
        request,
        selection=request.selection if one.gone else Selection.of(one.droplet),
        chosen=tuple(points),
        droplet=one.droplet if one.gone else None,
    )
    return Change(
        one.droplet,
        narrowed,
        _before(request, one, points),
        _after(request, one, as_named, converted),
        tuple(steps),
        notes=_notes(one, converted),
        extra_result={"snapshots": [_foretold(request, point) for point in as_named]},
        visible=_visible(request, one),
    )


def _visible(request: Request, one: DropletImages) -> frozenset[int] | None:
    """The ids of what there is, if another would be meant while what was converted does not show."""
    described = request.wanted is None or request.wanted.id is None
    return frozenset(point.id for point in (*one.backups, *one.snapshots)) if described else None


def _steps(request: Request, point: RestorePoint, name: str) -> Iterator[Step]:
    if point.name != name:
        yield RenameImage(point.id, name)
    if point.type == "backup":
        yield ConvertBackup(point.id, point.size_gigabytes)
        # The snapshot may have another id.
        yield from (Tag(tag, "image", None) for tag in request.tags)
    else:
        yield from (Tag(tag, "image", point.id) for tag in missing_tags(request.tags, point))


def _before(request: Request, one: DropletImages, points: Sequence[RestorePoint]) -> Record:
    listed = [_line(request, point, point.type, carried_tags(request.tags, point)) for point in points]
    snapshots = [point for point in points if point.type == "snapshot"]
    return _shown(one, listed, snapshots, len(one.backups))


def _after(
    request: Request, one: DropletImages, points: Sequence[RestorePoint], converted: Sequence[RestorePoint]
) -> Record:
    listed = [_line(request, point, "snapshot", sorted(request.tags)) for point in points]
    return _shown(one, listed, points, len(one.backups) - len(converted))


def _shown(one: DropletImages, listed: Sequence[Record], snapshots: Sequence[RestorePoint], backups: int) -> Record:
    cost = monthly_cost(snapshots)
    return {"restore_points": listed, "backups": None if one.gone else backups, "monthly_cost": cost}


def _line(request: Request, point: RestorePoint, kind: str, tags: Sequence[str]) -> Record:
    """A restore point as `before` and `after` show it; tags only if the user sets them."""
    return {"type": kind, "name": point.name, **({"tags": tags} if request.tags else {})}


def _foretold(request: Request, point: RestorePoint) -> Record:
    """The record of what `point`, under its new name, is to be in the end."""
    tags = point.tags
    if request.tags:
        tags = (*(tags or ()), *missing_tags(request.tags, point))
    return record(replace(point, tags=tags), made=point.type == "snapshot")


def _notes(one: DropletImages, converted: Sequence[RestorePoint]) -> tuple[str, ...]:
    """What happens to the Droplet's restore points, and what that costs."""
    if not converted:
        return ()
    cost, number = priced(monthly_cost(converted)), len(converted)
    if one.gone and number == 1:
        return (f"the backup becomes a snapshot, which does not expire and costs {cost}; its Droplet is gone",)
    if one.gone:
        return (f"{number} backups become snapshots, which do not expire and cost {cost}; their Droplet is gone",)
    becomes = "becomes a snapshot, which does" if number == 1 else "become snapshots, which do"
    costs = "costs" if number == 1 else "together cost"
    return (
        f"{number} of {_counted(len(one.backups))} {becomes} not expire and {costs} {cost}; left besides: "
        f"{_counted(len(one.backups) - number)}",
    )


def _counted(number: int) -> str:
    return "1 backup" if number == 1 else f"{number} backups"


_WHICH = ("backup_id", "newest", "before", "all_backups")
_WHOSE = ("backup_id", "droplet_id", "droplet_name", "tag", "all")
ARGUMENTS = arguments.Arguments(
    {
        **arguments.DROPLETS.options,
        "backup_id": {"type": "int"},
        "newest": {"type": "bool", "choices": [True]},
        "before": {"type": "str"},
        "all_backups": {"type": "bool", "choices": [True]},
        "snapshot_name": {"type": "str"},
        "tags": {"type": "list", "elements": "str", "default": []},
    },
    mutually_exclusive=(_WHICH, _WHOSE),
    required_one_of=(_WHICH, _WHOSE),
)


class BackupToSnapshot(Verb[Request]):
    """Backups converted to snapshots, which do not expire."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        return request(arguments.selection(params) if params["backup_id"] is None else None, params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan[Request]:
        return plan(request, look(request, facts, now), now)

    def resume(self, change: Change[Request], done: Sequence[Step], _own: Sequence[Action]) -> Request:
        return resumed(change, done)

    def describe(self, shown: Record) -> str:
        return describe(shown)
