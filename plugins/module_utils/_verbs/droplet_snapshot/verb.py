# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `droplet_snapshot` does: pure, the same for check mode and for the real run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from ..._domain import arguments, needs
from ..._domain.cost import monthly_snapshot_cost
from ..._domain.errors import InputError, RefusedError, SelectionError
from ..._domain.facts import Facts
from ..._domain.journal import safety_of
from ..._domain.models import Action, Droplet, RestorePoint
from ..._domain.names import checked_id
from ..._domain.options import at_least
from ..._domain.plan import (
    SECONDS_PER_GIB,
    Change,
    DeleteSnapshot,
    Doubt,
    DropletAction,
    Plan,
    Step,
    Tag,
    TransferImage,
)
from ..._domain.retention import newest_first
from ..._domain.selection import Selection
from ..._domain.snapshots import (
    SCRATCH_DISK,
    DropletImages,
    by_droplet,
    carried_tags,
    checked_tags,
    missing_tags,
    monthly_cost,
    record,
    unlisted_doubt,
)
from ..._domain.templates import checked, fits, rendered
from ..._domain.text import priced
from ..._domain.verb import Record, Verb
from . import stopped
from .stopped import Stop

SHUTDOWN_TIMEOUT = 120
"""Seconds that a Droplet has to shut down before it is powered off, unless the task says otherwise."""

NEW_NAME = "{droplet}-snapshot-{date}"
"""The name of a new snapshot if only its age is asked for."""

SOON = timedelta(seconds=1)
"""After which what was done is looked for again."""

ONLY_PRESENT = ("max_age_hours", "regions", "tags", "stop_first")
ONLY_ABSENT = ("snapshot_id", "deleted_droplets", "older_than_hours", "last_restore_point")


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for.

    Exactly one of `selection`, `ids` (of snapshots) and `deleted` (snapshots of Droplets that are gone) says whose.
    What was decided for one Droplet has its `selection`, or the `droplet` if it is gone, and the snapshots that are
    `doomed`, as they were then; `since` is then what `max_age` means, `done` what a run has done by now
    (`stopped.kinds`), and `unlisted_until` when it no longer waits for a snapshot that the Droplet has and no list
    shows, None if it has met none. `shutdown_ended` is when the Droplet had been asked to shut down (UTC).
    """

    present: bool
    selection: Selection | None = None
    ids: tuple[int, ...] | None = None
    deleted: bool = False
    droplet: Droplet | None = None
    name: str | None = None
    max_age: timedelta | None = None
    since: datetime | None = None
    older_than: timedelta | None = None
    regions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    may_be_lost: bool = False
    max_delete: int = 10
    stop_first: bool = False
    shutdown_timeout: int = SHUTDOWN_TIMEOUT
    done: frozenset[str] = frozenset()
    unlisted_until: datetime | None = None
    doomed: needs.Points | None = None
    shutdown_ended: datetime | None = None

    @property
    def by_age(self) -> bool:
        """True if any snapshot that is new enough will do."""
        return self.max_age is not None or self.since is not None


@dataclass(frozen=True, slots=True)
class Seen:
    """What has been read. `regions` are the slugs of all there are, None if they were not read or may not be.

    `counted` are the ids of Droplets whose backups are known. What is read may be late by `lag`.
    """

    own: tuple[DropletImages, ...]
    regions: frozenset[str] | None = None
    counted: frozenset[int] = frozenset()
    lag: timedelta = timedelta()

    def with_tags(self, tagged: Iterable[RestorePoint]) -> Seen:
        """The same with the tags of the snapshots `tagged`."""
        known = {point.id: point for point in tagged}
        own = (replace(one, snapshots=tuple(known.get(point.id, point) for point in one.snapshots)) for one in self.own)
        return replace(self, own=tuple(own))

    def with_backups(self, backups: dict[int, needs.Points]) -> Seen:
        """The same with the backups in `backups`, which are by the ids of Droplets."""
        own = tuple(replace(one, backups=backups.get(one.droplet.id, one.backups)) for one in self.own)
        return replace(self, own=own, counted=self.counted.union(backups))


def request(selection: Selection | None, params: Mapping[str, Any]) -> Request:
    """The Request in a task's `params`; `selection` is None if they have none. Raises InputError."""
    present = params["state"] == "present"
    for name in ONLY_ABSENT if present else ONLY_PRESENT:
        if params[name]:
            raise InputError(f"{name} has no meaning with state: {params['state']}. Leave it out.")
    _check_combination(present, selection, params)
    for name in ("max_age_hours", "older_than_hours"):
        if params[name] is not None and params[name] <= 0:
            raise InputError(f"{name} {params[name]:g} must be above 0.")
    if params["shutdown_timeout"] is not None:
        if not params["stop_first"]:
            raise InputError("shutdown_timeout goes with stop_first: true. Leave it out.")
        at_least(params, "shutdown_timeout", 0)
    if params["max_delete"] < 0:
        raise InputError(f"max_delete {params['max_delete']} is below 0.")
    return Request(
        present,
        selection,
        ids=None if params["snapshot_id"] is None else tuple(dict.fromkeys(params["snapshot_id"])),
        deleted=bool(params["deleted_droplets"]),
        name=_name(present and params["max_age_hours"] is None, params["snapshot_name"]),
        max_age=_hours(params["max_age_hours"]),
        older_than=_hours(params["older_than_hours"]),
        regions=tuple(sorted(set(params["regions"] or ()))),
        tags=checked_tags(params["tags"]),
        may_be_lost=params["last_restore_point"] is not None,
        max_delete=params["max_delete"],
        stop_first=params["stop_first"],
        shutdown_timeout=SHUTDOWN_TIMEOUT if params["shutdown_timeout"] is None else params["shutdown_timeout"],
    )


