# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: the log, and the orders to Droplets and images."""

from typing import Any

from dosim import serialise
from dosim.cloud import IMAGE_WORK, OTHER_WORK
from dosim.errors import ApiError
from dosim.handlers.find import find_droplet, find_own_image
from dosim.paging import page
from dosim.services import backups, droplets, images, policies
from dosim.store import Action, Droplet
from dosim.wire import Call, Reply

LONGEST_NAME = 255
# What the API knows besides these is answered 501: see dosim.routes for the same of whole routes.
_DROPLET_ONLY_LATER = (IMAGE_WORK | OTHER_WORK) - {"create", "convert", "backup", "transfer"}


def _log(call: Call, actions: list[Action]) -> Reply:
    if call.cloud.behaviour["list_order"] == "newest_first":
        actions = actions[::-1]
    return page(call, "actions", actions, lambda record: serialise.action(call.cloud, record, call.scopes))


def _one(call: Call, record: Action | None, status: int = 200) -> Reply:
    if record is None:
        raise ApiError(404)
    return Reply(status, {"action": serialise.action(call.cloud, record, call.scopes)})


def _of(call: Call, resource_type: str, key: int) -> Action | None:
    found = call.cloud.store.actions.get(call.number("action_id"))
    return found if found and (found.resource_type, found.resource) == (resource_type, key) else None


def listing(call: Call) -> Reply:
    return _log(call, call.cloud.store.log)


def show(call: Call) -> Reply:
    return _one(call, call.cloud.store.actions.get(call.number("action_id")))


def of_droplet(call: Call) -> Reply:
    return _log(call, call.cloud.store.actions_of("droplet", find_droplet(call).id))


def one_of_droplet(call: Call) -> Reply:
    reply = _one(call, _of(call, "droplet", find_droplet(call).id))
    if call.cloud.behaviour["droplet_action_completed_at"] == "null":
        reply.payload["action"]["completed_at"] = None
    return reply


def of_image(call: Call) -> Reply:
    return _log(call, call.cloud.store.actions_of("image", _image_id(call)))


def one_of_image(call: Call) -> Reply:
    return _one(call, _of(call, "image", _image_id(call)))


def _image_id(call: Call) -> int:
    """An image that a conversion has replaced is gone, and the log of what was done to it is not."""
    key = call.number("image_id")
    if not call.cloud.store.actions_of("image", key) and call.cloud.store.any_image(key) is None:
        raise ApiError(404)
    return key


def _type(body: dict[str, Any], allowed: frozenset[str]) -> str:
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in allowed:
        raise ApiError(422, f"type must be one of {', '.join(sorted(allowed))}")
    return kind


def start_on_droplet(call: Call) -> Reply:
    droplet = find_droplet(call)
    body = call.json()
    kind = _type(body, _DROPLET_ONLY_LATER)
    if kind not in _ORDERS:
        raise ApiError(501, f"The simulator does not model the Droplet action {kind}.")
    if kind == "snapshot":
        call.require("image:create")
    return _one(call, _ORDERS[kind](call, droplet, body), 201)


def _policy(body: dict[str, Any]) -> dict[str, Any] | None:
    given = body.get("backup_policy")
    if given is not None and not isinstance(given, dict):
        raise ApiError(422, "backup_policy must be an object")
    return given


def _enable(call: Call, droplet: Droplet, body: dict[str, Any]) -> Action:
    given = _policy(body)
    policy = None if given is None else policies.read(call.cloud, droplet.id, given, default_plan="daily")
    return backups.enable(call.cloud, droplet, policy)


def _change(call: Call, droplet: Droplet, body: dict[str, Any]) -> Action:
    given = _policy(body)
    if given is None:
        raise ApiError(422, "backup_policy is required")
    return backups.change(call.cloud, droplet, policies.read(call.cloud, droplet.id, given, default_plan=None))


def _disable(call: Call, droplet: Droplet, _body: dict[str, Any]) -> Action:
    return backups.disable(call.cloud, droplet)


def _power(call: Call, droplet: Droplet, body: dict[str, Any]) -> Action:
    return droplets.power(call.cloud, droplet, body["type"])


def _snapshot(call: Call, droplet: Droplet, body: dict[str, Any]) -> Action:
    name = body.get("name")
    if name is not None and not (isinstance(name, str) and len(name) <= LONGEST_NAME and name.isprintable()):
        raise ApiError(422, f"name must be a text of at most {LONGEST_NAME} printable characters")
    return droplets.snapshot(call.cloud, droplet, name)


_ORDERS = {
    "enable_backups": _enable,
    "change_backup_policy": _change,
    "disable_backups": _disable,
    "power_on": _power,
    "power_off": _power,
    "snapshot": _snapshot,
}


def start_on_image(call: Call) -> Reply:
    image = find_own_image(call)
    kind = _type(call.json(), frozenset({"convert", "transfer"}))
    if kind == "transfer":
        raise ApiError(501, "The simulator does not model the image action transfer.")
    return _one(call, images.convert(call.cloud, image), 201)
