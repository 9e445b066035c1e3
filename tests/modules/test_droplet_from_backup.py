# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P1, P3, P6 and P10 of `droplet_from_backup` if creating a Droplet takes time, or others create one too."""

from __future__ import annotations

import pytest
from dosim.behaviour import SWITCHES

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import scenarios, worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.machine import Killed
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL, one_in
from ansible_collections.lifeboat.digitalocean.tests.promises.scenarios import droplet_from_backup as tasks

SCENARIOS = {scenario.name: scenario for scenario in tasks.SCENARIOS}
MATTERING = ("droplet_delete_backups", "image_after_restore", "missing_scope_fields", "gpu_in_filtered_lists")
MATTERING += ("gpu_in_policies", "gpu_backups", "droplet_order", "backups_order", "convert_image_id", "default_hour")
MATTERING += ("extra_fields", "list_order", "locked_during_events", "droplet_action_completed_at", "tag_case")
MATTERING += ("policy_without_backups", "supported_policies", "weekday_with_daily", "weekly_without_weekday")
POSITIONS = [(key, value) for key in MATTERING for value in SWITCHES[key]]
EFFECTS = {"drop": {"drop": True}, "cut off": {"truncate": True}}
EFFECTS |= {str(status): {"status": status} for status in (500, 502, 503, 504)}
CREATE = {"method": "POST", "path": "/v2/droplets$"}


@pytest.fixture(name="sim")
def _sim(simulators):
    """Creating takes 45 s, as long as it really does."""
    simulator = simulators("--droplets", "0", "--action-seconds", "0,create=45,snapshot=60", "--rate-limit", "off")
    simulator.reset()
    yield simulator
    missed = [fault for fault in simulator.faults() if not fault["hits"]]
    assert not missed, f"ordered, but never met: {missed}"


@pytest.fixture(name="run")
def _run(sim):
    return Runner(sim, module="droplet_from_backup")


def made(before, after):
    return [droplet for key, droplet in after.droplets.items() if key not in before.droplets]


def copied(sim, run, **more):
    """A world with one copy of alpha in it: `(source id, options, entry of the result)`."""
    key = tasks.backed_up(sim)
    options = {"name": tasks.NAME, "source_droplet_id": key, "newest": True, **more}
    told = run(**options)
    assert not told.failed, told
    (entry,) = told.result["droplets"]
    return key, options, entry


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_p3_killed_at_each_request_in_turn_the_rerun_ends_it(sim, name, moment):
    """At once, so that it finds the Droplet while it is being created."""
    every = 1 if FULL else 4
    assert scenarios.kill_sweep(sim, SCENARIOS[name], moment, 1, every) > 1


@pytest.mark.parametrize(("position", "name"), one_in(6, POSITIONS, [*SCENARIOS]), ids=str)
def test_p10_killed_while_it_is_created_under_each_switch(sim, run, name, position):
    """The rerun waits for what is under way, sends nothing, and ends with what was wanted."""
    key, value = position
    options, _token, before = scenarios.prepared(sim, SCENARIOS[name], {key: value})

    def kill(_number, request):
        if request.method == "POST":
            raise Killed

    with pytest.raises(Killed):
        run(**options, after_request=kill)
    foretold = run(check=True, **options)
    assert not foretold.changed, foretold
    again = run(**options)
    assert not again.failed, again
    assert (again.changed, again.writes) == (False, []), again
    (entry,) = again.result["droplets"]
    assert "(create), which was already running" in entry["notes"][0], again
    assert entry["networks"]["public_v4"], again
    assert again.result["summary"] == {"matched": 1, "unchanged": 1, "changed": 0, "failed": 0, "not_tried": 0}
    assert SCENARIOS[name].wrong(before, sim.state(), options) is None


@pytest.mark.parametrize(("effect", "name"), one_in(6, [*EFFECTS], [*SCENARIOS]), ids=str)
@pytest.mark.parametrize("done", [True, False], ids=["carried out", "not carried out"])
def test_p3_a_lost_answer(sim, run, name, effect, done):
    """Carried out, it is found and waited for; not carried out, it is not sent again, and the rerun makes it."""
    options, _token, before = scenarios.prepared(sim, SCENARIOS[name], {})
    sim.fault({**EFFECTS[effect], "carried_out": done}, **CREATE)
    told = run(**options)
    assert len([entry for entry in told.writes if entry["path"] == "/v2/droplets"]) == 1, told
    if done:
        assert not told.failed, told
        (copy,) = made(before, sim.state())
        (entry,) = told.result["droplets"]
        assert (entry["id"], entry["changed"]) == (copy["id"], True), told
        (action,) = entry["actions"]
        assert (action["type"], action["status"]) == ("create", "completed"), told
        assert sim.state().action(action["id"])["resource_id"] == copy["id"]
    else:
        assert told.kind == "outcome_unknown", told
        assert "It is not sent again" in told.result["msg"]
        assert made(before, sim.state()) == []
    sim.clear_faults()
    scenarios.converges(sim, SCENARIOS[name], run_with(run, options), before, options)


