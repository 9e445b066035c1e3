# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12: a Droplet that is given by its id and that the list of Droplets lacks is asked for by its id.

The list may lag behind, so that a new Droplet is not in it. What does not exist at all is an error that names the id,
before anything is written.
"""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

CHANGING: dict[str, dict[str, Any]] = {
    "droplet_backups": {"plan": "weekly", "weekday": "SUN", "hour": 8},
    "droplet_snapshot": {"snapshot_name": "release-7"},
    "droplet_action": {"type": "power_cycle", "expected_count": 3},
}
READING = ("droplet_backups_info", "droplet_snapshot_info")
"""The second reports snapshots, of which there are none."""

NOBODY = 999


@pytest.fixture(name="ids")
def _ids(sim: Any) -> list[int]:
    """Three Droplets; the last is so new that the list lacks it."""
    sim.reset(droplets=0)
    old = worlds.create(sim, "alpha", "bravo")
    sim.advance(3600)
    sim.behave(lag_droplets_list="30")
    new = worlds.create(sim, "charlie")
    sim.advance(5)
    assert sorted(one["id"] for one in sim.api("GET", "droplets")["droplets"]) == sorted(old)
    return [*old, *new]


@pytest.mark.parametrize("module", CHANGING)
def test_p12_it_is_changed_as_the_others(sim: Any, ids: list[int], module: str) -> None:
    before = sim.state()
    told = Runner(sim, module)(droplet_id=ids, **CHANGING[module])
    assert not told.failed, told
    assert {one["resource_id"] for one in sim.state().actions_since(before)} == set(ids), told
    assert [key for key, entry in told.droplets.items() if entry["changed"]] == ids


@pytest.mark.parametrize("module", READING)
def test_p12_it_is_reported_as_the_others(sim: Any, ids: list[int], module: str) -> None:
    told = Runner(sim, module)(droplet_id=ids)
    assert not told.failed, told
    assert list(told.droplets) == (ids if module == "droplet_backups_info" else [])


@pytest.mark.parametrize("module", [*CHANGING, *READING])
def test_p12_one_that_does_not_exist_is_an_error_before_any_write(sim: Any, ids: list[int], module: str) -> None:
    told = Runner(sim, module)(droplet_id=[*ids, NOBODY], **CHANGING.get(module, {}))
    assert told.failed, told
    assert str(NOBODY) in told.result["msg"]
    assert not told.writes
