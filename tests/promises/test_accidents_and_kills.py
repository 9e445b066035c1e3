# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P1 to P8 and P10 for the tasks of every module: accidents × switches, and killed at each request."""

from __future__ import annotations

import pytest
from dosim.behaviour import SWITCHES

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.all_scenarios import SCENARIOS
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.pairwise import pairwise
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import ACCIDENTS, kill_sweep, play

ONE_PAGE = {"image_order": "of no effect on accounts whose images fit on one page: see test_p10_image_order.py"}
ROWS = pairwise({**{key: SWITCHES[key] for key in SWITCHES if key not in ONE_PAGE}, "token": ("everything", "least")})
SAMPLE = 61
"""One accident in so many for each scenario, beginning elsewhere for each."""

ONE_BY_ONE = {"concurrency": 1}
"""A task whose threads overtake each other need not come to the same request again."""

KILLS = 1 if FULL else 13
"""A sample kills at one request in so many; the shortest run has more than `FIRST_KILLS` requests."""

FIRST_KILLS = 3


def possible(scenario):
    """The names of the accidents that have an effect on a scenario."""
    return [name for name, accident in ACCIDENTS.items() if accident.is_possible(scenario)]


def chosen():
    pairs = [
        (name, accident)
        for place, (name, scenario) in enumerate(SCENARIOS.items())
        for accident in possible(scenario)[0 if FULL else (7 * place) % SAMPLE :: 1 if FULL else SAMPLE]
    ]
    return [(name, accident, number % len(ROWS)) for number, (name, accident) in enumerate(pairs)]


@pytest.mark.parametrize(("scenario", "accident", "row"), chosen())
def test_accidents(sim, scenario, accident, row):
    """One request of the task meets an accident, in a row of switches."""
    play(sim, SCENARIOS[scenario], ACCIDENTS[accident], ROWS[row], **ONE_BY_ONE)


def rows():
    every = 1 if FULL else 7
    return [(name, row) for place, name in enumerate(SCENARIOS) for row in range(place % every, len(ROWS), every)]


@pytest.mark.parametrize(("scenario", "row"), rows())
def test_switches(sim, scenario, row):
    """Without an accident, in each row of switches (in the sample each seventh)."""
    play(sim, SCENARIOS[scenario], None, ROWS[row])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_every_request(sim, scenario, moment):
    start = 1 if FULL else 1 + list(SCENARIOS).index(scenario) % FIRST_KILLS
    assert kill_sweep(sim, SCENARIOS[scenario], moment, start, KILLS) > 0
