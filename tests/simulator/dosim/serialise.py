# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's shapes. What a token must not see is left out, or empty, as the switch says."""

from typing import Any

import orjson

from dosim import schedule
from dosim.catalogue import PublicImage
from dosim.clock import stamp
from dosim.cloud import Cloud
from dosim.services import actions
from dosim.store import Action, Droplet, Image, Policy

_DROPLET_SCOPES = {
    "backup_ids": "image:read",
    "snapshot_ids": "image:read",
    "image": "image:read",
    "tags": "tag:read",
    "volume_ids": "block_storage:read",
    "vpc_uuid": "vpc:read",
}
_FIELD_SCOPES = frozenset({*_DROPLET_SCOPES.values(), "sizes:read"})


def redact(cloud: Cloud, shape: dict[str, Any], needs: dict[str, str], scopes: frozenset[str]) -> dict[str, Any]:
    """Remove the fields whose scope is missing."""
    hidden = [key for key, scope in needs.items() if scope not in scopes and key in shape]
    for key in hidden:
        value = shape.pop(key)
        if cloud.behaviour["missing_scope_fields"] == "empty":
            shape[key] = type(value)() if isinstance(value, (list, str, int)) else {}
    return shape


def region(cloud: Cloud, slug: str, scopes: frozenset[str]) -> orjson.Fragment | dict[str, Any]:
    catalogue = cloud.store.catalogue
    if "sizes:read" in scopes:
        return catalogue.region_json[slug]
    return redact(cloud, dict(catalogue.regions[slug]), {"sizes": "sizes:read"}, scopes)


def droplet(cloud: Cloud, record: Droplet, scopes: frozenset[str]) -> orjson.Fragment:
    """Serialised once for each set of scopes that matters, and again after a change."""
    key = scopes & _FIELD_SCOPES
    if key not in record.views:
        record.views[key] = orjson.dumps(_droplet(cloud, record, scopes))
    return orjson.Fragment(record.views[key])


def _droplet(cloud: Cloud, record: Droplet, scopes: frozenset[str]) -> dict[str, Any]:
    catalogue = cloud.store.catalogue
    size = catalogue.sizes[record.size]
    base = cloud.store.any_image(record.image)
    shape = {
        "id": record.id,
        "name": record.name,
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": record.disk,
        "disk_info": disks(size, record.disk),
        "locked": cloud.behaviour["locked_during_events"] == "true" and bool(actions.blocking(cloud, record)),
        "status": record.status,
        "kernel": None if record.kernel is None else catalogue.kernels[record.kernel],
        "created_at": stamp(record.created),
        "features": features(cloud, record),
        "backup_ids": record.backups,
        "next_backup_window": window(record),
        "snapshot_ids": record.snapshots,
        "image": image(base) if base else {},
        "volume_ids": record.volumes,
        "size": catalogue.size_json[record.size],
        "size_slug": record.size,
        "networks": record.networks,
        "region": region(cloud, record.region, scopes),
        "tags": record.tags,
        "vpc_uuid": record.vpc,
    }
    if record.gpu:
        shape["gpu_info"] = size["gpu_info"]
    _extra(cloud, shape)
    return redact(cloud, shape, _DROPLET_SCOPES, scopes)


def disks(size: dict[str, Any], local: int) -> list[dict[str, Any]]:
    """A size's disks, with the local one as large as it really is."""
    shapes: list[dict[str, Any]] = size["disk_info"]
    if local == size["disk"]:
        return shapes
    return [{**disk, "size": {**disk["size"], "amount": local}} if disk["type"] == "local" else disk for disk in shapes]


def _extra(cloud: Cloud, shape: dict[str, Any]) -> None:
    if cloud.behaviour["extra_fields"] == "added":
        shape["added_later"] = {"by": "a newer API", "values": [1, None, "x"]}


def features(cloud: Cloud, record: Droplet) -> list[str]:
    policy = record.policy
    shown = policy and (policy.plan in schedule.STANDARD or cloud.behaviour["usage_plan_features"] == "with_backups")
    return ["backups", *record.features] if shown else record.features


def window(record: Droplet) -> dict[str, str] | None:
    return record.window and {"start": stamp(record.window[0]), "end": stamp(record.window[1])}


def policy(record: Policy) -> dict[str, Any]:
    shape = {"plan": record.plan, "hour": record.hour}
    if record.weekday:
        shape = {"plan": record.plan, "weekday": record.weekday, "hour": record.hour}
    return {**shape, "window_length_hours": record.window_hours, "retention_period_days": record.retention_days}


def policy_record(cloud: Cloud, record: Droplet) -> orjson.Fragment:
    if "policy" not in record.views:
        shape: dict[str, Any] = {"droplet_id": record.id, "backup_enabled": record.policy is not None}
        if record.policy:
            shape["backup_policy"] = policy(record.policy)
            _extra(cloud, shape["backup_policy"])
        if record.window:
            shape["next_backup_window"] = window(record)
        _extra(cloud, shape)
        record.views["policy"] = orjson.dumps(shape)
    return orjson.Fragment(record.views["policy"])


def image(record: Image | PublicImage) -> dict[str, Any]:
    if isinstance(record, PublicImage):
        return _image(record, record.slug, record.created, "base", [])
    return _image(record, None, stamp(record.created), record.kind, record.tags)


def _image(
    record: Image | PublicImage, slug: str | None, created_at: str, kind: str, tags: list[str]
) -> dict[str, Any]:
    """Only public images have a slug."""
    return {
        "id": record.id,
        "name": record.name,
        "distribution": record.distribution,
        "slug": slug,
        "public": slug is not None,
        "regions": record.regions,
        "created_at": created_at,
        "min_disk_size": record.min_disk,
        "type": kind,
        "size_gigabytes": record.gigabytes,
        "description": "",
        "tags": tags,
        "status": "available",
        "error_message": "",
    }


def droplet_image(record: Image) -> dict[str, Any]:
    """A backup or snapshot as its Droplet's own lists show it; only backups show more than the schema requires."""
    shape = {
        "id": record.id,
        "name": record.name,
        "regions": record.regions,
        "created_at": stamp(record.created),
        "min_disk_size": record.min_disk,
        "size_gigabytes": record.gigabytes,
        "type": record.kind,
    }
    if record.kind == "backup":
        shape |= {"distribution": record.distribution, "slug": None, "public": False}
    return shape


def snapshot(cloud: Cloud, record: Image, scopes: frozenset[str]) -> dict[str, Any]:
    shape = {
        "id": str(record.id),
        "name": record.name,
        "created_at": stamp(record.created),
        "regions": record.regions,
        "min_disk_size": record.min_disk,
        "size_gigabytes": record.gigabytes,
        "resource_id": str(record.origin),
        "resource_type": "droplet",
        "tags": record.tags,
    }
    return redact(cloud, shape, {"tags": "tag:read"}, scopes)


def action(cloud: Cloud, record: Action, scopes: frozenset[str]) -> dict[str, Any]:
    return {
        "id": record.id,
        "status": record.status,
        "type": record.kind,
        "started_at": stamp(record.started),
        "completed_at": None if record.completed is None else stamp(record.completed),
        "resource_id": record.resource,
        "resource_type": record.resource_type,
        "region": region(cloud, record.region, scopes),
        "region_slug": record.region,
    }
