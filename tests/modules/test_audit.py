# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An audit and an inventory are never green by ignorance, whatever plan a Droplet is on."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.filter.backup_findings import backup_findings
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner


def on(plan, newest=None, **policy):
    late = {"newest_backup_age": newest} if newest else {}
    return {"name": plan.replace("_", "-") + "-" + (newest or "fresh"), "policy": {"plan": plan, **policy}, **late}


DROPLETS = {
    "protected": [on("daily"), on("weekly", weekday="SUN"), on("intra_daily_4h"), on("intra_daily_12h")],
    "overdue": [
        on("intra_daily_4h", "5d"),
        on("intra_daily_4h", "never"),
        on("intra_daily_6h", "1d"),
        on("daily", "3d"),
        on("hourly", "9d"),
        on("hourly", "never"),
    ],
    "unknown_plan": [on("hourly"), on("usage_weekly", "6d")],
}
RULES = [{"name": "everything", "match": {"all": True}, "state": "enabled"}]


@pytest.fixture(name="ids")
def _ids(world):
    """The ids of these Droplets, by the status that each has to have."""
    made = iter(world(*[droplet for droplets in DROPLETS.values() for droplet in droplets]))
    return {status: [next(made) for _droplet in droplets] for status, droplets in DROPLETS.items()}


def audit(sim, **options):
    policies = Runner(sim, "backup_policies")(check=True, policies=RULES, report="all").result
    fleet = Runner(sim, "droplet_backups_info")(all=True).result
    return {finding["id"]: finding["kinds"] for finding in backup_findings(policies, fleet, **options)}


def test_each_plan_that_is_late_or_unknown_is_a_finding(sim, ids):
    found = audit(sim)
    assert found == {key: [status] for status in ("overdue", "unknown_plan") for key in ids[status]}


def test_unknown_plans_can_be_accepted_as_long_as_there_are_backups(sim, ids):
    assert audit(sim, accept_unknown_plans=True) == {key: ["overdue"] for key in ids["overdue"]}


def test_the_groups_of_an_inventory_tell_the_same(ids, inventory):
    told = inventory(backup_ages=True)
    for status in ("overdue", "unknown_plan"):
        assert told.groups[f"backups_{status}"] == {told.by_id[key] for key in ids[status]}, told