def _check_combination(present: bool, selection: Selection | None, params: Mapping[str, Any]) -> None:
    if present:
        if params["snapshot_name"] is None and params["max_age_hours"] is None:
            raise InputError("state: present needs snapshot_name, max_age_hours, or both.")
    elif params["snapshot_id"] is None:
        if params["snapshot_name"] is None and params["older_than_hours"] is None:
            raise InputError("state: absent needs snapshot_id, or snapshot_name or older_than_hours to say which.")
    else:
        for key in params["snapshot_id"]:
            checked_id("snapshot_id", key, "an image")
        for name in ("snapshot_name", "older_than_hours"):
            if params[name] is not None:
                raise InputError(f"snapshot_id names its snapshots: leave {name} out.")
        if not params["snapshot_id"] and not params["allow_empty"]:
            raise InputError("snapshot_id is an empty list. Set allow_empty: true if that is fine.")
    if params["deleted_droplets"] and "{droplet}" in (params["snapshot_name"] or ""):
        raise InputError("The names of deleted Droplets are not known: leave {droplet} out of snapshot_name.")
    if selection is None and params["exclude_tag"]:
        raise InputError("exclude_tag goes with a selection of Droplets. Leave it out.")


def _name(finds: bool, template: str | None) -> str | None:
    """`template`, checked; `finds` if a snapshot is found by it, so that the name must not be another at each run."""
    if finds and template is not None and "{time}" in template:
        raise InputError(
            f"snapshot_name {template!r} would be another one at each run, because of {{time}}. For several snapshots "
            "a day set max_age_hours as well: then the age decides, and the name is only that of a new one."
        )
    return checked(template, ("droplet", "date") if finds else ("droplet", "date", "time"))


def _hours(hours: float | None) -> timedelta | None:
    return None if hours is None else timedelta(hours=hours)


