# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of many Droplets' backups, with one request more for each that looks late."""

from __future__ import annotations

from .._domain import status
from . import actions


def of(client, droplets, states, backups, grace):
    """A dict of Droplet id to a status of `_domain.status`, None where it depends on backups that were not read.

    `states` is a dict of id to BackupState; `backups` a dict of id to RestorePoints, or None where the token may not
    read them; `grace` a timedelta.
    """
    now = client.now()
    known = {
        droplet.id: status.at_first_sight(states[droplet.id], (backups or {}).get(droplet.id, ()), grace, now)
        for droplet in droplets
    }
    late = [droplet for droplet in droplets if known[droplet.id] == status.PENDING]
    if backups is None:
        return {**known, **dict.fromkeys((droplet.id for droplet in late), None)}

    since = policies_set_at(client, late)
    closer = {
        droplet.id: status.waiting_or_late(states[droplet.id].policy, since[droplet.id], grace, now) for droplet in late
    }
    return {**known, **closer}


def policies_set_at(client, droplets):
    """A dict of Droplet id to when its policy was set, from the log of each."""
    client.afford(len(droplets), "reads of the actions of Droplets that look late")

    def look(droplet):
        return status.policy_set_at(droplet, actions.of_droplet_if_there(client, droplet.id))

    found = client.map(look, droplets)
    return {droplet.id: moment for droplet, moment in zip(droplets, found, strict=True)}
