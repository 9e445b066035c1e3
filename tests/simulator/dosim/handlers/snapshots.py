# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots, as /v2/snapshots shows them: with ids as text, and the id of their Droplet."""

from typing import Any

from dosim import serialise
from dosim.errors import ApiError
from dosim.paging import page
from dosim.services import images
from dosim.store import Image
from dosim.wire import Call, Reply

_ORIGINS = ("droplet", "volume")


def _shape(call: Call, image: Image) -> dict[str, Any]:
    return serialise.snapshot(call.cloud, image, call.scopes)


def listing(call: Call) -> Reply:
    origin = call.query("resource_type")
    if origin is not None and origin not in _ORIGINS:
        raise ApiError(422, f"resource_type must be one of {', '.join(_ORIGINS)}")
    found = call.cloud.store.images.derived(
        "snapshots",
        lambda rows: sorted((row for row in rows if row.kind == "snapshot"), key=lambda row: row.id),
    )
    if origin == "volume":
        found = []
    return page(call, "snapshots", found, lambda image: _shape(call, image))


def _find(call: Call) -> Image:
    """A snapshot by id. Raises ApiError 400 for a backup or a public image."""
    image = call.cloud.store.any_image(call.number("snapshot_id"))
    if image is None:
        raise ApiError(404)
    if not isinstance(image, Image) or image.kind != "snapshot":
        raise ApiError(400, "the resource is not a snapshot")
    return image


def show(call: Call) -> Reply:
    return Reply(200, {"snapshot": _shape(call, _find(call))})


def delete(call: Call) -> Reply:
    images.delete(call.cloud, _find(call))
    return Reply(204)
