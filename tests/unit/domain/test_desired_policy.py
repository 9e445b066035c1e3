# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy that a Droplet gets under a plan that the API does not offer, or offers with less than usual."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.desired_policy import (
    DesiredPolicy,
    resolve_policies,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import (
    BackupPolicy,
    BackupState,
    SupportedPolicy,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import DAILY, OFF, SUPPORTED, WEEKLY, droplet, on

USAGE = SupportedPolicy("intra_daily_4h", (0,), (), 4, 14)


def resolved(state: BackupState, supported: tuple[SupportedPolicy, ...] = (), **desired: Any) -> BackupPolicy:
    one = droplet(1)
    return resolve_policies(DesiredPolicy(**desired), [one], [one], {1: state}, supported)[1]


@pytest.mark.parametrize(("hour", "impossible"), [(0, False), (23, False), (24, True), (-1, True)])
def test_the_hours_of_a_day(hour: int, impossible: bool) -> None:
    assert DesiredPolicy(hours=(hour,)).is_impossible is impossible


def test_a_plan_that_is_not_offered_needs_to_be_allowed_first() -> None:
    with pytest.raises(InputError, match="not among the supported ones") as refused:
        resolved(OFF, SUPPORTED, plan="intra_daily_4h")
    assert refused.value.droplet == 1
    with pytest.raises(InputError, match="needs retention_period_days") as refused:
        resolved(OFF, SUPPORTED, plan="intra_daily_4h", allow_unlisted_plan=True)
    assert refused.value.droplet == 1


@pytest.mark.parametrize("plan", ["daily", "weekly", "hourly"])
def test_a_plan_that_is_not_priced_by_size_needs_no_retention_although_it_is_not_offered(plan: str) -> None:
    found = resolved(OFF, plan=plan, allow_unlisted_plan=True)
    assert (found.plan, found.weekday, found.hour, found.retention_period_days) == (plan, None, None, None)


def test_a_plan_that_is_not_offered_keeps_its_window_and_another_plan_gives_up_the_weekday() -> None:
    now = on("usage_weekly", hour=8, weekday="WED", retention=9)
    kept = resolved(now, retention_period_days=10, allow_unlisted_plan=True)
    assert (kept.plan, kept.weekday, kept.hour, kept.retention_period_days) == ("usage_weekly", "WED", 8, 10)
    moved = resolved(now, plan="hourly", allow_unlisted_plan=True)
    assert (moved.plan, moved.weekday, moved.hour) == ("hourly", None, 8)
    named = resolved(now, plan="hourly", weekdays=("SUN",), hours=(4,), allow_unlisted_plan=True)
    assert (named.weekday, named.hour) == ("SUN", 4)


def test_what_a_plan_has_of_its_own_is_said_only_if_it_lets_the_user_choose() -> None:
    """A share of the Droplet's price buys what the plan has; else the API wants it said each time."""
    daily = resolved(on("daily", hour=4), (DAILY,), hours=(8,))
    assert (daily.window_length_hours, daily.retention_period_days) == (None, None)
    longer = resolved(on("daily", hour=4, retention=14), (DAILY,), hours=(8,))
    assert (longer.window_length_hours, longer.retention_period_days) == (None, 14)
    usage = resolved(on("intra_daily_4h", hour=0, retention=14), (USAGE,), window_length_hours=2)
    assert (usage.window_length_hours, usage.retention_period_days) == (2, 14)
    new = resolved(OFF, (USAGE,), plan="intra_daily_4h")
    assert (new.window_length_hours, new.retention_period_days) == (4, 14)


def test_a_droplet_stays_in_its_window_if_that_is_allowed() -> None:
    """Of 40 Droplets none moves, so that it is no accident."""
    fleet = [droplet(key) for key in range(1, 41)]
    weekly = {one.id: on("weekly", hour=8, weekday="WED") for one in fleet}
    desired = DesiredPolicy(weekdays=("MON", "TUE", "WED"), hours=(4, 8), retention_period_days=20)
    found = resolve_policies(desired, fleet, fleet, weekly, (WEEKLY,))
    assert {(policy.weekday, policy.hour) for policy in found.values()} == {("WED", 8)}
    daily = {one.id: on("weekly", hour=8, weekday="WED") for one in fleet}
    found = resolve_policies(DesiredPolicy(plan="daily", hours=(4, 8)), fleet, fleet, daily, (DAILY,))
    assert {(policy.weekday, policy.hour) for policy in found.values()} == {(None, 8)}
