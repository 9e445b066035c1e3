# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's limits, enforced by the simulator: kept near their own minimum, and told of before the first write."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

SLOW = {"plan": "daily", "hour": [0, 4, 8, 12, 16, 20], "existing_backups": "may_be_lost"}


def limited(simulators, droplets, limits):
    simulator = simulators("--droplets", str(droplets), "--action-seconds", "0", "--rate-limit", limits)
    simulator.reset()
    return simulator


def seconds_since(simulator, began):
    return (moment(simulator) - began).total_seconds()


def moment(simulator):
    return datetime.fromisoformat(simulator.now())


def refused(told):
    return [entry for entry in told.requests if entry["status"] == 429]


def use_up(simulator, requests):
    """Somebody else on the same token sends so many requests."""
    for _number in range(requests):
        simulator.api("GET", "account")


def test_a_fleet_larger_than_the_burst_limit_keeps_to_it(simulators):
    """1,000 Droplets at 250 in 6 s: fewer than 1 % of the requests are refused."""
    simulator = limited(simulators, 1000, "5000/3600,250/6")
    told = Runner(simulator)(all=True, burst_limit="250/6", **SLOW)
    assert not told.failed, told
    assert len(told.writes) > 600
    assert len(refused(told)) < 0.01 * len(told.requests), told


@pytest.fixture(name="short")
def _short(simulators):
    """100 Droplets of which some 70 drift, and 40 requests left this hour, of 100."""
    simulator = limited(simulators, 100, "100/3600,50/60")
    simulator.advance(3600)
    simulator.forget()
    return simulator


def test_more_writes_than_the_hour_has_left_are_refused_before_the_first(short):
    use_up(short, 40)
    told = Runner(short)(all=True, burst_limit="50/60", **SLOW)
    assert told.kind == "rate_limit", told
    assert not told.writes
    assert not told.changed
    drifting = int(re.search(r"\((\d+) writes and about \d+ reads\) are to be sent", told.result["msg"])[1])
    assert drifting > 56
    assert "left this hour" in told.result["msg"]
    assert re.search(r"wait_timeout leaves 1[0-9] minutes", told.result["msg"]), told
    assert told.result["summary"]["not_tried"] == drifting
    assert (told.result["summary"]["changed"], told.result["summary"]["failed"]) == (0, 0)


def test_p7_the_hour_must_have_room_for_the_reads_that_verify(short):
    """As many requests as there are writes to send are left: all would be sent, and none could be verified."""
    look = Runner(short)(check=True, all=True, burst_limit="50/60", **SLOW)
    drifting = look.result["summary"]["changed"]
    left = 100 - 2 * len(look.requests)
    use_up(short, left - drifting)
    told = Runner(short)(all=True, burst_limit="50/60", **SLOW)
    assert told.kind == "rate_limit", told
    assert not told.writes
    assert not told.changed
    assert told.result["summary"] == {
        "matched": 100, "changed": 0, "unchanged": 100 - drifting, "failed": 0, "not_tried": drifting
    }


def test_check_mode_says_so_and_fails_nothing(short):
    use_up(short, 40)
    told = Runner(short)(check=True, all=True, burst_limit="50/60", **SLOW)
    assert not told.failed, told
    assert told.changed
    warnings = str(told.result["warnings"])
    assert "left this hour: that takes about" in warnings, told
    assert "Without check mode it would be refused." in warnings


def test_with_time_enough_they_are_spread_over_the_hour(short):
    use_up(short, 40)
    began = moment(short)
    told = Runner(short)(all=True, burst_limit="50/60", wait_timeout=3 * 3600, **SLOW)
    assert not told.failed, told
    assert "left this hour: that takes about" in str(told.result["warnings"])
    assert len(refused(told)) <= 1, told
    # 100 in an hour; the forty of somebody else stop to count an hour after they were sent.
    assert 3500 < seconds_since(short, began) < 4600
    gaps = [datetime.fromisoformat(entry["at"]) for entry in told.writes]
    longest = max(later - earlier for earlier, later in pairwise(gaps))
    assert longest.total_seconds() < 900, "they were not spread, but came all at once and then waited"
    again = Runner(short)(all=True, burst_limit="50/60", wait_timeout=3 * 3600, **SLOW)
    assert not again.writes


def test_readers_too_are_refused_before_they_run_into_it(simulators):
    """Each Droplet that looks late costs a read of its own: here those whose backups were just turned on."""
    simulator = limited(simulators, 100, "100/3600,50/60")
    simulator.advance(3600)
    assert not Runner(simulator)(all=True, burst_limit="50/60").failed
    simulator.advance(60)
    use_up(simulator, 30)
    told = Runner(simulator, module="droplet_backups_info")(all=True, burst_limit="50/60")
    assert told.kind == "rate_limit", told
    assert "reads of the actions of Droplets that look late" in told.result["msg"]
    assert not [entry for entry in told.requests if entry["path"].endswith("/actions")], told
    simulator.advance(3600)
    told = Runner(simulator, module="droplet_backups_info")(all=True, burst_limit="50/60")
    assert not told.failed, told
    assert told.result["summary"]["status"]["overdue"] == 0
