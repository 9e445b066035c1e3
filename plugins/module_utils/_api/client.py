# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to the API: pydo, on a pipeline of policies that keep the collection's promises."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from .._domain.errors import ApiError, OutcomeUnknownError, RateLimitError
from .._domain.quota import Forecast
from .connection import Connection, checked_url, is_loopback
from .dependencies import HeadersPolicy, PydoClient, RequestsTransport, UserAgentPolicy, requests
from .limits import Budget, Governor
from .machine import Machine
from .pipeline import Meter, SendPolicy

USER_AGENT = "lifeboat.digitalocean/0.1.0"

THIS_MACHINE = Machine()
"""Where a client runs if it is not told otherwise."""

Item = TypeVar("Item")
Found = TypeVar("Found")


class Client:
    """pydo's operations in `do`, with what a task shares: time budget, pacing, counts, the server's time, threads.

    Every operation raises errors of `_domain.errors`, 404 included. Use it as a context manager. It takes time, pauses
    and connections from `machine`.
    """

    def __init__(self, connection: Connection, seconds: float, machine: Machine | None = None) -> None:
        url = checked_url(connection.api_url)
        machine = machine or THIS_MACHINE
        self.sleep = machine.sleep
        self.budget = Budget(seconds, machine.monotonic)
        self.warnings: list[str] = []
        """Sentences for the user about what was read, each once."""
        self.meter = Meter(self.warn, machine.monotonic)
        session = requests.Session()
        # Without an auth of its own, requests would let an entry in ~/.netrc replace the token.
        session.auth = lambda prepared: prepared
        # A proxy for the world cannot reach this machine's loopback, and must not see its requests.
        session.trust_env = not is_loopback(url)
        adapter = machine.adapter(connection.concurrency)
        session.headers["Accept-Encoding"] = "gzip"
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        transport = RequestsTransport(
            session=session,
            session_owner=False,
            connection_timeout=min(10, connection.request_timeout),
            read_timeout=connection.request_timeout,
            connection_verify=connection.ca_path or True,
        )
        self._session = session
        self.lag_tolerance = timedelta(seconds=connection.lag_tolerance)
        """For so long the API may not show what has been done."""
        self._governor = Governor(connection.burst_limit, self.budget, machine.sleep, machine.monotonic)
        self.do = PydoClient(
            connection.token,
            endpoint=url,
            transport=transport,
            policies=[
                HeadersPolicy({"Authorization": f"Bearer {connection.token}", "Accept": "application/json"}),
                UserAgentPolicy(base_user_agent=USER_AGENT),
                SendPolicy(self._governor, self.meter, self.budget, machine.sleep, connection),
            ],
        )
        self._cache: dict[Callable[[Client], Any], Any] = {}
        self.refused: set[Callable[..., Any]] = set()
        """Operations that the token lacks a scope for, so that they are not tried again."""
        self.policy_page: dict[int, int] = {}
        """On which page of the map of all policies this task has found a Droplet, by its id."""
        self.tags: dict[str, str] = {}
        """How the account spells the tags that this task has made or met, by the key that all spellings share."""
        self.tag_errors: dict[str, ApiError | OutcomeUnknownError] = {}
        """What went wrong when this task made a tag, by the same key."""
        self.tagging = threading.Lock()
        self._thread = threading.local()
        self._threads = ThreadPoolExecutor(max_workers=connection.concurrency, initializer=self._mark_worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._session.close()

    def now(self) -> datetime:
        """The server's time, in UTC."""
        return self.meter.now()

    def warn(self, sentence: str) -> None:
        """Have the user told `sentence` once, whatever becomes of the task."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def announce(self, requests: int, what: str) -> Forecast:
        """Announce requests to come, so that they are spread where they must be."""
        return self._governor.announce(requests, what)

    def reserve(self, reads: int, what: str) -> None:
        """Announce reads to come and give them the time that the burst limit costs.

        Raises RateLimitError if the hourly limit would make it longer than the task may take.
        """
        forecast = self.announce(reads, what)
        self.budget.seconds += forecast.burst.seconds_for(reads)
        if forecast.seconds > self.budget.left:
            raise RateLimitError(
                f"{forecast.sentence(self.budget.left, 'this task')} Select fewer Droplets, or run it later."
            )

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """`[function(item) for item in items]`, several at a time; the first exception is raised after all ended.

        Called from within itself it goes one by one: threads that wait for each other's threads would never end.
        """
        items = list(items)
        if len(items) < 2 or getattr(self._thread, "is_worker", False):
            return [function(item) for item in items]
        futures = [self._threads.submit(function, item) for item in items]
        wait(futures)
        return [future.result() for future in futures]

    def once(self, function: Callable[[Client], Found]) -> Found:
        """`function(self)`, asked only the first time: for what does not change within a task."""
        if function not in self._cache:
            self._cache[function] = function(self)
        found: Found = self._cache[function]
        return found

    def _mark_worker(self) -> None:
        self._thread.is_worker = True

    @property
    def requests(self) -> dict[str, int]:
        """The `requests` of a result: every attempt so far."""
        return {"reads": self.meter.reads, "writes": self.meter.writes}
