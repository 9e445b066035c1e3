# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets that are gone, by name and by id: which restore points are theirs, under every reading of log and names."""

from __future__ import annotations

from math import ceil

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

SIZE = "s-2vcpu-4gb"
NAME = "keep-{droplet}-{date}"
NO_LOG = ("droplet:read", "droplet:create", "image:read", "image:update", "snapshot:read", "tag:read", "tag:create")


@pytest.fixture(name="make")
def _make(sim):
    sim.reset(droplets=0)
    sim.behave(droplet_delete_backups="keep")
    return Runner(sim, module="droplet_from_backup")


@pytest.fixture(name="convert")
def _convert(sim):
    sim.reset(droplets=0)
    sim.behave(droplet_delete_backups="keep")
    return Runner(sim, module="backup_to_snapshot")


def live_and_die(sim, name="alpha", days=3, snapshot=None, policy=None, **fields):
    """A Droplet is backed up for so many days, perhaps with a snapshot made by hand before, and deleted; its id."""
    (key,) = worlds.create(sim, name, policy=policy or worlds.DAILY, **fields)
    if snapshot:
        sim.advance(3600)
        worlds.act(sim, key, "snapshot", name=snapshot)
    sim.advance(days * worlds.DAY)
    sim.api("DELETE", f"droplets/{key}", status=204)
    sim.advance(3600)
    return key


def left(sim, key, kind=None):
    """What is left of a Droplet, newest first."""
    own = [image for image in sim.state()["images"] if image["droplet_id"] == key and kind in (None, image["type"])]
    return sorted(own, key=lambda image: image["created_at"], reverse=True)


def taken(told):
    assert not told.failed, told
    return told.result["droplets"][0]["restore_point"]["id"]


@pytest.mark.parametrize("log", [True, False])
def test_a_backup_is_newer_than_the_snapshot_that_is_found_by_the_id(sim, make, log):
    """60 days old is the snapshot, whose name tells nothing: without the log nobody can say whose the backups are."""
    key = live_and_die(sim, days=60, snapshot="by hand")
    live_and_die(sim, "bravo")
    token = sim.make_token(*NO_LOG, *(["actions:read"] if log else []))
    newest = left(sim, key)[0]
    told = make(token=token, name="copy", source_droplet_id=key, newest=True, size=SIZE)
    if log:
        assert taken(told) == newest["id"]
        return
    assert told.kind == "selection", told
    assert f"backup {newest['id']} ({newest['name']})" in told.result["msg"]
    assert taken(make(token=token, name="copy", source_droplet_name="alpha", newest=True, size=SIZE)) == newest["id"]


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("apart", ["by region", "by disk", "by weeks", "by the log"])
def test_two_that_are_gone_and_had_one_name_are_refused(sim, make, log, apart):
    weekly = {"policy": worlds.WEEKLY, "days": 8} if apart == "by weeks" else {}
    fields = {"by region": {"region": "ams3"}, "by disk": {"size": SIZE}}.get(apart, {})
    first = live_and_die(sim, size="s-1vcpu-2gb", **weekly)
    if weekly:
        sim.advance(9 * worlds.DAY)
    second = live_and_die(sim, **{"size": "s-1vcpu-2gb", **fields, **weekly})
    token = sim.make_token(*NO_LOG, *(["actions:read"] if log else []))
    task = {"token": token, "name": "copy", "newest": True, "size": SIZE}
    told = make(source_droplet_name="alpha", **task)
    if apart == "by the log" and not log:
        assert taken(told) == left(sim, second)[0]["id"]
        return
    assert (told.kind, told.writes) == ("selection", []), told
    for key in (first, second):
        assert f"backup {left(sim, key)[0]['id']}" in told.result["msg"]
        assert (f"Droplet {key}" in told.result["msg"]) == log
    if log:
        assert taken(make(source_droplet_id=first, **task)) == left(sim, first)[0]["id"]


def test_what_exists_has_its_backups_and_the_namesake_that_is_gone_its_own(sim, make):
    gone = live_and_die(sim)
    (key,) = worlds.create(sim, "alpha", policy=worlds.DAILY)
    sim.advance(2 * worlds.DAY)
    mine = max(sim.state().droplets[key]["backups"], key=lambda point: point["created_at"])
    assert taken(make(check=True, name="copy", source_droplet_name="alpha", newest=True)) == mine["id"]
    told = make(check=True, name="copy", source_droplet_id=gone, newest=True, size=SIZE)
    assert taken(told) == left(sim, gone)[0]["id"]


def test_it_is_found_again_when_all_its_backups_have_expired_and_it_has_backups_of_its_own(sim, make):
    """Under its old name; and once it is gone again, its own backups are refused beside those of the first."""
    live_and_die(sim)
    task = {"name": "alpha", "source_droplet_name": "alpha", "newest": True, "size": SIZE, "backups": True}
    made = make(**task)
    assert made.changed, made
    again = make(**task)
    assert (again.changed, again.writes, again.failed) == (False, [], False), again
    sim.advance(40 * worlds.DAY)
    later = make(**task)
    assert (later.changed, later.writes, later.failed) == (False, [], False), later
    (key,) = sim.state().droplets
    other = make(**{**task, "name": "copy"})
    assert taken(other) in {point["id"] for point in sim.state().droplets[key]["backups"]}


