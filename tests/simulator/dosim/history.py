# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Droplet that already exists has behind it: creation, backups, snapshots, an action under way."""

from typing import Any

from dosim import schedule
from dosim.cloud import Cloud
from dosim.services import actions, backups, droplets
from dosim.store import Droplet

CREATION_SECONDS = 45


def enter(cloud: Cloud, droplet: Droplet, age: float, newest: float = 0.0) -> None:
    """Enter a Droplet of that age with the backups that its policy implies, none younger than ``newest`` (seconds)."""
    droplet.created = int(cloud.now - age)
    droplets.add(cloud, droplet)
    action = actions.record(cloud, droplet, "create", droplet.created, droplet.created + CREATION_SECONDS)
    action.status, action.completed = "completed", int(action.due)
    policy = droplet.policy
    if policy is None:
        return
    minute = backups.minute(cloud, droplet, policy)
    oldest = max(cloud.now - policy.retention_days * schedule.DAY, droplet.created)
    for start in schedule.past_starts(policy, cloud.now, oldest - schedule.DAY):
        if oldest < start + minute <= cloud.now - newest:
            backups.add_backup(cloud, droplet, policy, start + minute)
    # A window that is open now counts as long as the Droplet's minute in it has not come.
    backups.plan_next(cloud, droplet, after=cloud.now - minute)


def disable(cloud: Cloud, droplet: Droplet, ago: float) -> None:
    """Backups were switched off that long ago; what was there stays until it expires."""
    backups.set_policy(cloud, droplet, None)
    action = actions.record(cloud, droplet, "disable_backups", int(cloud.now - ago), cloud.now - ago)
    action.status, action.completed = "completed", action.started


def snapshot(cloud: Cloud, droplet: Droplet, name: str, ago: float) -> None:
    backups.add_image(cloud, droplet, "snapshot", name, int(cloud.now - ago), None)


def busy(cloud: Cloud, droplet: Droplet, kind: str, since: float, seconds: float) -> None:
    """An action under way since then, to end in so many seconds."""
    args: dict[str, Any] = {"name": f"{droplet.name}-{cloud.second}"} if kind == "snapshot" else {}
    action = actions.record(cloud, droplet, kind, int(cloud.now - since), cloud.now + seconds, **args)
    actions.begin(cloud, droplet, action)
