# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records by the ids in a path. Raises ApiError 404 for what does not exist."""

from dosim.errors import ApiError
from dosim.store import Droplet, Image, Tag
from dosim.wire import Call


def find_droplet(call: Call) -> Droplet:
    droplet = call.cloud.store.droplets.get(call.number("droplet_id"))
    if droplet is None:
        observed = call.cloud.behaviour["wording"] == "observed"
        raise ApiError(404, "The resource you were accessing could not be found." if observed else None)
    return droplet


def has_tag(call: Call, record: Droplet | Image, tag: str) -> bool:
    if call.cloud.behaviour["tag_case"] == "insensitive":
        return tag.lower() in (own.lower() for own in record.tags)
    return tag in record.tags


def find_tag(call: Call, name: str) -> Tag | None:
    """A tag by its name, in any spelling if the switch says so."""
    tag = call.cloud.store.tags.get(name.lower())
    exact = call.cloud.behaviour["tag_case"] == "exact"
    return tag if tag and (tag.name == name or not exact) else None


def queried_tag(call: Call) -> str:
    """The query's tag_name. Raises ApiError 422 if there is none."""
    tag = call.query("tag_name")
    if tag is None:
        raise ApiError(422, "tag_name is required")
    return tag


def members(call: Call) -> list[Droplet]:
    """The Droplets with the query's tag_name, GPU ones included. If there are none, the switch decides about a 404."""
    tag = queried_tag(call)
    call.require("tag:read")
    found = [droplet for droplet in call.cloud.store.droplets.rows.values() if has_tag(call, droplet, tag)]
    if not found and call.cloud.behaviour["by_tag_without_members"] == "404":
        raise ApiError(404)
    return found


def find_own_image(call: Call) -> Image:
    """An image that may be changed. Raises ApiError 403 for a public one, which may only be read."""
    key = call.number("image_id")
    image = call.cloud.store.images.get(key)
    if image is None:
        raise ApiError(404 if call.cloud.store.any_image(key) is None else 403)
    return image
