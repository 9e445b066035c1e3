# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which token scopes writes need: pure. The API does not tell which of them a token has before it is asked to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .plan import (
    ActionByTag,
    CreateDroplet,
    DeleteSnapshot,
    ImageStep,
    Plan,
    RenameImage,
    Step,
    Tag,
    Untag,
)

FURTHER = {
    "restore": "droplet:admin",
    "rebuild": "droplet:admin",
    "password_reset": "droplet:admin",
    "resize": "droplet:create",
    "snapshot": "image:create",
}
"""What an action on a Droplet needs besides droplet:update, by its type."""

FIELDS = {"image": "image:read", "tags": "tag:create", "ssh_keys": "ssh_key:read", "vpc_uuid": "vpc:read"}
"""What creating a Droplet needs besides droplet:create, by the fields that are used."""

OUTAGE = ("power_off", "shutdown", "power_cycle", "reboot", "restore", "rebuild", "resize")
"""Types of actions for which a Droplet is down."""


def of_action(kind: str | None) -> tuple[str, ...]:
    """What an action on a Droplet of that type needs."""
    further = FURTHER.get(kind or "")
    return ("droplet:update", further) if further else ("droplet:update",)


def of_creation(body: Mapping[str, Any]) -> tuple[str, ...]:
    """What the request that creates a Droplet needs, by its body."""
    return ("droplet:create", *(scope for name, scope in FIELDS.items() if body.get(name)))


def of_steps(steps: Iterable[Step]) -> list[str]:
    """What these steps need altogether, sorted."""
    return sorted({scope for step in steps for scope in _of_step(step)})


def of_plan(plan: Plan[Any]) -> list[str]:
    """What all writes of a plan need, sorted."""
    further = {"tag:read"} if isinstance(plan.by_tag, ActionByTag) else set()
    return sorted(further.union(of_steps(step for change in plan.changing for step in change.steps)))


def missed_too_late(plan: Plan[Any]) -> str | None:
    """A sentence for check mode, if a missing scope would be found out when a server is down already; or None."""
    if not any(step.type in OUTAGE and len(change.steps) > 1 for change in plan.changing for step in change.steps):
        return None
    return (
        f"The real run needs a token with the scopes {', '.join(of_plan(plan))}. The API does not tell which of them a "
        "token has: one that is missing is found out when it is needed, and the server may be down by then."
    )


def _of_step(step: Step) -> tuple[str, ...]:
    if isinstance(step, CreateDroplet):
        return of_creation(step.given)
    if isinstance(step, DeleteSnapshot):
        return ("image:delete", "snapshot:delete")
    if isinstance(step, Tag | Untag):
        verb = "create" if isinstance(step, Tag) else "delete"
        return (f"tag:{verb}", f"{step.kind}:update")
    if isinstance(step, ImageStep | RenameImage):
        return ("image:update",)
    return of_action(step.type)
