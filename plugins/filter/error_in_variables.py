# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: error_in_variables
short_description: Explain the error of a module with the variables of a playbook
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - The error of a module names the module's options, but the user of a playbook sets the playbook's variables. For each
    option that the error names, this filter adds which variable sets it.
positional: _input, variables
options:
  _input:
    description: The result of a task that failed, usually C(ansible_failed_result).
    type: dict
    required: true
  variables:
    description: The variable of the playbook for each option of the module.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep the newest backup
  block:
    - name: Convert it
      lifeboat.digitalocean.backup_to_snapshot:
        droplet_name: "{{ server }}"
        newest: true
        snapshot_name: "{{ label }}"
  rescue:
    - name: Name the variables
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result | lifeboat.digitalocean.error_in_variables(variables) }}"
      vars:
        variables: {droplet_name: server, snapshot_name: label}
"""

RETURN = r"""
_value:
  description: The error.
  type: str
  sample: "droplet_name has an empty entry. Here droplet_name is server."
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.options import in_variables


def error_in_variables(result: Mapping[str, Any], variables: Mapping[str, str]) -> str:
    """The message of a failed task, with the variables for its options; raises AnsibleFilterError."""
    try:
        return in_variables(str(result["msg"]), variables)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(
            "error_in_variables takes the result of a task that failed, and in brackets a mapping of options to "
            f"variables: these lack {error}."
        ) from error


class FilterModule:
    """The filters in this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"error_in_variables": error_in_variables}
