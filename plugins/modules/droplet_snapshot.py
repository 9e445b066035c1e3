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
  - Sees to it that Droplets have a snapshot, of a certain name or no older than you say, in the regions and with the
    tags that you say; or that snapshots are deleted, by id, name or age.
  - A snapshot of a running Droplet is taken while it runs, and what it has in memory is not in it. Attached volumes are
    in no snapshot of a Droplet.
  - A snapshot costs 0.06 USD for each GiB and month for as long as it exists; copies in more regions cost nothing.
  - The last restore point that a Droplet has, counting backups, is not deleted unless O(last_restore_point) says so.
  - It needs a token with the scopes C(droplet:read), C(droplet:update), C(image:create) and C(image:read) to take
    snapshots; C(image:update) for O(regions); C(image:update), C(tag:create) and C(tag:read) for O(tags);
    C(image:delete) and C(snapshot:delete) to delete them; C(snapshot:read) for O(snapshot_id) and
    O(deleted_droplets), and used where it is there for many Droplets; C(tag:read) for O(tag) and O(exclude_tag).
    C(regions:read) is used where it is there, to check O(regions) before anything is sent.
options:
  state:
    description:
      - Whether there is to be a snapshot or not.
    type: str
    choices: [present, absent]
    default: present
  snapshot_id:
    description:
      - The ids of snapshots to delete. One that is not there is as it should be; a backup is refused.
      - Exactly one of O(droplet_id), O(droplet_name), O(tag), O(all), O(snapshot_id) and O(deleted_droplets) is
        required, the last two with O(state=absent) only. The snapshots are looked for in the list of all snapshots,
        which takes a request for each 200.
    type: list
    elements: int
  deleted_droplets:
    description:
      - Delete among the snapshots whose Droplet is gone. Only V(true) can be given.
    type: bool
    choices: [true]
  snapshot_name:
    description:
      - The name of the snapshot. C({droplet}) stands for the Droplet's name and C({date}) for the day in UTC, as in
        V({droplet}-{date}), which is one snapshot a day. In YAML, put quotes around it.
      - With O(state=present), a Droplet that has a snapshot of that name is as it should be, unless O(max_age_hours) is
        set. Where several have it, the newest counts.
      - With O(state=absent), all snapshots that bear the name are deleted, C({date}) and C({time}) being those of the
        snapshot.
    type: str
  max_age_hours:
    description:
      - A Droplet with a snapshot that is no older than this, in hours, is as it should be, whatever its name. For
        O(state=present). O(snapshot_name) is then only the name of a new one, in which C({time}) stands for the time in
        UTC, and C({droplet}-snapshot-{date}) if it is left out.
      - The safety snapshot of a restore (M(lifeboat.digitalocean.droplet_restore)) does not count, for it holds what
        was to be got rid of.
    type: float
  older_than_hours:
    description:
      - Delete snapshots that are older than this, in hours; with O(snapshot_name) only those of that name. For
        O(state=absent).
      - Where a Droplet has nothing else to restore from, its newest snapshot is kept, with a warning.
      - Safety snapshots of restores are kept as well, unless O(snapshot_name) is their name.
    type: float
  regions:
    description:
      - Regions where the snapshot is to be, besides the Droplet's own. It is copied to those that lack it, one after
        another. It is not deleted from others.
    type: list
    elements: str
    default: []
  tags:
    description: Tags to put on the snapshot. Others that it carries are left alone.
    type: list
    elements: str
    default: []
  last_restore_point:
    description:
      - That snapshots may be deleted although their Droplet, whether it exists or is gone, has no other snapshot and
        no backup left then. Otherwise that is refused before anything is sent.
    type: str
    choices: [may_be_lost]
  stop_first:
    description:
      - Shut the Droplet down before the snapshot is made, so that it is as clean as that of a server that is off, and
        power it on again after it, also if the snapshot fails. For O(state=present).
      - Only a Droplet that is on and lacks the snapshot is stopped. It carries the tag C(lifeboat:stopped) meanwhile. A
        run that was killed in between is completed by the next one, which powers it on.
      - It needs the scopes C(tag:read), C(tag:create) and C(tag:delete) as well.
    type: bool
    default: false
  shutdown_timeout:
    description:
      - Seconds that the Droplet has to shut down before it is powered off, with O(stop_first). V(0) powers it off at
        once. Left out, 120.
    type: int
  max_delete:
    description:
      - The most snapshots that one task may delete by name or age. More is refused before anything is sent. Those in
        O(snapshot_id) are not counted.
    type: int
    default: 10
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.droplets
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
"""

EXAMPLES = r"""
- name: Have a snapshot before the upgrade
  lifeboat.digitalocean.droplet_snapshot:
    droplet_name: web-01
    snapshot_name: before-upgrade

- name: Have a snapshot of each database that is at most 6 hours old, here and in Frankfurt
  lifeboat.digitalocean.droplet_snapshot:
    tag: role:db
    max_age_hours: 6
    snapshot_name: "nightly-{droplet}-{date}"
    regions: [fra1]
    tags: [nightly]
    wait_timeout: 7200

- name: Take a clean one of the database, which is down meanwhile
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

