# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine on which a test runs a module: its time, its way to the simulator, and what happens on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

import requests

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.machine import Machine
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.wire import BoundedAdapter
from ansible_collections.lifeboat.digitalocean.tests.tools.in_process import AsgiAdapter

from .quick_time import QuickTime

Hook = Callable[[int, requests.PreparedRequest], None]


class Killed(BaseException):
    """The module's process was killed: nothing of it runs any more."""


class WatchedMachine(Machine):
    """Calls hooks before and after each request that is sent, counted from 1, and before each pause.

    A hook may raise `Killed`; no thread sends another request then. Without a `time` it is the real one. For a thread
    that helps the first one, quick time stands still from an answer until it pauses or sends again, or the first one
    goes on: else minutes could pass between an answer and what the task makes of it.
    """

    def __init__(
        self,
        time: QuickTime | None = None,
        before_request: Hook | None = None,
        after_request: Hook | None = None,
        on_sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._time = time
        self._before = before_request
        self._after = after_request
        self._on_sleep = on_sleep
        self._numbers = count(1)
        self._dead = threading.Event()
        self._first = threading.get_ident()
        self._turn = 0
        self._answered = threading.local()

    def monotonic(self) -> float:
        if not self._time:
            return super().monotonic()
        if threading.get_ident() == self._first:
            self._turn += 1
            return self._time.present()
        turn, paused = getattr(self._answered, "at", (0, None))
        return self._time.present(paused if turn == self._turn else None)

    def sleep(self, seconds: float) -> None:
        if self._on_sleep:
            self._on_sleep(seconds)
        if self._time:
            self._time.sleep_until(self.monotonic() + seconds)
            self._answered.at = (0, None)
        else:
            super().sleep(seconds)

    def adapter(self, connections: int) -> BoundedAdapter:
        return _WatchedAdapter(self, max_retries=0, pool_maxsize=connections)

    def _send(self, send: Callable[[], requests.Response]) -> requests.Response:
        if not self._time:
            return send()
        self._answered.at = (0, None)
        with self._time.request():
            try:
                return send()
            finally:
                self._answered.at = (self._turn, self._time.paused)

    def watch(self, request: requests.PreparedRequest, send: Callable[[], requests.Response]) -> requests.Response:
        """Send a request between the hooks."""
        number = next(self._numbers)
        if self._dead.is_set():
            raise Killed
        try:
            if self._before:
                self._before(number, request)
            response = self._send(send)
            if self._after:
                self._after(number, request)
        except Killed:
            self._dead.set()
            raise
        return response


class _WatchedAdapter(BoundedAdapter, AsgiAdapter):
    """The collection's own adapter, over what leads to simulators in this process."""

    def __init__(self, machine: WatchedMachine, **options: Any) -> None:
        super().__init__(**options)
        self._machine = machine

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        send = super().send
        return self._machine.watch(request, lambda: send(request, *args, **named))
