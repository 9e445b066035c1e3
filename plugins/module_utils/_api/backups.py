# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies, backups and snapshots of Droplets, read in as few requests as it takes.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplets
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from contextlib import suppress
from typing import Any

from .._domain.errors import NotFoundError, ScopeError
from .._domain.models import BackupState, Droplet, RestorePoint, SupportedPolicy
from .._domain.quota import FEW
from .._domain.retention import made_from_a_backup
from .._domain.selection import Selection
from . import actions, paging
from .client import Client
from .droplets import chosen, find, finish, get_if_there
from .images import Lists


def supported_policies(client: Client) -> tuple[SupportedPolicy, ...]:
    """`GET /v2/droplets/backups/supported_policies` as a tuple of SupportedPolicy."""
    body = client.do.droplets.list_supported_backup_policies()
    return tuple(SupportedPolicy.from_api(item) for item in body["supported_policies"])


def state(client: Client, droplet_id: int, make: Callable[[Any], Any] = BackupState.from_api) -> Any:
    """`GET /v2/droplets/{id}/backups/policy` as a BackupState; raises NotFoundError."""
    return make(client.do.droplets.get_backup_policy(droplet_id=droplet_id)["policy"])


def fleet(client: Client, selection: Selection) -> tuple[list[Droplet], dict[int, BackupState]]:
    """The Droplets that `selection` means, sorted by id, and a dict of id to BackupState; raises SelectionError.

    If all Droplets are meant, the policies are the proof that none is missing: one that has a policy and is not in
    the list (which moves on when a Droplet is deleted and another one made between two pages) is asked for by its id.
    """
    if not selection.everything:
        found = chosen(client, selection)
        return found, states_by_id(client, {droplet.id for droplet in found})
    found, known = everyone(client, selection)
    return finish(client, selection, found), known


def everyone(client: Client, selection: Selection) -> tuple[list[Droplet], dict[int, BackupState]]:
    """All Droplets of the account, those included that the `selection` of all excludes, and a dict of BackupStates."""
    found = find(client, selection)
    known = known_states(client, {droplet.id for droplet in found})
    missed = sorted(known.keys() - {droplet.id for droplet in found})
    asked = client.map(lambda droplet_id: get_if_there(client, droplet_id), missed)
    return [*found, *filter(None, asked)], known


def states_by_id(client: Client, wanted: Set[int], as_before: bool = False) -> dict[int, BackupState]:
    """A dict of Droplet id to BackupState for the ids `wanted`; a Droplet deleted meanwhile is not in it.

    With `as_before` also a single one is looked up in the map, if the task has found it there before: the map may lag
    behind the single read, and the next run goes by the map.
    """
    if as_before and len(wanted) == 1 and wanted <= client.policy_page.keys():
        (droplet_id,) = wanted
        known = _as_the_map_tells(client, droplet_id)
    else:
        known = known_states(client, wanted, from_map=len(wanted) > 1)
    return {droplet_id: known[droplet_id] for droplet_id in wanted & known.keys()}


def known_states(
    client: Client,
    wanted: Set[int],
    make: Callable[[Any], Any] = BackupState.from_api,
    from_map: bool | None = None,
) -> dict[int, Any]:
    """BackupStates by id, or what `make` gives of their JSON objects, those of the ids `wanted` among them.

    Read from the map of all policies, or one by one if that takes fewer requests; `from_map` decides for one alone.
    A Droplet that the map does not show (GPU Droplets may not be in it) is asked for by its id.
    """
    known = {}
    if from_map is None:
        from_map = len(wanted) > 1
    if from_map and wanted:
        known = _policy_map(client, wanted, make)
    missing = sorted(wanted - known.keys())
    asked = client.map(lambda droplet_id: _state_if_there(client, droplet_id, make), missing)
    known.update({droplet_id: found for droplet_id, found in zip(missing, asked, strict=True) if found})
    return known


def _policy_map(client: Client, wanted: Set[int], make: Callable[[Any], Any]) -> dict[int, Any]:
    """The map of all policies, or its first page if the ids `wanted` take fewer requests one by one."""
    pages = paging.as_needed(client, client.do.droplets.list_backup_policies, "policies", wanted, make=make)
    client.policy_page = {int(key): number for number, page in enumerate(pages, 1) for key, _unused in page.items}
    return {int(key): found for page in pages for key, found in page.items}


def _as_the_map_tells(client: Client, droplet_id: int) -> dict[int, BackupState]:
    """BackupStates by id, from the page of the map on which that Droplet was; from all of it if it has moved on.

    A Droplet that the map does not show any more is asked for by its id.
    """
    operation, root, make = client.do.droplets.list_backup_policies, "policies", BackupState.from_api
    pages = [paging.fetch(operation, root, client.policy_page[droplet_id], make=make)]
    if str(droplet_id) not in dict(pages[0].items):
        first = paging.fetch(operation, root, make=make)
        pages = [first, *paging.rest(client, first, operation, root, make=make)]
    known = {int(key): found for page in pages for key, found in page.items}
    if droplet_id not in known and (found := _state_if_there(client, droplet_id, make)):
        known[droplet_id] = found
    return known


def backups_of(client: Client, droplets: Sequence[Droplet], lists: Lists) -> dict[int, tuple[RestorePoint, ...]]:
    """A dict of Droplet id to the tuple of its backups.

    From the list of images if that takes fewer requests; a Droplet whose backup the list does not show is asked for
    its own. If the token may not read the list, each Droplet is asked.
    """
    known: dict[int, tuple[RestorePoint, ...]] = {}
    if len(droplets) > FEW:
        with suppress(ScopeError):
            known = joined(lists.images(fewer_than=len(droplets)) or {}, droplets)
    missing = [droplet.id for droplet in droplets if droplet.id not in known]
    return {**known, **own_of_each(client, missing, "backups")}


