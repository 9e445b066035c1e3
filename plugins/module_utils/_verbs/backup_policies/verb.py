# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `backup_policies` does: each Droplet goes to one rule, and each rule's Droplets as in `droplet_backups`.

The request of a Change, from which its Droplet is planned again, has a single rule.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any, ParamSpec, TypeVar

from ..._domain import arguments, needs
from ..._domain.desired_policy import DesiredPolicy
from ..._domain.errors import InputError, RefusedError
from ..._domain.facts import Facts, together
from ..._domain.models import Action, BackupPolicy, Droplet
from ..._domain.plan import Change, Plan, Step
from ..._domain.selection import Selection, still_there
from ..._domain.text import some
from ..._domain.verb import Record, Verb
from .. import droplet_backups
from ..droplet_backups import NO_PROGRESS, Progress
from ..droplet_backups import Observed as ObservedBackups
from .rules import EVERYTHING, Rule, idle_exemptions, in_rule, owner, parsed, refuse_hidden_tags

P = ParamSpec("P")
T = TypeVar("T")

WHOLE_ACCOUNT = Selection(everything=True)

NAMED = 20
"""So many unmatched Droplets are named in a sentence; the result names all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The rules in their order. `unmatched` is "report", "fail" or "ignore"; `progress` as for `droplet_backups`."""

    rules: tuple[Rule, ...]
    selection: Selection = WHOLE_ACCOUNT
    unmatched: str = "report"
    max_disable: int = 0
    progress: Progress = NO_PROGRESS

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags that the rules ask for."""
        return tuple(tag for rule in self.rules for tag in rule.match.tags)

    def rule(self, name: str | None) -> Rule:
        return next(rule for rule in self.rules if rule.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed(ObservedBackups):
    """What has been read, and `day`, the date (UTC) by which exemptions expire for the whole of a task."""

    day: date


Part = tuple["Rule | None", Observed]
Outcome = tuple[Change[Request], Record]
"""A Change, and the entry of its Droplet in the result."""


def request(params: Mapping[str, Any]) -> Request:
    """The Request in a task's `params`; raises InputError."""
    return Request(
        rules=parsed(params["policies"], protect_unlisted_plans=params["on_unknown_plan"] == "leave"),
        selection=replace(WHOLE_ACCOUNT, allow_empty=params["allow_empty"]),
        unmatched=params["unmatched"],
        max_disable=droplet_backups.checked_max_disable(params),
    )


def observed(request: Request, droplets: Collection[Droplet], states: needs.States, now: datetime) -> Observed:
    """The first Observed; raises SelectionError if tags that rules ask for are hidden from the token."""
    refuse_hidden_tags(request.rules, droplets)
    there = still_there(request.selection, droplets, states)
    return Observed(droplets=tuple(sorted(there, key=lambda droplet: droplet.id)), states=states, day=now.date())


def complete(request: Request, observed: Observed, facts: Facts, now: datetime) -> Observed:
    """`observed` with what the plans of all rules turn out to need, read together; raises Missing and InputError."""
    completed = together(
        partial(_by, rule, droplet_backups.complete, desired, part, facts, now, request.progress)
        for rule, desired, part in _working(_parts(request, observed))
    )
    return replace(
        observed,
        supported=next((part.supported for part in completed if part.supported is not None), None),
        backups={key: points for part in completed for key, points in part.backups.items()},
        converted={key: points for part in completed for key, points in part.converted.items()},
        remaining={key: points for part in completed for key, points in part.remaining.items()},
    )


def plan(request: Request, observed: Observed, now: datetime) -> Plan[Request]:
    """The Plan for `request`; raises InputError or RefusedError before anything is sent."""
    parts = _parts(request, observed)
    working = [
        (rule, desired, part, _by(rule, droplet_backups.goals, desired, part))
        for rule, desired, part in _working(parts)
    ]
    disabled = [
        droplet for _rule, _desired, part, goals in working for droplet in droplet_backups.disabled_by(goals, part)
    ]
    droplet_backups.guard_number(disabled, request.max_disable, "the rules")
    changes: list[Change[Request]] = []
    warnings: list[str] = []
    for rule, desired, part, goals in working:
        _by(rule, droplet_backups.guard_restore_points, desired, part, goals, now)
        narrow = partial(narrowed, rule)
        made = droplet_backups.changes(request, request.progress, narrow, desired, part, goals, now)
        changes += [replace(change, rule=rule.name) for change in made]
        warnings += droplet_backups.warnings(part, goals)
    for idle, part in parts:
        if not _works(idle):
            stay = [
                droplet_backups.unchanged(DesiredPolicy(), droplet, part.states[droplet.id], request)
                for droplet in part.droplets
            ]
            changes += [replace(change, rule=_name(idle)) for change in stay]
    told = _unmatched(parts[-1][1].droplets)
    warnings += [_expired(rule) for rule in request.rules if rule.expired(observed.day)]
    warnings += idle_exemptions(request.rules, observed.droplets, observed.day)
    if told and request.unmatched == "report":
        warnings.append(told)
    return Plan(
        tuple(sorted(changes, key=lambda change: change.target.id)),
        tuple(dict.fromkeys(warnings)),
        rules=tuple(rule.name for rule in request.rules),
        deferred_failure=told if request.unmatched == "fail" else None,
    )


