#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_policies
short_description: Keep the backups of a whole account as a list of rules says
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Write down once, by tag, name, region or id, how every Droplet of the account is to be backed up. The task keeps it
    so, and names the Droplets that no rule covers.
  - The rules are tried in their order, and the first that matches a Droplet decides. What it says is then done as
    M(lifeboat.digitalocean.droplet_backups) does it. Only what a rule sets is compared, the rest is kept as it is.
  - The account is read once, in pages of 200. All is planned before anything is sent, each Droplet is written to at
    most once, besides conversions, and all are waited for and verified together.
  - What is wrong with the rules themselves is refused before anything is read, as are a rule that disables the backups
    of every Droplet, and rules that can never match because an earlier one takes everything.
  - It needs a token with the scopes C(droplet:read) and C(droplet:update), C(tag:read) where a rule matches by tag,
    C(actions:read) for cheap waiting on many Droplets, and C(image:read) and C(image:update) where backups are
    converted.
options:
  policies:
    description: The rules, in the order in which they are tried.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: A name of its own for the rule, under which diff and result tell of it.
        type: str
        required: true
      match:
        description:
          - Which Droplets the rule is about. Of several keys each has to be true. Capitals do not count in tags; the
            rest is compared letter for letter.
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
            description: Droplets whose name fits one of these, with C(*), C(?) and C([a-z]) as in a shell.
            type: list
            elements: str
          regions:
            description: Droplets in one of these regions, by slug, as in V(nyc3).
            type: list
            elements: str
          droplet_ids:
            description: Droplets by id. An id that is not there, or no longer, is no error.
            type: list
            elements: int
          gpu:
            description: GPU Droplets, or with V(false) all but these.
            type: bool
          all:
            description: Every Droplet. Only V(true) can be given, and nothing beside it.
            type: bool
            choices: [true]
      state:
        description:
          - Whether the Droplets are backed up. V(enabled), if left out of a rule that is no exemption.
          - V(disabled) cannot be said of every Droplet, and needs O(max_disable).
        type: str
        choices: [enabled, disabled]
      plan:
        description:
          - How often, as in V(daily) or V(weekly). Checked against the plans that the API offers before anything is
            sent.
          - Where backups are turned on and this is left out, V(daily) is taken, as the API does.
        type: str
      weekday:
        description:
          - The day of the backup, V(SUN) to V(SAT), for plans that have one. Required where such a plan is new to a
            Droplet.
          - Several mean any of these. See O(policies[].hour).
        type: list
        elements: str
      hour:
        description:
          - The hour at which the window of 4 hours starts, in UTC, one of 0, 4, 8, 12, 16 and 20.
          - Several mean any of these. A Droplet already in an allowed window stays; the others of this rule are spread
            evenly over the allowed windows, the same way in each run.
          - Where backups are turned on and this is left out, each Droplet gets an hour derived from its id.
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
            choose.
        type: int
      existing_backups:
        description:
          - What may become of backups that already exist, when backups are turned off, or when the plan changes to one
            that keeps them for a shorter time than they are old. Such a change is refused as long as this is not set.
          - V(may_be_lost) makes the change all the same. V(convert_newest) first converts the newest of them to a
            snapshot, and V(convert_all) all of them, which then cost money for as long as they exist.
        type: str
        choices: [may_be_lost, convert_newest, convert_all]
      allow_unlisted_plan:
        description:
          - Send a O(policies[].plan) that the API does not list as supported, with a warning. Hours and weekdays are
            not checked against the plans that are known, either.
        type: bool
        default: false
      exempt:
        description:
          - Leave the Droplets as they are, on purpose. Nothing else can be set then, but O(policies[].reason) and
            O(policies[].expires).
        type: bool
        default: false
      reason:
        description: Why they are exempt. Required for an exemption, and told in the result.
        type: str
      expires:
        description:
          - The last day, as YYYY-MM-DD and in UTC, on which an exemption holds, by the clock of the API. From the next
            day on it matches nothing, its Droplets go by the rules after it, and a warning says so.
        type: str
  unmatched:
    description:
      - What to do where a Droplet matches no rule. The result names it in any case.
      - V(report) warns. V(fail) does all the rest, and fails then. V(ignore) does neither.
    type: str
    choices: [report, fail, ignore]
    default: report
  on_unknown_plan:
    description:
      - What to do with a Droplet on a plan that the API does not list as supported.
      - V(leave) leaves it alone, with a note, whatever its rule says, unless the rule names this very plan.
      - V(enforce) changes it as the rule says. A rule that names no plan, and does not disable, has none to put in its
        place, and leaves it alone.
    type: str
    choices: [leave, enforce]
    default: leave
  max_disable:
    description:
      - The most Droplets whose backups one task may turn off, over all rules. More is refused before anything is sent.
    type: int
    default: 0
  allow_empty:
    description: Accept an account without any Droplet. Otherwise that is an error.
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
      - Tells what has changed, or in check mode would change, one line for each Droplet, under the name of its rule.
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

- name: Say what it costs
  ansible.builtin.debug:
    msg: >-
      From {{ kept.monthly_cost.before }} to {{ kept.monthly_cost.after }} USD a month,
      {{ kept.exempt | length }} Droplets exempt

