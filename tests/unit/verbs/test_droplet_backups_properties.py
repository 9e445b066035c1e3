# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of `droplet_backups` holds to, in every combination of a request and a state."""

from __future__ import annotations

import copy
import re
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, RefusedError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupPolicy, BackupState
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    ChangeBackupPolicy,
    ConvertBackup,
    DisableBackups,
    EnableBackups,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_backups as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import (
    HOURS,
    NOW,
    OFF,
    WEEKDAYS,
    backup,
    on,
    snapshot,
    wanted,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import Account, is_done

UNKNOWN_PLAN = "intra_daily_4h"
STATES = {
    "off": OFF,
    "on, policy not shown": BackupState(True),
    "daily at 4": on("daily", 4),
    "daily without an hour": on("daily"),
    "daily, kept 30 days": on("daily", 4, retention=30),
    "weekly on SUN at 4": on("weekly", 4, "SUN"),
    "weekly on WED at 20": on("weekly", 20, "WED"),
    "unknown plan": on(UNKNOWN_PLAN, 8, retention=3),
    "unknown plan, lengths not shown": on(UNKNOWN_PLAN, 8, window=None),
}
BACKUPS = {"no backups": [], "young backups": [backup(11, 1), backup(12, 6)], "an old backup": [backup(13, 20)]}

REQUESTS = [
    wanted(enabled=False, existing_backups=existing)
    for existing in (None, "may_be_lost", "convert_newest", "convert_all")
] + [
    wanted(
        plan=plan, weekdays=weekdays, hours=hours, existing_backups=existing, allow_unlisted_plan=unlisted, **lengths
    )
    for plan, weekdays, hours, existing, unlisted, lengths in product(
        (None, "daily", "weekly", UNKNOWN_PLAN, "of_tomorrow"),
        (None, ("SAT", "SUN")),
        (None, (0, 20)),
        (None, "may_be_lost", "convert_newest", "convert_all"),
        (False, True),
        ({}, {"retention_period_days": 5}),
    )
]
SETTABLE = {"state", "plan", "weekday", "hour", "window_length_hours", "retention_period_days"}
COST_AND_COUNT = {"monthly_cost", "backups_converted"}


def planned(account, request):
    """`(plan, None)`, or `(None, error)` where it is refused."""
    try:
        return account.plan(request), None
    except (InputError, RefusedError) as error:
        return None, error


def satisfied(request, state):
    """Independently of the plan: is what the user set true of `state`?"""
    if not request.enabled:
        return not state.enabled
    policy = state.policy or BackupPolicy("")
    return (
        state.enabled
        and request.plan in (None, policy.plan)
        and (request.weekdays is None or policy.weekday in request.weekdays)
        and (request.hours is None or policy.hour in request.hours)
        and request.retention_period_days in (None, policy.retention_period_days)
    )


@pytest.mark.parametrize("points", BACKUPS.values(), ids=BACKUPS)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
class TestEveryRequest:
    """Each of the requests meets this state and these backups."""

    def cases(self, state, points):
        """`(request, account as it was, plan)` for each request that is not refused."""
        for request in REQUESTS:
            account = Account({1: state}, {1: list(points)})
            plan, _error = planned(account, request)
            if plan:
                yield request, account, plan

    def test_a_refusal_is_a_sentence_that_names_the_droplet(self, state, points):
        for request in REQUESTS:
            _plan, error = planned(Account({1: state}, {1: list(points)}), request)
            if error:
                assert re.search(r"web-01 \(1\).*\.$", error.message), error.message
                assert error.droplet == 1

    def test_the_plan_leads_to_what_was_asked_and_then_to_nothing(self, state, points):
        for request, account, plan in self.cases(state, points):
            account.carry_out(plan)
            skipped = plan.changes[0].notes != ()
            assert skipped or satisfied(request, account.states[1]), request
            again = account.plan(request)
            assert again.changing == (), request
            assert (
                again.changes[0].before
                == again.changes[0].after
                == {key: value for key, value in plan.changes[0].after.items() if key != "backups_converted"}
            )

    def test_nothing_is_planned_where_all_is_as_asked(self, state, points):
        for request, _dummy, plan in self.cases(state, points):
            if satisfied(request, state):
                assert plan.changing == (), request

    def test_planning_is_pure_and_repeatable(self, state, points):
        for request, account, plan in self.cases(state, points):
            seen = account.observe(request)
            untouched = copy.deepcopy(seen)
            assert plans.plan(request, seen, NOW) == plan
            assert seen == untouched

    def test_conversions_come_first_and_one_policy_write_comes_last(self, state, points):
        for request, _dummy, plan in self.cases(state, points):
            for change in plan.changing:
                *first, last = change.steps
                assert all(isinstance(step, ConvertBackup) for step in first), request
                kind = DisableBackups if not request.enabled else ChangeBackupPolicy if state.enabled else EnableBackups
                assert isinstance(last, kind), request

    def test_the_whole_policy_is_sent(self, state, points):
        for request, _dummy, plan in self.cases(state, points):
            for change in plan.changing:
                if request.enabled:
                    policy = change.steps[-1].policy
                    if policy.plan in ("daily", "weekly"):
                        assert policy.hour in HOURS, request
                        assert (policy.weekday in WEEKDAYS) == (policy.plan == "weekly"), request

    def test_what_is_left_out_is_kept(self, state, points):
        current = state.policy or BackupPolicy("")
        for request, account, plan in self.cases(state, points):
            account.carry_out(plan)
            policy = account.states[1].policy
            if not (request.enabled and state.enabled and policy):
                continue
            if request.plan is None and current.plan:
                assert policy.plan == current.plan, request
            if request.hours is None and current.hour is not None:
                assert policy.hour == current.hour, request
            if request.weekdays is None and current.weekday and policy.plan == current.plan:
                assert policy.weekday == current.weekday, request
            if request.retention_period_days is None and policy.plan == current.plan:
                assert policy.retention_period_days == current.retention_period_days, request

    def test_before_and_after_hold_only_what_can_be_set_and_cost(self, state, points):
        for request, _dummy, plan in self.cases(state, points):
            change = plan.changes[0]
            assert change.before.keys() | change.after.keys() <= SETTABLE | COST_AND_COUNT, request
            assert change.before == change.after or change.steps, request

    def test_planned_again_nothing_is_left_if_it_shows_and_something_if_not(self, state, points):
        for request, account, plan in self.cases(state, points):
            for change in plan.changing:
                assert account.again(change).steps == change.steps, request
                account.carry_out(plan)
                assert is_done(account.again(change)), request

    def test_narrowed_to_the_droplet_the_same_is_planned_again(self, state, points):
        for request, account, plan in self.cases(state, points):
            for change in plan.changing:
                again = account.again(change, [])
                assert (again.steps, again.doubt) == (change.steps, None), request

    def test_a_rerun_after_a_kill_between_two_steps_ends_the_same_way(self, state, points):
        for request, whole, plan in self.cases(state, points):
            for change in plan.changing:
                for kept_ids in (True, False):
                    account = Account({1: state}, {1: list(points)}, new_id=not kept_ids)
                    for step in change.steps[:-1]:
                        account.take(1, step)
                        rest = account.plan(request)
                        done = len(account.snapshots[1])
                        converts = [step for step in rest.changes[0].steps if isinstance(step, ConvertBackup)]
                        assert done + len(converts) == len(change.steps) - 1, request
                    account.carry_out(account.plan(request))
                    if kept_ids:
                        whole.carry_out(plan)
                        assert account == whole, request

    def test_restore_points_are_never_lost_without_a_word(self, state, points):
        """Seen from outside: whenever an unasked plan is accepted, retention does not shrink over a backup."""
        for request, account, plan in self.cases(state, points):
            if request.existing_backups or not points or not plan.changing or not state.enabled:
                continue
            account.carry_out(plan)
            now = account.states[1]
            assert now.enabled, request
            kept_for = now.policy.retention_period_days
            before = state.policy or BackupPolicy("")
            if now.policy.plan == before.plan and kept_for == before.retention_period_days:
                continue
            assert kept_for is not None, request
            longer = before.retention_period_days is not None and kept_for >= before.retention_period_days
            assert longer or not any(point.older_than(kept_for, NOW) for point in points), request


fleet_states = st.dictionaries(st.integers(1, 10**6), st.sampled_from(list(STATES.values())), min_size=1, max_size=8)
requests = st.sampled_from(REQUESTS)
points_by_droplet = st.sampled_from(list(BACKUPS.values()))


@given(fleet_states, requests, points_by_droplet, st.randoms(use_true_random=False))
def test_the_order_of_droplets_does_not_matter(states, request, points, random):
    def plan(order):
        return planned(Account({key: states[key] for key in order}, {key: list(points) for key in order}), request)

    keys = list(states)
    expected, error = plan(keys)
    random.shuffle(keys)
    again, other = plan(keys)
    assert again == expected
    assert (type(other), str(other)) == (type(error), str(error))
    if expected:
        assert [change.target.id for change in expected.changes] == sorted(keys)


@given(
    st.dictionaries(
        st.integers(1, 10**6),
        st.sampled_from([OFF, on("daily", 4), on("daily", 20), on("weekly", 4, "SUN"), on("weekly", 8, "TUE")]),
        min_size=1,
        max_size=20,
    ),
    st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(HOURS), min_size=1, max_size=3, unique=True),
)
def test_a_fleet_converges_in_one_run(states, weekdays, hours):
    request = wanted(plan="weekly", weekdays=tuple(weekdays), hours=tuple(hours))
    account = Account(dict(states))
    plan = account.plan(request)
    account.carry_out(plan)
    for key, state in account.states.items():
        assert satisfied(request, state)
        assert state == states[key] or not satisfied(request, states[key])
    assert account.plan(request).changing == ()


