# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `droplet_restore` does: pure, the same for check mode, for the real run and for its rerun.

Marks, images and the log of actions show what has happened (`incidents.py`); nothing is kept in memory.
Each plan holds what remains: intent, power off, safety snapshot, restore or rebuild, power on, done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from ..._domain import arguments, needs
from ..._domain.confirmation import unconfirmed
from ..._domain.cost import monthly_snapshot_cost
from ..._domain.errors import (
    ApiError,
    InputError,
    LifeboatError,
    NotConvergedError,
    RefusedError,
    ScopeError,
    SelectionError,
)
from ..._domain.facts import Facts
from ..._domain.journal import Completed, Intent, checked_incident, safety_name, safety_of
from ..._domain.models import Action, RestorePoint
from ..._domain.plan import SECONDS_PER_GIB, Awaited, Change, Doubt, DropletAction, Plan, Step, Tag
from ..._domain.restore_points import RestorePointSelector, resolve
from ..._domain.retention import newest_first
from ..._domain.selection import Selection
from ..._domain.snapshots import SCRATCH_DISK
from ..._domain.text import listed
from ..._domain.time import iso
from ..._domain.verb import Record, Verb
from . import result as outcome
from .decided import difference
from .incidents import DISK_WRITES, Goal, IncidentHistory, Seen, action_order

POWER = ("power_on", "power_off", "power_cycle", "reboot", "shutdown")

_POWER_ON = DropletAction("power_on", requires_fresh_state=True)


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for; without `wanted` and `incident` only which restore points there are.

    `run` is the Goal of this run's first plan, `ordered` whether it sent its restore.
    `own` are the actions that this run has begun.
    """

    selection: Selection
    wanted: RestorePointSelector | None
    incident: str | None
    confirm: str | None = None
    safety_snapshot: bool = True
    stop_first: bool = False
    run: Goal | None = None
    ordered: bool = False
    own: tuple[Action, ...] = ()


def request(selection: Selection, params: Mapping[str, Any]) -> Request:
    """The Request in a task's `params`; raises InputError."""
    if params["list"]:
        return Request(selection, None, None)
    if params["incident"] is None:
        raise InputError("incident is missing: give what has happened a key, as in inc-2026-031. Only list needs none.")
    wanted = RestorePointSelector.from_options(params)
    if wanted.id is None and wanted.snapshot_name is None and wanted.max_age_hours is None:
        name = "newest" if wanted.newest else "before"
        raise InputError(
            f"{name} needs max_age_hours: say how old the restore point may be, so that an outdated one is refused."
        )
    given = {name: params[name] for name in ("confirm", "safety_snapshot", "stop_first")}
    return Request(selection, wanted, checked_incident(params["incident"]), **given)


def look(request: Request, facts: Facts, now: datetime) -> Seen:
    """The Droplet and its restore points. The log of actions comes last: it decides whether anything is sent."""
    return _with_log(request.selection, facts, lambda seen: horizon(request, seen, now))


def _with_log(selection: Selection, facts: Facts, since: Callable[[Seen], datetime | None]) -> Seen:
    (droplet,) = facts.get(needs.Selected(selection))
    needs.prove_tags_are_shown(("lifeboat",), [droplet], facts)
    facts.require(needs.State(droplet.id), needs.Backups(droplet), needs.Snapshots(droplet))
    state = facts.get(needs.State(droplet.id))
    if state is None:
        raise SelectionError(f"Droplet {droplet} was deleted while it was read.", droplet=droplet.id)
    points = (*facts.get(needs.Backups(droplet)), *facts.get(needs.Snapshots(droplet)))
    seen = Seen(droplet, state, points, lag=facts.lag)
    return replace(seen, actions=facts.get(needs.Log(droplet.id, since(seen))))


def _story(request: Request, seen: Seen) -> IncidentHistory:
    known = seen.knowing(request.own)
    return IncidentHistory(known, request.incident or "", request.stop_first, request.run, request.ordered, request.own)


