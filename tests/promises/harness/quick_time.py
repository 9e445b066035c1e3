# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes without waiting: a module's pauses advance its own clock and the simulator's alike.

The collection sleeps in one place, its transport, and reads `time.monotonic`. With both replaced, an hour's limit, a
back-off or a stuck action costs a test no time, and yet the module's budget is computed as in real time.

A request takes no time by these clocks: a pause moves them once no other thread has one under way. Else minutes would
pass between an answer and what the module makes of it.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import threading
import time
from unittest import mock

from azure.core.pipeline.transport import RequestsTransport

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.limits import Governor

COLLECTION = "ansible_collections.lifeboat.digitalocean.plugins."
_real_monotonic = time.monotonic
_lock = threading.Lock()
_slept = 0.0


def monotonic():
    """The machine's clock, plus the seconds slept in quick time."""
    return _real_monotonic() + _slept


_rebound = set()

PATIENCE = 5.0
"""Real seconds after which a pause no longer waits for a request: the answer may be a slow one."""


class _UnderWay:
    """Counts the requests that a Governor has let through and whose answers it has not seen yet."""

    def __init__(self):
        self._changed = threading.Condition()
        self._count = 0

    def counting(self, function, change):
        """`function`, which also changes the number of requests under way."""

        def counted(*args, **named):
            told = function(*args, **named)
            with self._changed:
                self._count += change
                self._changed.notify_all()
            return told

        return counted

    def wait_for_none(self):
        with self._changed:
            self._changed.wait_for(lambda: self._count <= 0, PATIENCE)


def _rebind_defaults():
    """Replace `time.monotonic` by the quick one in functions of the collection that have it as a default."""
    for name, module in list(sys.modules.items()):
        if name.startswith(COLLECTION) and name not in _rebound:
            _rebound.add(name)
            for thing in list(vars(module).values()):
                functions = vars(thing).values() if inspect.isclass(thing) else [thing]
                for function in filter(inspect.isfunction, functions):
                    if _real_monotonic in (function.__defaults__ or ()):
                        function.__defaults__ = tuple(
                            monotonic if value is _real_monotonic else value for value in function.__defaults__
                        )


@contextlib.contextmanager
def quick_time(simulator, on_sleep=None):
    """A context in which sleeping threads advance the clocks instead; threads that sleep at once do so together.

    `on_sleep(seconds)` is called at each pause, before it.
    """

    def sleep(_transport, seconds):
        global _slept
        target = monotonic() + seconds
        if on_sleep:
            on_sleep(seconds)
        under_way.wait_for_none()
        with _lock:
            left = target - monotonic()
            if left > 0:
                simulator.advance(left)
                _slept += left

    _rebind_defaults()
    under_way = _UnderWay()
    with (
        mock.patch.object(RequestsTransport, "sleep", sleep),
        mock.patch.object(time, "monotonic", monotonic),
        mock.patch.object(Governor, "acquire", under_way.counting(Governor.acquire, 1)),
        mock.patch.object(Governor, "release", under_way.counting(Governor.release, -1)),
    ):
        yield
