#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_from_backup
short_description: Make a new Droplet from a backup or a snapshot
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Makes a new Droplet from a restore point. The Droplet that the restore point was taken from stays as it is, and may
    also be gone.
  - The new Droplet is recognized by its O(name) and by tags that it gets when it is created, C(lifeboat:from:) followed
    by the id of the image, and C(lifeboat:source:) followed by the id of the source Droplet, if that is known. If the
    source Droplet is gone, it also gets C(lifeboat:source-name:) followed by that Droplet's name.
  - With O(backup_id) and O(snapshot_id), a Droplet of that name from the same image is unchanged, and one from another
    image is refused. With O(newest), O(before) and O(snapshot_name), a Droplet of that name from the same source
    Droplet is unchanged, even if there are newer restore points by now; it is refused if the restore point that it was
    made from does not fit O(before), O(snapshot_name) or O(max_age_hours). The result shows from which image it was
    made, and how old that is.
  - The task is refused if a Droplet of that name was not made by this module, or if two Droplets have the name.
  - Options other than the restore point are for the creation. If an existing Droplet differs from them,
    RV(droplets[].notes) says so and nothing is changed; use M(lifeboat.digitalocean.droplet_backups) for its backups.
  - If the answer to the creation is lost, the task looks for the Droplet. The creation is never sent twice in the same
    run.
  - If a run was killed, wait O(lag_tolerance) seconds before you run the task again. Until then the API may not show
    what that run has begun, and the task would make it again.
  - It deletes no Droplet, so there is no C(state).
  - It needs a token with the scopes C(droplet:read), C(droplet:create), C(image:read), C(tag:read) and C(tag:create);
    C(snapshot:read) for a source that is gone; C(ssh_key:read) for O(ssh_keys); C(vpc:read) for O(vpc_uuid). With
    C(sizes:read) and C(regions:read) it checks the size before it sends anything. With C(actions:read) it also finds
    Droplets that are just being created, and more about a source that is gone.
options:
  name:
    description: The exact name of the new Droplet.
    type: str
    required: true
  source_droplet_id:
    description:
      - The id of the Droplet whose restore points O(newest), O(before) and O(snapshot_name) choose from. Those three
        need this option or O(source_droplet_name).
      - If that Droplet is gone, its snapshots and its remaining backups are used, and O(size) is required. A backup
        does not show the id of its Droplet. It is found by the account's log of actions, if that shows backups, or by a
        snapshot that was a backup of the same name. If there are younger backups that may or may not belong to it, the
        task fails and names them.
    type: int
  source_droplet_name:
    description:
      - The same, by exact name. A name that two Droplets have is refused.
      - If no Droplet has the name, the backups whose names begin with it are used, and the snapshots of the same
        Droplet as far as they can be found. If several Droplets that are gone had the name, the task fails and lists
        them with id, region, disk and dates, as far as these are known.
      - That takes a few requests for each 200 Droplets, images and snapshots, and up to 20 pages of the log of actions.
    type: str
  size:
    description:
      - The slug of its size. Refused if it is not offered in the region at present, or if its disk is too small for the
        restore point.
      - If left out, that of the source Droplet. Required if that is gone.
    type: str
  region:
    description:
      - The slug of a region that holds the restore point. A backup is made in the region of its Droplet; a snapshot can
        be copied to others.
      - If left out, the region of the source Droplet, or else the only one that holds the restore point.
    type: str
  vpc_uuid:
    description: The VPC to put it in, which must be in the same region. If left out, the region's default VPC.
    type: str
  ssh_keys:
    description: Ids or fingerprints of SSH keys of the account to authorize, in addition to those on the disk.
    type: list
    elements: str
  tags:
    description: Tags to put on it, in addition to those of this module. The tags of the source are not copied.
    type: list
    elements: str
  user_data:
    description:
      - User data for cloud-init, which the Droplet runs when it first boots. At most 64 KiB.
      - It is in no result, diff or log. The API does not return it, so it is never compared.
    type: str
  monitoring:
    description: Whether to install the monitoring agent.
    type: bool
  ipv6:
    description: Whether to give it an IPv6 address.
    type: bool
  backups:
    description:
      - Whether to turn its backups on from the start. O(backup_policy) turns them on as well.
      - If both are left out, it has none.
    type: bool
  backup_policy:
    description: When to back it up. If left out, daily. Checked against what the API offers.
    type: dict
    suboptions:
      plan:
        description: How often, as in V(daily) or V(weekly). If left out, V(daily).
        type: str
      weekday:
        description: The day of the backup, V(SUN) to V(SAT). Required for a plan that has one.
        type: str
      hour:
        description:
          - The hour at which the window starts, in UTC, one of 0, 4, 8, 12, 16 and 20.
          - If left out, an hour derived from O(name).
        type: int
      window_length_hours:
        description: The length of the window in hours, for a plan that lets you choose.
        type: int
      retention_period_days:
        description: How long backups are kept, in days, for a plan that lets you choose.
        type: int
  allow_unlisted_plan:
    description: Send a plan that the API does not list as supported, with a warning.
    type: bool
    default: false
  max_age_hours:
    description:
      - Refuse a restore point that is older than this, in hours.
      - The task is also refused if the Droplet exists and the restore point that it was made from is older by now, or
        is gone, because its age is no longer known.
    type: float
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.restore_point
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
seealso:
  - module: lifeboat.digitalocean.droplet_backups
