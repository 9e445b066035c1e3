# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `droplet_backups` does: pure, the same for check mode and for the real run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from .._domain import arguments, needs
from .._domain.cost import monthly_backup_cost
from .._domain.desired_policy import PLAN_DEFAULTED, DesiredPolicy, offer_of, resolve_policies
from .._domain.errors import InputError, RefusedError
from .._domain.facts import Facts
from .._domain.models import Action, BackupPolicy, BackupState, Droplet, RestorePoint, SupportedPolicy
from .._domain.plan import Change, ChangeBackupPolicy, ConvertBackup, DisableBackups, Doubt, EnableBackups, Plan, Step
from .._domain.retention import at_risk_by_retention, newest_first, to_convert
from .._domain.selection import Selection, still_there
from .._domain.text import listed, some
from .._domain.time import iso
from .._domain.verb import Record, Verb

Desired = TypeVar("Desired", bound=DesiredPolicy)
R = TypeVar("R")

_SET_BY = {"weekday": "weekdays", "hour": "hours", **{name: name for name in PLAN_DEFAULTED}}
"""Options of a policy besides its plan, each with the field of a DesiredPolicy that holds it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run has met and decided for one Droplet: restore points as they were then.

    `at_risk` are those that its change may cost, newest first; `converting` those that have to be snapshots before
    backups change, once the first conversion has begun.
    """

    at_risk: needs.Points = ()
    converting: needs.Points = ()

    def risking(self, points: Iterable[RestorePoint]) -> Progress:
        """The same, with `points` at risk too: backups that were made since it was planned."""
        known = {point.id for point in self.at_risk}
        further = [point for point in points if point.id not in known]
        return replace(self, at_risk=tuple(newest_first([*self.at_risk, *further])))


NO_PROGRESS = Progress()


@dataclass(frozen=True, slots=True)
class Request(DesiredPolicy):
    """What the user asked for; `progress` is that of a run with its one Droplet."""

    selection: Selection
    max_disable: int = 1
    progress: Progress = NO_PROGRESS


@dataclass(frozen=True, slots=True)
class Observed:
    """What has been read so far. `supported`, and the ids in `backups` and `converted`, are read only when needed.

    `states` is a dict of Droplet id to BackupState; `backups` and `converted` (snapshots that were backups once) are
    dicts of Droplet id to a tuple of RestorePoint. `remaining` are, by Droplet id, the backups and the snapshots that
    are left of what a run has put at risk.
    """

    droplets: tuple[Droplet, ...]
    states: dict[int, BackupState]
    supported: tuple[SupportedPolicy, ...] | None = None
    backups: dict[int, tuple[RestorePoint, ...]] = field(default_factory=dict)
    converted: dict[int, tuple[RestorePoint, ...]] = field(default_factory=dict)
    remaining: dict[int, tuple[tuple[RestorePoint, ...], tuple[RestorePoint, ...]]] = field(default_factory=dict)


def request(selection: Selection, params: Mapping[str, Any]) -> Request:
    """The Request in a task's `params`; raises InputError."""
    return Request.from_options(params, selection=selection, max_disable=checked_max_disable(params))


def checked_max_disable(params: Mapping[str, Any]) -> int:
    """The option `max_disable`; raises InputError."""
    most: int = params["max_disable"]
    if most < 0:
        raise InputError(f"max_disable {most} is below 0.")
    return most


def observed(request: Request, droplets: Collection[Droplet], states: needs.States) -> Observed:
    """The first Observed; raises SelectionError if a Droplet that was named is gone by now."""
    there = still_there(request.selection, droplets, states)
    return Observed(tuple(sorted(there, key=lambda droplet: droplet.id)), states)


