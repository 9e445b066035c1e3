# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two playbooks at the same time with one token: they see each other's requests only in the API's answers."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import Simulator


@pytest.fixture(name="sim")
def _sim():
    simulator = Simulator("--droplets", "160", "--action-seconds", "0", "--rate-limit", "5000/3600,40/2")
    yield simulator
    simulator.stop()


def test_both_end_well_and_nothing_is_written_twice(play, sim, play_of, tmp_path):
    def one(tag):
        folder = tmp_path / tag
        folder.mkdir()
        task = {"tag": tag, "plan": "weekly", "weekday": "SUN", "hour": 4, "burst_limit": "40/2", "report": "all"}
        return play(play_of((tag.replace(":", "_"), task)), folder=folder)

    with ThreadPoolExecutor(2) as threads:
        played = list(threads.map(one, ("env:prod", "env:staging")))
    told = [result for run in played for result in run.results.values()]
    assert [result.get("msg") for result in told if result.get("failed")] == []
    assert sum(result["summary"]["matched"] for result in told) == 160
    assert set(map(seen, sim.state().policies().values())) == {("weekly", "SUN", 4)}
    written = Counter(entry["path"] for entry in sim.journal() if entry["method"] == "POST" and entry["status"] == 201)
    assert len(written) > 120
    assert set(written.values()) == {1}


def seen(policy):
    return policy["plan"], policy["weekday"], policy["hour"]
