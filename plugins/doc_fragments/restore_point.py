# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  backup_id:
    description:
      - The id of a backup.
      - Exactly one of O(backup_id), O(snapshot_id), O(newest), O(before) and O(snapshot_name) is required.
    type: int
  snapshot_id:
    description: The id of a snapshot.
    type: int
  newest:
    description:
      - The newest restore point. Only V(true) is allowed.
      - The safety snapshot of a restore is never chosen by this option, nor by O(before) or O(snapshot_name). To choose
        it, set O(snapshot_id).
    type: bool
    choices: [true]
  before:
    description:
      - The newest restore point that was made at this time or earlier, as in V(2026-03-11T09:30:00Z). The time zone is
        required.
    type: str
  snapshot_name:
    description: The newest snapshot with exactly this name.
    type: str
  max_age_hours:
    description: Refuse a restore point that is older than this, in hours.
    type: float
"""
