# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `droplet_restore` does: pure, the same for check mode, for the real run and for its rerun.

What has happened is told by the marks at the Droplet and by its log of actions (`_domain/marks.py`), never by memory.
Each plan gives what remains: intent, power off, safety snapshot, restore or rebuild, power on, done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from .._domain.choice import listed
from .._domain.cost import monthly_snapshot_cost
from .._domain.errors import InputError, LifeboatError, RefusedError, ScopeError
from .._domain.marks import Done, Intent, Marks, checked_incident, safety_name, safety_of, undo_of
from .._domain.models import Action, BackupState, Droplet, RestorePoint, iso
from .._domain.plan import SECONDS_PER_GIB, Awaited, Change, DropletAction, Plan, Tag
from .._domain.restore_points import Wanted, resolve
from .._domain.retention import made_from_a_backup, newest_first
from .._domain.selection import Selection

WORK = ("restore", "rebuild")
"""Types of actions that overwrite the disk."""

POWER = ("power_on", "power_off", "power_cycle", "reboot", "shutdown")
MODULE = "lifeboat.digitalocean.droplet_restore"
KEYS = ("incident", "restore_point", "safety_snapshot", "duration_seconds", "undo")
"""What a result has besides the usual."""

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Goal:
    """What the first plan of a run decided, so that its later plans do not decide otherwise.

    `known` are the ids of the restores and rebuilds that were in the log by then; `told` is the result as far as it is
    known; `awaited` is the id of somebody else's restore, after which the task fails.
    """

    image: int | None
    at: datetime
    was_on: bool
    known: frozenset
    told: dict
    awaited: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. `run` is the Goal of this run's first plan, `ordered` whether it sent its restore."""

    selection: Selection
    wanted: Wanted
    incident: str
    confirm: str | None = None
    safety_snapshot: bool = True
    stop_first: bool = False
    run: Goal | None = None
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One Droplet, its backups and snapshots in `points`, and its log of `actions`, the newest first."""

    droplet: Droplet
    state: BackupState
    points: tuple[RestorePoint, ...]
    actions: tuple[Action, ...] = ()


def request(selection, params):
    """The Request in a task's `params`; raises InputError."""
    wanted = Wanted.from_options(params)
    if wanted.id is None and wanted.max_age_hours is None:
        name = "newest" if wanted.newest else "before"
        raise InputError(
            f"{name} needs max_age_hours: say how old the restore point may be, so that an outdated one is refused."
        )
    given = {name: params[name] for name in ("confirm", "safety_snapshot", "stop_first")}
    return Request(selection, wanted, checked_incident(params["incident"]), **given)


def horizon(request, seen, now):
    """How far back the log of actions has to be read, a datetime; None where its latest page is enough."""
    story = _Story(request, seen)
    times = [story.intent.at - timedelta(minutes=1)] if story.intent else []
    try:
        point = story.point(now)
        times += [point.created_at] if point and point.created_at else []
    except LifeboatError:
        # The plan will say so.
        pass
    return min(times, default=None)


def plan(request, seen, now):
    """The Plan for `request`; raises InputError, ScopeError, SelectionError or RefusedError before anything is sent."""
    droplet = seen.droplet
    if request.confirm not in (None, droplet.name):
        raise InputError(
            f"confirm is {request.confirm!r}, and the Droplet is named {droplet.name!r}: it must be the same, letter for "
            "letter. Nothing was sent.",
            droplet=droplet.id,
        )
    if droplet.tags is None:
        raise ScopeError(
            f"The token may not read the tags of Droplet {droplet}, and what was restored is marked there. Give it the "
            "scope tag:read. Nothing was sent.",
            droplet=droplet.id,
        )
    story = _Story(request, seen)
    story.refuse_after_waiting()
    story.refuse_another_point()
    point = story.point(now)
    unconfirmed = None
    if request.confirm is None:
        unconfirmed = (
            f"confirm is missing: set it to the name of the Droplet, {droplet.name!r}, whose disk is to be overwritten."
        )
    if strangers := story.strangers(point):
        return replace(_stopped(story, strangers, point, now), unconfirmed=unconfirmed)
    if story.done:
        change, warnings = _unchanged(story, point, now), ()
    elif story.mine:
        change, warnings = _finish(story, point, now), ()
    else:
        change, warnings = _restore(story, point, now)
    return Plan((change,), warnings, unconfirmed=unconfirmed)


