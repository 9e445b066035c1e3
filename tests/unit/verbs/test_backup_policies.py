# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `backup_policies` decides: how rules come together. What one rule wants is `droplet_backups`, tested there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    InputError,
    RefusedError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupPolicy, BackupState
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    ChangeBackupPolicy,
    ConvertBackup,
    DisableBackups,
    EnableBackups,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.backup_policies import verb as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import (
    NOW,
    OFF,
    backup,
    droplet,
    on,
    rule,
    snapshot,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.ruled import account, asked

UNLISTED = "intra_daily_4h"
REST = {"all": True}


def tagged(key, *tags):
    return droplet(key, tags=tags)


def by(*tags):
    return {"tags_any": list(tags)}


WEB, DB, CI, LONE = tagged(1, "web"), tagged(2, "db"), tagged(3, "ci"), tagged(4)
FLEET = account((WEB, OFF), (DB, on("weekly", 4, "SUN")), (CI, on("daily", 4)), (LONE, OFF))
RULES = (
    rule("ci", by("ci"), exempt=True, reason="Built anew each night."),
    rule("db", by("db"), plan="daily", hour=[8]),
    rule("web", by("web"), plan="weekly", weekday=["SAT"], hour=[0]),
)


def steps(plan):
    """Droplet id → its steps, for those that have any."""
    return {change.target.id: change.steps for change in plan.changing}


class TestPlan:
    def test_each_droplet_goes_by_its_rule(self):
        plan = FLEET.plan(asked(*RULES))
        assert steps(plan) == {
            1: (EnableBackups(BackupPolicy("weekly", "SAT", 0)),),
            2: (ChangeBackupPolicy(BackupPolicy("daily", None, 8)),),
        }
        ruled = [(change.target.id, change.rule) for change in plan.changes]
        assert ruled == [(1, "web"), (2, "db"), (3, "ci"), (4, None)]
        assert plan.rules == ("ci", "db", "web")

    def test_the_exempt_and_the_unmatched_are_shown_as_they_are(self):
        plan = FLEET.plan(asked(*RULES))
        shown = {change.target.id: change.before for change in plan.changes if not change.steps}
        assert shown == {
            3: {"state": "enabled", "plan": "daily", "hour": 4, "monthly_cost": 7.2},
            4: {"state": "disabled", "monthly_cost": 0.0},
        }
        assert all(change.before == change.after for change in plan.changes if not change.steps)

    def test_windows_are_spread_over_the_droplets_of_a_rule_alone(self):
        fleet = account(*((tagged(key, "db" if key % 2 else "web"), OFF) for key in range(1, 9)))
        rules = (rule("db", by("db"), plan="daily", hour=[0, 4]), rule("web", by("web"), plan="daily", hour=[0, 4]))
        hours = {key: sent[-1].policy.hour for key, sent in steps(fleet.plan(asked(*rules))).items()}
        for keys in ((1, 3, 5, 7), (2, 4, 6, 8)):
            assert sorted(hours[key] for key in keys) == [0, 0, 4, 4]

    def test_a_droplet_that_is_gone_by_now_is_not_meant(self):
        gone = replace(FLEET, states={1: OFF})
        assert [change.target.id for change in gone.plan(asked(*RULES)).changes] == [1]


class TestRefusals:
    def test_what_cannot_be_names_the_rule_and_the_droplet(self):
        with pytest.raises(InputError, match=r"^Rule 'web': Plan 'hourly' is not among the supported ones") as refused:
            FLEET.plan(asked(rule("web", by("web"), plan="hourly")))
        assert refused.value.droplet == 1

    def test_restore_points_at_risk_name_the_rule(self):
        fleet = replace(FLEET, backups={2: [backup(20, 10)]})
        with pytest.raises(RefusedError, match=r"^Rule 'db': Plan 'daily' keeps backups for a shorter time.*web-02"):
            fleet.plan(asked(*RULES))
        fleet.plan(asked(rule("db", by("db"), plan="daily", existing_backups="may_be_lost")))

    def test_backups_young_enough_are_no_reason(self):
        assert 2 in steps(replace(FLEET, backups={2: [backup(20, 6)]}).plan(asked(*RULES)))

    @pytest.mark.parametrize("most", [0, 1, 2])
    def test_max_disable_counts_over_all_rules(self, most):
        fleet = account(*((tagged(key, tag), on("daily", 4)) for key, tag in enumerate(("ci", "dev", "db"), 1)))
        rules = [rule(tag, by(tag), state="disabled", existing_backups="may_be_lost") for tag in ("ci", "dev")]
        request = asked(*rules, max_disable=most)
        if most < 2:
            says = rf"disable the backups of 2 Droplets \(web-01 \(1\), web-02 \(2\)\).*max_disable: {most}.*the rules"
            with pytest.raises(RefusedError, match=says):
                fleet.plan(request)
        else:
            assert steps(fleet.plan(request)) == {1: (DisableBackups(),), 2: (DisableBackups(),)}

    def test_what_is_off_already_does_not_count(self):
        rules = [rule("web", by("web"), state="disabled")]
        assert steps(FLEET.plan(asked(*rules))) == {}

    def test_max_disable_below_0(self):
        with pytest.raises(InputError, match="max_disable -1 is below 0"):
            asked(*RULES, max_disable=-1)

    def test_hidden_tags(self):
        fleet = account((droplet(1, tags=None), OFF))
        with pytest.raises(SelectionError, match="tag:read"):
            fleet.observe(asked(*RULES))


class TestUnmatched:
    SENTENCE = "1 Droplet matches no rule: web-04 (4). Add a rule for what is to become of them."

    @pytest.mark.parametrize(
        ("unmatched", "warnings", "deferred_failure"),
        [("report", (SENTENCE,), None), ("fail", (), SENTENCE), ("ignore", (), None)],
    )
    def test_one_is(self, unmatched, warnings, deferred_failure):
        plan = FLEET.plan(asked(*RULES, unmatched=unmatched))
        assert (plan.warnings, plan.deferred_failure) == (warnings, deferred_failure)
        assert set(steps(plan)) == {1, 2}

    @pytest.mark.parametrize("unmatched", ["report", "fail", "ignore"])
    def test_none_is(self, unmatched):
        plan = FLEET.plan(asked(*RULES, rule("rest", REST), unmatched=unmatched))
        assert (plan.warnings, plan.deferred_failure) == ((), None)

    def test_many_are_named_in_part(self):
        fleet = account(*((tagged(key), OFF) for key in range(1, 26)))
        (sentence,) = fleet.plan(asked(*RULES[1:])).warnings
        assert sentence.startswith("25 Droplets match no rule: web-01 (1), ")
        assert "web-20 (20) and 5 more" in sentence


def test_an_exemption_that_fits_nobody_is_a_warning():
    mistyped = rule("ci", by("role-ci"), exempt=True, reason="Built anew each night.")
    (sentence,) = FLEET.plan(asked(mistyped, rule("rest", REST, state="enabled"))).warnings
    assert sentence.startswith("The exemption 'ci' fits no Droplet.")


class TestUnknownPlan:
    FLEET = account((WEB, on(UNLISTED, 0)), (DB, BackupState(True)), (CI, on("daily", 4)))

    @pytest.mark.parametrize(
        "given",
        [
            {"plan": "daily", "hour": [8], "existing_backups": "may_be_lost"},
            {"hour": [8]},
            {"state": "disabled", "existing_backups": "may_be_lost"},
        ],
        ids=str,
    )
    def test_is_left_alone_by_every_rule(self, given):
        plan = self.FLEET.plan(asked(rule("some", by("web", "db"), **given)))
        assert steps(plan) == {}
        assert [change.skipped for change in plan.changes] == [True, True, False]
        assert UNLISTED in plan.changes[0].notes[0]
        assert "does not show its policy" in plan.changes[1].notes[0]

    def test_but_not_by_one_that_names_it(self):
        named = {"plan": UNLISTED, "hour": [8], "allow_unlisted_plan": True}
        plan = self.FLEET.plan(asked(rule("some", by("web", "db"), **named)))
        assert steps(plan) == {1: (ChangeBackupPolicy(BackupPolicy(UNLISTED, None, 8, 4)),)}
        assert [change.skipped for change in plan.changes] == [False, True, False]

    def test_naming_it_is_not_enough_to_send_it(self):
        with pytest.raises(InputError, match="allow_unlisted_plan"):
            self.FLEET.plan(asked(rule("some", by("web"), plan=UNLISTED, hour=[8])))

    @pytest.mark.parametrize(
        ("given", "last"),
        [
            ({"plan": "daily", "hour": [8]}, ChangeBackupPolicy(BackupPolicy("daily", None, 8))),
            ({"state": "disabled"}, DisableBackups()),
        ],
    )
    def test_is_changed_where_that_is_enforced(self, given, last):
        some = rule("some", by("web", "db"), existing_backups="may_be_lost", **given)
        plan = self.FLEET.plan(asked(some, on_unknown_plan="enforce", max_disable=2))
        assert steps(plan) == {1: (last,), 2: (last,)}

    def test_a_rule_that_names_no_plan_has_none_to_enforce(self):
        plan = self.FLEET.plan(asked(rule("some", by("web"), hour=[8]), on_unknown_plan="enforce"))
        assert steps(plan) == {}
        assert plan.changes[0].skipped

    def test_what_complies_is_not_called_left_alone(self):
        plan = self.FLEET.plan(asked(rule("some", by("web", "db"))))
        assert not any(change.skipped or change.notes for change in plan.changes)


class TestExemption:
    def test_holds_on_its_last_day_and_is_reported_from_the_next_on(self):
        last = NOW.date()
        rules = (rule("freeze", by("web"), exempt=True, reason="Freeze.", expires=last.isoformat()), rule("rest", REST))
        fleet = account((WEB, OFF))
        plan = fleet.plan(asked(*rules))
        assert (steps(plan), plan.changes[0].rule, plan.warnings) == ({}, "freeze", ())
        late = replace(fleet, now=NOW + timedelta(days=1))
        plan = late.plan(asked(*rules))
        assert (set(steps(plan)), plan.changes[0].rule) == ({1}, "rest")
        (warning,) = plan.warnings
        assert "'freeze'" in warning
        assert last.isoformat() in warning

    def test_the_day_is_that_of_the_first_look(self):
        freeze = rule("freeze", by("web"), exempt=True, reason="Freeze.", expires=f"{NOW:%Y-%m-%d}")
        request = asked(freeze, rule("rest", REST))
        seen = account((WEB, OFF)).observe(request)
        assert steps(plans.plan(request, seen, NOW + timedelta(days=1))) == {}


class TestNeeds:
    def test_nothing_if_all_is_as_wanted(self):
        fleet = account((WEB, on("daily", 4)), (LONE, OFF))
        request = asked(rule("web", by("web"), plan="daily"))
        seen = plans.observed(request, fleet.droplets.values(), fleet.states, NOW)
        assert plans.complete(request, seen, Facts(), NOW) == replace(seen, supported=None)

    def test_what_all_rules_need_is_read_together(self):
        states = {1: on("daily", 4), 2: on("weekly", 4, "SUN")}
        request = asked(
            rule("web", by("web"), state="disabled"), rule("db", by("db"), plan="daily"), on_unknown_plan="enforce"
        )
        seen = plans.observed(request, [WEB, DB], states, NOW)
        facts = Facts()
        with pytest.raises(Missing) as missing:
            plans.complete(request, seen, facts, NOW)
        assert missing.value.needs == (needs.Backups(WEB), needs.SupportedPolicies())
        facts.add({needs.SupportedPolicies(): FLEET.supported}, 0.0)
        with pytest.raises(Missing) as missing:
            plans.complete(request, seen, facts, NOW)
        assert missing.value.needs == (needs.Backups(WEB), needs.Backups(DB))


class TestOneDropletAgain:
    REQUEST = asked(
        rule("web", by("web"), plan="daily", hour=[0, 4]),
        rule("db", by("db"), state="disabled", existing_backups="convert_newest"),
        max_disable=1,
    )
    FLEET = account((WEB, OFF), (DB, on("daily", 4)), backups={2: [backup(20, 1), backup(21, 2)]})

    def test_the_same_is_planned_for_it(self):
        plan = self.FLEET.plan(self.REQUEST)
        for change in plan.changing:
            assert change.request.selection == Selection.of(change.target)
            assert [one.name for one in change.request.rules] == [change.rule]
            again = self.FLEET.again(change, [])
            assert (again.steps, again.rule) == (change.steps, change.rule)

    def test_its_rule_takes_it_though_its_tags_have_changed(self):
        (change, _db) = self.FLEET.plan(self.REQUEST).changing
        moved = replace(self.FLEET, droplets={1: droplet(1, tags=None)})
        assert moved.again(change, []).steps == change.steps

    def test_what_was_converted_is_not_converted_again(self):
        (_web, change) = self.FLEET.plan(self.REQUEST).changing
        assert isinstance(change.steps[0], ConvertBackup)
        converted = replace(self.FLEET, backups={2: [backup(21, 2)]}, snapshots={2: [snapshot(20, 1)]})
        again = converted.again(change, change.steps[:1])
        assert (again.steps, again.doubt) == ((DisableBackups(),), None)
        hidden = replace(converted, snapshots={})
        assert "backup 20 is not among the Droplet's snapshots" in hidden.again(change, change.steps[:1]).doubt.why

    def test_a_backup_that_was_made_meanwhile_is_no_reason_to_refuse_what_was_done(self):
        fleet = account((DB, on("daily", 4)))
        (change,) = fleet.plan(asked(rule("db", by("db"), state="disabled"), max_disable=1)).changing
        later = replace(fleet, backups={2: [backup(20, 0)]})
        assert later.again(change).steps == (DisableBackups(),)
        with pytest.raises(RefusedError):
            later.again(change, [])

    def test_something_is_left_until_it_is_as_its_rule_wants(self):
        fleet = replace(self.FLEET, states=dict(self.FLEET.states), backups={2: [backup(20, 1), backup(21, 2)]})
        plan = fleet.plan(self.REQUEST)
        for change in plan.changing:
            assert fleet.again(change).steps == change.steps
        fleet.carry_out(plan)
        for change in plan.changing:
            again = fleet.again(change)
            assert is_done(again)
            assert again.rule == change.rule
        assert [point["id"] for point in again.extra_result["kept"]] == [20, 21]


class TestTold:
    def told(self, **outcomes):
        """The result of RULES over FLEET; `outcomes` is what an entry has more, by the Droplet's tag."""
        request = asked(*RULES)
        plan = FLEET.plan(request)
        entries = [
            {
                "id": change.target.id,
                "name": change.target.name,
                "before": change.before,
                "after": change.after,
                "changed": bool(change.steps),
                **outcomes.get((change.target.tags or ("none",))[0], {}),
            }
            for change in plan.changes
        ]
        return plans.tell(request, plan, entries, NOW.date())

    def counts(self, told):
        names = ("matched", "compliant", "changed", "failed", "not_tried", "left_alone")
        return {one["name"]: tuple(one[name] for name in names) for one in told["rules"]}

    def test_a_run_that_goes_well(self):
        told = self.told()
        assert self.counts(told) == {
            "ci": (1, 0, 0, 0, 0, 0),
            "db": (1, 0, 1, 0, 0, 0),
            "web": (1, 0, 1, 0, 0, 0),
        }
        assert told["unmatched"] == [{"id": 4, "name": "web-04"}]
        assert told["exempt"] == [{"id": 3, "name": "web-03", "rule": "ci", "reason": "Built anew each night."}]
        assert told["monthly_cost"] == {"before": 12.0, "after": 19.2, "unknown": 0}
        assert [one["monthly_cost"] for one in told["rules"]] == [
            {"before": 7.2, "after": 7.2, "unknown": 0},
            {"before": 4.8, "after": 7.2, "unknown": 0},
            {"before": 0.0, "after": 4.8, "unknown": 0},
        ]
        assert "reason" not in told["rules"][1]
        assert (told["rules"][0]["reason"], told["rules"][0]["expires"], told["rules"][0]["expired"]) == (
            "Built anew each night.", None, False
        )

    def test_a_run_that_does_not(self):
        told = self.told(
            db={"error": "Broken.", "after": None},
            web={"not_tried": True, "changed": False, "after": {"state": "disabled", "monthly_cost": 0.0}},
        )
        assert self.counts(told) == {
            "ci": (1, 0, 0, 0, 0, 0),
            "db": (1, 0, 0, 1, 0, 0),
            "web": (1, 0, 0, 0, 1, 0),
        }
        assert told["monthly_cost"] == {"before": 12.0, "after": 7.2, "unknown": 1}

    def test_a_cost_that_cannot_be_told_is_counted_and_not_summed(self):
        dear = droplet(5, price_monthly=None)
        fleet = account((WEB, on(UNLISTED, 0)), (DB, on("daily", 4)), (dear, OFF))
        told = fleet.tell(asked(rule("rest", REST, hour=[4])))
        assert told["monthly_cost"] == {"before": 7.2, "after": 7.2, "unknown": 2}
        assert self.counts(told) == {"rest": (3, 1, 1, 0, 0, 1)}

    def test_an_expired_exemption_is_told(self):
        rules = (rule("freeze", by("web"), exempt=True, reason="Freeze.", expires="2026-03-01"), rule("rest", REST))
        told = account((WEB, on("daily", 4))).tell(asked(*rules))
        freeze = told["rules"][0]
        assert (freeze["matched"], freeze["expires"], freeze["expired"]) == (0, "2026-03-01", True)
        assert told["exempt"] == []
        assert self.counts(told)["rest"] == (1, 1, 0, 0, 0, 0)
