# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `droplet_action` alone promises: confirmation, counts, shutdowns that fail, and one request for a whole tag."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.journal import carried_out
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.machine import Killed
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

TAG = "edge:yes"
BY_TAG = ("POST", "/v2/droplets/actions")


@pytest.fixture(name="act")
def _act(sim):
    """Runs `droplet_action` in an account of its own."""
    sim.reset(droplets=0)
    return Runner(sim, module="droplet_action")


def status(sim, key):
    return sim.state().droplets[key]["status"]


def warnings(outcome):
    return " ".join(str(one) for one in outcome.result.get("warnings", ()))


class TestConsent:
    DANGEROUS = (
        {"type": "rebuild", "image": "debian-13-x64"},
        {"type": "password_reset"},
        {"type": "resize", "size": "s-2vcpu-4gb", "disk": True},
    )

    @pytest.mark.parametrize("options", DANGEROUS, ids=lambda options: options["type"])
    def test_check_mode_warns_of_what_the_real_run_refuses(self, sim, act, options):
        (key,) = worlds.create(sim, "alpha")
        told = act(check=True, droplet_id=key, **options)
        assert not told.failed, told
        assert told.changed
        assert "confirm: alpha" in warnings(told)
        met = act(droplet_id=key, **options)
        assert met.kind == "refused"
        assert "confirm: alpha" in met.result["msg"]
        assert not met.writes
        given = act(droplet_id=key, confirm="alpha", **options)
        assert not given.failed, given
        assert "confirm" not in warnings(given)
        assert given.diff == told.diff

    @pytest.mark.parametrize("options", DANGEROUS, ids=lambda options: options["type"])
    @pytest.mark.parametrize("check", [True, False])
    def test_the_wrong_name_and_more_than_one_are_refused_in_both_modes(self, sim, act, options, check):
        key, other = worlds.create(sim, "alpha", "bravo")
        wrong = act(check=check, droplet_id=key, confirm="bravo", **options)
        assert (wrong.kind, wrong.writes) == ("refused", [])
        several = act(check=check, droplet_id=[key, other], expected_count=2, confirm="alpha", **options)
        assert (several.kind, several.writes) == ("refused", [])
        assert "one Droplet" in several.result["msg"]

    @pytest.mark.parametrize("check", [True, False])
    def test_several_need_their_number(self, sim, act, check):
        worlds.create(sim, "alpha", "bravo")
        for given in ({}, {"expected_count": 1}, {"expected_count": 3}):
            told = act(check=check, tag=TAG, type="power_off", **given)
            assert (told.kind, told.writes) == ("refused", []), told
            assert "2 Droplets" in told.result["msg"]
        assert not act(check=check, tag=TAG, type="power_off", expected_count=2).failed


class TestShutdown:
    def test_one_that_stays_on_fails_with_what_to_do(self, sim, act):
        sim.behave(shutdown_result="stays_on")
        (key,) = worlds.create(sim, "alpha")
        told = act(droplet_id=key, type="shutdown", shutdown_timeout=60)
        assert told.kind == "not_converged"
        assert "power_off_after_timeout: true" in told.result["msg"]
        assert [entry["body"]["type"] for entry in told.writes] == ["shutdown"]

    def test_one_that_takes_its_time_is_waited_for_and_not_powered_off(self, sim, act):
        """The action completes at once, and the Droplet goes off half a minute later."""
        sim.behave(shutdown_result="stays_on")
        (key,) = worlds.create(sim, "alpha")
        slept = []

        def goes_off(seconds):
            slept.append(seconds)
            if sum(slept) > 30 and status(sim, key) == "active" and not sim.state().droplets[key]["pending"]:
                worlds.act(sim, key, "power_off")

        told = act(
            droplet_id=key, type="shutdown", shutdown_timeout=90, power_off_after_timeout=True, on_sleep=goes_off
        )
        assert not told.failed, told
        assert [entry["body"]["type"] for entry in told.writes] == ["shutdown"]
        assert 30 < sum(slept) < 60

    def test_the_plug_is_pulled_when_its_time_is_over_and_not_before(self, sim, act):
        sim.behave(shutdown_result="stays_on")
        (key,) = worlds.create(sim, "alpha")
        slept = []
        told = act(
            droplet_id=key, type="shutdown", shutdown_timeout=90, power_off_after_timeout=True, on_sleep=slept.append
        )
        assert not told.failed, told
        assert [entry["body"]["type"] for entry in told.writes] == ["shutdown", "power_off"]
        assert 90 <= sum(slept) < 120
        assert status(sim, key) == "off"

    def test_many_that_stay_on_have_their_time_together(self, simulators):
        """And they are looked at by pages."""
        sim = simulators("--droplets", "1000", "--action-seconds", "0", "--rate-limit", "off")
        sim.reset(droplets=60)
        sim.behave(shutdown_result="stays_on")
        keys = sorted(sim.state().droplets)
        slept = []
        told = Runner(sim, module="droplet_action")(
            droplet_id=keys,
            expected_count=60,
            type="shutdown",
            shutdown_timeout=120,
            power_off_after_timeout=True,
            on_sleep=slept.append,
        )
        assert not told.failed, told
        assert len(told.writes) == 120
        assert sum(slept) < 200
        assert len(told.reads) < 120

    @pytest.mark.parametrize("effect", [{"drop": True}, {"status": 500}, {"truncate": True}], ids=str)
    @pytest.mark.parametrize("done", [True, False])
    def test_one_that_stays_on_is_asked_once_although_the_answer_was_lost(self, sim, act, effect, done):
        sim.behave(shutdown_result="stays_on")
        (key,) = worlds.create(sim, "alpha")
        sim.fault({**effect, "carried_out": done}, method="POST")
        told = act(droplet_id=key, type="shutdown", shutdown_timeout=30, power_off_after_timeout=True)
        assert not told.failed, told
        about = [("droplets", key, "shutdown"), ("droplets", key, "power_off")]
        assert carried_out(told.requests) == dict.fromkeys(about, 1)

    def test_the_end_of_the_time_is_told_as_such(self, sim, act):
        sim.behave(shutdown_result="stays_on")
        (key,) = worlds.create(sim, "alpha")
        told = act(droplet_id=key, type="shutdown", shutdown_timeout=90, wait_timeout=20)
        assert told.kind == "wait_timeout"
        assert "it has been asked to shut down, and is not off yet" in told.result["msg"]


