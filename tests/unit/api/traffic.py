# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of several threads at work on one simulated limit, in a time that only their events move on."""

from __future__ import annotations

import random
from heapq import heappop, heappush
from itertools import count

from dosim.errors import ApiError
from dosim.limits import Limits

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.limits import Budget, Governor

UNLIMITED = 10**9
ONE_TOKEN = "all tasks use this one"


class Blocked(Exception):
    """A thread would sleep now."""

    def __init__(self, seconds):
        super().__init__(seconds)
        self.seconds = seconds


def _block(seconds):
    raise Blocked(seconds)


class Traffic:
    """The API's limits, written as the simulator's `--rate-limit`, and the tasks that run into them.

    `refused` counts the answers with 429, `sent` all of them, `ended` is when each task has sent its last.
    """

    def __init__(self, limits, latency=0.1, seed=1):
        self.now = 0.0
        self.sent = self.refused = self.turned_away = 0
        self.ended = {}
        self._limits = Limits(limits)
        self._latency = latency
        self._dice = random.Random(seed)
        self._events = []
        self._number = count()

    def task(self, name, requests, begin=0.0, threads=8, burst_limit="250/60", expect=True):
        """A task that sends so many requests."""
        governor = Governor(burst_limit, Budget(UNLIMITED, self._clock), _block, self._clock)
        left = [requests]
        if expect:
            self._at(begin, lambda: governor.announce(requests, "writes"))
        for _thread in range(threads):
            self._at(begin, lambda: self._send(name, governor, left))

    def foreign(self, requests, begin=0.0):
        """Somebody without manners sends so many requests at once; `turned_away` are those that were refused."""
        for _request in range(requests):
            self._at(begin, self._charge)

    def _charge(self):
        try:
            self._limits.charge(ONE_TOKEN, self.now)
        except ApiError:
            self.turned_away += 1

    def run(self):
        while self._events:
            self.now, _number, event = heappop(self._events)
            event()
        return self

    def _clock(self):
        return self.now

    def _at(self, when, event):
        heappush(self._events, (when, next(self._number), event))

    def _send(self, name, governor, left):
        if not left[0]:
            self.ended[name] = self.now
            return
        try:
            governor.acquire()
        except Blocked as blocked:
            self._at(self.now + blocked.seconds, lambda: self._send(name, governor, left))
            return
        left[0] -= 1
        latency = self._latency * self._dice.uniform(0.5, 1.5)
        counted_at = self.now + latency * self._dice.random()
        answered_at = self.now + latency
        self._at(counted_at, lambda: self._count(answered_at, name, governor, left))

    def _count(self, answered_at, name, governor, left):
        self.sent += 1
        refusal = None
        try:
            self._limits.charge(ONE_TOKEN, self.now)
        except ApiError as error:
            refusal = dict(error.headers)
            self.refused += 1
            left[0] += 1
        headers = {**self._limits.headers(ONE_TOKEN, self.now), **(refusal or {})}
        reset_in = int(headers["ratelimit-reset"]) - int(self.now)

        def answer():
            told = {
                "limit": int(headers["ratelimit-limit"]),
                "remaining": int(headers["ratelimit-remaining"]),
                "reset_in": float(reset_in),
            }
            burst = "retry-after" in headers
            governor.release(**({"counted": False} if burst else told))
            if burst:
                governor.throttled(float(headers["retry-after"]), "the burst limit frees up")
            elif refusal is not None:
                governor.pause(reset_in + 1, "the hourly limit frees up")
            self._send(name, governor, left)

        self._at(answered_at, answer)