def horizon(request: Request, seen: Seen, now: datetime) -> datetime | None:
    """How far back the log of actions has to be read; None if its latest page is enough."""
    if request.wanted is None:
        return None
    story = _story(request, seen)
    since = story.intent.at if story.intent else story.unmarked_since
    times = [since - timedelta(minutes=1)] if since else []
    try:
        point = _point(request.wanted, story, now)
        times += [point.created_at] if point and point.created_at else []
    except LifeboatError:
        # The plan will say so.
        pass
    return min(times, default=None)


def plan(request: Request, seen: Seen, now: datetime) -> Plan[Request]:
    """The Plan for `request`; raises InputError, ScopeError, SelectionError or RefusedError before anything is sent."""
    droplet = seen.droplet
    wanted = request.wanted
    if wanted is None:
        return Plan((_listing(request, seen, now),))
    question = unconfirmed(f"This overwrites the disk of Droplet {droplet}", droplet, request.confirm)
    if droplet.tags is None:
        raise ScopeError(
            f"The token may not read the tags of Droplet {droplet} (GET /v2/droplets/{droplet.id} does not tell them), "
            "and what was restored is marked there. Give it the scope tag:read. Nothing is sent.",
            droplet=droplet.id,
        )
    story = _story(request, seen)
    _refuse_after_waiting(story)
    _refuse_another_point(request, wanted, story)
    point = _point(wanted, story, now)
    story = replace(story, undoes=safety_of(point) if point else None)
    if conflicting_restores := story.conflicting_restores(point):
        if request.run and request.run.awaited is None and story.done:
            raise _overwritten_since(conflicting_restores[-1])
        stopped = _stopped(request, story, conflicting_restores, point, now)
        return replace(stopped, confirmation_required=question)
    warnings: tuple[str, ...] = ()
    if mark := story.done:
        change, warnings = _unchanged(request, wanted, story, mark, point, now)
        change = _as_seen(change, seen, mark, now) if request.run else change
    elif mine := story.own_restore:
        change = _finish(request, story, mine, point, now)
    elif point:
        change, warnings = _restore(request, story, point, now)
    else:
        raise _no_longer_there(story)
    return Plan((change,), warnings, confirmation_required=question)


def resumed(request: Request, done: Sequence[Step], own: Sequence[Action]) -> Request:
    """`request` after the steps `done`; the actions of this run prove what it did, whatever the log shows of them."""
    return replace(request, ordered=any(step.type in DISK_WRITES for step in done), own=tuple(own))


def _as_seen(change: Change[Request], seen: Seen, mark: Completed, now: datetime) -> Change[Request]:
    """`change` of a restore that this run has done, with what does not show yet, and with what came of it."""
    goal = change.request.run
    told = {key: change.extra_result[key] for key in outcome.FOUND}
    why = None
    if not any(action.id == mark.action and action.completed for action in seen.actions):
        why = f"the log does not show yet that action {mark.action} has completed"
    elif goal and goal.was_on and seen.droplet.status == "off":
        why = "every action completed, but it is off and was on before"
    notes: list[str] = []
    if goal and not goal.was_on and seen.droplet.status != "off":
        notes.append("it was off before, and the API has left it on")
    if told["new_ssh_host_keys"]:
        notes.append(
            "the API took no snapshot for restore, so it was brought back by rebuild: the SSH host keys are new, and "
            "ssh refuses the server until the old ones are forgotten (ssh-keygen -R)"
        )
    doubt = Doubt(now + timedelta(seconds=1), why) if why else None
    return replace(change, doubt=doubt, extra_result={**told, "notes": notes} if notes else told)


def _overwritten_since(last: Action) -> NotConvergedError:
    began = iso(last.started_at)
    return NotConvergedError(
        f"it was restored, and action {last.id} ({last.type}), begun at {began}, overwrites it since"
    )


def rescue(request: Request, seen: Seen) -> tuple[Step, ...]:
    """After a failure before the restore began: a Droplet that was powered off for it is powered on again."""
    story = _story(request, seen)
    busy = any(action.in_progress for action in story.seen.actions)
    begun = story.own_restore or story.attempts
    if not request.stop_first or story.intent is None or busy or begun or story.done:
        return ()
    return (_POWER_ON,) if story.intent.was_on and seen.droplet.status == "off" else ()


