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

    def look_closer(droplet):
        log = actions.of_droplet_if_there(client, droplet.id)
        return status.waiting_or_late(droplet, states[droplet.id].policy, log, grace, now)

    client.afford(len(late), "reads of the actions of Droplets that look late")
    closer = client.map(look_closer, late)
    return {**known, **{droplet.id: found for droplet, found in zip(late, closer, strict=True)}}
