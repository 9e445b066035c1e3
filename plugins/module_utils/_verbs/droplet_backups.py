# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `droplet_backups` does: pure, the same for check mode and for the real run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from .._domain import arguments, needs
from .._domain.cost import monthly_backup_cost
from .._domain.desired_policy import PLAN_DEFAULTED, DesiredPolicy, offer_of, resolve_policies
from .._domain.errors import InputError, NotConvergedError, RefusedError
from .._domain.facts import Facts
from .._domain.models import BackupPolicy, BackupState, Droplet, RestorePoint
from .._domain.observed import Observed
from .._domain.plan import Change, ChangeBackupPolicy, ConvertBackup, DisableBackups, EnableBackups, Plan, Step
from .._domain.retention import at_risk_by_retention, newest_first, to_convert
from .._domain.selection import Selection, still_there
from .._domain.text import listed, some
from .._domain.time import iso
from .._domain.verb import Record, Verb

Desired = TypeVar("Desired", bound=DesiredPolicy)

_SET_BY = {"weekday": "weekdays", "hour": "hours", **{name: name for name in PLAN_DEFAULTED}}
"""Options of a policy besides its plan, each with the field of a DesiredPolicy that holds it."""


@dataclass(frozen=True, slots=True)
class Request(DesiredPolicy):
    """What the user asked for."""

    selection: Selection
    max_disable: int = 1


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


def complete(desired: DesiredPolicy, observed: Observed, facts: Facts, now: datetime) -> Observed:
    """`observed` with what the plan turns out to need: if every Droplet is as it should be, nothing more.

    Raises Missing, and InputError for a policy that cannot be.
    """
    drifting = [droplet for droplet in observed.droplets if not desired.matches(observed.states[droplet.id])]
    if not drifting:
        return observed
    if desired.enabled or desired.protect_unlisted_plans:
        observed = replace(observed, supported=facts.get(needs.SupportedPolicies()))
    wanted = goals(desired, observed)
    risky = [droplet for droplet in drifting if _risky(observed, observed.states[droplet.id], wanted.get(droplet.id))]
    observed = replace(observed, backups=_by_id(risky, facts.each(needs.Backups(droplet) for droplet in risky)))
    if desired.existing_backups != "convert_newest":
        return observed
    endangered = [droplet for droplet in risky if _at_risk(observed, droplet, wanted[droplet.id], now)]
    converted = facts.each(needs.Converted(droplet) for droplet in endangered)
    return replace(observed, converted=_by_id(endangered, converted))


def again(changes: Sequence[Change], facts: Facts) -> Observed:
    """What became of the Droplets of `changes`: their policies, and the restore points that were at risk."""
    endangered = [change for change in changes if change.at_risk]
    states = [needs.StateAgain(change.target.id) for change in changes]
    remaining = [needs.Remaining(change.target, change.at_risk) for change in endangered]
    facts.require(*states, *remaining)
    targets = [change.target for change in endangered]
    left = facts.each(remaining)
    return Observed(
        tuple(change.target for change in changes),
        {need.droplet: state for need in states if (state := facts.get(need))},
        backups=_by_id(targets, (backups for backups, _snapshots in left)),
        converted=_by_id(targets, (snapshots for _backups, snapshots in left)),
    )


def _by_id(droplets: Iterable[Droplet], points: Iterable[needs.Points]) -> dict[int, needs.Points]:
    return {droplet.id: own for droplet, own in zip(droplets, points, strict=True)}


def plan(request: Request, observed: Observed, now: datetime) -> Plan:
    """The Plan for `request`; raises InputError or RefusedError before anything is sent."""
    wanted = goals(request, observed)
    guard_number(disabled_by(wanted, observed), request.max_disable, "the selection")
    guard_restore_points(request, observed, wanted, now)
    made = changes(request, observed, wanted, now)
    return Plan(made, (*warnings(observed, wanted), *_without_effect(request, made)))


