# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lag: reads that show the world as it was some simulated seconds ago, while writes act on it as it is.

Each record keeps its past versions, with the second of the change, for as long as the longest lag looks back. They are
taken before the first change of each later second, so that the services need not report changes, and nothing is kept
while no lag is set.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast

from dosim.behaviour import Behaviour
from dosim.errors import ApiError
from dosim.store import Action, Droplet, Image, Store, Table, Tag

if TYPE_CHECKING:
    from dosim.cloud import Cloud

Key = int | str
Record = Droplet | Image | Action | Tag
Rows = dict[Key, Record]
"""The records of one kind, all of the same type: by id, and tags by name."""

READS: dict[str, str] = {
    # What each GET shows, by the switch that sets its lag; the other routes are never late.
    "/v2/droplets": "lag_droplets_list",
    "/v2/droplets/{droplet_id}": "lag_droplets_single",
    "/v2/droplets/{droplet_id}/kernels": "lag_droplets_single",
    "/v2/droplets/backups/policies": "lag_policies_list",
    "/v2/droplets/{droplet_id}/backups/policy": "lag_policies_single",
    "/v2/droplets/{droplet_id}/backups": "lag_backups_list",
    "/v2/droplets/{droplet_id}/snapshots": "lag_snapshots_list",
    "/v2/snapshots": "lag_snapshots_list",
    "/v2/snapshots/{snapshot_id}": "lag_snapshots_single",
    "/v2/images": "lag_images_list",
    "/v2/images/{image_id}": "lag_images_single",
    "/v2/actions": "lag_actions_list",
    "/v2/actions/{action_id}": "lag_actions_single",
    "/v2/droplets/{droplet_id}/actions": "lag_actions_list",
    "/v2/droplets/{droplet_id}/actions/{action_id}": "lag_actions_single",
    "/v2/images/{image_id}/actions": "lag_actions_list",
    "/v2/images/{image_id}/actions/{action_id}": "lag_actions_single",
    "/v2/tags": "lag_tags_list",
    "/v2/tags/{tag_id}": "lag_tags_single",
}
TAGGING = "/v2/tags/{tag_id}/resources"
_KINDS = ("droplets", "images", "actions", "tags")
_OWNERS = {"droplet_id": "droplets", "image_id": "images"}
NO_ADDRESSES: dict[str, list[dict[str, Any]]] = {"v4": [], "v6": []}
LONGEST_ID = 15  # digits
FIRST = -1
"""The second of what was there when the first lag was set: older than anything that is asked for."""


class Past:
    """The versions of everything in a store, as far back as the longest lag goes."""

    def __init__(self, store: Store, behaviour: Behaviour) -> None:
        self.store = store
        self.behaviour = behaviour
        self.longest = 0
        self._versions: dict[str, dict[Key, list[tuple[int, Record | None]]]] = {}
        self._unkept: int | None = None  # the second of the last change, if no version of it is kept yet

    def switched(self) -> None:
        """Begin to keep versions, or forget them all, after a switch was set."""
        before, self.longest = self.longest, self.behaviour.longest_lag
        if self.longest and not before:
            self._keep(FIRST)
        elif not self.longest:
            self._versions, self._unkept = {}, None

    def before_change(self, moment: float, present: float) -> None:
        """Keep what is to be changed at that moment; ``present`` is the time on the clock."""
        second = int(moment)
        if not self.longest:
            return
        # No read goes back to before the longest lag, so that years pass quickly.
        if self._unkept is not None and self._unkept < second and second > int(present) - self.longest:
            self._keep(self._unkept)
        self._unkept = second

    def rows(self, kind: str, second: int) -> Rows:
        """The records of a kind at the end of a second that is over."""
        if self._unkept is not None and self._unkept <= second:
            self._keep(self._unkept)
            self._unkept = None
        found: Rows = {}
        for key, versions in self._versions[kind].items():
            record = next((record for since, record in reversed(versions) if since <= second), None)
            if record is not None:
                found[key] = record
        return found

    def live(self, kind: str) -> Rows:
        """The current records of a kind."""
        found = getattr(self.store, kind)
        return cast(Rows, found.rows if isinstance(found, Table) else found)

    def _keep(self, second: int) -> None:
        """Keep a version, since that second, of all that differs from its last one."""
        oldest = second - self.longest
        for kind in _KINDS:
            rows = self.live(kind)
            kept = self._versions.setdefault(kind, {})
            for key in kept.keys() - rows.keys():
                if kept[key][-1][1] is not None:
                    kept[key].append((second, None))
                elif kept[key][-1][0] < oldest:
                    del kept[key]
            for key, record in rows.items():
                versions = kept.setdefault(key, [])
                if not versions or versions[-1][1] != record:
                    versions.append((second, _frozen(record)))
                    while len(versions) > 1 and versions[1][0] <= oldest:
                        del versions[0]


