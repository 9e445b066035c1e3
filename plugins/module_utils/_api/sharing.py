# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads that many plans share: a list that one of them needs is read once for all of them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from .._domain.errors import LifeboatError

FRESH = 30.0
"""Seconds after which a shared read is made again: planning for thousands takes its time under the burst limit."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a read has returned, which may be an error as well, or the `error` that it has raised; `at` is its time."""

    at: float
    found: Any = None
    error: LifeboatError | None = None


class SharedReads:
    """What one round of planning has read. `askers` is how many targets are planned in it, `clock` gives seconds."""

    def __init__(self, askers: int, clock: Callable[[], float]) -> None:
        self.askers = askers
        self._clock = clock
        self._began = clock()
        self._locks: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)
        self._known: dict[Hashable, _Outcome] = {}

    def read(self, key: Hashable, read: Callable[[], Any]) -> Any:
        """What `read()` returns, from memory if another target has asked for `key` lately.

        Raises what it raises, for all who ask for it: a read that has failed was repeated, and took its time, before.
        """
        with self._locks[key]:
            known = self._known.get(key)
            if known is None or self._clock() - known.at > FRESH:
                known = self._known[key] = self._read(read)
        if known.error is not None:
            raise known.error.copy()
        return known.found

    def _read(self, read: Callable[[], Any]) -> _Outcome:
        began = self._clock()
        try:
            return _Outcome(began, found=read())
        except LifeboatError as error:
            return _Outcome(self._clock(), error=error)

    @property
    def oldest(self) -> float:
        """When the oldest of what is still taken from memory may have been read."""
        return max(self._began, self._clock() - FRESH)


_READS: ContextVar[SharedReads | None] = ContextVar("shared reads", default=None)


@contextmanager
def taking_from(reads: SharedReads | None) -> Iterator[None]:
    """Within it, this thread takes from `reads` what others have asked for in the same round; None: it asks itself."""
    token = _READS.set(reads)
    try:
        yield
    finally:
        _READS.reset(token)


def shared(key: Hashable, read: Callable[[], Any]) -> Any:
    """`read()`, or what another target has read under `key` in the same round."""
    reads = _READS.get()
    return reads.read(key, read) if reads else read()


def askers(number: int) -> int:
    """How many things are asked for in all, if this thread asks for `number` and others of its round do as well."""
    reads = _READS.get()
    return max(number, reads.askers) if reads and number else number