def pin(request, change, done):
    """`request` for the Droplet of `change` with what its first plan decided, after the steps `done`."""
    ordered = any(step.type in WORK for step in done)
    return replace(request, selection=Selection(ids=(change.target.id,)), run=change.goal, ordered=ordered)


def unmet(request, change, seen):
    """A sentence that tells how the Droplet differs from what `change` wanted; None when it is as planned."""
    story = _Story(request, seen)
    if story.done is None:
        return f"every action completed, but the mark of incident {request.incident!r} does not show among its tags"
    if change.goal.was_on and seen.droplet.status == "off":
        return "every action completed, but it is off and was on before"
    if strangers := story.strangers(None):
        last = strangers[-1]
        return f"it was restored, and action {last.id} ({last.type}), begun at {iso(last.started_at)}, overwrites it since"
    return None


def rescue(request, change, seen):
    """After a failure before the restore began: a Droplet that was powered off for it is powered on again."""
    story = _Story(request, seen)
    busy = any(action.in_progress for action in seen.actions)
    begun = story.mine or story.attempts
    if not request.stop_first or story.intent is None or busy or begun or story.done:
        return ()
    return (DropletAction("power_on"),) if story.intent.was_on and seen.droplet.status == "off" else ()


def aftermath(change, seen):
    """Further keys of a result, from what was read after the work; with `notes` where there is more to say."""
    told = {**change.goal.told, **_found(change.goal.told["incident"], seen)}
    if not change.goal.was_on and seen.droplet.status != "off":
        told["notes"] = ["it was off before, and the API has left it on"]
    return told


def tell(_request, _observed, plan, entries):
    """The KEYS of the result, beside its `droplets`."""
    (change,), (entry,) = plan.changes, entries
    return {key: entry.pop(key, change.goal.told[key]) for key in KEYS}


def describe(shown):
    """One line for people from a `before` or `after`."""
    if shown["state"] == "as it is":
        since = shown["written_after"]
        return "the disk as it is" + (f", with everything written after {since}" if since else "")
    if shown["state"] != "to be restored":
        return f"the disk {shown['state']} from image {shown['image']}"
    text = f"{shown['type']} {shown['image']} ({shown['name']}) of {shown['created_at']} in about {shown['minutes']} min"
    if shown["safety_snapshot"]:
        size, cost = shown["safety_snapshot_gigabytes"], shown["monthly_cost"]
        text += f", snapshot {shown['safety_snapshot']} of about {size:g} GiB for {cost:.2f} USD a month"
    else:
        text += ", no snapshot of the disk as it is"
    if shown["volumes"]:
        text += f", attached volumes stay as they are: {listed(shown['volumes'])}"
    return text


