# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Droplet that is stopped for a while, and is to be on again whatever happens to the run that has stopped it: pure.

A tag says that a run has stopped it. It is put on before that, and taken off once the Droplet is on again: so a rerun
after a kill knows whether one that is off is to be powered on, and one that somebody else has stopped stays off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._domain.models import Droplet
from ..._domain.plan import DropletAction, Step, Tag, Untag
from ..._domain.tags import spelling

MARK = "lifeboat:stopped"


def kinds(done: Iterable[Step]) -> frozenset[str]:
    """What a run has done, as `Stop` takes it."""
    marks = {Tag: "mark", Untag: "unmark"}
    return frozenset(step.type or marks.get(type(step), "") for step in done if getattr(step, "kind", "") != "image")


@dataclass(frozen=True, slots=True)
class Stop:
    """The stop of one Droplet: `timeout` seconds to shut down, then it is powered off; 0 powers it off at once.

    `wanted` says that there is something to be stopped for, `done` what this run has done by now (`kinds`).
    """

    droplet: Droplet
    timeout: int
    wanted: bool
    done: frozenset[str] = frozenset()

    @property
    def owed(self) -> bool:
        """Whether this run, or one before it, has stopped the Droplet or was about to: it is to be powered on."""
        return ("mark" in self.done or self.marked) and "unmark" not in self.done

    @property
    def marked(self) -> bool:
        """Whether the Droplet carries the tag."""
        return spelling(MARK, self.droplet.tags or ()) is not None

    @property
    def _on(self) -> bool:
        return self.droplet.status == "active" or "power_on" in self.done

    @property
    def stops(self) -> bool:
        """Whether the Droplet is on and is to be stopped."""
        return self.wanted and self._on

    def before(self) -> tuple[Step, ...]:
        """What stops it."""
        if not self.stops:
            return ()
        mark = () if self.owed else (Tag(MARK, "droplet", self.droplet.id),)
        # Only the log tells whether it was asked to shut down: that it stays on may be its own doing.
        asks = self.timeout > 0 and "shutdown" not in self.done
        asked = (DropletAction("shutdown", observable=False, settle_seconds=self.timeout),) if asks else ()
        return (*mark, *asked, DropletAction("power_off"))

    def after(self) -> tuple[Step, ...]:
        """What has it on again, as it was before."""
        if not (self.owed or self.stops):
            return ()
        name = spelling(MARK, self.droplet.tags or ()) or MARK
        start = () if self._on and not self.stops else (DropletAction("power_on"),)
        return (*start, Untag(name, "droplet", self.droplet.id))

    def note(self, minutes: int | None) -> str | None:
        """What happens to the server, in words; `minutes` are those of the work at most, None if nobody knows."""
        if self.stops:
            how = f"shut down, or powered off after {self.timeout} s," if self.timeout else "powered off"
            lasts = f"up to {minutes} minutes" if minutes else "as long as that takes"
            return f"it is {how} for the snapshot, and powered on again after it: it is down for {lasts}"
        return "an earlier run has stopped it: it is powered on again" if self.owed and not self._on else None
