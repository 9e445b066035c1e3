# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_digest
short_description: Summarize the outcome of the rules of an account in a few lines
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Turns the result of M(lifeboat.digitalocean.backup_policies) into a few readable lines. The first is the outcome;
    the others are about costs, each rule, and the Droplets that no rule covers.
positional: _input
options:
  _input:
    description: The result of M(lifeboat.digitalocean.backup_policies), or of a task before it that failed.
    type: dict
    required: true
  planned:
    description: Whether the result is a plan, as in check mode, so that it says what would change.
    type: bool
    default: false
  fleet:
    description: For an audit, the result of M(lifeboat.digitalocean.droplet_backups_info) for the whole account.
    type: dict
  findings:
    description: For an audit, the result of P(lifeboat.digitalocean.backup_findings#filter).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Keep the backups of the account
  lifeboat.digitalocean.backup_policies:
    policies: "{{ rules }}"
  register: kept

- name: Show a summary
  ansible.builtin.debug:
    msg: "{{ kept | lifeboat.digitalocean.backup_digest(planned=ansible_check_mode) }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
  sample:
    - "60 Droplets: 8 changed, 44 as wanted, 6 exempt, 2 without a rule"
    - "cost: 380.00 → 431.20 USD a month"
    - "rule databases: 12 Droplets, 3 changed, 9 as wanted, 28.80 → 86.40 USD a month"
    - "rule build machines: 6 Droplets exempt until 2027-06-30. Built anew every night."
    - "no rule covers jump (3164494), jump (3164495)"
"""

from collections.abc import Callable, Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.findings import Finding, Record
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.summary_lines import digest


def backup_digest(
    policies: Record, planned: bool = False, fleet: Record | None = None, findings: Sequence[Finding] = ()
) -> list[str]:
    """`digest` of a result; raises AnsibleFilterError if it is none."""
    try:
        return digest(policies, planned, fleet, findings)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(
            "backup_digest takes the result of backup_policies, for an audit also that of droplet_backups_info: "
            f"these lack {error}."
        ) from error


class FilterModule:
    """The filters in this file."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"backup_digest": backup_digest}
