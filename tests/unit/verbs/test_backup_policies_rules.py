# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules: what is accepted, what is refused and in which words, and which Droplet goes to which rule."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.desired_policy import DesiredPolicy
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, SelectionError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.backup_policies import rules
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.backup_policies.rules import Match, Rule
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet, rule

DAY = date(2026, 3, 2)
DROPLET = droplet(7, "web-01", tags=("env:prod", "role:web"), region="nyc3")
REASON = {"exempt": True, "reason": "Is built anew each night."}


def parsed(*policies, protect_unlisted_plans=True):
    return rules.parsed(list(policies), protect_unlisted_plans)


class TestMatch:
    @pytest.mark.parametrize(
        ("match", "fits"),
        [
            pytest.param({"tags_any": ("role:db", "role:web")}, True, id="one of the tags"),
            pytest.param({"tags_any": ("role:db",)}, False, id="none of the tags"),
            pytest.param({"tags_any": ("Role:Web",)}, True, id="a tag with capitals"),
            pytest.param({"tags_all": ("ROLE:web", "Env:Prod")}, True, id="all of the tags, with capitals"),
            pytest.param({"tags_any": ("role:*",)}, False, id="a tag is no glob"),
            pytest.param({"tags_all": ("role:web", "env:prod")}, True, id="all of the tags"),
            pytest.param({"tags_all": ("role:web", "role:db")}, False, id="not all of the tags"),
            pytest.param({"names": ("db-*", "web-??")}, True, id="one of the globs"),
            pytest.param({"names": ("web-[1-9]*",)}, False, id="none of the globs"),
            pytest.param({"names": ("WEB-*",)}, False, id="a glob in other letters"),
            pytest.param({"names": ("web",)}, False, id="a glob is about the whole name"),
            pytest.param({"regions": ("fra1", "nyc3")}, True, id="region"),
            pytest.param({"regions": ("nyc",)}, False, id="another region"),
            pytest.param({"droplet_ids": (7, 8)}, True, id="id"),
            pytest.param({"droplet_ids": (8,)}, False, id="another id"),
            pytest.param({"gpu": True}, False, id="GPU"),
            pytest.param({"gpu": False}, True, id="no GPU"),
            pytest.param({"all": True}, True, id="all"),
            pytest.param({"tags_any": ("role:web",), "regions": ("nyc3",)}, True, id="both"),
            pytest.param({"tags_any": ("role:web",), "regions": ("fra1",)}, False, id="one of the two keys"),
            pytest.param({"tags_any": ("role:web",), "gpu": True}, False, id="the other of two keys"),
        ],
    )
    def test_fits(self, match, fits):
        assert Match(**match).fits(DROPLET) is fits

    def test_a_gpu_droplet(self):
        gpu = droplet(1, gpu=True)
        assert Match(gpu=True).fits(gpu)
        assert not Match(gpu=False).fits(gpu)
        assert Match(all=True).fits(gpu)

    def test_a_droplet_without_tags_or_region(self):
        bare = droplet(1, tags=None, region=None)
        for match in ({"tags_any": ("x",)}, {"tags_all": ("x",)}, {"regions": ("x",)}):
            assert not Match(**match).fits(bare)

    @pytest.mark.parametrize(
        ("match", "everything"),
        [
            ({"all": True}, True),
            ({"names": ("*",)}, True),
            ({"names": ("web-*", "**")}, True),
            ({"names": ("web-*",)}, False),
            ({"names": ("*",), "gpu": False}, False),
            ({"names": ("*",), "tags_any": ("x",)}, False),
            ({"gpu": False}, False),
        ],
    )
    def test_takes_everything(self, match, everything):
        assert Match(**match).takes_everything is everything


class TestOwner:
    DB = Rule(name="db", match=Match(tags_any=("role:db",)), desired=DesiredPolicy())
    WEB = Rule(name="web", match=Match(tags_any=("role:web",)), desired=DesiredPolicy())
    PROD = Rule(name="prod", match=Match(tags_any=("env:prod",)), desired=DesiredPolicy())

    def test_the_first_that_fits(self):
        assert rules.owner((self.DB, self.WEB, self.PROD), DROPLET, DAY) is self.WEB
        assert rules.owner((self.DB, self.PROD, self.WEB), DROPLET, DAY) is self.PROD

    def test_none(self):
        assert rules.owner((self.DB,), DROPLET, DAY) is None

    @pytest.mark.parametrize(("expires", "holds"), [(DAY, True), (DAY - timedelta(1), False), (None, True)])
    def test_an_exemption_holds_on_its_last_day_and_not_after_it(self, expires, holds):
        exempt = Rule(name="exempt", match=Match(all=True), reason="Once.", expires=expires)
        assert exempt.expired(DAY) is not holds
        assert rules.owner((exempt, self.WEB), DROPLET, DAY) is (exempt if holds else self.WEB)


