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
from .models import Action
from .plan import Change, Plan, Step

R = TypeVar("R")

Record = dict[str, Any]
"""Keys of a result, or `before` and `after` of a Change."""


class Verb(ABC, Generic[R]):
    """A verb over requests of the type R. All methods are pure; those that take `facts` raise Missing for more.

    What they cannot do raises a LifeboatError.
    """

    arguments: ClassVar[Arguments]
    proves_steps: ClassVar[bool] = False
    """Whether `unproven` has something to say."""

    @abstractmethod
    def request(self, params: Mapping[str, Any]) -> R:
        """What a task asks for; raises InputError."""

    @abstractmethod
    def plan(self, request: R, facts: Facts, now: datetime) -> Plan:
        """What remains to be done; raises an error before anything is sent."""

    @abstractmethod
    def narrow(self, request: R, change: Change, done: Sequence[Step]) -> R:
        """The request for the target of `change` alone, with what was decided for it, after the steps `done`."""

    @abstractmethod
    def unmet(self, request: R, change: Change, facts: Facts) -> str | None:
        """A sentence that says how the target differs from what `change` wanted; None if it is as planned.

        Raises NotConvergedError if no other look would better it.
        """

    @abstractmethod
    def describe(self, shown: Record) -> str:
        """One line for people from a `before` or `after`."""

    def with_actions(self, request: R, _own: Sequence[Action]) -> R:
        """The request with the actions that this run has begun, which prove what it did whatever the log shows."""
        return request

    def unproven(self, _change: Change, _step: Step, _facts: Facts) -> str | None:
        """A sentence that says why `step` cannot be relied on although its action completed; None if it can."""
        return None

    def is_settled(self, request: R, change: Change, facts: Facts) -> bool:
        """Whether the last step, which takes its time, shows its effect."""
        return self.unmet(request, change, facts) is None

    def alternative(self, _change: Change, _step: Step, _error: ApiError) -> Change | None:
        """The same change in another way, if the API refuses `step`; None if there is none."""
        return None

    def compensate(self, _request: R, _change: Change, _facts: Facts, _now: datetime) -> Sequence[Step]:
        """The steps that undo a side effect after a failure."""
        return ()

    def left_behind(
        self, _request: R, _change: Change, _facts: Facts | None, _now: datetime
    ) -> tuple[Record, Sequence[str]]:
        """`(keys of the result, sentences)` about a target whose change has failed; `facts` is None if unknown."""
        return {}, ()

    def result(self, _change: Change, _facts: Facts) -> Record:
        """Further keys of a target's entry in the result, from what was read to verify its change."""
        return {}

    def summary(self, _request: R, _plan: Plan, _entries: Sequence[Record], _now: datetime) -> Record:
        """Further keys of the result, from the entries of all targets; `now` is when the plan was made."""
        return {}
