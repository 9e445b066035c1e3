# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what a task is about to do, decided before anything is sent.

`Plan(changes)` → `Change(target, before, after, steps, notes)` → a closed set of steps. `before` and `after` hold what
the user can set, and cost; a diff is made of them and of nothing else, so that check mode and the real run agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .models import BackupPolicy, Droplet, RestorePoint
from .retention import newest_first


class Step:
    """One write. The steps below are all there are; `type` is the API's name of the action."""

    __slots__ = ()
    type = ""


@dataclass(frozen=True, slots=True)
class EnableBackups(Step):
    """`enable_backups` with its policy."""

    policy: BackupPolicy
    type = "enable_backups"


@dataclass(frozen=True, slots=True)
class ChangeBackupPolicy(Step):
    """`change_backup_policy` to a whole policy."""

    policy: BackupPolicy
    type = "change_backup_policy"


@dataclass(frozen=True, slots=True)
class DisableBackups(Step):
    """`disable_backups`."""

    type = "disable_backups"


@dataclass(frozen=True, slots=True)
class ConvertBackup(Step):
    """`convert` of a backup image, so that it becomes a snapshot that does not expire. `size_gigabytes` in GiB."""

    image_id: int
    size_gigabytes: float | None = None
    type = "convert"


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one Droplet. No steps means that it is as it should be, or is left alone."""

    target: Droplet
    before: dict
    after: dict
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    goal: object = None
    """What the verb wants of this Droplet, to plan again from when somebody else was at work on it."""
    at_risk: tuple[RestorePoint, ...] = ()
    """The restore points that it may cost, newest first."""
    left_alone: bool = False
    """True where it is not as wanted, and stays so on purpose."""
    rule: str | None = None
    """The name of the rule that it follows, where there are rules."""

    def risking(self, points):
        """The same change, with `points` at risk too: backups that were made since it was planned."""
        known = {point.id for point in self.at_risk}
        further = [point for point in points if point.id not in known]
        return replace(self, at_risk=tuple(newest_first([*self.at_risk, *further])))


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes by ascending Droplet id, those without steps included; `warnings` are sentences for the user.

    `rules` are the names of the rules in their order, None where a task has none. `shortfall` is a sentence that fails
    the task once all changes are done.
    """

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    rules: tuple[str, ...] | None = None
    shortfall: str | None = None

    @property
    def needed(self):
        """The changes that have something to send."""
        return tuple(change for change in self.changes if change.steps)
