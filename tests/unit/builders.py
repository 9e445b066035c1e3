# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small builders, so that a test shows only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import (
    BackupPolicy,
    BackupState,
    Droplet,
    RestorePoint,
    SupportedPolicy,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_backups as plans

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURS = (0, 4, 8, 12, 16, 20)
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
WEEKLY = SupportedPolicy("weekly", HOURS, WEEKDAYS, 4, 28)
DAILY = SupportedPolicy("daily", HOURS, (), 4, 7)
SUPPORTED = (WEEKLY, DAILY)

OFF = BackupState(False)


def droplet(key=1, name=None, **fields):
    """A Droplet of 24 USD a month, named after its id."""
    return Droplet(key, name or f"web-{key:02d}", **{"price_monthly": 24.0, "tags": (), **fields})


def on(plan, hour=None, weekday=None, window=4, retention=None):
    """Backups that are on, with the lengths that the API shows for the plan."""
    if retention is None:
        retention = {"daily": 7, "weekly": 28}.get(plan)
    return BackupState(True, BackupPolicy(plan, weekday, hour, window, retention))


def backup(key, days=0.0, name="web-01", kind="backup", size=1.0):
    """A restore point made `days` before NOW; None: of unknown age."""
    made = None if days is None else NOW - timedelta(days=days)
    dated = name if made is None else f"{name}- {made:%Y-%m-%d}"
    return RestorePoint(key, dated, kind, made, size)


def snapshot(key, days=0.0, name="web-01", size=1.0):
    """A snapshot with the name that a converted backup has."""
    return backup(key, days, name, "snapshot", size)


def wanted(**fields):
    """A Request for all Droplets."""
    return plans.Request(**{"selection": Selection(everything=True), **fields})


def observed(states, backups=None, converted=None, supported=SUPPORTED):
    """Everything there is to know of Droplets: `states` by id, or the state of Droplet 1 alone."""
    states = states if isinstance(states, dict) else {1: states}
    return plans.Observed(
        tuple(droplet(key) for key in states),
        states,
        supported,
        {key: tuple((backups or {}).get(key, ())) for key in states},
        {key: tuple((converted or {}).get(key, ())) for key in states},
    )


def rule(name="web", match=None, **given):
    """A rule of `policies`, as Ansible passes it; `match` is all if left out."""
    parts = ("tags_any", "tags_all", "names", "regions", "droplet_ids", "gpu", "all")
    left_out = {
        "state": None,
        "plan": None,
        "weekday": None,
        "hour": None,
        "window_length_hours": None,
        "retention_period_days": None,
        "existing_backups": None,
        "allow_unlisted_plan": False,
        "exempt": False,
        "reason": None,
        "expires": None,
    }
    match = {"all": True} if match is None else match
    unknown = (given.keys() - left_out.keys()) | (match.keys() - {*parts})
    assert not unknown, f"no such options: {unknown}"
    return {"name": name, "match": {**dict.fromkeys(parts), **match}, **left_out, **given}


def params(**given):
    """The parameters of a `droplet_backups` task, as Ansible hands them over."""
    left_out = {
        "droplet_id": None,
        "droplet_name": None,
        "tag": None,
        "all": None,
        "exclude_tag": None,
        "allow_empty": False,
        "state": "enabled",
        "plan": None,
        "weekday": None,
        "hour": None,
        "window_length_hours": None,
        "retention_period_days": None,
        "existing_backups": None,
        "max_disable": 1,
        "allow_unlisted_plan": False,
        "token": "dop_v1_" + "0123456789abcdef" * 4,
        "api_url": "https://api.digitalocean.com",
        "ca_path": None,
        "validate_certs": True,
        "request_timeout": 30,
        "concurrency": 8,
        "burst_limit": "250/60",
        "lag_tolerance": 60,
        "wait": True,
        "wait_timeout": None,
        "report": "changed",
    }
    unknown = given.keys() - left_out.keys()
    assert not unknown, f"no such parameters: {unknown}"
    return {**left_out, **given}