@pytest.mark.parametrize("position", ["accept", "reject"])
def test_one_that_is_off_is_refused_a_restart_under_either_reading(sim, act, position):
    sim.behave(restart_when_off=position)
    (key,) = worlds.create(sim, "alpha")
    worlds.act(sim, key, "power_off")
    sim.advance(60)
    for kind in ("reboot", "power_cycle"):
        told = act(droplet_id=key, type=kind)
        assert (told.kind, told.writes) == ("refused", [])
        assert "power_on" in told.result["msg"]


def test_resizing_one_that_is_on_says_to_power_it_off_where_the_api_wants_it_off(sim, act):
    (key,) = worlds.create(sim, "alpha")
    sim.behave(resize_when_on="reject")
    told = act(droplet_id=key, type="resize", size="s-2vcpu-4gb")
    assert told.kind == "api"
    assert "type: shutdown" in told.result["msg"]
    sim.behave(resize_when_on="accept")
    assert not act(droplet_id=key, type="resize", size="s-2vcpu-4gb").failed


class TestRenameByName:
    def test_a_name_that_was_never_given_by_renaming_is_somebody_else(self, sim, act):
        worlds.create(sim, "beta")
        told = act(droplet_name="alpha", type="rename", new_name="beta")
        assert told.kind == "selection"
        assert "alpha" in told.result["msg"]

    def test_two_of_the_old_name_are_refused(self, sim, act):
        worlds.create(sim, "alpha", "alpha")
        (key,) = worlds.create(sim, "omega")
        worlds.act(sim, key, "rename", name="beta")
        told = act(droplet_name="alpha", type="rename", new_name="beta")
        assert (told.kind, told.writes) == ("selection", [])


