# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, and the resources that carry them."""

from typing import Any

from dosim.errors import ApiError, TagError
from dosim.handlers import fields
from dosim.handlers.find import find_tag
from dosim.paging import page
from dosim.serialise import redact
from dosim.services import tags
from dosim.store import Tag
from dosim.wire import Call, Reply

MOST_RESOURCES = 1000
# The scope that tagging a resource needs besides the tag's own.
_UPDATE = {"droplet": "droplet:update", "image": "image:update"}
# The scope that shows how many resources of a kind carry a tag.
_READ = {
    "droplets": "droplet:read",
    "images": "image:read",
    "volumes": "block_storage:read",
    "volume_snapshots": "block_storage_snapshot:read",
}
_NOT_MODELLED = ("volume", "volume_snapshot", "database")


def _shape(call: Call, tag: Tag) -> dict[str, Any]:
    """A tag as the API shows it; what the token may not see is not counted."""
    shape: dict[str, Any] = {"volumes": {"count": 0}, "volume_snapshots": {"count": 0}, "databases": {"count": 0}}
    for kind in tags.tables(call.cloud):
        members = tags.members(call.cloud, kind, tag)
        shape[f"{kind}s"] = {"count": len(members)}
        if members:
            shape[f"{kind}s"]["last_tagged_uri"] = f"{call.base_url}/v2/{kind}s/{members[-1]}"
    shape = redact(call.cloud, shape, _READ, call.scopes)
    found = [inner for inner in shape.values() if inner.get("count")]
    total = {"count": sum(inner["count"] for inner in found)}
    if found:
        total["last_tagged_uri"] = found[-1]["last_tagged_uri"]
    return {"name": tag.name, "resources": {**total, **shape}}


def _find(call: Call) -> Tag:
    tag = find_tag(call, call.params["tag_id"])
    if tag is None:
        raise ApiError(404)
    return tag


def listing(call: Call) -> Reply:
    found = sorted(call.cloud.store.tags.values(), key=lambda tag: tag.name)
    return page(call, "tags", found, lambda tag: _shape(call, tag))


def show(call: Call) -> Reply:
    return Reply(200, {"tag": _shape(call, _find(call))})


def create(call: Call) -> Reply:
    """Create a tag; if it exists in any spelling, return that one or refuse, as the switch says."""
    name = call.json().get("name")
    if not fields.is_tag(name):
        raise TagError(f'Error validating resource tag: "tag-name \\"{name}\\" contains invalid characters"')
    if name.lower() in call.cloud.store.tags and call.cloud.behaviour["tag_exists"] == "reject":
        raise ApiError(422, "Tag already exists.")
    return Reply(201, {"tag": _shape(call, call.cloud.store.tag(name))})


def delete(call: Call) -> Reply:
    tags.delete(call.cloud, _find(call))
    return Reply(204)


def assign(call: Call) -> Reply:
    tag = _find(call)
    tags.assign(call.cloud, tag, _resources(call))
    return Reply(204)


def unassign(call: Call) -> Reply:
    tag = _find(call)
    tags.unassign(call.cloud, tag, _resources(call))
    return Reply(204)


def _resources(call: Call) -> list[tuple[str, tags.Tagged]]:
    """What the body names, all of it or nothing. Raises ApiError 403, 404, 422 or 501."""
    given = fields.items(call.json(), "resources", dict)
    if not 1 <= len(given) <= MOST_RESOURCES:
        raise ApiError(422, f"resources must be a list of 1 to {MOST_RESOURCES} objects")
    return [_resource(call, item) for item in given]


def _resource(call: Call, item: dict[str, Any]) -> tuple[str, tags.Tagged]:
    kind, key = item.get("resource_type"), item.get("resource_id")
    if kind in _NOT_MODELLED:
        raise ApiError(501, f"The simulator does not model tags of the resource type {kind}.")
    if not isinstance(kind, str) or kind not in _UPDATE:
        raise ApiError(422, f"resource_type must be one of {', '.join((*_UPDATE, *_NOT_MODELLED))}")
    call.require(_UPDATE[kind])
    if not isinstance(key, str) or not key:
        raise ApiError(422, "resource_id must be a text")
    row = tags.tables(call.cloud)[kind].get(int(key)) if fields.is_id(key) else None
    if row is None:
        raise ApiError(404)
    return kind, row
