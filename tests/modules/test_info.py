# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_backups_info` against what the simulated world knows."""

from __future__ import annotations

import json
import random
from math import ceil

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.ages import assert_newest, moment, true_status
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

A_YEAR = 366
POLICIES = [
    worlds.DAILY,
    worlds.WEEKLY,
    worlds.UNKNOWN_PLAN,
    {"plan": "intra_daily_6h", "hour": 12, "window_length_hours": 2, "retention_period_days": 3},
    {"plan": "intra_daily_12h", "hour": 20, "window_length_hours": 4, "retention_period_days": 30},
]


@pytest.fixture(name="look")
def _look(sim):
    return Runner(sim, module="droplet_backups_info")


def assert_true(told, world):
    assert not told.failed, told
    assert set(told.droplets) == set(world.droplets)
    for key, entry in told.droplets.items():
        real = world.droplets[key]
        assert entry["enabled"] == (real["policy"] is not None), entry
        assert entry["policy"] == real["policy"], entry
        backups = sorted(real["backups"], key=lambda backup: (backup["created_at"], backup["id"]), reverse=True)
        assert [backup["id"] for backup in entry["backups"]] == [backup["id"] for backup in backups], entry
        assert entry["newest"] == next(iter(entry["backups"]), None), entry
        assert entry["backup_count"] == len(backups), entry
        assert entry["status"] == true_status(world, real), entry
    counted = told.result["summary"]["status"]
    assert sum(counted.values()) == len(world.droplets)
    assert told.writes == []


@pytest.mark.parametrize("world", ["fleet", "awkward"])
def test_every_droplet_of_a_world_is_told_as_it_is(sim, look, world):
    sim.reset(world=world)
    told = look(all=True)
    assert_true(told, sim.state())
    assert len({entry["status"] for entry in told.droplets.values()}) >= 4


@pytest.mark.timeout(300)
def test_day_by_day_as_the_world_goes_on(sim, look):
    """Policies are set, changed and switched off at random; on every day of a year every status is the true one."""
    dice = random.Random(7)
    sim.reset(world="awkward")
    seen = set()
    for _day in range(A_YEAR):
        sim.advance(86400 + dice.randrange(-7200, 7200))
        world = sim.state()
        told = look(all=True)
        assert_true(told, world)
        seen |= {entry["status"] for entry in told.droplets.values()}
        target = dice.choice([key for key, droplet in world.droplets.items() if droplet["status"] != "new"])
        if world.policy(target) is None:
            worlds.act(sim, target, "enable_backups", backup_policy=dice.choice(POLICIES))
        elif dice.random() < 0.5:
            worlds.act(sim, target, "change_backup_policy", backup_policy=dice.choice(POLICIES))
        else:
            worlds.act(sim, target, "disable_backups")
        sim.forget()
    assert seen >= {"protected", "pending", "overdue", "unprotected"}


def test_one_that_changed_from_weekly_to_daily_is_not_overdue_and_one_that_fails_ever_since_is(sim, look):
    sim.reset(droplets=0)
    changed, failing = worlds.create(sim, "changed", "failing", policy=worlds.WEEKLY)
    sim.advance(12 * worlds.DAY)
    worlds.act(sim, changed, "change_backup_policy", backup_policy=worlds.DAILY)
    now = moment(sim.state()["now"])
    sim.advance((now.replace(hour=15, minute=0, second=0) - now).total_seconds() % worlds.DAY)
    assert look(droplet_id=changed).droplets[changed]["status"] == "pending"
    sim.advance(worlds.DAY)
    assert look(droplet_id=changed).droplets[changed]["status"] == "protected"
    assert look(droplet_id=failing).droplets[failing]["status"] == "protected"


@pytest.mark.parametrize("droplets", [1, 200, 201, 1000, 10_000])
def test_p5_requests_grow_with_pages(simulators, droplets):
    """2⌈N/200⌉ + max(1, ⌈G/200⌉) + ⌈images/200⌉ GETs, and no other."""
    sim = simulators("--droplets", "1000", "--action-seconds", "0", "--rate-limit", "off")
    sim.reset(droplets=droplets)
    images = sum(len(droplet["backups"]) + len(droplet["snapshots"]) for droplet in sim.state()["droplets"])
    look = Runner(sim, module="droplet_backups_info")
    told = look(all=True, include=["policies", "backups", "cost"])
    if droplets <= 1000:
        assert_true(told, sim.state())
    expected = 4 if droplets == 1 else 2 * ceil(droplets / 200) + 1 + ceil(images / 200)
    assert len(told.reads) == expected, told
    told = look(all=True)
    if droplets > 200:
        assert_newest(told, sim.state())
    assert len(told.reads) <= expected, told