"""

EXAMPLES = r"""
- name: Make a copy of web-01 as it was at its newest backup or snapshot
  lifeboat.digitalocean.droplet_from_backup:
    name: web-01-copy
    source_droplet_name: web-01
    newest: true
    max_age_hours: 26
  register: copy

- name: Use the new host in the same play
  ansible.builtin.add_host:
    name: "{{ copy.droplets[0].networks.public_v4 }}"
    groups: copies
  when: copy.droplets[0].networks is not none

- name: Make it from one backup, of another size, and backed up on Sundays from the start
  lifeboat.digitalocean.droplet_from_backup:
    name: audit-2026
    backup_id: 67539192
    size: s-2vcpu-4gb
    tags: [env:audit]
    backup_policy:
      plan: weekly
      weekday: SUN
      hour: 4

- name: Bring back a Droplet that is gone, from its newest backup or snapshot
  lifeboat.digitalocean.droplet_from_backup:
    name: db-01
    source_droplet_name: db-01
    newest: true
    size: s-4vcpu-8gb

- name: The same by its id, as it was before the accident
  lifeboat.digitalocean.droplet_from_backup:
    name: db-01
    source_droplet_id: 3164494
    before: "2026-03-11T09:30:00Z"
    size: s-4vcpu-8gb
"""

RETURN = r"""
droplets:
  description: The new Droplet, as a list of one.
  returned: once the account has been read
  type: list
  elements: dict
  contains:
    id:
      description: Its id; null if it is not made yet, as in check mode.
      type: int
      sample: 3164495
    name:
      description: Its name.
      type: str
      sample: web-01-copy
    before:
      description: The Droplet as it was, C(state) V(absent) or V(present); RV(droplets[].after) has the same keys.
      type: dict
      sample:
        state: absent
        monthly_cost: 0.0
    after:
      description:
        - The Droplet as it is now, or in check mode would be. Null if that is not known after a failure.
        - C(image) and C(image_name) are the restore point.
        - C(monthly_cost) is in USD, its backups included. It is V(unknown) if the token may not read the price, or if
          the plan of its backups is not priced as a share of it.
      type: dict
      sample:
        state: present
        size: s-1vcpu-1gb
        region: nyc3
        image: 67539192
        image_name: web-01- 2026-03-11
        backups:
          state: disabled
        monthly_cost: 6.0
    changed:
      description: Whether it was made.
      type: bool
    restore_point:
      description:
        - What it is made from, with C(id), C(name), C(type) (V(backup) or V(snapshot)), C(created_at) and C(age_hours).
          If the Droplet exists and its image no longer does, all but C(id) are null.
      type: dict
      sample:
        id: 67539192
        name: web-01- 2026-03-11
        type: backup
        created_at: "2026-03-11T04:51:12Z"
        age_hours: 4.6
    networks:
      description:
        - Its addresses, C(public_v4), C(private_v4) and C(public_v6), each null if it has none. Null until it is up.
      type: dict
      sample:
        public_v4: 198.18.4.2
        private_v4: 10.1.4.2
        public_v6: null
    actions:
      description: The action that made it, with C(id), C(type) and C(status).
      type: list
      elements: dict
    notes:
      description:
        - Sentences with anything else to know. For an existing Droplet, how it differs from the options.
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
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_from_backup.verb import (
    DropletFromBackup,
)


def main() -> None:
    runner.run(DropletFromBackup())


if __name__ == "__main__":
    main()
