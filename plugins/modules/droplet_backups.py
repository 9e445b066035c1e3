#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_backups
short_description: Turn the backups of Droplets on or off, with their policy
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Ensures that Droplets are backed up automatically, by a plan and in a window of your choice, or not at all.
  - One task manages one Droplet or the whole account. It reads the fleet in pages of 200, writes only to the Droplets
    that differ, at most once to each apart from conversions, waits for all of them together, and reads the result again
    to verify it.
  - Only what you set is compared. What you leave out is kept as it is.
  - It needs a token with the scopes C(droplet:read) and C(droplet:update), C(tag:read) for O(tag) and O(exclude_tag),
    C(actions:read) to wait for many Droplets with few requests, and C(image:read) and C(image:update) for
    O(existing_backups=convert_newest) and O(existing_backups=convert_all).
options:
  state:
    description:
      - Whether the Droplets are backed up.
      - A Droplet on a plan that the API does not list as supported counts as V(enabled). With O(state=enabled) it is
        left alone unless O(plan) is set.
    type: str
    choices: [enabled, disabled]
    default: enabled
  plan:
    description:
      - How often, as in V(daily) or V(weekly). Checked against the plans that the API offers before anything is sent.
      - If backups are turned on and this is left out, V(daily) is used, which is the API's own default.
    type: str
  weekday:
    description:
      - The day of the backup, V(SUN) to V(SAT), for plans that have one. Required if a Droplet gets such a plan and has
        no weekday yet.
      - A list means any of these days. See O(hour).
    type: list
    elements: str
  hour:
    description:
      - The hour at which the window of 4 hours starts, in UTC, one of 0, 4, 8, 12, 16 and 20.
      - A list means any of these hours. A Droplet already in an allowed window stays; the others are spread evenly over
        the allowed windows, the same way in each run.
      - If backups are turned on and this is left out, each Droplet gets an hour derived from its id.
    type: list
    elements: int
  window_length_hours:
    description:
      - The length of the window in hours. The API sets it by the plan; only set this for a plan that lets you choose.
    type: int
  retention_period_days:
    description:
      - How long backups are kept, in days. The API sets it by the plan; only set this for a plan that lets you choose.
        A usage-based plan that the API does not list needs it.
    type: int
  existing_backups:
    description:
      - What may become of existing backups if backups are turned off, or if the new plan or retention keeps them for a
        shorter time than they are old. Such a change is refused unless this is set.
      - DigitalOcean usually keeps existing backups until they expire, but has also documented that they are deleted at
        once.
      - V(may_be_lost) accepts the loss.
      - V(convert_newest) first converts the newest of them to a snapshot, and V(convert_all) all of them. Snapshots do
        not expire and cost money for as long as they exist. If a conversion fails, backups and policy stay as they are.
    type: str
    choices: [may_be_lost, convert_newest, convert_all]
  max_disable:
    description:
      - How many Droplets' backups one task may turn off. If there are more, the task is refused before anything is
        sent.
    type: int
    default: 1
  allow_unlisted_plan:
    description:
      - Send a O(plan) that the API does not list as supported, with a warning. Its hours and weekdays are not checked.
    type: bool
    default: false
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.all_droplets
  - lifeboat.digitalocean.droplets
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
"""

EXAMPLES = r"""
- name: Back up one Droplet every day, somewhere between midnight and 04:00 UTC
  lifeboat.digitalocean.droplet_backups:
    droplet_id: 3164494
    plan: daily
    hour: 0

- name: Back up all databases on weekend nights, spread over four windows
  lifeboat.digitalocean.droplet_backups:
    tag: role:db
    plan: weekly
    weekday: [SAT, SUN]
    hour: [0, 4]

- name: Back up everything that is not a CI runner
  lifeboat.digitalocean.droplet_backups:
    all: true
    exclude_tag: role:ci

- name: Keep the newest backup as a snapshot, then turn backups off
  lifeboat.digitalocean.droplet_backups:
    droplet_name: scratch-01
    state: disabled
    existing_backups: convert_newest
"""

RETURN = r"""
droplets:  # shared
  description:
    - The Droplets, by ascending id. Above 200, only those that changed, failed or were not tried, unless
      O(report=all).
  returned: once the Droplets have been read
  type: list
  elements: dict
  contains:
    id:  # shared
      description: The Droplet's id.
      type: int
      sample: 3164494
    name:  # shared
      description: The Droplet's name.
      type: str
      sample: web-01
    before:  # shared
      description: The backups as they were; RV(droplets[].after) has the same keys.
      type: dict
      sample:
        state: disabled
        monthly_cost: 0.0
    after:  # shared
      description:
        - The backups as they are now, or in check mode would be. Null if that is not known after a failure.
        - C(monthly_cost) is in USD, a share of the Droplet's price (20 % weekly, 30 % daily). It is V(unknown) for
          other plans, for another retention than these have, and if the API does not show the Droplet's price. Hours
          are UTC.
      type: dict
      sample:
        state: enabled
        plan: daily
        hour: 4
        monthly_cost: 7.2
    changed:  # shared
      description: Whether anything changed.
      type: bool
    actions:  # shared
      description: The actions sent for this Droplet, with C(id), C(type) and C(status).
      type: list
      elements: dict
    kept:  # shared
      description:
        - The restore points that were at risk and still exist, as backup or snapshot, newest first, with C(id),
          C(name), C(type) and C(created_at).
      returned: after a change that put existing backups at risk
      type: list
      elements: dict
    gone:  # shared
      description: The restore points that were at risk and no longer exist.
      returned: after a change that put existing backups at risk
      type: list
      elements: dict
    notes:  # shared
      description: Sentences with anything else to know.
      returned: when there is something
      type: list
      elements: str
    error:  # shared
      description: Why it failed.
      returned: on failure
      type: str
    not_tried:  # shared
      description: Always V(true). Nothing was sent for it because the task ended first.
      returned: when it was not tried
      type: bool
"""

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_backups import DropletBackups


def main() -> None:
    runner.run(DropletBackups())


if __name__ == "__main__":
    main()
