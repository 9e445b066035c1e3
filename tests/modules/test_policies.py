# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`backup_policies`: six rules over a mixed fleet, and what is promised of rules beyond what the matrix holds.

What each Droplet has to become is computed from the simulator's state alone (`harness/account.py`).
"""

from __future__ import annotations

from math import ceil

import pytest
from dosim.behaviour import SWITCHES

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import account, invariants, verbs, worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.pairwise import pairwise
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL, one_in

MODULE = "backup_policies"
POLICIES = [
    {
        "name": "build machines",
        "match": {"tags_any": ["role:ci"]},
        "exempt": True,
        "reason": "Built anew each night.",
        "expires": "2026-03-11",
    },
    {
        "name": "GPU",
        "match": {"gpu": True},
        "plan": "weekly",
        "weekday": ["SAT", "SUN"],
        "hour": [0, 12],
        "existing_backups": "may_be_lost",
    },
    {
        "name": "databases",
        "match": {"tags_all": ["env:prod", "role:db"], "regions": ["nyc3", "nyc1", "ams3"]},
        "plan": "daily",
        "hour": [0, 4],
        "existing_backups": "convert_newest",
    },
    {
        "name": "off",
        "match": {"tags_any": ["env:staging"], "names": ["pg-staging-*", "powered-*", "busy-daily"]},
        "state": "disabled",
        "existing_backups": "may_be_lost",
    },
    {
        "name": "small ones",
        "match": {"names": ["*-staging-*", "wiki-*", "left-*", "just-*"], "regions": ["ams3", "fra1", "nyc3"]},
        "state": "enabled",
        "plan": "weekly",
        "weekday": ["WED"],
        "hour": [8, 16, 20],
    },
    {"name": "web", "match": {"tags_any": ["role:web", "role:cache"], "gpu": False}, "hour": [4, 8, 20]},
]
"""Each kind of rule, and of match; no world is left without unmatched Droplets."""

EDGE = {"name": "edge", "match": {"names": ["usage", "a*"]}, "plan": "daily", "existing_backups": "convert_all"}

ROWS = pairwise({**SWITCHES, "token": ("everything", "least")})
DEFAULTS = {**{key: values[0] for key, values in SWITCHES.items()}, "token": "everything"}
ALONE = [{**DEFAULTS, key: value} for key, values in SWITCHES.items() for value in values[1:]]
POSITIONS = [DEFAULTS, *ROWS, *(ALONE if FULL else [])]
"""Positions of all switches, every two of two switches among them; in a long run each position alone as well."""

WORLDS = ("fleet", "awkward", "edge")
CASES = [
    (number, world, unknown)
    for number in range(len(POSITIONS))
    for world in WORLDS
    for unknown in ("leave", "enforce")
    if FULL or (world != "edge" if unknown == "leave" else world == WORLDS[1 + number % 2])
]

SCOPES = ("droplet:read", "droplet:update", "tag:read", "image:read", "image:update")


@pytest.fixture(name="run")
def _run(sim):
    return Runner(sim, MODULE)


def rule(name, match=None, **options):
    return {"name": name, "match": match or {"all": True}, **options}


def prepare(sim, world):
    if world == "edge":
        worlds.edge(sim)
    else:
        sim.reset(world=world)


@pytest.mark.parametrize(("number", "world", "unknown"), CASES)
def test_p10_six_rules_over_a_mixed_fleet(sim, run, number, world, unknown):
    """Check mode, the run and a second run, under every position of every switch."""
    switches = dict(POSITIONS[number])
    least = switches.pop("token") == "least"
    prepare(sim, world)
    sim.behave(**switches)
    before = sim.state()
    listed = verbs.STANDARD if switches["supported_policies"] == "standard" else verbs.USAGE
    expected = account.Expectation([*POLICIES, EDGE], before, unknown, listed)
    assert expected.of(None)
    hopeless = {
        key
        for key, droplet in before.droplets.items()
        if droplet["gpu"] and droplet["policy"] is None and switches["gpu_backups"] == "rejected"
    }
    params = {
        "policies": expected.policies,
        "on_unknown_plan": unknown,
        "max_disable": 3,
        "report": "all",
        "wait_timeout": 3600,
        "token": sim.make_token(*SCOPES) if least else None,
    }

    told = run(check=True, **params)
    assert not told.failed, told
    done = run(**params)
    after = sim.state()
    assert done.kind == ("api" if hopeless else None), done
    assert (done.diff, done.changed) == (told.diff, told.changed)
    assert bool(done.writes) == done.changed
    invariants.check_result(done, before, after)
    expected.check_policies(after, hopeless)
    expected.check_spread(after, hopeless)
    expected.check_result(done, after, hopeless)
    changed = {key for key, policy in before.policies().items() if policy != after.policy(key)}
    expected.check_diff(done, changed | hopeless)
    account.at_most_one_write_each(done)
    if not hopeless:
        expected.check_result(told, after)

    again = run(**params)
    assert {key for key, entry in again.droplets.items() if "error" in entry} == hopeless, again
    assert len(again.writes) == len(hopeless), f"P1: wrote again\n{again}"
    assert hopeless or (not again.changed and again.diff == {"prepared": ""}), again
    assert sim.state().policies() == after.policies()


def test_the_six_rules_have_something_to_do(sim):
    """So that the test above does not pass because its fleets are as the rules want them."""
    for world in WORLDS:
        prepare(sim, world)
        before = sim.state()
        expected = account.Expectation([*POLICIES, EDGE], before, "leave", verbs.STANDARD)
        if world == "edge":
            assert expected.of("GPU")
            assert expected.of("edge")
            assert expected.of(None)
            continue
        for name in (None, *(rule["name"] for rule in POLICIES)):
            assert expected.of(name), (world, name)
        for name in expected.verbs.keys() - {EDGE["name"]}:
            verb = expected.verbs[name]
            assert [key for key in expected.of(name) if not verb.met(before.policy(key))], (world, name)
        assert expected.left_alone
        now = verbs.instant(before["now"])
        assert any(expected.verbs["databases"].at_risk(before.droplets[key], now) for key in expected.of("databases"))


class TestRefusedBeforeAnythingIsRead:
    @pytest.mark.parametrize("check", [True, False])
    @pytest.mark.parametrize(
        ("policies", "says"),
        [
            ([rule("a", {"gpu": True}), rule("a")], "2 rules are named 'a'"),
            ([rule("a", plan="daily", hour=[3])], "Rule 'a': hour 3 is not possible for plan 'daily'"),
            ([rule("a", plan="daily", weekday=["SUN"])], "Rule 'a': plan 'daily' has no weekday"),
            ([rule("a", hour=[24])], "Rule 'a': hour 24 is no hour of a day"),
            ([rule("a", plan="weekly", weekday=["XXX"])], "Rule 'a': weekday 'XXX' is no day of a week"),
            ([rule("a"), rule("b", {"gpu": True})], "Rule 'a' takes every Droplet, so what comes after it"),
            ([rule("a", {"names": ["*"]}), rule("b")], "Rule 'a' takes every Droplet, so what comes after it"),
            ([rule("a", state="disabled")], "Rule 'a': it would disable the backups of every Droplet"),
            ([rule("a", {"tags_any": []})], "Rule 'a': tags_any in match is an empty list"),
            ([{"name": "a", "match": {}}], "Rule 'a': match is empty"),
            ([rule("a", exempt=True)], "Rule 'a': an exemption needs a reason"),
            ([rule("a", exempt=True, reason="So.", expires="31.12.2026")], "is not a day: write it as YYYY-MM-DD"),
            ([], "policies is an empty list"),
        ],
    )
    def test_by_the_module(self, run, policies, says, check):
        told = run(check=check, policies=policies)
        assert told.kind == "input", told
        assert says in told.result["msg"]
        assert not told.requests

    @pytest.mark.parametrize(
        "policies",
        [
            [{**rule("a"), "retention": 7}],
            [rule("a", {"tag": "x"})],
            [rule("a", {"all": False})],
            [{"name": "a"}],
            [rule("a", state="absent")],
            None,
        ],
        ids=str,
    )
    def test_by_ansible(self, run, policies):
        told = run(policies=policies)
        assert told.failed
        assert "failure" not in told.result
        assert not told.requests


class TestUnmatched:
    POLICIES = (rule("web", {"tags_any": ["role:web"]}, plan="daily", existing_backups="may_be_lost"),)

    def named(self, sim):
        return {key for key, droplet in sim.state().droplets.items() if "role:web" not in droplet["tags"]}

    def test_fail_does_all_the_rest_and_names_them(self, sim, run):
        before, lone = sim.state(), self.named(sim)
        for check in (True, False):
            told = run(check=check, policies=self.POLICIES, unmatched="fail")
            assert told.kind == "refused", told
            assert told.changed
            assert " → " in told.diff["prepared"]
            assert {one["id"] for one in told.result["unmatched"]} == lone
            assert all(before.droplets[key]["name"] in told.result["msg"] for key in lone)
            assert told.result["summary"]["failed"] == 0
            assert bool(told.writes) != check
        for key, policy in sim.state().policies().items():
            assert policy == before.policy(key) if key in lone else policy["plan"] == "daily"
        again = run(policies=self.POLICIES, unmatched="fail")
        assert (again.kind, again.changed, again.writes) == ("refused", False, [])

    def test_fail_and_a_droplet_that_fails(self, sim, run):
        """Both are told; the kind is that of the Droplet's."""
        bad = next(key for key in sim.state().droplets.keys() - self.named(sim) if sim.state().policy(key) is None)
        sim.fault({"status": 422}, method="POST", path=f"/droplets/{bad}/")
        told = run(policies=self.POLICIES, unmatched="fail")
        assert told.kind == "api", told
        assert "match no rule" in told.result["msg"]
        assert [one["failed"] for one in told.result["rules"]] == [1]

    @pytest.mark.parametrize(("unmatched", "warned"), [("report", 1), ("ignore", 0)])
    def test_report_warns_and_ignore_does_not(self, sim, run, unmatched, warned):
        told = run(policies=self.POLICIES, unmatched=unmatched)
        assert not told.failed, told
        assert {one["id"] for one in told.result["unmatched"]} == self.named(sim)
        assert len(told.result.get("warnings", [])) == warned

    def test_none_is(self, run):
        for unmatched in ("report", "fail", "ignore"):
            told = run(policies=[*self.POLICIES, rule("rest")], unmatched=unmatched)
            assert not told.failed, told
            assert told.result["unmatched"] == []
            assert not told.result.get("warnings")