@dataclass(frozen=True, slots=True)
class _Story:
    """What marks and log tell of an incident."""

    request: Request
    seen: Seen

    @property
    def marks(self):
        return Marks.read(self.seen.droplet.tags or ())

    @property
    def intent(self):
        return self.marks.intent(self.request.incident)

    @property
    def done(self):
        return self.marks.done(self.request.incident)

    @property
    def image(self):
        """The id of the image that is decided already, or None."""
        decided = self.done or self.intent or self.request.run
        return decided and decided.image

    @property
    def was_on(self):
        decided = self.intent or self.request.run
        return decided.was_on if decided else self.seen.droplet.status != "off"

    @property
    def work(self):
        """Restores and rebuilds that are completed or in progress, the oldest first."""
        found = [action for action in self.seen.actions if action.type in WORK and not action.errored]
        return sorted(found, key=_order)

    @property
    def attempts(self):
        """Restores and rebuilds of any outcome since the intent, the oldest first."""
        found = [action for action in self.seen.actions if action.type in WORK and self._after_intent(action)]
        return sorted(found, key=_order)

    @property
    def mine(self):
        """The restore of this incident, in progress or completed; None where there is none."""
        if self.done:
            return next((action for action in self.work if action.id == self.done.action), None)
        known = self.work
        if run := self.request.run:
            known = [action for action in self.work if action.id in run.known]
            later = [action for action in self.work if action.id not in run.known]
            if self.request.ordered and later:
                return later[0]
        return next((action for action in known if self._is_mine(action)), None)

    def _is_mine(self, action):
        """By the marks, by its type, and because it came after the safety snapshot."""
        snapshots = [point.created_at for point in self._safety_snapshots() if point.created_at]
        return (
            self.marks.owner(action) == self.request.incident
            and action.type in self._fitting_types()
            and not any(made > action.started_at for made in snapshots)
        )

    def _fitting_types(self):
        point = self.find(self.image)
        if point and point.type == "backup":
            return ("restore",)
        # A snapshot may have been a backup when it was restored.
        return WORK if point is None or made_from_a_backup(point, self.seen.droplet.name) else ("rebuild",)

    def _after_intent(self, action):
        return self.intent is not None and self.intent.precedes(action.started_at)

    def _safety_snapshots(self):
        """Those of this incident that are younger than its intent, the newest first."""
        own = [point for point in self.seen.points if safety_of(point) == self.request.incident]
        return newest_first(point for point in own if self.intent and self.intent.precedes(point.created_at))

    def safety(self):
        """The safety snapshot that is there and good enough, or None.

        Once a restore was tried, it is the one from before. Where the Droplet is to be stopped first, one from before
        it was stopped lacks what was written since.
        """
        there = self._safety_snapshots()
        if self.attempts and self.attempts[0].started_at:
            earlier = [point for point in there if point.created_at < self.attempts[0].started_at]
            if earlier:
                return earlier[0]
        if self.request.stop_first:
            stops = [
                action
                for action in self.seen.actions
                if action.type == "power_off" and action.completed and self._after_intent(action)
            ]
            stopped = max((action.started_at for action in stops), default=None)
            running = self.seen.droplet.status != "off"
            there = [point for point in there if not running and (stopped is None or point.created_at >= stopped)]
        return next(iter(there), None)

    def find(self, image):
        """The Droplet's own restore point of that id, or None."""
        return next((point for point in self.seen.points if point.id == image), None)

    def point(self, now):
        """The RestorePoint that the incident is about; None where it is gone, and was restored before.

        What was decided counts. Raises SelectionError or RefusedError.
        """
        droplet = self.seen.droplet
        if self.image is None:
            points = self.seen.points
            if self.request.wanted.id is None:
                points = tuple(point for point in points if safety_of(point) is None)
            return resolve(self.request.wanted, points, droplet, now)
        found = self.find(self.image)
        if found is None and not (self.done or self.mine):
            raise RefusedError(
                f"Image {self.image}, chosen for incident {self.request.incident!r}, is no longer a backup or snapshot of "
                f"Droplet {droplet}, and was not restored before. Nothing is sent. Another restore point needs a new "
                "incident.",
                droplet=droplet.id,
            )
        return found

    def refuse_another_point(self):
        """An incident has one restore point: raises RefusedError where another one is asked for, or was chosen."""
        request, droplet, decided = self.request, self.seen.droplet, self.done or self.intent
        if decided is None:
            return
        what = "was restored from" if self.done or self.mine else "is to be restored from"
        if request.wanted.id not in (None, decided.image):
            raise RefusedError(
                f"Incident {request.incident!r} of Droplet {droplet} {what} image {decided.image}, and not from "
                f"{request.wanted.id}. Another restore point needs a new incident.",
                droplet=droplet.id,
            )
        if request.run and request.run.image not in (None, decided.image):
            raise RefusedError(
                f"Another run of incident {request.incident!r} on Droplet {droplet} has chosen image {decided.image}, "
                f"and this one image {request.run.image}. Nothing more is sent by this one.",
                droplet=droplet.id,
            )

    def refuse_after_waiting(self):
        """Raises RefusedError where the restore of somebody else that was waited for has ended."""
        awaited = self.request.run and self.request.run.awaited
        action = next((action for action in self.seen.actions if action.id == awaited), None)
        if action and not action.in_progress:
            raise RefusedError(
                f"Action {action.id} ({action.type}) on Droplet {self.seen.droplet} has ended as {action.status}.",
                droplet=self.seen.droplet.id,
                action=action.id,
            )

    def strangers(self, point):
        """Restores that stand in the way, the oldest first: those that nothing explains, and those since ours."""
        if self.done or self.mine:
            return [action for action in self.work if self._since_mine(action)]
        return [action for action in self.work if not self._explained(action, point)]

    def _since_mine(self, action):
        mine = self.mine
        return _order(action) > _order(mine) if mine else action.id > self.done.action

    def _explained(self, action, point):
        """True for what was over and known when this restore was decided: older than its point, or marked as done."""
        if action.in_progress or action.started_at is None:
            return False
        if point.created_at is not None and action.started_at < point.created_at:
            return True
        run = self.request.run
        return (
            self.marks.by(action) is not None
            and (self.intent is None or action.started_at <= self.intent.at)
            and (run is None or action.id in run.known)
        )

    def sentence(self, action, point):
        """Who has overwritten the disk, or is about to, and what that means."""
        droplet, incident, owner = self.seen.droplet, self.request.incident, self.marks.owner(action)
        who = f"action {action.id} ({action.type}), begun at {iso(action.started_at)}"
        if owner is None:
            who += ", which bears no mark of an incident"
        elif owner != incident:
            who += f", of incident {owner!r}"
        else:
            who += f", which is not known to be of incident {incident!r}"
        if action.in_progress:
            return (
                f"The disk of Droplet {droplet} is being overwritten: {who}. It is waited for, and nothing is sent for "
                f"incident {incident!r}. Look at what it has done before you go on."
            )
        if self.done or self.mine:
            return (
                f"Incident {incident!r} of Droplet {droplet} was restored, but the disk was overwritten since: {who}. "
                "Nothing is sent. Another restore needs a new incident."
            )
        if owner not in (None, incident) and self.marks.by(action) is None:
            advice = f"Run the task of incident {owner!r} again first, so that it is marked as done."
        elif owner == incident:
            advice = "If another run of this incident ordered it, run the task again."
        else:
            advice = "Choose a younger restore point, or look at droplet_action if it is meant all the same."
        return (
            f"The disk of Droplet {droplet} was overwritten after {point} was made: {who}. Restoring now would undo "
            f"that. Nothing is sent. {advice}"
        )


