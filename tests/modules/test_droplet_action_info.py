# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_action_info` against the simulator's log, in either order of it."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

FIELDS = ("id", "type", "status", "started_at", "completed_at", "resource_type", "resource_id")


@pytest.fixture(name="look", params=["newest_first", "oldest_first"])
def _look(sim, request):
    """Runs the module in either order of the log, in an account of its own."""
    sim.reset(droplets=0)
    sim.behave(list_order=request.param)
    return Runner(sim, module="droplet_action_info")


def log(sim, *fits):
    """The simulator's log, the newest first."""
    found = [action for action in sim.state()["actions"] if all(fit(action) for fit in fits)]
    return sorted(found, key=lambda action: action["id"], reverse=True)


def same(told, real):
    assert [action["id"] for action in told.result["actions"]] == [action["id"] for action in real], told
    for mine, true in zip(told.result["actions"], real, strict=True):
        assert {name: mine[name] for name in FIELDS} == {name: true[name] for name in FIELDS}


def history(sim, days=120):
    """A daily backup each, and a few other things."""
    alpha, bravo = worlds.create(sim, "alpha", "bravo", policy=worlds.DAILY)
    sim.advance(days * worlds.DAY)
    for key in (alpha, bravo):
        worlds.act(sim, key, "rename", name=f"renamed-{key}")
    worlds.act(sim, alpha, "power_off")
    sim.advance(10)
    sim.forget()
    return alpha, bravo


def test_the_accounts_log_and_a_droplets(sim, look):
    alpha, bravo = history(sim)
    told = look(limit=1000)
    same(told, log(sim))
    assert told.result["complete"]
    same(look(droplet_id=bravo), log(sim, lambda action: action["resource_id"] == bravo))
    named = look(droplet_name=f"renamed-{alpha}")
    same(named, log(sim, lambda action: action["resource_id"] == alpha))


def test_no_more_than_the_limit_and_no_more_pages_than_that_takes(sim, look):
    history(sim, days=300)
    assert len(log(sim)) > 600
    told = look(limit=5)
    same(told, log(sim)[:5])
    assert not told.result["complete"]
    assert len(told.reads) <= 3
    assert "warnings" not in told.result


def test_by_type_status_and_time(sim, look):
    alpha, _bravo = history(sim)
    same(look(type=["rename", "power_off"]), log(sim, lambda action: action["type"] in ("rename", "power_off")))
    sim.fault({"action": "errored"}, method="POST")
    worlds.act(sim, alpha, "power_on")
    sim.advance(10)
    same(look(status=["errored"]), log(sim, lambda action: action["status"] == "errored"))
    moment = log(sim)[40]["started_at"]
    since = look(since=moment)
    same(since, log(sim, lambda action: action["started_at"] >= moment))
    assert since.result["complete"]


def test_more_since_a_time_than_the_limit_is_warned_of(sim, look):
    history(sim)
    moment = log(sim)[40]["started_at"]
    told = look(since=moment, limit=10)
    same(told, log(sim)[:10])
    assert not told.result["complete"]
    assert "more than 10" in str(told.result["warnings"])


@pytest.mark.parametrize("through", ["account", "droplet"])
def test_one_action_and_its_end(sim, look, through):
    (alpha,) = worlds.create(sim, "alpha")
    action = worlds.act(sim, alpha, "power_off")
    given = {"action_id": action, **({"droplet_id": alpha} if through == "droplet" else {})}
    token = sim.make_token("actions:read" if through == "account" else "droplet:read")
    sim.forget()
    assert look(token=token, **given).result["actions"][0]["status"] == "in-progress"
    waited = look(token=token, wait=True, **given)
    assert [one["status"] for one in waited.result["actions"]] == ["completed"]
    assert waited.result["complete"]


@pytest.mark.parametrize("position", ["set", "null"])
def test_the_status_decides_and_not_the_time_of_its_end(sim, look, position):
    sim.behave(droplet_action_completed_at=position)
    (alpha,) = worlds.create(sim, "alpha")
    action = worlds.act(sim, alpha, "power_off")
    waited = look(droplet_id=alpha, action_id=action, wait=True)
    assert not waited.failed, waited
    assert (waited.result["actions"][0]["completed_at"] is None) is (position == "null")


def test_one_that_ends_as_errored_fails_if_it_is_waited_for(sim, look):
    (alpha,) = worlds.create(sim, "alpha")
    sim.fault({"action": "errored"}, method="POST")
    action = worlds.act(sim, alpha, "power_off")
    waited = look(action_id=action, wait=True)
    assert waited.kind == "action_failed"
    assert waited.result["failure"]["action"] == action
    assert waited.result["failure"]["droplet"] == alpha
    assert look(action_id=action).result["actions"][0]["status"] == "errored"


def test_one_that_takes_too_long_is_told_by_its_id(sim, look):
    (alpha,) = worlds.create(sim, "alpha")
    sim.fault({"action": "stuck"}, method="POST")
    action = worlds.act(sim, alpha, "power_off")
    slept = []
    waited = look(action_id=action, wait=True, wait_timeout=45, on_sleep=slept.append)
    assert waited.kind == "wait_timeout"
    assert waited.result["failure"]["action"] == action
    assert str(action) in waited.result["msg"]
    assert 44 <= sum(slept) <= 46
    assert len(waited.reads) < 20


@pytest.mark.parametrize("effect", [{"status": 503}, {"drop": True}, {"truncate": True}, {"status": 429}], ids=str)
@pytest.mark.parametrize("after", [0, 1])
def test_reads_are_repeated(sim, look, effect, after):
    (alpha,) = worlds.create(sim, "alpha")
    action = worlds.act(sim, alpha, "power_off")
    sim.fault(effect, method="GET", after=after)
    assert look(action_id=action, wait=True).result["actions"][0]["status"] == "completed"


def test_a_wait_outlasts_an_api_that_is_away_for_a_while(sim, look):
    (alpha,) = worlds.create(sim, "alpha")
    action = worlds.act(sim, alpha, "snapshot", name="by hand")
    sim.fault({"status": 502}, method="GET", after=1, times=9)
    assert look(action_id=action, wait=True).result["actions"][0]["status"] == "completed"


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ({"action_id": 5}, "not_found", "no action 5 in this account"),
        ({"action_id": 0}, "input", "whole numbers"),
        ({"droplet_id": 5}, "selection", "No Droplet has the id 5"),
        ({"droplet_name": "nobody"}, "selection", "nobody"),
        ({"wait": True}, "input", "action_id"),
        ({"limit": 0}, "input", "at least 1"),
        ({"since": "yesterday"}, "input", "2026-03-11T09:30:00Z"),
        ({"since": "2026-03-11T09:30:00"}, "input", "zone"),
        ({"action_id": 5, "type": "reboot"}, "input", "leave one of them out"),
    ],
    ids=str,
)
def test_what_cannot_be_answered_is_said_in_a_sentence(look, given, kind, words):
    told = look(**given)
    assert told.kind == kind, told
    assert words in told.result["msg"]


def test_an_action_of_another_droplet_is_not_told_as_this_ones(sim, look):
    alpha, bravo = worlds.create(sim, "alpha", "bravo")
    action = worlds.act(sim, alpha, "rename", name="other")
    told = look(droplet_id=bravo, action_id=action)
    assert told.kind == "not_found"
    assert "of Droplet bravo" in told.result["msg"]


def test_a_token_that_may_not_read_the_accounts_log_is_told_the_scope(sim, look):
    told = look(token=sim.make_token("droplet:read"))
    assert told.kind == "scope"
    assert "actions:read" in told.result["msg"]
