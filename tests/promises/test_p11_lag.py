# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P11: a task ends when a rerun would see what it did, and an absence must be old to be believed."""

from __future__ import annotations

from collections import Counter

import pytest
from dosim.behaviour import LAGS

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.machine import Killed
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.scenarios import droplet_from_backup as copies
from ansible_collections.lifeboat.digitalocean.tests.promises.scenarios import droplet_restore as restores

SEVERAL = (10, 25, 40)
"""Seconds by which something may be late, all of them within the lag tolerance."""

RESTORE_LISTS = ("actions_list", "snapshots_list", "droplets_single")


def late(sim, seconds, *kinds):
    sim.behave(**{f"lag_{kind}": str(seconds) for kind in kinds})


def done(before, after):
    """How many actions of each type were completed in between."""
    return Counter(action["type"] for action in after.actions_since(before) if action["status"] == "completed")


def backed_up(sim):
    """A Droplet with a few backups."""
    (key,) = worlds.create(sim, "alpha", policy=worlds.DAILY)
    sim.advance(5 * worlds.DAY)
    return key


@pytest.fixture(name="empty")
def _empty(sim):
    sim.reset(droplets=0)
    return sim


def ends_as_one(sim, module, expected, options, seconds, *kinds):
    """The task reaches its goal once, and a rerun at once finds it done and sends nothing; both outcomes."""
    before = sim.state()
    late(sim, seconds, *kinds)
    run = Runner(sim, module=module)
    first = run(**options)
    assert not first.failed, first
    again = run(**options)
    assert not again.failed, again
    assert (again.changed, again.writes) == (False, []), again
    found = done(before, sim.state())
    assert {kind: found[kind] for kind in expected} == expected
    return first, again


