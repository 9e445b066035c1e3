#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_to_snapshot
short_description: Keep backups of Droplets beyond their expiry, as snapshots
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Converts backups to snapshots, which do not expire, and gives them a name and tags. Select a backup by its id, or
    Droplets and which of their backups.
  - A converted backup is no longer among the Droplet's backups, so it has one less until the next one is made. A
    snapshot is billed by its size for as long as it exists, 0.06 USD for each GiB and month. The result and the diff
    show both.
  - Another run before the next backup changes nothing, because a snapshot that was made from a backup counts as that
    backup. Such a snapshot is recognized by O(snapshot_name), by the name that DigitalOcean gives to backups, or by the
    logs of actions.
  - A backup is renamed before it is converted, so that the next run can finish what an interrupted one has begun.
  - Backups outlive their Droplet by up to four weeks. With O(droplet_name) or O(droplet_id) of one Droplet that is
    gone, its remaining backups are kept. They are found by the Droplet's name, with which a backup's name begins, or by
    its id, if the account's log of actions or a converted backup shows it. If several Droplets that are gone had the
    name, the task fails and lists them. Name such a Droplet alone, not in a list with others.
  - It needs a token with the scopes C(droplet:read), C(image:read) and C(image:update); C(tag:create) and C(tag:read)
    for O(tags); C(tag:read) for O(tag) and O(exclude_tag). C(snapshot:read) saves requests on many Droplets. It is
    required for a Droplet that is gone, and to find a snapshot by its name once the id of O(backup_id) no longer
    exists. For a Droplet that is gone, C(actions:read) is used if the token has it.
options:
  backup_id:
    description:
      - The id of a backup, also of one whose Droplet is gone.
      - Exactly one of O(backup_id), O(newest), O(before) and O(all_backups) is required, and exactly one of
        O(backup_id), O(droplet_id), O(droplet_name), O(tag) and O(all).
      - If the image has become a snapshot, only its name and tags are changed, as far as they differ. If there is no
        such image any more and O(snapshot_name) is set, the snapshot of that name is used, since converting may give an
        image a new id. It is an error if no snapshot has the name, or more than one.
      - Its Droplet is looked for in the list of all Droplets, which takes one request for each 200.
    type: int
  newest:
    description:
      - The newest backup of each Droplet. Only V(true) is allowed.
      - Here and with O(before), a Droplet without such a backup is an error if it is named, and a warning with O(tag)
        and O(all).
    type: bool
    choices: [true]
  before:
    description:
      - The newest backup of each Droplet that was made at this time or earlier, as in V(2026-03-11T09:30:00Z). The time
        zone is required.
    type: str
  all_backups:
    description: Every backup of each Droplet. Only V(true) is allowed.
    type: bool
    choices: [true]
  snapshot_name:
    description:
      - The name of the snapshot. C({droplet}) stands for the Droplet's name, C({date}) and C({time}) for when the
        backup was made, in UTC, as in V(keep-{droplet}-{date}). In YAML, put quotes around it.
      - If left out, the snapshot keeps the backup's name.
      - A snapshot of the Droplet that has this name counts as made from its backup of that time.
      - With O(droplet_name) of a Droplet that is gone, it must contain C({droplet}), because the next run may have only
        the name to find the snapshot by.
    type: str
  tags:  # shared
    description: Tags to put on the snapshot. Other tags on it are left alone.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.all_droplets
  - lifeboat.digitalocean.droplets
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
"""

EXAMPLES = r"""
- name: Keep the newest backup of the databases
  lifeboat.digitalocean.backup_to_snapshot:
    tag: role:db
    newest: true
    snapshot_name: "keep-{droplet}-{date}"
    tags: [keep]

- name: Keep what was backed up before the incident
  lifeboat.digitalocean.backup_to_snapshot:
    droplet_name: web-01
    before: "2026-03-11T09:30:00Z"
    snapshot_name: "{droplet} before the incident"
  register: kept

- name: Show what that costs
  ansible.builtin.debug:
    msg: "Snapshot {{ item.id }} costs {{ item.monthly_cost }} USD a month"
  loop: "{{ kept.droplets | map(attribute='snapshots') | flatten }}"
  loop_control:
    label: "{{ item.name }}"

- name: Keep the newest backup of a deleted Droplet before it expires
  lifeboat.digitalocean.backup_to_snapshot:
    droplet_name: shop-01
    all_backups: true
    snapshot_name: "keep-{droplet}-{date}"

- name: Keep one backup, even if its Droplet is deleted
  lifeboat.digitalocean.backup_to_snapshot:
    backup_id: 67539192
    snapshot_name: last-of-the-old-shop
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
    id:
      description: The Droplet's id. Null if the Droplet is gone and nothing shows its id.
      type: int
      sample: 3164494
    name:
      description: The Droplet's name. Empty if the Droplet of O(backup_id) is gone.
      type: str
      sample: web-01
    before:
      description: The restore points as they were; RV(droplets[].after) has the same keys.
      type: dict
      sample:
        restore_points: [{type: backup, name: web-01- 2026-03-11}]
        backups: 7
        monthly_cost: 0.0
    after:
      description:
        - The C(restore_points) that this task is about, with C(type), C(name) and, if O(tags) is set, which of those
          C(tags) they carry; how many C(backups) the Droplet has, null if it is gone; and C(monthly_cost), what the
          snapshots among the restore points cost in USD, V(unknown) if the API shows no size.
        - As they are now, or in check mode would be. Null if that is not known after a failure.
      type: dict
      sample:
        restore_points: [{type: snapshot, name: keep-web-01-2026-03-11}]
        backups: 6
        monthly_cost: 0.22
    snapshots:
      description:
        - The snapshots, newest first, with C(id), C(name), C(created_at), C(size_gigabytes), C(min_disk_size),
          C(regions), C(tags) (null if they were not read) and C(monthly_cost) in USD. The C(id) is null if the snapshot
          is still to be made.
      type: list
      elements: dict
    changed:  # shared
      description: Whether anything changed.
      type: bool
    actions:  # shared
      description: The actions sent for this Droplet, with C(id), C(type) and C(status).
      type: list
      elements: dict
    notes:
      description: Sentences about what happens to the restore points, and anything else to know.
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
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.backup_to_snapshot import BackupToSnapshot


def main() -> None:
    runner.run(BackupToSnapshot())


if __name__ == "__main__":
    main()
