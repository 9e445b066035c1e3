# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P11: lag × tasks of every module × reruns. With LIFEBOAT_TRUST=full all of them, else each sixth task under one.

What the lag costs in requests if there is none is held by `test_p5_one_look.py`.
"""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.all_scenarios import SCENARIOS
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.lagging import (
    LAGGING,
    lagging_play,
    unwaited_play,
)
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL

EVERY = 6
"""A sample has one task in so many, and the next lag for each."""


def chosen(shift=0):
    if FULL:
        return [(scenario, lags) for scenario in SCENARIOS for lags in LAGGING]
    names = list(LAGGING)
    return [
        (scenario, names[(7 * place + shift) % len(names)])
        for place, scenario in enumerate(SCENARIOS)
        if place % EVERY == shift % EVERY
    ]


@pytest.mark.parametrize(("scenario", "lags"), chosen())
def test_p11_reruns(sim, scenario, lags):
    lagging_play(sim, SCENARIOS[scenario], lags)


@pytest.mark.parametrize(("scenario", "lags"), chosen(1))
def test_p11_two_runs_that_do_not_wait(sim, scenario, lags):
    unwaited_play(sim, SCENARIOS[scenario], lags)
