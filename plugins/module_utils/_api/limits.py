# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and request limits, shared by all threads of one task.

API limits: https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Rate-Limit
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from heapq import heappop, heappush

from .._domain.errors import InputError, RateLimitError
from .._domain.quota import HOUR, Burst, Forecast, Quota

LOOK_AGAIN = 0.05
"""Seconds until another look, when only the answers that are under way can tell more."""


SPARE = 0.05
"""Share of the burst limit that is left free while others use the same token: they are seen a little late."""

MOST_GROUPS = 50
"""In how many steps the places that others have taken become free again."""


class Budget:
    """The seconds that a task may take in all, waits for limits included. `clock` gives seconds as `time.monotonic`."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = clock()
        self.seconds = seconds

    @property
    def spent(self) -> float:
        return self._clock() - self._started

    @property
    def left(self) -> float:
        """Seconds left; negative when the time is over."""
        return self.seconds - self.spent


class Governor:
    """Lets the threads of a task send as fast as the limits allow, and no faster.

    The API counts a request at some moment between its sending and its answer. So a request under way takes a place in
    the burst window, and one that was answered takes it until a window after its answer: whatever the latency, the API
    never sees more than the limit from here. Requests of others on the same token show in the headers, and in a refusal
    at the latest; they take places as well.

    The hourly limit is known by the headers alone. Near its end no more requests are under way than are left, and when
    nothing is left, one at a time is sent once the oldest has stopped to count. Work that was announced (`announce`)
    and is more than what is left is spread over the time that it will take, so that others on the token can go on.
    """

    def __init__(
        self,
        burst_limit: str,
        budget: Budget,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self.burst = parse_burst_limit(burst_limit)
        self._budget = budget
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._leaving: list[tuple[float, int]] = []
        """A heap of `(when, how many)` counted requests leave the burst window."""
        self._taken = 0
        self._under_way = 0
        self._answered = 0
        self._of_others: int | None = None
        self._crowded_until = self._shared_until = 0.0
        self._announced = 0
        self._next = 0.0
        self._paused_until = 0.0
        self._why_paused = ""
        self._limit: int | None = None
        self._remaining = 0
        self._reset_at = 0.0
        self._window = HOUR

    @property
    def quota(self) -> Quota | None:
        """The hourly limit as it was last heard of, or None."""
        if self._limit is None:
            return None
        return Quota(self._limit, self._remaining, max(0.0, self._reset_at - self._clock()), self._window)

    def announce(self, requests: int, what: str) -> Forecast:
        """Announce so many requests, which are called `what` in a sentence."""
        with self._lock:
            self._announced += requests
            return Forecast(requests, what, self.burst, self.quota)

    def acquire(self) -> None:
        """Return when one more request may be sent; raises RateLimitError when that is after the budget's end.

        Each request that was let go is to be reported by `release`.
        """
        while True:
            with self._lock:
                delay, why = self._delay()
                if not delay:
                    self._under_way += 1
                    self._announced = max(0, self._announced - 1)
                    return
            if delay > LOOK_AGAIN:
                self.check(delay, why)
            self._sleep(delay)

    def release(
        self,
        counted: bool = True,
        limit: int | None = None,
        remaining: int | None = None,
        reset_in: float | None = None,
    ) -> None:
        """One request is no longer under way, and was `counted` by the API unless the burst limit refused it.

        The other three are what the headers of its answer say, or None; `reset_in` is in seconds from now.
        """
        with self._lock:
            now = self._clock()
            self._under_way -= 1
            if counted:
                self._answered += 1
                self._take(now + self.burst.seconds)
            if limit is None or remaining is None or reset_in is None:
                return
            # A limit no larger than the burst limit is not the hourly one.
            if limit > self.burst.requests:
                self._update_quota(now, limit, remaining, reset_in)

    def throttled(self, seconds: float, reason: str) -> None:
        """The burst limit is used up for `seconds`, and nobody sends until then; raises as `pause` does.

        As far as it was not this task, others have used it, and their places become free as evenly as they were taken.
        """
        with self._lock:
            now = self._clock()
            others = self.burst.requests - self._in_window(now) - self._under_way
            if others > 0:
                self._share(now, seconds, others)
        self.pause(seconds, reason)

    def pause(self, seconds: float, reason: str) -> None:
        """Nobody sends for `seconds`; raises RateLimitError when the budget ends before."""
        self.check(seconds, reason)
        with self._lock:
            until = self._clock() + seconds
            if until > self._paused_until:
                self._paused_until, self._why_paused = until, reason

    def check(self, seconds: float, reason: str) -> None:
        """Raises RateLimitError when the budget ends before so many seconds have passed."""
        if seconds > self._budget.left:
            raise RateLimitError(
                f"It takes another {seconds:.0f} s until {reason}, and {max(0, self._budget.left):.0f} s of "
                f"{self._budget.seconds:.0f} s are left. Run it again later, or raise wait_timeout if it has one.",
                status=429,
            )

    def _update_quota(self, now: float, limit: int, remaining: int, reset_in: float) -> None:
        self._limit, self._remaining, self._reset_at = limit, remaining, now + reset_in
        quota = Quota(limit, remaining, reset_in)
        if self._of_others is None and quota.used <= 1:
            # Nobody else has used it: the oldest request is this one, and counts for as long as the API says.
            self._window = max(reset_in, 1.0)
        others = quota.used - self._answered - self._under_way
        if self._of_others is None:
            self._of_others = max(0, others)
            fresh = min(self._of_others, quota.lately(self.burst.seconds))
        else:
            fresh = max(0, others - self._of_others)
            self._of_others += fresh
        if fresh:
            self._crowded_until = now + self.burst.seconds
            self._take(now + self.burst.seconds, fresh)

    def _share(self, now: float, seconds: float, others: int) -> None:
        """After a refusal: so many places that seemed free are taken by others, the first of them for `seconds`.

        Nothing is known of when they were taken, so they become free evenly. When it happens again, they were taken
        since the last time, and stay taken for about a window.
        """
        again = now < self._shared_until
        self._shared_until = now + 2 * self.burst.seconds
        if again:
            self._take(now + self.burst.seconds, others)
            return
        size = max(1, -(-others // MOST_GROUPS))
        groups = range(0, others, size)
        spacing = max(0.0, self.burst.seconds - seconds) / len(groups)
        for place, begun in enumerate(groups):
            self._take(now + seconds + place * spacing, min(size, others - begun))

    def _take(self, until: float, places: int = 1) -> None:
        """So many places of the burst window are taken until then."""
        heappush(self._leaving, (until, places))
        self._taken += places

    def _in_window(self, now: float) -> int:
        while self._leaving and self._leaving[0][0] <= now:
            self._taken -= heappop(self._leaving)[1]
        return self._taken

    def _delay(self) -> tuple[float, str]:
        """`(seconds, reason)` to wait before sending; 0 seconds if one request may go now."""
        now = self._clock()
        if self._paused_until > now:
            return self._paused_until - now, self._why_paused
        if self._shared_until > now and self._under_way:
            return LOOK_AGAIN, "the answer under way tells whether the burst limit is free"
        most = self.burst.requests
        if self._crowded_until > now:
            most = max(1, int(most * (1 - SPARE)))
        if self._in_window(now) + self._under_way >= most:
            return (self._leaving[0][0] - now if self._leaving else LOOK_AGAIN), "the burst limit frees up"
        quota = self.quota
        if quota is None:
            return 0, ""
        if self._under_way >= max(self._remaining, 1):
            return LOOK_AGAIN, "the answers under way tell what the hourly limit has left"
        if self._remaining <= 0 and self._reset_at > now:
            return self._reset_at - now, "the hourly limit frees up"
        if self._announced > self._remaining:
            if self._next > now:
                return self._next - now, "the next request is due, spread over what the hourly limit has left"
            self._next = now + quota.seconds_for(self._announced) / self._announced
        return 0, ""


def parse_burst_limit(text: str) -> Burst:
    """`"250/60"` as a Burst; raises InputError."""
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+(?:\.\d+)?)\s*", str(text))
    if not match or not int(match[1]) or not float(match[2]):
        raise InputError(f"burst_limit {text!r} is not of the form REQUESTS/SECONDS, as in 250/60.")
    return Burst(int(match[1]), float(match[2]))
