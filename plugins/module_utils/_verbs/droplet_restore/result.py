# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the result of a restore says besides the usual: the restore point, how long it took, and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..._domain.journal import safety_of, undo_key
from ..._domain.models import RestorePoint
from ..._domain.retention import newest_first
from ..._domain.time import iso
from .incidents import DISK_WRITES, IncidentHistory, Seen

MODULE = "lifeboat.digitalocean.droplet_restore"
KEYS = (
    *("incident", "restore_point", "safety_snapshot", "duration_seconds", "new_ssh_host_keys", "undo", "undo_command"),
    "restore_points",
)

WAY_BACK = ("safety_snapshot", "undo", "undo_command")
FOUND = (*WAY_BACK, "duration_seconds", "new_ssh_host_keys")
"""Those of the KEYS that are known once the restore is done."""

_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
"""What a line for a shell may hold of a Droplet's name."""


def told(
    story: IncidentHistory,
    point: RestorePoint | None,
    now: datetime,
    snapshot: tuple[int | None, str] | None = None,
) -> dict[str, Any]:
    """The KEYS as far as a plan knows them; `snapshot` is the safety snapshot, `(id, name)`, the id None until made."""
    known = {
        "incident": story.incident,
        "restore_point": {
            "id": story.image if point is None else point.id,
            "name": point and point.name,
            "type": point and point.type,
            "created_at": point and iso(point.created_at),
            "age_hours": point and point.age_hours(now),
            "size_gigabytes": point and point.size_gigabytes,
        },
        "safety_snapshot": None,
        "duration_seconds": None,
        "new_ssh_host_keys": _new_keys(story, point),
        "undo": None,
        "undo_command": None,
        "restore_points": restore_points(story.seen, now),
    }
    return {**known, **way_back(story, *snapshot)} if snapshot else known


def found(story: IncidentHistory) -> dict[str, Any]:
    """What log and images tell of an incident that is done: how long it took, its safety snapshot, the way back."""
    seen, incident, mark = story.seen, story.incident, story.done
    action = next((action for action in seen.actions if action.id == mark.action), None) if mark else None
    told: dict[str, Any] = {
        **dict.fromkeys(("duration_seconds", "safety_snapshot", "undo", "undo_command")),
        "new_ssh_host_keys": _new_keys(story, story.find(story.image)),
    }
    if action is None or action.started_at is None:
        return told
    if action.completed_at:
        first = [
            other.started_at
            for other in seen.actions
            if other.type in ("power_off", "snapshot", *DISK_WRITES)
            and story.intent
            and story.intent.precedes(other.started_at)
            and other.started_at
            and other.started_at <= action.started_at
        ]
        told["duration_seconds"] = int((action.completed_at - min(first, default=action.started_at)).total_seconds())
    snapshots = [
        point
        for point in newest_first(seen.points)
        if safety_of(point) == incident and point.created_at and point.created_at <= action.started_at
    ]
    if snapshots:
        told.update(way_back(story, snapshots[0].id, snapshots[0].name))
    return told


def way_back(story: IncidentHistory, snapshot: int | None, name: str) -> dict[str, Any]:
    """The safety snapshot and the task that brings its state back; `snapshot` is its id, None if it is not made."""
    droplet, points = story.seen.droplet, story.seen.points
    taken = story.marks.incidents | {safety_of(point) for point in points}
    options = {
        "droplet_id": droplet.id,
        "snapshot_id": snapshot,
        "incident": undo_key(story.incident, taken),
        "confirm": droplet.name,
    }
    return {
        "safety_snapshot": {"id": snapshot, "name": name},
        "undo": {"name": f"Undo the restore of incident {story.incident}", MODULE: options},
        "undo_command": _command(options),
    }


def restore_points(seen: Seen, now: datetime) -> list[dict[str, Any]]:
    """The Droplet's own restore points for the result, the newest first."""
    return [
        {
            "id": point.id,
            "type": point.type,
            "name": point.name,
            "created_at": iso(point.created_at),
            "age_hours": point.age_hours(now),
            "size_gigabytes": point.size_gigabytes,
            "safety_snapshot_of": safety_of(point),
        }
        for point in newest_first(seen.points)
    ]


def _new_keys(story: IncidentHistory, point: RestorePoint | None) -> bool | None:
    """Whether the server has new SSH host keys afterwards, which only a rebuild gives it; None if it is not known."""
    if own := story.own_restore:
        return own.type == "rebuild"
    return False if point and point.type == "backup" else None


def _command(options: Mapping[str, Any]) -> str | None:
    """The same as a line for a shell; None while there is no snapshot, or if the name is none that a shell may see."""
    if options["snapshot_id"] is None or not _PLAIN.fullmatch(options["confirm"]):
        return None
    return f"ansible localhost -m {MODULE} -a '{' '.join(f'{name}={value}' for name, value in options.items())}'"
