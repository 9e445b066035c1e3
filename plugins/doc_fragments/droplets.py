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
  droplet_name:
    description:
      - The exact names of the Droplets. A name that two Droplets have is refused.
    type: list
    elements: str
  tag:
    description: Droplets that carry any of these tags. Case is ignored.
    type: list
    elements: str
  all:
    description: All Droplets of the account. Only V(true) can be given.
    type: bool
    choices: [true]
  exclude_tag:
    description:
      - Leave out Droplets that carry any of these tags. Case is ignored.
      - A warning names each of these tags that no selected Droplet carries.
    type: list
    elements: str
  allow_empty:
    description:
      - Accept a selection that matches no Droplet, as an empty list does. Otherwise that is an error.
    type: bool
    default: false
"""
