# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  droplet_id:
    description:
      - The ids of the Droplets. A single id needs no list.
      - Exactly one of O(droplet_id), O(droplet_name), O(tag) and O(all) is required.
    type: list
    elements: int
  all:
    description: All Droplets of the account. Only V(true) can be given.
    type: bool
    choices: [true]
"""
