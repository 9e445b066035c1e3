# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backups of a fleet: all of them, or the newest of each Droplet from as few pages as it takes.

https://docs.digitalocean.com/reference/api/digitalocean/#operation/images_list
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence

from .._domain.models import Droplet, RestorePoint
from .._domain.newest_backups import KnownBackups, NewestSearch
from .._domain.quota import FEW
from . import paging
from .backups import joined, own_of_each
from .client import Client
from .images import Lists


def all_backups(client: Client, droplets: Sequence[Droplet], lists: Lists) -> dict[int, KnownBackups]:
    """All backups of each Droplet, by its id; raises ScopeError if the token may not read the list of images.

    From the list of images if that takes fewer requests or it was read already; a Droplet whose backup the list does
    not show is asked for its own.
    """
    known: dict[int, tuple[RestorePoint, ...]] = {}
    if len(droplets) > FEW or lists.has_images:
        known = joined(lists.images(fewer_than=len(droplets)) or {}, droplets)
    missing = [droplet.id for droplet in droplets if droplet.id not in known]
    found = {**known, **own_of_each(client, missing, "backups")}
    return {key: KnownBackups.all_of(points) for key, points in found.items()}


def newest_backups(
    client: Client, droplets: Sequence[Droplet], whole: Collection[int], lists: Lists
) -> dict[int, KnownBackups]:
    """The newest backup of each Droplet, by its id, and all backups of those whose ids are in `whole`.

    Raises ScopeError if the token may not read the list of images.
    """

    search, adding = NewestSearch(droplets, whole), threading.Lock()

    def read(number: int) -> None:
        page = paging.fetch(client.do.images.list, "images", number, make=RestorePoint.from_api, private=True)
        # At once, so that the pages of a large fleet are never all in memory.
        with adding:
            search.add(number, [point for _unused, point in page.items], page.pages)

    while numbers := search.next_pages():
        client.map(read, numbers)
    found, missing = search.found, set(search.missing)
    if search.broken and missing:
        lists.images()
        rest = all_backups(client, [droplet for droplet in droplets if droplet.id in missing], lists)
    else:
        own = own_of_each(client, sorted(missing), "backups")
        rest = {key: KnownBackups.all_of(points) for key, points in own.items()}
    return {**found, **rest}