def _order(action):
    return action.started_at or _LAST, action.id


def _stopped(story, strangers, point, now):
    """The Plan where somebody else is at work: wait, then fail; raises RefusedError where they have ended."""
    running = next((action for action in strangers if action.in_progress), None)
    if running is None:
        raise RefusedError(
            story.sentence(strangers[-1], point), droplet=story.seen.droplet.id, action=strangers[-1].id
        )
    goal = replace(_goal(story, point, now, None), awaited=running.id)
    shown = {"state": "being overwritten", "image": None}
    change = Change(
        story.seen.droplet, shown, shown, goal=goal, awaits=Awaited(running, _disk_gigabytes(story.seen))
    )
    return Plan((change,), shortfall=story.sentence(running, point))


def _unchanged(story, point, now):
    incident, mark = story.request.incident, story.done
    shown = {"state": "restored", "image": mark.image}
    goal = _goal(story, point, now, story.safety())
    goal = replace(goal, told={**goal.told, **_found(incident, story.seen)})
    note = f"incident {incident!r} was restored by action {mark.action}, and no other restore came after it"
    return Change(story.seen.droplet, shown, shown, notes=(note,), goal=goal)


def _finish(story, point, now):
    """The restore has begun: what is left is to wait for it, to restore the power and to mark it."""
    droplet, mine, incident = story.seen.droplet, story.mine, story.request.incident
    after = {"state": "restored and marked", "image": story.image}
    before = {**after, "state": "being restored" if mine.in_progress else "restored and not marked"}
    steps = (*_power_on(story), Tag(Done(incident, story.image, mine.id).tag, "droplet", droplet.id))
    note = (
        f"action {mine.id} ({mine.type}), begun at {iso(mine.started_at)} after the intent of incident {incident!r}, is "
        f"taken for its restore; the log does not tell its image"
    )
    return Change(
        droplet,
        before,
        after,
        steps,
        () if story.request.ordered else (note,),
        goal=_goal(story, point, now, story.safety()),
        awaits=Awaited(mine, _gigabytes(point, story.seen)) if mine.in_progress else None,
    )