def complete(
    desired: DesiredPolicy, observed: Observed, facts: Facts, now: datetime, progress: Progress = NO_PROGRESS
) -> Observed:
    """`observed` with what the plan turns out to need: if every Droplet is as it should be, nothing more.

    Raises Missing, and InputError for a policy that cannot be.
    """
    if progress.at_risk:
        remaining = [needs.Remaining(droplet, progress.at_risk) for droplet in observed.droplets]
        observed = replace(observed, remaining={need.droplet.id: facts.get(need) for need in remaining})
    drifting = [droplet for droplet in observed.droplets if not desired.matches(observed.states[droplet.id])]
    if not drifting:
        return observed
    if desired.enabled or desired.protect_unlisted_plans:
        observed = replace(observed, supported=facts.get(needs.SupportedPolicies()))
    wanted = goals(desired, observed)
    risky = [droplet for droplet in drifting if _risky(observed, observed.states[droplet.id], wanted.get(droplet.id))]
    observed = replace(observed, backups=_by_id(risky, facts.each(needs.Backups(droplet) for droplet in risky)))
    if desired.existing_backups != "convert_newest" or progress.converting:
        return observed
    endangered = [droplet for droplet in risky if _at_risk(observed, droplet, wanted[droplet.id], now)]
    converted = facts.each(needs.Converted(droplet) for droplet in endangered)
    return replace(observed, converted=_by_id(endangered, converted))


def _by_id(droplets: Iterable[Droplet], points: Iterable[needs.Points]) -> dict[int, needs.Points]:
    return {droplet.id: own for droplet, own in zip(droplets, points, strict=True)}


def plan(request: Request, observed: Observed, now: datetime) -> Plan[Request]:
    """The Plan for `request`; raises InputError or RefusedError before anything is sent."""
    wanted = goals(request, observed)
    guard_number(disabled_by(wanted, observed), request.max_disable, "the selection")
    guard_restore_points(request, observed, wanted, now)
    made = changes(request, request.progress, narrowed, request, observed, wanted, now)
    return Plan(made, (*warnings(observed, wanted), *_without_effect(request, made)))


def narrowed(request: Request, droplet: Droplet, policy: BackupPolicy | None, progress: Progress) -> Request:
    """`request` for one Droplet, with the policy that was chosen for it and the `progress` of its run."""
    most = max(1, request.max_disable)
    chosen = pinned(request, policy)
    return replace(chosen, selection=Selection.of(droplet), max_disable=most, progress=progress)


def pinned(desired: Desired, policy: BackupPolicy | None) -> Desired:
    """`desired` with the policy that was chosen, all that is sent of it included; None if it wants none."""
    if policy is None:
        return desired
    return replace(
        desired,
        plan=policy.plan,
        weekdays=(policy.weekday,) if policy.weekday else None,
        hours=(policy.hour,) if policy.hour is not None else None,
        **{name: getattr(policy, name) for name in PLAN_DEFAULTED},
    )


def resumed(progress: Progress, done: Sequence[Step]) -> Progress:
    """`progress` after the steps `done`: until a conversion has begun, which is the newest may change."""
    begun = any(isinstance(step, ConvertBackup) for step in done)
    return progress if begun else replace(progress, converting=())


def decided(desired: Desired, done: Sequence[Step]) -> Desired:
    """`desired` after the steps `done`: once backups were changed, a new one is not asked about any more."""
    changed = any(not isinstance(step, ConvertBackup) for step in done)
    return replace(desired, existing_backups="may_be_lost") if changed and not desired.existing_backups else desired


def describe(shown: Mapping[str, Any]) -> str:
    """One line for people from a `before` or `after`: "weekly on SUN at 04:00 UTC, 7.20 USD a month"."""
    if shown["state"] == "disabled":
        text = "disabled"
    else:
        weekday = f" on {shown['weekday']}" if shown.get("weekday") else ""
        hour = f" at {shown['hour']:02d}:00 UTC" if shown.get("hour") is not None else ""
        text = f"{shown.get('plan') or 'enabled'}{weekday}{hour}"
        if shown.get("window_length_hours") is not None:
            text += f", window of {shown['window_length_hours']} h"
        if shown.get("retention_period_days") is not None:
            text += f", kept {shown['retention_period_days']} days"
    cost = shown["monthly_cost"]
    text += ", cost unknown" if cost == "unknown" else f", {cost:.2f} USD a month"
    if shown.get("backups_converted"):
        text += f", {shown['backups_converted']} of its backups kept as snapshots"
    return text


