# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request's ``backup_policy`` to a policy, with the checks that the schema leaves out."""

from typing import Any

from dosim import schedule
from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.services.backups import default_hour
from dosim.store import Policy

LONGEST_RETENTION = 365


def _listed(values: Any) -> str:
    return ", ".join(map(str, values))


def _whole(given: dict[str, Any], key: str, lowest: int, highest: int) -> int | None:
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ApiError(422, f"backup_policy.{key} must be a whole number from {lowest} to {highest}")
    return value


def read(cloud: Cloud, droplet_id: int, given: dict[str, Any], default_plan: str | None) -> Policy:
    """Check a given policy and fill in what it leaves out. Raises ApiError 422."""
    reading = cloud.behaviour
    plan = given.get("plan") or default_plan
    if plan is None:
        raise ApiError(422, "backup_policy.plan is required")
    known = [*schedule.STANDARD]
    if reading["unlisted_plans"] == "accept" or reading["supported_policies"] == "usage":
        known += schedule.USAGE
    if plan not in known:
        raise ApiError(422, f"backup_policy.plan must be one of {_listed(schedule.STANDARD)}")
    hour = _whole(given, "hour", 0, 23)
    if hour is None:
        hour = default_hour(cloud, droplet_id)
    elif hour not in schedule.HOURS:
        raise ApiError(422, f"backup_policy.hour must be one of {_listed(schedule.HOURS)}")
    weekday = _weekday(cloud, droplet_id, given, plan)
    window = _whole(given, "window_length_hours", 1, 24)
    retention = _whole(given, "retention_period_days", 1, LONGEST_RETENTION)
    basic = retention in (None, schedule.STANDARD.get(plan)) or reading["basic_plan_retention"] == "ignore"
    if plan in schedule.STANDARD and basic:
        # Both are read-only there: a client that sends back what it has read must not be refused.
        return Policy(plan, hour, weekday, retention_days=schedule.STANDARD[plan])
    if retention is None:
        raise ApiError(422, f"backup_policy.retention_period_days is required for plan {plan}")
    if window is not None and window > schedule.interval_hours(plan):
        raise ApiError(422, f"backup_policy.window_length_hours is too long for plan {plan}")
    return Policy(plan, hour, weekday, window_hours=window or 4, retention_days=retention)


def _weekday(cloud: Cloud, droplet_id: int, given: dict[str, Any], plan: str) -> str | None:
    reading = cloud.behaviour
    weekday = given.get("weekday") or None
    if weekday is not None and weekday not in schedule.WEEKDAYS:
        raise ApiError(422, f"backup_policy.weekday must be one of {_listed(schedule.WEEKDAYS)}")
    if plan == "weekly":
        if weekday is None and reading["weekly_without_weekday"] == "reject":
            raise ApiError(422, "backup_policy.weekday is required for plan weekly")
        return weekday or schedule.WEEKDAYS[cloud.choice("weekday", droplet_id) % 7]
    if weekday is not None and reading["weekday_with_daily"] == "reject":
        raise ApiError(422, f"backup_policy.weekday is not allowed for plan {plan}")
    return weekday if reading["weekday_with_daily"] == "store" else None