def pin(request: Request, change: Change, done: Sequence[Step]) -> Request:
    """`request` for the Droplet of `change` alone, with the window that was chosen for it, after the steps `done`."""
    selection = Selection(ids=(change.target.id,))
    return replace(pinned(request, change, done), selection=selection, max_disable=max(1, request.max_disable))


def pinned(desired: Desired, change: Change, done: Sequence[Step]) -> Desired:
    """`desired` with what was chosen for the Droplet of `change`, after the steps `done`."""
    if desired.existing_backups == "convert_newest" and any(isinstance(step, ConvertBackup) for step in done):
        desired = replace(desired, existing_backups="may_be_lost")
    goal = _goal(change)
    if goal is None or goal.policy is None:
        return desired
    policy = goal.policy
    return replace(
        desired,
        plan=policy.plan,
        weekdays=(policy.weekday,) if policy.weekday else None,
        hours=(policy.hour,) if policy.hour is not None else None,
    )


def _goal(change: Change) -> BackupState | None:
    """What `change` leads to; it has no policy if backups go off, or stay on with a policy that the API hides."""
    return change.goal if isinstance(change.goal, BackupState) else None


def unmet(request: DesiredPolicy, change: Change, observed: Observed) -> str | None:
    """A sentence that says how the state differs from what `change` wanted; None if it is as planned."""
    goal = _goal(change)
    state = observed.states.get(change.target.id)
    if state is None:
        return "it can no longer be read"
    if goal is None or _reached(goal, state):
        return None
    wanted = describe({**change.after, "backups_converted": 0})
    found = describe(_shown(request, change.target, state))
    differing = f" ({_difference(goal, state)})" if goal.enabled and state.enabled else ""
    return f"the API reports the change as completed, but its backups are {found} instead of {wanted}{differing}"


def unproven(change: Change, step: Step, observed: Observed) -> str | None:
    """A sentence that says why `step` cannot be relied on although its action completed; None if it can.

    Raises NotConvergedError if the Droplet is gone: no time will mend that.
    """
    if not isinstance(step, ConvertBackup):
        return None
    if change.target.id not in observed.states:
        raise NotConvergedError(f"Droplet {change.target} was deleted meanwhile.")
    if any(backup.id == step.image_id for backup in observed.backups.get(change.target.id, ())):
        return f"backup {step.image_id} is still a backup after its conversion completed"
    unknown = RestorePoint(step.image_id, "", "backup")
    point = next((point for point in change.at_risk if point.id == step.image_id), unknown)
    if not _find(point, observed.converted.get(change.target.id, ())):
        return f"backup {step.image_id} is not among the Droplet's snapshots after its conversion completed"
    return None


def aftermath(change: Change, observed: Observed) -> Record:
    """`kept` and `gone` of a result: what became of the restore points that were at risk, newest first."""
    if not change.at_risk:
        return {}
    there = (*observed.backups.get(change.target.id, ()), *observed.converted.get(change.target.id, ()))
    kept = [found for point in change.at_risk if (found := _find(point, there))]
    gone = [point for point in change.at_risk if not _find(point, there)]
    return {"kept": [_told(point) for point in kept], "gone": [_told(point) for point in gone]}


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


def changes(
    desired: DesiredPolicy, observed: Observed, wanted: needs.States, now: datetime
) -> tuple[Change, ...]:
    """A Change for each Droplet, in their order, to the goals `wanted`."""
    return tuple(_change(desired, observed, droplet, wanted.get(droplet.id), now) for droplet in observed.droplets)


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


def unchanged(desired: DesiredPolicy, droplet: Droplet, state: BackupState) -> Change:
    """The Change of a Droplet that stays as it is."""
    before = _shown(desired, droplet, state)
    return Change(droplet, before, before, goal=state)