class TestGuards:
    @pytest.mark.parametrize("check", [True, False])
    def test_p4_max_disable_is_0_and_counts_over_all_rules(self, sim, run, check):
        before = sim.state()
        tags = ["env:prod", "env:staging"]
        policies = [rule(tag, {"tags_any": [tag]}, state="disabled", existing_backups="may_be_lost") for tag in tags]
        exactly = sum(policy is not None for policy in before.policies().values())
        for most in ({}, {"max_disable": exactly - 1}):
            told = run(check=check, policies=policies, **most)
            assert told.kind == "refused", told
            assert "max_disable" in told.result["msg"]
            assert not told.writes
        assert sim.state().policies() == before.policies()
        told = run(check=check, policies=policies, max_disable=exactly)
        assert not told.failed, told
        assert len(told.writes) == (0 if check else exactly)

    @pytest.mark.parametrize("check", [True, False])
    @pytest.mark.parametrize("options", [{"plan": "daily"}, {"state": "disabled"}], ids=str)
    def test_p4_one_rule_at_risk_keeps_all_from_being_sent(self, sim, run, check, options):
        before = sim.state()
        weekly = next(key for key, policy in before.policies().items() if policy and policy["plan"] == "weekly")
        policies = [rule("shorter", {"droplet_ids": [weekly]}, **options), rule("rest", hour=[12])]
        told = run(check=check, policies=policies, max_disable=1)
        assert told.kind == "refused", told
        assert "Rule 'shorter': " in told.result["msg"]
        assert before.droplets[weekly]["name"] in told.result["msg"]
        assert not told.writes
        told = run(check=check, policies=[{**policies[0], "existing_backups": "convert_newest"}], max_disable=1)
        assert not told.failed, told

    @pytest.mark.parametrize("check", [True, False])
    def test_p8_a_plan_that_is_not_offered_keeps_all_from_being_sent(self, sim, run, check):
        bare = [key for key, policy in sim.state().policies().items() if policy is None]
        policies = [rule("fine", {"droplet_ids": bare[:1]}), rule("odd", {"droplet_ids": bare[1:]}, plan="hourly")]
        told = run(check=check, policies=policies)
        assert told.kind == "input", told
        assert "Rule 'odd': Plan 'hourly'" in told.result["msg"]
        assert not told.writes