class TestIdleExemptions:
    WEB = Rule(name="web", match=Match(tags_any=("ROLE:WEB",)), desired=DesiredPolicy())

    @staticmethod
    def exempt(**match):
        return Rule(name="ci", match=Match(**match), reason="Once.")

    def told(self, *found, fleet=(DROPLET,)):
        return list(rules.idle_exemptions(found, fleet, DAY))

    def test_one_that_spares_somebody_is_not_told(self):
        assert self.told(self.exempt(tags_any=("Role:Web",)), self.WEB) == []

    def test_one_that_fits_nobody(self):
        (sentence,) = self.told(self.exempt(tags_any=("role:wbe",)), self.WEB)
        assert sentence == "The exemption 'ci' fits no Droplet. Check its match, or remove it."

    def test_one_that_comes_too_late(self):
        (sentence,) = self.told(self.WEB, self.exempt(tags_any=("role:web",)))
        assert "'web' takes web-01 (7)" in sentence
        assert "Put the exemption before it." in sentence

    @pytest.mark.parametrize(
        ("match", "idle"),
        [
            ({"tags_any": ("role:web", "rol:ci")}, "tags_any 'rol:ci'"),
            ({"names": ("web-*", "wbe-*")}, "names 'wbe-*'"),
            ({"droplet_ids": frozenset({7, 8, 9})}, "droplet_ids 8, droplet_ids 9"),
        ],
    )
    def test_one_of_which_a_part_fits_nobody(self, match, idle):
        assert self.told(self.exempt(**match)) == [
            f"The exemption 'ci' has {idle}, which fits no Droplet. Check how it is written."
        ]

    def test_rules_that_work_and_those_that_are_over_and_empty_accounts_are_not_told(self):
        over = Rule(name="old", match=Match(tags_any=("x",)), reason="Once.", expires=DAY - timedelta(1))
        assert self.told(Rule(name="db", match=Match(tags_any=("x",)), desired=DesiredPolicy()), over) == []
        assert self.told(self.exempt(tags_any=("x",)), fleet=()) == []


