# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes without waiting: the pauses of a module move its own clock and the simulator's alike.

So an hour's limit, a back-off or a stuck action costs a test no time, and yet a task computes with the time that it
would take.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 5.0
"""Real seconds after which a pause no longer waits for a request: the answer may be a slow one."""


class QuickTime:
    """Seconds that pass by pauses and requests, on top of what `passing` gives. `advance(seconds)` moves other clocks.

    A pause of one thread moves the time when no other has a request under way, so threads that pause at once do so
    together. `paused` are the seconds of all pauses and requests.
    """

    def __init__(
        self,
        passing: Callable[[], float] = lambda: 0.0,
        advance: Callable[[float], None] = lambda _seconds: None,
        request_seconds: float = 0.0,
    ) -> None:
        self.paused = 0.0
        self._passing = passing
        self._advance = advance
        self._request_seconds = request_seconds
        self._under_way = 0
        self._changed = threading.Condition()

    def present(self, paused: float | None = None) -> float:
        """The time, or what it is for somebody who has seen only so many seconds of pauses."""
        return self._passing() + (self.paused if paused is None else paused)

    @contextmanager
    def request(self) -> Iterator[None]:
        """A context in which a request is under way."""
        with self._changed:
            self._under_way += 1
            self.paused += self._request_seconds
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def sleep_until(self, moment: float) -> None:
        """Pause until then, unless it is over."""
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, PATIENCE)
            left = moment - self.present()
            if left > 0:
                self._advance(left)
                self.paused += left


LOCAL = QuickTime(request_seconds=0.001)
"""The time of all simulators in this process, and of what runs against them."""