- name: Delete what is left of Droplets that were deleted, a year later
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
      O(report=all). With O(snapshot_id) and O(deleted_droplets) those that the snapshots are of.
  returned: once the Droplets have been read
  type: list
  elements: dict
  contains:
    id:
      description: The Droplet's id.
      type: int
      sample: 3164494
    name:
      description: The Droplet's name. Empty where it is gone.
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
        - With O(state=present) the name of the C(snapshot), null where there is none such; where they are set its
          C(regions), and which of the C(tags) it carries; and its C(monthly_cost) in USD, V(unknown) before it is
          taken. Then C(monthly_cost_at_most) says what it would cost if the disk were full.
        - With O(state=absent) the names of all C(snapshots) of the Droplet, newest first, and the C(monthly_cost) of
          all of them.
        - As they are now, or in check mode would be. Null where that is not known after a failure.
      type: dict
      sample:
        snapshot: before-upgrade
        monthly_cost: unknown
        monthly_cost_at_most: 1.5
    snapshots:
      description:
        - The snapshot that was asked for, or those that are deleted, with C(id), C(name), C(created_at),
          C(size_gigabytes), C(min_disk_size), C(regions), C(tags) (null where they were not read) and C(monthly_cost)
          in USD. The C(id) is null where the snapshot is still to be taken.
      type: list
      elements: dict
    changed:
      description: Whether anything changed.
      type: bool
    actions:
      description: The actions sent for this Droplet, with C(id), C(type) and C(status).
      type: list
      elements: dict
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
"""

from dataclasses import replace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import backups, droplets, images, regions
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Droplet
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.snapshots import Own, by_droplet
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.stopped import MARK
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._module import arguments, runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._plans import droplet_snapshot as plans

SELECTIONS = ("droplet_id", "droplet_name", "tag", "all")
WHOSE = (*SELECTIONS, "snapshot_id", "deleted_droplets")
ARGUMENTS = arguments.Arguments(
    {
        **arguments.DROPLETS.options,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "snapshot_id": {"type": "list", "elements": "int"},
        "deleted_droplets": {"type": "bool", "choices": [True]},
        "snapshot_name": {"type": "str"},
        "max_age_hours": {"type": "float"},
        "older_than_hours": {"type": "float"},
        "regions": {"type": "list", "elements": "str", "default": []},
        "tags": {"type": "list", "elements": "str", "default": []},
        "last_restore_point": {"type": "str", "choices": ["may_be_lost"]},
        "max_delete": {"type": "int", "default": 10},
        "stop_first": {"type": "bool", "default": False},
        "shutdown_timeout": {"type": "int"},
    },
    mutually_exclusive=(WHOSE,),
    required_one_of=(WHOSE,),
)


def request(params):
    selected = any(params[name] is not None for name in SELECTIONS)
    return plans.request(arguments.selection(params) if selected else None, params)


def observe(client, wanted):
    """The snapshots; then only what the plan turns out to need: their tags, regions, and the backups besides."""
    seen = plans.Seen(_of_selection(client, wanted) if wanted.selection else _of_account(client, wanted))
    seen = seen.telling(images.with_tags(client, plans.untold(wanted, seen, client.now())))
    if wanted.present and plans.copies_to(wanted, seen, client.now()):
        seen = replace(seen, regions=client.once(regions.known))
    return seen.counting(backups.backups_of(client, plans.uncounted(wanted, seen, client.now())))


def _of_selection(client, wanted):
    found = droplets.chosen(client, wanted.selection)
    if wanted.stop_first:
        droplets.prove_tags_are_shown(client, (MARK,), found)
    snapshots = backups.snapshots_of(client, found)
    return tuple(Own(droplet, snapshots=snapshots[droplet.id]) for droplet in found)


def _of_account(client, wanted):
    """Snapshots that are named by their id, or whose Droplet is gone, each with the others of its Droplet."""
    own = by_droplet(images.snapshots(client))
    if wanted.droplet is not None:
        return (Own(wanted.droplet, snapshots=own.get(wanted.droplet.id, ())),)
    if wanted.deleted:
        everyone = {droplet.id for droplet in droplets.find(client, Selection(everything=True))}
        own = {key: points for key, points in own.items() if key not in everyone}
        seen = plans.Seen(tuple(Own(Droplet(key, ""), snapshots=points) for key, points in own.items()))
        # A list that moves on while it is read may lack one that is there: only its own answer says that it is gone.
        asked = droplets.there(client, plans.doomed_droplets(wanted, seen, client.now()))
        return tuple(one for one in seen.own if one.droplet.id not in asked)
    listed = {point.id for points in own.values() for point in points}
    missing = [key for key in wanted.ids if key not in listed]
    plans.guard_kinds(client.map(lambda key: images.get(client, key), missing))
    own = {key: points for key, points in own.items() if any(point.id in wanted.ids for point in points)}
    there = droplets.there(client, own.keys() - {None})
    return tuple(Own(there.get(key, Droplet(key, "")), snapshots=points) for key, points in own.items())


def reread(client, changes):
    """The snapshots of the Droplets that were changed."""
    there = [change.target for change in changes if change.goal.selection]
    snapshots = backups.snapshots_of(client, there)
    stopped = [change.target.id for change in changes if change.goal.stop_first]
    as_it_is = droplets.there(client, stopped)
    own = [Own(as_it_is.get(droplet.id, droplet), snapshots=snapshots[droplet.id]) for droplet in there]
    if len(there) < len(changes):
        everything = by_droplet(images.snapshots(client))
        gone = [change.target for change in changes if not change.goal.selection]
        own += [Own(droplet, snapshots=everything.get(droplet.id, ())) for droplet in gone]
    seen = plans.Seen(tuple(own))
    return seen.telling(images.with_tags(client, plans.became(changes, seen)))


def main():
    runner.run(runner.Verb(ARGUMENTS, plans, request, observe, reread))


if __name__ == "__main__":
    main()