def guard_kinds(images: Iterable[RestorePoint | None]) -> None:
    """Raises SelectionError if one of `images`, which were named and are no snapshots of Droplets, is another image.

    None stands for one that does not exist, which is as it should be.
    """
    for image in filter(None, images):
        if image.type != "snapshot" or image.public:
            what = "a backup" if image.type == "backup" else "no snapshot of a Droplet"
            raise SelectionError(f"Image {image.id} ({image.name}) is {what}. Only snapshots are deleted.")


def look(request: Request, facts: Facts, now: datetime) -> Seen:
    """The snapshots; then only what the plan turns out to need: their tags, the regions, and the backups."""
    own = _of_selection(request, request.selection, facts) if request.selection else _of_account(request, facts, now)
    seen = Seen(own, lag=facts.lag)
    seen = seen.with_tags(facts.each(needs.Tagged(point) for point in untold(request, seen, now)))
    if request.present and copies_to(request, seen, now):
        seen = replace(seen, regions=facts.get(needs.Regions()))
    uncounted_ = uncounted(request, seen, now)
    backups = facts.each(needs.Backups(droplet) for droplet in uncounted_)
    return seen.with_backups({droplet.id: own for droplet, own in zip(uncounted_, backups, strict=True)})


def _of_selection(request: Request, selection: Selection, facts: Facts) -> tuple[DropletImages, ...]:
    droplets = facts.get(needs.Selected(selection))
    if request.stop_first:
        needs.prove_tags_are_shown((stopped.MARK,), droplets, facts)
    snapshots = facts.each(needs.Snapshots(droplet) for droplet in droplets)
    return tuple(DropletImages(droplet, snapshots=own) for droplet, own in zip(droplets, snapshots, strict=True))


def _of_gone(droplet: Droplet, facts: Facts) -> DropletImages:
    """A Droplet that is gone, with its snapshots out of all of the account."""
    own = (point for point in facts.get(needs.AllSnapshots()) if point.droplet_id == droplet.id)
    return DropletImages(droplet, snapshots=tuple(own))


def _of_account(request: Request, facts: Facts, now: datetime) -> tuple[DropletImages, ...]:
    """Snapshots that are named by their id, or whose Droplet is gone, each with the others of its Droplet."""
    if request.droplet is not None:
        return (_of_gone(request.droplet, facts),)
    snapshots = facts.get(needs.AllSnapshots())
    own = by_droplet(snapshots)
    if request.deleted:
        existing = {droplet.id for droplet in facts.get(needs.AllDroplets())}
        gone = [
            DropletImages(_droplet(key, {}), snapshots=points) for key, points in own.items() if key not in existing
        ]
        # A list that changes while it is read may lack one that exists: only its own answer says that it is gone.
        doomed = doomed_droplets(request, Seen(tuple(gone)), now)
        asked = facts.each(needs.DropletById(key) for key in doomed)
        found = {droplet.id for droplet in asked if droplet}
        return tuple(one for one in gone if one.droplet.id not in found)
    listed = {point.id for points in own.values() for point in points}
    ids = request.ids or ()
    guard_kinds(facts.each(needs.Image(key) for key in ids if key not in listed))
    own = {key: points for key, points in own.items() if any(point.id in ids for point in points)}
    named = [key for key in own if key is not None]
    known = dict(zip(named, facts.each(needs.DropletById(key) for key in named), strict=True))
    return tuple(DropletImages(_droplet(key, known), snapshots=points) for key, points in own.items())


def _droplet(key: int | None, known: Mapping[int, Droplet | None]) -> Droplet:
    """The Droplet of that id among those `known`, or what stands for one that is gone."""
    found = None if key is None else known.get(key)
    return found or Droplet(key, "")  # type: ignore[arg-type]  # None if the snapshots do not show whose they are


def untold(request: Request, seen: Seen, now: datetime) -> list[RestorePoint]:
    """The snapshots whose tags have to be known."""
    if not request.tags:
        return []
    found = [_wanted(request, one, now) for one in seen.own]
    return [point for point in found if point is not None and point.tags is None]


