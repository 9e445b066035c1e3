# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`backup_to_snapshot`, `droplet_snapshot` and `droplet_snapshot_info` in accounts as they are after a while.

Single tasks under accidents, kills and switches are in `scenarios/`.
"""

from __future__ import annotations

import re
from datetime import datetime
from math import ceil

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

NAME = "keep-{droplet}-{date}"


@pytest.fixture(name="convert")
def _convert(sim):
    return Runner(sim, module="backup_to_snapshot")


@pytest.fixture(name="snap")
def _snap(sim):
    return Runner(sim, module="droplet_snapshot")


@pytest.fixture(name="look")
def _look(sim):
    return Runner(sim, module="droplet_snapshot_info")


def backed_up(sim, *names, days=5):
    """Droplets with daily backups of so many days; their ids."""
    sim.reset(droplets=0)
    keys = worlds.create(sim, *names, policy=worlds.DAILY)
    sim.advance(days * worlds.DAY)
    sim.forget()
    return keys


def newest(points):
    return max(points, key=lambda point: point["created_at"])


def take(sim, key, name):
    """A snapshot by hand, and the time that it needs."""
    worlds.act(sim, key, "snapshot", name=name)
    sim.advance(120)


@pytest.mark.parametrize("new_id", ["keep", "new"])
@pytest.mark.parametrize("name", [None, NAME, "kept"])
def test_a_nightly_run_keeps_one_a_night_and_does_not_eat_the_list(sim, convert, new_id, name):
    """Three nights, each with two reruns: a rerun of the same night converts nothing."""
    (key,) = backed_up(sim, "alpha")
    sim.behave(convert_image_id=new_id)
    for night in range(1, 4):
        told = convert(droplet_id=key, newest=True, snapshot_name=name)
        assert told.changed, told
        for _rerun in range(2):
            again = convert(droplet_id=key, newest=True, snapshot_name=name)
            assert not again.failed, again
            assert again.counts[1] == 0, again
            assert again.droplets[key]["snapshots"][0]["id"] == told.droplets[key]["snapshots"][0]["id"]
        assert len(sim.state().droplets[key]["snapshots"]) == night
        sim.advance(worlds.DAY)


@pytest.mark.parametrize("new_id", ["keep", "new"])
@pytest.mark.parametrize("by_hand", ["before the upgrade", "alpha-2026-03-16", "{name}-{day}"])
@pytest.mark.parametrize("name", [None, NAME])
def test_a_snapshot_by_hand_is_not_taken_for_a_backup(sim, convert, new_id, by_hand, name):
    """However it is named, unless it bears the very name that the task gives."""
    (key,) = backed_up(sim, "alpha")
    sim.behave(convert_image_id=new_id)
    day = sim.state()["now"][:10]
    take(sim, key, by_hand.format(name="alpha", day=day))
    wanted = newest(sim.state().droplets[key]["backups"])
    told = convert(droplet_id=key, newest=True, snapshot_name=name)
    assert told.changed, told
    assert told.droplets[key]["snapshots"][0]["created_at"] == wanted["created_at"]
    assert not convert(droplet_id=key, newest=True, snapshot_name=name).changed


@pytest.mark.parametrize("new_id", ["keep", "new"])
def test_one_converted_by_somebody_else_counts(sim, convert, new_id):
    """In the control panel, and named there as they liked."""
    (key,) = backed_up(sim, "alpha")
    sim.behave(convert_image_id=new_id)
    backup = newest(sim.state().droplets[key]["backups"])
    sim.api("POST", f"images/{backup['id']}/actions", {"type": "convert"}, status=201)
    sim.advance(1)
    (made,) = sim.state().droplets[key]["snapshots"]
    sim.api("PUT", f"images/{made['id']}", {"name": "by somebody else"})
    told = convert(droplet_id=key, newest=True)
    assert not told.changed, told
    renamed = convert(droplet_id=key, newest=True, snapshot_name=NAME)
    assert [entry["method"] for entry in renamed.writes] == ["PUT"], renamed
    assert len(sim.state().droplets[key]["snapshots"]) == 1


@pytest.mark.parametrize("new_id", ["keep", "new"])
@pytest.mark.parametrize("tags", [[], ["keep"]])
def test_a_backup_that_has_outlived_its_droplet(sim, convert, new_id, tags):
    (key,) = backed_up(sim, "alpha")
    backup = newest(sim.state().droplets[key]["backups"])
    sim.behave(convert_image_id=new_id, droplet_delete_backups="keep")
    sim.api("DELETE", f"droplets/{key}", status=204)
    task = {"backup_id": backup["id"], "snapshot_name": "last of alpha", "tags": tags}
    told = convert(check=True, **task)
    assert told.changed, told
    (foretold,) = told.result["droplets"]
    assert (foretold["id"], foretold["name"], foretold["snapshots"][0]["id"]) == (None, "", None)
    done = convert(**task)
    assert done.diff == told.diff
    (entry,) = done.result["droplets"]
    (image,) = [image for image in sim.state()["images"] if image["type"] == "snapshot"]
    assert (image["name"], image["tags"]) == ("last of alpha", tags)
    assert entry["snapshots"][0]["id"] == image["id"]
    again = convert(**task)
    assert not again.failed, again
    assert not again.changed, again
    needless = convert(**{**task, "snapshot_name": "{droplet}"})
    assert needless.failed, needless


def test_an_id_that_is_gone_is_looked_for_by_its_name(sim, convert):
    first, second = backed_up(sim, "alpha", "bravo")
    sim.behave(convert_image_id="new")
    backups = {key: newest(sim.state().droplets[key]["backups"])["id"] for key in (first, second)}
    assert convert(backup_id=backups[first], snapshot_name=NAME).changed
    assert convert(backup_id=backups[second], snapshot_name="kept").changed
    assert not convert(backup_id=backups[second], snapshot_name="kept").changed
    assert not convert(backup_id=backups[first], snapshot_name=NAME).changed
    unnamed = convert(backup_id=backups[first])
    assert unnamed.kind == "selection", unnamed
    assert "with snapshot_name" in unnamed.result["msg"]
    assert convert(backup_id=backups[first], snapshot_name="nothing").kind == "selection"
    take(sim, first, "kept")
    ambiguous = convert(backup_id=backups[second], snapshot_name="kept")
    assert ambiguous.kind == "selection", ambiguous
    ids = [image["id"] for image in sim.state()["images"] if image["name"] == "kept"]
    assert len(ids) == 2
    assert all(str(key) in ambiguous.result["msg"] for key in ids)


def test_a_snapshot_or_a_public_image_is_not_converted(sim, convert):
    (key,) = backed_up(sim, "alpha")
    public = sim.api("GET", f"droplets/{key}")["droplet"]["image"]["id"]
    assert convert(backup_id=public).kind == "selection"
    take(sim, key, "by hand")
    (made,) = sim.state().droplets[key]["snapshots"]
    assert not convert(backup_id=made["id"]).changed


def test_a_fleet_where_one_has_nothing_to_keep(sim, convert):
    backed_up(sim, "alpha", "bravo")
    (bare,) = worlds.create(sim, "bare")
    told = convert(tag="edge:yes", newest=True, snapshot_name=NAME)
    assert not told.failed, told
    assert told.result["summary"] == {"matched": 3, "unchanged": 1, "changed": 2, "failed": 0, "not_tried": 0}
    assert "bare" in str(told.result["warnings"])
    assert told.droplets[bare]["snapshots"] == []
    assert convert(droplet_id=bare, newest=True).kind == "selection"
    assert not convert(droplet_id=bare, all_backups=True).changed


@pytest.mark.parametrize("number", [3, 201])
def test_p5_a_fleet_is_read_by_pages(simulators, number):
    """Unchanged: 2⌈N/200⌉ of Droplets, of images and of snapshots, however many there are."""
    sim = simulators("--droplets", "6", "--action-seconds", "0", "--rate-limit", "off")
    sim.reset(droplets=number)
    convert, snap = Runner(sim, module="backup_to_snapshot"), Runner(sim, module="droplet_snapshot")
    world = sim.state()
    pages = max(1, ceil(number / 200)) + 1
    images = ceil(sum(len(d["backups"]) + len(d["snapshots"]) for d in world["droplets"]) / 200)
    told = snap(check=True, all=True, snapshot_name="x")
    assert len(told.reads) == pages + 1, told
    told = convert(check=True, all=True, newest=True, snapshot_name=NAME)
    assert len(told.reads) == pages + images + 1, told
    done = convert(all=True, newest=True, snapshot_name=NAME, wait_timeout=100_000)
    assert not done.failed, done
    kept = sum(bool(droplet["backups"]) for droplet in world["droplets"])
    again = convert(all=True, newest=True, snapshot_name=NAME)
    assert not again.changed
    assert len(again.reads) <= pages + images + ceil(kept / 200), again


def test_a_copy_that_somebody_else_makes_is_no_failure(sim, snap):
    """The API refuses a region that the snapshot is in by now; that is read from the state."""
    (key,) = backed_up(sim, "alpha")
    take(sim, key, "x")
    (made,) = sim.state().droplets[key]["snapshots"]
    copy = {"type": "transfer", "region": "ams3"}
    first = {"method": "POST", "path": f"/v2/images/{made['id']}/actions", "body": copy}
    sim.fault({"first": first}, method="POST", path=f"/images/{made['id']}/actions")
    told = snap(droplet_id=key, snapshot_name="x", regions=["ams3"])
    assert not told.failed, told
    assert set(sim.state().droplets[key]["snapshots"][0]["regions"]) == {"nyc3", "ams3"}


def test_a_deletion_that_somebody_else_makes_is_no_failure(sim, snap):
    (key,) = backed_up(sim, "alpha")
    for name in ("x", "y"):
        take(sim, key, name)
    first = min(sim.state().droplets[key]["snapshots"], key=lambda one: one["created_at"])
    sim.fault({"first": {"method": "DELETE", "path": f"/v2/snapshots/{first['id']}"}}, method="DELETE")
    told = snap(droplet_id=key, older_than_hours=0.01, state="absent")
    assert not told.failed, told
    assert sim.state().droplets[key]["snapshots"] == []


@pytest.mark.parametrize("position", [("exact", "accept"), ("insensitive", "accept"), ("insensitive", "reject")])
def test_a_tag_in_another_spelling_is_the_same_tag(sim, snap, position):
    (key,) = backed_up(sim, "alpha")
    sim.api("POST", "tags", {"name": "Keep"}, status=201)
    sim.behave(**dict(zip(("tag_case", "tag_exists"), position, strict=True)))
    assert snap(droplet_id=key, snapshot_name="x", tags=["keep"]).changed
    assert sim.state().droplets[key]["snapshots"][0]["tags"] == ["Keep"]
    again = snap(droplet_id=key, snapshot_name="x", tags=["keep"])
    assert not again.failed, again
    assert not again.changed, again


def test_a_snapshot_under_way_is_waited_for_and_counts(sim, snap):
    """P6: also if it ends between two reads."""
    (key,) = backed_up(sim, "alpha")
    worlds.act(sim, key, "snapshot", name="of somebody else")
    told = snap(droplet_id=key, max_age_hours=1)
    assert not told.failed, told
    assert not told.writes, told
    assert len(sim.state().droplets[key]["snapshots"]) == 1


@pytest.mark.parametrize("lost", [False, True])
def test_p3_a_name_with_the_time_makes_one_snapshot(sim, snap, lost):
    """The name is another one at each run; the age says that there is one."""
    (key,) = backed_up(sim, "alpha")
    if lost:
        sim.fault({"drop": True, "carried_out": True}, method="POST")
    task = {"droplet_id": key, "max_age_hours": 6, "snapshot_name": "{droplet}-{date}-{time}"}
    first = snap(**task)
    assert first.changed, first
    sim.advance(3600)
    again = snap(**task)
    assert not again.changed, again
    (made,) = sim.state().droplets[key]["snapshots"]
    assert re.fullmatch(r"alpha-[0-9-]{10}-[0-9:]{8}", made["name"])


def test_one_that_ends_right_after_the_state_was_read_is_not_taken_twice(sim, snap):
    (key,) = backed_up(sim, "alpha")
    worlds.act(sim, key, "snapshot", name="of an earlier run")
    read = []

    def ends(_number, request):
        if request.url.partition("?")[0].endswith("/snapshots") and not read:
            read.append(request)
            sim.advance(61)

    told = snap(droplet_id=key, max_age_hours=1, after_request=ends)
    assert read
    assert not told.writes, told
    assert len(sim.state().droplets[key]["snapshots"]) == 1


class TestP4:
    """The last restore point of a Droplet."""

    def test_by_name_and_id_it_is_refused_and_by_age_kept(self, sim, snap):
        sim.reset(droplets=0)
        (key,) = worlds.create(sim, "alpha")
        take(sim, key, "only")
        (made,) = sim.state().droplets[key]["snapshots"]
        sim.advance(7200)
        assert snap(droplet_id=key, snapshot_name="only", state="absent").kind == "refused"
        assert snap(snapshot_id=made["id"], state="absent").kind == "refused"
        told = snap(droplet_id=key, older_than_hours=1, state="absent")
        assert not told.changed, told
        assert "may_be_lost" in str(told.result["warnings"])
        assert len(sim.state().droplets[key]["snapshots"]) == 1
        assert snap(snapshot_id=made["id"], state="absent", last_restore_point="may_be_lost").changed
        assert sim.state().droplets[key]["snapshots"] == []
        assert not snap(snapshot_id=made["id"], state="absent").changed

    def test_what_somebody_else_deletes_meanwhile_is_counted(self, sim, snap):
        """Two are to go, and two would be left: when those are gone, the second is not deleted any more."""
        sim.reset(droplets=0)
        (key,) = worlds.create(sim, "alpha")
        for name in ("x", "x", "left", "left"):
            take(sim, key, name)
        left = [one["id"] for one in sim.state().droplets[key]["snapshots"] if one["name"] == "left"]

        def also(_number, request):
            while request.method == "DELETE" and left:
                sim.api("DELETE", f"snapshots/{left.pop()}", status=204)

        told = snap(droplet_id=key, snapshot_name="x", state="absent", after_request=also)
        assert left == []
        assert told.kind == "refused", told
        assert [one["name"] for one in sim.state().droplets[key]["snapshots"]] == ["x"]

    def test_those_of_a_droplet_that_is_gone(self, sim, snap):
        gone, there = backed_up(sim, "alpha", "bravo")
        for name in ("first", "second"):
            take(sim, gone, name)
        take(sim, there, "first")
        sim.advance(7200)
        sim.api("DELETE", f"droplets/{gone}", status=204)
        old = {"deleted_droplets": True, "state": "absent", "older_than_hours": 1}
        told = snap(**old)
        assert not told.failed, told
        assert told.result["droplets"][0]["snapshots"][0]["name"] == "first"
        assert not snap(**old).changed
        assert snap(deleted_droplets=True, snapshot_name="second", state="absent").kind == "refused"
        words = {"last_restore_point": "may_be_lost"}
        assert snap(deleted_droplets=True, snapshot_name="second", state="absent", **words).changed
        left = [image for image in sim.state()["images"] if image["type"] == "snapshot"]
        assert [image["droplet_id"] for image in left] == [there]
        assert not snap(**old, **words).changed

    def test_a_droplet_that_a_list_leaves_out_is_not_taken_for_gone(self, sim, snap):
        (key,) = backed_up(sim, "alpha")
        for name in ("first", "second"):
            take(sim, key, name)
        sim.advance(7200)
        empty = {"droplets": [], "links": {}, "meta": {"total": 0}}
        sim.fault({"status": 200, "body": empty}, path="^/v2/droplets$", times=2)
        told = snap(deleted_droplets=True, state="absent", older_than_hours=1)
        assert not told.failed, told
        assert not told.writes, told

    def test_more_than_max_delete_is_refused(self, sim, snap):
        keys = backed_up(sim, "alpha", "bravo")
        for key in keys:
            take(sim, key, "x")
        told = snap(all=True, snapshot_name="x", state="absent", max_delete=1)
        assert told.kind == "refused", told
        assert not told.writes
        assert snap(all=True, snapshot_name="x", state="absent", max_delete=2).changed


def true_records(world):
    """The snapshots of the account, from the simulator's records."""
    now = datetime.fromisoformat(world["now"])
    return {
        image["id"]: (
            image["name"],
            image["droplet_id"],
            image["droplet_id"] in world.droplets,
            round((now - datetime.fromisoformat(image["created_at"])).total_seconds() / 3600, 1),
            sorted(image["regions"]),
            sorted(image["tags"]),
            image["size_gigabytes"],
            max(0.01, round(image["size_gigabytes"] * 0.06, 2)),
        )
        for image in world["images"]
        if image["type"] == "snapshot"
    }


