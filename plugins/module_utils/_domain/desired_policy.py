# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup policy each Droplet gets, from what the user wants and what is set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Self

from .cost import SHARE_OF_PRICE, is_basic
from .errors import InputError
from .models import BackupPolicy, BackupState, Droplet, SupportedPolicy
from .text import listed
from .windows import WEEKDAYS, Window, any_hour, interval, spread

DEFAULT_PLAN = "daily"
"""What the API takes if backups are enabled and no plan is named."""

DAY_HOURS = frozenset(range(24))

PLAN_DEFAULTED = ("window_length_hours", "retention_period_days")
"""What the API sets by the plan, unless a plan lets the user choose."""

POLICY_OPTIONS = ("plan", "weekday", "hour", *PLAN_DEFAULTED)
"""Options that say what a policy is to be."""

PASSTHROUGH_OPTIONS = ("plan", *PLAN_DEFAULTED, "allow_unlisted_plan", "existing_backups")
"""Options whose value a DesiredPolicy takes over as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredPolicy:
    """What the user wants of backups. None means "left out"; `weekdays` and `hours` mean "any of these"."""

    enabled: bool = True
    plan: str | None = None
    weekdays: tuple[str, ...] | None = None
    hours: tuple[int, ...] | None = None
    window_length_hours: int | None = None
    retention_period_days: int | None = None
    allow_unlisted_plan: bool = False
    existing_backups: str | None = None
    protect_unlisted_plans: bool = False
    """True if a plan that the API does not list is not replaced by another, and not turned off either."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any], **further: Any) -> Self:
        """From the options of a task or of a rule, None for what is left out; raises InputError.

        `further` are fields that are no option, and those of a subclass.
        """
        enabled = options["state"] != "disabled"
        if not enabled and (given := [name for name in POLICY_OPTIONS if options[name] is not None]):
            raise InputError(f"state: disabled leaves no policy, so {listed(given)} cannot be set with it.")
        for name in ("weekday", "hour"):
            if options[name] == []:
                raise InputError(f"{name} is an empty list: name at least one, or leave it out to keep what is set.")
        weekdays: list[str] | None = options["weekday"] and [weekday.upper() for weekday in options["weekday"]]
        return cls(
            enabled=enabled,
            weekdays=tuple(dict.fromkeys(weekdays)) if weekdays else None,
            hours=tuple(dict.fromkeys(options["hour"])) if options["hour"] else None,
            **{name: options[name] for name in PASSTHROUGH_OPTIONS},
            **further,
        )

    @property
    def is_impossible(self) -> bool:
        """True if an hour or a weekday is none at all, so that no plan will ever have it."""
        return not (DAY_HOURS.issuperset(self.hours or ()) and set(WEEKDAYS).issuperset(self.weekdays or ()))

    def matches_policy(self, policy: BackupPolicy | None) -> bool:
        """True if nothing that was set differs from `policy`; from one that the API does not show, everything does.

        Nothing matches what is impossible, so it is refused.
        """
        if self.is_impossible:
            return False
        if self.hours is not None and (policy is None or policy.hour not in self.hours):
            return False
        if self.weekdays is not None and (policy is None or policy.weekday not in self.weekdays):
            return False
        return all(getattr(self, name) in (None, getattr(policy, name, None)) for name in ("plan", *PLAN_DEFAULTED))

    def matches(self, state: BackupState) -> bool:
        """True if nothing that the user set differs from `state`."""
        if not self.enabled or not state.enabled:
            return self.enabled == state.enabled
        return self.matches_policy(state.policy)

    def ignores(self, state: BackupState, supported: Iterable[SupportedPolicy]) -> bool:
        """True if backups are on with a plan that the API does not list, unless the user means it.

        Naming any plan, or turning backups off, means it as well; with `protect_unlisted_plans` only its own name does.
        """
        if not state.enabled:
            return False
        current = state.policy.plan if state.policy else None
        if self.protect_unlisted_plans:
            meant = self.plan is not None and self.plan == current
        else:
            meant = self.plan is not None or not self.enabled
        return not meant and (current is None or offer_of(supported, current) is None)


def resolve_policies(
    desired: DesiredPolicy,
    droplets: Iterable[Droplet],
    moving: Iterable[Droplet],
    states: Mapping[int, BackupState],
    supported: Sequence[SupportedPolicy],
) -> dict[int, BackupPolicy]:
    """The policy that each of the Droplets `moving` gets, by its id; raises InputError.

    `droplets` is the whole selection: those that stay count when the others are spread over the allowed windows.
    `states` are by the ids of Droplets, too.
    """
    options = {droplet.id: _allowed(desired, droplet, states[droplet.id], supported) for droplet in moving}
    candidates: list[tuple[int, Window | None, Sequence[Window]]] = [
        (key, current, allowed) for key, (_policy, current, allowed) in options.items()
    ]
    for droplet in droplets:
        policy = states[droplet.id].policy
        if droplet.id not in options and policy and policy.hour is not None:
            stays = Window(policy.weekday, policy.hour)
            candidates.append((droplet.id, stays, (stays,)))
    windows = spread(candidates)
    return {
        key: replace(policy, weekday=windows[key].weekday, hour=windows[key].hour)
        for key, (policy, _current, _allowed_windows) in options.items()
    }