def copies_to(request: Request, seen: Seen, now: datetime) -> list[str]:
    """The regions that a snapshot is to be copied to, so that those there are have to be known; sorted."""
    if not request.regions:
        return []
    lacking = (set(request.regions) - _regions_of(one, _wanted(request, one, now)) for one in seen.own)
    return sorted({region for regions in lacking for region in regions})


def uncounted(request: Request, seen: Seen, now: datetime) -> list[Droplet]:
    """The Droplets that would be left without a snapshot, so that their backups have to be known."""
    if request.present or request.may_be_lost:
        return []
    return [
        one.droplet
        for one in seen.own
        if not one.gone and one.droplet.id not in seen.counted and _all_go(one, _doomed(request, one, now))
    ]


def doomed_droplets(request: Request, seen: Seen, now: datetime) -> list[int]:
    """Ids of the Droplets of which snapshots are to be deleted."""
    return [one.droplet.id for one in seen.own if one.droplet.id is not None and _doomed(request, one, now)]


def plan(request: Request, seen: Seen, now: datetime) -> Plan[Request]:
    """The Plan for `request`; raises InputError, RefusedError or SelectionError before anything is sent."""
    if request.present:
        _guard_regions(copies_to(request, seen, now), seen.regions)
        return Plan(tuple(_present(request, one, now, seen.lag) for one in seen.own))
    changes = tuple(_absent(request, one, now) for one in seen.own)
    _guard_number(request, changes)
    return Plan(changes, tuple(f"{note}." for change in changes for note in change.notes))


def resumed(request: Request, done: Sequence[Step], own: Sequence[Action]) -> Request:
    """`request` after the steps `done`, by the actions that this run has begun: what has failed was not done."""
    going = {action.type for action in own if not action.errored}
    failed = {action.type for action in own if action.errored} - going
    ended = [action.completed_at for action in own if action.type == "shutdown" and action.completed_at]
    return replace(request, done=(stopped.kinds(done) - failed) | going, shutdown_ended=max(ended, default=None))


def rescue(request: Request, droplet: Droplet) -> tuple[Step, ...]:
    """After a failure a Droplet that was stopped is powered on again."""
    return _stop(request, droplet, wanted=False).after()


def left_off(request: Request, droplet: Droplet) -> tuple[str, ...]:
    """A sentence if a failure has left a server off."""
    if droplet.status != "off" or "power_on" in request.done:
        return ()
    return ("The Droplet is off. Run the task again, which powers it on if a run has stopped it.",)


def _alone(selection: Selection, facts: Facts) -> Droplet:
    """The Droplet of a narrowed request; raises SelectionError if it is gone."""
    return facts.get(needs.Selected(selection))[0]


def _stop(request: Request, droplet: Droplet, wanted: bool) -> Stop:
    return Stop(droplet, request.shutdown_timeout, wanted, request.done)


def describe(shown: Mapping[str, Any]) -> str:
    """One line for people from a `before` or `after`."""
    if "snapshots" in shown:
        names = ", ".join(repr(name) for name in shown["snapshots"])
        number = len(shown["snapshots"])
        counted = f"{number} snapshot{'' if number == 1 else 's'}" if number else "no snapshot"
        return f"{counted}{f' ({names})' if names else ''}, {priced(shown['monthly_cost'])}"
    if shown["snapshot"] is None:
        return "no such snapshot"
    text = f"snapshot {shown['snapshot']!r}"
    if shown.get("regions"):
        text += f" in {', '.join(shown['regions'])}"
    if shown.get("tags"):
        text += f" tagged {', '.join(shown['tags'])}"
    if "monthly_cost_at_most" in shown:
        return f"{text}, at most {priced(shown['monthly_cost_at_most'])}"
    return f"{text}, {priced(shown['monthly_cost'])}"


