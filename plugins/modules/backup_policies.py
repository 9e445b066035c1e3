#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_policies
short_description: Manage the backups of a whole account by an ordered list of rules
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Rules say, by tag, name, region or id, how each Droplet of the account is to be backed up. The task applies them,
    and names the Droplets that no rule covers.
  - The rules are tried in order, and the first one that matches a Droplet decides. It is then applied as
    M(lifeboat.digitalocean.droplet_backups) would apply it. Only what a rule sets is compared and changed.
  - The account is read once, in pages of 200. Everything is planned before anything is sent. Each Droplet is written to
    at most once, apart from conversions, and all are waited for and verified together.
  - Mistakes in the rules themselves are refused before anything is read. So are a rule that disables the backups of
    every Droplet, and rules that can never match because an earlier one takes every Droplet.
  - It needs a token with the scopes C(droplet:read) and C(droplet:update), C(tag:read) if a rule matches by tag,
    C(actions:read) to wait for many Droplets with few requests, and C(image:read) and C(image:update) if backups are
    converted.
options:
  policies:
    description: The rules, in the order in which they are tried.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Unique name of the rule, used in the diff and the result.
        type: str
        required: true
      match:
        description:
          - Which Droplets the rule is about. If several keys are set, all of them must match. Case is ignored in tags,
            and in nothing else.
        type: dict
        required: true
        suboptions:
          tags_any:
            description: Droplets that carry at least one of these tags.
            type: list
            elements: str
          tags_all:
            description: Droplets that carry all of these tags.
            type: list
            elements: str
          names:
            description: Droplets whose name matches one of these patterns, with C(*), C(?) and C([a-z]) as in a shell.
            type: list
            elements: str
          regions:
            description: Droplets in one of these regions, by slug, as in V(nyc3).
            type: list
            elements: str
          droplet_ids:
            description: Droplets by id. An id that no Droplet has is not an error; see O(policies[].exempt).
            type: list
            elements: int
          gpu:
            description: GPU Droplets, or with V(false) all others.
            type: bool
          all:
            description: Every Droplet. Only V(true) is allowed, without any other key.
            type: bool
            choices: [true]
      state:
        description:
          - Whether the Droplets are backed up. If left out of a rule that is not an exemption, V(enabled).
          - V(disabled) is refused in a rule that matches every Droplet, and needs O(max_disable).
        type: str
        choices: [enabled, disabled]
      plan:
        description:
          - How often, as in V(daily) or V(weekly). Checked against the plans that the API offers before anything is
            sent.
          - If backups are turned on and this is left out, V(daily) is used, which is the API's own default.
        type: str
      weekday:
        description:
          - The day of the backup, V(SUN) to V(SAT), for plans that have one. Required if a Droplet gets such a plan and
            has no weekday yet.
          - A list means any of these days. See O(policies[].hour).
        type: list
        elements: str
      hour:
        description:
          - The hour at which the window of 4 hours starts, in UTC, one of 0, 4, 8, 12, 16 and 20.
          - A list means any of these hours. A Droplet already in an allowed window stays; the others of this rule are
            spread evenly over the allowed windows, the same way in each run.
          - If backups are turned on and this is left out, each Droplet gets an hour derived from its id.
        type: list
        elements: int
      window_length_hours:
        description:
          - The length of the window in hours. The API sets it by the plan; only set this for a plan that lets you
            choose.
        type: int
      retention_period_days:
        description:
          - How long backups are kept, in days. The API sets it by the plan; only set this for a plan that lets you
            choose. A usage-based plan that the API does not list needs it.
        type: int
      existing_backups:
        description:
          - What may become of existing backups if backups are turned off, or if the new plan or retention keeps them
            for a shorter time than they are old. Such a change is refused unless this is set.
          - V(may_be_lost) accepts the loss. V(convert_newest) first converts the newest of them to a snapshot, and
            V(convert_all) all of them. Snapshots cost money for as long as they exist.
        type: str
        choices: [may_be_lost, convert_newest, convert_all]
      allow_unlisted_plan:
        description:
          - Send a O(policies[].plan) that the API does not list as supported, with a warning. Its hours and weekdays
            are not checked against those of other plans.
        type: bool
        default: false
      exempt:
        description:
          - Leave the Droplets as they are, on purpose. Then only O(policies[].name), O(policies[].match),
            O(policies[].reason) and O(policies[].expires) can be set.
          - A warning names an exemption that matches no Droplet, and any name, id or tag in its O(policies[].match)
            that matches none, since that may be a typing error.
        type: bool
        default: false
      reason:
        description: Why they are exempt. Required for an exemption, and shown in the result.
        type: str
      expires:
        description:
          - The last day on which an exemption holds, as YYYY-MM-DD, in UTC and by the clock of the API. From the next
            day on it matches nothing, the rules after it decide about its Droplets, and a warning says so.
        type: str
  unmatched:
    description:
      - What to do if a Droplet matches no rule. The result names it in any case.
      - V(report) warns. V(fail) does everything else first, then fails. V(ignore) does neither.
    type: str
    choices: [report, fail, ignore]
    default: report
  on_unknown_plan:
    description:
      - What to do with a Droplet on a plan that the API does not list as supported.
      - V(leave) skips it, with a note, unless its rule names that plan.
      - V(enforce) changes it as the rule says. A rule that neither names a plan nor disables backups has no plan to
        replace it with, and skips the Droplet too.
    type: str
    choices: [leave, enforce]
    default: leave
  max_disable:
    description:
      - How many Droplets' backups one task may turn off, over all rules. If there are more, the task is refused before
        anything is sent.
    type: int
    default: 0
  allow_empty:
    description: Accept an account without Droplets. Otherwise that is an error.
    type: bool
    default: false
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.waiting
  - lifeboat.digitalocean.result
  - lifeboat.digitalocean.attributes