class TestExemption:
    def test_expires_by_the_clock_of_the_api(self, sim, run):
        """It holds until the end of its last day in UTC, and then its Droplets go by the rules after it."""
        day = sim.state()["now"][:10]
        bare = next(key for key, policy in sim.state().policies().items() if policy is None)
        policies = [
            rule("freeze", {"droplet_ids": [bare]}, exempt=True, reason="Quarter's end.", expires=day),
            rule("rest", {"droplet_ids": [bare]}, plan="daily", hour=[4]),
        ]
        sim.set_clock(f"{day}T23:59:00Z")
        told = run(policies=policies, unmatched="ignore")
        assert not told.changed, told
        assert [one["id"] for one in told.result["exempt"]] == [bare]
        assert (told.result["rules"][0]["matched"], told.result["rules"][0]["expired"]) == (1, False)
        sim.advance(120)
        for check in (True, False):
            told = run(check=check, policies=policies, unmatched="ignore")
            assert told.changed, told
            assert told.result["exempt"] == []
            assert (told.result["rules"][0]["matched"], told.result["rules"][0]["expired"]) == (0, True)
            assert told.result["rules"][1]["changed"] == 1
            assert day in str(told.result["warnings"])
        assert sim.state().policy(bare)["hour"] == 4

    def test_an_exempt_droplet_is_neither_enabled_nor_disabled(self, sim, run):
        before = sim.state()
        told = run(policies=[rule("freeze", exempt=True, reason="Audit.")])
        assert not told.changed, told
        assert len(told.result["exempt"]) == 6
        assert sim.state().policies() == before.policies()


