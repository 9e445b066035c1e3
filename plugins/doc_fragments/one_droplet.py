# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  droplet_id:
    description:
      - The id of the Droplet.
      - Exactly one of O(droplet_id) and O(droplet_name) is required.
    type: int
  droplet_name:
    description:
      - The exact name of the Droplet. A name that two Droplets have is refused.
    type: str
"""