def goals(desired: DesiredPolicy, observed: Observed) -> needs.States:
    """What each Droplet that is to change is to have, with a policy if backups are to be on; raises InputError."""
    states = observed.states
    supported = observed.supported or ()
    drifting = [droplet for droplet in observed.droplets if not desired.matches(states[droplet.id])]
    moving = [droplet for droplet in drifting if not desired.ignores(states[droplet.id], supported)]
    if not desired.enabled:
        return {droplet.id: BackupState(False) for droplet in moving}
    chosen = resolve_policies(desired, observed.droplets, moving, states, supported)
    return {key: BackupState(True, policy) for key, policy in chosen.items()}


def disabled_by(wanted: needs.States, observed: Observed) -> list[Droplet]:
    """The Droplets whose backups go off by the goals `wanted`."""
    return [droplet for droplet in observed.droplets if not wanted.get(droplet.id, BackupState(True)).enabled]


def guard_number(disabled: Sequence[Droplet], most: int, too_wide: str) -> None:
    """Raises RefusedError if more Droplets are `disabled` than `most`; `too_wide` is what the user can narrow."""
    if len(disabled) > most:
        raise RefusedError(
            f"This would disable the backups of {len(disabled)} Droplets ({some(disabled)}), more than "
            f"max_disable: {most} allows. Narrow {too_wide}, or raise max_disable."
        )


Narrow = Callable[[R, Droplet, "BackupPolicy | None", Progress], R]
"""Gives the request for one Droplet, with the policy that was chosen for it and the Progress of its run."""


def changes(
    request: R,
    progress: Progress,
    narrow: Narrow[R],
    desired: DesiredPolicy,
    observed: Observed,
    wanted: needs.States,
    now: datetime,
) -> tuple[Change[R], ...]:
    """A Change for each Droplet, in their order, to the goals `wanted`; `progress` and `desired` are of `request`."""
    made: list[Change[R]] = []
    for droplet in observed.droplets:
        change, further = _change(request, progress, desired, observed, droplet, wanted.get(droplet.id), now)
        policy = wanted.get(droplet.id, BackupState(False)).policy
        made.append(replace(change, request=narrow(request, droplet, policy, further)) if change.steps else change)
    return tuple(made)


def _risky(observed: Observed, state: BackupState, goal: BackupState | None) -> bool:
    """True if reaching `goal` may cost restore points, should there be any."""
    if goal is None or not state.enabled:
        return False
    if goal.policy is None:
        return True
    old, new = _retention(observed, state.policy), _retention(observed, goal.policy)
    if old is None or new is None:
        same_plan = state.policy is not None and state.policy.plan == goal.policy.plan
        return old != new or not same_plan
    return new < old


def _retention(observed: Observed, policy: BackupPolicy | None) -> int | None:
    """Days that a backup made under `policy` is kept; None if neither the policy nor its plan says."""
    if policy is None or policy.retention_period_days is not None:
        return policy.retention_period_days if policy else None
    offer = offer_of(observed.supported or (), policy.plan)
    return offer.retention_period_days if offer else None


def _at_risk(observed: Observed, droplet: Droplet, goal: BackupState | None, now: datetime) -> list[RestorePoint]:
    """The backups of a Droplet that reaching `goal` may cost, newest first."""
    if goal is None or not _risky(observed, observed.states[droplet.id], goal):
        return []
    backups = observed.backups.get(droplet.id, ())
    if not goal.enabled:
        return newest_first(backups)
    return at_risk_by_retention(backups, _retention(observed, goal.policy), now)


def unchanged(desired: DesiredPolicy, droplet: Droplet, state: BackupState, request: R) -> Change[R]:
    """The Change of a Droplet that stays as it is."""
    before = _shown(desired, droplet, state)
    return Change(droplet, request, before, before)