def otherwise(change: Change[Request], step: Step, error: ApiError) -> Request | None:
    """The same by `rebuild`, if the API does not `restore` a snapshot: some readings allow it backups only."""
    goal, kind = change.request.run, change.extra_result["restore_point"]["type"]
    if error.status != 422 or step.type != "restore" or goal is None or kind != "snapshot":
        return None
    return replace(change.request, run=replace(goal, by_rebuild=True))


def left_behind(request: Request, change: Change[Request], seen: Seen | None) -> tuple[Record, tuple[str, ...]]:
    """`(keys of the result, sentences)` about a Droplet whose restore has failed; `seen` is None if it is not known."""
    told: Record = {key: change.extra_result[key] for key in outcome.WAY_BACK}
    was_on = bool(request.run and request.run.was_on)
    begun = False
    if seen:
        story = _story(request, seen)
        begun = bool(story.own_restore or story.attempts)
        told = dict.fromkeys(outcome.WAY_BACK)
        if snapshot := story.way_back():
            told |= outcome.way_back(story, snapshot.id, snapshot.name)
    if not (told["safety_snapshot"] and told["safety_snapshot"]["id"]):
        told = dict.fromkeys(outcome.WAY_BACK)
    sentences: list[str] = []
    if told["safety_snapshot"]:
        sentence = f"Safety snapshot {told['safety_snapshot']['id']} holds the disk as it was"
        sentences.append(sentence + ("; undo brings it back." if begun else "."))
    starts = [action for action in (*seen.actions, *request.own) if action.type == "power_on"] if seen else []
    starting = any(action.in_progress or action in request.own for action in starts)
    if seen and seen.droplet.status == "off" and not starting:
        sentences.append(f"The Droplet is off{', and was on before' if was_on else ', as it was before'}.")
    return told, tuple(sentences)


def tell(entries: Sequence[Record]) -> Record:
    """The outcome.KEYS of the result, beside its `droplets`."""
    (entry,) = entries
    return {key: entry.pop(key) for key in outcome.KEYS}


def describe(shown: Mapping[str, Any]) -> str:
    """One line for people from a `before` or `after`."""
    if "written_after" in shown:
        since = shown["written_after"]
        return "the disk as it is" + (f", with everything written after {since}" if since else "")
    if "expected_minutes" not in shown:
        return f"the disk {shown['state']} from image {shown['image']}"
    text = f"{shown['type']} {shown['image']} ({shown['name']}) of {shown['created_at']}"
    text += f" in about {shown['expected_minutes']} min"
    if shown["safety_snapshot"]:
        size, cost = shown["safety_snapshot_gigabytes"], shown["monthly_cost"]
        text += f", snapshot {shown['safety_snapshot']} of about {size:g} GiB for {cost:.2f} USD a month"
    else:
        text += ", no snapshot of the disk as it is"
    if shown["volumes"]:
        text += f", attached volumes stay as they are: {listed(shown['volumes'])}"
    return text


def _point(wanted: RestorePointSelector, story: IncidentHistory, now: datetime) -> RestorePoint | None:
    """The restore point that the incident is about; None if it is gone, and was restored before.

    What was decided counts. Raises SelectionError or RefusedError.
    """
    if story.done and story.image is None:
        return None
    if story.image is None:
        return resolve(wanted, story.seen.points, story.seen.droplet, now)
    found = story.find(story.image)
    if found is None and not (story.done or story.own_restore):
        raise _no_longer_there(story)
    return found


def _no_longer_there(story: IncidentHistory) -> RefusedError:
    droplet = story.seen.droplet
    return RefusedError(
        f"Image {story.image}, chosen for incident {story.incident!r}, is no longer a backup or snapshot of "
        f"Droplet {droplet}, and was not restored before. Nothing is sent. Another restore point needs a new "
        "incident.",
        droplet=droplet.id,
    )