def _wanted(request: Request, one: DropletImages, now: datetime | None) -> RestorePoint | None:
    """The snapshot of a Droplet that `request` asks for, or None: the newest that is new enough, or of that name.

    The safety snapshot of a restore holds what was to be got rid of: it never counts as one that is new enough.
    """
    if request.by_age:
        since = _since(request, now)
        ordinary = (point for point in one.snapshots if safety_of(point) is None)
        fit = [point for point in ordinary if since and point.created_at and point.created_at >= since]
    else:
        name = rendered(request.name or NEW_NAME, one.droplet.name, now)
        fit = [point for point in one.snapshots if point.name == name]
    return next(iter(newest_first(fit)), None)


def _since(request: Request, now: datetime | None) -> datetime | None:
    """From when on a snapshot is new enough; None if its age does not matter."""
    if request.since is not None or request.max_age is None or now is None:
        return request.since
    return now - request.max_age


def _regions_of(one: DropletImages, found: RestorePoint | None) -> set[str]:
    """Where a snapshot is; one that is still to be made will be where its Droplet is."""
    if found:
        return set(found.regions)
    return set() if one.droplet.region is None else {one.droplet.region}


def _guard_regions(wanted: Sequence[str], known: frozenset[str] | None) -> None:
    if known is None:
        return
    unknown = [region for region in wanted if region not in known]
    if unknown:
        listed = ", ".join(sorted(known))
        raise InputError(f"regions has {unknown[0]!r}, which is not among the regions that there are: {listed}.")


def _present(request: Request, one: DropletImages, now: datetime, lag: timedelta) -> Change[Request]:
    found = _wanted(request, one, now)
    droplet = one.droplet
    name = found.name if found else rendered(request.name or NEW_NAME, droplet.name, now)
    size = found.size_gigabytes if found else droplet.disk
    key = found.id if found else None
    lacking = sorted(set(request.regions) - _regions_of(one, found))
    made: tuple[Step, ...] = () if found else (DropletAction("snapshot", {"name": name}, size_gigabytes=size),)
    tags = missing_tags(request.tags, found) if found else request.tags
    then: tuple[Step, ...] = (
        *(TransferImage(key, region, size) for region in lacking),
        *(Tag(tag, "image", key) for tag in tags),
    )
    steps: tuple[Step, ...] = (*made, *then)
    doubt: Doubt | None = None
    notes: tuple[str, ...] = ()
    if request.stop_first:
        steps, doubt, notes = _stopping(request, droplet, made, then, now)
    elif made and Stop(droplet, 0, wanted=False).owed and droplet.status == "off":
        notes = ("it was stopped by an earlier run with stop_first: true, which powers it on when it is run again",)
    if made and droplet.gpu:
        notes += (SCRATCH_DISK,)
    unlisted_until = None
    if made and one.unlisted and "snapshot" not in request.done:
        unlisted_until = request.unlisted_until or now + lag
        doubt = unlisted_doubt(one.unlisted, unlisted_until)
    narrowed = replace(
        request,
        selection=Selection.of(droplet),
        name=name if made or not request.by_age else request.name,
        since=_since(request, now),
        unlisted_until=unlisted_until,
    )
    before = _shown(request, found, found.regions if found else (), carried_tags(request.tags, found) if found else ())
    after = before
    if steps:
        regions = _regions_of(one, found).union(request.regions)
        after = _shown(request, found or RestorePoint(0, name, "snapshot"), regions, request.tags)
        if made:
            after["monthly_cost_at_most"] = monthly_snapshot_cost(droplet.disk) or "unknown"
    return Change(
        droplet,
        narrowed,
        before,
        after,
        steps,
        notes,
        extra_result={"snapshots": _foretold(request, found, after)},
        visible=frozenset(point.created_at for point in one.snapshots),
        doubt=doubt,
    )


