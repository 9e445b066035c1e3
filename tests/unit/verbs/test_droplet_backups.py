# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `droplet_backups` plans, says and refuses, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    InputError,
    RefusedError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import (
    BackupPolicy,
    BackupState,
    SupportedPolicy,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    ChangeBackupPolicy,
    ConvertBackup,
    DisableBackups,
    EnableBackups,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_backups as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import (
    DAILY,
    NOW,
    OFF,
    SUPPORTED,
    WEEKLY,
    backup,
    droplet,
    observed,
    on,
    params,
    snapshot,
    wanted,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import NEW_ID, Account, is_done

ALL = Selection(everything=True)
UNLISTED = "intra_daily_4h"


def steps(request, state, backups=(), converted=()):
    """The steps for Droplet 1 in `state`."""
    return change(request, state, backups, converted).steps


def change(request, state, backups=(), converted=()):
    seen = observed(state, {1: backups}, {1: converted})
    return plans.plan(request, seen, NOW).changes[0]


def enable(plan, hour, weekday=None, **lengths):
    return (EnableBackups(BackupPolicy(plan, weekday, hour, **lengths)),)


def alter(plan, hour, weekday=None, **lengths):
    return (ChangeBackupPolicy(BackupPolicy(plan, weekday, hour, **lengths)),)


class TestTheRequest:
    """Parameters become a typed request."""

    def test_what_is_left_out_stays_none(self):
        assert plans.request(ALL, params(all=True)) == plans.Request(ALL)

    def test_what_is_given_is_taken(self):
        given = params(plan="weekly", weekday=["sun", "SAT", "Sun"], hour=[4, 0, 4], retention_period_days=9)
        expected = plans.Request(ALL, plan="weekly", weekdays=("SUN", "SAT"), hours=(4, 0), retention_period_days=9)
        assert plans.request(ALL, given) == expected

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            pytest.param({"weekday": []}, "weekday is an empty list", id="no weekday"),
            pytest.param({"hour": []}, "hour is an empty list", id="no hour"),
            pytest.param({"max_disable": -1}, "max_disable -1 is below 0", id="fewer than none"),
            pytest.param({"state": "disabled", "hour": [0]}, "so hour cannot be set", id="disabled with an hour"),
            pytest.param(
                {"state": "disabled", "plan": "daily", "window_length_hours": 4},
                "so plan, window_length_hours cannot be set",
                id="disabled with a plan and a length",
            ),
        ],
    )
    def test_what_contradicts_itself_is_refused(self, given, says):
        with pytest.raises(InputError, match=says):
            plans.request(ALL, params(**given))