def run_with(run, options):
    return lambda **hooks: run(**{**options, **hooks})


def test_p3_what_is_found_is_what_was_chosen(sim, run):
    """While the answer is lost, a newer snapshot comes up and the source is deleted."""
    key = tasks.backed_up(sim)
    options = {"name": tasks.NAME, "source_droplet_name": "alpha", "newest": True}
    before = sim.state()
    chosen = before.droplets[key]["backups"][-1]["id"]
    sim.fault({"drop": True, "carried_out": True}, **CREATE)

    def meanwhile(_seconds):
        after = sim.state()
        if made(before, after) and key in after.droplets:
            worlds.act(sim, key, "snapshot", name="newer")
            sim.advance(60)
            sim.api("DELETE", f"droplets/{key}", status=204)

    told = run(**options, on_sleep=meanwhile)
    assert not told.failed, told
    assert key not in sim.state().droplets
    assert told.result["droplets"][0]["restore_point"]["id"] == chosen
    again = run(**options)
    assert again.kind == "selection", again
    assert f"set source_droplet_id: {key}" in again.result["msg"], again
    by_id = run(name=tasks.NAME, source_droplet_id=key, newest=True)
    assert (by_id.changed, by_id.writes) == (False, []), by_id


def test_p3_one_that_is_deleted_while_it_is_created_is_not_made_again(sim, run):
    key = tasks.backed_up(sim)
    before = sim.state()
    sim.fault({"drop": True, "carried_out": True}, **CREATE)
    sim.fault({"action": "stuck"}, **CREATE)

    def remove(seconds):
        for copy in made(before, sim.state()):
            if seconds > 5:
                sim.clear_faults()
                sim.advance(60)
                sim.api("DELETE", f"droplets/{copy['id']}", status=204)

    told = run(name=tasks.NAME, source_droplet_id=key, newest=True, on_sleep=remove)
    assert told.kind == "not_found", told
    assert made(before, sim.state()) == []
    assert len(told.writes) == 1


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("filtered", SWITCHES["gpu_in_filtered_lists"])
def test_two_of_the_name_are_named_and_left_alone(sim, run, gpu, filtered):
    key, options, entry = copied(sim, run)
    sim.behave(gpu_in_filtered_lists=filtered)
    where = {"size": "gpu-h100x1-80gb", "region": "nyc2"} if gpu else {}
    (twin,) = worlds.create(sim, tasks.NAME, **where)
    before = sim.state()
    for check in (True, False):
        told = run(check=check, **options)
        assert told.kind == "selection", told
        assert f"ids {entry['id']}, {twin}" in told.result["msg"], told
        assert not told.writes
    assert sim.state().droplets == before.droplets
    assert key in before.droplets


def test_a_twin_of_a_parallel_run_is_reported(sim, run):
    """It cannot be prevented, for names need not be unique, but it is not kept quiet."""
    key = tasks.backed_up(sim)
    backup = tasks.oldest(sim, key)
    body = {"name": tasks.NAME, "size": "s-1vcpu-1gb", "region": "nyc3", "image": backup}
    sim.fault({"first": {"method": "POST", "path": "/v2/droplets", "body": body}}, **CREATE)
    before = sim.state()
    told = run(name=tasks.NAME, backup_id=backup)
    assert told.kind == "not_converged", told
    ids = sorted(copy["id"] for copy in made(before, sim.state()))
    assert f"ids {ids[0]}, {ids[1]}; none was deleted" in told.result["msg"], told


def test_p6_a_wait_that_is_over_is_resumed(sim, run):
    key = tasks.backed_up(sim)
    before = sim.state()
    options = {"name": tasks.NAME, "source_droplet_id": key, "newest": True}
    first = run(**options, wait_timeout=20)
    assert first.kind == "wait_timeout", first
    (copy,) = made(before, sim.state())
    (entry,) = first.result["droplets"]
    assert (entry["id"], entry["changed"]) == (copy["id"], True), first
    assert first.result["failure"]["droplet"] == copy["id"], first
    assert first.result["failure"]["action"] == copy["pending"][0], first
    second = run(**options, wait_timeout=5)
    assert second.kind == "wait_timeout", second
    assert (second.changed, second.writes) == (False, []), second
    assert second.result["summary"] == {"matched": 1, "unchanged": 0, "changed": 0, "failed": 1, "not_tried": 0}
    third = run(**options)
    assert (third.changed, third.writes, third.failed) == (False, [], False), third
    assert sim.state().droplets[copy["id"]]["status"] == "active"


