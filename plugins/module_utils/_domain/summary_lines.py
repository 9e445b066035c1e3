# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of an account's rules, in lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .findings import KINDS, Finding, Record
from .text import listed, some

NAMED = 20
"""So many Droplets are named in a line."""

NAMES_BEHIND = {"left_alone": "left alone:", "unknown_cost": "cost unknown:", "unmatched": "no rule covers"}
"""The lists of a result whose Droplets are named, and how their line begins."""

OUTCOMES = ("changed", "compliant", "left_alone", "failed", "not_tried")


def digest(
    policies: Record, planned: bool, fleet: Record | None = None, findings: Sequence[Finding] = ()
) -> list[str]:
    """Lines, of which the first says how it went.

    `policies` is the result of `backup_policies`, or of a task before it that failed; `planned` is True if nothing
    was sent. For an audit `fleet` is the result of `droplet_backups_info`, `findings` what came of both.
    """
    broken = policies if "rules" not in policies else fleet if fleet and fleet.get("failed") else None
    if broken is not None:
        return [f"not done: {broken.get('msg', 'a task failed')}"]
    lines = [_headline(policies, planned)]
    if fleet:
        lines.insert(0, _found(findings))
        if fleet["summary"]["matched"]:
            lines.append(f"status: {_counted(fleet['summary']['status'].items())}")
    lines.append(f"cost: {_cost(policies['monthly_cost'])}")
    lines += [_rule(rule, planned) for rule in policies["rules"]]
    lines += [
        f"{start} {some([_named(droplet) for droplet in policies[key]], NAMED)}"
        for key, start in NAMES_BEHIND.items()
        if policies[key]
    ]
    return lines


def _headline(policies: Record, planned: bool) -> str:
    """ "60 Droplets: 8 changed, 44 as wanted, 6 exempt, 2 without a rule" """
    total = {outcome: sum(rule[outcome] for rule in policies["rules"]) for outcome in OUTCOMES}
    numbers = [*_outcomes(total, planned), ("exempt", len(policies["exempt"]))]
    numbers.append(("without a rule", len(policies["unmatched"])))
    matched = policies["summary"]["matched"]
    return f"{_droplets(matched)}{': ' if matched else ''}{_counted(numbers)}"


def _found(findings: Sequence[Finding]) -> str:
    if not findings:
        return "no findings"
    kinds = [kind for finding in findings for kind in finding["kinds"]]
    number = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    return f"{number}: {_counted((kind, kinds.count(kind)) for kind in KINDS)}"


def _rule(rule: Record, planned: bool) -> str:
    start = f"rule {rule['name']}: "
    if rule.get("expired"):
        return f"{start}exempt until {rule['expires']}, which is over: its Droplets go by the rules after it"
    if "reason" in rule:
        until = f" until {rule['expires']}" if rule["expires"] else ""
        return f"{start}{_droplets(rule['matched'])} exempt{until}. {rule['reason']}"
    if not rule["matched"]:
        return f"{start}no Droplet"
    return f"{start}{_droplets(rule['matched'])}, {_counted(_outcomes(rule, planned))}, {_cost(rule['monthly_cost'])}"


def _outcomes(numbers: Record, planned: bool) -> list[tuple[str, int]]:
    words = ("would change" if planned else "changed", "as wanted", "left alone", "failed", "not tried")
    return [(word, numbers[outcome]) for word, outcome in zip(words, OUTCOMES, strict=True)]


def _cost(cost: Record) -> str:
    text = f"{cost['after']:.2f} USD a month"
    if cost["before"] != cost["after"]:
        text = f"{cost['before']:.2f} → {text}"
    return text + (f" and {_droplets(cost['unknown'])} of unknown cost" if cost["unknown"] else "")


def _counted(numbers: Iterable[tuple[str, int]]) -> str:
    return listed(f"{number} {word}" for word, number in numbers if number)


def _droplets(number: int) -> str:
    return "1 Droplet" if number == 1 else f"{number} Droplets"


def _named(droplet: Record) -> str:
    return f"{droplet['name']} ({droplet['id']})"