def _change(
    request: DesiredPolicy, observed: Observed, droplet: Droplet, goal: BackupState | None, now: datetime
) -> Change:
    state = observed.states[droplet.id]
    if goal is None:
        stays = unchanged(request, droplet, state)
        if request.matches(state):
            return stays
        why = "the API does not show its policy"
        if state.policy:
            why = f"it is on plan {state.policy.plan!r}, which is not among the supported ones"
        return replace(stays, notes=(f"left alone: {why}",), skipped=True)
    before = _shown(request, droplet, state)
    converts: tuple[ConvertBackup, ...] = ()
    existing = request.existing_backups or ""
    at_risk = _at_risk(observed, droplet, goal, now)
    if existing.startswith("convert_"):
        chosen = to_convert(at_risk, observed.converted.get(droplet.id, ()), existing)
        converts = tuple(ConvertBackup(backup.id, backup.size_gigabytes) for backup in chosen)
    last: Step
    if not goal.enabled:
        last = DisableBackups()
    elif goal.policy is None:
        # Never taken for a wish to disable: `goals` gives every Droplet that is to have backups a policy.
        raise TypeError(f"Droplet {droplet} is to have backups, and no policy was chosen for it.")
    else:
        last = ChangeBackupPolicy(goal.policy) if state.enabled else EnableBackups(goal.policy)
    after = _shown(request, droplet, goal)
    if converts:
        after["backups_converted"] = len(converts)
    visible = None
    if converts and existing == "convert_newest":
        # While what was converted does not show, the next backup would be the newest.
        points = (*observed.backups.get(droplet.id, ()), *observed.converted.get(droplet.id, ()))
        visible = frozenset(point.id for point in points)
    return Change(droplet, before, after, (*converts, last), goal=goal, at_risk=tuple(at_risk), visible=visible)


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


def _reached(goal: BackupState, state: BackupState) -> bool:
    if not goal.enabled or not state.enabled:
        return goal.enabled == state.enabled
    return not _difference(goal, state)


def _without_effect(request: Request, made: tuple[Change, ...]) -> Iterator[str]:
    """A sentence if options of a policy were set for Droplets that were named and are left alone."""
    alone = [change.target for change in made if change.skipped]
    given = [name for name, field in _SET_BY.items() if getattr(request, field) is not None]
    if alone and given and not request.selection.by_description:
        yield (
            f"{listed(given)} {'has' if len(given) == 1 else 'have'} no effect on {some(alone)}, which "
            f"{'is' if len(alone) == 1 else 'are'} left alone on a plan that is not among the supported ones. Set "
            "plan to that plan and allow_unlisted_plan: true to change it all the same, or plan to another one."
        )


def _difference(goal: BackupState, state: BackupState) -> str:
    """Each field of a policy that is not as the `goal` has it, for a sentence; empty if all are. Both are enabled."""
    actual = state.policy.to_api() if state.policy else {}
    wanted = goal.policy.to_api() if goal.policy else {}
    return "; ".join(
        f"{name} is {actual.get(name, 'not shown')}, wanted is {value}"
        for name, value in wanted.items()
        if actual.get(name) != value
    )


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
    proves_steps = True

    def request(self, params: Mapping[str, Any]) -> Request:
        return request(arguments.selection(params), params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan:
        droplets, states = facts.get(needs.Fleet(request.selection))
        return plan(request, complete(request, observed(request, droplets, states), facts, now), now)

    def narrow(self, request: Request, change: Change, done: Sequence[Step]) -> Request:
        return pin(request, change, done)

    def unmet(self, request: Request, change: Change, facts: Facts) -> str | None:
        return unmet(request, change, again([change], facts))

    def unproven(self, change: Change, step: Step, facts: Facts) -> str | None:
        return unproven(change, step, again([change], facts))

    def result(self, change: Change, facts: Facts) -> Record:
        return aftermath(change, again([change], facts))

    def describe(self, shown: Record) -> str:
        return describe(shown)