def _power_on(story):
    """A Droplet that was on and is off is powered on, unless somebody has decided about its power since."""
    mine = story.mine
    since = [
        action
        for action in story.seen.actions
        if action.type in POWER and action.completed and _order(action) > _order(mine)
    ]
    owed = story.was_on and story.seen.droplet.status == "off" and not since
    return (DropletAction("power_on"),) if owed else ()


def _restore(story, point, now):
    """`(Change, warnings)` where nothing is restored yet."""
    request, droplet = story.request, story.seen.droplet
    goal = _goal(story, point, now, story.safety())
    running = droplet.status != "off"
    size, safety = _gigabytes(point, story.seen), story.safety()
    safety_size = _disk_gigabytes(story.seen) if safety is None else _gigabytes(safety, story.seen)
    name = safety_name(request.incident, droplet.name) if safety is None else safety.name
    steps = []
    if story.intent is None:
        mark = Intent(request.incident, point.id, goal.at, goal.was_on)
        steps.append(Tag(mark.tag, "droplet", droplet.id))
    if request.stop_first and running:
        steps.append(DropletAction("power_off"))
    if request.safety_snapshot and safety is None:
        steps.append(DropletAction("snapshot", {"name": name}, False, safety_size, guarded=True))
    kind = "restore" if point.type == "backup" else "rebuild"
    steps.append(DropletAction(kind, {"image": point.id}, False, size, guarded=True))
    if goal.was_on and (request.stop_first or not running):
        steps.append(DropletAction("power_on"))
    steps.append(Tag(None, "droplet", droplet.id))
    minutes = ceil(sum(getattr(step, "size_gigabytes", None) or 0 for step in steps) * SECONDS_PER_GIB / 60)
    warnings = _refuse_expiring(story, point, minutes, now)
    wanted = request.safety_snapshot or safety is not None
    after = {
        "state": "to be restored",
        "type": point.type,
        "image": point.id,
        "name": point.name,
        "created_at": iso(point.created_at),
        "minutes": minutes,
        "safety_snapshot": name if wanted else None,
        "safety_snapshot_gigabytes": safety_size if wanted else None,
        "monthly_cost": monthly_snapshot_cost(safety_size) if wanted else 0.0,
        "volumes": None if droplet.volume_ids is None else list(droplet.volume_ids),
    }
    before = {"state": "as it is", "written_after": iso(point.created_at)}
    change = Change(droplet, before, after, tuple(steps), _notes(story, point, safety, now), goal=goal)
    return change, (*warnings, *_open_incidents(story))


def _notes(story, point, safety, now):
    request, droplet = story.request, story.seen.droplet
    age = point.age_hours(now)
    notes = [] if age is None else [f"{age:g} hours of data go: everything written after {iso(point.created_at)}"]
    if droplet.volume_ids is None:
        notes.append("attached volumes stay as they are; which there are, the token may not read (block_storage:read)")
    elif droplet.volume_ids:
        notes.append(f"attached volumes stay as they are, since no image holds them: {listed(droplet.volume_ids)}")
    if safety:
        notes.append(f"the safety snapshot is there: {safety} of {iso(safety.created_at)}")
    elif not request.safety_snapshot:
        notes.append("no safety snapshot is made, so that there is no way back to the disk as it is now")
    if (request.safety_snapshot or safety) and not request.stop_first and droplet.status != "off":
        notes.append(
            "what is written between the safety snapshot and the restore is in neither image; stop_first: true stops "
            "the Droplet before"
        )
    return tuple(notes)


