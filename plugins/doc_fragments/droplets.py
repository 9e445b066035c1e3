# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  droplet_name:
    description:
      - The exact names of the Droplets. A name that two Droplets have is refused.
    type: list
    elements: str
  tag:
    description: Droplets that carry any of these tags. Case is ignored.
    type: list
    elements: str
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
