# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader tells about backups: one record for each Droplet, and a summary of them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from .cost import monthly_backup_cost
from .models import BackupState, Droplet, RestorePoint
from .retention import newest_first
from .status import STATUSES
from .time import iso


def droplet_record(
    droplet: Droplet,
    state: BackupState | None,
    backups: Collection[RestorePoint] | None,
    status: str | None,
    cost: bool,
    now: datetime,
) -> dict[str, Any]:
    """A Droplet's record. `state` and `backups` are None if they were not read, `status` if it is not known.

    `cost` says whether to tell it.
    """
    record: dict[str, Any] = {"id": droplet.id, "name": droplet.name}
    record["volumes"] = None if droplet.volume_ids is None else list(droplet.volume_ids)
    if state is not None:
        policy = state.policy
        record["enabled"] = state.enabled
        record["policy"] = policy and policy.to_api()
        record["next_window"] = next_window(state)
    if backups is not None:
        record["backups"] = [_backup(point, now) for point in newest_first(backups)]
        record["newest"] = next(iter(record["backups"]), None)
    if state is not None:
        record["status"] = status
        if cost:
            record["monthly_cost"] = _monthly_cost(droplet, state, backups)
    return record


def next_window(state: BackupState) -> dict[str, str | None] | None:
    """The next window as `start` and `end`, or None."""
    window = state.next_window
    return window and {"start": iso(window[0]), "end": iso(window[1])}


def _monthly_cost(droplet: Droplet, state: BackupState, backups: Collection[RestorePoint] | None) -> float | str:
    cost = monthly_backup_cost(droplet.price_monthly, state, backups)
    return "unknown" if cost is None else cost


def summary(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts by status, the age of the oldest newest backup, and what all backups cost a month as far as known."""
    told: dict[str, Any] = {"matched": len(records)}
    if any("status" in record for record in records):
        counted = Counter(record["status"] for record in records)
        told["status"] = {status: counted[status] for status in STATUSES}
        told["status_unknown"] = counted[None]
    aged = [record for record in records if (record.get("newest") or {}).get("age_hours") is not None]
    if any("newest" in record for record in records):
        oldest = max(aged, key=lambda record: record["newest"]["age_hours"], default=None)
        told["oldest_newest"] = oldest and {
            "id": oldest["id"],
            "name": oldest["name"],
            "age_hours": oldest["newest"]["age_hours"],
        }
    costs = [record["monthly_cost"] for record in records if "monthly_cost" in record]
    if costs:
        told["monthly_cost"] = round(sum(cost for cost in costs if cost != "unknown"), 2)
        told["monthly_cost_unknown"] = costs.count("unknown")
    return told


def _backup(point: RestorePoint, now: datetime) -> dict[str, Any]:
    return {
        "id": point.id,
        "name": point.name,
        "created_at": iso(point.created_at),
        "age_hours": point.age_hours(now),
        "size_gigabytes": point.size_gigabytes,
    }