class TestOneDroplet:
    @pytest.mark.parametrize(
        ("request_", "state", "expected"),
        [
            pytest.param(wanted(), OFF, enable("daily", 16), id="turned on: daily, at an hour of its own"),
            pytest.param(wanted(hours=(4,)), OFF, enable("daily", 4), id="turned on at 4"),
            pytest.param(
                wanted(plan="weekly", weekdays=("SUN",)), OFF, enable("weekly", 16, "SUN"), id="turned on, on SUN"
            ),
            pytest.param(wanted(), on("weekly", 20, "WED"), (), id="on, and nothing else asked: left as it is"),
            pytest.param(wanted(), BackupState(True), (), id="on with a policy that is not shown: left as it is"),
            pytest.param(wanted(), on(UNLISTED, 8), (), id="on an unknown plan: left as it is"),
            pytest.param(wanted(plan="daily"), on("daily", 20), (), id="hour kept"),
            pytest.param(wanted(hours=(0, 20)), on("daily", 20), (), id="in one of the windows already"),
            pytest.param(wanted(hours=(8,)), on("daily", 20), alter("daily", 8), id="another hour"),
            pytest.param(
                wanted(hours=(8,)), on("weekly", 20, "WED"), alter("weekly", 8, "WED"), id="weekday and plan kept"
            ),
            pytest.param(
                wanted(weekdays=("SAT",)), on("weekly", 20, "WED"), alter("weekly", 20, "SAT"), id="hour and plan kept"
            ),
            pytest.param(
                wanted(plan="weekly", weekdays=("SUN",)),
                on("daily", 20),
                alter("weekly", 20, "SUN"),
                id="another plan, hour kept",
            ),
            pytest.param(wanted(plan="daily"), on("weekly", 20, "WED"), alter("daily", 20), id="weekday dropped"),
            pytest.param(
                wanted(hours=(8,)),
                on("daily", 4, retention=30),
                alter("daily", 8, retention_period_days=30),
                id="a retention of its own is kept",
            ),
            pytest.param(
                wanted(retention_period_days=30),
                on("daily", 4),
                alter("daily", 4, retention_period_days=30),
                id="a retention is set",
            ),
            pytest.param(wanted(retention_period_days=7), on("daily", 4), (), id="the plan's own retention is met"),
            pytest.param(
                wanted(plan="weekly"), on("daily", 3, "MON"), alter("weekly", 16, "MON"), id="an odd hour is not kept"
            ),
            pytest.param(wanted(enabled=False), OFF, (), id="off already"),
            pytest.param(wanted(enabled=False), on("daily", 4), (DisableBackups(),), id="turned off"),
            pytest.param(wanted(enabled=False), on(UNLISTED, 8), (DisableBackups(),), id="unknown plan turned off"),
        ],
    )
    def test_steps(self, request_, state, expected):
        assert steps(request_, state) == expected

    @pytest.mark.parametrize(
        ("request_", "state", "says"),
        [
            pytest.param(
                wanted(plan="hourly"),
                OFF,
                "Plan 'hourly' is not among the supported ones (for Droplet web-01 (1)): weekly, daily. "
                "Set allow_unlisted_plan: true to send it all the same.",
                id="a plan that is not listed",
            ),
            pytest.param(
                wanted(plan="daily", hours=(4, 5)),
                OFF,
                "Hour 5 is not possible for plan 'daily' (for Droplet web-01 (1)): allowed are "
                "0, 4, 8, 12, 16, 20 (UTC).",
                id="an hour between",
            ),
            pytest.param(
                wanted(plan="weekly", weekdays=("SUNDAY",)),
                OFF,
                "Weekday 'SUNDAY' is not possible for plan 'weekly' (for Droplet web-01 (1)): allowed are "
                "SUN, MON, TUE, WED, THU, FRI, SAT.",
                id="a weekday in other words",
            ),
            pytest.param(
                wanted(plan="weekly"),
                on("daily", 4),
                "Plan 'weekly' needs a weekday, and Droplet web-01 (1) has none to keep: set weekday to one or more "
                "of SUN, MON, TUE, WED, THU, FRI, SAT.",
                id="weekly without a weekday, and none to keep",
            ),
            pytest.param(
                wanted(weekdays=("SUN",)),
                on("daily", 4),
                "Plan 'daily' has no weekday (for Droplet web-01 (1)): leave weekday out, or name a plan that has one.",
                id="a weekday for daily",
            ),
        ],
    )
    def test_bad_input_is_one_sentence_that_lists_what_is_allowed(self, request_, state, says):
        with pytest.raises(InputError) as caught:
            steps(request_, state)
        assert caught.value.message == says
        assert caught.value.droplet == 1

    def test_weekly_without_a_weekday_keeps_the_one_there_is(self):
        assert steps(wanted(plan="weekly", hours=(0,)), on("weekly", 4, "FRI")) == alter("weekly", 0, "FRI")

    def test_a_plan_that_appears_tomorrow_works_the_same_day(self):
        offered = (*SUPPORTED, SupportedPolicy("twice_daily", (6, 18), (), 6, 3))
        seen = observed(OFF, supported=offered)
        plan = plans.plan(wanted(plan="twice_daily", hours=(18,)), seen, NOW)
        assert plan.changes[0].steps == enable("twice_daily", 18, window_length_hours=6, retention_period_days=3)
        assert plan.changes[0].after["monthly_cost"] == "unknown"
        assert plan.warnings == ()


def test_a_droplet_whose_policy_the_api_does_not_show_is_left_alone_unless_a_plan_is_named():
    hidden = BackupState(True)
    told = change(wanted(hours=(4,)), hidden)
    assert told.steps == ()
    assert told.notes == ("left alone: the API does not show its policy",)
    assert change(wanted(plan="daily", hours=(4,)), hidden).steps == alter("daily", 4)


@pytest.mark.parametrize(
    ("fields", "state", "says"),
    [
        ({"hours": (4, 24)}, on("daily", 4), "Hour 24 is not possible for plan 'daily'"),
        ({"weekdays": ("SUN", "FUNDAY")}, on("weekly", 4, "SUN"), "Weekday 'FUNDAY' is not possible for plan 'weekly'"),
    ],
    ids=["hour", "weekday"],
)
def test_what_no_plan_can_have_is_refused_even_where_the_rest_of_the_list_is_met(fields, state, says):
    with pytest.raises(Missing) as missing:
        plans.complete(wanted(**fields), observed(state, supported=None), Facts(), NOW)
    assert missing.value.needs == (needs.SupportedPolicies(),)
    with pytest.raises(InputError) as caught:
        change(wanted(**fields), state)
    assert caught.value.message.startswith(says)


