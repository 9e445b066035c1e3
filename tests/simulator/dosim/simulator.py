# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running simulator: the command line's settings, and the state that a reset makes anew."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dosim import worlds
from dosim.behaviour import Behaviour
from dosim.clock import Clock
from dosim.cloud import Cloud, Durations
from dosim.faults import Faults
from dosim.ids import Ids, token_from
from dosim.journal import Journal
from dosim.limits import Limits
from dosim.services import actions, backups
from dosim.tokens import Tokens


@dataclass(slots=True)
class Settings:
    """What the command line said. If ``start`` is None, the world's own start is used."""

    world: str | None = None
    droplets: int | None = None
    seed: int = 1
    token: str | None = None
    start: int | None = None
    latency: float = 0.0
    durations: Durations = field(default_factory=Durations)
    rate_limit: str = "on"
    behaviour: dict[str, str] = field(default_factory=dict)


class Simulator:
    """``generation`` counts the resets, so that a request held over one does not touch the new world. ``monotonic``
    counts passing seconds, by this machine's clock or another one.
    """

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._monotonic = monotonic
        self.token = settings.token or token_from(settings.seed, "main")
        self.generation = 0
        self.reset()

    def reset(self, world: str | None = None, droplets: int | None = None, seed: int | None = None) -> None:
        """Start anew; what is given replaces the command line's own. Raises ControlError."""
        settings = self.settings
        seed = settings.seed if seed is None else seed
        if world is None and droplets is None:
            world, droplets = settings.world, settings.droplets
        behaviour = Behaviour()
        behaviour.set(settings.behaviour)
        plan = worlds.find(world, droplets)
        clock = Clock(plan.start if settings.start is None else settings.start, self._monotonic)
        cloud = Cloud(worlds.empty_store(plan), clock, Ids(seed), behaviour, settings.durations)
        plan.fill(cloud)
        cloud.store.order_log()
        cloud.store.order_images()
        cloud.past.switched()
        self.cloud = cloud
        self.tokens = Tokens(self.token, seed)
        self.limits = Limits(settings.rate_limit)
        self.faults = Faults()
        self.journal = Journal()
        self.generation += 1

    def switch(self, changes: dict[str, Any]) -> None:
        """Set switches, and forget what was serialised under their old values. Raises ControlError."""
        self.cloud.behaviour.set(changes)
        self.cloud.past.switched()
        for droplet in self.cloud.store.droplets.rows.values():
            droplet.views.clear()
        if "backup_name" in changes:
            for image in self.cloud.store.images.rows.values():
                backups.name(self.cloud, image)

    def drop_fault(self, key: int) -> bool:
        removed = self.faults.remove(key)
        if removed:
            actions.release(self.cloud, key)
        return removed
