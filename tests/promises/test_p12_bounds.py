# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12 and P6: no answer makes a task use more memory or time than it may, and each ends with a sentence."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

MEBIBYTE = 1024 * 1024


@pytest.fixture(name="info")
def _info(sim: Any) -> Runner:
    return Runner(sim, "droplet_backups_info")


def test_p12_a_compressed_bomb_is_not_unpacked(sim: Any, info: Runner) -> None:
    sim.fault({"wrong": "bomb"}, path="/v2/droplets", times=0)
    tracemalloc.start()
    try:
        outcome = info(all=True)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    sim.clear_faults()
    assert outcome.kind == "invalid_answer", outcome
    assert "is larger than 16 MiB" in outcome.result["msg"]
    assert peak < 200 * MEBIBYTE


@pytest.mark.parametrize(
    "limit", [{"request_timeout": 1, "wait_timeout": 1}, {"request_timeout": 30, "wait_timeout": 2}], ids=str
)
@pytest.mark.usefixtures("tls")
def test_p6_an_answer_of_a_few_bytes_a_second_is_late(sim: Any, limit: dict[str, int]) -> None:
    sim.fault({"slow": 2}, path="/policies", times=0)
    run = Runner(sim, real_time=True)
    begun = time.monotonic()
    outcome = run(all=True, state="enabled", check=True, **limit)
    took = time.monotonic() - begun
    sim.clear_faults()
    assert outcome.kind == "unreachable", outcome
    assert "No whole answer came to GET /v2/droplets/backups/policies in time" in outcome.result["msg"]
    assert took < 12


@pytest.mark.parametrize("option", ["concurrency", "request_timeout"])
def test_p6_options_have_bounds(info: Runner, option: str) -> None:
    outcome = info(all=True, **{option: 10**8})
    assert outcome.kind == "input"
    assert f"{option} 100000000 is too large" in outcome.result["msg"]
