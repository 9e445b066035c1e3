#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_snapshot
short_description: Take, copy, tag and delete snapshots of Droplets
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Ensures that Droplets have a snapshot with a given name or maximum age, in the given regions and with the given
    tags; or deletes snapshots by id, name or age.
  - A snapshot of a running Droplet is taken while it runs, and does not include its memory. No snapshot of a Droplet
    includes its attached volumes.
  - A snapshot costs 0.06 USD for each GiB and month for as long as it exists; copies in more regions cost nothing.
  - The last restore point of a Droplet, backups included, is not deleted unless O(last_restore_point) allows it.
  - If a run was killed, wait O(lag_tolerance) seconds before you run the task again. Until then the API may not show
    what that run has begun, and the task would make it again.
  - It needs a token with the scopes C(droplet:read), C(droplet:update), C(image:create) and C(image:read) to take
    snapshots; C(image:update) for O(regions); C(image:update), C(tag:create) and C(tag:read) for O(tags);
    C(image:delete) and C(snapshot:delete) to delete them; C(snapshot:read) for O(snapshot_id) and
    O(deleted_droplets); C(tag:read) for O(tag) and O(exclude_tag). C(snapshot:read) also saves requests on many
    Droplets. With C(regions:read) it checks O(regions) before anything is sent.
options:
  state:
    description:
      - Whether there should be a snapshot.
    type: str
    choices: [present, absent]
    default: present
  snapshot_id:
    description:
      - The ids of snapshots to delete. One that does not exist is fine; a backup is refused.
      - Exactly one of O(droplet_id), O(droplet_name), O(tag), O(all), O(snapshot_id) and O(deleted_droplets) is
        required, the last two with O(state=absent) only. The snapshots are looked for in the list of all snapshots,
        which takes one request for each 200.
    type: list
    elements: int
  deleted_droplets:
    description:
      - Delete snapshots whose Droplet is gone, by O(snapshot_name) or O(older_than_hours). Only V(true) is allowed.
    type: bool
    choices: [true]
  snapshot_name:
    description:
      - The name of the snapshot. C({droplet}) stands for the Droplet's name and C({date}) for the day in UTC, as in
        V({droplet}-{date}), which is one snapshot a day. In YAML, put quotes around it.
      - With O(state=present), a Droplet that has a snapshot of that name needs no other, unless O(max_age_hours) is
        set. If several snapshots have the name, the newest counts.
      - With O(state=absent), all snapshots of that name are deleted. C({date}) and C({time}) stand for when a snapshot
        was taken.
    type: str
  max_age_hours:
    description:
      - For O(state=present). A Droplet that has a snapshot of any name that is not older than this, in hours, needs no
        other.
      - O(snapshot_name) is then only the name of a new snapshot, and C({time}) in it stands for the time in UTC. If it
        is left out, the name is C({droplet}-snapshot-{date}).
      - The safety snapshot of a restore (M(lifeboat.digitalocean.droplet_restore)) does not count, because it holds the
        state that the restore replaced.
    type: float
  older_than_hours:
    description:
      - For O(state=absent). Delete snapshots that are older than this, in hours; with O(snapshot_name) only those of
        that name.
      - If a Droplet would be left without a restore point, the newest of these snapshots is kept, with a warning,
        unless O(last_restore_point) is set.
      - Safety snapshots of restores are kept as well, unless O(snapshot_name) is their name.
    type: float
  regions:
    description:
      - Regions that the snapshot should be in, in addition to the Droplet's own. It is copied to those that lack it,
        one after another, and not deleted from others.
    type: list
    elements: str
    default: []
  tags:  # shared
    description: Tags to put on the snapshot. Other tags on it are left alone.
    type: list
    elements: str
    default: []
  last_restore_point:
    description:
      - Allows deletions that leave a Droplet, whether it exists or is gone, without any snapshot or backup. Otherwise
        that is refused before anything is sent; O(older_than_hours) keeps the newest snapshot instead.
    type: str
    choices: [may_be_lost]
  stop_first:
    description:
      - For O(state=present). Shut the Droplet down before the snapshot is taken, so that its file systems are clean,
        and power it on again afterwards, even if the snapshot fails.
      - Only a Droplet that is on and lacks the snapshot is stopped. Meanwhile it carries the tag C(lifeboat:stopped).
        If a run is killed in between, the next one with this option powers the Droplet on.
      - It needs the scopes C(tag:read), C(tag:create) and C(tag:delete) as well.
    type: bool
    default: false
  shutdown_timeout:
    description:
      - For O(stop_first). How many seconds the Droplet may take to shut down before it is powered off. V(0) powers it
        off at once. The default is 120.
      - It adds to the default of O(wait_timeout).
    type: int
  max_delete:
    description:
      - How many snapshots one task may delete by name or age. If there are more, the task is refused before anything is
        sent. O(snapshot_id) is not limited by this.
    type: int
    default: 10
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.all_droplets
  - lifeboat.digitalocean.droplets
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
"""

EXAMPLES = r"""
- name: Take a snapshot before the upgrade
  lifeboat.digitalocean.droplet_snapshot:
    droplet_name: web-01
    snapshot_name: before-upgrade

