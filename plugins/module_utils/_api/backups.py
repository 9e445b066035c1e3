# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies, backups and snapshots of Droplets, read in as few requests as it takes.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplets
"""

from __future__ import annotations

from contextlib import suppress

from .._domain import selection as choose
from .._domain.errors import NotFoundError, ScopeError
from .._domain.models import BackupState, RestorePoint, SupportedPolicy
from .._domain.observed import Observed
from .._domain.retention import made_from_a_backup
from . import actions, paging
from .droplets import chosen, find, get_if_there

OWN_LISTS = 2
"""Up to so many Droplets are asked for their own restore points, without a look at the list of images."""


def supported_policies(client):
    """`GET /v2/droplets/backups/supported_policies` as a tuple of SupportedPolicy."""
    body = client.do.droplets.list_supported_backup_policies()
    return tuple(SupportedPolicy.from_api(item) for item in body.get("supported_policies") or ())


def state(client, droplet_id):
    """`GET /v2/droplets/{id}/backups/policy` as a BackupState; raises NotFoundError."""
    return BackupState.from_api(paging.part(client.do.droplets.get_backup_policy(droplet_id=droplet_id), "policy"))


def fleet(client, selection):
    """The Droplets that `selection` means, sorted by id, and a dict of id to BackupState; raises SelectionError.

    Where all Droplets are meant, the policies are the proof that none is missing: one that has a policy and is not in
    the list (which moves on when a Droplet is deleted and another one made between two pages) is asked for by its id.
    """
    if not selection.everything:
        found = chosen(client, selection)
        return found, states(client, found)
    found = find(client, selection)
    known = _known_states(client, {droplet.id for droplet in found})
    missed = sorted(known.keys() - {droplet.id for droplet in found})
    asked = client.map(lambda droplet_id: get_if_there(client, droplet_id), missed)
    return choose.finish(selection, [*found, *filter(None, asked)]), known


def states(client, droplets):
    """A dict of Droplet id to BackupState; a Droplet deleted meanwhile is not in it."""
    wanted = {droplet.id for droplet in droplets}
    known = _known_states(client, wanted)
    return {droplet_id: known[droplet_id] for droplet_id in wanted.intersection(known)}


def _known_states(client, wanted):
    """BackupStates by id, those of the ids `wanted` among them.

    Read from the map of all policies, or one by one where that takes fewer requests. A Droplet that the map does not
    show (GPU Droplets may not be in it) is asked for by its id.
    """
    known = {}
    if len(wanted) > 1:
        operation, root = client.do.droplets.list_backup_policies, "policies"
        first = paging.fetch(operation, root, make=BackupState.from_api)
        pages = [first]
        if first.pages - 1 < len(wanted.difference(int(key) for key, _unused in first.items)):
            pages += paging.rest(client, first, operation, root, make=BackupState.from_api)
        known = {int(key): found for page in pages for key, found in page.items}
    missing = sorted(wanted.difference(known))
    asked = client.map(lambda droplet_id: _state_if_there(client, droplet_id), missing)
    known.update({droplet_id: found for droplet_id, found in zip(missing, asked, strict=True) if found})
    return known


def backups_of(client, droplets, ask_each=True):
    """A dict of Droplet id to the tuple of its backups.

    From the list of images where that takes fewer requests; a Droplet whose backup the list does not show is asked for
    its own. Where the token may not read the list, each Droplet is asked, or with `ask_each` False ScopeError raised.
    """
    return _points_of(client, droplets, "backups", ask_each)


def snapshots_of(client, droplets):
    """A dict of Droplet id to the tuple of its snapshots, read in the same way.

    `droplets` are as they were just read: beyond a few, their own `snapshot_ids` tell which snapshots are theirs.
    """
    return _points_of(client, droplets, "snapshots", ask_each=True)


def _points_of(client, droplets, kind, ask_each):
    known = {}
    if len(droplets) > OWN_LISTS:
        try:
            known = _from_images(client, droplets, kind)
        except ScopeError:
            if not ask_each:
                raise
    missing = [droplet.id for droplet in droplets if droplet.id not in known]
    return {**known, **_own_of_each(client, missing, kind)}


def survivors(client, at_risk):
    """What is left of restore points: a dict of Droplet id to backups, and one of Droplet id to snapshots.

    `at_risk` is a sequence of `(Droplet, RestorePoints)`. Beyond a few Droplets they are looked for in the list of
    images, by id or, where converting gave a new one, by name and time.
    """
    droplets = [droplet for droplet, _points in at_risk]
    images = None
    if len(droplets) > OWN_LISTS:
        with suppress(ScopeError):
            images = _private_images(client, fewer_than=2 * len(droplets))
    if images is None:
        return backups_of(client, droplets), snapshots_of(client, droplets)
    by_name = {(point.name, point.created_at): point for point in images.values() if point.type == "snapshot"}
    left = {
        droplet.id: [images.get(point.id) or by_name.get((point.name, point.created_at)) for point in points]
        for droplet, points in at_risk
    }

    def of_type(kind):
        return {key: tuple(point for point in points if point and point.type == kind) for key, points in left.items()}

    return of_type("backup"), of_type("snapshot")


def converted_of(client, droplets):
    """A dict of Droplet id to the snapshots that were made from its backups, told by their name or their actions."""
    snapshots = snapshots_of(client, droplets)
    return {
        droplet.id: tuple(
            snapshot
            for snapshot in snapshots[droplet.id]
            if made_from_a_backup(snapshot, droplet.name) or actions.was_converted(client, snapshot.id)
        )
        for droplet in droplets
    }


def complete(client, seen, needs):
    """`seen`, an Observed, with all that `needs(seen)` names until it names nothing more."""
    while missing := needs(seen):
        seen = seen.adding(
            supported=client.once(supported_policies) if missing.supported else seen.supported,
            backups=backups_of(client, missing.backups),
            converted=converted_of(client, missing.converted),
        )
    return seen


def reread(client, changes):
    """An Observed of the Droplets that were changed: their policies, and what became of what was at risk."""
    targets = [change.target for change in changes]
    at_risk = [(change.target, change.at_risk) for change in changes if change.at_risk]
    left, snapshots = survivors(client, at_risk)
    return Observed(tuple(targets), states(client, targets), backups=left, converted=snapshots)


def _state_if_there(client, droplet_id):
    try:
        return state(client, droplet_id)
    except NotFoundError:
        return None


def _own_of_each(client, droplet_ids, kind):
    """`GET /v2/droplets/{id}/backups` or `.../snapshots`, all pages, for each id: a dict of id to RestorePoints.

    A Droplet that was deleted meanwhile has none, and does not keep the others from being read.
    """
    operation = getattr(client.do.droplets, f"list_{kind}")

    def own(droplet_id):
        try:
            return paging.whole(client, operation, kind, make=RestorePoint.from_api, droplet_id=droplet_id)
        except NotFoundError:
            return {}

    lists = client.map(own, droplet_ids)
    return {
        droplet_id: tuple(found.values()) for droplet_id, found in zip(droplet_ids, lists, strict=True)
    }


def _private_images(client, fewer_than):
    """All images of the account as a dict of id to RestorePoint, or None where that takes too many requests.

    Raises ScopeError where the token may not read them.
    """
    asked = {"make": RestorePoint.from_api, "private": True}
    first = paging.fetch(client.do.images.list, "images", **asked)
    if first.pages - 1 >= fewer_than:
        return None
    return paging.whole(client, client.do.images.list, "images", first, **asked)


def _from_images(client, droplets, kind):
    """Backups or snapshots joined to Droplets through their ids, for the Droplets where the join is whole."""
    ids = {droplet.id: droplet.backup_ids if kind == "backups" else droplet.snapshot_ids for droplet in droplets}
    images = _private_images(client, fewer_than=len(droplets))
    if images is None:
        return {}
    points = {key: point for key, point in images.items() if point.type == kind[:-1]}
    return {
        droplet_id: tuple(points[point_id] for point_id in own)
        for droplet_id, own in ids.items()
        if own is not None and all(point_id in points for point_id in own)
    }