class TestUnlistedPlans:
    def test_allowed_with_a_warning(self):
        request = wanted(plan=UNLISTED, hours=(0,), retention_period_days=7, allow_unlisted_plan=True)
        plan = plans.plan(request, observed(OFF), NOW)
        assert plan.changes[0].steps == (EnableBackups(BackupPolicy(UNLISTED, None, 0, None, 7)),)
        assert plan.warnings == (
            f"Plan '{UNLISTED}' is not among the supported ones and is sent because of allow_unlisted_plan.",
        )

    @pytest.mark.parametrize(
        ("fields", "policy"),
        [
            pytest.param({}, BackupPolicy("hourly"), id="nothing but the plan"),
            pytest.param({"weekdays": ("SUN",)}, BackupPolicy("hourly", "SUN"), id="a weekday without an hour"),
            pytest.param({"hours": (3,)}, BackupPolicy("hourly", None, 3), id="any hour"),
        ],
    )
    def test_what_the_user_sets_is_sent_as_it_is(self, fields, policy):
        request = wanted(plan="hourly", allow_unlisted_plan=True, **fields)
        assert steps(request, OFF) == (EnableBackups(policy),)

    @pytest.mark.parametrize("state", [OFF, on("daily", 4)], ids=["off", "another plan"])
    def test_one_that_is_priced_by_the_gib_needs_a_retention(self, state):
        request = wanted(plan=UNLISTED, hours=(0,), allow_unlisted_plan=True, existing_backups="may_be_lost")
        with pytest.raises(InputError, match=r"needs retention_period_days \(for Droplet web-01 \(1\)\)") as caught:
            steps(request, state)
        assert caught.value.droplet == 1

    @pytest.mark.parametrize(
        ("fields", "given"),
        [
            ({"hours": (4,)}, "hour has no effect on web-01 (1)"),
            ({"retention_period_days": 9, "weekdays": ("SUN",)}, "weekday, retention_period_days have no effect on"),
        ],
        ids=str,
    )
    def test_what_has_no_effect_on_one_that_was_called_for_is_told(self, fields, given):
        state = observed(on(UNLISTED, 8))
        (sentence,) = plans.plan(wanted(selection=Selection(ids=(1,)), **fields), state, NOW).warnings
        assert sentence.startswith(given)
        assert plans.plan(wanted(selection=Selection(everything=True), **fields), state, NOW).warnings == ()
        assert plans.plan(wanted(selection=Selection(ids=(1,))), state, NOW).warnings == ()

    def test_no_warning_where_nothing_is_sent(self):
        request = wanted(plan=UNLISTED, allow_unlisted_plan=True)
        assert plans.plan(request, observed(on(UNLISTED, 8)), NOW) == plans.Plan((change(request, on(UNLISTED, 8)),))

    @pytest.mark.parametrize("fields", [{"hours": (4,)}, {"weekdays": ("SUN",)}, {"retention_period_days": 9}], ids=str)
    def test_a_droplet_on_one_is_left_alone_and_told_so(self, fields):
        found = change(wanted(**fields), on(UNLISTED, 8))
        assert found.steps == ()
        assert found.before == found.after
        assert found.notes == (f"left alone: it is on plan '{UNLISTED}', which is not among the supported ones",)

    def test_it_is_moved_where_the_user_names_a_plan(self):
        request = wanted(plan="weekly", weekdays=("SUN",))
        assert steps(request, on(UNLISTED, 8, retention=7)) == alter("weekly", 8, "SUN")


class TestTheFleet:
    def test_each_droplet_is_planned_for_itself_by_ascending_id(self):
        seen = observed({3: OFF, 1: on("daily", 4), 2: on("daily", 8)})
        ordered = plans.observed(wanted(), seen.droplets, seen.states)
        plan = plans.plan(wanted(hours=(4,)), replace(seen, droplets=ordered.droplets), NOW)
        assert [(found.target.id, found.steps) for found in plan.changes] == [
            (1, ()),
            (2, alter("daily", 4)),
            (3, enable("daily", 4)),
        ]
        assert [found.target.id for found in plan.changing] == [2, 3]

    def test_droplets_that_stay_count_for_the_spread(self):
        states = {1: on("daily", 0), 2: on("daily", 0), 3: on("daily", 8), 4: OFF}
        plan = plans.plan(wanted(hours=(0, 4)), observed(states), NOW)
        assert [found.after["hour"] for found in plan.changes] == [0, 0, 4, 4]

    def test_droplets_left_alone_count_too(self):
        states = {1: on(UNLISTED, 0), 2: on(UNLISTED, 0), 3: OFF, 4: OFF}
        plan = plans.plan(wanted(hours=(0, 4)), observed(states), NOW)
        assert [found.after["hour"] for found in plan.changes] == [0, 0, 4, 4]

    def test_one_that_was_deleted_while_a_tag_was_read_is_no_longer_meant(self):
        seen = plans.observed(wanted(), [droplet(1), droplet(2)], {2: OFF})
        assert [found.id for found in seen.droplets] == [2]

    @pytest.mark.parametrize("selection", [Selection(ids=(1, 2)), Selection(names=("a", "b"))], ids=str)
    def test_one_that_was_called_for_and_deleted_meanwhile_is_an_error(self, selection):
        with pytest.raises(SelectionError, match=r"Droplet web-01 \(1\) was deleted while it was read") as caught:
            plans.observed(plans.Request(selection), [droplet(1), droplet(2)], {2: OFF})
        assert caught.value.droplet == 1

    def test_nobody_selected_is_an_empty_plan(self):
        assert plans.plan(wanted(), observed({}), NOW) == plans.Plan()


MIXED_FLEET = {1: on("daily", 4), 2: OFF, 3: on("weekly", 4, "SUN"), 4: on(UNLISTED, 4)}