FIELDS = ("name", "droplet_id", "droplet_exists", "age_hours", "regions", "tags", "size_gigabytes", "monthly_cost")


def told_records(told):
    assert not told.failed, told
    assert told.writes == []
    return {
        one["id"]: tuple(sorted(one[key]) if isinstance(one[key], list) else one[key] for key in FIELDS)
        for one in told.result["snapshots"]
    }


class TestInfo:
    """What `droplet_snapshot_info` tells is what the simulator has."""

    @pytest.fixture(name="account", autouse=True)
    def _account(self, sim):
        """Three Droplets, of which one is gone; snapshots of several ages, regions and tags."""
        self.alpha, self.bravo, self.gone = backed_up(sim, "alpha", "bravo", "gone")
        for key, name in ((self.alpha, "nightly-1"), (self.gone, "nightly-2"), (self.bravo, "by hand")):
            take(sim, key, name)
            sim.advance(10 * 3600)
        snap = Runner(sim, module="droplet_snapshot")
        assert snap(droplet_id=self.bravo, snapshot_name="by hand", regions=["ams3"], tags=["Keep"]).changed
        sim.api("DELETE", f"droplets/{self.gone}", status=204)
        sim.forget()

    def names(self, look, **filters):
        told = look(**filters)
        assert not told.failed, told
        assert told.result["summary"]["count"] == len(told.result["snapshots"])
        return {one["name"] for one in told.result["snapshots"]}

    def test_everything(self, sim, look):
        told = look()
        world = true_records(sim.state())
        assert told_records(told) == world
        assert [one["droplet_name"] for one in told.result["snapshots"]] == ["bravo", None, "alpha"]
        assert told.result["summary"] == {
            "count": 3,
            "size_gigabytes": round(sum(one[6] for one in world.values()), 2),
            "monthly_cost": round(sum(one[7] for one in world.values()), 2),
            "monthly_cost_unknown": 0,
            "of_deleted_droplets": 1,
        }
        assert len(told.reads) == 3

    def test_filters(self, look):
        assert self.names(look, droplet_id=[self.alpha, self.bravo]) == {"nightly-1", "by hand"}
        assert self.names(look, droplet_name="alpha") == {"nightly-1"}
        assert self.names(look, deleted_droplets=True) == {"nightly-2"}
        assert self.names(look, tag=["keep"]) == {"by hand"}
        assert self.names(look, snapshot_name="nightly-*") == {"nightly-1", "nightly-2"}
        assert self.names(look, region=["ams3", "sgp1"]) == {"by hand"}
        assert self.names(look, max_age_hours=15) == {"by hand"}
        assert self.names(look, min_age_hours=15, snapshot_name="nightly-*", droplet_id=self.gone) == {"nightly-2"}
        assert self.names(look, tag=["nobody"]) == set()

    def test_a_droplet_that_is_gone_can_be_asked_for_as_long_as_there_is_something_of_it(self, look):
        assert self.names(look, droplet_id=self.gone) == {"nightly-2"}
        for missing in ({"droplet_id": 1}, {"droplet_id": [self.alpha, 1]}, {"droplet_name": "gone"}):
            assert look(**missing).kind == "selection"
        assert look(droplet_id=[]).kind == "input"
        assert look(min_age_hours=-1).kind == "input"

    @pytest.mark.parametrize("hidden", ["omit", "empty"])
    def test_without_tag_read_a_filter_by_tag_is_refused_and_the_rest_is_told(self, sim, look, hidden):
        sim.behave(missing_scope_fields=hidden)
        token = sim.make_token("droplet:read", "snapshot:read", "image:read")
        told = look(token=token)
        assert len(told.result["snapshots"]) == 3
        assert {str(one["tags"]) for one in told.result["snapshots"]} == {"None" if hidden == "omit" else "[]"}
        refused = look(token=token, tag=["keep"])
        assert refused.kind == "scope", refused
        assert "tag:read" in refused.result["msg"]
        assert look(token=sim.make_token("droplet:read")).kind == "scope"

    @pytest.mark.parametrize("path", ["^/v2/droplets$", "^/v2/snapshots$"])
    @pytest.mark.parametrize("effect", [{"status": 503}, {"drop": True}, {"truncate": True}, {"status": 429}], ids=str)
    def test_reads_are_repeated(self, sim, look, path, effect):
        sim.fault(effect, path=path)
        assert told_records(look()) == true_records(sim.state())