def _stopping(
    request: Request, droplet: Droplet, made: tuple[Step, ...], then: tuple[Step, ...], now: datetime
) -> tuple[tuple[Step, ...], Doubt | None, tuple[str, ...]]:
    """`(steps, doubt, notes)` with the Droplet stopped for the snapshot, and on again before anything else is done."""
    taken = "snapshot" in request.done
    stop = _stop(request, droplet, wanted=bool(made) and not taken)
    minutes = ceil(droplet.disk * SECONDS_PER_GIB / 60) if droplet.disk else None
    notes = tuple(filter(None, [stop.note(minutes)]))
    if not (made and taken):
        steps = (*stop.before(), *made, *stop.after(), *then)
        return steps, _going_down(request, stop, now) or _coming_up(request, droplet, now), notes
    # It was taken and does not show yet, which is no reason to leave the server off, nor to take another one.
    after = stop.after()
    doubt = Doubt(now + SOON, "the snapshot has been taken, and does not show yet")
    return (*after, *then), None if after else doubt, notes


def _going_down(request: Request, stop: Stop, now: datetime) -> Doubt | None:
    """A shutdown only asks the system on the Droplet: it is powered off once it has had its time."""
    until = (request.shutdown_ended or now) + max(SOON, timedelta(seconds=request.shutdown_timeout))
    if stop.stops and "shutdown" in request.done and now < until:
        return Doubt(until, "it has been asked to shut down, and is not off yet")
    return None


def _coming_up(request: Request, droplet: Droplet, now: datetime) -> Doubt | None:
    """What this run has done last to a Droplet that was stopped has to show as well."""
    if "power_on" in request.done and droplet.status == "off":
        return Doubt(now + SOON, "it was stopped for the snapshot, and is off")
    if "unmark" in request.done and Stop(droplet, 0, wanted=False).marked:
        return Doubt(now + SOON, f"it still carries the tag {stopped.MARK!r}")
    return None


def _shown(request: Request, point: RestorePoint | None, regions: Iterable[str], tags: Iterable[str]) -> Record:
    """`before` or `after` of a Droplet; regions and tags only if the user sets them."""
    shown: Record = {"snapshot": point.name if point else None}
    if request.regions:
        shown["regions"] = sorted(regions)
    if request.tags:
        shown["tags"] = sorted(tags)
    return {**shown, "monthly_cost": monthly_cost([point] if point else [])}


def _foretold(request: Request, found: RestorePoint | None, after: Record) -> list[Record]:
    """The record of the snapshot that there is to be in the end."""
    regions: tuple[str, ...] = tuple(after["regions"]) if request.regions else found.regions if found else ()
    if found is None:
        return [record(RestorePoint(0, after["snapshot"], "snapshot", regions=regions, tags=request.tags), made=False)]
    tags = found.tags
    if request.tags:
        tags = (*(tags or ()), *missing_tags(request.tags, found))
    return [record(replace(found, regions=regions, tags=tags))]


def _doomed(request: Request, one: DropletImages, now: datetime) -> list[RestorePoint]:
    """The snapshots of a Droplet that `request` asks to delete, newest first."""
    found = [point for point in one.snapshots if request.ids is None or point.id in request.ids]
    if request.name is not None:
        found = [point for point in found if fits(request.name, one.droplet.name, point)]
    elif request.ids is None:
        # By age alone the way back from a restore would go.
        found = [point for point in found if safety_of(point) is None]
    if request.older_than is not None:
        found = [point for point in found if point.created_at and now - point.created_at > request.older_than]
    return newest_first(found)


def _all_go(one: DropletImages, doomed: Sequence[RestorePoint]) -> bool:
    return bool(doomed) and len(doomed) == len(one.snapshots)


