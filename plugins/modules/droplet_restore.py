#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_restore
short_description: Bring the disk of a Droplet back to one of its own backups or snapshots
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Overwrites the disk of one Droplet with one of its own restore points, in place; name, addresses and attached
    volumes stay. It uses the action C(restore). If the API accepts only backups for that, it uses C(rebuild) for a
    snapshot, which gives the server new SSH host keys; RV(new_ssh_host_keys) and a note say so.
  - O(incident) is the key. A Droplet is restored once for each incident, however often the task is run and whichever
    restore point is the newest by then. The decision is recorded as a tag of the Droplet before any action is sent, and
    the outcome as a second tag, so that the next run can finish what an interrupted one has begun.
  - First a snapshot of the current disk is taken, unless O(safety_snapshot=false). RV(undo) is the task that restores
    it.
  - If somebody else has begun to overwrite the disk, the task waits for that, then fails and names the action. A disk
    that was overwritten after the restore point was made is not overwritten again, unless that was the restore of a
    completed incident.
  - If a run was killed, wait O(lag_tolerance) seconds before you run the task again. Until then the API may not show
    what that run has begun, and the task would do it again.
  - It needs a token with the scopes C(droplet:read), C(droplet:update), C(droplet:admin), C(tag:read) and
    C(tag:create), and C(image:create) for O(safety_snapshot).
options:
  list:
    description:
      - Restore nothing, and list the restore points in RV(restore_points). Only V(true) is allowed; it replaces
        O(backup_id) and the other options that choose a restore point, and needs no O(incident).
    type: bool
    choices: [true]
  incident:
    description:
      - Required, except with O(list).
      - The key of the incident, as in V(inc-2026-031), 1 to 80 letters, digits, V(-) and V(_). Case is ignored.
      - The same key restores once. Another restore of the same Droplet needs another key, and so does another restore
        point. O(newest) keeps meaning the restore point that was the newest when it was chosen.
    type: str
  confirm:
    description:
      - The exact name of the Droplet, to confirm that its disk may be overwritten.
      - Required, except in check mode, which only warns, and with O(list).
    type: str
  safety_snapshot:
    description:
      - Take a snapshot of the disk before it is overwritten. If that fails, nothing is restored.
      - The snapshot does not expire and costs money for as long as it exists. To restore from it, every module needs
        its id in O(snapshot_id).
    type: bool
    default: true
  stop_first:
    description:
      - Power the Droplet off before the snapshot, so that nothing is written that is in neither image. It stays off
        until the restore has ended.
      - A Droplet that was on before is powered on again at the end.
    type: bool
    default: false
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.one_droplet
  - lifeboat.digitalocean.restore_point
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
notes:
  - O(newest) and O(before) need O(max_age_hours).
  - O(wait=false) is refused, because one step must have ended before the next.
  - The guide C(docs/restore.md), which is part of the collection, shows a restore step by step.
"""

EXAMPLES = r"""
- name: Restore the newest backup or snapshot of the database, if it is at most a day old
  lifeboat.digitalocean.droplet_restore:
    droplet_name: db-01
    newest: true
    max_age_hours: 24
    incident: inc-2026-031
    confirm: db-01
  register: restored

- name: Restore the state before the deployment, and let nothing be written meanwhile
  lifeboat.digitalocean.droplet_restore:
    droplet_name: db-01
    before: "2026-03-11T09:30:00Z"
    max_age_hours: 48
    incident: inc-2026-032
    confirm: db-01
    stop_first: true

- name: List the restore points
  lifeboat.digitalocean.droplet_restore:
    droplet_name: db-01
    list: true
  register: db

- name: Undo the first restore
  lifeboat.digitalocean.droplet_restore:
    droplet_id: 3164494
    snapshot_id: 7938206
    incident: inc-2026-031-undo
    confirm: db-01
"""

RETURN = r"""
incident:
  description: The key, in lower case. Null with O(list), as are all other keys about the restore.
  returned: once the Droplet has been read
  type: str
  sample: inc-2026-031