class TestMaxDisable:
    @pytest.mark.parametrize("most", [0, 1, 2])
    def test_more_than_that_is_refused_before_the_first_write(self, most):
        with pytest.raises(RefusedError) as caught:
            plans.plan(wanted(enabled=False, max_disable=most), observed(MIXED_FLEET), NOW)
        assert caught.value.message == (
            "This would disable the backups of 3 Droplets (web-01 (1), web-03 (3), web-04 (4)), more than "
            f"max_disable: {most} allows. Narrow the selection, or raise max_disable."
        )

    @pytest.mark.parametrize("most", [3, 4])
    def test_those_that_are_off_already_do_not_count(self, most):
        plan = plans.plan(wanted(enabled=False, max_disable=most), observed(MIXED_FLEET), NOW)
        assert [found.target.id for found in plan.changing] == [1, 3, 4]

    def test_it_does_not_limit_other_changes(self):
        plan = plans.plan(wanted(hours=(8,), max_disable=0), observed(dict.fromkeys(range(1, 9), on("daily", 4))), NOW)
        assert len(plan.changing) == 8

    def test_a_long_list_of_names_is_cut(self):
        with pytest.raises(RefusedError, match=r"web-05 \(5\) and 4 more\)"):
            plans.plan(wanted(enabled=False), observed(dict.fromkeys(range(1, 10), on("daily", 4))), NOW)


YOUNG, WEEK_OLD, OLD = backup(11, 1), backup(12, 8), backup(13, 20)
TO_DAILY = wanted(plan="daily")
TO_UNKNOWN = wanted(plan="of_tomorrow", allow_unlisted_plan=True)
WEEKLY_ON_SUNDAY = on("weekly", 4, "SUN")


class TestRestorePoints:
    """P4: what may cost restore points needs the user's word for it."""

    @pytest.mark.parametrize(
        ("request_", "state", "backups"),
        [
            pytest.param(wanted(enabled=False), on("daily", 4), [YOUNG], id="turned off with a backup"),
            pytest.param(wanted(enabled=False), on(UNLISTED, 4), [YOUNG], id="turned off on an unknown plan"),
            pytest.param(TO_DAILY, WEEKLY_ON_SUNDAY, [WEEK_OLD], id="28 days to 7 with one of 8 days"),
            pytest.param(TO_DAILY, WEEKLY_ON_SUNDAY, [YOUNG, backup(14, None)], id="with one of unknown age"),
            pytest.param(TO_DAILY, on(UNLISTED, 4, retention=9), [WEEK_OLD], id="9 days to 7"),
            pytest.param(TO_DAILY, on(UNLISTED, 4), [WEEK_OLD], id="from an unknown retention"),
            pytest.param(TO_UNKNOWN, on("daily", 4), [YOUNG], id="to an unknown one"),
            pytest.param(
                TO_UNKNOWN,
                on(UNLISTED, 4),
                [YOUNG],
                id="from unknown to unknown",
            ),
            pytest.param(wanted(retention_period_days=3), on("daily", 4), [backup(15, 4)], id="a shorter one set"),
        ],
    )
    class TestAtRisk:
        def test_it_is_refused_until_the_user_says_what_may_go(self, request_, state, backups):
            with pytest.raises(RefusedError, match=r"existing_backups: may_be_lost, convert_newest or convert_all\.$"):
                steps(request_, state, backups)

        def test_may_be_lost_goes_ahead(self, request_, state, backups):
            found = steps(replace(request_, existing_backups="may_be_lost"), state, backups)
            assert len(found) == 1
            assert not isinstance(found[0], ConvertBackup)

        @pytest.mark.parametrize("how", ["convert_newest", "convert_all"])
        def test_converting_goes_first(self, request_, state, backups, how):
            found = change(replace(request_, existing_backups=how), state, backups)
            assert isinstance(found.steps[0], ConvertBackup)
            assert not isinstance(found.steps[-1], ConvertBackup)
            assert found.after["backups_converted"] == len(found.steps) - 1
            assert found.request.progress.at_risk != ()

    @pytest.mark.parametrize(
        ("request_", "state", "backups"),
        [
            pytest.param(wanted(enabled=False), on("daily", 4), [], id="turned off without backups"),
            pytest.param(wanted(enabled=False), OFF, [YOUNG, OLD], id="off already, old backups there"),
            pytest.param(TO_DAILY, WEEKLY_ON_SUNDAY, [YOUNG], id="28 days to 7 with a young one"),
            pytest.param(wanted(plan="weekly", weekdays=("SUN",)), on("daily", 4), [OLD, YOUNG], id="7 days to 28"),
            pytest.param(wanted(hours=(8,)), WEEKLY_ON_SUNDAY, [OLD], id="another hour"),
            pytest.param(
                wanted(plan=UNLISTED, hours=(0,), allow_unlisted_plan=True),
                on(UNLISTED, 4),
                [OLD],
                id="another hour of the same unknown plan",
            ),
            pytest.param(wanted(retention_period_days=30), on("daily", 4), [OLD], id="a longer retention"),
        ],
    )
    @pytest.mark.parametrize("existing", [None, "may_be_lost", "convert_newest", "convert_all"])
    def test_where_nothing_is_at_risk_nobody_is_asked_and_nothing_is_converted(
        self, request_, state, backups, existing
    ):
        found = change(replace(request_, existing_backups=existing), state, backups)
        assert not any(isinstance(step, ConvertBackup) for step in found.steps)
        assert "backups_converted" not in found.after
        assert found.request.progress == plans.NO_PROGRESS

    @pytest.mark.parametrize(
        ("how", "converted", "expected"),
        [
            pytest.param("convert_newest", [], [11], id="the newest"),
            pytest.param("convert_all", [], [11, 12, 13], id="all, newest first"),
            pytest.param("convert_newest", [snapshot(10, 0.5)], [], id="a newer one was converted before a kill"),
            pytest.param("convert_newest", [snapshot(9, 90)], [11], id="one was converted long ago"),
            pytest.param("convert_all", [snapshot(10, 0.5)], [11, 12, 13], id="the rest of all"),
        ],
    )
    def test_what_is_converted_before_backups_are_turned_off(self, how, converted, expected):
        request = wanted(enabled=False, existing_backups=how)
        *conversions, last = steps(request, on("daily", 4), [OLD, YOUNG, WEEK_OLD], converted)
        assert [(step.image_id, step.size_gigabytes) for step in conversions] == [(key, 1.0) for key in expected]
        assert last == DisableBackups()

    def test_only_what_the_shorter_retention_would_not_keep_is_converted(self):
        request = replace(TO_DAILY, existing_backups="convert_all")
        *conversions, _last = steps(request, WEEKLY_ON_SUNDAY, [OLD, YOUNG, WEEK_OLD])
        assert [step.image_id for step in conversions] == [12, 13]

    def test_the_refusal_counts_and_names(self):
        states = {1: on("daily", 4), 2: WEEKLY_ON_SUNDAY, 3: on("daily", 4)}
        seen = observed(states, {1: [YOUNG, OLD], 2: [], 3: [OLD]})
        with pytest.raises(RefusedError) as caught:
            plans.plan(wanted(enabled=False, max_disable=3), seen, NOW)
        assert caught.value.message.startswith(
            "Disabling backups may cost 3 restore points of web-01 (1), web-03 (3): DigitalOcean usually keeps"
        )
        assert caught.value.droplet == 1

    def test_the_refusal_of_a_plan_names_it(self):
        with pytest.raises(
            RefusedError,
            match=r"^Plan 'daily' keeps backups for a shorter time and may cost 1 restore "
            r"point of web-01 \(1\):",
        ):
            steps(TO_DAILY, WEEKLY_ON_SUNDAY, [OLD])


