# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: start, end, and what keeps a Droplet busy meanwhile."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from dosim.cloud import Cloud
from dosim.errors import PENDING_EVENT, ApiError
from dosim.store import Action, Droplet, Image, Table

BACKUP_KINDS = frozenset({"enable_backups", "change_backup_policy", "disable_backups"})
Effect = Callable[[Cloud, Action], None]
Start = Callable[[], Action]
Owner = TypeVar("Owner", bound=Droplet | Image)
_effects: dict[str, Effect] = {}
_on_idle: dict[type, Callable[[Cloud, Any], None]] = {}


def effect(kind: str) -> Callable[[Effect], Effect]:
    """Register what an action type does at the moment it completes."""

    def register(function: Effect) -> Effect:
        _effects[kind] = function
        return function

    return register


def on_idle(owner: type[Owner]) -> Callable[[Callable[[Cloud, Owner], None]], Callable[[Cloud, Owner], None]]:
    """Register what happens when the last action of a Droplet or an image has ended."""

    def register(function: Callable[[Cloud, Owner], None]) -> Callable[[Cloud, Owner], None]:
        _on_idle[owner] = function
        return function

    return register


def blocking(cloud: Cloud, droplet: Droplet) -> list[Action]:
    """The actions in progress that keep another one from starting."""
    if cloud.behaviour["backup_actions_block"] == "true":
        return droplet.pending
    return [action for action in droplet.pending if action.kind not in BACKUP_KINDS]


def refuse_if_busy(cloud: Cloud, droplet: Droplet) -> None:
    if blocking(cloud, droplet):
        raise ApiError(422, PENDING_EVENT)


def record(cloud: Cloud, owner: Droplet | Image, kind: str, started: int, due: float, **args: Any) -> Action:
    """Enter an action into the log, without consequences yet."""
    action = Action(
        id=cloud.ids.next("action"),
        kind=kind,
        resource_type="droplet" if isinstance(owner, Droplet) else "image",
        resource=owner.id,
        region=owner.region if isinstance(owner, Droplet) else owner.regions[0],
        started=started,
        due=due,
        args=args,
    )
    return cloud.store.log_action(action)


def begin(cloud: Cloud, owner: Droplet | Image, action: Action) -> None:
    """Make the owner busy with an action until its due time."""
    owner.pending.append(action)
    if isinstance(owner, Droplet):
        owner.views.clear()
    cloud.at(action.due, end, action)


def start(cloud: Cloud, owner: Droplet | Image, kind: str, gigabytes: float = 0.0, **args: Any) -> Action:
    """Begin an action now, which takes as long as one on so many GiB."""
    due = cloud.now + cloud.durations.of(kind, gigabytes)
    action = record(cloud, owner, kind, cloud.second, due, **args)
    action.outcome, action.held_by = cloud.action_fault.outcome, cloud.action_fault.held_by
    begin(cloud, owner, action)
    return action


def prepare(cloud: Cloud, owner: Droplet | Image, kind: str, gigabytes: float = 0.0, **args: Any) -> Start:
    """An action that nothing refuses any more; calling the result starts it, alone or with others."""
    return partial(start, cloud, owner, kind, gigabytes, **args)


def prepare_idle(cloud: Cloud, droplet: Droplet, kind: str, gigabytes: float = 0.0, **args: Any) -> Start:
    """Like `prepare`. Raises ApiError 422 while the Droplet is busy."""
    refuse_if_busy(cloud, droplet)
    return prepare(cloud, droplet, kind, gigabytes, **args)


def end(cloud: Cloud, action: Action) -> None:
    """End an action at its due time, unless a fault holds it."""
    if action.held_by is not None or action.status != "in-progress":
        return
    table: Table[Droplet] | Table[Image] = (
        cloud.store.droplets if action.resource_type == "droplet" else cloud.store.images
    )
    owner = table.get(action.resource)
    action.status = action.outcome
    action.completed = cloud.second
    if owner is None:
        return
    owner.pending.remove(action)
    if isinstance(owner, Droplet):
        owner.status = action.args.get("status_after", owner.status)
    if action.outcome == "completed":
        _effects[action.kind](cloud, action)
    if isinstance(owner, Droplet):
        owner.views.clear()
    if not owner.pending:
        _on_idle[type(owner)](cloud, owner)


def release(cloud: Cloud, fault_id: int) -> None:
    """Let the actions that a deleted fault held complete, at their due time or now."""
    for action in cloud.store.log:
        if action.held_by == fault_id:
            action.held_by = None
            cloud.at(max(action.due, cloud.now), end, action)
