# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client takes from the machine that it runs on, in one place, so that a test can give it another."""

from __future__ import annotations

import time

from .dependencies import HTTPAdapter
from .wire import BoundedAdapter


class Machine:
    """The machine's clock, its pauses and its way to the API. Threads share it."""

    def monotonic(self) -> float:
        """Seconds since some moment, whatever becomes of the date."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Pause this thread; the one place where the collection sleeps."""
        time.sleep(seconds)

    def adapter(self, connections: int) -> HTTPAdapter:
        """What sends the requests of a session, over so many connections."""
        return BoundedAdapter(max_retries=0, pool_maxsize=connections)
