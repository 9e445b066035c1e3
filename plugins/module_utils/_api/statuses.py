# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a status takes besides policy and backups, with one request for each Droplet that looks late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .._domain.models import Droplet
from .._domain.status import policy_changed_at
from . import actions
from .client import Client


def policies_changed_at(client: Client, late: Sequence[Droplet]) -> dict[int, datetime | None]:
    """When the policy of each Droplet was set, from its log, by its id; None if nothing tells."""
    client.reserve(len(late), "reads of the actions of Droplets that look late")

    def look(droplet: Droplet) -> datetime | None:
        return policy_changed_at(droplet, actions.of_droplet_if_there(client, droplet.id))

    found = client.map(look, late)
    return {droplet.id: moment for droplet, moment in zip(late, found, strict=True)}
