# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P3, P6 and P7: the API is out for longer than a request is tried, from its start or from the first write on.

A read is tried six times, so that only an outage which outlasts all of them, for one request after the other, shows
what a task does then.
"""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.all_scenarios import SCENARIOS
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import converges, prepared, runner

TRIES = 6
EVERY = 1 if FULL else 3
OUTAGES = {"503": {"status": 503}, "cut": {"drop": True}}


def chosen() -> list[str]:
    return list(SCENARIOS)[::EVERY]


@pytest.mark.parametrize("outage", OUTAGES)
@pytest.mark.parametrize("length", [TRIES - 1, TRIES])
def test_p6_a_read_is_tried_six_times(sim: Any, run: Runner, outage: str, length: int) -> None:
    key = min(sim.state().droplets)
    sim.fault(OUTAGES[outage], times=length)
    told = run(droplet_id=key, plan="weekly", weekday="SUN", hour=8, existing_backups="may_be_lost")
    if length < TRIES:
        assert not told.failed, told
        assert told.changed
    else:
        assert told.kind == "unreachable", told
        assert not told.changed
        assert len(told.requests) == TRIES
        assert not told.writes


@pytest.mark.parametrize("name", chosen())
def test_p3_p7_out_from_the_first_write_on(sim: Any, name: str) -> None:
    """It fails in words, never says of what it has done that it did not, and the rerun goes on where it was."""
    scenario = SCENARIOS[name]
    options, token, before = prepared(sim, scenario, {})
    run = runner(sim, scenario, {**options, "wait_timeout": 60}, token)
    begun: list[Any] = []

    def out(_number: int, request: Any) -> None:
        if request.method != "GET" and not begun:
            begun.append(request)
            sim.fault({"status": 503}, times=0)

    told = run(after_request=out)
    assert begun
    assert told.kind in ("unreachable", "outcome_unknown", "wait_timeout", "not_converged"), told
    if scenario.wrong(before, sim.state(), options) is None:
        assert told.changed, f"P7: what was asked for is done, and it says that nothing was changed\n{told}"
    sim.clear_faults()
    sim.advance(60)
    converges(sim, scenario, runner(sim, scenario, options, token), before, options)
