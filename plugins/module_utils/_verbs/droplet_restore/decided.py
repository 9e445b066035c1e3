# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a task still asks for the restore point that was decided on for its incident: pure.

`newest` moves on with each backup, and the same task run again must not fail for that. So the question is not what it
means now, but whether it can have meant the point that was chosen, at the time of the choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ..._domain.models import Action, RestorePoint
from ..._domain.plan import SECONDS_PER_GIB
from ..._domain.restore_points import RestorePointSelector, too_old
from ..._domain.retention import newest_first

LISTED_AFTER = timedelta(minutes=10)
"""Within this time after it was made, a restore point may have been missing in the lists that were read."""

LONGEST_MAKING = timedelta(days=1)
"""If the log does not tell when a restore point was ready, it took at most so long, or as long as its size says."""


def difference(
    wanted: RestorePointSelector,
    point: RestorePoint,
    moment: datetime | None,
    points: Iterable[RestorePoint],
    log: Iterable[Action],
) -> str | None:
    """What is asked for instead of `point`, which was chosen at `moment` (None: not known); None if it fits.

    `points` are all of the Droplet, `log` is its actions, which tell when a point was finished.
    """
    if wanted.id is not None:
        return None if wanted.id == point.id else str(wanted.id)
    if not wanted.describes(point):
        return str(wanted)
    made = point.created_at
    if moment is None or made is None:
        return None
    ended = {action.started_at: action.completed_at for action in log if action.type in ("backup", "snapshot")}
    newer = [
        other
        for other in points
        if wanted.describes(other) and other.created_at and other.created_at > made
        if _listed_at(other.created_at, other, ended) <= moment
    ]
    if newer:
        return f"{wanted}, which was {newest_first(newer)[0]} then"
    if told := too_old(wanted, point, moment):
        return f"one that is young enough: it was {told}"
    return None


def _listed_at(began: datetime, point: RestorePoint, ended: Mapping[datetime | None, datetime | None]) -> datetime:
    """When a restore point was surely in the lists; `began` is the time that it bears, at which its making began."""
    by_size = timedelta(seconds=SECONDS_PER_GIB * (point.size_gigabytes or 0))
    made = ended.get(began) or began + max(by_size, LONGEST_MAKING)
    return made + LISTED_AFTER