@given(
    st.sets(st.integers(1, 10**6), min_size=1, max_size=40),
    st.lists(st.sampled_from(HOURS), min_size=1, max_size=6, unique=True),
)
def test_newly_enabled_droplets_are_spread_evenly(keys, hours):
    account = Account(dict.fromkeys(keys, OFF))
    account.carry_out(account.plan(wanted(plan="daily", hours=tuple(hours))))
    load = [sum(state.policy.hour == hour for state in account.states.values()) for hour in hours]
    assert max(load) - min(load) <= 1


@given(fleet_states, requests, st.booleans(), st.booleans())
def test_what_was_at_risk_is_told_as_kept_or_gone(states, request, new_id, deletes):
    account = Account(
        dict(states),
        {key: [backup(key * 10 + 1, 1), backup(key * 10 + 2, 20)] for key in states},
        {key: [snapshot(key * 10 + 9, 90)] for key in states},
        new_id=new_id,
        deletes=deletes,
    )
    try:
        plan = account.plan(request)
    except (InputError, RefusedError):
        assume(False)
    account.carry_out(plan)
    for change in plan.changing:
        told = account.again(change).extra_result
        at_risk = change.request.progress.at_risk
        if not at_risk:
            assert told == {}
            continue
        names = sorted(point["name"] for point in told["kept"] + told["gone"])
        assert names == sorted(point.name for point in at_risk)
        disabled = isinstance(change.steps[-1], DisableBackups)
        converted = len(change.steps) - 1
        assert len(told["kept"]) == (converted if disabled and deletes else len(at_risk))


def test_there_is_something_in_each_corner_of_the_combinations():
    """So that none of the tests above passes because every request was refused."""
    kinds = set()
    for state, points in product(STATES.values(), BACKUPS.values()):
        for request in REQUESTS:
            plan, _error = planned(Account({1: state}, {1: list(points)}), request)
            kinds.add(tuple(type(step).__name__ for step in plan.changes[0].steps) if plan else "refused")
    assert {"refused", (), ("EnableBackups",), ("ChangeBackupPolicy",), ("DisableBackups",)} <= kinds
    assert {("ConvertBackup", "DisableBackups"), ("ConvertBackup", "ChangeBackupPolicy")} <= kinds
    assert ("ConvertBackup", "ConvertBackup", "DisableBackups") in kinds
