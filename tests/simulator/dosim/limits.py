# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits: sliding windows per token, on the simulated clock."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass

from dosim.errors import ApiError, ControlError

DEFAULT = "5000/3600,250/60"
HOUR = 3600


@dataclass(slots=True, frozen=True)
class Window:
    requests: int
    seconds: float


class Limits:
    """The longest window is the quota that the headers report; every other one is a burst limit.

    A single window shorter than an hour is a burst limit too. A refused request is not counted.
    """

    def __init__(self, text: str = DEFAULT) -> None:
        """Read ``on``, ``off`` or ``REQUESTS/SECONDS,…``. Raises ControlError."""
        self.enforced = text != "off"
        windows = [self._window(part) for part in (DEFAULT if text in ("on", "off") else text).split(",")]
        windows.sort(key=lambda window: window.seconds)
        self._quota = windows[-1]
        self._bursts = windows[:-1]
        self._quota_is_burst = not self._bursts and self._quota.seconds < HOUR
        self._used: dict[tuple[str, Window], deque[float]] = defaultdict(deque)

    @staticmethod
    def _window(text: str) -> Window:
        requests, _slash, seconds = text.partition("/")
        try:
            window = Window(int(requests), float(seconds))
        except ValueError:
            window = Window(0, 0)
        if not (0 < window.requests <= 10**9 and 0 < window.seconds <= 10**9):
            raise ControlError(f"--rate-limit: {text!r} is not on, off or REQUESTS/SECONDS,…")
        return window

    def charge(self, token: str, now: float) -> None:
        """Count one request. Raises ApiError 429 when a window is full, with ``retry-after`` for a burst."""
        if not self.enforced:
            return
        for window in (*self._bursts, self._quota):
            used = self._fresh(token, window, now)
            if len(used) >= window.requests:
                refusal = ApiError(429)
                if window is not self._quota or self._quota_is_burst:
                    refusal.headers = {
                        "ratelimit-remaining": "0",
                        "retry-after": str(math.ceil(used[0] + window.seconds - now)),
                    }
                raise refusal
        for window in (*self._bursts, self._quota):
            self._used[token, window].append(now)

    def _fresh(self, token: str, window: Window, now: float) -> deque[float]:
        used = self._used[token, window]
        while used and used[0] + window.seconds <= now:
            used.popleft()
        return used

    def headers(self, token: str | None, now: float) -> dict[str, str]:
        """The headers of every answer; without a token, nothing has been used."""
        used = self._fresh(token, self._quota, now) if token else ()
        oldest = used[0] if used else now
        return {
            "ratelimit-limit": str(self._quota.requests),
            "ratelimit-remaining": str(self._quota.requests - len(used)),
            "ratelimit-reset": str(math.ceil(oldest + self._quota.seconds)),
        }