attributes:
  diff_mode:
    description:
      - Shows what has changed, or in check mode would change, one line for each Droplet, under the name of its rule.
seealso:
  - module: lifeboat.digitalocean.droplet_backups
  - module: lifeboat.digitalocean.droplet_backups_info
"""

EXAMPLES = r"""
- name: Keep the backups of the account
  lifeboat.digitalocean.backup_policies:
    policies:
      - name: migration
        match:
          names: ["shop-old-*"]
        exempt: true
        reason: Moves to the new cluster, which is backed up. Ask the shop team.
        expires: "2027-03-31"
      - name: databases
        match:
          tags_any: [role:db]
        plan: daily
        hour: [0, 4] # spread over both
      - name: build machines
        match:
          tags_all: [env:staging, role:ci]
        state: disabled
        existing_backups: may_be_lost
      - name: everything else
        match:
          all: true
        plan: weekly
        weekday: [SAT, SUN]
        hour: [0, 4, 20]
    max_disable: 5
  register: kept

- name: Show what it costs
  ansible.builtin.debug:
    msg: >-
      From {{ kept.monthly_cost.before }} to {{ kept.monthly_cost.after }} USD a month,
      {{ kept.exempt | length }} Droplets exempt

- name: Back up production, and fail if a Droplet matches no rule
  lifeboat.digitalocean.backup_policies:
    policies:
      - name: production
        match:
          tags_any: [env:prod]
        plan: daily
      - name: not production
        match:
          tags_any: [env:staging, env:dev]
        exempt: true
        reason: Can be built again within an hour.
    unmatched: fail
