#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: droplet_backups_info
short_description: Report how Droplets are backed up, and whether their newest backup is as new as it should be
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Reports for each Droplet whether backups are on, their policy and next window, its newest backup with its age, how
    many there are, what backups cost a month, and a status. For up to 200 Droplets, or with O(include=backups), it also
    reports all their backups, and for a whole account those of Droplets that are gone.
  - For the whole account it takes two requests for each 200 Droplets, one for each 200 GPU Droplets but at least one,
    and one for each 200 images. With more than 200 Droplets and without O(include=backups), it reads only as many pages
    of images as have the newest backups, if the API sorts images by age. A Droplet whose newest backup is missing or
    too old takes up to two requests more, to find the backup and when its policy was set.
  - It needs a token with the scopes C(droplet:read) and C(image:read), and C(tag:read) for O(tag) and O(exclude_tag).
    Without C(image:read) it warns, and reports neither ages nor any status that depends on them.
options:
  grace_hours:
    description:
      - How many hours a backup may be late, beyond the end of its window, before its Droplet counts as overdue.
    type: float
    default: 2
  include:
    description:
      - What to report. What is left out is not read.
      - V(newest) is the newest backup of each Droplet, and the number of its backups. If the task selects up to 200
        Droplets, V(newest) reports all their backups, as V(backups) does for any number. For many Droplets V(backups)
        takes several times as many requests as V(newest), and its result is several times as large.
      - The status needs V(policies), and also V(newest) or V(backups) if it depends on ages. V(cost) needs V(policies);
        what a usage-based plan costs needs V(newest) or V(backups) as well.
    type: list
    elements: str
    choices: [policies, newest, backups, cost, supported_policies]
    default: [policies, newest, cost]
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.reading
  - lifeboat.digitalocean.all_droplets
  - lifeboat.digitalocean.droplets
  - lifeboat.digitalocean.read_only
  - lifeboat.digitalocean.attributes
"""

EXAMPLES = r"""
- name: Report on the whole account
  lifeboat.digitalocean.droplet_backups_info:
    all: true
  register: fleet

- name: Fail if a Droplet has no backup that is as new as it should be
  ansible.builtin.assert:
    that: fleet.droplets | rejectattr('status', 'in', ['protected', 'pending']) | length == 0
    fail_msg: "{{ fleet.summary.status }}"

- name: List the backups of Droplets that are gone
  lifeboat.digitalocean.droplet_backups_info:
    all: true
    include: [policies, backups]
  register: fleet

- name: List them
  ansible.builtin.debug:
    msg: "{{ item.id }} of {{ item.droplet_name }}, {{ item.age_hours }} hours old"
  loop: "{{ fleet.orphaned_backups }}"
  loop_control:
    label: "{{ item.name }}"

- name: List the plans
  lifeboat.digitalocean.droplet_backups_info:
    all: true
    allow_empty: true
    include: [supported_policies]
