# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has been read of Droplets and their backups."""

from __future__ import annotations

from dataclasses import dataclass, field

from .models import BackupState, Droplet, RestorePoint, SupportedPolicy


@dataclass(frozen=True, slots=True)
class Observed:
    """What has been read so far. `supported`, and the ids in `backups` and `converted`, are read only when needed.

    `states` is a dict of Droplet id to BackupState; `backups` and `converted` (snapshots that were backups once) are
    dicts of Droplet id to a tuple of RestorePoint. `remaining` are, by Droplet id, the backups and the snapshots that
    are left of what a run has put at risk.
    """

    droplets: tuple[Droplet, ...]
    states: dict[int, BackupState]
    supported: tuple[SupportedPolicy, ...] | None = None
    backups: dict[int, tuple[RestorePoint, ...]] = field(default_factory=dict)
    converted: dict[int, tuple[RestorePoint, ...]] = field(default_factory=dict)
    remaining: dict[int, tuple[tuple[RestorePoint, ...], tuple[RestorePoint, ...]]] = field(default_factory=dict)
