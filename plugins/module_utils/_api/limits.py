# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and request limits, shared by all threads of one task.

API limits: https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Rate-Limit
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque

from .._domain.errors import InputError, RateLimitError

SPARE = 0.1
"""Share of the burst limit left to others who use the same token."""


class Budget:
    """The seconds that a task may take in all, waits for limits included."""

    def __init__(self, seconds, clock=time.monotonic):
        self._clock = clock
        self._started = clock()
        self.seconds = seconds

    @property
    def spent(self):
        return self._clock() - self._started

    @property
    def left(self):
        """Seconds left; negative when the time is over."""
        return self.seconds - self.spent


class Pacer:
    """Keeps the task under the burst limit, and lets all threads pause together when the API says so."""

    def __init__(self, burst_limit, budget, sleep, clock=time.monotonic):
        requests, seconds = parse_burst_limit(burst_limit)
        self._most = max(1, int(requests * (1 - SPARE)))
        self._window = seconds
        self._budget = budget
        self._sleep = sleep
        self._clock = clock
        self._sent = deque()
        self._paused_until = 0.0
        self._lock = threading.Lock()

    def acquire(self):
        """Return when one more request may be sent; raises RateLimitError when that is after the budget's end."""
        while delay := self._delay():
            self.check(delay, "the burst limit frees up")
            self._sleep(delay)

    def pause(self, seconds, reason):
        """Nobody sends for `seconds`; raises RateLimitError when the budget ends before."""
        self.check(seconds, reason)
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def check(self, seconds, reason):
        if seconds > self._budget.left:
            raise RateLimitError(
                f"It takes another {seconds:.0f} s until {reason}, and wait_timeout leaves "
                f"{max(0, self._budget.left):.0f} s of {self._budget.seconds:.0f} s. Run the task again later, "
                "or raise wait_timeout.",
                status=429,
            )

    def _delay(self):
        """Seconds to wait before sending; 0 takes a place in the window."""
        with self._lock:
            now = self._clock()
            if self._paused_until > now:
                return self._paused_until - now
            # Compared as the delay is computed: else rounding could give a delay of 0 before a place is free.
            while self._sent and self._sent[0] + self._window <= now:
                self._sent.popleft()
            if len(self._sent) >= self._most:
                return self._sent[0] + self._window - now
            self._sent.append(now)
            return 0


def parse_burst_limit(text):
    """`"250/60"` as (requests, seconds); raises InputError."""
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+(?:\.\d+)?)\s*", str(text))
    if not match or not int(match[1]) or not float(match[2]):
        raise InputError(f"burst_limit {text!r} is not of the form REQUESTS/SECONDS, as in 250/60.")
    return int(match[1]), float(match[2])
