# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P10, P11 and P12 of the ages of a large fleet: true in whatever order the API lists images, late or wrong."""

from __future__ import annotations

import json
from math import ceil
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.ages import assert_newest, newest
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.inventory import Inventory
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

ORDERS = ("oldest_first", "newest_first", "shuffled")
IMAGES = "^/v2/images$"
LAG = 1800
"""Seconds, in which some of the Droplets whose window is open are backed up."""
HOURS = [0, 4, 8, 12, 16, 20]
FLEET = [
    {"name": "daily-###", "count": 280, "policy": {"plan": "daily", "hour": HOURS}, "snapshots": [{"name": "by-hand"}]},
    {"name": "weekly-##", "count": 40, "policy": {"plan": "weekly", "hour": HOURS, "weekday": ["MON", "FRI"]}},
    {"name": "bare-##", "count": 20},
    {"name": "late-#", "count": 3, "policy": {"plan": "daily"}, "newest_backup_age": "4d"},
    {"name": "never", "policy": {"plan": "daily"}, "newest_backup_age": "never"},
    {"name": "off", "policy": {"plan": "daily"}, "disabled_for": "2d"},
    {"name": "gone-##", "count": 12, "policy": {"plan": "daily"}, "deleted_for": "1d"},
    {"name": "often", "policy": {**worlds.UNKNOWN_PLAN, "retention_period_days": 3}},
    {"name": "gpu", "size": "gpu-h100x1-80gb", "region": "nyc2", "policy": {"plan": "daily"}},
]
"""A fleet of more than one page, most of whose newest backups are at one end of the list, and some anywhere."""


@pytest.fixture(name="fleet", params=ORDERS)
def _fleet(request: Any, sim: Any, tmp_path: Any) -> Any:
    """The simulator with the fleet, images in one of the orders."""
    entries = [{"age": "200d", **entry} for entry in FLEET]
    path = tmp_path / "fleet.yml"
    path.write_text(json.dumps({"droplets": entries}), encoding="utf-8")
    sim.reset(world=str(path))
    sim.behave(image_order=request.param)
    sim.forget()
    return sim


@pytest.fixture(name="look")
def _look(sim: Any) -> Runner:
    return Runner(sim, module="droplet_backups_info")


def pages(count: int) -> int:
    return max(1, ceil(count / 200))


def most_requests(world: Any) -> int:
    """What reading all images and the logs of those that look late would take."""
    late = sum(droplet["name"].startswith(("late", "never")) for droplet in world.droplets.values())
    return 2 * pages(len(world.droplets)) + 1 + pages(len(world["images"])) + late


def test_p10_ages_are_true_in_every_order(fleet: Any, look: Runner) -> None:
    told = look(all=True)
    world = fleet.state()
    assert_newest(told, world)
    assert len(told.reads) <= most_requests(world), told


def test_p10_the_inventory_has_the_same(fleet: Any, inventory: Inventory) -> None:
    told = inventory(backup_ages=True)
    world = fleet.state()
    assert told.ids == sorted(world.droplets)
    for known in told.hosts.values():
        real, backups = world.droplets[known["do_id"]], known["do_backups"]
        assert (backups["newest"] and backups["newest"]["id"]) == newest(real), known
        assert backups["count"] == len(real["backups"]), known
    assert len(told.requests) <= most_requests(world), told


@pytest.mark.parametrize(
    "late",
    [("lag_images_list",), ("lag_backups_list",), ("lag_droplets_list",), ("lag_images_list", "lag_backups_list")],
    ids="+".join,
)
def test_p11_a_backup_that_is_older_than_the_lag_is_never_missed(fleet: Any, look: Runner, late: Any) -> None:
    """In the middle of a window, when a backup is made every few minutes."""
    fleet.advance(3 * 3600)
    fleet.behave(**dict.fromkeys(late, str(LAG)))
    fleet.advance(LAG)
    then = fleet.state()
    fleet.advance(LAG)
    told = look(all=True)
    now = fleet.state()
    assert not told.failed, told
    new = {key for key in now.droplets if newest(now.droplets[key]) != newest(then.droplets[key])}
    assert new, "no backup was made within the lag"
    for key, entry in told.droplets.items():
        seen = entry["newest"] and entry["newest"]["id"]
        assert seen in (newest(now.droplets[key]), newest(then.droplets[key])), entry
    if late == ("lag_images_list",):
        assert all(told.droplets[key]["newest"]["id"] == newest(now.droplets[key]) for key in new)