def _change(
    request: R,
    progress: Progress,
    desired: DesiredPolicy,
    observed: Observed,
    droplet: Droplet,
    goal: BackupState | None,
    now: datetime,
) -> tuple[Change[R], Progress]:
    """The Change of a Droplet, not narrowed yet, and the Progress that its request is to have."""
    state = observed.states[droplet.id]
    became = _became(progress.at_risk, observed.remaining.get(droplet.id))
    if goal is None:
        stays = replace(unchanged(desired, droplet, state, request), extra_result=became)
        return (stays if desired.matches(state) else _left_alone(stays, state)), progress
    at_risk = _at_risk(observed, droplet, goal, now)
    progress = progress.risking(at_risk)
    chosen, doubt = _to_convert(desired, observed, droplet, at_risk, progress, now)
    progress = replace(progress, converting=(*progress.converting, *_further(chosen, progress.converting)))
    converts = tuple(ConvertBackup(backup.id, backup.size_gigabytes) for backup in chosen)
    after = _shown(desired, droplet, goal)
    if converts:
        after["backups_converted"] = len(converts)
    visible = None
    if converts and desired.existing_backups == "convert_newest":
        # While what was converted does not show, the next backup would be the newest.
        points = (*observed.backups.get(droplet.id, ()), *observed.converted.get(droplet.id, ()))
        visible = frozenset(point.id for point in points)
    steps = (*converts, _last_step(droplet, state, goal))
    before = _shown(desired, droplet, state)
    change = Change(droplet, request, before, after, steps, extra_result=became, visible=visible, doubt=doubt)
    return change, progress


def _left_alone(stays: Change[R], state: BackupState) -> Change[R]:
    why = "the API does not show its policy"
    if state.policy:
        why = f"it is on plan {state.policy.plan!r}, which is not among the supported ones"
    return replace(stays, notes=(f"left alone: {why}",), skipped=True)


def _last_step(droplet: Droplet, state: BackupState, goal: BackupState) -> Step:
    if not goal.enabled:
        return DisableBackups()
    if goal.policy is None:
        # Never taken for a wish to disable: `goals` gives every Droplet that is to have backups a policy.
        raise TypeError(f"Droplet {droplet} is to have backups, and no policy was chosen for it.")
    return ChangeBackupPolicy(goal.policy) if state.enabled else EnableBackups(goal.policy)


def _to_convert(
    desired: DesiredPolicy,
    observed: Observed,
    droplet: Droplet,
    at_risk: Sequence[RestorePoint],
    progress: Progress,
    now: datetime,
) -> tuple[Sequence[RestorePoint], Doubt | None]:
    """`(backups, doubt)`: what is to be converted before the policy changes, and why nothing may be sent yet.

    What a run has begun to convert has to be seen as a snapshot, and as a backup no more, however often it is planned
    again.
    """
    existing = desired.existing_backups or ""
    if not existing.startswith("convert_"):
        return (), None
    backups, snapshots = observed.remaining.get(droplet.id, ((), ()))
    still = [point for point in progress.converting if any(backup.id == point.id for backup in backups)]
    if missing := [point for point in progress.converting if point not in still and not _find(point, snapshots)]:
        why = f"backup {missing[0].id} is not among the Droplet's snapshots after its conversion completed"
        return (), Doubt(now + timedelta(seconds=1), why)
    if existing == "convert_newest" and progress.converting:
        return still, None
    chosen = to_convert(at_risk, observed.converted.get(droplet.id, ()), existing)
    return [*still, *_further(chosen, progress.converting)], None


def _further(points: Iterable[RestorePoint], known: Iterable[RestorePoint]) -> list[RestorePoint]:
    """Those of `points` that are not among the `known` ones."""
    ids = {point.id for point in known}
    return [point for point in points if point.id not in ids]


def guard_restore_points(desired: DesiredPolicy, observed: Observed, wanted: needs.States, now: datetime) -> None:
    """P4: raises RefusedError if restore points may be lost and the user has not said that they may."""
    if desired.existing_backups:
        return
    endangered = [
        (droplet, at_risk)
        for droplet in observed.droplets
        if (at_risk := _at_risk(observed, droplet, wanted.get(droplet.id), now))
    ]
    if not endangered:
        return
    number = sum(len(at_risk) for _droplet, at_risk in endangered)
    points = "1 restore point" if number == 1 else f"{number} restore points"
    first = endangered[0][0]
    policy = wanted[first.id].policy
    why = (
        "Disabling backups may cost"
        if policy is None
        else f"Plan {policy.plan!r} keeps backups for a shorter time and may cost"
    )
    raise RefusedError(
        f"{why} {points} of {some([droplet for droplet, _at_risk in endangered])}: "
        "DigitalOcean usually keeps existing backups until their date, but has also documented deletion at once. Say "
        "what may become of them with existing_backups: may_be_lost, convert_newest or convert_all.",
        droplet=first.id,
    )