@pytest.mark.parametrize("order", ["oldest_first", "newest_first", "shuffled"])
@pytest.mark.parametrize(("policy", "keep"), [(worlds.DAILY, 7), (worlds.WEEKLY, 4)], ids=["daily", "weekly"])
def test_p5_the_newest_of_many_are_read_from_one_end(simulators, tmp_path, order, policy, keep):
    """N Droplets with a backup in every window: 2⌈N/200⌉ + 1 + ⌈N/200⌉ GETs, and one to see where the newest are."""
    count = 1000
    world = {"droplets": [{"name": "web-####", "count": count, "policy": {**policy, "hour": [0, 4, 8, 12, 16, 20]}}]}
    (tmp_path / "world.yml").write_text(json.dumps(world), encoding="utf-8")
    sim = simulators("--world", str(tmp_path / "world.yml"), "--action-seconds", "0", "--rate-limit", "off")
    sim.behave(image_order=order)
    assert len(sim.state()["images"]) == count * keep
    sim.forget()
    told = Runner(sim, module="droplet_backups_info")(all=True)
    assert_newest(told, sim.state())
    pages = ceil(count * keep / 200) if order == "shuffled" else ceil(count / 200) + 1
    assert len(told.reads) == 2 * ceil(count / 200) + 1 + pages, told


def test_include_trims_what_is_read_and_told(sim, look):
    sim.reset(world="fleet")
    bare = look(all=True, include=[])
    assert set(next(iter(bare.droplets.values()))) == {"id", "name", "volumes"}
    assert len(bare.reads) == 2
    newest = look(all=True, include=["newest"])
    assert set(next(iter(newest.droplets.values()))) == {"id", "name", "volumes", "backups", "newest", "backup_count"}
    policies = look(all=True, include=["policies"])
    assert len(policies.reads) == 3
    assert {entry["status"] for entry in policies.droplets.values()} == {None, "unprotected"}
    plans = look(all=True, include=["supported_policies"]).result["supported_policies"]
    assert {offer["plan"] for offer in plans} == {"daily", "weekly"}


def test_a_missing_droplet_is_an_error_and_never_an_empty_success(look):
    told = look(droplet_id=1)
    assert told.failed
    assert told.kind == "selection"
    assert look(droplet_name="nobody").kind == "selection"
    assert look(tag="nothing").kind == "selection"


@pytest.mark.parametrize("hidden", ["omit", "empty"])
def test_without_image_read_it_answers_without_ages_and_says_so(sim, look, hidden):
    sim.reset(world="fleet")
    sim.behave(missing_scope_fields=hidden)
    told = look(all=True, token=sim.make_token("droplet:read"))
    assert not told.failed, told
    assert "image:read" in str(told.result["warnings"])
    assert all("backups" not in entry for entry in told.droplets.values())
    assert {entry["status"] for entry in told.droplets.values()} == {None, "unprotected"}
    assert len(told.reads) <= 4


def test_an_image_that_the_list_does_not_show_is_asked_for_by_its_droplet(sim, look):
    sim.reset(world="fleet")
    sim.fault({"status": 200, "body": {"images": [], "links": {}, "meta": {"total": 0}}}, path="^/v2/images$")
    assert_true(look(all=True), sim.state())


@pytest.mark.parametrize("path", ["^/v2/droplets$", "policies$", "^/v2/images$"])
@pytest.mark.parametrize("effect", [{"status": 503}, {"drop": True}, {"truncate": True}, {"status": 429}], ids=str)
def test_reads_are_repeated(sim, look, path, effect):
    sim.reset(world="fleet")
    sim.fault(effect, path=path)
    assert_true(look(all=True), sim.state())


def test_summary_is_for_people(sim, look):
    sim.reset(world="fleet")
    told = look(all=True).result
    oldest = max(
        (entry for entry in told["droplets"] if entry["newest"]), key=lambda entry: entry["newest"]["age_hours"]
    )
    assert told["summary"]["oldest_newest"]["id"] == oldest["id"]
    costs = [entry["monthly_cost"] for entry in told["droplets"] if entry["monthly_cost"] != "unknown"]
    assert told["summary"]["monthly_cost"] == round(sum(costs), 2)
    assert told["summary"]["monthly_cost_unknown"] == 0
    (usage,) = (entry for entry in told["droplets"] if (entry["policy"] or {}).get("plan") == "intra_daily_4h")
    assert usage["monthly_cost"] == round(0.01 * sum(backup["size_gigabytes"] for backup in usage["backups"]), 2) > 0
