# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12: routes × wrong answers × tasks of every module. With LIFEBOAT_TRUST=full all of them, and of each field another
type for each task; else one wrong answer for each fourth task, on one of its routes.
"""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.all_scenarios import SCENARIOS
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.readers import (
    READERS,
    inventory_sweep,
    reader_sweep,
)
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.tally import Tally
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.wrong_answers import (
    HEAVY,
    WAYS,
    cells,
    field_cells,
    spots,
    sweep,
)

pytestmark = pytest.mark.timeout(900 if FULL else 120)
EVERY = 4
FIELDS = "field"
LIGHT = tuple(way for way in WAYS if way not in HEAVY)


def chosen():
    if FULL:
        return [(scenario, way) for scenario in SCENARIOS for way in (*WAYS, FIELDS)]
    ways = (*LIGHT, FIELDS)
    return [(scenario, ways[(11 * place) % len(ways)]) for place, scenario in enumerate(SCENARIOS) if not place % EVERY]


@pytest.mark.parametrize(("scenario", "way"), chosen())
def test_p12_tasks(sim, record_property, scenario, way):
    task, place = SCENARIOS[scenario], list(SCENARIOS).index(scenario)
    found = spots(sim, task)
    played = list(field_cells(found, place) if way == FIELDS else cells(found, way))
    if not FULL:
        played = played[place % len(played) :][:1] if played else []
    tally = Tally(task.module)
    sweep(sim, task, played, tally)
    sim.clear_faults()
    tally.close(record_property)


def _cells_of(way, turn):
    """Of the routes of a reader, the cells of a way; in a sample one of them."""

    def chosen_of(found):
        every = list(field_cells(found, turn) if way == FIELDS else cells(found, way))
        return every if FULL else every[turn % max(1, len(every)) :][:1]

    return chosen_of


def readings(readers, every):
    """All ways for each reader, or one in so many."""
    pairs = [(reader, way) for reader in readers for way in (*(WAYS if FULL else LIGHT), FIELDS)]
    return pairs if FULL else pairs[::every]


@pytest.mark.parametrize(("reader", "way"), readings(READERS, 37))
def test_p12_readers(sim, record_property, reader, way):
    tally = Tally(READERS[reader].module)
    reader_sweep(sim, READERS[reader], _cells_of(way, list(READERS).index(reader)), tally)
    tally.close(record_property)


@pytest.mark.parametrize("way", [way for _reader, way in readings(["inventory"], 29)])
def test_p12_the_inventory(sim, inventory, record_property, way):
    tally = Tally("inventory")
    inventory_sweep(sim, inventory, _cells_of(way, 1), tally)
    tally.close(record_property)