restore_point:
  description:
    - The backup or snapshot, with C(id), C(name), C(type), C(created_at), C(age_hours) and C(size_gigabytes). If it no
      longer exists, all but the id are null; if somebody has removed the tags of the incident, the id too.
  returned: once the Droplet has been read
  type: dict
  sample:
    id: 7938206
    name: db-01- 2026-03-10
    type: backup
    created_at: "2026-03-10T04:12:00Z"
    age_hours: 29.3
    size_gigabytes: 3.1
safety_snapshot:
  description:
    - The snapshot of the disk as it was before, with C(id) and C(name). The id is null if it is not taken yet. Null if
      there is none.
  returned: once the Droplet has been read
  type: dict
  sample:
    id: 7938301
    name: lifeboat-before-restore.inc-2026-031.db-01
duration_seconds:
  description:
    - From the beginning of the first action of the incident (power off, snapshot) to the end of the restore, by the
      times of the actions. Null if it has not ended, or is not known.
  returned: once the Droplet has been read
  type: int
  sample: 744
new_ssh_host_keys:
  description:
    - Whether the server has new SSH host keys because a snapshot was restored by C(rebuild). Null if that is not known,
      as in check mode for a snapshot.
  returned: once the Droplet has been read
  type: bool
  sample: false
undo:
  description:
    - A task that restores the safety snapshot, under another incident. Null without a safety snapshot.
  returned: once the Droplet has been read
  type: dict
  sample:
    name: Undo the restore of incident inc-2026-031
    lifeboat.digitalocean.droplet_restore:
      droplet_id: 3164494
      snapshot_id: 7938301
      incident: inc-2026-031-undo
      confirm: db-01
undo_command:
  description:
    - The same as one line for a shell that has the token in its environment. Null until there is a safety snapshot, and
      if the Droplet's name has characters that a shell treats specially.
  returned: once the Droplet has been read
  type: str
  sample: >-
    ansible localhost -m lifeboat.digitalocean.droplet_restore -a 'droplet_id=3164494 snapshot_id=7938301
    incident=inc-2026-031-undo confirm=db-01'
restore_points:
  description:
    - The Droplet's own backups and snapshots, newest first. C(safety_snapshot_of) is the incident that a safety
      snapshot was taken for, null for others.
  returned: once the Droplet has been read
  type: list
  elements: dict
  sample:
    - id: 7938206
      type: backup
      name: db-01- 2026-03-10
      created_at: "2026-03-10T04:12:00Z"
      age_hours: 29.3
      size_gigabytes: 3.1
      safety_snapshot_of: null
droplets:
  description: A list of the one Droplet.
  returned: once the Droplet has been read
  type: list
  elements: dict
  contains:
    id:  # shared
      description: The Droplet's id.
      type: int
      sample: 3164494
    name:
      description: The Droplet's name.
      type: str
      sample: db-01
    before:
      description: The disk as it was, C(state), and C(written_after); what was written since that time is lost.
      type: dict
      sample: {state: as it is, written_after: "2026-03-10T04:12:00Z"}
    after:
      description:
        - What is done, or in check mode would be. C(expected_minutes) counts 3 minutes for each GiB of the image and
          the safety snapshot, C(monthly_cost) is what the safety snapshot costs in USD, C(volumes) are the attached
          volumes, which stay as they are, null if the token may not read them. Only C(state) and C(image) if it was
          restored before.
        - Null if it is not known after a failure.
      type: dict
      sample:
        state: restored
        type: backup
        image: 7938206
        name: db-01- 2026-03-10
        created_at: "2026-03-10T04:12:00Z"
        expected_minutes: 19
        safety_snapshot: lifeboat-before-restore.inc-2026-031.db-01
        safety_snapshot_gigabytes: 3.1
        monthly_cost: 0.19
        volumes: []
    changed:  # shared
      description: Whether anything changed.
      type: bool
    actions:  # shared
      description: The actions sent for this Droplet, with C(id), C(type) and C(status).
      type: list
      elements: dict
    notes:
      description: Sentences with anything else to know, such as how many hours of data are lost.
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
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore.verb import DropletRestore


def main() -> None:
    runner.run(DropletRestore())


if __name__ == "__main__":
    main()