def _refuse_another_point(request: Request, wanted: RestorePointSelector, story: IncidentHistory) -> None:
    """An incident has one restore point: raises RefusedError if another one is asked for, or was chosen."""
    droplet, decided = story.seen.droplet, story.done or story.intent
    if decided is None:
        return
    if decided.image is None:
        _refuse_a_later_point(wanted, story)
        return
    if request.run and request.run.image not in (None, decided.image):
        raise RefusedError(
            f"Another run of incident {request.incident!r} on Droplet {droplet} has chosen image {decided.image}, "
            f"and this one image {request.run.image}. Nothing more is sent by this one.",
            droplet=droplet.id,
        )
    what = "was restored from" if story.done or story.own_restore else "is to be restored from"
    # A run has asked this once, before it began.
    if request.run is None and (other := _another(wanted, story, decided)):
        raise RefusedError(
            f"Incident {request.incident!r} of Droplet {droplet} {what} image {decided.image}, and not from "
            f"{other}. Another restore point needs a new incident.",
            droplet=droplet.id,
        )


def _another(wanted: RestorePointSelector, story: IncidentHistory, decided: Intent | Completed) -> str | None:
    """What is asked for instead of the image that was decided; None if it is that, or if the image is gone."""
    found = story.find(decided.image)
    if found is None:
        # What a described point was is not known any more: the plan warns.
        return None if wanted.id in (None, decided.image) else str(wanted.id)
    mine = story.own_restore
    moment = story.intent.at if story.intent else mine.started_at if mine else None
    return difference(wanted, found, moment, story.seen.points, story.seen.actions)


def _refuse_a_later_point(wanted: RestorePointSelector, story: IncidentHistory) -> None:
    """Raises RefusedError if an image is asked for that a restore without marks cannot have been from."""
    point, mine = story.find(wanted.id), story.own_restore
    if point and point.created_at and mine and mine.started_at and point.created_at > mine.started_at:
        raise RefusedError(
            f"Incident {story.incident!r} of Droplet {story.seen.droplet} was restored by action "
            f"{mine.id}, before {point} was made. Another restore point needs a new incident.",
            droplet=story.seen.droplet.id,
        )


def _refuse_after_waiting(story: IncidentHistory) -> None:
    """Raises RefusedError if the restore of somebody else that was waited for has ended."""
    awaited = story.run.awaited if story.run else None
    action = next((action for action in story.seen.actions if action.id == awaited), None)
    if action and not action.in_progress:
        raise RefusedError(
            f"Action {action.id} ({action.type}) on Droplet {story.seen.droplet} has ended as {action.status}.",
            droplet=story.seen.droplet.id,
            action=action.id,
        )


def _sentence(story: IncidentHistory, action: Action, point: RestorePoint | None) -> str:
    """Who has overwritten the disk, or is about to, and what that means."""
    droplet, incident, owner = story.seen.droplet, story.incident, story.marks.owner(action)
    who = f"action {action.id} ({action.type}), begun at {iso(action.started_at)}"
    if owner is None:
        who += ", which has no mark of an incident"
    elif owner != incident:
        who += f", of incident {owner!r}"
    else:
        who += f", which is not known to be of incident {incident!r}"
    if action.in_progress:
        return (
            f"The disk of Droplet {droplet} is being overwritten: {who}. It is waited for, and nothing is sent for "
            f"incident {incident!r}. Look at what it has done before you go on."
        )
    if story.done or story.own_restore:
        return (
            f"Incident {incident!r} of Droplet {droplet} was restored, but the disk was overwritten since: {who}. "
            "Nothing is sent. Another restore needs a new incident."
        )
    if owner not in (None, incident) and story.marks.by(action) is None:
        advice = f"Run the task of incident {owner!r} again first, so that it is marked as done."
    elif owner == incident:
        advice = "If another run of this incident ordered it, run the task again."
    else:
        first = "" if point is None or point.type == "snapshot" else ", once it is a snapshot by backup_to_snapshot"
        advice = (
            "Choose a younger restore point. If this one is meant all the same, droplet_action overwrites the disk "
            f"without these questions: type: rebuild, image: {point.id if point else story.image}{first}."
        )
    return (
        f"The disk of Droplet {droplet} was overwritten after {point} was made: {who}. Restoring now would undo "
        f"that. Nothing is sent. {advice}"
    )