@pytest.mark.parametrize("seconds", SEVERAL)
class TestListedLate:
    """What was made shows late: the task ends when it shows, and nothing is made twice."""

    def test_a_snapshot(self, empty, seconds):
        options = {"droplet_id": backed_up(empty), "snapshot_name": "before-upgrade"}
        told, _again = ends_as_one(
            empty, "droplet_snapshot", {"snapshot": 1}, options, seconds, "snapshots_list", "images_single"
        )
        assert told.droplets[options["droplet_id"]]["snapshots"][0]["id"]

    def test_the_newest_backup_that_becomes_a_snapshot(self, empty, seconds):
        options = {"droplet_id": backed_up(empty), "newest": True, "snapshot_name": "keep-{droplet}-{date}"}
        kinds = ("snapshots_list", "backups_list", "images_single")
        ends_as_one(empty, "backup_to_snapshot", {"convert": 1}, options, seconds, *kinds)

    def test_the_newest_backup_that_is_kept_before_backups_go_off(self, empty, seconds):
        options = {"droplet_id": backed_up(empty), "state": "disabled", "existing_backups": "convert_newest"}
        expected = {"convert": 1, "disable_backups": 1}
        ends_as_one(empty, "droplet_backups", expected, options, seconds, "snapshots_list", "policies_single")

    def test_a_restore_of_one_that_is_stopped_first(self, empty, seconds):
        options = restores.world(empty, stop_first=True)
        expected = {"power_off": 1, "snapshot": 1, "restore": 1}
        told, again = ends_as_one(empty, "droplet_restore", expected, options, seconds, *RESTORE_LISTS)
        for outcome in (told, again):
            assert outcome.result["undo"], "the way back is not told"
        assert empty.state().droplets[options["droplet_id"]]["status"] == "active"

    def test_a_new_droplet_and_its_addresses(self, empty, seconds):
        key = copies.backed_up(empty)
        options = {"name": copies.NAME, "backup_id": copies.oldest(empty, key)}
        kinds = ("droplets_list", "droplets_single", "actions_list", "addresses")
        told, again = ends_as_one(empty, "droplet_from_backup", {"create": 1}, options, seconds, *kinds)
        for outcome in (told, again):
            (entry,) = outcome.droplets.values()
            assert entry["networks"]["public_v4"]

    def test_a_new_droplet_that_is_up_before_its_addresses_show(self, empty, seconds):
        key = copies.backed_up(empty)
        options = {"name": copies.NAME, "backup_id": copies.oldest(empty, key)}
        told, _again = ends_as_one(empty, "droplet_from_backup", {"create": 1}, options, seconds, "addresses")
        (entry,) = told.droplets.values()
        assert entry["networks"]["public_v4"]

    def test_without_the_last_wait(self, empty, seconds):
        """Both say ok, and there is one Droplet."""
        key = copies.backed_up(empty)
        options = {"name": copies.NAME, "backup_id": copies.oldest(empty, key), "wait": False}
        late(empty, seconds, "droplets_list", "droplets_single", "actions_list")
        for _turn in range(2):
            told = Runner(empty, module="droplet_from_backup")(**options)
            assert not told.failed, told
        assert [droplet["name"] for droplet in empty.state()["droplets"]].count(copies.NAME) == 1

    def test_a_snapshot_without_the_last_wait(self, simulators, seconds):
        sim = simulators("--droplets", "6", "--action-seconds", "8", "--rate-limit", "off")
        sim.reset(droplets=0)
        options = {"droplet_id": backed_up(sim), "snapshot_name": "before-upgrade"}
        late(sim, seconds, "snapshots_list", "actions_list")
        before, run = sim.state(), Runner(sim, module="droplet_snapshot")
        assert not run(**options, wait=False).failed
        told = run(**options)
        assert not told.failed, told
        assert done(before, sim.state())["snapshot"] == 1

    def test_an_action_just_begun_is_not_one_of_a_droplet_that_is_gone(self, empty, seconds):
        (key,) = worlds.create(empty, "alpha")
        late(empty, seconds, "actions_single")
        told = Runner(empty, module="droplet_action")(droplet_id=key, type="reboot")
        assert not told.failed, told
        assert [action["status"] for action in told.droplets[key]["actions"]] == ["completed"]

    def test_an_action_just_begun_is_found_by_whoever_waits_for_it(self, empty, seconds):
        (key,) = worlds.create(empty, "alpha")
        late(empty, seconds, "actions_single")
        begun = Runner(empty, module="droplet_action")(droplet_id=key, type="reboot", wait=False)
        (action,) = begun.droplets[key]["actions"]
        told = Runner(empty, module="droplet_action_info")(action_id=action["id"], wait=True)
        assert not told.failed, told
        assert [one["status"] for one in told.result["actions"]] == ["completed"]

    def test_a_tag_just_made_is_tried_again(self, empty, seconds):
        key = backed_up(empty)
        late(empty, seconds, "tags_single")
        options = {"droplet_id": key, "snapshot_name": "tagged", "tags": ["keep"]}
        told = Runner(empty, module="droplet_snapshot")(**options)
        assert not told.failed, told
        assert empty.state().droplets[key]["snapshots"][-1]["tags"] == ["keep"]


class TestOneOfManyByTheMap:
    """The map of policies is late and has two pages: one Droplet is verified by that page which the next run reads."""

    def drifted(self, sim, world, place):
        ids = world({"name": "many", "count": 203, "policy": worlds.WEEKLY})
        worlds.act(sim, ids[place], "change_backup_policy", backup_policy=worlds.DAILY)
        sim.advance(60)
        late(sim, 30, "policies_list")
        sim.forget()
        return ids

    def the_rerun_sees_it(self, sim, told):
        assert (told.failed, len(told.writes)) == (False, 1), told
        assert told.reads[-1]["path"] == "/v2/droplets/backups/policies", told
        again = Runner(sim)(all=True, **worlds.WEEKLY)
        assert (again.failed, again.changed, again.writes) == (False, False, []), again

    @pytest.mark.parametrize("place", [0, 200])
    def test_it_is_where_it_was(self, sim, world, place):
        self.drifted(sim, world, place)
        told = Runner(sim)(all=True, **worlds.WEEKLY)
        self.the_rerun_sees_it(sim, told)

    def test_it_has_moved_to_the_page_before(self, sim, world):
        ids = self.drifted(sim, world, 200)
        sim.fault({"first": {"method": "DELETE", "path": f"/v2/droplets/{ids[3]}"}}, method="POST")
        self.the_rerun_sees_it(sim, Runner(sim)(all=True, **worlds.WEEKLY))


