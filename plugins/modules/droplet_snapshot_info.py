#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_snapshot_info
short_description: Tell which snapshots of Droplets there are, how old they are and what they cost
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Tells the snapshots of the account, or those that fit all filters, with age, regions, size, tags and cost, also
    those whose Droplet is gone.
  - It takes one request for each 200 snapshots, one for each 200 Droplets and one for each 200 GPU Droplets, at least
    three.
  - It needs a token with the scopes C(snapshot:read) and C(droplet:read), and C(tag:read) for tags.
options:
  droplet_id:
    description:
      - The ids of Droplets. One that is gone may be among them as long as there is a snapshot of it; otherwise that is
        an error.
    type: list
    elements: int
  droplet_name:
    description: The names of Droplets that there are, letter for letter. A name that fits two Droplets is refused.
    type: list
    elements: str
  deleted_droplets:
    description: Only snapshots whose Droplet is gone. Only V(true) can be given.
    type: bool
    choices: [true]
  tag:
    description: Only snapshots that carry any of these tags themselves.
    type: list
    elements: str
  snapshot_name:
    description:
      - Only snapshots of this name, in which V(*) stands for any text, V(?) for one character and V([ab]) for one of
        these.
    type: str
  region:
    description: Only snapshots that are in any of these regions.
    type: list
    elements: str
  max_age_hours:
    description:
      - Only snapshots that are at most so old, without the safety snapshots of restores, which are no fresh state to go
        back to.
    type: float
  min_age_hours:
    description: Only snapshots that are at least so old.
    type: float
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.reading
  - lifeboat.digitalocean.attributes
attributes:
  check_mode:
    description: Changes nothing in any mode.
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: What do snapshots cost, and how many are left from Droplets that are gone?
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
      description: The id of the Droplet that it was made of. Null where the API does not tell it.
      type: int
      sample: 3164494
    droplet_name:
      description: The name of that Droplet, null where it is gone.
      type: str
      sample: web-01
    droplet_exists:
      description: Whether there is that Droplet.
      type: bool
    created_at:
      description: When it was made.
      type: str
      sample: "2026-03-11T04:12:00Z"
    age_hours:
      description: How long ago that was. Null where the API does not tell it.
      type: float
      sample: 5.3
    regions:
      description: Where it is.
      type: list
      elements: str
      sample: [nyc3]
    min_disk_size:
      description: The smallest disk that it fits on, in GiB.
      type: int
      sample: 25
    size_gigabytes:
      description: Its size in GiB.
      type: float
      sample: 2.34
    tags:
      description: Its tags. Null where the token may not read them.
      type: list
      elements: str
    monthly_cost:
      description: What it costs a month, in USD, V(unknown) where its size is not told.
      type: raw
      sample: 0.14
summary:
  description:
    - C(count) of the snapshots, C(size_gigabytes) of all and their C(monthly_cost) in USD, C(monthly_cost_unknown), how
      many are not in it, and C(of_deleted_droplets), how many have outlived their Droplet.
  returned: success
  type: dict
"""

from dataclasses import replace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import droplets, images
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import snapshots
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import (
    Selection,
    exactly_ids,
    exactly_names,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._module import arguments, runner

WHOSE = ("droplet_id", "droplet_name", "deleted_droplets")
ARGUMENTS = arguments.Arguments(
    {
        "droplet_id": {"type": "list", "elements": "int"},
        "droplet_name": {"type": "list", "elements": "str"},
        "deleted_droplets": {"type": "bool", "choices": [True]},
        "tag": {"type": "list", "elements": "str"},
        "snapshot_name": {"type": "str"},
        "region": {"type": "list", "elements": "str"},
        "max_age_hours": {"type": "float"},
        "min_age_hours": {"type": "float"},
    },
    mutually_exclusive=(WHOSE,),
)


def request(params):
    """The ids and names of Droplets that are asked for, and the Filter but for these."""
    for name in ("max_age_hours", "min_age_hours"):
        if params[name] is not None and params[name] < 0:
            raise InputError(f"{name} {params[name]:g} is below 0.")
    for name in ("droplet_id", "droplet_name", "tag", "region"):
        if params[name] == []:
            raise InputError(f"{name} is an empty list. Leave it out to see all snapshots.")
    return (
        params["droplet_id"],
        params["droplet_name"],
        snapshots.Filter(
            deleted_droplets=bool(params["deleted_droplets"]),
            tags=tuple(params["tag"] or ()),
            name=params["snapshot_name"],
            regions=tuple(params["region"] or ()),
            max_age_hours=params["max_age_hours"],
            min_age_hours=params["min_age_hours"],
        ),
    )


def read(client, wanted):
    """All snapshots first, so that a Droplet that is made meanwhile is not taken for gone."""
    ids, names, wanted = wanted
    points = images.snapshots(client)
    images.prove_tags_are_shown(client, wanted.tags, points)
    there = {droplet.id: droplet for droplet in droplets.find(client, Selection(everything=True))}
    if ids is not None:
        exactly_ids([key for key in ids if key not in {point.droplet_id for point in points}], there.values())
        wanted = replace(wanted, droplet_ids=frozenset(ids))
    if names is not None:
        found = exactly_names(names, there.values())
        wanted = replace(wanted, droplet_ids=frozenset(droplet.id for droplet in found))
    now = client.now()
    fit = [point for point in points if wanted.fits(point, there, now)]
    return {
        "snapshots": snapshots.report(fit, there, now),
        "summary": snapshots.summary(fit, there),
        "warnings": [],
    }


def main():
    runner.run(runner.Reader(ARGUMENTS, request, read))


if __name__ == "__main__":
    main()