def _absent(request: Request, one: DropletImages, now: datetime) -> Change[Request]:
    doomed = _doomed(request, one, now)
    notes: tuple[str, ...] = ()
    spared = False
    if _all_go(one, doomed) and not one.backups and not request.may_be_lost:
        if request.older_than is None:
            raise RefusedError(_refusal(one, doomed), droplet=one.droplet.id)
        notes = (
            f"Kept {doomed[0]} of Droplet {one.droplet}, although it is older, because it is the last restore point: "
            "last_restore_point: may_be_lost would delete it",
        )
        doomed, spared = doomed[1:], True
    left = [point for point in one.snapshots if point not in doomed]
    told = tuple(doomed) if request.doomed is None else request.doomed
    narrowed = replace(
        request,
        selection=None if one.gone else Selection.of(one.droplet),
        doomed=told,
        ids=tuple(point.id for point in told),
        deleted=False,
        droplet=one.droplet if one.gone else None,
        name=None,
        older_than=None,
    )
    return Change(
        one.droplet,
        narrowed,
        _listing(one.snapshots),
        _listing(left),
        tuple(DeleteSnapshot(point.id) for point in reversed(doomed)),
        notes=notes,
        skipped=spared,
        extra_result={"snapshots": [record(point) for point in told]},
    )


def _listing(points: Sequence[RestorePoint]) -> Record:
    return {"snapshots": [point.name for point in newest_first(points)], "monthly_cost": monthly_cost(points)}


def _refusal(one: DropletImages, doomed: Sequence[RestorePoint]) -> str:
    if len(doomed) == 1:
        what = f"{str(doomed[0]).capitalize()} is the last restore point"
    else:
        what = f"These {len(doomed)} snapshots are all restore points"
    return (
        f"{what} that Droplet {one.droplet} has: there is no backup. Leave one, or say last_restore_point: may_be_lost."
    )


def _guard_number(request: Request, changes: Sequence[Change[Request]]) -> None:
    number = sum(len(change.steps) for change in changes)
    if request.ids is None and number > request.max_delete:
        of = sum(bool(change.steps) for change in changes)
        raise RefusedError(
            f"This would delete {number} snapshots of {of} Droplet{'' if of == 1 else 's'}, more than max_delete: "
            f"{request.max_delete} allows. Narrow the selection, or raise max_delete."
        )


_SELECTIONS = ("droplet_id", "droplet_name", "tag", "all")
_WHOSE = (*_SELECTIONS, "snapshot_id", "deleted_droplets")
ARGUMENTS = arguments.Arguments(
    {
        **arguments.DROPLETS.options,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "snapshot_id": {"type": "list", "elements": "int"},
        "deleted_droplets": {"type": "bool", "choices": [True]},
        "snapshot_name": {"type": "str"},
        "max_age_hours": {"type": "float"},
        "older_than_hours": {"type": "float"},
        "regions": {"type": "list", "elements": "str", "default": []},
        "tags": {"type": "list", "elements": "str", "default": []},
        "last_restore_point": {"type": "str", "choices": ["may_be_lost"]},
        "max_delete": {"type": "int", "default": 10},
        "stop_first": {"type": "bool", "default": False},
        "shutdown_timeout": {"type": "int"},
    },
    mutually_exclusive=(_WHOSE,),
    required_one_of=(_WHOSE,),
)


class DropletSnapshot(Verb[Request]):
    """Snapshots on demand, and their deletion."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        selected = any(params[name] is not None for name in _SELECTIONS)
        return request(arguments.selection(params) if selected else None, params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan[Request]:
        return plan(request, look(request, facts, now), now)

    def resume(self, change: Change[Request], done: Sequence[Step], own: Sequence[Action]) -> Request:
        return resumed(change.request, done, own)

    def compensate(self, request: Request, facts: Facts, _now: datetime) -> Sequence[Step]:
        if not (request.stop_first and request.selection):
            return ()
        return rescue(request, _alone(request.selection, facts))

    def left_behind(
        self, request: Request, _change: Change[Request], facts: Facts | None, _now: datetime
    ) -> tuple[Record, Sequence[str]]:
        if not (facts and request.stop_first and request.selection):
            return {}, ()
        return {}, left_off(request, _alone(request.selection, facts))

    def describe(self, shown: Record) -> str:
        return describe(shown)
