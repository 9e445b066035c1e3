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
    error:
      description: Why it failed.
      returned: on failure
      type: str
    not_tried:
      description: Always V(true). Nothing was sent for it because the task ended first.
      returned: when it was not tried
      type: bool
"""

from dataclasses import replace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import (
    actions,
    backups,
    droplets,
    gone,
    images,
    sizes,
    tags,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import provenance
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import arguments, runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_from_backup as plans

POLICY = {
    "plan": {"type": "str"},
    "weekday": {"type": "str"},
    "hour": {"type": "int"},
    "window_length_hours": {"type": "int"},
    "retention_period_days": {"type": "int"},
}
ARGUMENTS = arguments.RESTORE_POINT + arguments.Arguments(
    {
        "name": {"type": "str", "required": True},
        "source_droplet_id": {"type": "int"},
        "source_droplet_name": {"type": "str"},
        "size": {"type": "str"},
        "region": {"type": "str"},
        "vpc_uuid": {"type": "str"},
        "ssh_keys": {"type": "list", "elements": "str", "no_log": False},
        "tags": {"type": "list", "elements": "str"},
        "user_data": {"type": "str", "no_log": True},
        "monitoring": {"type": "bool"},
        "ipv6": {"type": "bool"},
        "backups": {"type": "bool"},
        "backup_policy": {"type": "dict", "options": POLICY},
        "allow_unlisted_plan": {"type": "bool", "default": False},
    },
    mutually_exclusive=(("source_droplet_id", "source_droplet_name"),),
)


def observe(client, wanted):
    """The Droplets of that name; only if it has to be made, what it can be made from, and the sizes."""
    named = droplets.list_by_name(client, *wanted.names)
    seen = plans.Observed(named=named, lag=client.lag_tolerance)
    there = plans.there(wanted, named)
    if there is None:
        made, unseen = droplets.made_lately(client, {droplet.id for droplet in named})
        seen = replace(seen, named=(*named, *made), unseen=unseen)
        there = plans.there(wanted, seen.named)
    known = wanted.planned and wanted.planned.target.id
    if there is None and known is not None:
        # It was found before, by another way than the lists.
        there = droplets.get_if_there(client, known)
        seen = _with(seen, there)
    if there is not None:
        return _as_it_is(client, seen, there)
    if wanted.planned is not None:
        return seen
    supported = backups.supported_policies(client) if wanted.backups else ()
    seen = _origin(client, wanted, replace(seen, sizes=sizes.sizes_if_allowed(client), supported=supported))
    there = _last_made(client, wanted, seen)
    return _as_it_is(client, _with(seen, there), there) if there else seen


def _last_made(client, wanted, seen):
    """The Droplet of the name wanted, if it is the last that was made from the image; else None.

    An earlier run may have made it just now, and neither list nor log may show it yet. Raises ScopeError if the token
    may not read tags, by which it is known.
    """
    key = tags.last_droplet(client, provenance.tag_of(plans.chosen(wanted, seen, client.now()).id))
    last = None if key is None else droplets.get_if_there(client, key)
    return last if last and last.name == wanted.name else None


def _with(seen, droplet):
    return replace(seen, named=(*seen.named, *filter(None, [droplet])))


def _as_it_is(client, seen, there):
    droplets.prove_tags_are_shown(client, [provenance.FROM], [there])
    image = next(iter(provenance.Origin.of(there).images), None)
    return replace(
        seen,
        state=backups.states(client, [there]).get(there.id),
        history=tuple(actions.of_droplet_if_there(client, there.id)) if there.status == "new" else (),
        image=image and images.get(client, image),
    )


def _origin(client, wanted, seen):
    source_id = plans.source_id(wanted, seen.named)
    if wanted.wanted.id is not None:
        image = images.get(client, wanted.wanted.id)
        if image and plans.lacks_source(wanted, image):
            return replace(seen, image=image, source=droplets.owner_of_image(client, image.id))
        return replace(seen, image=image)
    source = None if source_id is None else droplets.get_if_there(client, source_id)
    if source is None:
        left = plans.left_of_source(wanted, seen.named, gone.account(client))
        return replace(seen, source=left.droplet, points=left.points, left=left)
    own = (*backups.backups_of(client, [source])[source_id], *backups.snapshots_of(client, [source])[source_id])
    return replace(seen, source=source, points=own)


def reread(client, changes):
    (change,) = changes
    target, goal = change.target, change.goal
    named = droplets.list_by_name(client, target.name)
    state = backups.states(client, [target]).get(target.id) if goal and goal.policy else None
    return plans.Observed(named=named, state=state)


def main():
    runner.run(runner.Verb(ARGUMENTS, plans, plans.request, observe, reread))


if __name__ == "__main__":
    main()
