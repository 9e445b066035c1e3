# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of the ages of backups, told from the simulator's records by the words of the documentation."""

from __future__ import annotations

from datetime import datetime, timedelta

INTERVAL = {
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "intra_daily_4h": timedelta(hours=4),
    "intra_daily_6h": timedelta(hours=6),
    "intra_daily_12h": timedelta(hours=12),
}
WEEK = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def moment(text):
    return datetime.fromisoformat(text)


def true_status(world, droplet, grace=timedelta(hours=2)):
    """The status by the rule's own words, from the simulator's records."""
    policy, now = droplet["policy"], moment(world["now"])
    if policy is None:
        return "unprotected"
    every = INTERVAL.get(policy["plan"])
    allowed = every + timedelta(hours=policy["window_length_hours"]) + grace if every else timedelta(days=8)
    if any(now - moment(backup["created_at"]) <= allowed for backup in droplet["backups"]):
        return "protected" if every else "unknown_plan"
    settings = [
        moment(action["completed_at"])
        for action in world["actions"]
        if action["resource_id"] == droplet["id"]
        and action["resource_type"] == "droplet"
        and action["status"] == "completed"
        and action["type"] in ("enable_backups", "change_backup_policy")
    ]
    start = max(settings, default=moment(droplet["created_at"]))
    if not every:
        return "unknown_plan" if now <= start + timedelta(days=8) else "overdue"
    # As the windows were, all those of one plan begin so many times its interval from each other.
    opening = start.replace(hour=policy["hour"], minute=0, second=0) - timedelta(days=2)
    while opening <= start or policy.get("weekday") not in (None, WEEK[opening.weekday()]):
        opening += min(every, timedelta(days=1))
    return "pending" if now <= opening + timedelta(hours=policy["window_length_hours"]) + grace else "overdue"


def newest(droplet):
    """The id of a Droplet's newest backup, by the simulator's records; None if it has none."""
    backups = sorted(droplet["backups"], key=lambda backup: (backup["created_at"], backup["id"]))
    return backups[-1]["id"] if backups else None


def assert_newest(told, world):
    """Newest backup, number, status and cost of each Droplet are true; nothing else is told of backups."""
    assert not told.failed, told
    assert set(told.droplets) == set(world.droplets)
    for key, entry in told.droplets.items():
        real = world.droplets[key]
        assert (entry["newest"] and entry["newest"]["id"]) == newest(real), entry
        assert entry["backup_count"] == len(real["backups"]), entry
        assert entry["policy"] == real["policy"], entry
        assert entry["status"] == true_status(world, real), entry
        cost = real["backups_cost"]
        assert entry["monthly_cost"] == ("unknown" if cost is None else round(cost, 2)), entry
        assert "backups" not in entry
    assert "orphaned_backups" not in told.result
    assert told.writes == []
