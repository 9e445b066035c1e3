# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P8: what nobody here knows is read, reported and left alone; what is to be written is checked first."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import verbs, worlds

USAGE = "intra_daily_4h"


@pytest.fixture(name="unknown")
def _unknown(sim):
    """The id of a Droplet on a plan that is not among the supported ones."""
    worlds.edge(sim)
    return next(key for key, policy in sim.state().policies().items() if policy and policy["plan"] == USAGE)


@pytest.mark.parametrize("selection", ["id", "all"])
@pytest.mark.parametrize(
    "options", [{}, {"hour": 12}, {"weekday": ["SUN"], "allow_unlisted_plan": False}, {"hour": [8, 12]}], ids=str
)
def test_p8_an_unknown_plan_is_left_alone(sim, run, unknown, options, selection):
    if "weekday" in options and selection == "all":
        pytest.skip("a weekday for all is refused, because Droplets without backups would get a plan without one")
    before = sim.state()
    told = run(**({"droplet_id": unknown} if selection == "id" else {"all": True}), **options)
    assert not told.failed, told
    assert sim.state().policy(unknown) == before.policy(unknown)
    entry = told.droplets[unknown]
    assert not entry["changed"]
    assert entry["before"]["plan"] == USAGE
    assert entry["before"]["monthly_cost"] == "unknown"
    if options:
        assert USAGE in " ".join(entry["notes"])


def test_p8_an_unknown_plan_can_be_left_for_a_known_one(sim, run, unknown):
    told = run(droplet_id=unknown, plan="daily", hour=8, existing_backups="may_be_lost")
    assert not told.failed, told
    assert sim.state().policy(unknown)["plan"] == "daily"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"plan": "hourly"}, "daily"),
        ({"plan": "daily", "hour": 3}, "0, 4, 8, 12, 16, 20"),
        ({"plan": "daily", "hour": [4, 24]}, "allowed are"),
        ({"plan": "weekly", "weekday": "XXX", "hour": 4}, "SUN, MON, TUE, WED, THU, FRI, SAT"),
        ({"plan": "weekly", "hour": 4}, "weekday"),
        ({"plan": "daily", "weekday": "SUN"}, "weekday"),
        ({"plan": USAGE, "hour": 0}, "allow_unlisted_plan"),
    ],
    ids=str,
)
def test_p8_what_cannot_be_is_refused_before_it_is_sent(sim, run, check, options, named):
    target = next(key for key, policy in sim.state().policies().items() if policy is None)
    told = run(check=check, droplet_id=target, **options)
    assert told.kind == "input", told
    assert named in told.result["msg"], told
    assert not told.writes


def test_p8_an_unlisted_plan_is_sent_when_allowed(sim, run):
    target = next(key for key, policy in sim.state().policies().items() if policy is None)
    task = {"plan": USAGE, "hour": 0, "window_length_hours": 4, "retention_period_days": 9, "allow_unlisted_plan": True}
    told = run(droplet_id=target, **task)
    assert not told.failed, told
    assert USAGE in str(told.result["warnings"])
    policy = sim.state().policy(target)
    assert (policy["plan"], policy["retention_period_days"]) == (USAGE, 9)
    again = run(droplet_id=target, **task)
    assert not again.changed


@pytest.mark.parametrize("features", ["without_backups", "with_backups"])
def test_p8_a_plan_works_on_the_day_it_is_offered(sim, run, unknown, features):
    """A listed plan needs no new release: it is enabled, kept, and moved to another hour."""
    sim.behave(supported_policies="usage", usage_plan_features=features)
    bare = next(key for key, droplet in sim.state().droplets.items() if droplet["name"] == "charlie")
    told = run(droplet_id=bare, plan=USAGE, hour=0)
    assert not told.failed, told
    assert sim.state().policy(bare)["plan"] == USAGE
    told = run(droplet_id=[bare, unknown], hour=8)
    assert not told.failed, told
    assert [sim.state().policy(key)["hour"] for key in (bare, unknown)] == [8, 8]
    assert not run(droplet_id=[bare, unknown], hour=8, plan=USAGE).changed


@pytest.mark.parametrize("verb", [verb for verb in verbs.VERBS if not verb.refused], ids=lambda verb: verb.name)
def test_p8_fields_of_tomorrow_are_ignored(sim, run, verb):
    worlds.edge(sim)
    sim.behave(extra_fields="added")
    before = sim.state()
    options, ids = verbs.select(before, verb, "several")
    assert not run(**options, **verb.params).failed
    for key in ids:
        assert verb.reached(before.policy(key), sim.state().policy(key)) is None
    assert not run(**options, **verb.params).writes


ODD = [{}, {"droplet": None}, {"droplet": {}}, {"policy": None}, {"policy": {"droplet_id": 1}}, {"actions": None}]


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("body", [*ODD, [], "text", {"policy": {"backup_enabled": True, "backup_policy": {}}}], ids=str)
def test_p8_an_answer_of_another_shape_is_no_traceback(sim, run, body, place):
    """All answers from the n-th on are well-formed JSON of a shape that nobody documents."""
    run.unexpected = True
    target = next(key for key, policy in sim.state().policies().items() if policy is None)
    sim.fault({"status": 200, "body": body}, method="GET", after=place, times=0)
    told = run(droplet_id=target, plan="weekly", weekday="SAT", hour=4, wait_timeout=60)
    if not sim.faults()[0]["hits"]:
        sim.clear_faults()
    assert told.failed or sim.state().policy(target)["weekday"] == "SAT", told
    assert len(told.writes) <= 1, told
