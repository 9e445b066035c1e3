# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What marks, images and the log of actions tell of one incident of a Droplet: pure facts, on which a plan decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ..._domain.evidence import ended_at, ended_within
from ..._domain.journal import Completed, Intent, Journal, safety_of
from ..._domain.models import Action, BackupState, Droplet, RestorePoint
from ..._domain.plan import Doubt
from ..._domain.retention import newest_first

DISK_WRITES = ("restore", "rebuild")
"""Types of actions that overwrite the disk."""

SECOND = timedelta(seconds=1)
"""In which times are told."""

GOES_ON = timedelta(seconds=30)
"""So long after one step a run may send the next, at the longest: then it looks at the Droplet again."""

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Goal:
    """What the first plan of a run decided, so that its later plans do not decide otherwise.

    `known` are the ids of the restores and rebuilds that were in the log by then; `awaited` is the id of somebody
    else's restore, after which the task fails. `by_rebuild` is True once the API has refused to restore a snapshot,
    `resumed` if an earlier run had written its intent by then.
    """

    image: int | None
    at: datetime
    was_on: bool
    known: frozenset[int]
    awaited: int | None = None
    by_rebuild: bool = False
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One Droplet, its backups and snapshots in `points`, and its log of `actions`, the newest first.

    All of it may be late by `lag`.
    """

    droplet: Droplet
    state: BackupState
    points: tuple[RestorePoint, ...]
    actions: tuple[Action, ...] = ()
    lag: timedelta = timedelta()

    def knowing(self, own: tuple[Action, ...]) -> Seen:
        """The same, with the actions that a run has begun itself, whatever the log shows of them."""
        known = {action.id: action for action in self.actions}
        for action in own:
            if action.id not in known or known[action.id].in_progress:
                known[action.id] = action
        return replace(self, actions=tuple(known[key] for key in sorted(known, reverse=True)))


@dataclass(frozen=True, slots=True)
class IncidentHistory:
    """An incident as far as it shows. `run` and `ordered` are what a run knows of itself, None and False at its start.

    `ordered` is True once it has sent its restore, `own` are the actions that it has begun, and `stop_first` says that
    the Droplet is to be off for the safety snapshot.
    `undoes` is the incident whose safety snapshot is brought back, None if the restore point is no such snapshot.
    """

    seen: Seen
    incident: str
    stop_first: bool = False
    run: Goal | None = None
    ordered: bool = False
    own: tuple[Action, ...] = ()
    undoes: str | None = None

    @property
    def marks(self) -> Journal:
        return Journal.read(self.seen.droplet.tags or ())

    @property
    def intent(self) -> Intent | None:
        return self.marks.intent(self.incident)

    @property
    def done(self) -> Completed | None:
        return self.marks.done(self.incident) or self._unmarked()

    @property
    def unmarked_since(self) -> datetime | None:
        """When the safety snapshot of this incident was made, if no mark of it is left; else None."""
        if self.run or self.intent or self.marks.done(self.incident):
            return None
        made = (point.created_at for point in self.seen.points if safety_of(point) == self.incident)
        return max((moment for moment in made if moment), default=None)

    def _unmarked(self) -> Completed | None:
        """A Completed without an image, if a restore has left its safety snapshot and the log only; else None."""
        since = self.unmarked_since
        if since is None:
            return None
        later = [action for action in self.disk_writes if action.started_at and action.started_at >= since]
        first = next((action for action in later if action.completed), None)
        if first is None or self.marks.by(first):
            return None
        others = (mark for mark in self.marks.intents if mark.at > since and mark.precedes(first.started_at))
        return None if any(others) else Completed(self.incident, None, first.id)

    @property
    def image(self) -> int | None:
        """The id of the image that is decided already, or None."""
        decided = self.done or self.intent or self.run
        return decided.image if decided else None

    @property
    def was_on(self) -> bool:
        decided: Intent | Goal | None = self.intent or self.run
        if decided is None and self.undoes and not self.marks.done(self.undoes):
            # A restore that failed has left it off: the way back leads to how it was before that.
            decided = self.marks.intent(self.undoes)
        return decided.was_on if decided else self.seen.droplet.status != "off"

    @property
    def disk_writes(self) -> list[Action]:
        """Restores and rebuilds that are completed or in progress, the oldest first."""
        found = [action for action in self.seen.actions if action.type in DISK_WRITES and not action.errored]
        return sorted(found, key=action_order)

    @property
    def attempts(self) -> list[Action]:
        """Restores and rebuilds of any outcome since the intent, the oldest first."""
        found = [action for action in self.seen.actions if action.type in DISK_WRITES and self._after_intent(action)]
        return sorted(found, key=action_order)

    @property
    def own_restore(self) -> Action | None:
        """The restore of this incident, in progress or completed; None if there is none."""
        if mark := self.done:
            return next((action for action in self.disk_writes if action.id == mark.action), None)
        known = self.disk_writes
        if run := self.run:
            # What an earlier run has begun, the log may not have shown when this one began.
            before = [action for action in self.disk_writes if run.resumed and action.began_before(run.at + SECOND)]
            known = [action for action in self.disk_writes if action.id in run.known or action in before]
            later = [action for action in self.disk_writes if action.id not in run.known]
            if self.ordered and later:
                begun = {action.id for action in self.own}
                return next((action for action in later if action.id in begun), later[0])
        return next((action for action in known if self._is_mine(action)), None)

    def _is_mine(self, action: Action) -> bool:
        """By the marks, by its type, and because it came after the safety snapshot."""
        snapshots = [point.created_at for point in self._safety_snapshots() if point.created_at]
        return (
            self.marks.owner(action) == self.incident
            and action.type in self._fitting_types()
            and not any(action.started_at and made > action.started_at for made in snapshots)
        )

    def _fitting_types(self) -> tuple[str, ...]:
        point = self.find(self.image)
        return ("restore",) if point and point.type == "backup" else DISK_WRITES

    def _after_intent(self, action: Action) -> bool:
        """This run's own are known by their ids: the time of the intent is off if the API told one that was."""
        if self.intent is None:
            return False
        return any(action.id == one.id for one in self.own) or self.intent.precedes(action.started_at)

    def _safety_snapshots(self) -> list[RestorePoint]:
        """Those of this incident that are younger than its intent, or made by this run, the newest first."""
        if self.intent is None:
            return []
        made = {action.started_at for action in self.own if action.type == "snapshot" and action.started_at}
        named = [point for point in self.seen.points if safety_of(point) == self.incident]
        return newest_first(
            point for point in named if point.created_at in made or self.intent.precedes(point.created_at)
        )

    def safety(self) -> RestorePoint | None:
        """The safety snapshot that is there and good enough, or None.

        Once a restore was tried, it is the one from before. If the Droplet is to be stopped first, one from before
        it was stopped lacks what was written since.
        """
        there = self._safety_snapshots()
        if self.attempts and self.attempts[0].started_at:
            tried = self.attempts[0].started_at
            earlier = [point for point in there if point.created_at and point.created_at < tried]
            if earlier:
                return earlier[0]
        if self.stop_first:
            stops = [
                action
                for action in self.seen.actions
                if action.type == "power_off" and action.completed and self._after_intent(action)
            ]
            stopped = max((action.started_at for action in stops if action.started_at), default=None)
            if self.seen.droplet.status != "off":
                return None
            if stopped is not None:
                there = [point for point in there if point.created_at and point.created_at >= stopped]
        return next(iter(there), None)

    def doubt(self, now: datetime, wants_snapshot: bool) -> Doubt | None:
        """Why nothing may be sent yet, if an earlier run may have done what the log or the lists do not show; or None.

        Traces of an earlier run that are young say that it may have gone on from there.
        """
        lag, begun = self.seen.lag, {action.id for action in self.own}
        if self.intent is None:
            return None
        later = [action for action in self.seen.actions if self._after_intent(action)]
        made = frozenset(point.created_at for point in self.seen.points)
        snapshots = [action for action in later if action.type == "snapshot" and action.completed]
        unseen = [action for action in snapshots if action.started_at not in made and ended_within(action, lag, now)]
        if wants_snapshot and unseen:
            why = f"action {unseen[0].id} (snapshot) has completed, and the safety snapshot does not show yet"
            return Doubt((ended_at(unseen[0]) or now) + lag, why, unseen[0])
        ours = self.run and not self.run.resumed and self.run.at == self.intent.at
        if ours or not lag:
            return None
        ends = [ended_at(action) for action in later if action.id not in begun]
        # That run may have waited for its last step to show, and the next one shows as late.
        until = max([self.intent.at, *(end for end in ends if end)]) + 2 * lag + GOES_ON
        why = f"an earlier run of incident {self.incident!r} may have gone on, and what it did does not show yet"
        return Doubt(until, why) if now < until else None

    def way_back(self) -> RestorePoint | None:
        """The snapshot of the disk as it was before the restore was tried, good enough or not, or None."""
        return self.safety() or next(iter(self._safety_snapshots()), None)

    def _undone(self, action: Action) -> bool:
        """Whether it is the restore that is to be undone: a run that failed after it may not have marked it."""
        other = IncidentHistory(self.seen, self.undoes) if self.undoes else None
        return other is not None and other.own_restore is not None and other.own_restore.id == action.id

    def find(self, image: int | None) -> RestorePoint | None:
        """The Droplet's own restore point of that id, or None."""
        return next((point for point in self.seen.points if point.id == image), None)

    def conflicting_restores(self, point: RestorePoint | None) -> list[Action]:
        """Restores that stand in the way, the oldest first: those that nothing explains, and those since ours."""
        if self.done or self.own_restore:
            return [action for action in self.disk_writes if self._since_mine(action)]
        return [action for action in self.disk_writes if not self._is_accounted_for(action, point)]

    def _since_mine(self, action: Action) -> bool:
        mine, mark = self.own_restore, self.done
        if mine:
            return action_order(action) > action_order(mine)
        return mark is not None and action.id > mark.action

    def _is_accounted_for(self, action: Action, point: RestorePoint | None) -> bool:
        """True for what was over and known when this restore was decided: older than its point, or marked as done."""
        if action.in_progress or action.started_at is None:
            return False
        if point is not None and point.created_at is not None and action.started_at < point.created_at:
            return True
        run = self.run
        return (
            (self.marks.by(action) is not None or self._undone(action))
            and (self.intent is None or action.started_at <= self.intent.at)
            and (run is None or action.id in run.known)
        )


def action_order(action: Action) -> tuple[datetime, int]:
    """A sort key: by time, what has none last."""
    return action.started_at or _LAST, action.id
