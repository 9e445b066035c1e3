# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of many Droplets' backups, with one request more for each that looks late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from .._domain import status
from .._domain.models import BackupState, Droplet, RestorePoint
from . import actions
from .client import Client


def backup_statuses(
    client: Client,
    droplets: Sequence[Droplet],
    states: Mapping[int, BackupState],
    backups: Mapping[int, Iterable[RestorePoint]] | None,
    grace: timedelta,
) -> dict[int, str | None]:
    """The status of each Droplet (of `_domain.status`), None if it depends on backups that were not read.

    All keys are the ids of Droplets; `backups` are None if the token may not read them.
    """
    now = client.now()
    first = preliminary_status(droplets, states, backups or {}, grace, now)
    since = {} if backups is None else policies_changed_at(client, droplets, first)
    return {
        key: status.final_status(found, states[key].policy, backups is not None, since.get(key), grace, now)
        for key, found in first.items()
    }


def preliminary_status(
    droplets: Iterable[Droplet],
    states: Mapping[int, BackupState],
    backups: Mapping[int, Iterable[RestorePoint]],
    grace: timedelta,
    now: datetime,
) -> dict[int, str]:
    """The status of each Droplet as far as policy and backups tell: PENDING means "pending or overdue"."""
    return {
        droplet.id: status.preliminary_status(states[droplet.id], backups.get(droplet.id, ()), grace, now)
        for droplet in droplets
    }


def policies_changed_at(
    client: Client, droplets: Iterable[Droplet], first: Mapping[int, str]
) -> dict[int, datetime | None]:
    """When the policy of each Droplet was set, from the log of each that is PENDING in `first`."""
    late = [droplet for droplet in droplets if first[droplet.id] == status.PENDING]
    client.reserve(len(late), "reads of the actions of Droplets that look late")

    def look(droplet: Droplet) -> datetime | None:
        return status.policy_changed_at(droplet, actions.of_droplet_if_there(client, droplet.id))

    found = client.map(look, late)
    return {droplet.id: moment for droplet, moment in zip(late, found, strict=True)}
