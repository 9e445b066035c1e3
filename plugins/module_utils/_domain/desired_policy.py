# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backup policy each Droplet gets, from what the user wants and what is set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from .cost import SHARE_OF_PRICE, is_basic
from .errors import InputError
from .models import BackupPolicy
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
    def from_options(cls, options, **further):
        """From the options of a task or of a rule, `further` fields added; raises InputError.

        `options` is a dict with None for what is left out.
        """
        enabled = options["state"] != "disabled"
        if not enabled and (given := [name for name in POLICY_OPTIONS if options[name] is not None]):
            raise InputError(f"state: disabled leaves no policy, so {listed(given)} cannot be set with it.")
        for name in ("weekday", "hour"):
            if options[name] == []:
                raise InputError(f"{name} is an empty list: name at least one, or leave it out to keep what is set.")
        weekdays = options["weekday"] and [weekday.upper() for weekday in options["weekday"]]
        return cls(
            enabled=enabled,
            weekdays=weekdays and tuple(dict.fromkeys(weekdays)),
            hours=options["hour"] and tuple(dict.fromkeys(options["hour"])),
            **{name: options[name] for name in PASSTHROUGH_OPTIONS},
            **further,
        )

    @property
    def is_impossible(self):
        """True if an hour or a weekday is none at all, so that no plan will ever have it."""
        return not (DAY_HOURS.issuperset(self.hours or ()) and set(WEEKDAYS).issuperset(self.weekdays or ()))

    def matches_policy(self, policy):
        """True if nothing that was set differs from `policy`. Nothing matches what is impossible, so it is refused."""
        if self.is_impossible:
            return False
        if self.hours is not None and policy.hour not in self.hours:
            return False
        if self.weekdays is not None and policy.weekday not in self.weekdays:
            return False
        return all(getattr(self, name) in (None, getattr(policy, name)) for name in ("plan", *PLAN_DEFAULTED))

    def matches(self, state):
        """True if nothing that the user set differs from `state`, a BackupState."""
        if not self.enabled or not state.enabled:
            return self.enabled == state.enabled
        return self.matches_policy(state.policy or BackupPolicy(""))

    def ignores(self, state, supported):
        """True if backups are on with a plan that the API does not list, unless the user means it.

        Naming any plan, or turning backups off, means it as well; with `protect_unlisted_plans` only its own name does.
        """
        if not state.enabled:
            return False
        current = state.policy and state.policy.plan
        if self.protect_unlisted_plans:
            meant = self.plan is not None and self.plan == current
        else:
            meant = self.plan is not None or not self.enabled
        return not meant and (current is None or offer_of(supported, current) is None)


def resolve_policies(desired, droplets, moving, states, supported):
    """A dict of Droplet id to the BackupPolicy it gets, for the Droplets `moving`; raises InputError.

    `droplets` is the whole selection: those that stay count when the others are spread over the allowed windows.
    `states` is a dict of Droplet id to BackupState, `supported` a tuple of SupportedPolicy.
    """
    options = {droplet.id: _allowed(desired, droplet, states[droplet.id], supported) for droplet in moving}
    candidates = [(key, current, allowed) for key, (_policy, current, allowed) in options.items()]
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


def offer_of(supported, plan):
    """The SupportedPolicy of a plan, or None."""
    return next((offer for offer in supported if offer.plan == plan), None)


def _allowed(desired, droplet, state, supported):
    """`(policy without window, current window or None, allowed windows)` for one Droplet that is to change."""
    current = state.policy or BackupPolicy("")
    plan_name = desired.plan or current.plan or DEFAULT_PLAN
    offer = offer_of(supported, plan_name)
    same_plan = current.plan == plan_name
    policy = BackupPolicy(
        plan_name,
        **{name: _passed_through(desired, plan_name, current, offer, name) for name in PLAN_DEFAULTED},
    )
    if offer is None:
        priced_by_size = interval(plan_name) is not None and not is_basic(policy)
        if desired.allow_unlisted_plan and priced_by_size and not same_plan and not policy.retention_period_days:
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
        weekdays = desired.weekdays or ((current.weekday,) if same_plan else (None,))
        hours = desired.hours or (current.hour,)
    else:
        weekdays = _weekdays(desired, current, offer, droplet)
        hours = _hours(desired, current, offer, droplet)
    allowed = tuple(Window(weekday, hour) for weekday, hour in product(weekdays, hours))
    has_days = weekdays != (None,)
    stays = Window(current.weekday if has_days else None, current.hour) if current.hour is not None else None
    return policy, stays, allowed


def _passed_through(desired, plan_name, current, offer, name):
    """A field that the API sets by the plan: sent when the user sets it, or if it differs from the plan's own.

    Plans that are not priced as a share of the Droplet let the user choose, and the API wants it said each time.
    """
    if getattr(desired, name) is not None:
        return getattr(desired, name)
    kept = getattr(current, name) if current.plan == plan_name else None
    own = offer and getattr(offer, name)
    if plan_name not in SHARE_OF_PRICE and kept is None:
        return own
    return None if plan_name in SHARE_OF_PRICE and kept == own else kept


def _weekdays(desired, current, offer, droplet):
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
    if current.weekday in offer.weekdays:
        return (current.weekday,)
    raise InputError(
        f"Plan {offer.plan!r} needs a weekday, and Droplet {droplet} has none to keep: set weekday to one or more of "
        f"{listed(offer.weekdays)}.",
        droplet=droplet.id,
    )


def _hours(desired, current, offer, droplet):
    for hour in desired.hours or ():
        if hour not in offer.hours:
            raise InputError(
                f"Hour {hour} is not possible for plan {offer.plan!r} (for Droplet {droplet}): allowed are "
                f"{listed(offer.hours)} (UTC).",
                droplet=droplet.id,
            )
    if desired.hours:
        return desired.hours
    if current.hour in offer.hours:
        return (current.hour,)
    return (any_hour(droplet.id, offer.hours),) if offer.hours else (None,)