class TestByTag:
    @pytest.fixture(name="three")
    def _three(self, sim, act):
        assert act
        return worlds.create(sim, "alpha", "bravo", "charlie")

    def by_tag(self, act, kind, number=3, **given):
        return act(tag=TAG, type=kind, by_tag=True, expected_count=number, **given)

    def test_one_request_for_all_and_a_result_for_each(self, sim, act, three):
        told = self.by_tag(act, "power_off")
        assert not told.failed, told
        assert [(entry["method"], entry["path"]) for entry in told.writes] == [BY_TAG]
        assert {status(sim, key) for key in three} == {"off"}
        for key in three:
            assert [action["status"] for action in told.droplets[key]["actions"]] == ["completed"]

    def test_check_mode_tells_who_would_get_it(self, sim, act, three):
        worlds.act(sim, three[0], "power_off")
        sim.advance(60)
        told = self.by_tag(act, "power_off", check=True)
        assert told.result["by_tag"] == {"tag": TAG, "type": "power_off", "members": three, "needing": three[1:]}
        assert "notes" in told.droplets[three[0]]
        assert "notes" not in told.droplets[three[1]]

    @pytest.mark.parametrize("position", ["all_or_nothing", "skip"])
    def test_a_member_that_needs_nothing(self, sim, act, three, position):
        """The API refuses the order for all because of it, or leaves it out: either is told as it is."""
        sim.behave(by_tag_blocked=position)
        worlds.act(sim, three[0], "power_off")
        sim.advance(60)
        told = self.by_tag(act, "power_off")
        assert len(told.writes) == 1
        if position == "skip":
            assert not told.failed, told
            assert {status(sim, key) for key in three} == {"off"}
            assert told.result["summary"]["changed"] == 2
        else:
            assert told.kind == "api"
            assert "leave by_tag out" in told.result["msg"]
            assert [status(sim, key) for key in three] == ["off", "active", "active"]
            assert not told.changed

    def test_a_member_that_needs_nothing_and_gets_it_all_the_same(self, sim, act, three):
        """A shutdown is taken from one that is off, too."""
        worlds.act(sim, three[0], "power_off")
        sim.advance(60)
        told = self.by_tag(act, "shutdown")
        assert not told.failed, told
        assert [action["type"] for action in told.droplets[three[0]]["actions"]] == ["shutdown"]
        assert not told.droplets[three[0]]["changed"]
        assert told.result["summary"] == {"matched": 3, "changed": 2, "unchanged": 1, "failed": 0, "not_tried": 0}

    @pytest.mark.parametrize("position", ["all_or_nothing", "skip"])
    @pytest.mark.parametrize("kind", ["power_off", "power_cycle", "shutdown"])
    def test_a_busy_member_is_waited_for_and_nobody_is_left_out(self, sim, act, three, position, kind):
        sim.behave(by_tag_blocked=position)
        busy = worlds.act(sim, three[1], "snapshot", name="by hand")
        told = self.by_tag(act, kind)
        assert not told.failed, told
        assert len(told.writes) == 1
        assert str(busy) in str(told.droplets[three[1]]["notes"])

    @pytest.mark.parametrize("position", ["all_or_nothing", "skip"])
    def test_a_member_that_becomes_busy_at_the_last_moment(self, sim, act, three, position):
        sim.behave(by_tag_blocked=position)
        first = {"method": "POST", "path": f"/v2/droplets/{three[1]}/actions", "body": {"type": "snapshot"}}
        sim.fault({"first": first}, method="POST")
        told = self.by_tag(act, "power_cycle")
        if position == "all_or_nothing":
            assert not told.failed, told
            assert [entry["status"] for entry in told.writes] == [422, 201]
        else:
            assert told.kind == "not_converged"
            assert "left it out" in told.droplets[three[1]]["error"]
            assert told.result["summary"]["changed"] == 2
            assert len(told.writes) == 1

    def test_one_that_gets_the_tag_at_the_last_moment(self, sim, act, three):
        (late,) = worlds.create(sim, "late", tags=("other:tag",))
        body = {"resources": [{"resource_id": str(late), "resource_type": "droplet"}]}
        sim.fault({"first": {"method": "POST", "path": f"/v2/tags/{TAG}/resources", "body": body}}, method="POST")
        told = self.by_tag(act, "power_off")
        assert not told.failed, told
        entry = told.droplets[late]
        assert (entry["name"], entry["before"], entry["after"]) == ("late", None, {"status": "off"})
        assert entry["changed"]
        assert told.result["summary"] == {"matched": 4, "changed": 4, "unchanged": 0, "failed": 0, "not_tried": 0}
        assert str(late) not in told.diff["prepared"]
        assert [key for key in three if key not in told.droplets] == []

    @pytest.mark.parametrize("position", ["empty", "404"])
    def test_members_that_are_all_gone_at_the_last_moment(self, sim, act, position):
        sim.behave(by_tag_without_members=position)
        (only,) = worlds.create(sim, "only")
        sim.fault({"first": {"method": "DELETE", "path": f"/v2/droplets/{only}"}}, method="POST")
        told = self.by_tag(act, "power_off", 1)
        assert told.kind == ("not_found" if position == "404" else "not_converged")
        assert not told.changed
        assert act(tag=TAG, type="power_off", by_tag=True).kind == "selection"
        again = act(tag=TAG, type="power_off", by_tag=True, allow_empty=True)
        assert (again.failed, again.writes) == (False, [])

    @pytest.mark.parametrize("scopes", [("actions:read",), ()], ids=["account", "each"])
    @pytest.mark.parametrize("effect", [{"drop": True}, {"status": 504}, {"truncate": True}], ids=str)
    @pytest.mark.parametrize("done", [True, False])
    @pytest.mark.parametrize("kind", ["power_off", "power_cycle", "shutdown"])
    def test_p3_a_lost_answer(self, sim, act, three, scopes, effect, done, kind):
        token = sim.make_token("droplet:read", "droplet:update", "tag:read", *scopes)
        sim.fault({**effect, "carried_out": done}, method="POST")
        told = self.by_tag(act, kind, token=token)
        assert not told.failed, told
        assert carried_out(told.requests) == {BY_TAG: 1}
        assert all(len(told.droplets[key]["actions"]) == 1 for key in three)

    def test_p3_what_a_member_has_just_done_is_not_taken_for_the_order_whose_answer_was_lost(self, simulators):
        """One that needs nothing has taken such a snapshot a moment before: that says nothing about the others."""
        sim = simulators("--droplets", "6", "--action-seconds", "0", "--rate-limit", "off")
        sim.reset(droplets=0)
        three = worlds.create(sim, "alpha", "bravo", "charlie")
        sim.advance(100)
        worlds.act(sim, three[2], "snapshot", name="s")
        sim.forget()
        sim.fault({"status": 504, "carried_out": False}, method="POST")
        told = self.by_tag(Runner(sim, module="droplet_action"), "snapshot", snapshot_name="s")
        assert not told.failed, told
        assert carried_out(told.requests) == {BY_TAG: 1}
        assert all(sim.state().droplets[key]["snapshots"] for key in three)

    @pytest.mark.parametrize("kind", ["power_off", "power_cycle", "shutdown", "snapshot"])
    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_p6_killed_while_it_runs_a_rerun_waits_for_what_is_under_way(self, simulators, kind, moment):
        sim = simulators("--droplets", "6", "--action-seconds", "60", "--rate-limit", "off")
        sim.reset(droplets=0)
        worlds.create(sim, "alpha", "bravo", "charlie")
        sim.advance(100)
        sim.forget()
        act = Runner(sim, module="droplet_action")
        given = {"snapshot_name": "s"} if kind == "snapshot" else {}

        def kill(_number, request):
            if request.method == "POST":
                raise Killed

        with pytest.raises(Killed):
            self.by_tag(act, kind, **given, **{f"{moment}_request": kill})
        told = self.by_tag(act, kind, **given)
        assert not told.failed, told
        assert len(told.writes) == (1 if moment == "before" else 0)
        assert carried_out(sim.journal()) == {BY_TAG: 1}

    def test_a_part_of_an_order_that_has_ended_is_not_ordered_again(self, simulators):
        """Killed when one of three is still at it: the other two were cycled, and are not cycled again."""
        sim = simulators("--droplets", "6", "--action-seconds", "60", "--rate-limit", "off")
        sim.reset(droplets=0)
        keys = worlds.create(sim, "alpha", "bravo", "charlie")
        sim.advance(100)
        sim.forget()
        for key in keys:
            # As an order by tag begins them, all in one second; one of them takes longer.
            if key == keys[1]:
                sim.fault({"action": "stuck"}, method="POST", path=f"/droplets/{key}/actions")
            worlds.act(sim, key, "power_cycle")
        sim.advance(100)
        act = Runner(sim, module="droplet_action")
        waited = self.by_tag(act, "power_cycle", wait_timeout=30)
        assert (waited.kind, waited.writes) == ("wait_timeout", []), waited
        told = self.by_tag(act, "power_cycle", on_sleep=lambda _seconds: sim.clear_faults())
        assert not told.failed, told
        assert told.writes == []
        assert told.result["summary"]["changed"] == 3
        again = self.by_tag(act, "power_cycle")
        assert len(again.writes) == 1, "once all has ended, it is sent each time it is run"

    def test_one_that_stays_on_is_told_for_each(self, sim, act, three):
        sim.behave(shutdown_result="stays_on")
        told = self.by_tag(act, "shutdown", shutdown_timeout=30)
        assert told.kind == "not_converged"
        assert len(told.writes) == 1
        assert all("still active" in told.droplets[key]["error"] for key in three)

    def test_p5_a_large_tag(self, simulators):
        sim = simulators("--droplets", "1000", "--action-seconds", "0", "--rate-limit", "off")
        sim.reset(droplets=1000)
        tag = "role:web"
        members = [key for key, droplet in sim.state().droplets.items() if tag in droplet["tags"]]
        act = Runner(sim, module="droplet_action")
        told = act(tag=tag, type="power_off", by_tag=True, expected_count=len(members), report="all")
        assert not told.failed, told
        assert len(members) > 300
        assert len(told.writes) == 1
        assert len(told.reads) <= 20
        assert told.result["summary"]["changed"] == len(members)