def _refuse_expiring(story, point, minutes, now):
    """Raises RefusedError where a backup would expire before it is restored; warnings where that is not known.

    A backup that is there although its date is past was made under another policy than the one in force.
    """
    if point.type != "backup":
        return ()
    policy = story.seen.state.policy
    days = policy and policy.retention_period_days
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


def _open_incidents(story):
    """Sentences about other incidents that were begun and never marked as done."""
    marks = story.marks
    over = {mark.incident for mark in marks.dones}
    return tuple(
        f"Incident {mark.incident!r} of Droplet {story.seen.droplet} was begun at {iso(mark.at)} and is not done."
        for mark in marks.intents
        if mark.incident not in over and mark.incident != story.request.incident
    )


def _goal(story, point, now, safety):
    request, seen, run = story.request, story.seen, story.request.run
    known = frozenset(action.id for action in seen.actions if action.type in WORK)
    told = {
        "incident": request.incident,
        "restore_point": {
            "id": story.image if point is None else point.id,
            "name": point and point.name,
            "type": point and point.type,
            "created_at": point and iso(point.created_at),
            "age_hours": point and point.age_hours(now),
            "size_gigabytes": point and point.size_gigabytes,
        },
        "safety_snapshot": None,
        "duration_seconds": None,
        "undo": None,
    }
    if safety or request.safety_snapshot:
        name = safety.name if safety else safety_name(request.incident, seen.droplet.name)
        told.update(_way_back(story.marks, request.incident, seen.droplet, safety and safety.id, name))
    return Goal(
        image=told["restore_point"]["id"],
        at=run.at if run else now.replace(microsecond=0),
        was_on=story.was_on,
        known=run.known if run else known,
        told=told,
    )


def _way_back(marks, incident, droplet, snapshot, name):
    """The safety snapshot and the task that brings its state back; `snapshot` is its id, None where it is not made."""
    options = {
        "droplet_id": droplet.id,
        "snapshot_id": snapshot,
        "incident": undo_of(incident, marks.incidents),
        "confirm": droplet.name,
    }
    return {
        "safety_snapshot": {"id": snapshot, "name": name},
        "undo": {"name": f"Undo the restore of incident {incident}", MODULE: options},
    }


def _found(incident, seen):
    """What log and images tell of an incident that is done: how long it took, its safety snapshot, the way back."""
    marks = Marks.read(seen.droplet.tags or ())
    mark, intent = marks.done(incident), marks.intent(incident)
    action = mark and next((action for action in seen.actions if action.id == mark.action), None)
    told = {"duration_seconds": None, "safety_snapshot": None, "undo": None}
    if action is None or action.started_at is None:
        return told
    if action.completed_at:
        first = [
            other.started_at
            for other in seen.actions
            if other.type in ("power_off", "snapshot", *WORK)
            and intent
            and intent.precedes(other.started_at)
            and other.started_at <= action.started_at
        ]
        told["duration_seconds"] = int((action.completed_at - min(first, default=action.started_at)).total_seconds())
    snapshots = [
        point
        for point in newest_first(seen.points)
        if safety_of(point) == incident and point.created_at and point.created_at <= action.started_at
    ]
    if snapshots:
        told.update(_way_back(marks, incident, seen.droplet, snapshots[0].id, snapshots[0].name))
    return told


def _gigabytes(point, seen):
    """The size of a restore point in GiB; the disk's where it is not told."""
    return (point and point.size_gigabytes) or seen.droplet.disk


def _disk_gigabytes(seen):
    """About how large a snapshot of the Droplet becomes: as its newest restore point, at most as its disk."""
    return next((point.size_gigabytes for point in newest_first(seen.points) if point.size_gigabytes), seen.droplet.disk)
