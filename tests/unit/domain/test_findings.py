# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit complains of: each kind, what is spared, and lines that name Droplet and rule."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.findings import findings

OFF = {"state": "disabled"}
DAILY = {"state": "enabled", "plan": "daily"}


def looked(status, age=1.0):
    """What droplet_backups_info tells of Droplet 7."""
    return {"id": 7, "name": "web-01", "status": status, "newest": None if age is None else {"age_hours": age}}


def found(droplet, *, rule="web", before=None, after=None, exempt=False, **options):
    """The findings about one Droplet, and the kinds and text of the first."""
    before, after = before or DAILY, after or DAILY
    entry = {"id": 7, "name": "web-01", "rule": rule, "before": before, "after": after, "changed": before != after}
    policies = {"droplets": [entry], "exempt": [{"id": 7}] if exempt else []}
    fails, accepts = options.get("fail_on_unmatched", False), options.get("accept_unknown_plans", False)
    told = findings(policies, {"droplets": [droplet]}, fails, lambda backups: backups["state"], accepts)
    return [(one["kinds"], one["text"]) for one in told]


NAME = "web-01 (7)"


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param({"droplet": looked("protected")}, [], id="as it should be"),
        pytest.param({"droplet": looked("pending", None)}, [], id="its first window is still to come"),
        pytest.param(
            {"droplet": {**looked("unknown_plan", 30.2), "policy": {"plan": "hourly"}}},
            [
                (
                    ["unknown_plan"],
                    f"{NAME}: nobody knows how often its plan 'hourly' makes a backup, its newest backup is 30 h old",
                )
            ],
            id="a plan nobody knows",
        ),
        pytest.param(
            {"droplet": {**looked("unknown_plan", None), "policy": None}, "rule": None},
            [
                (
                    ["unknown_plan"],
                    f"{NAME}: nobody knows how often its plan, which the API does not show, makes a backup"
                    ", there is no backup at all; no rule covers it",
                )
            ],
            id="a plan that is not shown",
        ),
        pytest.param({"droplet": looked("unknown_plan"), "accept_unknown_plans": True}, [], id="an accepted plan"),
        pytest.param(
            {"droplet": looked("overdue"), "accept_unknown_plans": True},
            [(["overdue"], f"{NAME}: is overdue, its newest backup is 1 h old")],
            id="overdue under an accepted plan",
        ),
        pytest.param({"droplet": looked("unknown_plan"), "after": OFF, "before": OFF}, [], id="its rule disables it"),
        pytest.param(
            {"droplet": looked("protected"), "before": {**DAILY, "hour": 4}},
            [(["drift"], f"{NAME}: not as rule 'web' wants it: enabled → enabled")],
            id="drift",
        ),
        pytest.param(
            {"droplet": looked("unprotected", None), "before": OFF},
            [(["drift", "unprotected"], f"{NAME}: has no backups; rule 'web' wants enabled")],
            id="a newcomer under an enabling rule",
        ),
        pytest.param(
            {"droplet": looked("unprotected", None), "rule": None, "before": OFF, "after": OFF},
            [(["unprotected"], f"{NAME}: has no backups; no rule covers it")],
            id="a newcomer that no rule matches",
        ),
        pytest.param({"droplet": looked("unprotected"), "before": OFF, "after": OFF}, [], id="its rule disables"),
        pytest.param(
            {"droplet": looked("overdue"), "after": OFF},
            [(["drift"], f"{NAME}: not as rule 'web' wants it: enabled → disabled")],
            id="to be disabled, so not overdue",
        ),
        pytest.param(
            {"droplet": looked("overdue", 101.4)},
            [(["overdue"], f"{NAME}: is overdue, its newest backup is 101 h old")],
            id="overdue",
        ),
        pytest.param(
            {"droplet": looked("overdue", None), "rule": None},
            [(["overdue"], f"{NAME}: is overdue, there is no backup at all; no rule covers it")],
            id="overdue without any backup, and no rule matches",
        ),
        pytest.param(
            {"droplet": looked("overdue"), "before": {**DAILY, "hour": 4}},
            [
                (
                    ["drift", "overdue"],
                    f"{NAME}: is overdue, its newest backup is 1 h old; not as rule 'web' wants it: enabled → enabled",
                )
            ],
            id="both at once are one line",
        ),
        pytest.param({"droplet": looked("protected"), "rule": None}, [], id="unmatched, but backed up"),
        pytest.param(
            {"droplet": looked("protected"), "rule": None, "fail_on_unmatched": True},
            [(["unmatched"], f"{NAME}: no rule covers it")],
            id="unmatched, if that fails",
        ),
        pytest.param(
            {"droplet": looked("unprotected"), "rule": None, "after": OFF, "before": OFF, "fail_on_unmatched": True},
            [(["unprotected", "unmatched"], f"{NAME}: has no backups; no rule covers it")],
            id="unmatched and unprotected, if both fail",
        ),
        pytest.param(
            {"droplet": looked("unprotected"), "exempt": True, "before": OFF, "after": OFF, "fail_on_unmatched": True},
            [],
            id="exempt",
        ),
    ],
)
def test_each_kind(case, expected):
    assert found(**case) == expected


def test_an_age_that_may_not_be_read_is_a_finding():
    [(kinds, text)] = found(looked(None, None))
    assert kinds == ["unknown"]
    assert "image:read" in text


def test_an_age_that_the_api_does_not_tell():
    droplet = {**looked("overdue"), "newest": {"age_hours": None}}
    assert found(droplet) == [(["overdue"], f"{NAME}: is overdue, the age of its newest backup is not known")]


def test_a_droplet_that_came_or_went_between_the_two_looks_is_left_to_the_next_audit():
    policies = {"droplets": [{"id": 8, "name": "gone", "rule": None, "changed": True}], "exempt": []}
    assert findings(policies, {"droplets": [looked("unprotected")]}, True, str) == []
