# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests for actions on one Droplet, and on all that have a tag."""

from collections.abc import Callable
from typing import Any

from dosim import serialise
from dosim.errors import BLOCKED_MEMBERS, PENDING_EVENT, ApiError
from dosim.handlers import fields
from dosim.handlers.actions import action_type, one
from dosim.handlers.find import find_droplet, members
from dosim.services import backups, disks, policies, power, settings
from dosim.services.actions import Start
from dosim.store import Droplet
from dosim.wire import Call, Reply

PrepareAction = Callable[[Call, Droplet, dict[str, Any]], Start]
# The scopes that an action of this type needs besides droplet:update.
_ALSO = {
    "restore": "droplet:admin",
    "rebuild": "droplet:admin",
    "password_reset": "droplet:admin",
    "resize": "droplet:create",
    "snapshot": "image:create",
}
_BY_TAG = (
    "power_cycle", "power_on", "power_off", "shutdown", "enable_ipv6", "enable_backups", "disable_backups", "snapshot",
)  # fmt: skip


def start_on_droplet(call: Call) -> Reply:
    droplet = find_droplet(call)
    body = call.json()
    kind = _type(call, body, tuple(_PREPARE))
    return one(call, _PREPARE[kind](call, droplet, body)(), 201)


def start_by_tag(call: Call) -> Reply:
    """Start an action on all members of a tag or none; if the switch says so, on those that are not refused."""
    found = members(call)
    body = call.json()
    # Only its type and name count: a backup_policy is not looked at here.
    body = {key: body.get(key) for key in ("type", "name")}
    kind = _type(call, body, _BY_TAG)
    fields.title(body, "name")
    starts = []
    for droplet in found:
        try:
            starts.append(_PREPARE[kind](call, droplet, body))
        except ApiError as refusal:
            if call.cloud.behaviour["by_tag_blocked"] == "all_or_nothing":
                busy = refusal.message == PENDING_EVENT
                raise ApiError(422, BLOCKED_MEMBERS if busy else refusal.message) from None
    shapes = [serialise.action(call.cloud, start(), call.scopes) for start in starts]
    return Reply(201, {"actions": shapes})


def _type(call: Call, body: dict[str, Any], allowed: tuple[str, ...]) -> str:
    kind = action_type(body, allowed)
    if kind in _ALSO:
        call.require(_ALSO[kind])
    return kind


def _policy(body: dict[str, Any]) -> dict[str, Any] | None:
    given = body.get("backup_policy")
    if given is not None and not isinstance(given, dict):
        raise ApiError(422, "backup_policy must be an object")
    return given


def _enable_backups(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    given = _policy(body)
    policy = None if given is None else policies.read(call.cloud, droplet.id, given, default_plan="daily")
    return backups.enable(call.cloud, droplet, policy)


def _change_backup_policy(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    given = _policy(body)
    if given is None:
        raise ApiError(422, "backup_policy is required")
    return backups.change(call.cloud, droplet, policies.read(call.cloud, droplet.id, given, default_plan=None))


def _disable_backups(call: Call, droplet: Droplet, _body: dict[str, Any]) -> Start:
    return backups.disable(call.cloud, droplet)


def _switch(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    return power.switch(call.cloud, droplet, body["type"])


def _restart(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    return power.restart(call.cloud, droplet, body["type"])


def _shutdown(call: Call, droplet: Droplet, _body: dict[str, Any]) -> Start:
    return power.shutdown(call.cloud, droplet)


def _snapshot(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    return disks.snapshot(call.cloud, droplet, fields.title(body, "name"))


def _restore(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    return disks.restore(call.cloud, droplet, fields.whole(body, "image"))


def _rebuild(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    return disks.rebuild(call.cloud, droplet, fields.image(call.cloud, body.get("image"), "rebuild"))


def _resize(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    size = fields.size(call.cloud, fields.text(body, "size"), "resize")
    if isinstance(body.get("disk"), str):
        # A client in wide use (python-digitalocean) sends this text.
        body = {**body, "disk": {"true": True, "false": False}.get(body["disk"], body["disk"])}
    return disks.resize(call.cloud, droplet, size, with_disk=bool(fields.flag(body, "disk")))


def _rename(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    return settings.rename(call.cloud, droplet, fields.hostname(body.get("name")))


def _password_reset(call: Call, droplet: Droplet, _body: dict[str, Any]) -> Start:
    return settings.password_reset(call.cloud, droplet)


def _enable_ipv6(call: Call, droplet: Droplet, _body: dict[str, Any]) -> Start:
    return settings.enable_network(call.cloud, droplet, "enable_ipv6", "ipv6")


def _enable_private_networking(call: Call, droplet: Droplet, _body: dict[str, Any]) -> Start:
    return settings.enable_network(call.cloud, droplet, "enable_private_networking", "private_networking")


def _change_kernel(call: Call, droplet: Droplet, body: dict[str, Any]) -> Start:
    return settings.change_kernel(call.cloud, droplet, fields.whole(body, "kernel"))


_PREPARE: dict[str, PrepareAction] = {
    "enable_backups": _enable_backups,
    "change_backup_policy": _change_backup_policy,
    "disable_backups": _disable_backups,
    "power_on": _switch,
    "power_off": _switch,
    "power_cycle": _restart,
    "reboot": _restart,
    "shutdown": _shutdown,
    "snapshot": _snapshot,
    "restore": _restore,
    "rebuild": _rebuild,
    "resize": _resize,
    "rename": _rename,
    "password_reset": _password_reset,
    "enable_ipv6": _enable_ipv6,
    "enable_private_networking": _enable_private_networking,
    "change_kernel": _change_kernel,
}