@pytest.mark.parametrize("shown", SWITCHES["missing_scope_fields"])
@pytest.mark.parametrize("match", [{"tags_any": ["env:prod"]}, {"tags_all": ["env:prod"], "regions": ["nyc3"]}])
def test_p9_a_token_that_may_not_read_tags_is_refused_where_rules_match_by_tag(sim, run, shown, match):
    """Else every rule by tag would silently fall through to the next."""
    sim.behave(missing_scope_fields=shown)
    before = sim.state()
    params = {"token": sim.make_token("droplet:read", "droplet:update"), "max_disable": 6}
    for check in (True, False):
        told = run(check=check, policies=[rule("prod", match, exempt=True, reason="So."), rule("rest")], **params)
        assert told.kind in ("scope", "selection"), told
        assert "tag:read" in told.result["msg"]
    assert sim.state().policies() == before.policies()
    told = run(policies=[rule("web", {"names": ["*-0*"]}), rule("rest")], **params)
    assert not told.failed, told


@pytest.mark.parametrize("check", [True, False])
def test_an_empty_account(sim, run, check):
    sim.reset(droplets=0)
    assert run(check=check, policies=POLICIES).kind == "selection"
    told = run(check=check, policies=POLICIES, allow_empty=True, unmatched="fail")
    assert not told.failed, told
    assert told.result["monthly_cost"] == {"before": 0, "after": 0, "unknown": 0}


