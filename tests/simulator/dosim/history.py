# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The past of a Droplet that already exists: its creation, backups, snapshots, a running action."""

from typing import Any

from dosim import schedule
from dosim.cloud import Cloud
from dosim.services import actions, backups, droplets
from dosim.store import Droplet

CREATION_SECONDS = 45


def enter(cloud: Cloud, droplet: Droplet, age: float, newest: float = 0.0, ended: float = 0.0) -> None:
    """Enter a Droplet of that age with the backups that its policy implies, none younger than ``newest``.

    They are those that had not expired when it ended. All three are in seconds before now.
    """
    droplet.created = int(cloud.now - age)
    droplets.add(cloud, droplet)
    _done(cloud, droplet, "create", droplet.created, CREATION_SECONDS)
    policy = droplet.policy
    if policy is None:
        return
    minute = backups.minute(cloud, droplet, policy)
    oldest = max(cloud.now - ended - policy.retention_days * schedule.DAY, droplet.created)
    for start in schedule.past_starts(policy, cloud.now, oldest - schedule.DAY):
        if oldest < start + minute <= cloud.now - newest:
            image = backups.add_backup(cloud, droplet, policy, start + minute)
            _done(cloud, droplet, "backup", image.created, cloud.durations.of("backup", image.gigabytes))
    # A window that is open now counts as long as the Droplet's minute in it has not come.
    backups.plan_next(cloud, droplet, after=cloud.now - minute)


def disable(cloud: Cloud, droplet: Droplet, ago: float) -> None:
    """Switch backups off that long ago; existing ones stay until they expire."""
    backups.set_policy(cloud, droplet, None)
    _done(cloud, droplet, "disable_backups", int(cloud.now - ago))


def delete(cloud: Cloud, droplet: Droplet, ago: float) -> None:
    """Delete the Droplet that long ago; its snapshots stay, and its backups stay until they expire."""
    deleted = int(cloud.now - ago)
    _done(cloud, droplet, "destroy", deleted)
    droplets.remove(cloud, droplet, deleted)


def _done(cloud: Cloud, droplet: Droplet, kind: str, started: int, seconds: float = 0.0) -> None:
    """Enter an action that has ended by now."""
    action = actions.record(cloud, droplet, kind, started, min(started + seconds, cloud.now))
    action.status, action.completed = "completed", int(action.due)


def snapshot(cloud: Cloud, droplet: Droplet, name: str, ago: float) -> None:
    backups.add_image(cloud, droplet, "snapshot", name, int(cloud.now - ago))


def busy(cloud: Cloud, droplet: Droplet, kind: str, since: float, seconds: float) -> None:
    """Enter an action that has been running for so long and ends in so many seconds."""
    args: dict[str, Any] = {"name": f"{droplet.name}-{cloud.second}"} if kind == "snapshot" else {}
    action = actions.record(cloud, droplet, kind, int(cloud.now - since), cloud.now + seconds, **args)
    actions.begin(cloud, droplet, action)