def narrowed(
    rule: Rule, request: Request, droplet: Droplet, policy: BackupPolicy | None, progress: Progress
) -> Request:
    """`request` for one Droplet: its rule matches it, with the policy that was chosen for it."""
    desired = None if rule.desired is None else droplet_backups.pinned(rule.desired, policy)
    return replace(
        request,
        rules=(replace(rule, match=EVERYTHING, desired=desired),),
        selection=Selection.of(droplet),
        max_disable=max(1, request.max_disable),
        progress=progress,
    )


def resumed(request: Request, done: Sequence[Step]) -> Request:
    """The `request` of a Change after the steps `done`."""
    rules = tuple(
        replace(rule, desired=rule.desired and droplet_backups.decided(rule.desired, done)) for rule in request.rules
    )
    return replace(request, rules=rules, progress=droplet_backups.resumed(request.progress, done))


def tell(request: Request, plan: Plan[Request], entries: Sequence[Record], day: date) -> Record:
    """The keys of a result that are about rules: rules, unmatched, exempt, left_alone, unknown_cost, monthly_cost.

    `entries` are the result's Droplets, one for each change of `plan`; `day` is the date (UTC) when it was made.
    """
    by_rule: dict[str | None, list[Outcome]] = {name: [] for name in (*(plan.rules or ()), None)}
    for change, entry in zip(plan.changes, entries, strict=True):
        by_rule[change.rule].append((change, entry))
    exempt = [
        {**_named(entry), "rule": rule.name, "reason": rule.reason}
        for rule in request.rules
        if not _works(rule)
        for _change, entry in by_rule[rule.name]
    ]
    both = list(zip(plan.changes, entries, strict=True))
    return {
        "rules": [_told(rule, by_rule[rule.name], day) for rule in request.rules],
        "unmatched": [_named(entry) for _change, entry in by_rule[None]],
        "exempt": sorted(exempt, key=lambda one: one["id"]),
        "left_alone": [
            {**_named(entry), "rule": change.rule}
            for change, entry in both
            if change.skipped and _outcome(change, entry) == "left_alone"
        ],
        "unknown_cost": [{**_named(entry), "rule": change.rule} for change, entry in both if _unknown_cost(entry)],
        "monthly_cost": _cost(entries),
    }


def _works(rule: Rule | None) -> bool:
    """True for a rule that has something to do with backups; False for an exemption, and for None."""
    return rule is not None and rule.desired is not None


def _working(parts: Sequence[Part]) -> list[tuple[Rule, DesiredPolicy, Observed]]:
    """The parts of the rules that have something to do with backups, with what these desire."""
    return [(rule, rule.desired, part) for rule, part in parts if rule is not None and rule.desired is not None]


def _parts(request: Request, observed: Observed) -> list[Part]:
    """For each rule in order, what was read of its Droplets; and for None, of those that no rule matches."""
    owned: dict[str | None, list[Droplet]] = {name: [] for name in (*(rule.name for rule in request.rules), None)}
    for droplet in observed.droplets:
        owned[_name(owner(request.rules, droplet, observed.day))].append(droplet)
    return [(rule, replace(observed, droplets=tuple(owned[_name(rule)]))) for rule in (*request.rules, None)]


def _name(rule: Rule | None) -> str | None:
    return None if rule is None else rule.name


