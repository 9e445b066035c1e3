# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes that speak of several resources: tags, and Droplets destroyed with what goes with them."""

from typing import Any

from dosim.clock import stamp
from dosim.cloud import Cloud
from dosim.serialise import redact
from dosim.services import tags
from dosim.services.destruction import FAILED
from dosim.store import Destruction, Doomed, Tag

_TAG_SCOPES = {
    "droplets": "droplet:read",
    "images": "image:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}
_ASSOCIATED_SCOPES = {
    "reserved_ips": "reserved_ip:read",
    "floating_ips": "reserved_ip:read",
    "snapshots": "image:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}
SNAPSHOT_PRICE = 0.06  # US$ a month for each GiB, however many regions have a copy
LEAST_PRICE = 0.01  # US$ a month for a snapshot
VOLUME_PRICE = 10.0  # US$ a month: every volume here is of 100 GiB


def tag(cloud: Cloud, record: Tag, scopes: frozenset[str], base_url: str) -> dict[str, Any]:
    """Only what the token may see is counted."""
    shape: dict[str, Any] = {"volumes": {"count": 0}, "volume_snapshots": {"count": 0}, "databases": {"count": 0}}
    for kind in tags.tables(cloud):
        members = tags.members(cloud, kind, record)
        shape[f"{kind}s"] = {"count": len(members)}
        if members:
            shape[f"{kind}s"]["last_tagged_uri"] = f"{base_url}/v2/{kind}s/{members[-1]}"
    shape = redact(cloud, shape, _TAG_SCOPES, scopes)
    found = [inner for inner in shape.values() if inner.get("count")]
    total = {"count": sum(inner["count"] for inner in found)}
    if found:
        total["last_tagged_uri"] = found[-1]["last_tagged_uri"]
    return {"name": record.name, "resources": {**total, **shape}}


def associated(cloud: Cloud, found: dict[str, list[Doomed]], scopes: frozenset[str]) -> dict[str, Any]:
    """``cost`` is a text: US$ a month, if the resource is kept."""

    def cost(kind: str, doomed: Doomed) -> float:
        return (
            max(cloud.store.images[int(doomed.id)].gigabytes * SNAPSHOT_PRICE, LEAST_PRICE)
            if kind == "snapshots"
            else VOLUME_PRICE
        )

    shape = {
        kind: [{"id": doomed.id, "name": doomed.name, "cost": f"{cost(kind, doomed):.2f}"} for doomed in group]
        for kind, group in found.items()
    }
    return redact(cloud, shape, _ASSOCIATED_SCOPES, scopes)


def destruction(record: Destruction) -> dict[str, Any]:
    """An errored action is one that destroyed nothing."""
    failed = record.action.status == "errored"
    completed = record.action.completed if failed else record.completed

    def doomed(one: Doomed) -> dict[str, Any]:
        shape: dict[str, Any] = {"id": one.id, "name": one.name}
        error = FAILED if failed and one.destroyed is None else one.error
        if one.destroyed is not None:
            shape["destroyed_at"] = stamp(one.destroyed)
        elif error and completed is not None:
            shape["error_message"] = error
        return shape

    shape: dict[str, Any] = {
        "droplet": doomed(record.droplet),
        "resources": {kind: [doomed(one) for one in group] for kind, group in record.resources.items()},
    }
    groups = shape["resources"].values()
    shape["failures"] = sum("error_message" in one for group in groups for one in group)
    if completed is not None:
        shape["completed_at"] = stamp(completed)
    return shape
