# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P5 for the inventory: requests grow with pages of 200; each Droplet is there once, in an account of any size."""

from __future__ import annotations

import re
from math import ceil

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds


def pages(count):
    return max(1, ceil(count / 200))


@pytest.mark.parametrize("gpus", [0, 3])
@pytest.mark.parametrize("plain", [0, 1, 2, 200, 201])
def test_p5_what_it_costs(sim, inventory, plain, gpus):
    """N Droplets, G of them GPU: a request for each page of the lists and of the policies, and no more."""
    sim.reset(droplets=plain)
    for number in range(gpus):
        worlds.create(sim, f"gpu-{number}", size="gpu-h100x1-80gb", region="nyc2", policy=worlds.DAILY)
    sim.forget()
    ids = sorted(sim.state().droplets)
    lists = pages(plain) + pages(gpus)
    told = inventory(backup_facts=False)
    assert told.ids == ids
    assert len(told.requests) == lists, told
    told = inventory()
    assert told.ids == ids
    assert len(told.requests) == lists + (pages(plain + gpus) if ids else 0), told
    assert set().union(*told.groups.values()) == set(told.hosts)


@pytest.mark.parametrize("count", [3, 40])
def test_p5_what_ages_cost(sim, inventory, count):
    """A request more for each page of images, and one for each Droplet whose newest backup is too old."""
    sim.reset(droplets=count)
    images = sum(len(droplet["backups"]) for droplet in sim.state().droplets.values())
    told = inventory(backup_ages=True)
    late = [name for name, known in told.hosts.items() if known["do_backups"]["status"] in ("overdue", "pending")]
    assert len(told.requests) == 3 + pages(images) + len(late), told
    assert len(told.hosts) == count


def test_p5_gpu_droplets_that_the_map_of_policies_leaves_out(sim, inventory):
    sim.reset(droplets=3)
    for number in range(2):
        worlds.create(sim, f"gpu-{number}", size="gpu-h100x1-80gb", region="nyc2", policy=worlds.DAILY)
    sim.behave(gpu_in_policies="absent")
    sim.forget()
    told = inventory()
    assert len(told.requests) == 3 + 2, told
    assert {"gpu-0", "gpu-1"} <= told.groups["plan_daily"]


def test_the_limit_of_requests_at_once(sim, inventory):
    """More pages than the burst limit allows wait for their turn."""
    sim.reset(droplets=801)
    start = sim.now()
    told = inventory(burst_limit="3/60", backup_facts=False)
    assert len(told.hosts) == 801
    assert len(told.requests) == 6
    assert sim.now() > start[:14] + "31", "nobody waited"


@pytest.mark.xdist_group("ten-thousand-hosts")
def test_p5_ten_thousand(sim, inventory):
    """No host is lost, none is two, and the groups hold them all."""
    sim.reset(droplets=10_000)
    policies = {one["name"]: one["policy"] for one in sim.state().droplets.values()}
    assert len(policies) == 10_000
    told = inventory("--graph")
    assert len(told.requests) == 2 * 50 + 1
    found = {}
    for line in told.output.splitlines()[1:]:
        name = line.rpartition("--")[2]
        if name.startswith("@"):
            members = found.setdefault(name[1:-1], [])
        else:
            members.append(name)
    for group, plan in (("plan_daily", "daily"), ("plan_weekly", "weekly"), ("backups_disabled", None)):
        assert sorted(found[group]) == sorted(
            name for name, policy in policies.items() if (policy or {}).get("plan") == plan
        )
    assert not found["ungrouped"]


def test_p5_a_thousand_of_one_name(world, inventory):
    ids = world({"name": "worker", "count": 1000})
    told = inventory("--graph", backup_facts=False)
    assert {f"worker_{key}" for key in ids} == set(re.findall(r"--(worker\w*)", told.output))
    assert len(told.requests) == 5 + 1