def test_p7_one_fails_and_its_rule_tells(sim, run):
    before = sim.state()
    bad, *others = [key for key, policy in before.policies().items() if policy is None]
    sim.fault({"action": "errored"}, method="POST", path=f"/droplets/{bad}/actions")
    told = run(policies=[rule("bare", {"droplet_ids": [bad, *others]}, hour=[4]), rule("rest")])
    assert told.kind == "action_failed", told
    bare, rest = told.result["rules"]
    assert (bare["failed"], bare["changed"], rest["compliant"]) == (1, len(others), 6 - 1 - len(others))
    assert bare["monthly_cost"]["unknown"] == 1
    invariants.check_result(told, before, sim.state())
    sim.clear_faults()
    assert not run(policies=[rule("bare", {"droplet_ids": [bad]}, hour=[4]), rule("rest")]).failed


def test_p3_a_retagged_busy_droplet_goes_by_the_rule_that_was_planned(sim, run):
    """Somebody powers it off and takes its tag away just before the write: the look again keeps to its rule."""
    target = next(key for key, policy in sim.state().policies().items() if policy is None)
    tag = sim.state().droplets[target]["tags"][0]
    resources = {"resources": [{"resource_id": str(target), "resource_type": "droplet"}]}
    off = {"method": "POST", "path": f"/v2/droplets/{target}/actions", "body": {"type": "power_off"}}

    def retag(_number, request):
        if request.method == "POST" and tag in sim.state().droplets[target]["tags"]:
            sim.api("DELETE", f"tags/{tag}/resources", resources, status=204)

    sim.fault({"first": off}, method="POST", path=f"/droplets/{target}/actions")
    policies = [rule("tagged", {"tags_any": [tag]}, plan="weekly", weekday=["SAT"], hour=[4]), rule("rest")]
    told = run(before_request=retag, policies=policies)
    assert not told.failed, told
    assert tag not in sim.state().droplets[target]["tags"]
    assert sim.state().policy(target)["weekday"] == "SAT"


class TestOneLook:
    SIX = (*POLICIES[:5], rule("rest", plan="daily", hour=[0, 4, 8, 12, 16, 20], existing_backups="may_be_lost"))

    @pytest.mark.parametrize("gpus", [0, 3])
    @pytest.mark.parametrize("plain", one_in(2, (0, 1, 199, 200, 201, 400, 401)), ids=str)
    def test_p5_costs_what_the_pages_cost(self, sim, run, plain, gpus):
        """N Droplets, G of them GPU: 2⌈N/200⌉ + max(1, ⌈G/200⌉) reads, however many rules."""
        (count,) = plain
        sim.reset(droplets=count)
        for number in range(gpus):
            worlds.create(sim, f"gpu-{number}", size="gpu-h100x1-80gb", region="nyc2", policy=worlds.DAILY)
        names = [rule(f"rule {number}", {"names": [f"*{number}"]}) for number in range(8)]
        policies = [rule("off", exempt=True, reason="So.")] if count + gpus else names
        sim.forget()
        told = run(check=True, policies=policies, allow_empty=True)
        most = max(1, ceil(count / 200)) + ceil((count + gpus) / 200) + 1
        assert told.counts == (most, 0), told

    def test_p5_a_thousand_droplets(self, simulators):
        """300 of 1,000 drift: 300 writes, at most 60 reads; then none drifts: no write, at most 12 reads."""
        sim = simulators("--droplets", "1000", "--action-seconds", "0", "--rate-limit", "off")
        sim.reset()
        run = Runner(sim, MODULE)
        assert not run(policies=self.SIX, max_disable=1000, wait_timeout=36000).failed
        wrong = [key for key, owner in self.owners(sim).items() if owner == "rest"][:300]
        away = [rule("wrong", {"droplet_ids": wrong}, plan="weekly", weekday=["TUE"], hour=[4])]
        assert not run(policies=away, unmatched="ignore").failed
        told = run(check=True, policies=self.SIX)
        done = run(policies=self.SIX)
        assert not done.failed, done
        assert len(done.writes) == 300
        assert len(done.reads) <= 60, done
        assert told.diff == done.diff
        assert done.diff["prepared"].count("\n") == 301
        again = run(policies=self.SIX)
        assert (again.changed, again.writes) == (False, [])
        assert len(again.reads) <= 12, again

    def owners(self, sim):
        return account.Expectation(list(self.SIX), sim.state(), "leave", verbs.STANDARD).owners
