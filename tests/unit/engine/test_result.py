# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task tells about what it did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    NotFoundError,
    OutcomeUnknownError,
    WaitTimeoutError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action, BackupPolicy
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    Awaited,
    Change,
    EnableBackups,
    Plan,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import result
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.apply import Job, State
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_backups import describe
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet

BEFORE = {"state": "disabled", "monthly_cost": 0.0}
AFTER = {"state": "enabled", "plan": "daily", "hour": 4, "monthly_cost": 7.2}
OFF = "disabled, 0.00 USD a month"
DAILY = "daily at 04:00 UTC, 7.20 USD a month"
SENT = Action(36, "enable_backups", "completed", 1, "droplet")


def change(key, changes=True, notes=()):
    steps = (EnableBackups(BackupPolicy("daily", None, 4)),) if changes else ()
    return Change(droplet(key), None, BEFORE, AFTER if changes else BEFORE, steps, notes)


def job(change_, state, error=None, **fields):
    made = Job(change_, state=state, **{"attempted": state is State.DONE, **fields})
    made.error = error
    return made


def entry(change_, job_=None):
    return result.droplets(Plan((change_,)), job_ and [job_], {})[0]


class TestDiff:
    def test_one_line_for_each_droplet_that_changes(self):
        assert result.diff(Plan((change(1), change(2, changes=False), change(3))), describe) == {
            "prepared": f"web-01 (1): {OFF} → {DAILY}\nweb-03 (3): {OFF} → {DAILY}\n",
        }

    def test_nothing_changes(self):
        assert result.diff(Plan((change(1, changes=False),)), describe) == {"prepared": ""}

    def test_by_rules_in_their_order_and_only_those_that_change_something(self):
        ruled = [
            replace(change(1), rule="web"),
            replace(change(2), rule="db"),
            replace(change(3, changes=False), rule="exempt"),
            replace(change(4, changes=False), rule=None),
            replace(change(5), rule="web"),
        ]
        told = result.diff(Plan(tuple(ruled), rules=("db", "exempt", "web")), describe)
        move = f"{OFF} → {DAILY}"
        assert told["prepared"] == f"db:\n  web-02 (2): {move}\nweb:\n  web-01 (1): {move}\n  web-05 (5): {move}\n"


class TestOneDroplet:
    def test_in_check_mode_what_would_be(self):
        assert entry(change(1)) == {
            "id": 1,
            "name": "web-01",
            "before": BEFORE,
            "after": AFTER,
            "changed": True,
            "actions": [],
        }

    def test_with_rules_an_entry_names_its_own(self):
        plan = Plan((replace(change(1), rule="web"), change(2, changes=False)), rules=("web",))
        assert [told["rule"] for told in result.droplets(plan, None, {})] == ["web", None]
        assert "rule" not in entry(change(1))

    def test_done(self):
        done = change(1)
        told = entry(done, job(done, State.DONE, actions={36: SENT}))
        assert (told["changed"], told["after"]) == (True, AFTER)
        assert told["actions"] == [{"id": 36, "type": "enable_backups", "status": "completed"}]
        assert "error" not in told

    def test_nothing_to_do(self):
        told = result.droplets(Plan((change(1, changes=False),)), [], {})[0]
        assert (told["changed"], told["after"], told["actions"]) == (False, BEFORE, [])

    @pytest.mark.parametrize(
        ("fields", "changed", "after"),
        [
            pytest.param({}, False, BEFORE, id="nothing was sent: as it was"),
            pytest.param({"actions": {36: SENT}}, True, None, id="something was sent: not known"),
            pytest.param({"outcome_unknown": True}, False, None, id="an answer was lost: not known"),
        ],
    )
    def test_failed(self, fields, changed, after):
        failed = change(1)
        told = entry(failed, job(failed, State.FAILED, NotFoundError("It is gone."), **fields))
        assert (told["changed"], told["after"], told["error"]) == (changed, after, "It is gone.")
        assert "not_tried" not in told

    def test_not_tried(self):
        left = change(1)
        told = entry(left, job(left, State.NOT_TRIED, WaitTimeoutError("The time is over.")))
        assert (told["changed"], told["after"], told["not_tried"]) == (False, BEFORE, True)

    def test_notes_of_the_plan_and_of_the_work(self):
        noted = change(1, notes=("left alone",))
        assert entry(noted, job(noted, State.DONE, notes=["waited"]))["notes"] == ["left alone", "waited"]
        assert "notes" not in entry(change(1))

    def test_facts_are_keys_of_their_own(self):
        assert entry(replace(change(1), extra_result={"networks": None}))["networks"] is None

    def test_one_that_was_made_has_its_id(self):
        planned = replace(change(1), target=droplet(None, "copy"))
        done = job(planned, State.DONE)
        done.now_about(droplet(77, "copy"))
        told = result.droplets(Plan((planned,)), [done], {77: {"networks": {}}})[0]
        assert (told["id"], told["name"], told["networks"]) == (77, "copy", {})
        assert entry(planned)["id"] is None

    def test_an_id_that_is_known_stays(self):
        known = job(change(1), State.DONE)
        known.now_about(droplet(77))
        assert known.change.target.id == 1

    def test_what_became_of_restore_points_is_added(self):
        done = change(1)
        told = result.droplets(Plan((done,)), [job(done, State.DONE)], {1: {"kept": [], "gone": []}})[0]
        assert (told["kept"], told["gone"]) == ([], [])


