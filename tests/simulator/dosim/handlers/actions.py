# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: the log, and requests for actions on images."""

from collections.abc import Iterable
from typing import Any

from dosim import serialise
from dosim.errors import ApiError
from dosim.handlers import fields
from dosim.handlers.find import find_droplet, find_own_image
from dosim.paging import page
from dosim.services import images
from dosim.store import Action
from dosim.wire import Call, Reply


def _shown(call: Call, record: Action) -> bool:
    """Whether the log shows an action at all."""
    return record.kind != "backup" or call.cloud.behaviour["backups_in_log"] == "true"


def _log(call: Call, actions: list[Action]) -> Reply:
    if call.cloud.behaviour["backups_in_log"] == "false":
        actions = [record for record in actions if _shown(call, record)]
    if call.cloud.behaviour["list_order"] == "newest_first":
        actions = actions[::-1]
    return page(call, "actions", actions, lambda record: serialise.action(call.cloud, record, call.scopes))


def one(call: Call, record: Action | None, status: int = 200) -> Reply:
    """The answer with one action. Raises ApiError 404 if there is none."""
    if record is None or not _shown(call, record):
        raise ApiError(404)
    return Reply(status, {"action": serialise.action(call.cloud, record, call.scopes)})


def _of(call: Call, resource_type: str, key: int) -> Action | None:
    found = call.cloud.store.actions.get(call.number("action_id"))
    return found if found and (found.resource_type, found.resource) == (resource_type, key) else None


def listing(call: Call) -> Reply:
    return _log(call, call.cloud.store.log)


def show(call: Call) -> Reply:
    return one(call, call.cloud.store.actions.get(call.number("action_id")))


def of_droplet(call: Call) -> Reply:
    return _log(call, call.cloud.store.actions_of("droplet", find_droplet(call).id))


def one_of_droplet(call: Call) -> Reply:
    reply = one(call, _of(call, "droplet", find_droplet(call).id))
    if call.cloud.behaviour["droplet_action_completed_at"] == "null":
        reply.payload["action"]["completed_at"] = None
    return reply


def of_image(call: Call) -> Reply:
    return _log(call, call.cloud.store.actions_of("image", _image_id(call)))


def one_of_image(call: Call) -> Reply:
    return one(call, _of(call, "image", _image_id(call)))


def _image_id(call: Call) -> int:
    """The id of an image that exists or has actions in the log, since a conversion can replace an image."""
    key = call.number("image_id")
    if not call.cloud.store.actions_of("image", key) and call.cloud.store.any_image(key) is None:
        raise ApiError(404)
    return key


def action_type(body: dict[str, Any], allowed: Iterable[str]) -> str:
    """The type of the requested action, which must be one of these."""
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        raise ApiError(422, f"type must be one of {', '.join(sorted(allowed))}")
    return kind


def start_on_image(call: Call) -> Reply:
    image = find_own_image(call)
    body = call.json()
    if action_type(body, ("convert", "transfer")) == "convert":
        return one(call, images.convert(call.cloud, image)(), 201)
    region = fields.region(call.cloud, body.get("region"))
    return one(call, images.transfer(call.cloud, image, region)(), 201)
