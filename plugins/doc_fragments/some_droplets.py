# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  droplet_id:
    description:
      - The ids of the Droplets. A single one can be given as it is.
      - Exactly one of O(droplet_id), O(droplet_name) and O(tag) is required.
    type: list
    elements: int
  droplet_name:
    description:
      - The names of the Droplets, letter for letter. A name that fits two Droplets is refused.
    type: list
    elements: str
  tag:
    description: Droplets that carry any of these tags. Capitals do not count.
    type: list
    elements: str
  exclude_tag:
    description:
      - Leave out Droplets that carry any of these tags. Capitals do not count.
      - A tag that none of the selected Droplets carries is a warning.
    type: list
    elements: str
  allow_empty:
    description:
      - Accept a selection that matches no Droplet. Otherwise that is an error, and so is an empty list.
    type: bool
    default: false
"""