def test_a_name_that_nobody_had_is_told_with_those_that_somebody_had(sim, make):
    live_and_die(sim, "bravo")
    told = make(name="copy", source_droplet_name="alpha", newest=True, size=SIZE)
    assert told.kind == "selection", told
    assert "were named bravo." in told.result["msg"]


@pytest.mark.parametrize("hidden", ["omit", "empty"])
def test_a_token_that_hides_whose_backups_are_whose(sim, make, hidden):
    live_and_die(sim)
    sim.behave(missing_scope_fields=hidden)
    token = sim.make_token(*(scope for scope in NO_LOG if scope != "image:read"))
    told = make(token=token, name="copy", source_droplet_name="alpha", newest=True, size=SIZE)
    assert told.kind == "scope", told
    assert "image:read" in told.result["msg"]


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("new_id", ["keep", "new"])
@pytest.mark.parametrize("name", [None, NAME])
def test_every_run_of_a_night_keeps_the_same_backup(sim, convert, log, new_id, name):
    """By the name of the Droplet, which is gone, and by its id once that is told; and then one that is older."""
    sim.behave(convert_image_id=new_id)
    key = live_and_die(sim, days=5)
    live_and_die(sim, "bravo")
    token = sim.make_token(*NO_LOG, *(["actions:read"] if log else []))
    newest, _second, older, *_rest = left(sim, key)
    for task in ({"droplet_name": "alpha"}, {"droplet_name": "alpha"}, {"droplet_id": key}):
        told = convert(token=token, newest=True, snapshot_name=name, **task)
        assert not told.failed, told
        (entry,) = told.result["droplets"]
        assert (entry["name"], entry["snapshots"][0]["created_at"]) == ("alpha", newest["created_at"]), told
        assert len(left(sim, key, "snapshot")) == 1
        sim.forget()
    assert told.writes == [], told
    before = {"before": older["created_at"]}
    assert convert(token=token, droplet_name="alpha", snapshot_name=name, **before).changed
    assert not convert(token=token, droplet_name="alpha", snapshot_name=name, **before).changed
    assert [image["created_at"] for image in left(sim, key, "snapshot")] == [newest["created_at"], older["created_at"]]


def test_what_was_kept_of_one_with_the_same_name_is_not_taken_for_its_own(sim, convert):
    """The second is told from the first by the log; without it, both are refused by name."""
    first, second = live_and_die(sim), live_and_die(sim)
    assert convert(droplet_name="alpha", newest=True, snapshot_name=NAME).kind == "selection"
    for key in (first, second, first, second):
        told = convert(droplet_id=key, newest=True, snapshot_name=NAME)
        assert not told.failed, told
        assert [image["created_at"] for image in left(sim, key, "snapshot")] == [left(sim, key)[0]["created_at"]]


def test_a_list_with_one_that_is_gone_says_to_name_it_alone(sim, convert):
    live_and_die(sim)
    worlds.create(sim, "bravo", policy=worlds.DAILY)
    told = convert(droplet_name=["alpha", "bravo"], newest=True)
    assert told.kind == "selection", told
    assert "No Droplet is named 'alpha'. If one of them is gone, name it alone" in told.result["msg"]


def test_a_younger_backup_that_may_be_its_own_is_not_passed_over(sim, convert):
    """By an id of which only a snapshot made by hand is known."""
    key = live_and_die(sim, snapshot="by hand")
    told = convert(token=sim.make_token(*NO_LOG), droplet_id=key, newest=True)
    assert told.kind == "selection", told
    assert convert(droplet_id=key, newest=True).changed


def test_p5_what_is_left_is_looked_for_by_pages(simulators):
    sim = simulators("--droplets", "6", "--action-seconds", "0", "--rate-limit", "off")
    sim.reset(droplets=450)
    sim.behave(droplet_delete_backups="keep")
    world = sim.state()
    gone = next(droplet for droplet in world["droplets"] if len(droplet["backups"]) > 3)
    sim.api("DELETE", f"droplets/{gone['id']}", status=204)
    sim.advance(3600)
    sim.forget()
    task = {"name": "copy", "source_droplet_name": gone["name"], "newest": True, "size": SIZE}
    told = Runner(sim, module="droplet_from_backup")(check=True, **task)
    assert taken(told) == left(sim, gone["id"])[0]["id"]
    images = ceil(len(sim.state()["images"]) / 200)
    logged = min(20, ceil(len(sim.state()["actions"]) / 200))
    fixed = 3 + 1 + 2
    """By name, for tags, and the sizes with their like."""
    assert len(told.reads) <= fixed + 2 * 3 + 1 + images + 1 + logged, told