class TestTheEndOfTheTime:
    """The time is over before what was done shows: the failure names the action, and a rerun waits on."""

    def test_a_snapshot(self, empty):
        options = {"droplet_id": backed_up(empty), "snapshot_name": "before-upgrade"}
        before = empty.state()
        late(empty, 40, "snapshots_list")
        run = Runner(empty, module="droplet_snapshot")
        first = run(**options, wait_timeout=8)
        assert first.kind == "wait_timeout", first
        (action,) = empty.state().actions_since(before)
        assert first.result["failure"]["action"] == action["id"]
        assert f"action {action['id']}" in first.result["msg"]
        assert "Run the task again" in first.result["msg"]
        assert "Wait 60 s (lag_tolerance) before that" in first.result["msg"]
        again = run(**options)
        assert (again.failed, again.writes) == (False, []), again
        assert done(before, empty.state())["snapshot"] == 1

    @pytest.mark.parametrize(("seconds", "says"), [(30, True), (300, False)])
    def test_what_has_run_for_long_is_found_at_once(self, empty, seconds, says):
        (key,) = worlds.create(empty, "alpha")
        empty.fault({"action": "stuck"}, method="POST")
        told = Runner(empty, module="droplet_action")(droplet_id=key, type="reboot", wait_timeout=seconds)
        assert told.kind == "wait_timeout", told
        assert ("Wait 60 s (lag_tolerance) before that" in told.result["msg"]) is says

    def test_where_nothing_is_late_there_is_nothing_to_wait_for(self, empty):
        (key,) = worlds.create(empty, "alpha")
        empty.fault({"action": "stuck"}, method="POST")
        options = {"droplet_id": key, "type": "reboot", "wait_timeout": 30, "lag_tolerance": 0}
        told = Runner(empty, module="droplet_action")(**options)
        assert told.kind == "wait_timeout", told
        assert "lag_tolerance" not in told.result["msg"]

    @pytest.mark.parametrize("module", ["backup_to_snapshot", "droplet_backups"])
    def test_the_newest_backup(self, empty, module):
        key = backed_up(empty)
        disable = {"state": "disabled", "existing_backups": "convert_newest"}
        options = {"droplet_id": key, **({"newest": True} if module == "backup_to_snapshot" else disable)}
        before = empty.state()
        late(empty, 40, "snapshots_list", "images_single", "snapshots_single")
        run = Runner(empty, module=module)
        for _turn in range(3):
            assert run(**options, wait_timeout=5).kind == "wait_timeout"
        told = run(**options)
        assert not told.failed, told
        assert done(before, empty.state())["convert"] == 1

    def test_a_restore(self, empty):
        """Each run may cost a while, and none an outage, a snapshot or a restore more."""
        options = restores.world(empty, stop_first=True)
        before = empty.state()
        late(empty, 30, *RESTORE_LISTS)
        run = Runner(empty, module="droplet_restore")
        for _turn in range(12):
            told = run(**options, wait_timeout=70)
            assert told.kind in (None, "wait_timeout"), told
        assert not told.failed, told
        found = done(before, empty.state())
        assert (found["power_off"], found["snapshot"], found["restore"]) == (1, 1, 1)