class TestNeeds:
    """What is read next: nothing if all is well, and restore points only if they could be at risk."""

    SUPPORTED = needs.SupportedPolicies()

    def missing(self, request, state, **known):
        """The needs that a plan lacks; `known` are facts by the name of their need."""
        facts = Facts(known={getattr(needs, name)(droplet(1)): fact for name, fact in known.items()})
        facts.add({self.SUPPORTED: SUPPORTED}, 0.0)
        return self.raised(request, state, facts)

    def raised(self, request, state, facts):
        try:
            plans.complete(request, plans.Observed((droplet(1),), {1: state}), facts, NOW)
        except Missing as missing:
            return missing.needs
        return ()

    def test_nothing_if_all_is_as_it_should_be(self):
        assert self.raised(wanted(plan="daily"), on("daily", 4), Facts()) == ()

    def test_the_supported_plans_before_anything_is_enabled(self):
        assert self.raised(wanted(), OFF, Facts()) == (self.SUPPORTED,)

    def test_backups_before_anything_is_disabled(self):
        assert self.raised(wanted(enabled=False), on("daily", 4), Facts()) == (needs.Backups(droplet(1)),)

    @pytest.mark.parametrize(
        ("state", "read"),
        [
            pytest.param(WEEKLY_ON_SUNDAY, (needs.Backups(droplet(1)),), id="shorter retention"),
            pytest.param(on("daily", 8, retention=3), (), id="longer retention"),
            pytest.param(OFF, (), id="off"),
        ],
    )
    def test_backups_only_if_the_plan_could_cost_them(self, state, read):
        assert self.missing(wanted(plan="daily", hours=(4,)), state) == read

    @pytest.mark.parametrize(
        ("existing", "backups", "read"),
        [
            pytest.param("convert_newest", (YOUNG,), (needs.Converted(droplet(1)),), id="newest"),
            pytest.param("convert_newest", (), (), id="newest of none"),
            pytest.param("convert_all", (YOUNG,), (), id="all"),
            pytest.param("may_be_lost", (YOUNG,), (), id="may be lost"),
            pytest.param(None, (YOUNG,), (), id="not said"),
        ],
    )
    def test_what_was_converted_before_only_if_it_decides(self, existing, backups, read):
        request = wanted(enabled=False, existing_backups=existing)
        assert self.missing(request, on("daily", 4), Backups=backups) == read

    def test_nothing_is_read_for_a_droplet_that_is_left_alone(self):
        assert self.missing(wanted(hours=(4,)), on(UNLISTED, 8)) == ()


