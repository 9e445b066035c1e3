# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12: what an answer does not say is never taken for "there is none", and only `completed` is success."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

WITHOUT_THE_LIST = ("body_empty_object", "body_message", "body_null", "root_null", "root_renamed", "meta_missing")
WEB = {"name": "web", "policy": {"plan": "daily"}, "age": "200d"}


def ends_as(outcome: Any, kind: str, *words: str) -> None:
    assert outcome.kind == kind, outcome
    for word in words:
        assert word in outcome.result["msg"], outcome


@pytest.mark.parametrize("way", WITHOUT_THE_LIST)
def test_p4_backups_that_are_not_told_are_not_none(sim: Any, world: Any, run: Runner, way: str) -> None:
    (droplet,) = world(WEB)
    sim.fault({"wrong": way}, path=f"/{droplet}/backups", method="GET", times=0)
    before = sim.state().policies()
    outcome = run(droplet_id=[droplet], state="disabled")
    sim.clear_faults()
    ends_as(outcome, "invalid_answer", f"GET /v2/droplets/{droplet}/backups")
    assert not outcome.writes
    assert sim.state().policies() == before


@pytest.mark.parametrize("way", WITHOUT_THE_LIST)
def test_p3_snapshots_that_are_not_told_are_not_taken_again(sim: Any, world: Any, way: str) -> None:
    (droplet,) = world(WEB)
    take = Runner(sim, "droplet_snapshot")
    assert take(droplet_id=[droplet], snapshot_name="by-hand").changed
    sim.fault({"wrong": way}, path="snapshots", method="GET", times=0)
    outcome = take(droplet_id=[droplet], snapshot_name="by-hand")
    sim.clear_faults()
    ends_as(outcome, "invalid_answer", "snapshots")
    assert not outcome.writes


@pytest.mark.parametrize("way", ["body_empty_object", "root_null", "item_null", "total_absurd"])
def test_p12_an_account_that_is_not_told_is_not_empty(sim: Any, world: Any, run: Runner, way: str) -> None:
    world(WEB)
    sim.fault({"wrong": way}, path="/v2/droplets", times=0)
    outcome = run(all=True, state="enabled", allow_empty=True)
    sim.clear_faults()
    ends_as(outcome, "invalid_answer", "GET /v2/droplets")


def test_p12_a_policy_that_does_not_say_whether_it_is_on_is_not_off(sim: Any, world: Any, run: Runner) -> None:
    (droplet,) = world(WEB)
    wrong = {"wrong": "field", "field": "policy.backup_enabled", "as": "missing"}
    sim.fault(wrong, path=f"/{droplet}/backups/policy", times=0)
    outcome = run(droplet_id=[droplet], state="enabled")
    sim.clear_faults()
    ends_as(outcome, "invalid_answer", "`policy.backup_enabled` is missing")
    assert not outcome.writes


@pytest.mark.parametrize(
    "way", ["body_empty_object", "root_null", "id_missing", "status_200", "status_299", "not_json", "deep"]
)
def test_p3_a_write_with_a_wrong_answer_is_looked_for(sim: Any, world: Any, way: str) -> None:
    (droplet,) = world(WEB)
    take = Runner(sim, "droplet_snapshot")
    sim.fault({"wrong": way}, method="POST")
    outcome = take(droplet_id=[droplet], snapshot_name="by-hand")
    assert not outcome.failed, outcome
    assert outcome.changed
    snapshots = [action for action in sim.state()["actions"] if action["type"] == "snapshot"]
    assert len(snapshots) == 1


def test_p8_an_unknown_status_is_waited_for_and_named(sim: Any, world: Any) -> None:
    (droplet,) = world(WEB)
    wrong = {"wrong": "field", "field": "action.status", "as": "text"}
    sim.fault(wrong, method="GET", path="/actions/", times=0)
    take = Runner(sim, "droplet_snapshot")
    outcome = take(droplet_id=[droplet], snapshot_name="by-hand", wait_timeout=120)
    sim.clear_faults()
    ends_as(outcome, "wait_timeout", "which says neither that it has completed nor that it has failed")
    again = take(droplet_id=[droplet], snapshot_name="by-hand")
    assert not again.failed, again
    assert not again.writes