def _frozen(record: Record) -> Record:
    """A copy that no later change of the record touches."""
    twin = copy.copy(record)
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, (list, dict)):
            setattr(twin, field.name, {} if field.name == "views" else value.copy())
    return twin


def view(cloud: Cloud, method: str, template: str, params: dict[str, str]) -> Cloud:
    """The cloud that a request may see: itself, or for a read that is late, one with an older store.

    Raises ApiError 404 if something is to be given a tag that does not show yet.
    """
    past = cloud.past
    if not past.longest:
        return cloud
    if method != "GET":
        if template == TAGGING:
            _refuse_unseen_tag(cloud, params["tag_id"])
        return cloud
    switch = READS.get(template)
    if switch is None:
        return cloud
    lag = cloud.behaviour.lag
    owners = {kind: param for param, kind in _OWNERS.items() if param in params and f"lag_{kind}_" not in switch}
    addresses = lag("lag_addresses") if "lag_droplets_" in switch else 0
    if not any((lag(switch), addresses, *(lag(f"lag_{kind}_single") for kind in owners))):
        return cloud
    kinds = {kind: _rows(cloud, kind, lag(switch)) for kind in _KINDS}
    for kind, param in owners.items():
        _show_owner(cloud, kinds[kind], kind, params[param], listed=switch.endswith("_list"))
    if addresses > lag(switch):
        _hide_addresses(kinds["droplets"], _rows(cloud, "droplets", addresses))
    seen = copy.copy(cloud)
    seen.store = _store(cloud.store, kinds)
    return seen


def _rows(cloud: Cloud, kind: str, lag: int) -> Rows:
    return cloud.past.rows(kind, cloud.second - lag) if lag else dict(cloud.past.live(kind))


def _show_owner(cloud: Cloud, rows: Rows, kind: str, text: str, listed: bool) -> None:
    """Whether a Droplet or an image is there at all is told by the lag of its own kind: one that is new to a list of
    what it has, has nothing yet.
    """
    # No id is longer, and Python refuses to convert thousands of digits.
    key: Key = int(text) if text.isdecimal() and len(text) <= LONGEST_ID else text
    owner = _rows(cloud, kind, cloud.behaviour.lag(f"lag_{kind}_single")).get(key)
    if owner is None:
        rows.pop(key, None)
    elif key not in rows and listed:
        assert isinstance(owner, (Droplet, Image))
        bare: dict[str, Any] = {"backups": [], "snapshots": [], "views": {}} if isinstance(owner, Droplet) else {}
        rows[key] = replace(owner, pending=[], **bare)


def _hide_addresses(rows: Rows, earlier: Rows) -> None:
    for key, droplet in rows.items():
        before = earlier.get(key)
        networks = before.networks if isinstance(before, Droplet) else NO_ADDRESSES
        if isinstance(droplet, Droplet) and networks != droplet.networks:
            rows[key] = replace(droplet, networks=networks, views={})


def _store(live: Store, kinds: dict[str, Rows]) -> Store:
    store = Store(live.catalogue, live.account)
    store.droplets.rows = cast(dict[int, Droplet], kinds["droplets"])
    store.images.rows = cast(dict[int, Image], kinds["images"])
    store.actions, store.tags = cast(dict[int, Action], kinds["actions"]), cast(dict[str, Tag], kinds["tags"])
    store.log = [store.actions[action.id] for action in live.log if action.id in store.actions]
    store.log_of = defaultdict(list)
    for action in store.log:
        store.log_of[action.resource_type, action.resource].append(action)
    for droplet in store.droplets.rows.values():
        # What is serialised shows other records too, of which there are other versions elsewhere.
        if live.droplets.get(droplet.id) is not droplet:
            droplet.views.clear()
    return store


def _refuse_unseen_tag(cloud: Cloud, name: str) -> None:
    late = cloud.behaviour.lag("lag_tags_single")
    if late and name.lower() in cloud.store.tags and name.lower() not in cloud.past.rows("tags", cloud.second - late):
        raise ApiError(404)
