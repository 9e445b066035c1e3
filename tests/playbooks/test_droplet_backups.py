# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_backups` through ansible-playbook: one case for each verb and class of accident."""

from __future__ import annotations

import re

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL

GROUP = "group/lifeboat.digitalocean.all"


def one(sim, plan):
    """The id of a Droplet on `plan`, or without backups for None."""
    return next(key for key, policy in sim.state().policies().items() if (policy or {}).get("plan") == plan)


VERBS = {
    "enable": (None, {"plan": "weekly", "weekday": "SAT", "hour": 4}),
    "change": ("daily", {"plan": "weekly", "weekday": ["SAT"], "hour": [4, 8]}),
    "change-shorter": ("weekly", {"plan": "daily", "existing_backups": "convert_newest"}),
    "disable": ("daily", {"state": "disabled", "existing_backups": "may_be_lost"}),
    "disable-converting": ("weekly", {"state": "disabled", "existing_backups": "convert_all"}),
}


@pytest.mark.parametrize("verb", VERBS)
def test_p1_p2_each_verb(sim, play, play_of, verb):
    """Check mode predicts the run, and the second run changes nothing."""
    plan, options = VERBS[verb]
    target = one(sim, plan)
    task = {"droplet_id": target, **options}
    before = sim.state()
    told = play(play_of(("first", task)), "--check", "--diff")
    assert told.status == 0, told.output
    assert sim.state().policies() == before.policies()
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]
    done = play(play_of(("first", task), ("second", task)), "--diff")
    assert done.status == 0, done.output
    first, second = done.results["first"], done.results["second"]
    assert first["changed"]
    assert told.results["first"]["changed"]
    assert first["diff"] == told.results["first"]["diff"]
    assert not second["changed"]
    assert second["requests"]["writes"] == 0
    assert sim.state().policy(target) != before.policy(target)
    # The diff is one line, readable as it is printed.
    name = before.droplets[target]["name"]
    assert re.search(rf"^{name} \({target}\): .+ → .+", told.output, re.MULTILINE), told.output
    assert "USD a month" in told.output


ACCIDENTS = {
    "429-retry-after": ({"status": 429, "retry_after": 1}, {"method": "POST"}, None),
    "429-hourly": ({"status": 429, "reset_in": 1}, {"method": "GET"}, None),
    "500-carried-out": ({"status": 500, "carried_out": True}, {"method": "POST"}, None),
    "503-not": ({"status": 503}, {"method": "POST"}, None),
    "dropped": ({"drop": True, "carried_out": True}, {"method": "POST"}, None),
    "truncated": ({"truncate": True}, {"method": "GET"}, None),
    "errored": ({"action": "errored"}, {"method": "POST"}, "action_failed"),
    "stuck": ({"action": "stuck"}, {"method": "POST"}, "wait_timeout"),
    "not-accepted": ({"status": 401}, {"method": "POST"}, "authentication"),
}


@pytest.mark.parametrize("accident", list(ACCIDENTS) if FULL else ["429-hourly", "503-not", "dropped", "stuck"])
def test_p3_p6_each_accident(sim, play, play_of, accident):
    """Converged, or failed with a sentence; the rerun converges."""
    effect, match, kind = ACCIDENTS[accident]
    target = one(sim, None)
    task = {"droplet_id": target, "plan": "weekly", "weekday": "SAT", "hour": 4}
    task |= {"wait_timeout": 8 if kind is None else 3, "lag_tolerance": 2}
    sim.fault(effect, **match)
    done = play(play_of(("first", task), ("again", task)))
    first, again = done.results["first"], done.results["again"]
    assert first["failed"] == (kind is not None), done.output
    if kind:
        assert first["failure"]["kind"] == kind
        assert first["msg"].split(".")[0] in done.output
    if accident == "stuck":
        assert again["failure"]["action"] == first["failure"]["action"]
        sim.clear_faults()
        again = play(play_of(("again", task))).results["again"]
    assert not again["failed"], done.output
    state = sim.state()
    assert state.policy(target)["weekday"] == "SAT"
    enabled = [action for action in state["actions"] if action["type"] == "enable_backups"]
    assert len([action for action in enabled if action["status"] == "completed"]) == 1


def test_p3_a_busy_droplet_and_a_deleted_one(sim, play, play_of):
    """Another client powers one off and deletes one just before the write: the first is done, the other reported."""
    busy, gone = (key for key, policy in sim.state().policies().items() if policy is None)
    off = {"method": "POST", "path": f"/v2/droplets/{busy}/actions", "body": {"type": "power_off"}}
    sim.fault({"first": off}, method="POST", path=f"/droplets/{busy}/actions")
    sim.fault({"first": {"method": "DELETE", "path": f"/v2/droplets/{gone}"}}, method="POST", path=f"/droplets/{gone}/")
    done = play(play_of(("fleet", {"droplet_id": [busy, gone], "plan": "daily", "hour": 4})))
    told = done.results["fleet"]
    assert told["failed"]
    assert told["summary"] == {"matched": 2, "changed": 1, "unchanged": 0, "failed": 1, "not_tried": 0}
    assert sim.state().policy(busy)["hour"] == 4


def test_a_failing_task_shows_a_sentence(sim, play, play_of):
    """The operator reads a sentence; no traceback even with -vvv, and no token."""
    target = one(sim, "daily")
    done = play(play_of(("refused", {"droplet_id": target, "state": "disabled"}), go_on=False), "-vvv")
    assert done.status == 2
    assert "existing_backups: may_be_lost, convert_newest or convert_all" in done.output
    assert not done.results


def test_module_defaults_for_the_group(sim, play, play_of):
    """The connection is set once for all modules; nothing comes from the environment."""
    connection = {"token": sim.token, "api_url": sim.api_url, "ca_path": sim.ca_path}
    target = one(sim, None)
    task = ("all", {"droplet_id": target, "plan": "daily", "hour": 8})
    done = play(play_of(task, defaults={GROUP: connection}), "-vvv", connected=False)
    assert done.status == 0, done.output
    assert sim.token not in done.output
    assert sim.token not in str(done.results)
    assert sim.state().policy(target)["hour"] == 8


@pytest.mark.parametrize("variable", ["DIGITALOCEAN_ACCESS_TOKEN", "DO_OAUTH_TOKEN"])
def test_environment_variables(sim, play, play_of, variable):
    """The token's other names work as well; address and certificate authority come from the environment too."""
    account = {variable: sim.token, "DIGITALOCEAN_API_URL": sim.api_url, "DIGITALOCEAN_CA_PATH": sim.ca_path}
    task = ("look", {"all": True, "state": "enabled"})
    done = play(play_of(task), "--check", environ=account, connected=False)
    assert done.status == 0, done.output
    assert done.results["look"]["summary"]["matched"] == 6
    assert sim.token not in done.output


def test_without_a_token_the_sentence_says_what_to_set(play, play_of):
    done = play(play_of(("look", {"all": True})), connected=False)
    assert "set token, or DIGITALOCEAN_TOKEN" in done.results["look"]["msg"]
