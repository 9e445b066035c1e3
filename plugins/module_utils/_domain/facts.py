# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads as values: a plan asks `facts` for what it needs, and raises `Missing` for what has not been read yet.

Only `_api/read.py` catches `Missing`. It reads what is missing and asks again, so that a plan is a pure function of
what was read, and what many plans need is read together. The needs are in `_domain/needs.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Generic, TypeVar

from .errors import LifeboatError

T = TypeVar("T")


class Need(Generic[T]):
    """One read that a plan may lack, whose fact is a T. Two equal needs are one read."""

    __slots__ = ()


class Missing(Exception):
    """What has to be read before the plan can be made."""

    def __init__(self, needs: Iterable[Need[Any]]) -> None:
        super().__init__()
        self.needs = tuple(needs)


class Facts:
    """What was read, by need. A read that failed is a fact as well: its error is raised for all who ask for it.

    `lag` is by how much what was read may be late. `read_at` is when the last read began, in seconds of the budget.
    """

    def __init__(
        self, lag: timedelta = timedelta(), known: Mapping[Need[Any], Any] | None = None, read_at: float = 0.0
    ) -> None:
        self.lag = lag
        self.read_at = read_at
        self._known: dict[Need[Any], Any] = dict(known or {})

    def add(self, known: Mapping[Need[Any], Any], read_at: float) -> None:
        """Add facts by need, an error for what could not be read."""
        self._known.update(known)
        self.read_at = read_at

    def get(self, need: Need[T]) -> T:
        """The fact of one need; raises Missing, or the error with which the read has failed."""
        return self.each([need])[0]

    def each(self, needs: Iterable[Need[T]]) -> list[T]:
        """The facts of many needs, in their order; raises as `get` does, Missing for all that are missing."""
        asked = list(needs)
        self.require(*asked)
        found = [self._known[need] for need in asked]
        for fact in found:
            if isinstance(fact, LifeboatError):
                raise fact.copy().with_context(fact.droplet, fact.action) from fact.__cause__
        return found

    def require(self, *needs: Need[Any]) -> None:
        """Raises Missing if one of these needs, which may be of several kinds, has not been read."""
        missing = [need for need in dict.fromkeys(needs) if need not in self._known]
        if missing:
            raise Missing(missing)


def together(questions: Iterable[Callable[[], T]]) -> list[T]:
    """What each of these functions returns; raises one Missing for all that they lack, so that it is read together."""
    found: list[T] = []
    missing: list[Need[Any]] = []
    for question in questions:
        try:
            found.append(question())
        except Missing as lacking:
            missing += lacking.needs
    if missing:
        raise Missing(dict.fromkeys(missing))
    return found
