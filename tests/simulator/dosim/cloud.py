# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model's core: the store, the clock, the switches, and the queue of what is due."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVarTuple

from dosim.behaviour import Behaviour
from dosim.clock import Clock, stamp
from dosim.errors import ControlError
from dosim.ids import Ids, stable
from dosim.lag import Past
from dosim.store import Store

IMAGE_WORK = frozenset({"snapshot", "backup", "restore", "rebuild", "transfer"})
OTHER_WORK = frozenset(
    {
        "create", "enable_backups", "change_backup_policy", "disable_backups", "convert",
        "power_on", "power_off", "power_cycle", "reboot", "shutdown", "resize", "rename",
        "password_reset", "enable_ipv6", "enable_private_networking", "change_kernel",
    }
)  # fmt: skip
SECONDS_PER_GIB = 120
RESIZE_SECONDS_PER_GIB = 60  # of the disk that is to grow
REAL = {"create": 45.0}
REAL |= dict.fromkeys(("power_on", "power_off", "power_cycle", "reboot", "shutdown", "convert"), 10.0)
REAL_OTHERWISE = 5.0
Given = TypeVarTuple("Given")


@dataclass(slots=True)
class Durations:
    """How long actions take, from ``--action-seconds``."""

    bare: float = 1.0
    by_kind: dict[str, float] = field(default_factory=dict)
    real: bool = False

    @classmethod
    def parse(cls, text: str) -> "Durations":
        """Read ``SECONDS``, ``TYPE=SECONDS,…`` (mixed at will) or ``real``. Raises ControlError."""
        if text == "real":
            return cls(real=True)
        durations = cls()
        for part in text.split(","):
            kind, separator, seconds = part.rpartition("=")
            if separator and kind not in IMAGE_WORK | OTHER_WORK:
                known = ", ".join(sorted(IMAGE_WORK | OTHER_WORK))
                raise ControlError(f"--action-seconds: unknown action type {kind!r}; the types are {known}")
            try:
                value = float(seconds)
            except ValueError:
                value = -1.0
            if not 0 <= value <= 1e9:
                raise ControlError(f"--action-seconds: {part!r} is not SECONDS, TYPE=SECONDS or 'real'")
            if separator:
                durations.by_kind[kind] = value
            else:
                durations.bare = value
        return durations

    def of(self, kind: str, gigabytes: float) -> float:
        """Seconds for one action on an image or disk of that many GiB."""
        if self.real:
            if kind == "resize" and gigabytes:
                return gigabytes * RESIZE_SECONDS_PER_GIB
            return gigabytes * SECONDS_PER_GIB if kind in IMAGE_WORK else REAL.get(kind, REAL_OTHERWISE)
        return self.by_kind.get(kind, self.bare)


@dataclass(slots=True)
class ActionFault:
    """What a fault does to the actions that the current request starts."""

    outcome: str = "completed"
    held_by: int | None = None


class Cloud:
    """One account at one moment. ``now`` stands still while a request or an event is carried out."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, behaviour: Behaviour, durations: Durations) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self.behaviour = behaviour
        self.durations = durations
        self.action_fault = ActionFault()
        self.past = Past(store, behaviour)
        self.now = clock.now()
        self._due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._sequence = count()

    @property
    def second(self) -> int:
        return int(self.now)

    @property
    def timestamp(self) -> str:
        return stamp(self.second)

    def choice(self, *parts: object) -> int:
        """An arbitrary number that depends only on the seed and the parts."""
        return stable(self.ids.seed, *parts)

    def at(self, moment: float, event: Callable[["Cloud", *Given], None], *args: *Given) -> None:
        """Call ``event(cloud, *args)`` at a moment of the simulated clock."""
        heapq.heappush(self._due, (moment, next(self._sequence), event, args))

    def catch_up(self) -> None:
        """Run every event that is due, in order and each at its own moment; then ``now`` is the clock's."""
        present = self.clock.now()
        while self._due and self._due[0][0] <= present:
            moment, _sequence, event, args = heapq.heappop(self._due)
            self.now = max(self.now, moment)
            self.past.before_change(self.now, present)
            event(self, *args)
        self.now = max(self.now, present)
