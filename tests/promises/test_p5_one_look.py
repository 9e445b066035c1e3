# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P5: requests grow with pages of 200, not with Droplets. Counts, not seconds."""

from __future__ import annotations

from math import ceil

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

DAILY_ANY = {"plan": "daily", "hour": [0, 4, 8, 12, 16, 20]}


@pytest.fixture(name="big")
def _big(simulators):
    simulator = simulators("--droplets", "1000", "--action-seconds", "0", "--rate-limit", "off")
    simulator.reset()
    return simulator


def make_compliant(simulator, drifting=0):
    """All on daily but the first `drifting`, by somebody else; the ids of those that drift."""
    ids = sorted(simulator.state().droplets)
    Runner(simulator)(droplet_id=ids[drifting:], **DAILY_ANY, existing_backups="may_be_lost")
    policies = simulator.state().policies()
    wrong = [key for key in ids[:drifting] if policies[key] and policies[key]["plan"] == "daily"]
    if wrong:
        told = Runner(simulator)(droplet_id=wrong, plan="weekly", weekday="SUN", hour=4)
        assert not told.failed, told
    simulator.forget()
    return ids[:drifting]


def test_p5_a_thousand_compliant(big):
    """1,000 Droplets as they should be: at most 12 requests, and no write."""
    make_compliant(big)
    run = Runner(big)
    tags = ["env:prod", "env:staging"]
    for selection in ({"all": True}, {"tag": tags}, {"droplet_id": sorted(big.state().droplets)}):
        for check in (True, False):
            told = run(check=check, **selection, **DAILY_ANY)
            assert told.result["summary"]["matched"] == 1000
            assert not told.changed
            reads, writes = told.counts
            most = 12 if "tag" not in selection else 14
            assert writes == 0, told
            assert reads <= most, told


def test_p5_three_hundred_of_a_thousand_drift(big):
    """Exactly 300 writes and at most 60 reads; the diff of check mode is not empty, and the run's own."""
    drifting = make_compliant(big, drifting=300)
    task = {"all": True, **DAILY_ANY, "existing_backups": "may_be_lost"}
    told = Runner(big)(check=True, **task)
    done = Runner(big)(**task)
    assert not done.failed, done
    reads, writes = done.counts
    assert writes == 300
    assert reads <= 60, done
    assert told.diff == done.diff
    assert told.diff["prepared"].count(" → ") == told.diff["prepared"].count("\n") == 300
    assert sorted(done.droplets) == drifting
    again = Runner(big)(**task)
    assert not again.changed
    assert sum(again.counts) <= 12, again


def test_p5_forty_slow_actions(simulators):
    """40 actions of 5 s each are waited for together: under 30 GETs in all."""
    simulator = simulators("--droplets", "40", "--action-seconds", "5", "--rate-limit", "off")
    simulator.reset()
    told = Runner(simulator)(all=True, plan="weekly", weekday="SAT", hour=[0, 4, 8])
    assert not told.failed, told
    reads, writes = told.counts
    assert writes == 40
    assert reads < 30, told


def test_p5_one_by_id_costs_two_reads(sim, run):
    target = next(key for key, policy in sim.state().policies().items() if policy)
    told = run(droplet_id=target)
    assert not told.changed
    assert [entry["path"] for entry in told.requests] == [
        f"/v2/droplets/{target}",
        f"/v2/droplets/{target}/backups/policy",
    ]


@pytest.mark.parametrize("gpus", [0, 3])
@pytest.mark.parametrize("plain", [0, 1, 199, 200, 201, 400, 401])
@pytest.mark.parametrize("gpu_in_policies", ["included", "absent"])
def test_p5_all_costs_what_the_pages_cost(sim, run, plain, gpus, gpu_in_policies):
    """N Droplets, G of them GPU: 2⌈N/200⌉ + max(1, ⌈G/200⌉) reads; GPU Droplets missing in the map one each more."""
    sim.reset(droplets=plain)
    for number in range(gpus):
        worlds.create(sim, f"gpu-{number}", size="gpu-h100x1-80gb", region="nyc2", policy=worlds.DAILY)
    sim.behave(gpu_in_policies=gpu_in_policies)
    sim.forget()
    told = run(check=True, all=True, allow_empty=True, hour=[0, 4, 8, 12, 16, 20])
    assert told.result["summary"]["matched"] == plain + gpus
    in_map = plain + (gpus if gpu_in_policies == "included" else 0)
    most = max(1, ceil(plain / 200)) + max(1, ceil(in_map / 200)) + 1
    most += gpus if gpu_in_policies == "absent" else 0
    changing = 1 if told.changed else 0
    reads, writes = told.counts
    assert writes == 0
    assert reads <= most + changing, told


def test_p5_small_in_a_large_account_takes_the_cheaper_way(big):
    ids = sorted(big.state().droplets)
    told = Runner(big)(check=True, droplet_id=ids[500:502], state="enabled")
    reads, _writes = told.counts
    assert reads <= 2 * 2 + 2 + 1, told


@pytest.mark.parametrize("order", ["id", "newest_first"])
@pytest.mark.parametrize("page", range(5))
@pytest.mark.parametrize("meanwhile", ["deleted", "created"])
@pytest.mark.parametrize("selection", [{"all": True}, {"tag": ["env:prod", "env:staging"]}], ids=["all", "tag"])
def test_p5_no_droplet_is_missed_while_the_list_moves(sim, run, selection, meanwhile, page, order):
    """One is deleted, or made, before the n-th page is read: every other one is looked at, exactly once."""
    sim.reset(droplets=450)
    sim.behave(droplet_order=order)
    before = set(sim.state().droplets)
    target = sorted(before)[100]
    first = {"method": "DELETE", "path": f"/v2/droplets/{target}"}
    if meanwhile == "created":
        body = {"name": "newcomer", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
        first = {"method": "POST", "path": "/v2/droplets", "body": body}
    sim.fault({"first": first}, method="GET", path="^/v2/droplets", after=page)
    told = run(**selection, check=True, report="all", plan="daily", existing_backups="may_be_lost")
    assert not told.failed, told
    ids = [entry["id"] for entry in told.result["droplets"]]
    assert len(ids) == len(set(ids))
    stayed = before & set(sim.state().droplets)
    missed = stayed - set(ids)
    assert not missed, f"P5: {missed} missed"