class TestPlannedAgain:
    """The request of a Change keeps the window that was chosen for its Droplet in the fleet."""

    def test_the_window_chosen_in_the_fleet_is_kept(self):
        account = Account(dict.fromkeys(range(1, 7), OFF))
        request = wanted(plan="weekly", weekdays=("SAT", "SUN"), hours=(0, 4))
        for found in account.plan(request).changing:
            narrowed = found.request
            assert narrowed.selection == Selection.of(found.target)
            assert (narrowed.plan, narrowed.weekdays, narrowed.hours) == (
                "weekly",
                (found.after["weekday"],),
                (found.after["hour"],),
            )
            assert Account({found.target.id: OFF}).again(found, []).steps == found.steps

    def test_the_newest_is_not_converted_twice_when_its_name_does_not_tell(self):
        """The snapshot made by the first step need not be recognised by what the API shows of it."""
        request = wanted(enabled=False, existing_backups="convert_newest", max_disable=0)
        account = Account({1: on("daily", 4)}, {1: [YOUNG, OLD]})
        found = account.plan(replace(request, max_disable=1)).changes[0]
        first, last = found.steps
        account.take(1, first)
        account.converted_shows = False
        again = account.again(found, [first])
        assert (again.steps, again.doubt) == ((last,), None)
        account.snapshots = {}
        again = account.again(found, [first])
        assert again.steps == (last,)
        assert again.doubt.until > NOW

    def test_all_are_still_converted_after_the_first(self):
        request = wanted(enabled=False, existing_backups="convert_all")
        account = Account({1: on("daily", 4)}, {1: [YOUNG, WEEK_OLD, OLD]})
        found = account.plan(request).changes[0]
        account.take(1, found.steps[0])
        again = account.again(found, found.steps[:1])
        assert (again.steps, again.doubt) == (found.steps[1:], None)

    def test_somebody_else_did_it_meanwhile(self):
        request = wanted(plan="daily", hours=(4,))
        found = Account({1: OFF}).plan(request).changes[0]
        assert is_done(Account({1: on("daily", 4)}).again(found, []))

    def test_a_policy_that_the_api_hides_adds_nothing(self):
        narrowed = change(wanted(hours=(4,)), BackupState(True)).request
        assert (narrowed.plan, narrowed.weekdays, narrowed.hours) == (None, None, (4,))


class TestVerified:
    """Planned again, what was carried out leaves nothing; what does not show leaves what it lacks."""

    CHANGE = change(wanted(plan="weekly", weekdays=("SUN",), hours=(4,)), OFF)

    def again(self, state, planned=CHANGE):
        return Account({1: state}).again(planned)

    @pytest.mark.parametrize(
        "state",
        [
            pytest.param(on("weekly", 4, "SUN"), id="exactly"),
            pytest.param(on("weekly", 4, "SUN", window=6, retention=99), id="what was not sent may differ"),
        ],
    )
    def test_as_planned(self, state):
        assert is_done(self.again(state))

    @pytest.mark.parametrize(
        ("state", "says"),
        [
            pytest.param(OFF, "disabled", id="still off"),
            pytest.param(on("weekly", 8, "SUN"), "weekly on SUN at 08:00 UTC", id="another hour"),
            pytest.param(on("weekly", 4, "MON"), "weekly on MON at 04:00 UTC", id="another day"),
            pytest.param(on("daily", 4), "daily at 04:00 UTC", id="another plan"),
            pytest.param(BackupState(True), "enabled", id="no policy shown"),
        ],
    )
    def test_not_as_planned(self, state, says):
        again = self.again(state)
        assert len(again.steps) == 1
        assert again.steps[0].policy == self.CHANGE.steps[0].policy
        assert plans.describe(again.before).startswith(says)
        assert plans.describe(again.after).startswith("weekly on SUN at 04:00 UTC")

    @pytest.mark.parametrize(
        ("state", "differing"),
        [
            (on("weekly", 8, "SUN"), {"hour": (8, 4)}),
            (on("weekly", 0, "MON"), {"weekday": ("MON", "SUN"), "hour": (0, 4)}),
            (BackupState(True), {"plan": ("", "weekly"), "weekday": (None, "SUN"), "hour": (None, 4)}),
        ],
        ids=["one", "two", "not shown"],
    )
    def test_what_differs_is_shown(self, state, differing):
        again = self.again(state)
        names = again.before.keys() | again.after.keys()
        pairs = {name: (again.before.get(name), again.after.get(name)) for name in names - {"monthly_cost"}}
        assert {name: pair for name, pair in pairs.items() if pair[0] != pair[1]} == differing

    def test_what_was_not_set_and_is_not_kept_is_shown(self):
        other = change(wanted(hours=(8,), plan=UNLISTED, allow_unlisted_plan=True), on(UNLISTED, 4, retention=7))
        again = self.again(on(UNLISTED, 8, retention=3), other)
        assert again.steps == other.steps
        assert (again.before["retention_period_days"], again.after["retention_period_days"]) == (3, 7)
        assert "retention_period_days" not in other.after

    def test_one_that_is_left_alone_because_its_policy_is_hidden_has_nothing_to_be_sent(self):
        left_alone = change(wanted(hours=(4,)), BackupState(True))
        assert left_alone.skipped
        assert self.again(BackupState(True), left_alone) == left_alone

    def test_gone(self):
        with pytest.raises(SelectionError, match=r"Droplet web-01 \(1\) was deleted while it was read"):
            plans.observed(self.CHANGE.request, [droplet(1)], {})

    def test_a_retention_that_was_asked_for_and_not_taken(self):
        again = self.again(on("daily", 16), change(wanted(plan="daily", retention_period_days=30), OFF))
        assert again.steps
        assert "kept 7 days" in plans.describe(again.before)
        assert "kept 30 days" in plans.describe(again.after)

    def test_a_backup_that_was_made_meanwhile_is_no_reason_to_refuse_what_was_done(self):
        turned_off = change(wanted(enabled=False), on("daily", 4))
        account = Account({1: on("daily", 4)}, {1: [YOUNG]})
        assert account.again(turned_off).steps == (DisableBackups(),)
        with pytest.raises(RefusedError):
            account.again(turned_off, [])

    def test_turned_off(self):
        turned_off = change(wanted(enabled=False), on("daily", 4))
        assert is_done(self.again(OFF, turned_off))
        again = self.again(on("daily", 4), turned_off)
        assert again.steps == (DisableBackups(),)
        assert plans.describe(again.after).startswith("disabled")


