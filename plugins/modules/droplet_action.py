#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_action
short_description: Power Droplets on and off, resize, rename, rebuild or snapshot them, and their other actions
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Sends one of the API's actions to the Droplets that need it, waits for all of them together, and verifies the result
    as far as the state shows it.
  - A Droplet whose state shows that it needs nothing is skipped; see the description of each O(type). If no state can
    show it, the action is sent each time, and the result is C(changed).
  - More than one Droplet needs O(expected_count). An action that cannot be undone takes one Droplet and O(confirm).
  - It needs a token with the scopes C(droplet:read) and C(droplet:update), C(tag:read) for O(tag) and O(exclude_tag),
    and C(actions:read) to wait for many Droplets with few requests. In addition, O(type=resize) needs
    C(droplet:create), C(sizes:read) and C(regions:read); O(type=rebuild) needs C(droplet:admin) and C(image:read);
    O(type=password_reset) needs C(droplet:admin); O(type=snapshot) needs C(image:create).
options:
  droplet_id:
    description:
      - The ids of the Droplets. A single id needs no list.
      - Exactly one of O(droplet_id), O(droplet_name) and O(tag) is required.
    type: list
    elements: int
  type:
    description:
      - The action, under the API's own name.
    type: str
    required: true
    choices:
      power_on: Turns the Droplet on. One that is on, or coming up, is left alone.
      power_off:
        - Turns the Droplet off like pulling the plug. One that is off is left alone. See V(shutdown).
      shutdown:
        - Asks the operating system to shut down, and waits up to O(shutdown_timeout) until the Droplet is off. One that
          is off is left alone.
        - For the API this is completed once the system was asked. A Droplet that stays on is a failure, or is powered
          off with O(power_off_after_timeout).
      reboot: Asks the operating system to restart. Sent each time. A Droplet that is off is refused.
      power_cycle:
        - Turns the Droplet off and on again, like pushing the reset button. Sent each time. One that is off is refused,
          except with O(by_tag).
      rename:
        - Gives the Droplet the name O(new_name). One that has this name is left alone.
        - If it is selected by its old name, another run finds it by its new name.
      resize:
        - Gives the Droplet the size O(size), and with O(disk) a larger disk too. One that has both is left alone.
        - Refused if the disk of the size is smaller than the Droplet's, or if the size is not offered in its region.
        - The API powers down a Droplet that is on for this, with O(disk) for about one minute for each GB on it, and
          may leave it off. The examples shut it down first, and power it on again.
      rebuild:
        - Overwrites the disk with O(image); what was on it is lost. Sent each time. Needs O(confirm).
        - To go back to a backup or a snapshot of its own, use M(lifeboat.digitalocean.droplet_restore).
      password_reset: Sends a new root password by mail. Sent each time. Needs O(confirm).
      enable_ipv6:
        - Gives the Droplet an IPv6 address, for good. One that has one is left alone. The API may require that it is
          off.
        - The operating system has to be configured for the address as well.
      enable_private_networking: Gives a Droplet from before 2020 a private network. One that has one is left alone.
      change_kernel: Gives a Droplet from before March 2017 another O(kernel). One that has it is left alone.
      snapshot:
        - Takes a snapshot named O(snapshot_name). A Droplet that has a snapshot of this name is left alone, however old
          that is.
        - For snapshots by age, with tags, or in more regions, use M(lifeboat.digitalocean.droplet_snapshot).
      restore: Refused. M(lifeboat.digitalocean.droplet_restore) does it safely.
      enable_backups: Refused. M(lifeboat.digitalocean.droplet_backups) does it safely.
      disable_backups: Refused. M(lifeboat.digitalocean.droplet_backups) does it safely.
      change_backup_policy: Refused. M(lifeboat.digitalocean.droplet_backups) does it safely.
  new_name:
    description:
      - Required for O(type=rename). Letters, digits, dots and hyphens, with a letter or a digit at the end.
    type: str
  size:
    description:
      - Required for O(type=resize). The slug of a size, as in V(s-2vcpu-4gb).
    type: str
  disk:
    description:
      - For O(type=resize). Also enlarge the disk to that of the size. It can never become smaller again, so this needs
        O(confirm).
      - With V(false) the disk stays as it is, and the Droplet can be resized later to any size whose disk is not
        smaller.
    type: bool
    default: false
  image:
    description:
      - Required for O(type=rebuild). The id of an image, or the slug of a public one.
    type: str
  kernel:
    description:
      - Required for O(type=change_kernel). The id of a kernel.
    type: int
  snapshot_name:
    description:
      - Required for O(type=snapshot). The name of the snapshot, by which it is found again.
    type: str
  shutdown_timeout:
    description:
      - For O(type=shutdown). How long a Droplet may take to shut down, in seconds. The default is 120.
      - It adds to the default of O(wait_timeout).
    type: int
  power_off_after_timeout:
    description:
      - For O(type=shutdown). Power off a Droplet that is still on after O(shutdown_timeout). Not with O(by_tag).
    type: bool
    default: false
  confirm:
    description:
      - The name of the selected Droplet, to confirm O(type=rebuild), O(type=password_reset), or O(type=resize) with
        O(disk).
      - Required for these, except in check mode, which only warns.
    type: str
  expected_count:
    description:
      - How many Droplets the selection matches, including those that need nothing. If it matches another number, the
        task is refused before anything is sent, in check mode too.
      - Required if it matches more than one.
    type: int
  by_tag:
    description:
      - For the types V(power_on), V(power_off), V(power_cycle), V(shutdown), V(snapshot) and V(enable_ipv6), with
        exactly one O(tag) and no O(exclude_tag). Sends one request for all Droplets that carry the tag, instead of one
        to each that needs it.
      - The API looks up the Droplets when it receives the request. They may differ from those that were counted and
        that check mode shows.
      - If no Droplet needs the action, nothing is sent. If one does, it is sent for all; the API decides what happens
        to those that need nothing. It may leave them out, carry it out on them as well, or refuse it for all because of
        one.
    type: bool
    default: false
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.droplets
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
seealso:
  - module: lifeboat.digitalocean.droplet_action_info