def _stopped(
    request: Request,
    story: IncidentHistory,
    conflicting_restores: Sequence[Action],
    point: RestorePoint | None,
    now: datetime,
) -> Plan[Request]:
    """The Plan if somebody else is at work: wait, then fail; raises RefusedError if they have ended."""
    running = next((action for action in conflicting_restores if action.in_progress), None)
    if running is None:
        raise RefusedError(
            _sentence(story, conflicting_restores[-1], point),
            droplet=story.seen.droplet.id,
            action=conflicting_restores[-1].id,
        )
    told = outcome.told(story, point, now)
    goal = replace(_goal(story, told, now), awaited=running.id)
    shown = {"state": "being overwritten", "image": None}
    wait_for = Awaited(running, _disk_gigabytes(story.seen))
    change = Change(
        story.seen.droplet, _narrowed(request, story, goal), shown, shown, wait_for=wait_for, extra_result=told
    )
    return Plan((change,), deferred_failure=_sentence(story, running, point))


def _narrowed(request: Request, story: IncidentHistory, goal: Goal) -> Request:
    """`request` with what the first plan of a run decides."""
    return replace(request, selection=Selection.of(story.seen.droplet), run=goal)


def _listing(request: Request, seen: Seen, now: datetime) -> Change[Request]:
    """Nothing changes: the result shows which restore points there are."""
    shown = {"state": "as it is"}
    told = {**dict.fromkeys(outcome.KEYS), "restore_points": outcome.restore_points(seen, now)}
    return Change(seen.droplet, request, shown, shown, extra_result=told)


def _unchanged(
    request: Request,
    wanted: RestorePointSelector,
    story: IncidentHistory,
    mark: Completed,
    point: RestorePoint | None,
    now: datetime,
) -> tuple[Change[Request], tuple[str, ...]]:
    """`(change, warnings)` if the restore is done."""
    incident, mine = story.incident, story.own_restore
    shown = {"state": "restored", "image": mark.image}
    told = {**outcome.told(story, point, now), **outcome.found(story)}
    note = f"incident {incident!r} was restored by action {mark.action}, and no other restore came after it"
    warnings: tuple[str, ...] = ()
    if mark.image is None:
        snapshot, kind = told["safety_snapshot"]["id"], mine.type if mine else "restore"
        warnings = (
            f"The tags of incident {incident!r} are gone from Droplet {story.seen.droplet}. That it was restored is "
            f"told by its safety snapshot {snapshot} and by action {mark.action} ({kind}), which "
            "came next; from which image, nothing tells.",
        )
    elif point is None and wanted.id is None and not wanted.newest:
        warnings = (
            f"Incident {incident!r} of Droplet {story.seen.droplet} was restored from image {mark.image}, which is "
            f"gone by now, so nothing tells whether that was {wanted}.",
        )
    narrowed = _narrowed(request, story, _goal(story, told, now))
    return Change(story.seen.droplet, narrowed, shown, shown, notes=(note,), extra_result=told), warnings


def _finish(
    request: Request, story: IncidentHistory, mine: Action, point: RestorePoint | None, now: datetime
) -> Change[Request]:
    """The restore `mine` has begun: what is left is to wait for it, to restore the power and to mark it."""
    droplet, incident = story.seen.droplet, story.incident
    after = {"state": "restored and marked", "image": story.image}
    before = {**after, "state": "being restored" if mine.in_progress else "restored and not marked"}
    steps = (*_power_on(story, mine), Tag(Completed(incident, story.image, mine.id).tag, "droplet", droplet.id))
    note = (
        f"action {mine.id} ({mine.type}), begun at {iso(mine.started_at)} after the intent of incident {incident!r}, "
        "is taken for its restore; the log does not tell its image"
    )
    safety = story.safety()
    told = outcome.told(story, point, now, (safety.id, safety.name) if safety else None)
    return Change(
        droplet,
        _narrowed(request, story, _goal(story, told, now)),
        before,
        after,
        steps,
        () if story.ordered else (note,),
        extra_result=told,
        wait_for=Awaited(mine, _gigabytes(point, story.seen)) if mine.in_progress else None,
    )


