# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Named before the fragment `attributes`, whose values it replaces.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Changes nothing in any mode.
  diff_mode:
    description: There is nothing to show.
    support: none
"""