class TestManyDroplets:
    def keys(self, count, changing=(), jobs=None, everything=False):
        plan = Plan(tuple(change(key, key in changing) for key in range(1, count + 1)))
        return [told["id"] for told in result.listed(result.droplets(plan, jobs, {}), everything)]

    def test_up_to_200_all_are_listed(self):
        assert self.keys(200, {5}) == list(range(1, 201))

    def test_above_200_those_that_change(self):
        assert self.keys(201, {5, 190}) == [5, 190]

    def test_above_200_all_where_asked(self):
        assert self.keys(201, {5}, everything=True) == list(range(1, 202))

    def test_above_200_those_that_failed_or_were_not_tried(self):
        jobs = [
            job(change(3), State.FAILED, NotFoundError("Gone.")),
            job(change(5), State.NOT_TRIED, WaitTimeoutError("Over.")),
            job(change(9), State.DONE),
        ]
        assert self.keys(201, {3, 5, 9}, jobs) == [3, 5, 9]


PLAN = Plan((*(change(key) for key in range(1, 7)), change(7, changes=False)))


def jobs(*states):
    """One job for each Droplet of PLAN that changes, each failure with a message of its own."""
    made = []
    for found, state in zip(PLAN.changing, states, strict=True):
        error = None if state is State.DONE else OutcomeUnknownError(f"Reason {found.target.id}.")
        made.append(job(found, state, error))
    return made


class TestSummary:
    def test_in_check_mode(self):
        assert result.summary(PLAN, None) == {
            "matched": 7,
            "changed": 6,
            "unchanged": 1,
            "failed": 0,
            "not_tried": 0,
        }

    def test_after_the_work(self):
        done = jobs(State.DONE, State.DONE, State.FAILED, State.FAILED, State.FAILED, State.NOT_TRIED)
        told = result.summary(PLAN, done)
        assert told == {"matched": 7, "changed": 2, "unchanged": 1, "failed": 3, "not_tried": 1}
        assert sum(told.values()) == 2 * told["matched"]

    def test_one_that_was_only_waited_for_is_unchanged(self):
        waited = replace(change(1, changes=False), wait_for=Awaited(SENT))
        plan = Plan((waited,))
        assert result.summary(plan, [job(waited, State.DONE)])["unchanged"] == 1
        over = job(waited, State.FAILED, WaitTimeoutError("The time is over."))
        assert result.summary(plan, [over]) == {"matched": 1, "changed": 0, "unchanged": 0, "failed": 1, "not_tried": 0}
        assert not entry(waited, job(waited, State.DONE))["changed"]
        assert not entry(waited, over)["changed"]

    def test_of_nothing(self):
        assert set(result.summary(Plan(), None).values()) == {0}


class TestTheSentence:
    def test_one_droplet_says_its_reason_alone(self):
        alone = Plan((change(1),))
        failed = [job(alone.changes[0], State.FAILED, NotFoundError("It is gone."))]
        assert result.failure_sentence(alone, failed) == "It is gone."

    def test_one_droplet_that_was_not_tried_says_why(self):
        alone = Plan((change(1),))
        left = [job(alone.changes[0], State.NOT_TRIED, WaitTimeoutError("The time is over."))]
        assert result.failure_sentence(alone, left) == "The time is over."

    def test_a_fleet_says_the_counts_and_the_reason(self):
        states = [State.DONE] * 4 + [State.FAILED, State.NOT_TRIED]
        assert result.failure_sentence(PLAN, jobs(*states)) == (
            "Of 7 Droplets 4 are changed, 1 were as wanted, 1 failed and 1 were not tried. web-05 (5): Reason 5."
        )

    def test_a_fleet_says_the_first_three_reasons(self):
        assert result.failure_sentence(PLAN, jobs(*[State.FAILED] * 6)).endswith(
            "0 were not tried. web-01 (1): Reason 1. web-02 (2): Reason 2. web-03 (3): Reason 3. 3 more failed."
        )

    def test_a_fleet_of_which_nothing_was_tried_says_why(self):
        assert result.failure_sentence(PLAN, jobs(*[State.NOT_TRIED] * 6)).endswith(
            "0 failed and 6 were not tried. web-01 (1): Reason 1."
        )

    def test_a_droplet_is_not_named_twice(self):
        failed = jobs(*[State.DONE] * 5, State.FAILED)
        failed[-1].error = NotFoundError("Droplet web-06 (6) is gone.")
        assert result.failure_sentence(PLAN, failed).endswith("not tried. Droplet web-06 (6) is gone.")


def test_what_a_closer_look_shows_to_be_as_wanted_is_no_change():
    done = entry(change(1), job(change(1), State.DONE, attempted=False))
    assert not done["changed"]
    assert done["before"] == done["after"] == AFTER
    assert result.summary(Plan((change(1),)), [job(change(1), State.DONE, attempted=False)])["unchanged"] == 1
