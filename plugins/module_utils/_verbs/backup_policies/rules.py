# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for an account: which Droplets each is about, and what it wants of their backups. The first match wins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from ..._domain.cost import SHARE_OF_PRICE
from ..._domain.desired_policy import POLICY_OPTIONS, DesiredPolicy
from ..._domain.errors import InputError, LifeboatError, SelectionError
from ..._domain.models import Droplet
from ..._domain.tags import carries_all, carries_any
from ..._domain.text import listed
from ..._domain.windows import WEEKDAYS

PUBLISHED_HOURS = (0, 4, 8, 12, 16, 20)
"""The hours of the plans that the published API has, `SHARE_OF_PRICE`; of these only `weekly` has a weekday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a rule is about: each part that is not None, or False, has to be true of a Droplet.

    `names` are globs, of which one has to fit; upper and lower case differ in them, and not in tags.
    """

    tags_any: tuple[str, ...] | None = None
    tags_all: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    droplet_ids: frozenset[int] | None = None
    gpu: bool | None = None
    all: bool = False

    def fits(self, droplet: Droplet) -> bool:
        return (
            (self.tags_any is None or carries_any(droplet.tags, self.tags_any))
            and (self.tags_all is None or carries_all(droplet.tags, self.tags_all))
            and (self.names is None or any(fnmatchcase(droplet.name, glob) for glob in self.names))
            and (self.regions is None or droplet.region in self.regions)
            and (self.droplet_ids is None or droplet.id in self.droplet_ids)
            and self.gpu in (None, droplet.gpu)
        )

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags that it asks for."""
        return (*(self.tags_any or ()), *(self.tags_all or ()))

    def idle(self, droplets: Collection[Droplet]) -> Iterator[str]:
        """Each tag, name or id of several that no Droplet has, for a sentence: it may be a typing error."""
        parts = [
            *((f"tags_any {tag!r}", Match(tags_any=(tag,))) for tag in sorted(self.tags_any or ())),
            *((f"names {glob!r}", Match(names=(glob,))) for glob in sorted(self.names or ())),
            *((f"droplet_ids {key}", Match(droplet_ids=frozenset({key}))) for key in sorted(self.droplet_ids or ())),
        ]
        for told, part in parts:
            if not any(part.fits(droplet) for droplet in droplets):
                yield told

    @property
    def takes_everything(self) -> bool:
        """True if every Droplet fits."""
        any_name = any(set(glob) == {"*"} for glob in self.names or ())
        return self.all or (any_name and self == Match(names=self.names))


EVERYTHING = Match(all=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is wanted of some Droplets. `desired` is None for an exemption, which has a `reason`.

    `expires` is the last day (UTC) on which an exemption holds, None if it has none.
    """

    name: str
    match: Match
    desired: DesiredPolicy | None = None
    reason: str | None = None
    expires: date | None = None

    def expired(self, day: date) -> bool:
        """True if it no longer holds on `day` (UTC)."""
        return self.expires is not None and self.expires < day


def owner(rules: Iterable[Rule], droplet: Droplet, day: date) -> Rule | None:
    """The first rule that `droplet` fits and that holds on `day`, or None."""
    return next((rule for rule in rules if not rule.expired(day) and rule.match.fits(droplet)), None)


def idle_exemptions(rules: Sequence[Rule], droplets: Collection[Droplet], day: date) -> Iterator[str]:
    """A sentence about each exemption that holds on `day` and takes nobody, or of which a part fits nobody.

    Whom it was meant to spare goes by the rules after it.
    """
    for number, rule in enumerate(rules):
        if rule.desired is not None or rule.expired(day) or not droplets:
            continue
        fitting = [droplet for droplet in droplets if rule.match.fits(droplet)]
        earlier = [owner(rules[:number], droplet, day) for droplet in fitting]
        if not fitting:
            yield f"The exemption {rule.name!r} fits no Droplet. Check its match, or remove it."
        elif all(earlier) and (first := earlier[0]):
            yield (
                f"The exemption {rule.name!r} spares nobody: an earlier rule takes every Droplet that it fits, "
                f"{first.name!r} takes {fitting[0]}. Put the exemption before it."
            )
        elif idle := list(rule.match.idle(droplets)):
            yield f"The exemption {rule.name!r} has {listed(idle)}, which fits no Droplet. Check how it is written."


def parsed(policies: Sequence[Mapping[str, Any]], protect_unlisted_plans: bool) -> tuple[Rule, ...]:
    """The rules in the option `policies`, with None for what is left out; raises InputError."""
    if not policies:
        raise InputError("policies is an empty list: write at least one rule.")
    rules = []
    for number, options in enumerate(policies, 1):
        name = options["name"]
        if not name.strip() or not name.isprintable():
            raise InputError(f"The name of rule number {number} is {name!r}: give it one that is a line of text.")
        try:
            rules.append(_parsed(options, protect_unlisted_plans))
        except InputError as error:
            raise in_rule(name, error) from error
    _refuse_doubles(rules)
    _refuse_never_matching(rules)
    return tuple(rules)