class TestProof:
    """Before backups are turned off, each conversion is seen to have made a snapshot."""

    CHANGE = change(wanted(enabled=False, existing_backups="convert_newest"), on("daily", 4), [YOUNG, OLD])
    CONVERT, LAST = CHANGE.steps

    def again(self, backups, snapshots, step=CONVERT, planned=CHANGE):
        return Account({1: on("daily", 4)}, {1: backups}, {1: snapshots}).again(planned, [step])

    @pytest.mark.parametrize("key", [YOUNG.id, YOUNG.id + NEW_ID], ids=["same id", "new id"])
    def test_proven_by_a_snapshot(self, key):
        again = self.again([OLD], [snapshot(5, 90), snapshot(key, 1)])
        assert (again.steps, again.doubt) == ((self.LAST,), None)

    def test_still_a_backup(self):
        assert self.again([YOUNG, OLD], []).steps == (self.CONVERT, self.LAST)

    def test_in_both_lists(self):
        assert self.again([YOUNG, OLD], [snapshot(11, 1)]).steps == (self.CONVERT, self.LAST)

    def test_in_neither(self):
        again = self.again([OLD], [snapshot(5, 90)])
        assert again.doubt.why == "backup 11 is not among the Droplet's snapshots after its conversion completed"
        assert again.doubt.until > NOW

    def test_a_backup_that_was_made_after_planning(self):
        late = backup(99, 0)
        planned = Account({1: on("daily", 4)}, {1: [late, YOUNG, OLD]}).again(self.CHANGE, [])
        assert planned.steps == (ConvertBackup(99, 1.0), self.LAST)
        again = self.again([YOUNG, OLD], [snapshot(99, 0)], planned.steps[0], planned)
        assert (again.steps, again.doubt) == ((self.LAST,), None)
        again = self.again([YOUNG, OLD], [snapshot(5, 90)], planned.steps[0], planned)
        assert "backup 99 is not among" in again.doubt.why

    @pytest.mark.parametrize("step", [DisableBackups(), enable("daily", 4)[0], alter("daily", 4)[0]])
    def test_other_steps_need_no_proof_of_their_own(self, step):
        again = self.again([YOUNG, OLD], [], step)
        assert (again.steps, again.doubt) == (self.CHANGE.steps, None)


OLD_BACKUP = {"id": 13, "name": OLD.name, "type": "backup", "created_at": "2026-02-10T12:00:00Z"}
CONVERTED = {"id": 11, "name": YOUNG.name, "type": "snapshot", "created_at": "2026-03-01T12:00:00Z"}


