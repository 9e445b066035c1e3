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
  - lifeboat.digitalocean.read_only
  - lifeboat.digitalocean.attributes
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

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_action_info import (
    DropletActionInfo,
)


def main() -> None:
    runner.run(DropletActionInfo())


if __name__ == "__main__":
    main()
