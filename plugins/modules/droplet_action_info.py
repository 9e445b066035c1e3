#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_action_info
short_description: Look up actions in the log of an account or a Droplet, or wait for one of them
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Returns one action by its id, the latest actions of a Droplet, or those of the account, which also include actions
    on images and on Droplets that are gone.
  - The log goes back to the beginning of the account. It is read in pages of 200, newest first, and no further than
    O(limit) and O(since) require.
  - It needs a token with the scope C(actions:read), or C(droplet:read) with O(droplet_id) or O(droplet_name).
options:
  action_id:
    description:
      - The id of one action. With O(droplet_id) or O(droplet_name), it is looked up among the actions of that Droplet.
    type: int
  droplet_id:
    description:
      - Only the actions of this Droplet.
    type: int
  droplet_name:
    description:
      - Only the actions of the Droplet with exactly this name. A name that two Droplets have is refused.
    type: str
  type:
    description:
      - Only actions of these types, as in V(snapshot) or V(power_off).
    type: list
    elements: str
  status:
    description:
      - Only actions that have one of these statuses.
    type: list
    elements: str
    choices: [in-progress, completed, errored]
  since:
    description:
      - Only actions that began at this time or later, as in V(2026-03-11T09:30:00Z). The time zone is required.
    type: str
  limit:
    description:
      - How many actions to return at most, newest first.
      - If few actions match O(type) and O(status), the search ends after the latest 4,000 actions, unless O(since) sets
        how far back it goes.
    type: int
    default: 200
  wait:
    description:
      - Wait until the action O(action_id) has ended. If its status becomes C(errored), the task fails with the kind
        C(action_failed).
    type: bool
    default: false
  wait_timeout:
    description:
      - The time limit for the whole task in seconds. If the action takes longer, it keeps running, and the task fails
        with the kind C(wait_timeout).
    type: int
    default: 600
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.attributes
attributes:
  check_mode:
    description: Changes nothing in any mode.
  diff_mode:
    description: There is nothing to show.
    support: none
seealso:
  - module: lifeboat.digitalocean.droplet_action
"""

EXAMPLES = r"""
- name: Start a snapshot without waiting for it
  lifeboat.digitalocean.droplet_action:
    droplet_id: 3164494
    type: snapshot
    snapshot_name: before-upgrade-8
    wait: false
  register: begun

- name: Wait for it
  lifeboat.digitalocean.droplet_action_info:
    action_id: "{{ begun.droplets[0].actions[0].id }}"
    wait: true
    wait_timeout: 3600
  when: begun is changed

- name: Show the latest actions of a Droplet
  lifeboat.digitalocean.droplet_action_info:
    droplet_name: web-01
    limit: 10

- name: Find the backups that failed this week
  lifeboat.digitalocean.droplet_action_info:
    type: backup
    status: errored
    since: "2026-03-09T00:00:00Z"
"""

RETURN = r"""
actions:
  description: The actions, newest first. With O(action_id), only that one.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The action's id.
      type: int
      sample: 36804636
    type:
      description: What it does, under the API's own name.
      type: str
      sample: snapshot
    status:
      description: V(in-progress), V(completed) or V(errored).
      type: str
      sample: completed
    started_at:
      description: When it began.
      type: str
      sample: "2026-03-11T09:30:00Z"
    completed_at:
      description: When it ended. Null while it runs. The API sometimes leaves it null afterwards.
      type: str
      sample: "2026-03-11T09:34:12Z"
    resource_type:
      description: What kind of resource it works on, V(droplet), V(image) or another one.
      type: str
      sample: droplet
    resource_id:
      description: The id of that resource, or null.
      type: int
      sample: 3164494
    region:
      description: The slug of the region, or null.
      type: str
      sample: nyc3
complete:
  description:
    - V(true) if there is no further action that matches. V(false) if the search ended before the log did, so that there
      may be more. If it ended before O(limit) was reached, or although O(since) is set, a warning says so.
  returned: success
  type: bool
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import actions, droplets
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.client import Client
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.lag import looks
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import arguments
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, NotFoundError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.names import checked_id
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.time import given_time, iso
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.wait import until_ended

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
    """`droplet` selects the one whose log is read, None for the account's."""

    action_id: int | None
    droplet: Selection | None
    types: tuple[str, ...] | None
    statuses: tuple[str, ...] | None
    since: datetime | None
    limit: int
    wait: bool

    def fits(self, action):
        """True for an Action of the types and statuses that are asked for."""
        return (self.types is None or action.type in self.types) and (
            self.statuses is None or action.status in self.statuses
        )


def request(params):
    one, filters = params["action_id"], [name for name in ("type", "status", "since") if params[name] is not None]
    checked_id("action_id", one, "an action")
    if one is not None and filters:
        raise InputError(f"{filters[0]} chooses among many actions, and action_id names one: leave one of them out.")
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


def read(client, wanted):
    """One action, or as many of the log as are asked for."""
    droplet = wanted.droplet and droplets.chosen(client, wanted.droplet)[0]
    warnings, complete = [], True
    if wanted.action_id is None:
        found, complete = actions.newest(client, wanted.fits, wanted.limit, wanted.since, droplet and droplet.id)
    else:
        found = [one(client, wanted, droplet)]
    if not complete and len(found) < wanted.limit:
        warnings.append("The log was not searched to its beginning. Say with since how far back to look.")
    elif not complete and wanted.since:
        warnings.append(f"There are more than {wanted.limit} such actions since then. Raise limit to see them.")
    return {"actions": [told(action) for action in found], "complete": complete, "warnings": warnings}


def one(client, wanted, droplet):
    """The action that was named, when it has ended if the task waits for it."""

    def ask():
        return actions.get(client, wanted.action_id, droplet and droplet.id)

    try:
        return until_ended(client, begun(client, ask), ask) if wanted.wait else ask()
    except NotFoundError as error:
        where = f"of Droplet {droplet}" if droplet else "in this account"
        raise error.copy(f"There is no action {wanted.action_id} {where}. Check the id and the token.") from error


def begun(client: Client, ask: Callable[[], Action]) -> Action:
    """What `ask` gives; an action that was begun just now may be found a little later."""
    missing = NotFoundError("There is no such action.")
    for _look in looks(client):
        try:
            return ask()
        except NotFoundError as error:
            missing = error
    raise missing


def told(action):
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


def main():
    runner.run(runner.Reader(ARGUMENTS, request, read))


if __name__ == "__main__":
    main()