"""

RETURN = r"""
rules:
  description:
    - The outcome for each rule, in their order. C(matched) is the sum of the counts that follow it, except for an
      exemption, whose other counts are 0.
  returned: once the account has been read and planned
  type: list
  elements: dict
  contains:
    name:
      description: The rule's name.
      type: str
      sample: databases
    matched:
      description: How many Droplets it decides about. Those that an earlier rule matched are not among them.
      type: int
      sample: 12
    compliant:
      description: How many already were as the rule requires.
      type: int
      sample: 9
    changed:
      description: How many were changed, or in check mode would be.
      type: int
      sample: 3
    failed:
      description: How many failed.
      type: int
      sample: 0
    not_tried:
      description: For how many nothing was sent because the task ended first.
      type: int
      sample: 0
    left_alone:
      description: How many differ from the rule and were skipped because of their plan.
      type: int
      sample: 0
    monthly_cost:
      description: What the backups of its Droplets cost; see RV(monthly_cost).
      type: dict
      sample: {before: 64.8, after: 86.4, unknown: 0}
    reason:
      description: Why its Droplets are exempt.
      returned: for an exemption
      type: str
    expires:
      description: The last day on which it holds, or null.
      returned: for an exemption
      type: str
      sample: "2027-03-31"
    expired:
      description: Whether that day has passed, so that it matched nothing.
      returned: for an exemption
      type: bool
unmatched:
  description: The Droplets that no rule matches, by ascending id.
  returned: once the account has been read and planned
  type: list
  elements: dict
  sample: [{id: 3164494, name: web-01}]
exempt:
  description: The exempt Droplets, by ascending id, each with its rule and the reason.
  returned: once the account has been read and planned
  type: list
  elements: dict
  sample: [{id: 3164450, name: shop-old-1, rule: migration, reason: Moves to the new cluster.}]
left_alone:
  description:
    - The Droplets that a rule leaves alone because of their plan, by ascending id, each with its rule. See
      O(on_unknown_plan).
  returned: once the account has been read and planned
  type: list
  elements: dict
  sample: [{id: 3164451, name: ledger, rule: databases}]
unknown_cost:
  description: The Droplets that C(monthly_cost.unknown) counts, by ascending id, each with its rule or null.
  returned: once the account has been read and planned
  type: list
  elements: dict
  sample: [{id: 3164451, name: ledger, rule: databases}]
monthly_cost:
  description:
    - What the backups of all Droplets cost, exempt and unmatched ones included, C(before) and C(after), in USD a month.
    - Unknown costs are in neither sum. C(unknown) is the number of Droplets whose cost is unknown before or after.
  returned: once the account has been read and planned
  type: dict
  sample: {before: 64.8, after: 86.4, unknown: 1}
droplets:
  description:
    - The Droplets, by ascending id, as M(lifeboat.digitalocean.droplet_backups) returns them, and their rule. Above
      200, only those that changed, failed or were not tried, unless O(report=all).
  returned: once the account has been read and planned
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
    rule:
      description: The name of the rule that decides about it, or null.
      type: str
      sample: databases
    before:  # shared
      description: The backups as they were; RV(droplets[].after) has the same keys.
      type: dict
      sample:
        state: disabled
        monthly_cost: 0.0
    after:  # shared
      description:
        - The backups as they are now, or in check mode would be. Null if that is not known after a failure.
        - C(monthly_cost) is in USD, a share of the Droplet's price (20 % weekly, 30 % daily). It is V(unknown) for
          other plans, for another retention than these have, and if the API does not show the Droplet's price. Hours
          are UTC.
      type: dict
      sample:
        state: enabled
        plan: daily
        hour: 4
        monthly_cost: 7.2
    changed:  # shared
      description: Whether anything changed.
      type: bool
    actions:  # shared
      description: The actions sent for this Droplet, with C(id), C(type) and C(status).
      type: list
      elements: dict
    kept:  # shared
      description:
        - The restore points that were at risk and still exist, as backup or snapshot, newest first, with C(id),
          C(name), C(type) and C(created_at).
      returned: after a change that put existing backups at risk
      type: list
      elements: dict
    gone:  # shared
      description: The restore points that were at risk and no longer exist.
      returned: after a change that put existing backups at risk
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
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.backup_policies.verb import BackupPolicies


def main() -> None:
    runner.run(BackupPolicies())


if __name__ == "__main__":
    main()