def warnings(observed: Observed, wanted: needs.States) -> tuple[str, ...]:
    """Sentences about what is sent at the user's own risk."""
    plans = sorted({goal.policy.plan for goal in wanted.values() if goal.policy})
    return tuple(
        f"Plan {name!r} is not among the supported ones and is sent because of allow_unlisted_plan."
        for name in plans
        if offer_of(observed.supported or (), name) is None
    )


def _without_effect(request: Request, made: tuple[Change[Request], ...]) -> Iterator[str]:
    """A sentence if options of a policy were set for Droplets that were named and are left alone."""
    alone = [change.target for change in made if change.skipped]
    given = [name for name, field in _SET_BY.items() if getattr(request, field) is not None]
    if alone and given and not request.selection.by_description:
        yield (
            f"{listed(given)} {'has' if len(given) == 1 else 'have'} no effect on {some(alone)}, which "
            f"{'is' if len(alone) == 1 else 'are'} left alone on a plan that is not among the supported ones. Set "
            "plan to that plan and allow_unlisted_plan: true to change it all the same, or plan to another one."
        )


def _became(at_risk: needs.Points, remaining: tuple[needs.Points, needs.Points] | None) -> Record:
    """`kept` and `gone` of a result: what became of the restore points that were at risk, newest first."""
    if remaining is None:
        return {}
    there = [point for points in remaining for point in points]
    kept = [found for point in at_risk if (found := _find(point, there))]
    gone = [point for point in at_risk if not _find(point, there)]
    return {"kept": [_told(point) for point in kept], "gone": [_told(point) for point in gone]}


def _shown(request: DesiredPolicy, droplet: Droplet, state: BackupState) -> Record:
    """`before` or `after` of a Droplet: what the user can set, and `monthly_cost` (USD, or "unknown").

    The lengths that a plan brings with it are shown only if the user sets them.
    """
    if not state.enabled:
        return {"state": "disabled", "monthly_cost": monthly_backup_cost(droplet.price_monthly, state)}
    policy = state.policy or BackupPolicy("")
    hidden = [name for name in PLAN_DEFAULTED if getattr(request, name) is None]
    shown = {name: value for name, value in policy.to_api().items() if name not in hidden}
    cost = monthly_backup_cost(droplet.price_monthly, state)
    return {"state": "enabled", **shown, "monthly_cost": "unknown" if cost is None else cost}


def _find(point: RestorePoint, there: Sequence[RestorePoint]) -> RestorePoint | None:
    """`point` among the restore points `there`: by its id, or by name and time if converting gave it a new id."""
    same_id = (other for other in there if other.id == point.id)
    twins = (other for other in there if (other.name, other.created_at) == (point.name, point.created_at))
    return next(same_id, None) or next(twins, None)


def _told(point: RestorePoint) -> Record:
    return {"id": point.id, "name": point.name, "type": point.type, "created_at": iso(point.created_at)}


ARGUMENTS = (
    arguments.DROPLETS
    + arguments.BACKUPS
    + arguments.Arguments(
        {
            "state": {"type": "str", "choices": ["enabled", "disabled"], "default": "enabled"},
            "max_disable": {"type": "int", "default": 1},
        }
    )
)


class DropletBackups(Verb[Request]):
    """Backups on with a policy, or off, for a selection of Droplets."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        return request(arguments.selection(params), params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan[Request]:
        droplets, states = facts.get(needs.Fleet(request.selection))
        found = complete(request, observed(request, droplets, states), facts, now, request.progress)
        return plan(request, found, now)

    def resume(self, change: Change[Request], done: Sequence[Step], _own: Sequence[Action]) -> Request:
        return replace(decided(change.request, done), progress=resumed(change.request.progress, done))

    def describe(self, shown: Record) -> str:
        return describe(shown)
