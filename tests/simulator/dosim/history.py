# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Droplet that already exists has behind it: its creation, its backups, its next window."""

from dosim import schedule
from dosim.cloud import Cloud
from dosim.services import backups, droplets
from dosim.store import Action, Droplet


def enter(cloud: Cloud, droplet: Droplet, age: float, newest: float = 0.0, with_backups: bool = True) -> None:
    """Enter a Droplet of that age (seconds) with the backups that its policy implies, none younger than ``newest``."""
    droplet.created = int(cloud.now - age)
    droplets.add(cloud, droplet)
    cloud.store.log_action(
        Action(
            id=cloud.ids.next("action"),
            kind="create",
            resource_type="droplet",
            resource=droplet.id,
            region=droplet.region,
            started=droplet.created,
            due=droplet.created + 45,
            completed=droplet.created + 45,
            status="completed",
        )
    )
    policy = droplet.policy
    if policy is None:
        return
    minute = backups.minute(cloud, droplet, policy)
    if with_backups:
        oldest = max(cloud.now - policy.retention_days * schedule.DAY, droplet.created)
        for start in schedule.past_starts(policy, cloud.now, oldest - schedule.DAY):
            if oldest < start + minute <= cloud.now - newest:
                backups.add_backup(cloud, droplet, policy, start + minute)
    # A window that is open now counts as long as the Droplet's minute in it has not come.
    backups.plan_next(cloud, droplet, after=cloud.now - minute)