"""

EXAMPLES = r"""
- name: Shut a Droplet down, and power it off if it is still on after two minutes
  lifeboat.digitalocean.droplet_action:
    droplet_name: batch-01
    type: shutdown
    shutdown_timeout: 120
    power_off_after_timeout: true

- name: Shut a Droplet down to resize it, and always power it on again
  block:
    - name: Stop it
      lifeboat.digitalocean.droplet_action:
        droplet_id: 3164494
        type: shutdown
        power_off_after_timeout: true

    - name: Resize it, and keep the disk as it is
      lifeboat.digitalocean.droplet_action:
        droplet_id: 3164494
        type: resize
        size: s-2vcpu-4gb
  always:
    - name: Start it
      lifeboat.digitalocean.droplet_action:
        droplet_id: 3164494
        type: power_on

- name: Enlarge the disk, which cannot be undone
  lifeboat.digitalocean.droplet_action:
    droplet_id: 3164494
    type: resize
    size: s-2vcpu-4gb
    disk: true
    confirm: web-01

- name: Reboot all three web servers
  lifeboat.digitalocean.droplet_action:
    tag: role:web
    type: reboot
    expected_count: 3

- name: Take a snapshot of every web server before the upgrade, with one request
  lifeboat.digitalocean.droplet_action:
    tag: role:web
    type: snapshot
    snapshot_name: before-upgrade-7
    by_tag: true
    expected_count: 3

- name: Start a test machine from scratch
  lifeboat.digitalocean.droplet_action:
    droplet_name: scratch-01
    type: rebuild
    image: debian-13-x64
    confirm: scratch-01
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
    name:
      description: The Droplet's name, before it is renamed.
      type: str
      sample: web-01
    before:
      description:
        - What the action changes, as it was; RV(droplets[].after) has the same keys. Null for a Droplet that got the
          tag after the Droplets were read.
      type: dict
      sample:
        status: active
    after:
      description:
        - The same as it is now, or in check mode would be. Null if that is not known after a failure.
        - By type, C(status) for turning on and off; C(name); C(size), C(disk) in GiB and C(monthly_cost) in USD,
          V(unknown) if the token may not read it; C(ipv6); C(private_networking); C(kernel); C(snapshot), its name;
          C(image) and C(action) for V(rebuild); C(action) for what no state shows.
      type: dict
      sample:
        status: 'off'
    changed:  # shared
      description: Whether anything changed.
      type: bool
    actions:
      description: The actions that the task has sent to it, with C(id), C(type) and C(status).
      type: list
      elements: dict
      sample:
        - id: 36804636
          type: power_off
          status: completed
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
by_tag:
  description:
    - The one request that was sent for all, or in check mode would be. C(tag), C(type), C(members), the ids of the
      Droplets that carry the tag, and C(needing), the ids of those that need the action. If that is empty, nothing is
      sent.
  returned: with O(by_tag)
  type: dict
  sample:
    tag: role:web
    type: power_off
    members: [3164494, 3164495]
    needing: [3164495]
"""

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_action import DropletAction


def main() -> None:
    runner.run(DropletAction())


if __name__ == "__main__":
    main()
