# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that people read after a run."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.summary_lines import digest

FREE = {"before": 0.0, "after": 0.0, "unknown": 0}


def rule(name, matched=0, cost=None, **counts):
    left_out = {"compliant": 0, "changed": 0, "failed": 0, "not_tried": 0, "left_alone": 0}
    return {"name": name, "matched": matched, "monthly_cost": cost or FREE, **left_out, **counts}


def result(*rules, unmatched=(), exempt=(), left_alone=(), unknown_cost=(), cost=None):
    matched = sum(one["matched"] for one in rules) + len(unmatched)
    return {
        "rules": list(rules),
        "unmatched": [{"id": key, "name": name} for key, name in unmatched],
        "exempt": [{"id": key} for key in exempt],
        "left_alone": [{"id": key, "name": name, "rule": "databases"} for key, name in left_alone],
        "unknown_cost": [{"id": key, "name": name, "rule": None} for key, name in unknown_cost],
        "monthly_cost": cost or FREE,
        "summary": {"matched": matched},
    }


COST = {"before": 1.5, "after": 3.25, "unknown": 1}
DATABASES = rule("databases", 5, COST, changed=1, compliant=1, left_alone=1, failed=1, not_tried=1)
SPARED = rule("spared", 2, reason="They move.", expires="2027-01-31", expired=False)


def test_a_run_that_did_something_of_everything():
    named = {"unmatched": [(9, "jump")], "left_alone": [(3, "ledger")], "unknown_cost": [(3, "ledger"), (4, "gpu")]}
    assert digest(result(DATABASES, SPARED, exempt=[1, 2], cost=COST, **named), planned=False) == [
        "8 Droplets: 1 changed, 1 as wanted, 1 left alone, 1 failed, 1 not tried, 2 exempt, 1 without a rule",
        "cost: 1.50 → 3.25 USD a month and 1 Droplet of unknown cost",
        "rule databases: 5 Droplets, 1 changed, 1 as wanted, 1 left alone, 1 failed, 1 not tried, "
        "1.50 → 3.25 USD a month and 1 Droplet of unknown cost",
        "rule spared: 2 Droplets exempt until 2027-01-31. They move.",
        "left alone: ledger (3)",
        "cost unknown: ledger (3), gpu (4)",
        "no rule covers jump (9)",
    ]


def test_a_check_says_would():
    assert digest(result(rule("all", 1, changed=1)), planned=True)[0] == "1 Droplet: 1 would change"


@pytest.mark.parametrize(
    ("one", "line"),
    [
        (rule("none"), "rule none: no Droplet"),
        (rule("web", 1, compliant=1), "rule web: 1 Droplet, 1 as wanted, 0.00 USD a month"),
        (rule("for ever", 1, reason="So.", expires=None, expired=False), "rule for ever: 1 Droplet exempt. So."),
        (
            rule("old", 0, reason="So.", expires="2026-01-31", expired=True),
            "rule old: exempt until 2026-01-31, which is over: its Droplets go by the rules after it",
        ),
    ],
)
def test_a_rule(one, line):
    assert digest(result(one), planned=False)[2] == line


def test_an_empty_account():
    assert digest(result(), planned=False)[0] == "0 Droplets"


def test_an_audit_of_an_empty_account():
    """It has no Droplet whose status could be counted."""
    assert digest(result(), True, {"summary": {"matched": 0}}) == [
        "no findings",
        "0 Droplets",
        "cost: 0.00 USD a month",
    ]


def test_of_many_uncovered_droplets_the_first_twenty_are_named():
    line = digest(result(unmatched=[(key, f"d{key}") for key in range(1, 23)]), planned=False)[-1]
    assert line.startswith("no rule covers d1 (1), d2 (2), ")
    assert line.endswith("d20 (20) and 2 more")


STATUS = {"summary": {"matched": 4, "status": {"protected": 3, "overdue": 0, "unprotected": 1}}}


def test_an_audit_starts_with_its_findings():
    findings = [{"kinds": ["drift", "unprotected"]}, {"kinds": ["drift"]}]
    lines = digest(result(rule("web", 4, changed=2, compliant=2)), True, STATUS, findings)
    assert lines[:3] == [
        "2 findings: 2 drift, 1 unprotected",
        "4 Droplets: 2 would change, 2 as wanted",
        "status: 3 protected, 1 unprotected",
    ]
    assert digest(result(), True, STATUS, findings[1:])[0] == "1 finding: 1 drift"
    assert digest(result(), True, STATUS)[0] == "no findings"


@pytest.mark.parametrize(
    ("policies", "fleet", "line"),
    [
        ({"failed": True, "msg": "No."}, {}, "not done: No."),
        ({"skipped": True}, {}, "not done: a task failed"),
        (result(), {"failed": True, "msg": "No ages."}, "not done: No ages."),
    ],
)
def test_where_nothing_could_be_done_the_reason_is_all(policies, fleet, line):
    assert digest(policies, False, fleet) == [line]
