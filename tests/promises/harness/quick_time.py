# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that passes as quickly as it is slept: a module's pauses move its own clock and the simulator's alike.

The collection sleeps in one place, its transport, and reads `time.monotonic`. With both replaced, an hour's limit, a
back-off or a stuck action costs a test no time, and yet every sum of the module about its budget comes out.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import threading
import time
from unittest import mock

from azure.core.pipeline.transport import RequestsTransport

COLLECTION = "ansible_collections.lifeboat.digitalocean.plugins."
_real_monotonic = time.monotonic
_lock = threading.Lock()
_slept = 0.0


def monotonic():
    """The machine's clock, and what was slept in quick time."""
    return _real_monotonic() + _slept


_rebound = set()


def _rebind_defaults():
    """Where a function of the collection has taken `time.monotonic` as a default, give it the quick one."""
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
    """Within it, sleeping threads move the clocks instead; those that sleep at once, sleep together.

    `on_sleep(seconds)` is called at each pause, before it.
    """

    def sleep(_transport, seconds):
        global _slept
        target = monotonic() + seconds
        if on_sleep:
            on_sleep(seconds)
        with _lock:
            left = target - monotonic()
            if left > 0:
                simulator.advance(left)
                _slept += left

    _rebind_defaults()
    with mock.patch.object(RequestsTransport, "sleep", sleep), mock.patch.object(time, "monotonic", monotonic):
        yield