def refuse_hidden_tags(rules: Iterable[Rule], droplets: Iterable[Droplet]) -> None:
    """Raises SelectionError if a rule asks for tags and a Droplet's are hidden from the token."""
    by_tag = next((rule for rule in rules if rule.match.tags), None)
    hidden = next((droplet for droplet in droplets if droplet.tags is None), None)
    if by_tag and hidden:
        raise SelectionError(
            f"Rule {by_tag.name!r} matches by tag, and the token may not read the tags of Droplet {hidden} "
            "(GET /v2/droplets does not tell them). Give it the scope tag:read.",
            droplet=hidden.id,
        )


def in_rule(name: str, error: LifeboatError) -> LifeboatError:
    """`error` with the name of the rule that it is about."""
    return error.copy(f"Rule {name!r}: {error.message}").with_context(error.droplet)


def _parsed(options: Mapping[str, Any], protect_unlisted_plans: bool) -> Rule:
    match = _match(options["match"])
    if options["exempt"]:
        return Rule(name=options["name"], match=match, reason=_reason(options), expires=_expires(options["expires"]))
    for name in ("reason", "expires"):
        if options[name] is not None:
            raise InputError(f"{name} belongs to an exemption: set exempt: true, or leave {name} out.")
    desired = DesiredPolicy.from_options(options, protect_unlisted_plans=protect_unlisted_plans)
    if not desired.enabled and match.takes_everything:
        raise InputError(
            "it would disable the backups of every Droplet. Match those that are meant by tag, name, region or id."
        )
    _refuse_impossible(desired)
    return Rule(name=options["name"], match=match, desired=desired)


def _match(options: Mapping[str, Any]) -> Match:
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if not given:
        raise InputError("match is empty, which could mean none or all. Write all: true if every Droplet is meant.")
    for name, values in given.items():
        if values == []:
            raise InputError(f"{name} in match is an empty list: name at least one, or leave it out.")
        if isinstance(values, list) and any(isinstance(value, str) and not value.strip() for value in values):
            raise InputError(f"{name} in match has an empty entry.")
    if wrong := [key for key in given.get("droplet_ids", ()) if key < 1]:
        raise InputError(f"{wrong[0]} in droplet_ids is not the id of a Droplet: ids are whole numbers from 1.")
    if "all" in given and len(given) > 1:
        others = listed(name for name in given if name != "all")
        raise InputError(f"all in match means every Droplet, so {others} cannot be set with it.")
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    if "droplet_ids" in given:
        fields["droplet_ids"] = frozenset(given["droplet_ids"])
    return Match(**fields)


def _reason(options: Mapping[str, Any]) -> str:
    wrong = [name for name in ("state", *POLICY_OPTIONS, "existing_backups") if options[name] is not None]
    wrong += ["allow_unlisted_plan"] * bool(options["allow_unlisted_plan"])
    if wrong:
        raise InputError(f"exempt: true leaves backups as they are, so {listed(wrong)} cannot be set with it.")
    reason: str = options["reason"] or ""
    if not reason.strip():
        raise InputError("an exemption needs a reason, for whoever reads it in a year.")
    return reason


def _expires(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InputError(f"expires {text!r} is not a day: write it as YYYY-MM-DD, the last day (UTC) on which it holds.")


def _refuse_impossible(desired: DesiredPolicy) -> None:
    """Windows that cannot be, as far as that is known before the supported plans are read."""
    for hour in desired.hours or ():
        if not 0 <= hour <= 23:
            raise InputError(f"hour {hour} is no hour of a day: allowed are {listed(PUBLISHED_HOURS)} (UTC).")
        published = desired.plan is None or desired.plan in SHARE_OF_PRICE
        if published and hour not in PUBLISHED_HOURS and not desired.allow_unlisted_plan:
            plan = f"plan {desired.plan!r}" if desired.plan else "any plan that can be chosen"
            raise InputError(f"hour {hour} is not possible for {plan}: allowed are {listed(PUBLISHED_HOURS)} (UTC).")
    for weekday in desired.weekdays or ():
        if weekday not in WEEKDAYS:
            raise InputError(f"weekday {weekday!r} is no day of a week: allowed are {listed(WEEKDAYS)}.")
    if desired.plan == "daily" and desired.weekdays and not desired.allow_unlisted_plan:
        raise InputError("plan 'daily' has no weekday: leave weekday out, or set plan: weekly.")


def _refuse_doubles(rules: Sequence[Rule]) -> None:
    names = [rule.name for rule in rules]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{names.count(double)} rules are named {double!r}: give each a name of its own.")


def _refuse_never_matching(rules: Sequence[Rule]) -> None:
    for number, rule in enumerate(rules[:-1]):
        if rule.match.takes_everything and rule.expires is None:
            later = listed(repr(other.name) for other in rules[number + 1 :])
            raise InputError(
                f"Rule {rule.name!r} takes every Droplet, so what comes after it can never match: {later}. "
                "Put it last, or narrow its match."
            )
