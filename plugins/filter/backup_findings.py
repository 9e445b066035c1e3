# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_findings
short_description: Find the Droplets that are not backed up as the rules of an account require
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Combines what M(lifeboat.digitalocean.backup_policies) would change with what
    M(lifeboat.digitalocean.droplet_backups_info) reports about existing backups.
  - Exempt Droplets are never listed. A Droplet whose rule turns backups off is not listed for having none.
positional: _input, fleet
options:
  _input:
    description:
      - The result of M(lifeboat.digitalocean.backup_policies) in check mode, with
        O(lifeboat.digitalocean.backup_policies#module:report=all).
    type: dict
    required: true
  fleet:
    description:
      - The result of M(lifeboat.digitalocean.droplet_backups_info) for all Droplets of the same account.
    type: dict
    required: true
  fail_on_unmatched:
    description: Whether a Droplet that no rule matches is a finding, even if it has backups.
    type: bool
    default: false
  accept_unknown_plans:
    description:
      - Whether to accept Droplets on a plan whose interval is not known. Without a backup of the last 8 days they are
        overdue all the same.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Plan the rules in check mode
  lifeboat.digitalocean.backup_policies:
    policies: "{{ rules }}"
    report: all
  check_mode: true
  register: policies

- name: Read the ages of the backups
  lifeboat.digitalocean.droplet_backups_info:
    all: true
  register: fleet

- name: List the findings
  ansible.builtin.debug:
    msg: "{{ policies | lifeboat.digitalocean.backup_findings(fleet) | map(attribute='text') }}"
"""

RETURN = r"""
_value:
  description: The Droplets with findings, sorted by the first of their kinds, then by id.
  type: list
  elements: dict
  contains:
    id:
      description: The Droplet's id.
      type: int
    name:
      description: The Droplet's name.
      type: str
    rule:
      description: The name of the rule that decides about it, or null.
      type: str
    kinds:
      description:
        - What is wrong. V(drift), its rule would change it; V(unprotected), backups are off and no rule disables them;
          V(overdue), its newest backup is older than it should be; V(unknown_plan), the interval of its plan is not
          known; V(unmatched), no rule matches it; V(unknown), the ages of its backups could not be read.
      type: list
      elements: str
    text:
      description: A line for people.
      type: str
      sample: "web-01 (3164494): has no backups"
"""

from collections.abc import Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.findings import Finding, Record, findings
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_backups import describe


def backup_findings(
    policies: Record, fleet: Record, fail_on_unmatched: bool = False, accept_unknown_plans: bool = False
) -> list[Finding]:
    """`findings` of two results; raises AnsibleFilterError if they do not have all Droplets."""
    try:
        whole = len(policies["droplets"]) == policies["summary"]["matched"]
        if whole:
            return findings(policies, fleet, fail_on_unmatched, describe, accept_unknown_plans)
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(
            "backup_findings takes the result of backup_policies, and in brackets that of droplet_backups_info: "
            f"these lack {error}."
        ) from error
    raise AnsibleFilterError(
        "backup_findings needs every Droplet of the account: run backup_policies with report: all."
    )


class FilterModule:
    """The filters in this file."""

    def filters(self) -> dict[str, Callable[..., list[Finding]]]:
        return {"backup_findings": backup_findings}
