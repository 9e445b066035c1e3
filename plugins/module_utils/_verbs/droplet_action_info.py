# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `droplet_action_info` reports: one action, or those of a log that match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._domain import arguments, needs
from .._domain.errors import InputError, NotFoundError
from .._domain.facts import Facts
from .._domain.models import Action, Droplet
from .._domain.names import checked_id
from .._domain.reader import Reader, Reading
from .._domain.selection import Selection
from .._domain.time import given_time, iso

ARGUMENTS = arguments.Arguments(
    {
        "action_id": {"type": "int"},
        "droplet_id": {"type": "int"},
        "droplet_name": {"type": "str"},
        "type": {"type": "list", "elements": "str"},
        "status": {"type": "list", "elements": "str", "choices": ["in-progress", "completed", "errored"]},
        "since": {"type": "str"},
        "limit": {"type": "int", "default": 200},
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 600},
    },
    mutually_exclusive=(("droplet_id", "droplet_name"),),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One action, or those of a log that match. `droplet` selects the one whose log is read, None for the account's."""

    action_id: int | None
    droplet: Selection | None
    types: tuple[str, ...] | None
    statuses: tuple[str, ...] | None
    since: datetime | None
    limit: int
    wait: bool


class DropletActionInfo(Reader[Request]):
    """Actions of an account or a Droplet."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        one, filters = params["action_id"], [name for name in ("type", "status", "since") if params[name] is not None]
        checked_id("action_id", one, "an action")
        if one is not None and filters:
            raise InputError(
                f"{filters[0]} chooses among many actions, and action_id names one: leave one of them out."
            )
        if params["wait"] and one is None:
            raise InputError("wait: true waits for one action: give its action_id.")
        if params["limit"] < 1:
            raise InputError(f"limit {params['limit']} is too small: it must be at least 1.")
        any_droplet = params["droplet_id"] is not None or params["droplet_name"] is not None
        return Request(
            one,
            droplet=arguments.one_droplet(params) if any_droplet else None,
            types=params["type"] and tuple(params["type"]),
            statuses=params["status"] and tuple(params["status"]),
            since=given_time("since", params["since"]),
            limit=params["limit"],
            wait=params["wait"],
        )

    def read(self, request: Request, facts: Facts, _now: datetime) -> Reading:
        droplet = facts.get(needs.Selected(request.droplet))[0] if request.droplet else None
        if request.action_id is not None:
            return _reading([_one(request.action_id, droplet, request.wait, facts)])
        key = None if droplet is None else droplet.id
        log = needs.LogSearch(key, request.types, request.statuses, request.since, request.limit)
        found, complete = facts.get(log)
        warnings: tuple[str, ...] = ()
        if not complete and len(found) < request.limit:
            warnings = ("The log was not searched to its beginning. Say with since how far back to look.",)
        elif not complete and request.since:
            warnings = (f"There are more than {request.limit} such actions since then. Raise limit to see them.",)
        return _reading(found, complete, warnings)


def _one(action_id: int, droplet: Droplet | None, wait: bool, facts: Facts) -> Action:
    """The action that was named, when it has ended if the task waits for it."""
    try:
        return facts.get(needs.ActionById(action_id, None if droplet is None else droplet.id, ended=wait))
    except NotFoundError as error:
        where = f"of Droplet {droplet}" if droplet else "in this account"
        raise error.copy(f"There is no action {action_id} {where}. Check the id and the token.") from error


def _reading(found: Sequence[Action], complete: bool = True, warnings: tuple[str, ...] = ()) -> Reading:
    return Reading({"actions": [_record(action) for action in found], "complete": complete}, warnings)


def _record(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "type": action.type,
        "status": action.status,
        "started_at": iso(action.started_at),
        "completed_at": iso(action.completed_at),
        "resource_type": action.resource_type,
        "resource_id": action.resource_id,
        "region": action.region,
    }