class TestParsed:
    def test_every_part(self):
        matching, exempt, off = parsed(
            rule(
                "web",
                {"tags_any": ["a"], "tags_all": ["b", "c"], "names": ["w*"], "regions": ["nyc3"], "gpu": False},
                plan="weekly",
                weekday=["sun", "SAT", "sun"],
                hour=[4, 0],
                existing_backups="convert_all",
                retention_period_days=9,
            ),
            rule("old", {"droplet_ids": [3]}, **REASON, expires="2026-12-31"),
            rule("off", {"names": ["ci-*"]}, state="disabled", existing_backups="may_be_lost"),
        )
        assert matching.match == Match(
            tags_any=("a",), tags_all=("b", "c"), names=("w*",), regions=("nyc3",), gpu=False
        )
        assert matching.desired == DesiredPolicy(
            plan="weekly",
            weekdays=("SUN", "SAT"),
            hours=(4, 0),
            retention_period_days=9,
            existing_backups="convert_all",
            protect_unlisted_plans=True,
        )
        assert exempt == Rule(
            name="old", match=Match(droplet_ids=frozenset({3})), reason=REASON["reason"], expires=date(2026, 12, 31)
        )
        assert (off.desired.enabled, off.desired.existing_backups) == (False, "may_be_lost")

    def test_a_rule_without_state_enables(self):
        assert parsed(rule())[0].desired.enabled
        assert not parsed(rule(), protect_unlisted_plans=False)[0].desired.protect_unlisted_plans

    def test_gpu_false_is_a_match(self):
        assert parsed(rule(match={"gpu": False}))[0].match == Match(gpu=False)

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            pytest.param({"match": {}}, "match is empty", id="empty match"),
            pytest.param({"match": {"tags_any": []}}, "tags_any in match is an empty list", id="no tags"),
            pytest.param({"match": {"all": True, "names": []}}, "names in match is an empty list", id="all, no names"),
            pytest.param({"match": {"regions": ["nyc3", " "]}}, "regions in match has an empty entry", id="no region"),
            pytest.param({"match": {"droplet_ids": [3, 0]}}, "0 in droplet_ids is not the id", id="no id"),
            pytest.param({"match": {"all": True, "gpu": False}}, "so gpu cannot be set with it", id="all and gpu"),
            pytest.param({"hour": []}, "hour is an empty list", id="no hour"),
            pytest.param({"weekday": []}, "weekday is an empty list", id="no weekday"),
            pytest.param({"hour": [4, 24]}, "hour 24 is no hour of a day", id="hour 24"),
            pytest.param({"hour": [-4], "allow_unlisted_plan": True}, "hour -4 is no hour of a day", id="hour -4"),
            pytest.param({"weekday": ["SUNDAY"]}, "weekday 'SUNDAY' is no day of a week: allowed are MON", id="SUNDAY"),
            pytest.param({"plan": "daily", "weekday": ["SUN"]}, "plan 'daily' has no weekday", id="daily on SUN"),
            pytest.param({"plan": "daily", "hour": [4, 6]}, "hour 6 is not possible for plan 'daily'", id="daily at 6"),
            pytest.param({"hour": [3]}, "hour 3 is not possible for any plan that can be chosen", id="no plan, at 3"),
            pytest.param({"plan": "weekly", "hour": [3]}, "allowed are 0, 4, 8, 12, 16, 20", id="weekly at 3"),
            pytest.param({"state": "disabled"}, "would disable the backups of every Droplet", id="all disabled"),
            pytest.param(
                {"state": "disabled", "match": {"names": ["*"]}}, "would disable the backups of every", id="* disabled"
            ),
            pytest.param(
                {"state": "disabled", "match": {"gpu": True}, "plan": "daily", "hour": [4]},
                "so plan, hour cannot be set",
                id="disabled with a policy",
            ),
            pytest.param({"exempt": True}, "an exemption needs a reason", id="no reason"),
            pytest.param({"exempt": True, "reason": " \t"}, "an exemption needs a reason", id="blank reason"),
            pytest.param({"reason": "Why not."}, "reason belongs to an exemption", id="reason alone"),
            pytest.param({"expires": "2026-12-31"}, "expires belongs to an exemption", id="expires alone"),
            pytest.param({**REASON, "state": "enabled"}, "so state cannot be set with it", id="exempt, enabled"),
            pytest.param({**REASON, "hour": [4]}, "so hour cannot be set with it", id="exempt with an hour"),
            pytest.param(
                {**REASON, "existing_backups": "may_be_lost", "allow_unlisted_plan": True},
                "so existing_backups, allow_unlisted_plan cannot be set",
                id="exempt with what is for others",
            ),
            *(
                pytest.param({**REASON, "expires": text}, f"expires '{text}' is not a day", id=f"expires {text!r}")
                for text in ("", "2026-02-30", "20261231", "2026-W10-1", "2026-12-31T00:00:00", "soon", "٢٠٢٦-12-31")
            ),
        ],
    )
    def test_what_cannot_be_is_refused_and_the_rule_named(self, given, says):
        given = {"match": None, **given}
        with pytest.raises(InputError, match=r"^Rule 'odd': .*\.$") as refused:
            parsed(rule("fine", {"gpu": True}), rule("odd", **given))
        assert says in refused.value.message

    @pytest.mark.parametrize(
        "given",
        [
            {"plan": "daily", "hour": [3], "allow_unlisted_plan": True},
            {"plan": "daily", "weekday": ["SUN"], "allow_unlisted_plan": True},
            {"plan": "hourly", "hour": [3]},
            {"hour": [3], "allow_unlisted_plan": True},
            {"weekday": ["SUN"]},
            {"plan": "weekly"},
        ],
        ids=str,
    )
    def test_what_only_the_api_can_tell_is_left_to_it(self, given):
        assert parsed(rule(**given))[0].desired.is_impossible is False

    def test_no_rule_at_all(self):
        with pytest.raises(InputError, match="policies is an empty list"):
            parsed()

    @pytest.mark.parametrize("name", ["", "  ", "two\nlines"])
    def test_a_name_that_is_no_line_of_text(self, name):
        with pytest.raises(InputError, match="The name of rule number 2 is"):
            parsed(rule("fine", {"gpu": True}), rule(name))

    def test_two_of_one_name(self):
        with pytest.raises(InputError, match="2 rules are named 'web'"):
            parsed(rule("web", {"gpu": True}), rule("db", {"gpu": False}), rule("web"))

    def test_names_differ_by_their_letters(self):
        assert len(parsed(rule("web", {"gpu": True}), rule("Web"))) == 2

    @pytest.mark.parametrize("match", [{"all": True}, {"names": ["*"]}, {"names": ["web-*", "*"]}], ids=str)
    def test_rules_after_one_that_takes_everything(self, match):
        with pytest.raises(InputError, match=r"Rule 'first' takes every Droplet.*: 'web', 'db'"):
            parsed(rule("first", match), rule("web", {"gpu": True}), rule("db"))
        assert len(parsed(rule("web", {"gpu": True}), rule("last", match))) == 2

    def test_an_exemption_of_everything_counts_only_without_a_last_day(self):
        with pytest.raises(InputError, match="Rule 'freeze' takes every Droplet"):
            parsed(rule("freeze", **REASON), rule())
        assert len(parsed(rule("freeze", **REASON, expires="1999-01-01"), rule())) == 2


class TestHiddenTags:
    BY_TAG = parsed(rule("gpu", {"gpu": True}), rule("db", {"tags_all": ["role:db"]}))

    def test_refused_where_a_rule_asks_for_tags(self):
        with pytest.raises(SelectionError, match=r"'db' matches by tag.*Droplet web-02 \(2\).*tag:read") as said:
            rules.refuse_hidden_tags(self.BY_TAG, [droplet(1), droplet(2, tags=None)])
        assert said.value.droplet == 2

    def test_fine_where_none_does_or_all_are_shown(self):
        rules.refuse_hidden_tags(parsed(rule()), [droplet(1, tags=None)])
        rules.refuse_hidden_tags(self.BY_TAG, [droplet(1), droplet(2)])
