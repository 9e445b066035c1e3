# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated clock: starts at a given time, runs at real speed, and only jumps forward."""

import math
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

# What is computed from the clock (ages, expiry) must fit into four digits of year too.
FIRST_INSTANT = 946684800  # the year 2000
LAST_INSTANT = 221845392000  # the year 9000
LONGEST_JUMP = 3660 * 86400
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@lru_cache(maxsize=65536)
def stamp(instant: int) -> str:
    """Write seconds since the epoch the way the API does: UTC, whole seconds."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: object) -> int:
    """Read a ``YYYY-MM-DDTHH:MM:SSZ`` timestamp of the years 2000 to 8999. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"not a timestamp: {text!r}")
    parsed = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    if not FIRST_INSTANT <= parsed.timestamp() < LAST_INSTANT:
        raise ValueError("the clock knows the years 2000 to 8999")
    return int(parsed.timestamp())


def duration(value: object) -> float:
    """Read seconds, or ``45s``, ``90m``, ``2h``, ``3d``. Raises ValueError."""
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        return float(found[1]) * _UNITS[found[2]]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    raise ValueError(f"not a duration: {value!r}")


class Clock:
    """Seconds since the epoch; ``monotonic`` gives its speed, never its date."""

    def __init__(self, start: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._origin = start - monotonic()

    def now(self) -> float:
        return self._origin + self._monotonic()

    def advance(self, seconds: float) -> None:
        """Jump forward. Raises ValueError for a jump that is too long."""
        if seconds > LONGEST_JUMP or self.now() + seconds >= LAST_INSTANT:
            raise ValueError(
                f"the clock jumps at most {LONGEST_JUMP // 86400} days at once, and not past the year 8999"
            )
        self._origin += seconds

    def set(self, moment: int) -> None:
        """Jump to a moment. Raises ValueError if it lies in the past."""
        now = self.now()
        if moment < int(now):
            raise ValueError(f"the clock never goes back: it is {stamp(int(now))}")
        self.advance(max(0.0, moment - now))
