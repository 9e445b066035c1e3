# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `droplet_backups` does: pure, the same for check mode and for the real run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .._domain.choice import BY_THE_PLAN, Wish, choose, listed, offer_of
from .._domain.cost import monthly_backup_cost
from .._domain.errors import InputError, RefusedError
from .._domain.models import BackupPolicy, BackupState, Droplet, RestorePoint, SupportedPolicy, iso
from .._domain.plan import Change, ChangeBackupPolicy, ConvertBackup, DisableBackups, EnableBackups, Plan
from .._domain.retention import at_risk_by_retention, newest_first, to_convert
from .._domain.selection import Selection, still_there

AS_GIVEN = ("plan", *BY_THE_PLAN, "existing_backups", "max_disable", "allow_unlisted_plan")
"""Options whose value a Request takes over as it is."""


@dataclass(frozen=True, slots=True)
class Request(Wish):
    """What the user asked for."""

    selection: Selection
    enabled: bool = True
    existing_backups: str | None = None
    max_disable: int = 1


@dataclass(frozen=True, slots=True)
class Observed:
    """What has been read so far. `supported`, and the ids in `backups` and `converted`, are read only when needed.

    `states` is a dict of Droplet id to BackupState; `backups` and `converted` (snapshots that were backups once) are
    dicts of Droplet id to a tuple of RestorePoint.
    """

    droplets: tuple[Droplet, ...]
    states: dict[int, BackupState]
    supported: tuple[SupportedPolicy, ...] | None = None
    backups: dict[int, tuple[RestorePoint, ...]] = field(default_factory=dict)
    converted: dict[int, tuple[RestorePoint, ...]] = field(default_factory=dict)

    def adding(self, supported, backups, converted):
        """The same and more."""
        return replace(
            self,
            supported=supported,
            backups={**self.backups, **backups},
            converted={**self.converted, **converted},
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be read before `plan` can decide; false when nothing is missing."""

    supported: bool = False
    backups: tuple[Droplet, ...] = ()
    converted: tuple[Droplet, ...] = ()

    def __bool__(self):
        return bool(self.supported or self.backups or self.converted)


def request(selection, params):
    """The Request in a task's `params`; raises InputError."""
    enabled = params["state"] == "enabled"
    policy_options = ("plan", "weekday", "hour", *BY_THE_PLAN)
    if not enabled and (given := [name for name in policy_options if params[name] is not None]):
        raise InputError(f"state: disabled leaves no policy, so {listed(given)} cannot be set with it.")
    for name in ("weekday", "hour"):
        if params[name] == []:
            raise InputError(f"{name} is an empty list: name at least one, or leave it out to keep what is set.")
    if params["max_disable"] < 0:
        raise InputError(f"max_disable {params['max_disable']} is below 0.")
    weekdays = params["weekday"] and [weekday.upper() for weekday in params["weekday"]]
    return Request(
        selection=selection,
        enabled=enabled,
        weekdays=weekdays and tuple(dict.fromkeys(weekdays)),
        hours=params["hour"] and tuple(dict.fromkeys(params["hour"])),
        **{name: params[name] for name in AS_GIVEN},
    )


def observed(request, droplets, states):
    """The first Observed; raises SelectionError where a Droplet that was called for is gone by now."""
    there = still_there(request.selection, droplets, states)
    return Observed(tuple(sorted(there, key=lambda droplet: droplet.id)), states)


def needs(request, observed, now):
    """What to read next: most runs find every Droplet as it should be, and need nothing more."""
    drifting = [droplet for droplet in observed.droplets if not _complies(request, observed.states[droplet.id])]
    if not drifting:
        return Needs()
    if request.enabled and observed.supported is None:
        return Needs(supported=True)
    goals = _goals(request, observed)
    risky = [droplet for droplet in drifting if _risky(observed, observed.states[droplet.id], goals.get(droplet.id))]
    unread = _unread(risky, observed.backups)
    if unread or request.existing_backups != "convert_newest":
        return Needs(backups=unread)
    endangered = [droplet for droplet in risky if _at_risk(observed, droplet, goals[droplet.id], now)]
    return Needs(converted=_unread(endangered, observed.converted))


def plan(request, observed, now):
    """The Plan for `request`; raises InputError or RefusedError before anything is sent."""
    goals = _goals(request, observed)
    _guard_number(request, observed, goals)
    changes = [_change(request, observed, droplet, goals.get(droplet.id), now) for droplet in observed.droplets]
    _guard_restore_points(request, observed, goals, now)
    return Plan(tuple(changes), _warnings(observed, goals))


def pin(request, change, done):
    """`request` for the Droplet of `change` alone, with the window that was chosen for it, after the steps `done`."""
    pinned = replace(request, selection=Selection(ids=(change.target.id,)), max_disable=max(1, request.max_disable))
    if request.existing_backups == "convert_newest" and any(isinstance(step, ConvertBackup) for step in done):
        pinned = replace(pinned, existing_backups="may_be_lost")
    if change.goal is None or not change.goal.enabled:
        return pinned
    goal = change.goal.policy
    return replace(
        pinned,
        plan=goal.plan,
        weekdays=(goal.weekday,) if goal.weekday else None,
        hours=(goal.hour,) if goal.hour is not None else None,
    )


def unmet(request, change, observed):
    """A sentence that tells how the re-read state differs from what `change` wanted; None when it is as planned."""
    state = observed.states.get(change.target.id)
    if state is None:
        return "it can no longer be read"
    if not _reached(change.goal, state):
        wanted = describe({**change.after, "backups_converted": 0})
        found = describe(_shown(request, change.target, state))
        return f"the API reports the change as completed, but its backups are {found} instead of {wanted}"
    return None


def unproven(change, step, observed):
    """A sentence that tells why `step` cannot be relied on although its action completed; None when it can."""
    if not isinstance(step, ConvertBackup):
        return None
    if any(backup.id == step.image_id for backup in observed.backups.get(change.target.id, ())):
        return f"backup {step.image_id} is still a backup after its conversion completed"
    unknown = RestorePoint(step.image_id, "", "backup")
    point = next((point for point in change.at_risk if point.id == step.image_id), unknown)
    if not _find(point, observed.converted.get(change.target.id, ())):
        return f"backup {step.image_id} is not among the Droplet's snapshots after its conversion completed"
    return None


def aftermath(change, observed):
    """`kept` and `gone` of a result: what became of the restore points that were at risk, newest first."""
    if not change.at_risk:
        return {}
    there = (*observed.backups.get(change.target.id, ()), *observed.converted.get(change.target.id, ()))
    kept = [found for point in change.at_risk if (found := _find(point, there))]
    gone = [point for point in change.at_risk if not _find(point, there)]
    return {"kept": [_told(point) for point in kept], "gone": [_told(point) for point in gone]}


def describe(shown):
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


def _complies(request, state):
    """True where nothing that the user set differs from `state`."""
    if not request.enabled or not state.enabled:
        return request.enabled == state.enabled
    return request.met_by(state.policy or BackupPolicy(""))


def _goals(request, observed):
    """A dict of Droplet id to the BackupState it is to have, for the Droplets that are not as they should be."""
    states = observed.states
    drifting = [droplet for droplet in observed.droplets if not _complies(request, states[droplet.id])]
    if not request.enabled:
        return {droplet.id: BackupState(False) for droplet in drifting}
    supported = observed.supported or ()
    moving = [droplet for droplet in drifting if not request.leaves_alone(states[droplet.id], supported)]
    chosen = choose(request, observed.droplets, moving, states, supported)
    return {key: BackupState(True, policy) for key, policy in chosen.items()}


def _risky(observed, state, goal):
    """True where reaching `goal` may cost restore points, should there be any."""
    if goal is None or not state.enabled:
        return False
    if not goal.enabled:
        return True
    old, new = _retention(observed, state.policy), _retention(observed, goal.policy)
    if None in (old, new):
        same_plan = state.policy is not None and state.policy.plan == goal.policy.plan
        return old != new or not same_plan
    return new < old


def _retention(observed, policy):
    """Days that a backup made under `policy` is kept; None where nobody says."""
    if policy is None or policy.retention_period_days is not None:
        return policy and policy.retention_period_days
    offer = offer_of(observed.supported or (), policy.plan)
    return offer and offer.retention_period_days


def _at_risk(observed, droplet, goal, now):
    """The backups of a Droplet that reaching `goal` may cost, newest first."""
    if not _risky(observed, observed.states[droplet.id], goal):
        return []
    backups = observed.backups.get(droplet.id, ())
    if not goal.enabled:
        return newest_first(backups)
    return at_risk_by_retention(backups, _retention(observed, goal.policy), now)


def _change(request, observed, droplet, goal, now):
    state = observed.states[droplet.id]
    before = _shown(request, droplet, state)
    if goal is None:
        notes = ()
        if not _complies(request, state):
            why = "the API does not show its policy"
            if state.policy:
                why = f"it is on plan {state.policy.plan!r}, which is not among the supported ones"
            notes = (f"left alone: {why}",)
        return Change(droplet, before, before, notes=notes, goal=state)
    converts = ()
    at_risk = _at_risk(observed, droplet, goal, now)
    if (request.existing_backups or "").startswith("convert_"):
        chosen = to_convert(at_risk, observed.converted.get(droplet.id, ()), request.existing_backups)
        converts = tuple(ConvertBackup(backup.id, backup.size_gigabytes) for backup in chosen)
    if not goal.enabled:
        last = DisableBackups()
    else:
        last = ChangeBackupPolicy(goal.policy) if state.enabled else EnableBackups(goal.policy)
    after = _shown(request, droplet, goal)
    if converts:
        after["backups_converted"] = len(converts)
    return Change(droplet, before, after, (*converts, last), goal=goal, at_risk=tuple(at_risk))


def _guard_number(request, observed, goals):
    disabling = [droplet for droplet in observed.droplets if not goals.get(droplet.id, BackupState(True)).enabled]
    if len(disabling) > request.max_disable:
        raise RefusedError(
            f"This would disable the backups of {len(disabling)} Droplets ({_some(disabling)}), more than "
            f"max_disable: {request.max_disable} allows. Narrow the selection, or raise max_disable."
        )


def _guard_restore_points(request, observed, goals, now):
    """P4: what may cost restore points needs the user's word for it."""
    if request.existing_backups:
        return
    endangered = [
        (droplet, at_risk)
        for droplet in observed.droplets
        if (at_risk := _at_risk(observed, droplet, goals.get(droplet.id), now))
    ]
    if not endangered:
        return
    number = sum(len(at_risk) for _droplet, at_risk in endangered)
    points = "1 restore point" if number == 1 else f"{number} restore points"
    first = endangered[0][0]
    why = (
        "Disabling backups may cost"
        if not request.enabled
        else f"Plan {goals[first.id].policy.plan!r} keeps backups for a shorter time and may cost"
    )
    raise RefusedError(
        f"{why} {points} of {_some([droplet for droplet, _at_risk in endangered])}: "
        "DigitalOcean usually keeps existing backups until their date, but has also documented deletion at once. Say "
        "what may become of them with existing_backups: may_be_lost, convert_newest or convert_all.",
        droplet=first.id,
    )


def _warnings(observed, goals):
    plans = sorted({goal.policy.plan for goal in goals.values() if goal.enabled})
    return tuple(
        f"Plan {name!r} is not among the supported ones and is sent because of allow_unlisted_plan."
        for name in plans
        if offer_of(observed.supported or (), name) is None
    )


def _reached(goal, state):
    if not goal.enabled or not state.enabled:
        return goal.enabled == state.enabled
    actual = (state.policy or BackupPolicy("")).to_api()
    return all(actual.get(name) == value for name, value in goal.policy.to_api().items())


def _shown(request, droplet, state):
    """`before` or `after` of a Droplet: what the user can set, and `monthly_cost` (USD, or "unknown").

    The lengths that a plan brings with it are shown only where the user sets them.
    """
    if not state.enabled:
        return {"state": "disabled", "monthly_cost": monthly_backup_cost(droplet.price_monthly, None)}
    policy = state.policy or BackupPolicy("")
    hidden = [name for name in BY_THE_PLAN if getattr(request, name) is None]
    shown = {name: value for name, value in policy.to_api().items() if name not in hidden}
    cost = monthly_backup_cost(droplet.price_monthly, policy.plan)
    return {"state": "enabled", **shown, "monthly_cost": "unknown" if cost is None else cost}


def _find(point, there):
    """`point` among the restore points `there`: by its id, or by name and time where converting gave it a new id."""
    same_id = (other for other in there if other.id == point.id)
    twins = (other for other in there if (other.name, other.created_at) == (point.name, point.created_at))
    return next(same_id, None) or next(twins, None)


def _told(point):
    return {"id": point.id, "name": point.name, "type": point.type, "created_at": iso(point.created_at)}


def _unread(droplets, facts):
    return tuple(droplet for droplet in droplets if droplet.id not in facts)


def _some(droplets, most=5):
    names = ", ".join(str(droplet) for droplet in droplets[:most])
    return names + (f" and {len(droplets) - most} more" if len(droplets) > most else "")
