# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes one changing module differ from another: a Verb. The engine knows it through this interface only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from .arguments import Arguments
from .errors import ApiError
from .facts import Facts
from .models import Action, Droplet
from .plan import Change, Plan, Step

R = TypeVar("R")

Record = dict[str, Any]
"""Keys of a result, or `before` and `after` of a Change."""


class Verb(ABC, Generic[R]):
    """A verb over requests of the type R. All methods are pure; those that take `facts` raise Missing for more.

    What they cannot do raises a LifeboatError. A task is done if its targets, planned again, have nothing left.
    """

    arguments: ClassVar[Arguments]

    @abstractmethod
    def request(self, params: Mapping[str, Any]) -> R:
        """What a task asks for; raises InputError."""

    @abstractmethod
    def plan(self, request: R, facts: Facts, now: datetime) -> Plan[R]:
        """What remains to be done; raises an error before anything is sent."""

    @abstractmethod
    def describe(self, shown: Record) -> str:
        """One line for people from a `before` or `after`."""

    def resume(self, change: Change[R], _done: Sequence[Step], _own: Sequence[Action]) -> R:
        """The request from which the target of `change` is planned again, after the steps `done`.

        `own` are the actions that this run has begun, which prove what it did whatever the log shows.
        """
        return change.request

    def alternative(self, _change: Change[R], _step: Step, _error: ApiError) -> R | None:
        """The request for the same in another way, if the API refuses `step`; None if there is none."""
        return None

    def compensate(self, _request: R, _facts: Facts, _now: datetime) -> Sequence[Step]:
        """The steps that undo a side effect after a failure; `request` is that of one target, resumed."""
        return ()

    def left_behind(
        self, _request: R, _change: Change[R], _facts: Facts | None, _now: datetime
    ) -> tuple[Record, Sequence[str]]:
        """`(keys of the result, sentences)` about a target whose change has failed; `facts` is None if unknown.

        `change` is as it was planned last, `request` resumed.
        """
        return {}, ()

    def joined(self, _request: R, _droplet: Droplet) -> Change[R]:
        """The Change of a Droplet that an order by tag has reached although it was not planned."""
        raise TypeError(f"{type(self).__name__} sends nothing by tag.")

    def summary(self, _request: R, _plan: Plan[R], _entries: Sequence[Record], _now: datetime) -> Record:
        """Further keys of the result, from the entries of all targets; `now` is when the plan was made."""
        return {}
