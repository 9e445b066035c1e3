# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Sends only GET requests in check mode, and reports what would change.
    support: full
  diff_mode:
    description: Shows what has changed, or in check mode would change, one line for each Droplet.
    support: full
  action_group:
    description: Use C(group/lifeboat.digitalocean.all) in C(module_defaults) to set the connection options once.
    support: full
    membership:
      - lifeboat.digitalocean.all
"""