def test_p6_a_rerun_waits_as_long_as_the_first_run_would_have(sim, run):
    key = tasks.backed_up(sim)
    size = sim.state().droplets[key]["backups"][-1]["size_gigabytes"]
    sim.fault({"action": "stuck"}, **CREATE)
    for _turn in range(2):
        told = run(name=tasks.NAME, source_droplet_id=key, newest=True)
        assert told.kind == "wait_timeout", told
        assert f"The time of {600 + 180 * size:.0f} s is over" in told.result["msg"], told


def test_without_waiting_it_is_told_all_the_same(sim, run):
    key = tasks.backed_up(sim)
    before = sim.state()
    told = run(name=tasks.NAME, source_droplet_id=key, newest=True, wait=False)
    (copy,) = made(before, sim.state())
    (entry,) = told.result["droplets"]
    assert (entry["id"], copy["status"], entry["networks"]) == (copy["id"], "new", None), told


def test_p2_check_mode_tells_what_would_be_made(sim, run):
    key = tasks.backed_up(sim)
    newest = sim.state().droplets[key]["backups"][-1]
    told = run(check=True, name=tasks.NAME, source_droplet_id=key, newest=True, backups=True)
    (entry,) = told.result["droplets"]
    assert (entry["id"], entry["name"], entry["changed"]) == (None, tasks.NAME, True)
    assert entry["restore_point"]["id"] == newest["id"]
    assert entry["restore_point"]["created_at"] == newest["created_at"]
    assert 0 < entry["restore_point"]["age_hours"] < 24
    assert entry["after"]["monthly_cost"] == pytest.approx(6 * 1.3)
    before, after = told.diff["prepared"].split(" → ")
    assert before == f"{tasks.NAME}: absent"
    assert f"from image {newest['id']} ({newest['name']})" in after


class TestWhatIsThere:
    def test_a_newer_backup_changes_nothing_and_the_age_is_told(self, sim, run):
        _key, options, entry = copied(sim, run)
        sim.advance(3 * worlds.DAY)
        refused = run(**options, max_age_hours=1)
        assert (refused.kind, refused.writes) == ("refused", []), refused
        assert f"from backup {entry['restore_point']['id']} (" in refused.result["msg"]
        assert "hours old, and max_age_hours allows 1." in refused.result["msg"]
        again = run(**options)
        assert (again.changed, again.writes, again.failed) == (False, [], False), again
        point = again.result["droplets"][0]["restore_point"]
        assert point["id"] == entry["restore_point"]["id"]
        assert point["age_hours"] == pytest.approx(entry["restore_point"]["age_hours"] + 72, abs=0.2)
        by_id = run(name=tasks.NAME, backup_id=point["id"])
        assert (by_id.changed, by_id.failed) == (False, False), by_id

    def test_another_image_is_refused(self, sim, run):
        key, _options, entry = copied(sim, run)
        told = run(name=tasks.NAME, backup_id=tasks.oldest(sim, key))
        assert told.kind == "refused", told
        assert f"{tasks.NAME} ({entry['id']})" in told.result["msg"]
        assert f"from image {entry['restore_point']['id']}" in told.result["msg"]

    def test_another_source_is_refused(self, sim, run):
        copied(sim, run)
        told = run(name=tasks.NAME, source_droplet_name="bravo", newest=True)
        assert told.kind == "refused", told
        assert not told.writes

    def test_one_that_is_not_ours_is_refused(self, sim, run):
        key = tasks.backed_up(sim)
        (other,) = worlds.create(sim, tasks.NAME)
        told = run(name=tasks.NAME, source_droplet_id=key, newest=True)
        assert told.kind == "refused", told
        assert str(other) in told.result["msg"]
        assert "was not made by this module" in told.result["msg"]

    def test_the_image_may_be_gone(self, sim, run):
        _key, options, entry = copied(sim, run)
        sim.advance(9 * worlds.DAY)
        again = run(**options)
        assert (again.changed, again.failed) == (False, False), again
        point = {"id": entry["restore_point"]["id"]}
        nothing = dict.fromkeys(("name", "type", "created_at", "age_hours"))
        assert again.result["droplets"][0]["restore_point"] == {**point, **nothing}

    def test_what_differs_is_told_and_left(self, sim, run):
        _key, options, _entry = copied(sim, run, tags=["env:a"])
        asked = {"size": "s-2vcpu-4gb", "ipv6": True, "tags": ["env:a", "env:b"], "backups": True}
        again = run(**{**options, **asked})
        assert (again.changed, again.writes, again.failed) == (False, [], False), again
        assert again.result["droplets"][0]["notes"] == [
            "left as it is: size is s-1vcpu-1gb, wanted is s-2vcpu-4gb",
            "left as it is: ipv6 is false, wanted is true",
            "left as it is: it lacks the tags env:b",
            "left as it is: backups are disabled, which is not what is wanted; droplet_backups changes them",
        ]

    @pytest.mark.parametrize("converted", SWITCHES["convert_image_id"])
    def test_the_backup_it_was_made_from_may_be_converted(self, sim, run, converted):
        key, options, entry = copied(sim, run)
        image = entry["restore_point"]["id"]
        sim.behave(convert_image_id=converted)
        sim.api("POST", f"images/{image}/actions", {"type": "convert"}, status=201)
        for task in (options, {"name": tasks.NAME, "backup_id": image}):
            again = run(**task)
            assert (again.changed, again.writes, again.failed) == (False, [], False), again
        assert key in sim.state().droplets

    def test_a_creation_that_failed_needs_a_hand(self, sim, run):
        key = tasks.backed_up(sim)
        sim.fault({"action": "errored"}, **CREATE)
        options = {"name": tasks.NAME, "source_droplet_id": key, "newest": True}
        assert run(**options).kind == "action_failed"
        for check in (True, False):
            again = run(check=check, **options)
            assert again.kind == "action_failed", again
            assert "Delete it in the control panel" in again.result["msg"]
            assert not again.writes


