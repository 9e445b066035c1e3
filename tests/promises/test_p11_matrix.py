# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P11: lag × tasks of every module × reruns. With LIFEBOAT_TRUST=full all of them, else each sixth task under one.

What the lag costs in requests if there is none is held by `test_p5_one_look.py`.
"""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.lagging import (
    LAGGING,
    lagging_play,
    unwaited_play,
)
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL
from ansible_collections.lifeboat.digitalocean.tests.promises.test_orders import ORDERS

EVERY = 6
"""A sample has one task in so many, and the next lag for each."""


def chosen(shift=0):
    if FULL:
        return [(order, lags) for order in ORDERS for lags in LAGGING]
    names = list(LAGGING)
    return [
        (order, names[(7 * place + shift) % len(names)])
        for place, order in enumerate(ORDERS)
        if place % EVERY == shift % EVERY
    ]


@pytest.mark.parametrize(("order", "lags"), chosen())
def test_p11_reruns(sim, order, lags):
    lagging_play(sim, ORDERS[order], lags)


@pytest.mark.parametrize(("order", "lags"), chosen(1))
def test_p11_two_runs_that_do_not_wait(sim, order, lags):
    unwaited_play(sim, ORDERS[order], lags)