class TestKeptAndGone:
    """What became of the restore points that were at risk is in the result of the plan made again."""

    CHANGE = change(wanted(enabled=False, existing_backups="convert_newest"), on("daily", 4), [YOUNG, OLD])

    def told(self, planned, state, backups=(), snapshots=()):
        again = Account({1: state}, {1: backups}, {1: snapshots}).again(planned)
        assert is_done(again)
        return again.extra_result

    @pytest.mark.parametrize(
        ("backups", "snapshots", "kept", "gone"),
        [
            pytest.param([OLD], [snapshot(11, 1)], [CONVERTED, OLD_BACKUP], [], id="converted under the same id"),
            pytest.param(
                [OLD], [snapshot(1011, 1)], [{**CONVERTED, "id": 1011}, OLD_BACKUP], [], id="converted under a new id"
            ),
            pytest.param([], [snapshot(11, 1)], [CONVERTED], [OLD_BACKUP], id="the rest deleted at once"),
            pytest.param(
                [],
                [],
                [],
                [{**CONVERTED, "type": "backup"}, OLD_BACKUP],
                id="all gone, newest first",
            ),
        ],
    )
    def test_kept_and_gone(self, backups, snapshots, kept, gone):
        assert self.told(self.CHANGE, OFF, backups, snapshots) == {"kept": kept, "gone": gone}

    def test_nothing_where_nothing_was_at_risk(self):
        assert self.told(change(wanted(hours=(8,)), on("daily", 4)), on("daily", 8)) == {}

    def test_a_backup_made_after_planning_is_told_too(self):
        late = backup(20, 0)
        progress = self.CHANGE.request.progress.risking([late, OLD])
        assert progress.at_risk == (late, YOUNG, OLD)
        found = Account({1: on("daily", 4)}, {1: [late, YOUNG, OLD]}).again(self.CHANGE, [])
        assert found.request.progress.at_risk == progress.at_risk
        told = self.told(found, OFF, [OLD], [snapshot(20, 0), snapshot(11, 1)])
        assert [point["id"] for point in told["kept"]] == [20, 11, 13]

    def test_one_of_unknown_age(self):
        undated = backup(14, None)
        found = change(wanted(enabled=False, existing_backups="may_be_lost"), on("daily", 4), [undated])
        told = self.told(found, OFF, [undated])
        assert told["kept"] == [{"id": 14, "name": "web-01", "type": "backup", "created_at": None}]


class TestWhatIsShown:
    @pytest.mark.parametrize(
        ("request_", "state", "before", "after"),
        [
            pytest.param(
                wanted(hours=(4,)),
                OFF,
                {"state": "disabled", "monthly_cost": 0.0},
                {"state": "enabled", "plan": "daily", "hour": 4, "monthly_cost": 7.2},
                id="turned on",
            ),
            pytest.param(
                wanted(plan="weekly", weekdays=("SUN",)),
                on("daily", 4),
                {"state": "enabled", "plan": "daily", "hour": 4, "monthly_cost": 7.2},
                {"state": "enabled", "plan": "weekly", "weekday": "SUN", "hour": 4, "monthly_cost": 4.8},
                id="another plan",
            ),
            pytest.param(
                wanted(retention_period_days=30),
                on("daily", 4),
                {"state": "enabled", "plan": "daily", "hour": 4, "retention_period_days": 7, "monthly_cost": 7.2},
                {"state": "enabled", "plan": "daily", "hour": 4, "retention_period_days": 30}
                | {"monthly_cost": "unknown"},
                id="lengths only where they are set",
            ),
            pytest.param(
                wanted(enabled=False),
                on(UNLISTED, 8),
                {"state": "enabled", "plan": UNLISTED, "hour": 8, "monthly_cost": "unknown"},
                {"state": "disabled", "monthly_cost": 0.0},
                id="a cost that nobody knows",
            ),
        ],
    )
    def test_before_and_after(self, request_, state, before, after):
        found = change(request_, state)
        assert (found.before, found.after) == (before, after)

    @pytest.mark.parametrize(
        ("shown", "line"),
        [
            pytest.param({"state": "disabled", "monthly_cost": 0.0}, "disabled, 0.00 USD a month", id="off"),
            pytest.param(
                {"state": "enabled", "plan": "weekly", "weekday": "SUN", "hour": 4, "monthly_cost": 7.2},
                "weekly on SUN at 04:00 UTC, 7.20 USD a month",
                id="weekly",
            ),
            pytest.param(
                {"state": "enabled", "plan": "daily", "hour": 0, "monthly_cost": "unknown"},
                "daily at 00:00 UTC, cost unknown",
                id="midnight, and a hidden price",
            ),
            pytest.param(
                {
                    "state": "enabled",
                    "plan": UNLISTED,
                    "window_length_hours": 4,
                    "retention_period_days": 7,
                    "monthly_cost": "unknown",
                },
                "intra_daily_4h, window of 4 h, kept 7 days, cost unknown",
                id="lengths",
            ),
            pytest.param({"state": "enabled", "monthly_cost": "unknown"}, "enabled, cost unknown", id="policy hidden"),
            pytest.param(
                {"state": "disabled", "monthly_cost": 0.0, "backups_converted": 2},
                "disabled, 0.00 USD a month, 2 of its backups kept as snapshots",
                id="with conversions",
            ),
        ],
    )
    def test_one_line_for_people(self, shown, line):
        assert plans.describe(shown) == line


def test_the_offers_used_here_are_those_of_the_api():
    assert (WEEKLY.retention_period_days, DAILY.retention_period_days) == (28, 7)