def _power_on(story: IncidentHistory, mine: Action) -> tuple[Step, ...]:
    """A Droplet that was on and is off is powered on, unless its power was switched after the restore `mine`."""
    since = [
        action
        for action in story.seen.actions
        if action.type in POWER and action.completed and action_order(action) > action_order(mine)
    ]
    owed = story.was_on and story.seen.droplet.status == "off" and not since
    return (_POWER_ON,) if owed else ()


def _restore(
    request: Request, story: IncidentHistory, point: RestorePoint, now: datetime
) -> tuple[Change[Request], tuple[str, ...]]:
    """`(change, warnings)` if nothing is restored yet."""
    droplet, seen, safety = story.seen.droplet, story.seen, story.safety()
    running = droplet.status != "off"
    name, size = safety_name(story.incident, droplet.name), _disk_gigabytes(seen)
    if safety:
        name, size = safety.name, _gigabytes(safety, seen)
    wanted = bool(safety or request.safety_snapshot)
    told = outcome.told(story, point, now, (safety.id if safety else None, name) if wanted else None)
    goal = _goal(story, told, now)
    steps: list[Step] = []
    if story.intent is None:
        mark = Intent(story.incident, point.id, goal.at, goal.was_on)
        steps.append(Tag(mark.tag, "droplet", droplet.id))
    if request.stop_first and running:
        steps.append(DropletAction("power_off", requires_fresh_state=True))
    if wanted and not safety:
        steps.append(DropletAction("snapshot", {"name": name}, False, size, requires_fresh_state=True))
    kind = "rebuild" if story.run and story.run.by_rebuild else "restore"
    steps.append(DropletAction(kind, {"image": point.id}, False, _gigabytes(point, seen), requires_fresh_state=True))
    if goal.was_on and (request.stop_first or not running):
        steps.append(_POWER_ON)
    steps.append(Tag(None, "droplet", droplet.id))
    minutes = ceil(sum(getattr(step, "size_gigabytes", None) or 0 for step in steps) * SECONDS_PER_GIB / 60)
    warnings = _refuse_expiring(story, point, minutes, now)
    before = {"state": "as it is", "written_after": iso(point.created_at)}
    after = {
        "state": "restored",
        "type": point.type,
        "image": point.id,
        "name": point.name,
        "created_at": iso(point.created_at),
        "expected_minutes": minutes,
        "safety_snapshot": name if wanted else None,
        "safety_snapshot_gigabytes": size if wanted else None,
        "monthly_cost": monthly_snapshot_cost(size) if wanted else 0.0,
        "volumes": None if droplet.volume_ids is None else list(droplet.volume_ids),
    }
    change = Change(
        droplet,
        _narrowed(request, story, goal),
        before,
        after,
        tuple(steps),
        _notes(request, story, point, safety, now),
        extra_result=told,
        doubt=story.doubt(now, wants_snapshot=wanted and not safety),
    )
    return change, (*warnings, *_open_incidents(story))


def _notes(
    request: Request, story: IncidentHistory, point: RestorePoint, safety: RestorePoint | None, now: datetime
) -> tuple[str, ...]:
    droplet = story.seen.droplet
    age = point.age_hours(now)
    notes = [] if age is None else [f"{age:g} hours of data go: everything written after {iso(point.created_at)}"]
    if droplet.volume_ids is None:
        notes.append("attached volumes stay as they are; which there are, the token may not read (block_storage:read)")
    elif droplet.volume_ids:
        notes.append(f"attached volumes stay as they are, since no image holds them: {listed(droplet.volume_ids)}")
    if droplet.gpu:
        notes.append(SCRATCH_DISK)
    if safety:
        notes.append(f"the safety snapshot is there: {safety} of {iso(safety.created_at)}")
    if point.type == "snapshot":
        notes.append(
            "a snapshot is brought back by restore, and the SSH host keys stay; if the API takes only backups for "
            "that, by rebuild, and they are new"
        )
    if not (safety or request.safety_snapshot):
        notes.append("no safety snapshot is made, so that there is no way back to the disk as it is now")
    if (request.safety_snapshot or safety) and not request.stop_first and droplet.status != "off":
        notes.append(
            "what is written between the safety snapshot and the restore is in neither image; stop_first: true stops "
            "the Droplet before"
        )
    return tuple(notes)


