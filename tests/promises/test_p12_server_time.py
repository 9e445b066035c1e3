# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12: a `Date` that is a year off is a warning. No age is false because of it, and nothing is made twice.

The simulator's worlds live in another time than this machine, whose clock can be no judge here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

WAYS = ("date_1_year_early", "date_1_year_late")
PLACES = {
    "the first answer": {"times": 1},
    "all answers": {"times": 0},
    "one endpoint": {"times": 0, "path": "/policies"},
    "the list of Droplets": {"times": 0, "path": "^/v2/droplets$"},
}
TOLD = "An answer of the API tells the time 202"
WEB = {"name": "web", "policy": {"plan": "daily"}, "age": "200d"}

each_way = pytest.mark.parametrize("way", WAYS)
each_place = pytest.mark.parametrize("place", PLACES)


@pytest.fixture(name="odd")
def _odd(sim: Any) -> Callable[[str, str], None]:
    """`odd(way, place)` makes dates wrong, instead of those before."""

    def order(way: str, place: str) -> None:
        sim.clear_faults()
        sim.fault({"wrong": way}, **PLACES[place])

    return order


@each_way
@each_place
def test_no_age_is_false(sim: Any, world: Any, odd: Any, way: str, place: str) -> None:
    world(WEB, "bare")
    info = Runner(sim, "droplet_backups_info")
    true = info(all=True)
    odd(way, place)
    told = info(all=True)
    assert not told.failed, told
    assert TOLD in str(told.result["warnings"]), told
    assert told.result["summary"] == true.result["summary"]
    for key, entry in told.droplets.items():
        assert entry["status"] == true.droplets[key]["status"]
        if entry["newest"]:
            assert entry["newest"]["age_hours"] == pytest.approx(true.droplets[key]["newest"]["age_hours"], abs=0.1)


@each_way
@each_place
def test_nothing_is_made_twice(sim: Any, world: Any, odd: Any, way: str, place: str) -> None:
    """A snapshot that is no older than 6 hours, by runs of which each is told another wrong time."""
    (droplet,) = world(WEB)
    take = Runner(sim, "droplet_snapshot")
    for number, turn in enumerate((way, *WAYS)):
        # This task reads no policies.
        odd(turn, "the list of Droplets" if place == "one endpoint" else place)
        told = take(all=True, snapshot_name="fresh-{time}", max_age_hours=6)
        assert not told.failed, told
        assert bool(told.writes) == (number == 0), told
    taken = [action for action in sim.state()["actions"] if action["type"] == "snapshot"]
    assert [action["resource_id"] for action in taken] == [droplet]


def test_the_inventory_tells_it_too(world: Any, odd: Any, inventory: Any) -> None:
    world(WEB)
    true = inventory(backup_ages=True).hosts["web"]["do_backups"]["newest"]
    odd("date_1_year_late", "all answers")
    told = inventory(backup_ages=True)
    assert TOLD in str(told.warnings), told
    newest = told.hosts["web"]["do_backups"]["newest"]
    assert newest["age_hours"] == pytest.approx(true["age_hours"], abs=0.1)