class TestWhatAnEarlierRunLeft:
    """It was killed right after its write, and a rerun follows at once."""

    def killed_after(self, run, options, wanted):
        def kill(_number, request):
            if request.method == "POST" and wanted(request):
                raise Killed

        with pytest.raises(Killed):
            run(**options, after_request=kill)

    def test_a_snapshot(self, empty):
        options = {"droplet_id": backed_up(empty), "snapshot_name": "before-upgrade"}
        before, run = empty.state(), Runner(empty, module="droplet_snapshot")
        late(empty, 40, "snapshots_list")
        self.killed_after(run, options, lambda _request: True)
        told = run(**options)
        assert (told.failed, told.writes) == (False, []), told
        assert done(before, empty.state())["snapshot"] == 1

    @pytest.mark.parametrize("seconds", SEVERAL)
    @pytest.mark.parametrize("fleet", [False, True])
    def test_a_snapshot_that_is_running_and_shows_nowhere(self, simulators, seconds, fleet):
        """That the API calls it pending is all that tells of it."""
        sim = simulators("--droplets", "6", "--action-seconds", "8", "--rate-limit", "off")
        sim.reset(droplets=0)
        worlds.create(sim, *(f"d-{number}" for number in range(4 if fleet else 1)))
        sim.advance(worlds.DAY)
        options = {"all": True, "snapshot_name": "before-upgrade"}
        before, run = sim.state(), Runner(sim, module="droplet_snapshot")
        late(sim, seconds, *(lag.removeprefix("lag_") for lag in LAGS))
        self.killed_after(run, options, lambda _request: True)
        told = run(**options)
        assert not told.failed, told
        assert done(before, sim.state())["snapshot"] == len(before.droplets)

    def test_a_restore_that_the_log_does_not_show_yet(self, empty):
        options = restores.world(empty, safety_snapshot=False)
        before, run = empty.state(), Runner(empty, module="droplet_restore")
        late(empty, 40, "actions_list")
        self.killed_after(run, options, lambda request: request.url.endswith("/actions"))
        told = run(**options)
        assert not told.failed, told
        assert done(before, empty.state())["restore"] == 1

    def test_a_new_droplet(self, empty):
        key = copies.backed_up(empty)
        options = {"name": copies.NAME, "backup_id": copies.oldest(empty, key)}
        run = Runner(empty, module="droplet_from_backup")
        late(empty, 40, "droplets_list", "droplets_single")
        self.killed_after(run, options, lambda request: request.url.endswith("/droplets"))
        told = run(**options)
        assert not told.failed, told
        assert [droplet["name"] for droplet in empty.state()["droplets"]].count(copies.NAME) == 1


class TestNothingIsLate:
    """Looking for what may be missing costs nothing if nothing is."""

    def test_two_snapshots_one_after_the_other(self, empty):
        key, run = backed_up(empty), Runner(empty, module="droplet_snapshot")
        told = [run(droplet_id=key, snapshot_name=name) for name in ("first", "second")]
        assert not any(outcome.failed for outcome in told)
        assert told[0].counts == told[1].counts

    def test_without_the_last_wait_one_look_is_enough(self, empty):
        key = backed_up(empty)
        whole = Runner(empty, module="droplet_snapshot")(droplet_id=key, snapshot_name="first")
        short = Runner(empty, module="droplet_snapshot")(droplet_id=key, snapshot_name="second", wait=False)
        assert len(short.reads) <= len(whole.reads)


@pytest.mark.parametrize("kind", ["reboot", "power_cycle", "shutdown"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_p3_what_was_in_the_log_before_is_not_the_answer_that_was_lost(empty, kind, carried_out):
    """Two tasks within a second: as many are carried out as are told."""
    empty.behave(shutdown_result="stays_on")
    (key,) = worlds.create(empty, "alpha")
    before, run = empty.state(), Runner(empty, module="droplet_action")
    options = {"droplet_id": key, "type": kind}
    if kind == "shutdown":
        options |= {"shutdown_timeout": 1}
    ids = set()
    for turn in range(2):
        if turn:
            empty.fault({"drop": True, "carried_out": carried_out}, method="POST")
        told = run(**options)
        assert told.kind in (None, "not_converged"), told
        ids |= {action["id"] for action in told.droplets[key]["actions"]}
    assert len(ids) == done(before, empty.state())[kind] == 2


@pytest.mark.parametrize("seconds", SEVERAL)
@pytest.mark.parametrize("kind", ["reboot", "snapshot"])
def test_p3_a_lost_answer_is_looked_for_in_a_log_that_is_late(empty, kind, seconds):
    (key,) = worlds.create(empty, "alpha")
    before = empty.state()
    late(empty, seconds, "actions_list", "snapshots_list")
    empty.fault({"drop": True, "carried_out": True}, method="POST")
    named = {"snapshot_name": "x"} if kind == "snapshot" else {}
    told = Runner(empty, module="droplet_action")(droplet_id=key, type=kind, **named)
    assert not told.failed, told
    assert done(before, empty.state())[kind] == 1
    assert len(told.droplets[key]["actions"]) == 1