- name: Production has backups, and a Droplet that nobody thought of fails the task
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
    - What became of each rule, in their order. C(matched) is the sum of the counts after it; of an exemption's Droplets
      none is counted there.
  returned: once the account has been read and planned
  type: list
  elements: dict
  contains:
    name:
      description: The rule's name.
      type: str
      sample: databases
    matched:
      description: How many Droplets it decides about, those that an earlier rule matched left out.
      type: int
      sample: 12
    compliant:
      description: How many were as the rule wants them.
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
      description: For how many nothing was sent because the task ended before.
      type: int
      sample: 0
    left_alone:
      description: How many are not as the rule wants them, and were left so because of their plan.
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
      description: Whether that day is over, so that it matched nothing.
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
    - The Droplets that a rule leaves alone because of O(on_unknown_plan=leave), by ascending id, each with its rule.
  returned: once the account has been read and planned
  type: list
  elements: dict
  sample: [{id: 3164451, name: ledger, rule: databases}]
unknown_cost:
  description: The Droplets behind the number C(monthly_cost.unknown), by ascending id, each with its rule or null.
  returned: once the account has been read and planned
  type: list
  elements: dict
  sample: [{id: 3164451, name: ledger, rule: databases}]
monthly_cost:
  description:
    - What the backups of all Droplets cost, exempt and unmatched ones included, C(before) and C(after), in USD a month.
    - Costs that cannot be told are in neither; C(unknown) is the number of Droplets where that is so before or after.
  returned: once the account has been read and planned
  type: dict
  sample: {before: 64.8, after: 86.4, unknown: 1}
droplets:
  description:
    - The Droplets, by ascending id, as M(lifeboat.digitalocean.droplet_backups) tells of them, and their rule. Above
      200, only those that changed, failed or were not tried, unless O(report=all).
  returned: once the account has been read and planned
  type: list
  elements: dict
  contains:
    id:
      description: The Droplet's id.
      type: int
      sample: 3164494
    name:
      description: The Droplet's name.
      type: str
      sample: web-01
    rule:
      description: The name of the rule that decides about it, or null.
      type: str
      sample: databases
    before:
      description: The backups as they were; RV(droplets[].after) has the same keys.
      type: dict
      sample:
        state: disabled
        monthly_cost: 0.0
    after:
      description:
        - The backups as they are now, or in check mode would be. Null where that is not known after a failure.
        - C(monthly_cost) is in USD, a share of the Droplet's price (20 % weekly, 30 % daily), V(unknown) for other
          plans. Hours are UTC.
      type: dict
      sample:
        state: enabled
        plan: daily
        hour: 4
        monthly_cost: 7.2
    changed:
      description: Whether anything changed.
      type: bool
    actions:
      description: The actions sent for this Droplet, with C(id), C(type) and C(status).
      type: list
      elements: dict
    kept:
      description:
        - The restore points that were at risk and still exist, as backup or snapshot, newest first, with C(id),
          C(name), C(type) and C(created_at).
      returned: when backups were turned off or the retention was shortened
      type: list
      elements: dict
    gone:
      description: The restore points that were at risk and no longer exist.
      returned: when backups were turned off or the retention was shortened
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

from ansible_collections.lifeboat.digitalocean.plugins.module_utils import _python  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import backups, droplets
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._module import arguments, runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._plans import backup_policies as plans

MATCH = {
    "tags_any": {"type": "list", "elements": "str"},
    "tags_all": {"type": "list", "elements": "str"},
    "names": {"type": "list", "elements": "str"},
    "regions": {"type": "list", "elements": "str"},
    "droplet_ids": {"type": "list", "elements": "int"},
    "gpu": {"type": "bool"},
    "all": {"type": "bool", "choices": [True]},
}
RULE = arguments.BACKUPS + arguments.Arguments(
    {
        "name": {"type": "str", "required": True},
        "match": {"type": "dict", "required": True, "options": MATCH},
        "state": {"type": "str", "choices": ["enabled", "disabled"]},
        "exempt": {"type": "bool", "default": False},
        "reason": {"type": "str"},
        "expires": {"type": "str"},
    }
)
ARGUMENTS = arguments.Arguments(
    {
        "policies": {"type": "list", "elements": "dict", "required": True, "options": RULE.options},
        "unmatched": {"type": "str", "choices": ["report", "fail", "ignore"], "default": "report"},
        "on_unknown_plan": {"type": "str", "choices": ["leave", "enforce"], "default": "leave"},
        "max_disable": {"type": "int", "default": 0},
        "allow_empty": {"type": "bool", "default": False},
    }
)


def observe(client, wanted):
    """The whole account, or the one Droplet that is planned again; then only what the plan turns out to need."""
    found, states = backups.fleet(client, wanted.selection)
    droplets.prove_tags_are_shown(client, wanted.tags, found)
    seen = plans.observed(wanted, found, states, client.now())
    return backups.complete(client, seen, lambda seen: plans.needs(wanted, seen, client.now()))


def main():
    runner.run(runner.Verb(ARGUMENTS, plans, plans.request, observe, backups.reread, plans.tell))


if __name__ == "__main__":
    main()