- name: Ensure a snapshot of each database that is at most 6 hours old, also in Frankfurt
  lifeboat.digitalocean.droplet_snapshot:
    tag: role:db
    max_age_hours: 6
    snapshot_name: "nightly-{droplet}-{date}"
    regions: [fra1]
    tags: [nightly]
    wait_timeout: 7200

- name: Take a snapshot of the database while it is powered off
  lifeboat.digitalocean.droplet_snapshot:
    droplet_name: db-01
    snapshot_name: "clean-{droplet}-{date}"
    stop_first: true

- name: Delete the nightly ones after two weeks
  lifeboat.digitalocean.droplet_snapshot:
    tag: role:db
    state: absent
    snapshot_name: "nightly-{droplet}-{date}"
    older_than_hours: 336
    max_delete: 50

- name: Delete snapshots of deleted Droplets after a year
  lifeboat.digitalocean.droplet_snapshot:
    deleted_droplets: true
    state: absent
    older_than_hours: 8760
    last_restore_point: may_be_lost
"""

RETURN = r"""
droplets:
  description:
    - The Droplets, by ascending id. Above 200, only those that changed, failed or were not tried, unless
      O(report=all). With O(snapshot_id) and O(deleted_droplets), those that the snapshots were taken from.
  returned: once the Droplets have been read
  type: list
  elements: dict
  contains:
    id:  # shared
      description: The Droplet's id.
      type: int
      sample: 3164494
    name:
      description: The Droplet's name. Empty if it is gone.
      type: str
      sample: web-01
    before:
      description: The snapshots as they were; RV(droplets[].after) has the same keys.
      type: dict
      sample:
        snapshot: null
        monthly_cost: 0.0
    after:
      description:
        - With O(state=present), the name of the C(snapshot), null if there is none; its C(regions) and which of the
          C(tags) it carries, if these options are set; and its C(monthly_cost) in USD. For a snapshot that is new that
          is V(unknown), and C(monthly_cost_at_most) says what it would cost if the disk were full.
        - With O(state=absent), the names of all C(snapshots) of the Droplet, newest first, and the C(monthly_cost) of
          all of them.
        - As they are now, or in check mode would be. Null if that is not known after a failure.
      type: dict
      sample:
        snapshot: before-upgrade
        monthly_cost: unknown
        monthly_cost_at_most: 1.5
    snapshots:
      description:
        - The snapshot that was asked for, or those that are deleted, with C(id), C(name), C(created_at),
          C(size_gigabytes), C(min_disk_size), C(regions), C(tags) (null if they were not read) and C(monthly_cost)
          in USD. The C(id) is null if the snapshot is still to be taken.
      type: list
      elements: dict
    changed:  # shared
      description: Whether anything changed.
      type: bool
    actions:  # shared
      description: The actions sent for this Droplet, with C(id), C(type) and C(status).
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
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_snapshot.verb import DropletSnapshot


def main() -> None:
    runner.run(DropletSnapshot())


if __name__ == "__main__":
    main()