class TestWhatItIsMadeFrom:
    def gone(self, sim, *snapshots):
        key = tasks.backed_up(sim)
        backup = tasks.oldest(sim, key)
        for name in snapshots:
            worlds.act(sim, key, "snapshot", name=name)
            sim.advance(3600)
        sim.api("DELETE", f"droplets/{key}", status=204)
        return key, backup

    @pytest.mark.parametrize("fate", SWITCHES["droplet_delete_backups"])
    def test_a_backup_of_one_that_is_gone(self, sim, run, fate):
        sim.behave(droplet_delete_backups=fate)
        _key, backup = self.gone(sim)
        options = {"name": tasks.NAME, "backup_id": backup}
        without = run(check=True, **options)
        if fate == "delete":
            assert without.kind == "selection", without
            assert "has expired, was deleted" in without.result["msg"]
            return
        assert without.kind == "input", without
        assert "size is needed" in without.result["msg"]
        told = run(**options, size="s-1vcpu-1gb")
        assert (told.changed, told.failed) == (True, False), told
        assert not run(**options).changed

    def test_nothing_left_of_one_that_is_gone(self, sim, run):
        sim.behave(droplet_delete_backups="delete")
        key, _backup = self.gone(sim)
        for source in ({"source_droplet_id": key}, {"source_droplet_name": "alpha"}):
            told = run(name=tasks.NAME, **source, newest=True, size="s-1vcpu-1gb")
            assert told.kind == "selection", told
            assert "A restore point can be named by its id" in told.result["msg"]

    def test_a_size_of_one_that_is_gone_is_asked_for_with_those_that_fit(self, sim, run):
        key, _backup = self.gone(sim, "kept")
        told = run(name=tasks.NAME, source_droplet_id=key, newest=True)
        assert told.kind == "input", told
        assert "The cheapest that fit in nyc3 are s-1vcpu-" in told.result["msg"]

    def test_a_snapshot_that_was_copied(self, sim, run):
        """In the region of its Droplet unless another is named; a region without the snapshot is refused."""
        key = tasks.backed_up(sim)
        worlds.act(sim, key, "snapshot", name="kept")
        sim.advance(60)
        (snapshot,) = sim.state().droplets[key]["snapshots"]
        options = {"name": tasks.NAME, "snapshot_id": snapshot["id"]}
        there = run(check=True, **options, region="ams3")
        assert there.kind == "input", there
        assert "which is in nyc3" in there.result["msg"]
        assert "copy it there with droplet_snapshot" in there.result["msg"]
        sim.api("POST", f"images/{snapshot['id']}/actions", {"type": "transfer", "region": "ams3"}, status=201)
        sim.advance(60)
        assert run(check=True, **options).result["droplets"][0]["after"]["region"] == "nyc3"
        told = run(**options, region="ams3")
        assert not told.failed, told
        assert sim.state().droplets[told.result["droplets"][0]["id"]]["region"] == "ams3"
        sim.api("DELETE", f"droplets/{key}", status=204)
        told = run(name="other", snapshot_id=snapshot["id"], size="s-1vcpu-1gb")
        assert told.kind == "input", told
        assert "region is needed" in told.result["msg"]

    def test_one_kind_of_image_is_not_taken_for_another(self, sim, run):
        key = tasks.backed_up(sim)
        told = run(name=tasks.NAME, snapshot_id=tasks.oldest(sim, key))
        assert (told.kind, told.result["msg"].endswith("is a backup: name it with backup_id.")) == ("input", True), told
        public = sim.api("GET", "images")["images"][0]["id"]
        told = run(name=tasks.NAME, snapshot_id=public)
        assert told.kind == "refused", told
        assert "a public image, no restore point" in told.result["msg"]

    def test_the_disk_has_to_be_large_enough(self, sim, run):
        key = tasks.backed_up(sim, size="s-2vcpu-4gb")
        told = run(name=tasks.NAME, backup_id=tasks.oldest(sim, key), size="s-1vcpu-1gb")
        assert told.kind == "input", told
        assert "has a disk of 25 GiB" in told.result["msg"]
        assert "needs 80 GiB" in told.result["msg"]
        assert not told.writes

    def test_a_restore_point_that_is_too_old(self, sim, run):
        key = tasks.backed_up(sim)
        for options in ({"source_droplet_id": key, "newest": True}, {"backup_id": tasks.oldest(sim, key)}):
            told = run(name=tasks.NAME, max_age_hours=0.1, **options)
            assert told.kind == "refused", told
            assert "max_age_hours allows 0.1" in told.result["msg"]


