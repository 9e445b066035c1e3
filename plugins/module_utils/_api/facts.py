# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that an inventory needs to know of an account, in as few requests as it takes, as JSON for a cache."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from .._domain import hosts
from .._domain.errors import LifeboatError, ScopeError
from .._domain.models import BackupState, Droplet
from .._domain.newest_backups import KnownBackups
from .._domain.quota import PER_PAGE
from .._domain.status import PENDING, preliminary_status
from . import backups, droplets, images, newest, paging, statuses
from .client import Client
from .connection import Connection

Kept = dict[str, Any]
"""What is kept of a Droplet (`hosts.InventoryOptions.keep`)."""

SECONDS = 600
"""For all requests together, besides what the burst limit costs."""

NO_AGES = "The token lacks the scope image:read: ages of backups are not told, nor what depends on them."


def cache_key(connection: Connection, wanted: hosts.InventoryOptions) -> str:
    """What tells the facts of one account, and of what `wanted` asks for, from all others, as text.

    The token is the key of the hash: nothing tells it, and whoever has another one finds nothing.
    """
    what = json.dumps([connection.api_url, *wanted.fetched])
    return hmac.new(connection.token.encode(), what.encode(), hashlib.sha256).hexdigest()[:32]


def fetch(connection: Connection, wanted: hosts.InventoryOptions, clock: datetime) -> dict[str, Any]:
    """The facts (`hosts.facts`) of the Droplets that `wanted` asks for.

    `clock` is the time of this machine. Whole, or a LifeboatError.
    """
    try:
        with Client(connection, SECONDS) as client:
            found = _fetch(client, wanted, clock)
            return {**found, "warnings": [*found["warnings"], *client.warnings]}
    except LifeboatError as error:
        # No module stands between this and the user, to take the token out of the API's own words.
        raise error.copy(error.message.replace(connection.token, "********")) from None


def _fetch(client: Client, wanted: hosts.InventoryOptions, clock: datetime) -> dict[str, Any]:
    found = _droplets(client, wanted)
    if wanted.exclude_tags:
        _prove_tags_are_shown(client, wanted.exclude_tags, found)
    if not wanted.backup_facts:
        return hosts.facts(client.now(), clock, found.values())
    policies = backups.known_states(client, set(found), make=dict)
    found.update(_missed(client, wanted, set(policies) - set(found)))
    # Without a policy, it was deleted after it was listed.
    found = {key: record for key, record in found.items() if key in policies}
    policies = {key: policies[key] for key in found}
    if not wanted.backup_ages:
        return hosts.facts(client.now(), clock, found.values(), policies)
    known = [Droplet.from_api(record) for record in found.values()]
    try:
        points = _backups(client, known)
    except ScopeError:
        return hosts.facts(client.now(), clock, found.values(), policies, warnings=(NO_AGES,))
    states = {key: BackupState.from_api(record) for key, record in policies.items()}
    now = client.now()
    late = [
        droplet
        for droplet in known
        if preliminary_status(states[droplet.id], points[droplet.id].points, wanted.grace, now) == PENDING
    ]
    set_at = statuses.policies_changed_at(client, late)
    return hosts.facts(client.now(), clock, found.values(), policies, points, set_at)


def _backups(client: Client, found: Sequence[Droplet]) -> dict[int, KnownBackups]:
    """All backups of few Droplets, the newest of each of many, by the id of the Droplet; raises ScopeError."""
    lists = images.Lists(client)
    if len(found) <= PER_PAGE:
        return newest.all_backups(client, found, lists)
    return newest.newest_backups(client, found, (), lists)


def _droplets(client: Client, wanted: hosts.InventoryOptions) -> dict[int, Kept]:
    """What is kept of each Droplet, by its id."""
    if wanted.gpu == "only":
        return _gpu_droplets(client, wanted)
    list_of = partial(_list, make=wanted.keep)
    if wanted.tags:
        lists = client.map(lambda tag: droplets.with_tag(client, tag, list_of), wanted.tags)
    elif wanted.names:
        lists = client.map(lambda name: list_of(client, name=name), wanted.names)
    else:
        lists = [list_of(client)]
    found = {key: record for listed in lists for key, record in listed.items() if wanted.named(record)}
    if wanted.gpu == "include":
        return {**found, **_gpu_droplets(client, wanted)}
    return {key: record for key, record in found.items() if not record["gpu_info"]}


def _gpu_droplets(client: Client, wanted: hosts.InventoryOptions) -> dict[int, Kept]:
    """Those that the list of all Droplets leaves out; it cannot be asked by tag or name."""
    found = _list(client, partial(wanted.keep, gpu=True), type="gpus")
    if wanted.tags:
        _prove_tags_are_shown(client, wanted.tags, found)
    return {key: record for key, record in found.items() if wanted.named(record) and wanted.tagged(record)}


def _prove_tags_are_shown(client: Client, wanted: Sequence[str], found: Mapping[int, Kept]) -> None:
    """Raises ScopeError if no tag of those `found` is shown because the token may not read them."""
    if found and not any(record.get("tags") for record in found.values()):
        droplets.prove_tags_can_be_read(client, wanted[0])


def _list(client: Client, make: Callable[[Mapping[str, Any]], Kept], **filters: Any) -> dict[int, Kept]:
    return paging.whole(client, client.do.droplets.list, "droplets", make=make, **filters)


def _missed(client: Client, wanted: hosts.InventoryOptions, ids: set[int]) -> dict[int, Kept]:
    """Droplets that have a policy and were not listed, because the list moved on while it was read."""
    if not ids or not wanted.everything or wanted.gpu == "only":
        return {}
    if wanted.gpu == "exclude":
        ids = ids - _list(client, hosts.kept, type="gpus").keys()
    asked = client.map(lambda key: droplets.get_if_there(client, key, wanted.keep), sorted(ids))
    return {record["id"]: record for record in asked if record}
