# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets: lists, gets, creation, deletion, and what belongs to one."""

from dosim import serialise
from dosim.errors import BLOCKED_MEMBERS, ApiError
from dosim.handlers.create import read_request
from dosim.handlers.find import find_droplet, find_tag, has_tag, members, queried_tag
from dosim.paging import page
from dosim.services import droplets
from dosim.services.actions import blocking
from dosim.store import Droplet, Image
from dosim.wire import Call, Reply

_TYPES = ("droplets", "gpus")


def listing(call: Call) -> Reply:
    tag, name, kind = call.query("tag_name"), call.query("name"), call.query("type")
    if tag is not None:
        call.require("tag:read")
        if name is not None or kind is not None:
            raise ApiError(422, "tag_name can not be combined with name or type")
    if kind is not None and kind not in _TYPES:
        raise ApiError(422, f"type must be one of {', '.join(_TYPES)}")
    found = _in_order(call, kind, filtered=tag is not None or name is not None)
    if name is not None:
        found = [row for row in found if row.name.lower() == name.lower()]
    if tag is not None:
        found = [row for row in found if has_tag(call, row, tag)]
    return page(call, "droplets", found, lambda row: serialise.droplet(call.cloud, row, call.scopes))


def _in_order(call: Call, kind: str | None, filtered: bool) -> list[Droplet]:
    """All Droplets that a list of that type shows; GPU Droplets only if the type asks for them."""
    reading = call.cloud.behaviour
    everyone = filtered and kind is None and reading["gpu_in_filtered_lists"] == "included"
    newest_first = reading["droplet_order"] == "newest_first"
    gpu = kind == "gpus"
    return call.cloud.store.droplets.derived(
        ("list", everyone, gpu, newest_first),
        lambda rows: sorted(
            (row for row in rows if everyone or row.gpu == gpu), key=lambda row: row.id, reverse=newest_first
        ),
    )


def show(call: Call) -> Reply:
    return Reply(200, {"droplet": serialise.droplet(call.cloud, find_droplet(call), call.scopes)})


def create(call: Call) -> Reply:
    request = read_request(call)
    created = []
    for name in request.names:
        droplet = request.droplet(call.cloud, name)
        created.append((droplet, droplets.create(call.cloud, droplet)))
    links = {
        "actions": [
            {"id": action.id, "rel": "create", "href": f"{call.base_url}/v2/actions/{action.id}"}
            for _droplet, action in created
        ]
    }
    shapes = [serialise.droplet(call.cloud, droplet, call.scopes) for droplet, _action in created]
    shown = {"droplets": shapes} if request.several else {"droplet": shapes[0]}
    return Reply(202, {**shown, "links": links})


def delete(call: Call) -> Reply:
    droplets.delete(call.cloud, find_droplet(call))
    return Reply(204)


def delete_by_tag(call: Call) -> Reply:
    """Delete all members of a tag or none; or those that are not busy, if the switch says so. Raises ApiError."""
    found = members(call)
    if find_tag(call, queried_tag(call)) is None:
        raise ApiError(404)
    free = [droplet for droplet in found if not blocking(call.cloud, droplet)]
    if len(free) < len(found) and call.cloud.behaviour["by_tag_blocked"] == "all_or_nothing":
        raise ApiError(422, BLOCKED_MEMBERS)
    for droplet in free:
        droplets.delete(call.cloud, droplet)
    return Reply(204)


def backups(call: Call) -> Reply:
    found = _images(call, find_droplet(call).backups)
    if call.cloud.behaviour["backups_order"] == "newest_first":
        found.reverse()
    return page(call, "backups", found, serialise.droplet_image)


def snapshots(call: Call) -> Reply:
    return page(call, "snapshots", _images(call, find_droplet(call).snapshots), serialise.droplet_image)


def _images(call: Call, keys: list[int]) -> list[Image]:
    return sorted((call.cloud.store.images[key] for key in keys), key=lambda image: image.created)


def kernels(call: Call) -> Reply:
    """The kernels that a Droplet can change to: none unless it is from before 2017."""
    available = call.cloud.store.catalogue.kernels.values() if find_droplet(call).kernel is not None else ()
    return page(call, "kernels", list(available), lambda kernel: kernel)
