# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes one module that only reads differ from another: a Reader. The engine knows it through this interface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from .arguments import Arguments
from .facts import Facts

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: the keys of its `result`, and `warnings`, sentences for the user."""

    result: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Reader(ABC, Generic[R]):
    """A reader over requests of the type R. Its methods are pure; what they cannot do raises a LifeboatError."""

    arguments: ClassVar[Arguments]

    @abstractmethod
    def request(self, params: Mapping[str, Any]) -> R:
        """What a task asks for; raises InputError."""

    @abstractmethod
    def read(self, request: R, facts: Facts, now: datetime) -> Reading:
        """What the facts say; raises Missing for what has not been read yet."""
