# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds: Droplets that are not as their rules want them, or not backed up as they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypedDict

from .status import OVERDUE, UNKNOWN_PLAN, UNPROTECTED

DRIFT = "drift"
UNMATCHED = "unmatched"
UNKNOWN = "unknown"
KINDS = (DRIFT, UNPROTECTED, OVERDUE, UNKNOWN_PLAN, UNMATCHED, UNKNOWN)

NO_AGES = (
    "nobody can tell whether its newest backup is as new as it should be, because the token lacks the scope image:read"
)


Record = Mapping[str, Any]
"""The result of a module, or a part of it."""


class Finding(TypedDict):
    """What is wrong with one Droplet; `rule` is the name of the rule that it follows, `text` a line for people."""

    id: int
    name: str
    rule: str | None
    kinds: list[str]
    text: str


def findings(
    policies: Record,
    fleet: Record,
    fail_on_unmatched: bool,
    describe: Callable[[Record], str],
    accept_unknown_plans: bool = False,
) -> list[Finding]:
    """The Droplets with something to complain of, by their first kind in KINDS, then by ascending id.

    `policies` is the result of `backup_policies` in check mode, all Droplets listed; `fleet` that of
    `droplet_backups_info` for the same account, read afterwards. A Droplet that only one of them has came or went in
    between. `describe(before)` makes a text of a Droplet's backups. With `accept_unknown_plans` a plan whose interval
    nobody knows is nothing to complain of, as long as there is a backup under it that is no older than any known plan
    would let it be.
    """
    entries = {entry["id"]: entry for entry in policies["droplets"]}
    exempt = {droplet["id"] for droplet in policies["exempt"]}
    found: list[Finding] = []
    for droplet in fleet["droplets"]:
        entry = entries.get(droplet["id"])
        if entry is None or droplet["id"] in exempt:
            continue
        told = dict(_complaints(entry, droplet, describe, accept_unknown_plans))
        unmatched = entry["rule"] is None
        if told or (unmatched and fail_on_unmatched):
            sentences = [*told.values(), *(["no rule covers it"] if unmatched else [])]
            kinds = {*told, *([UNMATCHED] if unmatched and fail_on_unmatched else [])}
            found.append(
                {
                    "id": droplet["id"],
                    "name": droplet["name"],
                    "rule": entry["rule"],
                    "kinds": [kind for kind in KINDS if kind in kinds],
                    "text": f"{droplet['name']} ({droplet['id']}): {'; '.join(sentences)}",
                }
            )
    return sorted(found, key=lambda finding: (KINDS.index(finding["kinds"][0]), finding["id"]))


def _complaints(
    entry: Record, droplet: Record, describe: Callable[[Record], str], accept_unknown_plans: bool
) -> Iterator[tuple[str, str]]:
    """`(kind, text)` of each thing that is wrong with one Droplet that is not exempt."""
    rule, status = entry["rule"], droplet["status"]
    # If no rule matches nobody wants backups off; if one does, it is wanted if `after` has them off.
    if rule is None or entry["after"]["state"] == "enabled":
        if status == UNPROTECTED:
            yield UNPROTECTED, "has no backups"
        elif status == OVERDUE:
            yield OVERDUE, f"is overdue, {_age(droplet)}"
        elif status == UNKNOWN_PLAN and not accept_unknown_plans:
            yield UNKNOWN_PLAN, f"nobody knows how often {_plan(droplet)} makes a backup, {_age(droplet)}"
        elif status is None:
            yield UNKNOWN, NO_AGES
    if entry["changed"]:
        before, after = describe(entry["before"]), describe(entry["after"])
        off = entry["before"]["state"] == "disabled"
        yield DRIFT, f"rule {rule!r} wants {after}" if off else f"not as rule {rule!r} wants it: {before} → {after}"


def _plan(droplet: Record) -> str:
    policy = droplet.get("policy")
    return f"its plan {policy['plan']!r}" if policy else "its plan, which the API does not show,"


def _age(droplet: Record) -> str:
    newest = droplet["newest"]
    if newest is None or newest["age_hours"] is None:
        return "there is no backup at all" if newest is None else "the age of its newest backup is not known"
    return f"its newest backup is {newest['age_hours']:.0f} h old"
