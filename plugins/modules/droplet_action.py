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
  - Sends one of the API's actions to the Droplets that need it, waits for all of them together, and verifies what the
    state can show.
  - Where the state shows it, a Droplet that is as it should be is left alone; the description of each O(type) says so.
    Where it cannot, the action is sent each time, and the result is C(changed).
  - More than one Droplet needs O(expected_count). What cannot be undone takes one Droplet and O(confirm).
  - It needs a token with the scopes C(droplet:read) and C(droplet:update), C(tag:read) for O(tag) and O(exclude_tag),
    and C(actions:read) for cheap waiting on many Droplets. Besides, O(type=resize) needs C(droplet:create),
    C(sizes:read) and C(regions:read); O(type=rebuild) needs C(droplet:admin) and C(image:read);
    O(type=password_reset) needs C(droplet:admin); O(type=snapshot) needs C(image:create).
options:
  type:
    description:
      - The action, by the API's own name.
    type: str
    required: true
    choices:
      power_on: Turns it on. One that is on, or coming up, is left alone.
      power_off:
        - Turns it off like pulling the plug. One that is off is left alone. See V(shutdown).
      shutdown:
        - Asks the system on it to shut down, and waits for O(shutdown_timeout) until it is off. One that is off is left
          alone.
        - The API calls this done once the system was asked. A Droplet that stays on fails, or is powered off with
          O(power_off_after_timeout).
      reboot: Asks the system on it to restart. Sent each time. One that is off is refused.
      power_cycle: Turns it off and on again, like pushing the reset button. Sent each time. One that is off is refused.
      rename:
        - Gives it the name O(new_name). One that has this name is left alone.
        - Selected by its old name, it is found again by a rerun as the one of the new name that was renamed.
      resize:
        - Makes it a O(size), with a larger disk too if O(disk). One that has both is left alone.
        - Refused where its disk would have to become smaller, or its region lacks the size.
        - The API may refuse to resize a Droplet that is on; shut it down first, see the examples.
      rebuild:
        - Writes an O(image) on its disk, which loses what was there. Sent each time. Needs O(confirm).
        - To go back to a backup or a snapshot of its own, use M(lifeboat.digitalocean.droplet_restore).
      password_reset: Mails a new root password. Sent each time. Needs O(confirm).
      enable_ipv6: Gives it an IPv6 address, for good. One that has one is left alone.
      enable_private_networking: Gives a Droplet of before 2020 a private network. One that has one is left alone.
      change_kernel: Gives a Droplet of before March 2017 a O(kernel). One that has it is left alone.
      snapshot:
        - Takes a snapshot called O(snapshot_name). One that has a snapshot of this name is left alone, however old it
          is.
        - For snapshots by age, with tags, or in more regions, use M(lifeboat.digitalocean.droplet_snapshot).
      restore: Refused. M(lifeboat.digitalocean.droplet_restore) does it safely.
      enable_backups: Refused. M(lifeboat.digitalocean.droplet_backups) does it safely.
      disable_backups: Refused. M(lifeboat.digitalocean.droplet_backups) does it safely.
      change_backup_policy: Refused. M(lifeboat.digitalocean.droplet_backups) does it safely.
  new_name:
    description:
      - For O(type=rename), which needs it. Letters, digits, dots and hyphens.
    type: str
  size:
    description:
      - For O(type=resize), which needs it. The slug of a size, as in V(s-2vcpu-4gb).
    type: str
  disk:
    description:
      - For O(type=resize). Enlarge the disk too, to that of the size. It can never become smaller again, so this needs
        O(confirm).
      - With V(false) the disk stays as it is, and the Droplet can go back to a size with a disk as large as its own.
    type: bool
    default: false
  image:
    description:
      - For O(type=rebuild), which needs it. The id of an image, or the slug of a public one.
    type: str
  kernel:
    description:
      - For O(type=change_kernel), which needs it. The id of a kernel.
    type: int
  snapshot_name:
    description:
      - For O(type=snapshot), which needs it. What tells the snapshot from the Droplet's others.
    type: str
  shutdown_timeout:
    description:
      - For O(type=shutdown). How long a Droplet may take to be off after it was asked, in seconds. 120 if left out.
      - It adds to the default of O(wait_timeout).
    type: int
  power_off_after_timeout:
    description:
      - For O(type=shutdown). Power off what is still on after O(shutdown_timeout). Not with O(by_tag).
    type: bool
    default: false
  confirm:
    description:
      - For O(type=rebuild), for O(type=password_reset), and for O(type=resize) with O(disk), which all need it. The
        name of the Droplet that is selected, once more.
      - Check mode warns where it is missing, instead of failing.
    type: str
  expected_count:
    description:
      - For every O(type). How many Droplets the selection matches, those that need nothing included. Any other number
        is refused before anything is sent, in check mode too.
      - Required where it matches more than one.
    type: int
  by_tag:
    description:
      - For the types V(power_on), V(power_off), V(power_cycle), V(shutdown), V(snapshot) and V(enable_ipv6), with
        exactly one O(tag) and no O(exclude_tag). Sends one request for all Droplets that carry the tag, instead of one
        to each that needs it.
      - The server picks the members at that moment. They may be others than those that were counted and that check mode
        shows.
      - If no member needs it, nothing is sent. If one does, all get it; what becomes of those that need nothing is the
        API's decision. It may leave them out, send it to them as well, or refuse it for all because of one.
    type: bool
    default: false
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.some_droplets
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
seealso:
  - module: lifeboat.digitalocean.droplet_action_info