def offer_of(supported: Iterable[SupportedPolicy], plan: str) -> SupportedPolicy | None:
    """What the API offers of a plan, or None."""
    return next((offer for offer in supported if offer.plan == plan), None)


def _allowed(
    desired: DesiredPolicy, droplet: Droplet, state: BackupState, supported: Sequence[SupportedPolicy]
) -> tuple[BackupPolicy, Window | None, tuple[Window, ...]]:
    """`(policy without window, current window or None, allowed windows)` for one Droplet that is to change."""
    current = state.policy
    plan_name = desired.plan or (current.plan if current else None) or DEFAULT_PLAN
    weekday, hour = (current.weekday, current.hour) if current else (None, None)
    kept = current if current and current.plan == plan_name else None
    offer = offer_of(supported, plan_name)
    policy = BackupPolicy(
        plan_name,
        window_length_hours=_passed_through(desired, plan_name, kept, offer, "window_length_hours"),
        retention_period_days=_passed_through(desired, plan_name, kept, offer, "retention_period_days"),
    )
    weekdays: Sequence[str | None]
    hours: Sequence[int | None]
    if offer is None:
        priced_by_size = interval(plan_name) is not None and not is_basic(policy)
        if desired.allow_unlisted_plan and priced_by_size and not kept and not policy.retention_period_days:
            raise InputError(
                f"Plan {plan_name!r} needs retention_period_days (for Droplet {droplet}): it is priced by what its "
                "backups store, and the API wants to be told for how many days to keep them.",
                droplet=droplet.id,
            )
        if not desired.allow_unlisted_plan:
            raise InputError(
                f"Plan {plan_name!r} is not among the supported ones (for Droplet {droplet}): "
                f"{listed(offer.plan for offer in supported)}. "
                "Set allow_unlisted_plan: true to send it all the same.",
                droplet=droplet.id,
            )
        weekdays = desired.weekdays or ((weekday,) if kept else (None,))
        hours = desired.hours or (hour,)
    else:
        weekdays = _weekdays(desired, weekday, offer, droplet)
        hours = _hours(desired, hour, offer, droplet)
    allowed = tuple(Window(*start) for start in product(weekdays, hours))
    has_days = weekdays != (None,)
    stays = Window(weekday if has_days else None, hour) if hour is not None else None
    return policy, stays, allowed


def _passed_through(
    desired: DesiredPolicy, plan_name: str, kept: BackupPolicy | None, offer: SupportedPolicy | None, name: str
) -> int | None:
    """The field `name`, which the API sets by the plan: sent when the user sets it, or if it differs from the plan's.

    Plans that are not priced as a share of the Droplet let the user choose, and the API wants it said each time.
    `kept` is what is set, if that is of the same plan.
    """
    wanted: int | None = getattr(desired, name)
    current: int | None = getattr(kept, name, None)
    own: int | None = getattr(offer, name, None)
    if wanted is not None:
        return wanted
    if plan_name not in SHARE_OF_PRICE and current is None:
        return own
    return None if plan_name in SHARE_OF_PRICE and current == own else current


def _weekdays(
    desired: DesiredPolicy, current: str | None, offer: SupportedPolicy, droplet: Droplet
) -> tuple[str | None, ...]:
    if not offer.weekdays:
        if desired.weekdays:
            raise InputError(
                f"Plan {offer.plan!r} has no weekday (for Droplet {droplet}): leave weekday out, or name a plan that "
                "has one.",
                droplet=droplet.id,
            )
        return (None,)
    for weekday in desired.weekdays or ():
        if weekday not in offer.weekdays:
            raise InputError(
                f"Weekday {weekday!r} is not possible for plan {offer.plan!r} (for Droplet {droplet}): allowed are "
                f"{listed(offer.weekdays)}.",
                droplet=droplet.id,
            )
    if desired.weekdays:
        return desired.weekdays
    if current in offer.weekdays:
        return (current,)
    raise InputError(
        f"Plan {offer.plan!r} needs a weekday, and Droplet {droplet} has none to keep: set weekday to one or more of "
        f"{listed(offer.weekdays)}.",
        droplet=droplet.id,
    )


def _hours(
    desired: DesiredPolicy, current: int | None, offer: SupportedPolicy, droplet: Droplet
) -> tuple[int | None, ...]:
    for hour in desired.hours or ():
        if hour not in offer.hours:
            raise InputError(
                f"Hour {hour} is not possible for plan {offer.plan!r} (for Droplet {droplet}): allowed are "
                f"{listed(offer.hours)} (UTC).",
                droplet=droplet.id,
            )
    if desired.hours:
        return desired.hours
    if current in offer.hours:
        return (current,)
    return (any_hour(droplet.id, offer.hours),) if offer.hours else (None,)
