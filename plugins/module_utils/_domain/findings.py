# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds: Droplets that are not as their rules want them, or not backed up as they should be."""

from __future__ import annotations

from typing import Any

from .status import OVERDUE, UNKNOWN_PLAN, UNPROTECTED

DRIFT = "drift"
UNMATCHED = "unmatched"
UNKNOWN = "unknown"
KINDS = (DRIFT, UNPROTECTED, OVERDUE, UNKNOWN_PLAN, UNMATCHED, UNKNOWN)

NO_AGES = (
    "nobody can tell whether its newest backup is as new as it should be, because the token lacks the scope image:read"
)


def findings(policies, fleet, fail_on_unmatched, describe, accept_unknown_plans=False):
    """A list of dicts for the Droplets with something to complain of, by their first kind, then by ascending id.

    `policies` is the result of `backup_policies` in check mode, all Droplets listed; `fleet` that of
    `droplet_backups_info` for the same account, read afterwards. A Droplet that only one of them has came or went in
    between. `describe(before)` makes a text of a Droplet's backups. Each dict has `id`, `name`, `rule` (or None),
    `kinds` (of KINDS) and `text`, a line for people. With `accept_unknown_plans` a plan whose interval nobody knows is
    nothing to complain of, as long as there is a backup under it that is no older than any known plan would let it be.
    """
    entries = {entry["id"]: entry for entry in policies["droplets"]}
    exempt = {droplet["id"] for droplet in policies["exempt"]}
    found = []
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


def _complaints(entry, droplet, describe, accept_unknown_plans):
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


def _plan(droplet: dict[str, Any]) -> str:
    policy = droplet.get("policy")
    return f"its plan {policy['plan']!r}" if policy else "its plan, which the API does not show,"


def _age(droplet):
    newest = droplet["newest"]
    if newest is None or newest["age_hours"] is None:
        return "there is no backup at all" if newest is None else "the age of its newest backup is not known"
    return f"its newest backup is {newest['age_hours']:.0f} h old"
