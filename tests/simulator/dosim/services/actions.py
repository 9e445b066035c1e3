# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: start, end, and what keeps a Droplet busy meanwhile."""

from collections.abc import Callable
from typing import Any

from dosim.cloud import Cloud
from dosim.errors import PENDING_EVENT, ApiError
from dosim.store import Action, Droplet, Image

BACKUP_KINDS = frozenset({"enable_backups", "change_backup_policy", "disable_backups"})
Effect = Callable[[Cloud, Action], None]
_effects: dict[str, Effect] = {}
_on_idle: list[Callable[[Cloud, Droplet], None]] = []


def effect(kind: str) -> Callable[[Effect], Effect]:
    """Register what an action type does at the moment it completes."""

    def register(function: Effect) -> Effect:
        _effects[kind] = function
        return function

    return register


def on_idle(function: Callable[[Cloud, Droplet], None]) -> Callable[[Cloud, Droplet], None]:
    """Register what happens when an action of a Droplet has ended."""
    _on_idle.append(function)
    return function


def blocking(cloud: Cloud, droplet: Droplet) -> list[Action]:
    """The actions in progress that keep another one from starting."""
    if cloud.behaviour["backup_actions_block"] == "true":
        return droplet.pending
    return [action for action in droplet.pending if action.kind not in BACKUP_KINDS]


def refuse_if_busy(cloud: Cloud, droplet: Droplet) -> None:
    if blocking(cloud, droplet):
        raise ApiError(422, PENDING_EVENT)


def start_on_droplet(cloud: Cloud, droplet: Droplet, kind: str, gigabytes: float = 0.0, **args: Any) -> Action:
    action = _start(cloud, "droplet", droplet.id, droplet.region, kind, gigabytes, args)
    droplet.pending.append(action)
    droplet.views.clear()
    return action


def start_on_image(cloud: Cloud, image: Image, kind: str) -> Action:
    action = _start(cloud, "image", image.id, image.regions[0], kind, image.gigabytes, {})
    image.pending.append(action)
    return action


def _start(
    cloud: Cloud, resource_type: str, resource: int, region: str, kind: str, gigabytes: float, args: dict[str, Any]
) -> Action:
    action = Action(
        id=cloud.ids.next("action"),
        kind=kind,
        resource_type=resource_type,
        resource=resource,
        region=region,
        started=cloud.second,
        due=cloud.now + cloud.durations.of(kind, gigabytes),
        outcome=cloud.order.outcome,
        held_by=cloud.order.held_by,
        args=args,
    )
    cloud.store.log_action(action)
    cloud.at(action.due, end, action)
    return action


def end(cloud: Cloud, action: Action) -> None:
    """The event at an action's due time; one that a fault holds stays as it is."""
    if action.held_by is not None or action.status != "in-progress":
        return
    table = cloud.store.droplets if action.resource_type == "droplet" else cloud.store.images
    owner = table.get(action.resource)
    action.status = action.outcome
    action.completed = cloud.second
    if owner is None:
        return
    owner.pending.remove(action)
    if action.outcome == "completed":
        _effects[action.kind](cloud, action)
    if isinstance(owner, Droplet):
        owner.views.clear()
        if not owner.pending:
            for function in _on_idle:
                function(cloud, owner)


def release(cloud: Cloud, fault_id: int) -> None:
    """Let the actions that a deleted fault held complete, at their due time or now."""
    for action in cloud.store.log:
        if action.held_by == fault_id:
            action.held_by = None
            cloud.at(max(action.due, cloud.now), end, action)