"""

EXAMPLES = r"""
- name: Shut a Droplet down, and pull the plug if it is still on after two minutes
  lifeboat.digitalocean.droplet_action:
    droplet_name: batch-01
    type: shutdown
    shutdown_timeout: 120
    power_off_after_timeout: true

- name: Resize a Droplet that has to be off for it, and turn it on again whatever happens
  block:
    - name: Stop it
      lifeboat.digitalocean.droplet_action:
        droplet_id: 3164494
        type: shutdown
        power_off_after_timeout: true

    - name: Give it more memory, and leave the disk as it is
      lifeboat.digitalocean.droplet_action:
        droplet_id: 3164494
        type: resize
        size: s-2vcpu-4gb
  always:
    - name: Start it
      lifeboat.digitalocean.droplet_action:
        droplet_id: 3164494
        type: power_on

- name: Enlarge the disk for good
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
droplets:
  description:
    - The Droplets, by ascending id. Above 200, only those that changed, failed or were not tried, unless
      O(report=all).
  returned: once the Droplets have been read
  type: list
  elements: dict
  contains:
    id:
      description: The Droplet's id.
      type: int
      sample: 3164494
    name:
      description: The Droplet's name, before it is renamed.
      type: str
      sample: web-01
    before:
      description:
        - What the action is about, as it was; RV(droplets[].after) has the same keys. Null for a Droplet that got the
          tag after the Droplets were read.
      type: dict
      sample:
        status: active
    after:
      description:
        - The same as it is now, or in check mode would be. Null where that is not known after a failure.
        - C(status) of the power types; C(name); C(size), C(disk) in GiB and C(monthly_cost) in USD, V(unknown) where
          the token may not see it; C(ipv6); C(private_networking); C(kernel); C(snapshot), its name; C(image) and
          C(action) of V(rebuild); C(action) of what no state shows.
      type: dict
      sample:
        status: 'off'
    changed:
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
    notes:
      description: What else there is to know, in sentences.
      returned: when there is something
      type: list
      elements: str
    error:
      description: Why it failed.
      returned: on failure
      type: str
    not_tried:
      description: True where nothing was sent because the task ended before.
      returned: when it was not tried
      type: bool
by_tag:
  description:
    - The order that was sent for all, or in check mode would be. C(tag), C(type), C(members), the ids of the Droplets
      that carry the tag, and C(needing), the ids of those that need the action. Nothing is sent where nobody does.
  returned: with O(by_tag)
  type: dict
  sample:
    tag: role:web
    type: power_off
    members: [3164494, 3164495]
    needing: [3164495]
"""

from dataclasses import replace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import backups, droplets, images, sizes
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._module import arguments, runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._plans import droplet_action as plans

ARGUMENTS = arguments.SOME_DROPLETS + arguments.Arguments(
    {
        "type": {
            "type": "str",
            "required": True,
            "choices": [
                *("power_on", "power_off", "shutdown", "reboot", "power_cycle", "rename", "resize", "rebuild"),
                *("password_reset", "enable_ipv6", "enable_private_networking", "change_kernel", "snapshot"),
                *plans.SAFER,
            ],
        },
        "new_name": {"type": "str"},
        "size": {"type": "str"},
        "disk": {"type": "bool", "default": False},
        "image": {"type": "str"},
        "kernel": {"type": "int"},
        "snapshot_name": {"type": "str"},
        "shutdown_timeout": {"type": "int"},
        "power_off_after_timeout": {"type": "bool", "default": False},
        "confirm": {"type": "str"},
        "expected_count": {"type": "int"},
        "by_tag": {"type": "bool", "default": False},
    }
)


def request(params):
    return plans.request(arguments.selection(params), params)


def observe(client, wanted):
    found = tuple(chosen(client, wanted))
    return plans.Observed(
        found,
        snapshots=backups.snapshots_of(client, found) if wanted.type == "snapshot" else {},
        sizes=client.once(sizes.sizes) if plans.needs_sizes(wanted, found) else {},
        image=images.get(client, wanted.image) if wanted.type == "rebuild" else None,
    )


def chosen(client, wanted):
    """The Droplets that are meant; one that was to be renamed may bear its new name by now."""
    selection = wanted.selection
    if wanted.type == "rename" and selection.names and len(selection.names) == 1:
        found = droplets.chosen(client, replace(selection, allow_empty=True)) or [
            droplets.renamed_to(client, wanted.new_name)
        ]
        if found != [None]:
            return found
    return droplets.chosen(client, selection)


def reread(client, changes):
    names = {change.target.id: change.goal["name"] for change in changes if "name" in change.goal}
    found = droplets.read_again(client, [change.target for change in changes], names)
    taken = any("snapshot" in change.goal for change in changes)
    return plans.Observed(found, snapshots=backups.snapshots_of(client, found) if taken else {})


def main():
    runner.run(runner.Verb(ARGUMENTS, plans, request, observe, reread, plans.tell))


if __name__ == "__main__":
    main()