"""

RETURN = r"""
droplets:
  description: The Droplets, by ascending id.
  returned: success
  type: list
  elements: dict
  contains:
    id:  # shared
      description: The Droplet's id.
      type: int
      sample: 3164494
    name:  # shared
      description: The Droplet's name.
      type: str
      sample: web-01
    volumes:
      description: The ids of attached volumes, which no backup covers. Null if the token may not read them.
      type: list
      elements: str
    enabled:
      description: Whether backups are on.
      returned: with O(include=policies)
      type: bool
    policy:
      description: The policy as the API shows it, hours in UTC. Null if backups are off or the API does not show it.
      returned: with O(include=policies)
      type: dict
      sample: {plan: daily, hour: 4, window_length_hours: 4, retention_period_days: 7}
    next_window:
      description: C(start) and C(end) of the next window. Null if there is none.
      returned: with O(include=policies)
      type: dict
    backups:
      description:
        - The backups, newest first, with C(id), C(name), C(created_at), C(age_hours) and C(size_gigabytes).
      returned: with O(include=backups), for up to 200 Droplets also with O(include=newest)
      type: list
      elements: dict
    newest:
      description: The newest backup with the same keys, or null if there is none.
      returned: with O(include=newest) or O(include=backups)
      type: dict
    backup_count:
      description: How many backups the Droplet has.
      returned: with O(include=newest) or O(include=backups)
      type: int
      sample: 7
    status:
      description:
        - V(protected), the newest backup is as new as the plan promises;
          V(pending), it is not, but the first window since the policy was set is not over yet;
          V(overdue), it is not, although it should be, or the interval of the plan is not known and there is no backup
          of the last 8 days;
          V(unprotected), backups are off;
          V(unknown_plan), the interval of the plan is not known, but there is a backup of the last 8 days, or the
          policy is younger than that.
        - Null if it depends on ages and those were not read.
      returned: with O(include=policies)
      type: str
      sample: protected
    monthly_cost:
      description:
        - What backups cost a month, in USD. A share of the Droplet's price, or for usage-based plans by the size of its
          backups.
        - V(unknown) if the price of the plan or of the Droplet is not known, or if sizes are needed and were not read.
      returned: with O(include=cost)
      type: raw
      sample: 7.2
summary:
  description:
    - C(matched) is the number of Droplets; C(status) how many Droplets have each status, and C(status_unknown) how many
      have none; C(oldest_newest) the Droplet whose newest backup is the oldest; C(monthly_cost) what all backups cost
      in USD, and C(monthly_cost_unknown) for how many Droplets the cost is not known.
    - If RV(orphaned_backups) is returned, C(orphaned_backups) is their number, or null if they are null.
  returned: success
  type: dict
orphaned_backups:
  description:
    - The backups that no Droplet owns, newest first. A backup outlives its Droplet by up to four weeks; see
      M(lifeboat.digitalocean.droplet_from_backup) and M(lifeboat.digitalocean.backup_to_snapshot) for what can be
      done with it.
    - Only the records of Droplets show which backups are theirs. So all of them have to be read, and only O(all)
      returns this key. The backups of Droplets that O(exclude_tag) leaves out are not orphaned.
    - A backup that is younger than O(lag_tolerance), or that may have been made while the lists were read, is not among
      them yet. Null, with a warning, if the token does not show which backups the Droplets have.
  returned: with O(all) and O(include=policies), and O(include=backups) or for up to 200 Droplets O(include=newest)
  type: list
  elements: dict
  contains:
    id:
      description: The id of the image.
      type: int
      sample: 67539192
    name:
      description: The name of the image.
      type: str
      sample: web-01- 2026-03-11
    droplet_name:
      description: The name of its Droplet, read from the beginning of the image's name. Null if that has another form.
      type: str
      sample: web-01
    created_at:
      description: When it was made.
      type: str
      sample: "2026-03-11T04:51:12Z"
    age_hours:
      description: Its age in hours.
      type: float
      sample: 4.6
    expires_by:
      description:
        - Four weeks after it was made, which is the retention of plan V(weekly). The API shows no expiry date, and for
          a Droplet that is gone neither its plan nor when it was deleted. A backup of plan V(daily) may expire after a
          week, so convert soon what you need. DigitalOcean may keep some until four weeks after the deletion.
        - Null for a backup that is older than that; nothing shows how long it stays.
      type: str
      sample: "2026-04-08T04:51:12Z"
    size_gigabytes:
      description: Its size in GiB.
      type: float
      sample: 2.3
    min_disk_size:  # shared
      description: The smallest disk that it fits on, in GiB.
      type: int
      sample: 25
    regions:  # shared
      description: The slugs of the regions that hold it.
      type: list
      elements: str
      sample: [nyc3]
supported_policies:
  description: The plans that can be chosen, with hours, weekdays, window and retention.
  returned: with O(include=supported_policies)
  type: list
  elements: dict
"""

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_backups_info import (
    DropletBackupsInfo,
)


def main() -> None:
    runner.run(DropletBackupsInfo())


if __name__ == "__main__":
    main()
