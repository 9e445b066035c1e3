# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_backups_info` about backups of Droplets that are gone, against what the simulated world knows."""

from __future__ import annotations

from math import ceil

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner


@pytest.fixture(name="look")
def _look(sim):
    return Runner(sim, module="droplet_backups_info")


@pytest.fixture(name="gone")
def _gone(sim):
    """Three Droplets with backups, of which the first is gone, besides one that never had any."""
    sim.reset(droplets=0)
    sim.behave(droplet_delete_backups="keep")
    first, *_others = worlds.create(sim, "alpha", "bravo", "charlie", policy=worlds.DAILY)
    worlds.create(sim, "bare")
    sim.advance(3 * worlds.DAY)
    sim.api("DELETE", f"droplets/{first}", status=204)
    sim.advance(worlds.DAY)
    sim.forget()
    return first


def truly_orphaned(world):
    """The ids of backups whose Droplet is not there, by the simulator's records."""
    return {
        image["id"]
        for image in world["images"]
        if image["type"] == "backup" and image["droplet_id"] not in world.droplets
    }


def told_ids(told):
    assert not told.failed, told
    orphaned = told.result["orphaned_backups"]
    assert told.result["summary"]["orphaned_backups"] == len(orphaned)
    return {record["id"] for record in orphaned}


def test_the_backups_of_a_droplet_that_is_gone_are_told(sim, look, gone):
    told = look(all=True)
    world = sim.state()
    assert told_ids(told) == truly_orphaned(world) != set()
    images = {image["id"]: image for image in world["images"]}
    for record in told.result["orphaned_backups"]:
        image = images[record["id"]]
        assert image["droplet_id"] == gone
        assert (record["droplet_name"], record["name"]) == ("alpha", image["name"])
        assert (record["created_at"], record["regions"]) == (image["created_at"], image["regions"])
        assert record["age_hours"] > 0


@pytest.mark.usefixtures("gone")
def test_whoever_is_excluded_still_owns_its_backups(sim, look):
    told = look(all=True, exclude_tag="edge:yes", allow_empty=True)
    assert told.result["droplets"] == []
    assert told_ids(told) == truly_orphaned(sim.state())


@pytest.mark.usefixtures("gone")
def test_only_all_droplets_tell_whose_a_backup_is(look):
    """And nothing is read for it."""
    names = {"droplet_name": ["bravo", "charlie", "bare"]}
    parts = ({"all": True, "include": [part]} for part in ("policies", "backups"))
    for task in (names, {"tag": "edge:yes"}, *parts):
        told = look(**task)
        assert not told.failed, told
        assert "orphaned_backups" not in told.result
        assert "orphaned_backups" not in told.result["summary"]


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("hidden", ["omit", "empty"])
def test_without_image_read_nothing_is_called_orphaned(sim, look, hidden):
    sim.behave(missing_scope_fields=hidden)
    told = look(all=True, token=sim.make_token("droplet:read"))
    assert not told.failed, told
    assert told.result["orphaned_backups"] is None
    assert told.result["summary"]["orphaned_backups"] is None
    assert "orphaned" in str(told.result["warnings"])


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("place", range(5))
def test_a_droplet_deleted_meanwhile_is_not_called_gone_too_early(sim, look, place):
    """Before the n-th request another Droplet is deleted: whatever is called orphaned is."""
    target = next(key for key, droplet in sim.state().droplets.items() if droplet["name"] == "bravo")
    sim.fault({"first": {"method": "DELETE", "path": f"/v2/droplets/{target}"}}, method="GET", after=place)
    told = look(all=True)
    assert told_ids(told) <= truly_orphaned(sim.state())
    assert told_ids(look(all=True)) == truly_orphaned(sim.state())


@pytest.mark.parametrize("place", range(4))
def test_a_backup_that_appears_while_the_lists_are_read_is_no_orphan(simulators, place):
    """It was begun half an hour before, for it takes its time, and ends between two requests."""
    sim = simulators("--droplets", "6", "--action-seconds", "0,backup=1800", "--rate-limit", "off")
    sim.reset(droplets=0)
    (key,) = worlds.create(sim, "alpha", policy=worlds.DAILY)
    worlds.create(sim, "bravo")
    while not any(action["type"] == "backup" for action in sim.state()["actions"]):
        sim.advance(300)
    sim.advance(1200)
    assert not sim.state().droplets[key]["backups"]

    def finish(number, _request):
        if number == place + 1:
            sim.advance(1800)

    told = Runner(sim, module="droplet_backups_info")(all=True, before_request=finish)
    assert told_ids(told) == set()
    assert sim.state().droplets[key]["backups"]


@pytest.mark.parametrize(("droplets", "gone"), [(0, 0), (0, 3), (1, 1), (2, 205), (201, 0)])
def test_p5_nothing_is_read_but_what_ages_take(simulators, droplets, gone):
    """2⌈N/200⌉ + max(1, ⌈G/200⌉) + ⌈images/200⌉ GETs."""
    sim = simulators("--droplets", "6", "--action-seconds", "0", "--rate-limit", "off")
    sim.reset(droplets=droplets + gone)
    sim.behave(droplet_delete_backups="keep")
    for key in sorted(sim.state().droplets)[:gone]:
        sim.api("DELETE", f"droplets/{key}", status=204)
    sim.advance(120)
    sim.forget()
    look = Runner(sim, module="droplet_backups_info")
    told = look(all=True, allow_empty=True, include=["policies", "backups"])
    assert told_ids(told) == truly_orphaned(sim.state())
    pages = ceil(len(sim.state()["images"]) / 200)
    policies = ceil(droplets / 200)
    assert len(told.reads) <= max(1, ceil(droplets / 200)) + policies + 1 + max(1, pages), told
    by_default = look(all=True, allow_empty=True)
    assert ("orphaned_backups" in by_default.result) is (droplets <= 200)
