# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a number of requests takes under the API's two limits, and the sentence that says so.

https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Rate-Limit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOUR = 3600.0
"""Seconds that a request counts against the hourly limit."""


PER_PAGE = 200
LOOKS = 10
"""How often all Droplets that change are read, by pages, for one step of each: running actions, waiting, verifying."""

READS_BETWEEN_STEPS = 7
"""Lists that are read to plan again before each further step; with few Droplets, single reads for each of them."""

FEW = 2
"""Up to so many Droplets or images are read one by one, without a look at the list of all."""


def reads_of_a_run(steps: Sequence[int]) -> int:
    """About how many reads follow the plan; `steps` is the number of writes to each target that changes."""
    pages = -(-len(steps) // PER_PAGE)
    rounds = max(steps, default=0)
    lists = pages if len(steps) > FEW else len(steps)
    return LOOKS * pages * max(1, rounds) + READS_BETWEEN_STEPS * lists * max(0, rounds - 1)


@dataclass(frozen=True, slots=True)
class Burst:
    """At most `requests` within any `seconds`."""

    requests: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.requests} in {self.seconds:g} s"

    def seconds_for(self, requests: int) -> float:
        """From the first of so many requests to the last, beginning with an empty window."""
        return max(0, -(-requests // self.requests) - 1) * self.seconds


@dataclass(frozen=True, slots=True)
class Quota:
    """The hourly limit as the headers of an answer tell it: `reset_in` is when the oldest request stops to count.

    A request counts for `window` seconds.
    """

    limit: int
    remaining: int
    reset_in: float
    window: float = HOUR

    @property
    def used(self) -> int:
        return self.limit - self.remaining

    def seconds_for(self, requests: int) -> float:
        """Until so many more requests have been free to be sent, 0 if they are free now.

        The headers tell when the oldest request stops to count, and not the others: they are taken to have been sent
        evenly since then. Beyond them, each request takes the place of one that was sent a window earlier.
        """
        lacking = requests - self.remaining
        if lacking <= 0:
            return 0.0
        if lacking <= self.used:
            return self.reset_in + max(0.0, self.window - self.reset_in) * lacking / self.used
        return self.window * (1 + (lacking - self.used) / self.limit)

    def lately(self, seconds: float) -> int:
        """How many of the used requests were sent within the last `seconds`, were all of them sent evenly."""
        since_oldest = self.window - self.reset_in
        return self.used if since_oldest <= seconds else round(self.used * seconds / since_oldest)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What lies before a task: `requests` to send, called `what` ("writes"), under `burst` and `quota` (or None)."""

    requests: int
    what: str
    burst: Burst
    quota: Quota | None

    @property
    def seconds(self) -> float:
        """How long sending takes at least, as far as the headers let it be told."""
        return max(self.burst.seconds_for(self.requests), self.quota.seconds_for(self.requests) if self.quota else 0)

    @property
    def over_quota(self) -> bool:
        """True if it is more than the hourly limit has left."""
        return self.quota is not None and self.requests > self.quota.remaining

    def sentence(self, allowed: float, by: str = "wait_timeout") -> str:
        """What there is to send, against which limit, and how long it takes; `by` leaves `allowed` seconds for it."""
        against = f"at most {self.burst} may be sent"
        if self.quota and self.over_quota:
            against = f"the token has {self.quota.remaining:,} requests left this hour"
        return (
            f"{self.requests:,} {self.what} are to be sent, and {against}: that takes about {duration(self.seconds)}, "
            f"and {by} leaves {duration(allowed)}."
        )


def duration(seconds: float) -> str:
    """Seconds for people: "45 seconds", "25 minutes", "2.5 hours"."""
    for size, name in ((HOUR, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {name}s" if size == HOUR else f"{seconds / size:.0f} {name}s"
    return f"{max(0, seconds):.0f} seconds"