class TestTokens:
    @pytest.mark.parametrize("hidden", SWITCHES["missing_scope_fields"])
    @pytest.mark.parametrize("missing", tasks.SCOPES)
    def test_each_scope_that_is_missing_is_named_and_nothing_is_made(self, sim, run, missing, hidden):
        sim.behave(missing_scope_fields=hidden)
        key = tasks.backed_up(sim)
        token = sim.make_token(*(set(tasks.SCOPES) - {missing}))
        before = sim.state()
        told = run(token=token, name=tasks.NAME, source_droplet_id=key, newest=True)
        assert told.kind == "scope", told
        assert missing in told.result["msg"], told
        assert made(before, sim.state()) == []

    @pytest.mark.parametrize("hidden", SWITCHES["missing_scope_fields"])
    def test_without_tags_to_see_one_that_is_there_is_not_taken_for_somebody_elses(self, sim, run, hidden):
        _key, options, _entry = copied(sim, run)
        sim.behave(missing_scope_fields=hidden)
        told = run(token=sim.make_token("droplet:read", "droplet:create", "image:read", "tag:create"), **options)
        assert told.kind == "scope", told
        assert "tag:read" in told.result["msg"], told

    def test_without_sizes_to_see_the_api_decides(self, sim, run):
        key = tasks.backed_up(sim, size="s-2vcpu-4gb")
        token = sim.make_token(*tasks.SCOPES)
        task = {"name": tasks.NAME, "source_droplet_id": key, "newest": True}
        told = run(token=token, size="s-1vcpu-1gb", **task)
        assert told.kind == "api", told
        assert "The token may not read sizes" in str(told.result["warnings"])
        assert not run(token=token, **task).failed

    def test_the_limit_of_droplets_is_a_sentence(self, sim, run):
        key = tasks.backed_up(sim)
        message = "creating this/these droplet(s) will exceed your droplet limit"
        sim.fault({"status": 422, "body": {"id": "unprocessable_entity", "message": message}}, **CREATE)
        told = run(name=tasks.NAME, source_droplet_id=key, newest=True)
        assert told.kind == "api", told
        assert "Ask DigitalOcean for a higher limit" in told.result["msg"]

    def test_p9_user_data_is_nowhere(self, sim, run):
        secret = "#cloud-config\npassword: correct-horse-battery"
        key = tasks.backed_up(sim)
        options = {"name": tasks.NAME, "source_droplet_id": key, "newest": True, "user_data": secret}
        sim.fault({"status": 422, "body": {"id": "x", "message": f"user_data {secret} is not allowed"}}, **CREATE)
        refused = run(**options)
        assert refused.kind == "api", refused
        outcomes = [refused, run(check=True, **options), run(**options), run(**options)]
        assert [outcome.failed for outcome in outcomes[1:]] == [False] * 3
        assert all("correct-horse" not in str(outcome.result) for outcome in outcomes)