def _by(rule: Rule, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `function` returns; an InputError or RefusedError that it raises names the rule."""
    try:
        return function(*args, **kwargs)
    except (InputError, RefusedError) as error:
        raise in_rule(rule.name, error) from error


def _unmatched(droplets: Sequence[Droplet]) -> str | None:
    if not droplets:
        return None
    number = "1 Droplet matches" if len(droplets) == 1 else f"{len(droplets)} Droplets match"
    return f"{number} no rule: {some(droplets, NAMED)}. Add a rule for what is to become of them."


def _expired(rule: Rule) -> str:
    return (
        f"The exemption {rule.name!r} held until {rule.expires} and matches nothing any more: its Droplets go by the "
        "rules after it. Remove it, or give it another day."
    )


def _told(rule: Rule, changes_and_entries: Sequence[Outcome], day: date) -> Record:
    """The entry of a rule in the result. None of an exemption's Droplets counts as compliant."""
    counts = {"compliant": 0, "changed": 0, "failed": 0, "not_tried": 0, "left_alone": 0}
    for change, entry in changes_and_entries if _works(rule) else ():
        counts[_outcome(change, entry)] += 1
    told: Record = {
        "name": rule.name,
        "matched": len(changes_and_entries),
        **counts,
        "monthly_cost": _cost([entry for _change, entry in changes_and_entries]),
    }
    if not _works(rule):
        expires = rule.expires.isoformat() if rule.expires else None
        told.update(reason=rule.reason, expires=expires, expired=rule.expired(day))
    return told


def _outcome(change: Change[Request], entry: Record) -> str:
    if "error" in entry:
        return "failed"
    if "not_tried" in entry:
        return "not_tried"
    if change.skipped:
        return "left_alone"
    return "changed" if entry["changed"] else "compliant"


def _cost(entries: Sequence[Record]) -> Record:
    """What backups cost a month, in USD, as far as known; `unknown` Droplets lack a cost on one side or both."""
    costs = [_costs(entry) for entry in entries]
    return {
        **{
            side: round(sum(cost[side] for cost in costs if cost[side] != "unknown"), 2) for side in ("before", "after")
        },
        "unknown": sum("unknown" in cost.values() for cost in costs),
    }


def _costs(entry: Record) -> Record:
    """What a Droplet's backups cost a month, in USD or "unknown", `before` and `after`."""
    return {side: (entry[side] or {}).get("monthly_cost", "unknown") for side in ("before", "after")}


def _unknown_cost(entry: Record) -> bool:
    return "unknown" in _costs(entry).values()


def _named(entry: Record) -> Record:
    return {"id": entry["id"], "name": entry["name"]}


_MATCH = {
    "tags_any": {"type": "list", "elements": "str"},
    "tags_all": {"type": "list", "elements": "str"},
    "names": {"type": "list", "elements": "str"},
    "regions": {"type": "list", "elements": "str"},
    "droplet_ids": {"type": "list", "elements": "int"},
    "gpu": {"type": "bool"},
    "all": {"type": "bool", "choices": [True]},
}
_RULE = arguments.BACKUPS + arguments.Arguments(
    {
        "name": {"type": "str", "required": True},
        "match": {"type": "dict", "required": True, "options": _MATCH},
        "state": {"type": "str", "choices": ["enabled", "disabled"]},
        "exempt": {"type": "bool", "default": False},
        "reason": {"type": "str"},
        "expires": {"type": "str"},
    }
)


ARGUMENTS = arguments.Arguments(
    {
        "policies": {"type": "list", "elements": "dict", "required": True, "options": _RULE.options},
        "unmatched": {"type": "str", "choices": ["report", "fail", "ignore"], "default": "report"},
        "on_unknown_plan": {"type": "str", "choices": ["leave", "enforce"], "default": "leave"},
        "max_disable": {"type": "int", "default": 0},
        "allow_empty": {"type": "bool", "default": False},
    }
)


class BackupPolicies(Verb[Request]):
    """Backups of the whole account by ordered rules."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        return request(params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan[Request]:
        droplets, states = facts.get(needs.Fleet(request.selection))
        needs.prove_tags_are_shown(request.tags, droplets, facts)
        return plan(request, complete(request, observed(request, droplets, states, now), facts, now), now)

    def resume(self, change: Change[Request], done: Sequence[Step], _own: Sequence[Action]) -> Request:
        return resumed(change.request, done)

    def summary(self, request: Request, plan: Plan[Request], entries: Sequence[Record], now: datetime) -> Record:
        return tell(request, plan, entries, now.date())

    def describe(self, shown: Record) -> str:
        return droplet_backups.describe(shown)
