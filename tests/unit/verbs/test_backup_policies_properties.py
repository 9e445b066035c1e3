# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules hold to, whatever the rules and the fleet."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, RefusedError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupState
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import (
    HOURS,
    NOW,
    OFF,
    WEEKDAYS,
    backup,
    droplet,
    on,
    rule,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.ruled import account, asked

UNLISTED = "intra_daily_4h"
STATES = (
    OFF,
    BackupState(True),
    on("daily", 4),
    on("daily", 20),
    on("weekly", 4, "SUN"),
    on("weekly", 20, "WED"),
    on(UNLISTED, 8, retention=3),
)
TAGS, REGIONS, NAMES = ("a", "b", "c"), ("nyc3", "fra1"), ("web-1", "web-2", "db-1", "Web-1")


def some(values, **limits):
    return st.lists(st.sampled_from(values), min_size=1, unique=True, **limits)


def one_of_each(**parts):
    """Dicts with one or two of these keys."""
    single = [st.fixed_dictionaries({name: values}) for name, values in parts.items()]
    return st.one_of(*single) | st.tuples(st.one_of(*single), st.one_of(*single)).map(lambda two: {**two[0], **two[1]})


matches = one_of_each(
    tags_any=some(TAGS),
    tags_all=some(TAGS, max_size=2),
    names=some(("web-*", "?b-1", "db-1", "[wW]eb-1")),
    regions=some(REGIONS),
    droplet_ids=st.lists(st.integers(1, 30), min_size=5, max_size=15),
    gpu=st.booleans(),
)
existing = st.sampled_from(("may_be_lost", "convert_newest", "convert_all"))
hours = some(HOURS, max_size=3)
desired_policies = st.one_of(
    st.fixed_dictionaries({"plan": st.just("daily")}, optional={"hour": hours, "existing_backups": existing}),
    st.fixed_dictionaries(
        {"plan": st.just("weekly"), "weekday": some(WEEKDAYS, max_size=2), "existing_backups": existing},
        optional={"hour": hours},
    ),
    st.fixed_dictionaries({}, optional={"hour": hours}),
    st.fixed_dictionaries({"plan": st.just(UNLISTED), "allow_unlisted_plan": st.booleans(), "hour": hours}),
    st.fixed_dictionaries({"state": st.just("disabled")}, optional={"existing_backups": existing}),
    st.fixed_dictionaries(
        {"exempt": st.just(True), "reason": st.just("Because.")},
        optional={"expires": st.sampled_from([f"{NOW + timedelta(days):%Y-%m-%d}" for days in (-1, 0, 1)])},
    ),
)
LAST = rule("rule at the end", plan="daily", existing_backups="may_be_lost")
policies_ = st.tuples(
    st.lists(st.tuples(matches, desired_policies), min_size=1, max_size=5).map(
        lambda found: [rule(f"rule {number}", match, **desired) for number, (match, desired) in enumerate(found)]
    ),
    st.sampled_from(([], [LAST])),
).map(lambda found: found[0] + found[1])
fleets = st.lists(
    st.tuples(
        st.fixed_dictionaries(
            {
                "name": st.sampled_from(NAMES),
                "tags": st.sets(st.sampled_from(TAGS)).map(lambda tags: tuple(sorted(tags))),
                "region": st.sampled_from(REGIONS),
                "gpu": st.booleans(),
            }
        ),
        st.sampled_from(STATES),
    ),
    min_size=4,
    max_size=14,
).map(lambda found: [(droplet(key, **fields), state) for key, (fields, state) in enumerate(found, 1)])
unknown_plans = st.sampled_from(("leave", "enforce"))


def requested(policies, unknown="leave"):
    return asked(*policies, on_unknown_plan=unknown, max_disable=99)


def planned(fleet, request):
    """`(plan, None)`, or `(None, error)` where it is refused."""
    try:
        return fleet.plan(request), None
    except (InputError, RefusedError) as error:
        event("refused")
        return None, error


def takes(policy, found):
    """A second reading of what a rule matches, over the options as they are given."""
    match = {key: value for key, value in policy["match"].items() if value is not None}
    if policy["expires"] and policy["expires"] < f"{NOW:%Y-%m-%d}":
        return False
    checks = {
        "tags_any": lambda tags: set(tags) & set(found.tags),
        "tags_all": lambda tags: set(tags) <= set(found.tags),
        "names": lambda globs: [glob for glob in globs if fnmatch.filter([found.name], glob)],
        "regions": lambda regions: found.region in regions,
        "droplet_ids": lambda ids: found.id in ids,
        "gpu": lambda gpu: found.gpu == gpu,
        "all": lambda all_: all_,
    }
    return all(checks[key](value) for key, value in match.items())


@given(policies_, fleets, unknown_plans)
def test_planning_twice_leaves_nothing_to_do(policies, pairs, unknown):
    request = requested(policies, unknown)
    fleet = account(*pairs, backups={found.id: [backup(found.id + 100, 1)] for found, _state in pairs})
    plan, _error = planned(fleet, request)
    assume(plan)
    event(f"{min(3, len(plan.changing))} changes, or more if 3")
    fleet.carry_out(plan)
    again = fleet.plan(request)
    assert again.changing == ()
    for before, after in zip(plan.changes, again.changes, strict=True):
        assert after.before == {key: value for key, value in before.after.items() if key != "backups_converted"}


@given(policies_, fleets)
def test_planned_again_nothing_is_left_if_it_shows_and_something_if_not(policies, pairs):
    request = requested(policies)
    fleet = account(*pairs, backups={found.id: [backup(found.id + 100, 1)] for found, _state in pairs})
    plan, _error = planned(fleet, request)
    assume(plan)
    for change in plan.changing:
        assert fleet.again(change).steps == change.steps
    fleet.carry_out(plan)
    for change in plan.changing:
        assert is_done(fleet.again(change))


@given(policies_, fleets, st.randoms(use_true_random=False))
def test_the_order_of_droplets_does_not_matter(policies, pairs, random):
    request = requested(policies)
    expected, error = planned(account(*pairs), request)
    shuffled = list(pairs)
    random.shuffle(shuffled)
    again, other = planned(account(*shuffled), request)
    assert again == expected
    assert error is None or error.message.startswith("Rule 'rule ")
    assert (type(other), str(other)) == (type(error), str(error))


@given(policies_, fleets)
def test_every_droplet_is_owned_by_exactly_one_rule_or_named_as_unmatched(policies, pairs):
    request = requested(policies)
    fleet = account(*pairs)
    plan, _error = planned(fleet, request)
    assume(plan)
    told = fleet.tell(request)
    expected = {
        found.id: next((policy["name"] for policy in policies if takes(policy, found)), None) for found, _state in pairs
    }
    assert {change.target.id: change.rule for change in plan.changes} == expected
    assert {one["id"] for one in told["unmatched"]} == {key for key, name in expected.items() if name is None}
    exempt = {policy["name"] for policy in policies if policy["exempt"]}
    assert {one["id"]: one["rule"] for one in told["exempt"]} == {
        key: name for key, name in expected.items() if name in exempt
    }
    for one in told["rules"]:
        assert one["matched"] == list(expected.values()).count(one["name"])
        counted = sum(one[name] for name in ("compliant", "changed", "failed", "not_tried", "left_alone"))
        assert counted == (0 if one["name"] in exempt else one["matched"])
    assert all(not change.steps for change in plan.changes if change.rule in {None, *exempt})


@given(policies_, fleets)
def test_narrowed_to_its_droplet_the_same_is_planned_again(policies, pairs):
    request = requested(policies)
    fleet = account(*pairs, backups={found.id: [backup(found.id + 100, 1)] for found, _state in pairs})
    plan, _error = planned(fleet, request)
    assume(plan)
    for change in plan.changing:
        again = fleet.again(change, [])
        assert (again.steps, again.rule, again.after) == (change.steps, change.rule, change.after)


def test_there_is_something_in_each_corner():
    """So that none of the properties above holds because nothing ever happens."""
    seen = set()

    @settings(derandomize=True, database=None, max_examples=400)
    @given(policies_, fleets, unknown_plans)
    def look(policies, pairs, unknown):
        fleet = account(*pairs, backups={found.id: [backup(found.id + 100, 1)] for found, _state in pairs})
        plan, error = planned(fleet, requested(policies, unknown))
        seen.add(type(error).__name__)
        for change in plan.changes if plan else ():
            seen.update(type(step).__name__ for step in change.steps)
            seen.add(("left alone", change.skipped))
        seen.add(("rules that change something", len({change.rule for change in plan.changing}) if plan else 0))

    look()
    assert {"EnableBackups", "ChangeBackupPolicy", "DisableBackups", "ConvertBackup"} <= seen
    assert {"NoneType", "InputError", "RefusedError", ("left alone", True)} <= seen
    assert {("rules that change something", number) for number in (0, 1, 2, 3)} <= seen


spread_rule = st.fixed_dictionaries(
    {"plan": st.just("weekly"), "weekday": some(WEEKDAYS, max_size=3), "hour": some(HOURS, max_size=3)}
)


@given(spread_rule, st.sets(st.integers(1, 10**6), min_size=1, max_size=40))
def test_spreading_over_a_rules_droplets_is_even(desired, keys):
    fleet = account(*((droplet(key, tags=("a",)), OFF) for key in keys), (droplet(10**7), on("weekly", 4, "SUN")))
    fleet.carry_out(fleet.plan(asked(rule("spread", {"tags_any": ["a"]}, **desired))))
    load = dict.fromkeys(((day, hour) for day in desired["weekday"] for hour in desired["hour"]), 0)
    for key in keys:
        load[(fleet.states[key].policy.weekday, fleet.states[key].policy.hour)] += 1
    assert max(load.values()) - min(load.values()) <= 1


@given(spread_rule, st.sets(st.integers(1, 10**6), min_size=2, max_size=30), st.data())
def test_spreading_is_stable_when_a_droplet_joins_or_leaves(desired, keys, data):
    request = asked(rule("spread", {"tags_any": ["a"]}, **desired))
    first, *rest = data.draw(st.permutations(sorted(keys)))
    fleet = account(*((droplet(key, tags=("a",)), OFF) for key in rest))
    fleet.carry_out(fleet.plan(request))
    joined = fleet.with_droplet(droplet(first, tags=("a",)), data.draw(st.sampled_from(STATES[:6])))
    assert {change.target.id for change in joined.plan(request).changing} <= {first}
    left = replace(fleet, droplets={key: fleet.droplets[key] for key in rest[1:]})
    assert left.plan(request).changing == ()
