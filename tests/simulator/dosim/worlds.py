# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worlds: what an account holds when the simulator starts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dosim import catalogue, history
from dosim.clock import instant
from dosim.cloud import Cloud
from dosim.errors import ControlError
from dosim.store import Droplet, Policy, Store
from dosim import schedule

FOLDER = Path(__file__).parent.parent / "worlds"
DEFAULT = "fleet"
START = "2026-03-11T09:30:00Z"
MOST_DROPLETS = 100_000
ACCOUNT = {
    "droplet_limit": 25000,
    "floating_ip_limit": 25,
    "reserved_ip_limit": 25,
    "volume_limit": 500,
    "email": "ops@lifeboat.example",
    "name": "Lifeboat Operations",
    "uuid": "7d3a3bb85e0c4d5f9f5c2a9d1c0e4b6a7f8d9e0c",
    "email_verified": True,
    "status": "active",
    "status_message": "",
    "team": {"uuid": "2c1f8e7b6a5d4c3b2a190817263544536271809f", "name": "Lifeboat"},
}


class World(Protocol):
    """``start`` is the clock's default; ``fill`` enters the Droplets into an empty cloud."""

    start: int

    def store(self) -> Store: ...

    def fill(self, cloud: Cloud) -> None: ...


@dataclass(slots=True)
class Plain:
    """N plain Droplets: a third each without backups, daily and weekly; everything else from the seed."""

    count: int
    start: int = field(default_factory=lambda: instant(START))

    def store(self) -> Store:
        return Store(catalogue.load(), dict(ACCOUNT))

    def fill(self, cloud: Cloud) -> None:
        regions = [
            slug
            for slug, region in cloud.store.catalogue.regions.items()
            if region["available"] and "backups" in region["features"]
        ]
        for number in range(self.count):
            history.enter(cloud, _plain(cloud, number, regions), age=(40 + cloud.choice("age", number) % 700) * schedule.DAY)


ROLES = ("web", "db", "ci")
PLAIN_SIZES = ("s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-4gb", "s-4vcpu-8gb")


def _plain(cloud: Cloud, number: int, regions: list[str]) -> Droplet:
    key = cloud.ids.next("droplet")
    choice = cloud.choice("plain", number)
    role = ROLES[choice % 3]
    hour = schedule.HOURS[number // 3 % 6]
    weekday = schedule.WEEKDAYS[number // 18 % 7]
    policy = (
        None,
        Policy("daily", hour),
        Policy("weekly", hour, weekday, retention_days=schedule.STANDARD["weekly"]),
    )[number % 3]
    return Droplet(
        id=key,
        name=f"{role}-{number + 1:05d}",
        size=PLAIN_SIZES[(choice >> 4) % 4],
        region=regions[(choice >> 8) % len(regions)],
        image=cloud.store.catalogue.images["ubuntu-24-04-x64"].id,
        created=0,
        tags=["env:prod" if (choice >> 16) % 3 else "env:staging", f"role:{role}"],
        features=["private_networking", "droplet_agent"],
        policy=policy,
    )


def find(world: str | None, droplets: int | None) -> World:
    """The world that the command line or a reset asks for. Raises ControlError."""
    if world is not None and droplets is not None:
        raise ControlError("give a world or a number of Droplets, not both")
    if droplets is not None:
        if not 0 <= droplets <= MOST_DROPLETS:
            raise ControlError(f"the number of Droplets must be from 0 to {MOST_DROPLETS}")
        return Plain(droplets)
    return Plain(60)
