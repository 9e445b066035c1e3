# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies, backups and snapshots of Droplets, read in as few requests as it takes.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplets
"""

from __future__ import annotations

from .._domain.errors import NotFoundError, ScopeError
from .._domain.models import BackupState, RestorePoint, SupportedPolicy
from .._domain.retention import made_from_a_backup
from . import actions, paging


def supported_policies(client):
    """`GET /v2/droplets/backups/supported_policies` as a tuple of SupportedPolicy."""
    body = client.do.droplets.list_supported_backup_policies()
    return tuple(SupportedPolicy.from_api(item) for item in body.get("supported_policies") or ())


def state(client, droplet_id):
    """`GET /v2/droplets/{id}/backups/policy` as a BackupState; raises NotFoundError."""
    return BackupState.from_api(client.do.droplets.get_backup_policy(droplet_id=droplet_id)["policy"])


def states(client, droplets):
    """A dict of Droplet id to BackupState; a Droplet deleted meanwhile is not in it.

    Read from the map of all policies, or one by one where that takes fewer requests. A Droplet that the map does not
    show (GPU Droplets may not be in it) is asked for by its id.
    """
    wanted = {droplet.id for droplet in droplets}
    known = {}
    if len(wanted) > 1:
        operation, root = client.do.droplets.list_backup_policies, "policies"
        first = paging.fetch(operation, root)
        pages = [first]
        if first.pages - 1 < len(wanted.difference(int(key) for key, dummy in first.items)):
            pages += paging.rest(client, first, operation, root)
        known = {int(key): BackupState.from_api(record) for page in pages for key, record in page.items}
    missing = sorted(wanted.difference(known))
    asked = zip(missing, client.map(lambda droplet_id: _state_if_there(client, droplet_id), missing))
    known.update({droplet_id: found for droplet_id, found in asked if found})
    return {droplet_id: known[droplet_id] for droplet_id in wanted.intersection(known)}


def backups_of(client, droplets):
    """A dict of Droplet id to the tuple of its backups.

    From the list of images where that takes fewer requests and the token may read it; a Droplet whose backup the list
    does not show is asked for its own.
    """
    known = _from_images(client, droplets) if len(droplets) > 2 else {}
    missing = [droplet.id for droplet in droplets if droplet.id not in known]
    known.update(zip(missing, client.map(lambda droplet_id: _own(client, droplet_id, "backups"), missing)))
    return known


def snapshots_of(client, droplets):
    """A dict of Droplet id to the tuple of its snapshots."""
    ids = [droplet.id for droplet in droplets]
    return dict(zip(ids, client.map(lambda droplet_id: _own(client, droplet_id, "snapshots"), ids)))


def converted_of(client, droplets):
    """A dict of Droplet id to the snapshots that were made from its backups, told by their name or their actions."""
    return {
        droplet.id: tuple(
            snapshot
            for snapshot in snapshots
            if made_from_a_backup(snapshot, droplet.name) or actions.was_converted(client, snapshot.id)
        )
        for droplet, snapshots in zip(droplets, snapshots_of(client, droplets).values())
    }


def _state_if_there(client, droplet_id):
    try:
        return state(client, droplet_id)
    except NotFoundError:
        return None


def _own(client, droplet_id, kind):
    """`GET /v2/droplets/{id}/backups` or `.../snapshots`, all pages."""
    operation = getattr(client.do.droplets, f"list_{kind}")
    found = paging.whole(client, operation, kind, droplet_id=droplet_id)
    return tuple(RestorePoint.from_api(item) for item in found.values())


def _from_images(client, droplets):
    """Backups joined to Droplets through `backup_ids`, for the Droplets where the join is whole."""
    try:
        first = paging.fetch(client.do.images.list, "images", private=True)
    except ScopeError:
        return {}
    if first.pages - 1 >= len(droplets):
        return {}
    images = paging.whole(client, client.do.images.list, "images", first, private=True)
    backups = {key: RestorePoint.from_api(item) for key, item in images.items() if item.get("type") == "backup"}
    return {
        droplet.id: tuple(backups[backup_id] for backup_id in droplet.backup_ids)
        for droplet in droplets
        if droplet.backup_ids is not None and all(backup_id in backups for backup_id in droplet.backup_ids)
    }