@pytest.mark.parametrize("place", [0, 1, 2, 4])
@pytest.mark.parametrize("times", [1, 0], ids=["once", "always"])
@pytest.mark.parametrize(
    "way",
    [
        *("root_null", "root_renamed", "meta_missing", "total_missing", "total_absurd", "total_too_small"),
        *("total_negative", "item_null", "item_twice", "id_missing", "body_null", "not_json", "cut", "status_206"),
    ],
)
def test_p12_ages_are_true_or_an_error_that_names_the_list(
    fleet: Any, look: Runner, way: str, times: int, place: int
) -> None:
    fleet.fault({"wrong": way}, method="GET", path=IMAGES, times=times, after=place)
    told = look(all=True)
    met = fleet.faults()[0]["hits"] > 0
    fleet.clear_faults()
    assert met or place > 1, "the list has at least two pages that are read"
    if told.failed:
        assert "GET /v2/images" in told.result["msg"] or "list of images" in told.result["msg"], told
        assert times == 0, f"a second answer would have been true\n{told}"
    else:
        assert_newest(told, fleet.state())


@pytest.mark.parametrize("time", ["null", "text", "missing"])
def test_p12_an_image_without_a_time_hides_nothing(fleet: Any, look: Runner, time: str) -> None:
    """Its Droplet's newest backup may be another one, which is known by its time then."""
    fleet.fault({"wrong": "field", "field": "images[].created_at", "as": time}, method="GET", path=IMAGES, times=0)
    told = look(all=True)
    fleet.clear_faults()
    if told.failed:
        assert "GET /v2/images" in told.result["msg"], told
        return
    world = fleet.state()
    wrong = [
        entry
        for key, entry in told.droplets.items()
        if (entry["newest"] and entry["newest"]["id"]) != newest(world.droplets[key])
    ]
    assert len(wrong) <= pages(len(world["images"])), "no more than the one image of each page that has no time"
    assert all(entry["newest"]["age_hours"] is not None for entry in wrong), told


@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("kept", ["keep", "delete"])
def test_p12_a_droplet_deleted_between_two_pages_costs_nobody_else_a_backup(
    fleet: Any, look: Runner, place: int, kept: str
) -> None:
    """With its backups, so that the images behind them move to other pages, or without."""
    fleet.behave(droplet_delete_backups=kept)
    target = next(key for key, droplet in fleet.state().droplets.items() if droplet["name"] == "daily-140")
    first = {"method": "DELETE", "path": f"/v2/droplets/{target}"}
    fleet.fault({"first": first}, method="GET", path=IMAGES, after=place)
    told = look(all=True)
    fleet.clear_faults()
    world = fleet.state()
    told.droplets.pop(target, None)
    assert not told.failed, told
    for key, real in world.droplets.items():
        entry = told.droplets[key]
        assert (entry["newest"] and entry["newest"]["id"]) == newest(real), entry


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_p12_backups_made_between_two_pages_cost_nobody_an_older_one(fleet: Any, look: Runner, place: int) -> None:
    then = fleet.state()

    def make(number: int, _request: Any) -> None:
        if number == 6 + place:
            fleet.advance(4 * 3600)

    told = look(all=True, before_request=make)
    now = fleet.state()
    assert not told.failed, told
    assert any(newest(now.droplets[key]) != newest(then.droplets[key]) for key in now.droplets), "none was made"
    for key, entry in told.droplets.items():
        seen = entry["newest"] and entry["newest"]["id"]
        assert seen in (newest(now.droplets[key]), newest(then.droplets[key])), entry
