# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worlds: what an account holds when the simulator starts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dosim import catalogue, history, schedule, worldfile
from dosim.clock import instant
from dosim.cloud import Cloud
from dosim.errors import ControlError
from dosim.store import Droplet, Policy, Store

FOLDER = Path(__file__).parent.parent / "worlds"
DEFAULT = "fleet"
MOST_DROPLETS = 100_000
ROLES = ("web", "db", "ci")
SIZES = ("s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-4gb", "s-4vcpu-8gb")


class World(Protocol):
    """``start`` is the clock's default; ``fill`` enters the Droplets into an empty cloud."""

    start: int
    account: dict[str, Any]

    def fill(self, cloud: Cloud) -> None: ...


@dataclass(slots=True)
class Plain:
    """N plain Droplets: a third each without backups, daily and weekly; everything else from the seed."""

    count: int
    start: int = instant(worldfile.START)
    account: dict[str, Any] = field(default_factory=dict)

    def fill(self, cloud: Cloud) -> None:
        regions = [
            slug
            for slug, region in cloud.store.catalogue.regions.items()
            if region["available"] and "backups" in region["features"]
        ]
        for number in range(self.count):
            age = 40 * schedule.DAY + cloud.choice("age", number) % (700 * schedule.DAY)
            history.enter(cloud, _plain(cloud, number, regions), age)


def _plain(cloud: Cloud, number: int, regions: list[str]) -> Droplet:
    choice = cloud.choice("plain", number)
    role = ROLES[choice % 3]
    hour = schedule.HOURS[number // 3 % 6]
    weekday = schedule.WEEKDAYS[number // 18 % 7]
    weekly = Policy("weekly", hour, weekday, retention_days=schedule.STANDARD["weekly"])
    return Droplet(
        id=cloud.ids.next("droplet"),
        name=f"{role}-{number + 1:05d}",
        size=SIZES[(choice >> 4) % 4],
        region=regions[(choice >> 8) % len(regions)],
        image=cloud.store.catalogue.images["ubuntu-24-04-x64"].id,
        created=0,
        tags=["env:prod" if (choice >> 16) % 3 else "env:staging", f"role:{role}"],
        features=["private_networking", "droplet_agent"],
        policy=(None, Policy("daily", hour), weekly)[number % 3],
    )


def find(world: str | None, droplets: int | None) -> World:
    """The world that the command line or a reset names. Raises ControlError."""
    if world is not None and droplets is not None:
        raise ControlError("give a world or a number of Droplets, not both")
    if droplets is not None:
        if not 0 <= droplets <= MOST_DROPLETS:
            raise ControlError(f"the number of Droplets must be from 0 to {MOST_DROPLETS}")
        limit = max(worldfile.ACCOUNT["droplet_limit"], droplets)
        return Plain(droplets, account={"droplet_limit": limit})
    return worldfile.load(_path(world or DEFAULT))


def _path(world: str) -> Path:
    """A name of a shipped world wins over a file of that name."""
    names = sorted(file.stem for file in FOLDER.glob("*.yml"))
    if world in names:
        return FOLDER / f"{world}.yml"
    path = Path(world)
    if "\0" in world or not path.is_file():
        raise ControlError(f"no world {world!r}: it is neither a file nor one of {', '.join(names)}")
    return path


def empty_store(world: World) -> Store:
    return Store(catalogue.load(), {**worldfile.ACCOUNT, **world.account})
