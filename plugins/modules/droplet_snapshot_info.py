#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_snapshot_info
short_description: Report which snapshots of Droplets there are, how old they are and what they cost
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Reports the snapshots of the account, or those that match all filters, with age, regions, size, tags and cost.
    Snapshots whose Droplet is gone are included.
  - It takes one request for each 200 snapshots, one for each 200 Droplets and one for each 200 GPU Droplets, at least
    three.
  - It needs a token with the scopes C(snapshot:read) and C(droplet:read), and C(tag:read) for tags.
options:
  droplet_id:
    description:
      - The ids of Droplets. The id of a Droplet that is gone is an error, unless there is a snapshot of it.
    type: list
    elements: int
  droplet_name:
    description: The exact names of existing Droplets. A name that two Droplets have is refused.
    type: list
    elements: str
  deleted_droplets:
    description: Only snapshots whose Droplet is gone. Only V(true) is allowed.
    type: bool
    choices: [true]
  tag:
    description: Only snapshots that carry any of these tags themselves.
    type: list
    elements: str
  snapshot_name:
    description:
      - Only snapshots whose name matches this pattern, in which V(*) stands for any text, V(?) for one character and
        V([ab]) for one of these characters.
    type: str
  region:
    description: Only snapshots that are in any of these regions.
    type: list
    elements: str
  max_age_hours:
    description:
      - Only snapshots that are at most this old, in hours. The safety snapshots of restores are left out, because they
        hold the state that a restore replaced.
    type: float
  min_age_hours:
    description: Only snapshots that are at least this old, in hours.
    type: float
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.reading
  - lifeboat.digitalocean.read_only
  - lifeboat.digitalocean.attributes
"""

EXAMPLES = r"""
- name: Show what snapshots cost, and how many belong to Droplets that are gone
  lifeboat.digitalocean.droplet_snapshot_info:
  register: found

- name: Say it
  ansible.builtin.debug:
    msg: >-
      {{ found.summary.count }} snapshots for {{ found.summary.monthly_cost }} USD a month,
      {{ found.summary.of_deleted_droplets }} of Droplets that are gone

- name: Nightly snapshots that should be gone by now
  lifeboat.digitalocean.droplet_snapshot_info:
    snapshot_name: nightly-*
    min_age_hours: 336

- name: The snapshots of one Droplet in Frankfurt
  lifeboat.digitalocean.droplet_snapshot_info:
    droplet_name: web-01
    region: fra1
"""

RETURN = r"""
snapshots:
  description: The snapshots, newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id of the snapshot.
      type: int
      sample: 6372321
    name:
      description: Its name.
      type: str
      sample: before-upgrade
    droplet_id:
      description: The id of the Droplet that it was taken from. Null if the API does not show it.
      type: int
      sample: 3164494
    droplet_name:
      description: The name of that Droplet, null if it is gone.
      type: str
      sample: web-01
    droplet_exists:
      description: Whether that Droplet still exists.
      type: bool
    created_at:
      description: When it was made.
      type: str
      sample: "2026-03-11T04:12:00Z"
    age_hours:
      description: How long ago that was, in hours. Null if the API does not show it.
      type: float
      sample: 5.3
    regions:  # shared
      description: The slugs of the regions that hold it.
      type: list
      elements: str
      sample: [nyc3]
    min_disk_size:  # shared
      description: The smallest disk that it fits on, in GiB.
      type: int
      sample: 25
    size_gigabytes:
      description: Its size in GiB.
      type: float
      sample: 2.34
    tags:
      description: Its tags. Null if the token may not read them.
      type: list
      elements: str
    monthly_cost:
      description: What it costs a month, in USD, V(unknown) if the API does not show its size.
      type: raw
      sample: 0.14
summary:
  description:
    - C(count), the number of snapshots; C(size_gigabytes) and C(monthly_cost) in USD of all together;
      C(monthly_cost_unknown), how many are not in that cost; and C(of_deleted_droplets), how many have outlived their
      Droplet.
  returned: success
  type: dict
"""

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_snapshot_info import (
    DropletSnapshotInfo,
)


def main() -> None:
    runner.run(DropletSnapshotInfo())


if __name__ == "__main__":
    main()
