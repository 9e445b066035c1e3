# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P1 to P8 and P10 for the tasks of every module: accidents × switches, and killed at each request."""

from __future__ import annotations

import importlib
import os
from itertools import product
from pathlib import Path

import pytest
from dosim.behaviour import SWITCHES

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.orders import ACCIDENTS, kill_sweep, play
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.pairwise import pairwise
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL

PACKAGE = "ansible_collections.lifeboat.digitalocean.tests.promises.orders"
MODULES = sorted(path.stem for path in Path(__file__).parent.glob("orders/*.py"))
ONLY = os.environ.get("LIFEBOAT_MODULE")
"""Only the orders of this module, for one who works on it."""

ORDERS = {
    str(order): order
    for name in MODULES
    if ONLY in (None, name)
    for order in importlib.import_module(f"{PACKAGE}.{name}").ORDERS
}
ROWS = pairwise({**SWITCHES, "token": ("everything", "least")})
SAMPLE = 131
"""One accident in so many for each order, beginning elsewhere for each."""

KILLS = 1 if FULL else 13
"""A sample kills at one request in so many; the shortest run has more than `FIRST_KILLS` requests."""

FIRST_KILLS = 3


def chosen():
    if FULL:
        pairs = product(ORDERS, ACCIDENTS)
    else:
        pairs = [
            (order, accident)
            for place, order in enumerate(ORDERS)
            for accident in list(ACCIDENTS)[place % SAMPLE :: SAMPLE]
        ]
    return [(order, accident, number % len(ROWS)) for number, (order, accident) in enumerate(pairs)]


@pytest.mark.parametrize(("order", "accident", "row"), chosen())
def test_accidents(sim, order, accident, row):
    play(sim, ORDERS[order], ACCIDENTS[accident], ROWS[row])


def rows():
    every = 1 if FULL else 7
    return [(order, row) for place, order in enumerate(ORDERS) for row in range(place % every, len(ROWS), every)]


@pytest.mark.parametrize(("order", "row"), rows())
def test_switches(sim, order, row):
    """Without an accident, in each row of switches (in the sample each seventh)."""
    play(sim, ORDERS[order], None, ROWS[row])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("order", ORDERS)
def test_killed_at_every_request(sim, order, moment):
    start = 1 if FULL else 1 + list(ORDERS).index(order) % FIRST_KILLS
    assert kill_sweep(sim, ORDERS[order], moment, start, KILLS) > 0
