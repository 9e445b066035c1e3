# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything of an account that can tell what is left of Droplets that are gone. All of it is read by pages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from .._domain.errors import ScopeError
from .._domain.gone import Account
from .._domain.models import Action
from .._domain.selection import Selection
from . import actions, backups, images
from .client import Client


def account(client: Client) -> Account:
    """The Account as it is now; raises ScopeError.

    The Droplets are read first, so that a backup which one of them gets meanwhile is the only one that may seem to be
    nobody's; the policies prove that none is missing.
    """
    droplets, _policies = backups.everyone(client, Selection(everything=True, allow_empty=True))
    own = tuple(images.own(client).values())
    owned = {key for droplet in droplets for key in droplet.backup_ids or ()}
    left = {point.created_at for point in own if point.type == "backup" and point.id not in owned and point.created_at}
    return Account(tuple(droplets), own, images.snapshots(client), _backups_begun(client, left))


def _backups_begun(client: Client, moments: Collection[datetime]) -> tuple[Action, ...]:
    """The actions that began to make a backup at one of `moments`, as far as the log is read and tells of them."""
    if not moments:
        return ()
    try:
        return tuple(actions.begun_at(client, moments))
    except ScopeError:
        return ()