def snapshots_of(
    client: Client, droplets: Sequence[Droplet], lists: Lists | None = None
) -> dict[int, tuple[RestorePoint, ...]]:
    """A dict of Droplet id to the tuple of its snapshots.

    From the account's list of snapshots if that takes fewer requests and the token may read it.
    """
    found = None
    if len(droplets) > FEW:
        with suppress(ScopeError):
            found = (lists or Lists(client)).snapshots(fewer_than=len(droplets))
    if found is None:
        return own_of_each(client, [droplet.id for droplet in droplets], "snapshots")
    own: dict[int | None, list[RestorePoint]] = {droplet.id: [] for droplet in droplets}
    for snapshot in found:
        own.get(snapshot.droplet_id, []).append(snapshot)
    return {droplet.id: tuple(own[droplet.id]) for droplet in droplets}


def remaining_restore_points(
    client: Client, at_risk: Sequence[tuple[Droplet, tuple[RestorePoint, ...]]], lists: Lists
) -> tuple[dict[int, tuple[RestorePoint, ...]], dict[int, tuple[RestorePoint, ...]]]:
    """What is left of restore points: a dict of Droplet id to backups, and one of Droplet id to snapshots.

    `at_risk` is a sequence of `(Droplet, RestorePoints)`. Beyond a few Droplets they are looked for in the list of
    images, by id or, if converting gave a new one, by name and time.
    """
    droplets = [droplet for droplet, _points in at_risk]
    listed = None
    if len(droplets) > FEW:
        with suppress(ScopeError):
            listed = lists.images(fewer_than=2 * len(droplets))
    if listed is None:
        return backups_of(client, droplets, lists=lists), snapshots_of(client, droplets, lists)
    by_name = {(point.name, point.created_at): point for point in listed.values() if point.type == "snapshot"}
    left = {
        droplet.id: [listed.get(point.id) or by_name.get((point.name, point.created_at)) for point in points]
        for droplet, points in at_risk
    }

    def of_type(kind: str) -> dict[int, tuple[RestorePoint, ...]]:
        return {key: tuple(point for point in points if point and point.type == kind) for key, points in left.items()}

    return of_type("backup"), of_type("snapshot")


def converted_of(
    client: Client, droplets: Sequence[Droplet], lists: Lists
) -> dict[int, tuple[RestorePoint, ...]]:
    """A dict of Droplet id to the snapshots that were made from its backups."""
    snapshots = snapshots_of(client, droplets, lists)
    found = find_converted(client, [(droplet, snapshots[droplet.id]) for droplet in droplets])
    return {
        droplet.id: tuple(snapshot for snapshot in snapshots[droplet.id] if snapshot.id in found)
        for droplet in droplets
    }


def find_converted(
    client: Client, own: Sequence[tuple[Droplet, tuple[RestorePoint, ...]]]
) -> frozenset[int]:
    """The ids of those snapshots that were backups once; `own` is a sequence of `(Droplet, its snapshots)`.

    Told by the name, else by the Droplet's log, in which a backup and a snapshot begin at the time that they bear, else
    by the snapshot's own log.
    """

    def of_one(pair: tuple[Droplet, tuple[RestorePoint, ...]]) -> set[int]:
        droplet, snapshots = pair
        by_name = {snapshot.id for snapshot in snapshots if made_from_a_backup(snapshot, droplet.name)}
        doubtful = [snapshot for snapshot in snapshots if snapshot.id not in by_name]
        log = actions.of_droplet_if_there(client, droplet.id) if doubtful and droplet.id is not None else ()
        began = {(action.type, action.started_at) for action in log}
        return by_name.union(
            snapshot.id
            for snapshot in doubtful
            if ("snapshot", snapshot.created_at) not in began
            and (("backup", snapshot.created_at) in began or actions.was_converted(client, snapshot.id))
        )

    return frozenset().union(*client.map(of_one, own))


def _state_if_there(client: Client, droplet_id: int, make: Callable[[Any], Any]) -> Any:
    try:
        return state(client, droplet_id, make)
    except NotFoundError:
        return None


def own_of_each(client: Client, droplet_ids: Sequence[int], kind: str) -> dict[int, tuple[RestorePoint, ...]]:
    """`GET /v2/droplets/{id}/backups` or `.../snapshots`, all pages, for each id: a dict of id to RestorePoints.

    A Droplet that was deleted meanwhile has none, and does not keep the others from being read.
    """
    operation = getattr(client.do.droplets, f"list_{kind}")

    def own(droplet_id: int) -> dict[int, RestorePoint]:
        try:
            return paging.whole(client, operation, kind, make=RestorePoint.from_api, droplet_id=droplet_id)
        except NotFoundError:
            return {}

    lists = client.map(own, droplet_ids)
    return {droplet_id: tuple(found.values()) for droplet_id, found in zip(droplet_ids, lists, strict=True)}


def joined(listed: dict[int, RestorePoint], droplets: Iterable[Droplet]) -> dict[int, tuple[RestorePoint, ...]]:
    """Backups in `listed` joined to Droplets through `backup_ids`, for the Droplets where the join is whole."""
    backups = {key: point for key, point in listed.items() if point.type == "backup"}
    return {
        droplet.id: tuple(backups[backup_id] for backup_id in droplet.backup_ids)
        for droplet in droplets
        if droplet.backup_ids is not None and all(backup_id in backups for backup_id in droplet.backup_ids)
    }