def _refuse_expiring(story: IncidentHistory, point: RestorePoint, minutes: int, now: datetime) -> tuple[str, ...]:
    """Raises RefusedError if a backup would expire before it is restored; returns warnings if that is not known.

    A backup that is there although its date is past was made under another policy than the one in force.
    """
    if point.type != "backup":
        return ()
    policy = story.seen.state.policy
    days = policy.retention_period_days if policy else None
    expires = point.created_at + timedelta(days=days) if days and point.created_at else None
    if expires is None or expires <= now:
        return (
            f"How long {point} is kept is not known, so it may expire before it is restored. Convert it first with "
            "backup_to_snapshot if that must not happen.",
        )
    if expires < now + timedelta(minutes=minutes):
        raise RefusedError(
            f"The restore takes about {minutes} minutes, and {point} expires at {iso(expires)}, before it would be "
            "done. Nothing is sent. Convert it first with backup_to_snapshot.",
            droplet=story.seen.droplet.id,
        )
    return ()


def _open_incidents(story: IncidentHistory) -> tuple[str, ...]:
    """Sentences about other incidents that were begun and never marked as done."""
    marks = story.marks
    over = {mark.incident for mark in marks.dones}
    return tuple(
        f"Incident {mark.incident!r} of Droplet {story.seen.droplet} was begun at {iso(mark.at)} and is not done."
        for mark in marks.intents
        if mark.incident not in over and mark.incident != story.incident
    )


def _goal(story: IncidentHistory, told: Record, now: datetime) -> Goal:
    """What is decided by the first plan of a run, of which `told` is the result as far as it is known."""
    seen, run = story.seen, story.run
    known = frozenset(action.id for action in seen.actions if action.type in DISK_WRITES)
    return Goal(
        image=told["restore_point"]["id"],
        at=run.at if run else now.replace(microsecond=0),
        was_on=story.was_on,
        known=run.known if run else known,
        by_rebuild=bool(run and run.by_rebuild),
        resumed=run.resumed if run else story.intent is not None,
    )


def _gigabytes(point: RestorePoint | None, seen: Seen) -> float | None:
    """The size of a restore point in GiB; the disk's if it is not known."""
    return (point.size_gigabytes if point else None) or seen.droplet.disk


def _disk_gigabytes(seen: Seen) -> float | None:
    """About how large a snapshot of the Droplet becomes, in GiB: as its newest restore point, or as its disk."""
    sizes = (point.size_gigabytes for point in newest_first(seen.points) if point.size_gigabytes)
    return next(sizes, seen.droplet.disk)


_POINTS = (*arguments.POINTS, "list")
ARGUMENTS = arguments.ONE_DROPLET + arguments.Arguments(
    {
        **arguments.RESTORE_POINT.options,
        "list": {"type": "bool", "choices": [True]},
        "incident": {"type": "str"},
        "confirm": {"type": "str"},
        "safety_snapshot": {"type": "bool", "default": True},
        "stop_first": {"type": "bool", "default": False},
    },
    mutually_exclusive=(_POINTS,),
    required_one_of=(_POINTS,),
)


class DropletRestore(Verb[Request]):
    """The disk of a Droplet brought back from one of its restore points, once for each incident."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        return request(arguments.one_droplet(params), params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan[Request]:
        return plan(request, look(request, facts, now), now)

    def resume(self, change: Change[Request], done: Sequence[Step], own: Sequence[Action]) -> Request:
        return resumed(change.request, done, own)

    def alternative(self, change: Change[Request], step: Step, error: ApiError) -> Request | None:
        return otherwise(change, step, error)

    def compensate(self, request: Request, facts: Facts, now: datetime) -> Sequence[Step]:
        return rescue(request, look(request, facts, now))

    def left_behind(
        self, request: Request, change: Change[Request], facts: Facts | None, now: datetime
    ) -> tuple[Record, Sequence[str]]:
        return left_behind(request, change, look(request, facts, now) if facts else None)

    def summary(self, _request: Request, _plan: Plan[Request], entries: Sequence[Record], _now: datetime) -> Record:
        return tell(entries)

    def describe(self, shown: Record) -> str:
        return describe(shown)
