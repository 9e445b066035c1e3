# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a Droplet's backups, hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import status
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import (
    Action,
    BackupPolicy,
    BackupState,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.windows import interval
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import HOURS, NOW, OFF, WEEKDAYS, backup, droplet, on

GRACE = timedelta(hours=2)
DAILY = on("daily", 4)
NO_LENGTH = on("daily", 4, window=None)
WEEKLY = on("weekly", 4, "SUN")
EVERY_4_HOURS = on("intra_daily_4h", 0, retention=7)
HOUR = 1 / 24


@pytest.mark.parametrize(
    ("state", "backups", "expected"),
    [
        pytest.param(OFF, [], status.UNPROTECTED, id="off"),
        pytest.param(OFF, [backup(1, 0.1)], status.UNPROTECTED, id="off, with a fresh backup left"),
        pytest.param(EVERY_4_HOURS, [backup(1, 10 * HOUR)], status.PROTECTED, id="every 4 hours, at the edge"),
        pytest.param(EVERY_4_HOURS, [backup(1, 10.1 * HOUR)], status.PENDING, id="every 4 hours, past the edge"),
        pytest.param(EVERY_4_HOURS, [], status.PENDING, id="every 4 hours, none yet"),
        pytest.param(on("hourly", 0), [backup(1, 0.1)], status.UNKNOWN_PLAN, id="a plan nobody knows"),
        pytest.param(on("hourly", 0), [backup(1, 8)], status.UNKNOWN_PLAN, id="a plan nobody knows, at the edge"),
        pytest.param(on("hourly", 0), [backup(1, 8.1)], status.PENDING, id="a plan nobody knows, past the edge"),
        pytest.param(on("hourly", 0), [], status.PENDING, id="a plan nobody knows, none yet"),
        pytest.param(on("hourly", 0), [backup(1, None)], status.PENDING, id="a plan nobody knows, of unknown age"),
        pytest.param(BackupState(True), [backup(1, 0.1)], status.UNKNOWN_PLAN, id="a plan that is not shown"),
        pytest.param(BackupState(True), [], status.PENDING, id="a plan that is not shown, and no backup"),
        pytest.param(DAILY, [], status.PENDING, id="daily, none yet"),
        pytest.param(DAILY, [backup(1, None)], status.PENDING, id="daily, one of unknown age"),
        pytest.param(DAILY, [backup(1, 30 * HOUR)], status.PROTECTED, id="daily, at the edge: day, window, grace"),
        pytest.param(DAILY, [backup(1, 30.1 * HOUR)], status.PENDING, id="daily, past the edge"),
        pytest.param(NO_LENGTH, [backup(1, 30 * HOUR)], status.PROTECTED, id="a window of 4 hours if none is shown"),
        pytest.param(NO_LENGTH, [backup(1, 30.1 * HOUR)], status.PENDING, id="a window of no more than 4 hours"),
        pytest.param(DAILY, [backup(2, 9), backup(1, 0.5)], status.PROTECTED, id="the newest counts"),
        pytest.param(WEEKLY, [backup(1, 7 + 6 * HOUR)], status.PROTECTED, id="weekly, at the edge"),
        pytest.param(WEEKLY, [backup(1, 7 + 6.1 * HOUR)], status.PENDING, id="weekly, past the edge"),
    ],
)
def test_what_policy_and_backups_tell(state, backups, expected):
    assert status.preliminary_status(state, backups, GRACE, NOW) == expected


def act(kind, when, state="completed"):
    return Action(1, kind, state, completed_at=when)


DAILY_4 = BackupPolicy("daily", None, 4, 4, 7)
SET = datetime(2026, 3, 1, 10, tzinfo=UTC)
OVER = datetime(2026, 3, 2, 10, tzinfo=UTC)
BEGUN = Action(1, "enable_backups", "completed", started_at=SET)
"""The first window after SET opens on 2 March at 04:00; with its 4 hours and 2 of grace it is over at 10:00."""


@pytest.mark.parametrize(
    ("actions", "created", "now", "expected"),
    [
        pytest.param([act("enable_backups", SET)], None, OVER, status.PENDING, id="just not over"),
        pytest.param([act("enable_backups", SET)], None, OVER + timedelta(minutes=1), status.OVERDUE, id="over"),
        pytest.param([], SET, OVER, status.PENDING, id="no action: since it was created"),
        pytest.param([], SET, OVER + timedelta(minutes=1), status.OVERDUE, id="no action, over"),
        pytest.param([], None, SET, status.OVERDUE, id="nothing known is no excuse"),
        pytest.param([BEGUN], None, OVER, status.PENDING, id="an action that only tells when it began"),
        pytest.param([BEGUN], None, OVER + timedelta(minutes=1), status.OVERDUE, id="that began too long ago"),
        pytest.param([act("enable_backups", None)], SET, OVER, status.PENDING, id="an action that tells no time"),
        pytest.param(
            [act("enable_backups", SET - timedelta(days=9)), act("change_backup_policy", SET)],
            SET - timedelta(days=20),
            OVER,
            status.PENDING,
            id="a change counts from anew",
        ),
        pytest.param(
            [act("change_backup_policy", SET, "errored")],
            SET - timedelta(days=9),
            OVER,
            status.OVERDUE,
            id="a change that failed does not",
        ),
        pytest.param(
            [act("snapshot", SET), act("disable_backups", SET)],
            SET - timedelta(days=9),
            OVER,
            status.OVERDUE,
            id="other actions do not",
        ),
    ],
)
def test_pending_until_the_first_window_is_over(actions, created, now, expected):
    since = status.policy_changed_at(droplet(1, created_at=created), actions)
    assert status.pending_or_overdue(DAILY_4, since, GRACE, now) == expected


@pytest.mark.parametrize("policy", [None, BackupPolicy("hourly"), BackupPolicy("intra_daily_0h")], ids=str)
@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, status.UNKNOWN_PLAN), (8, status.UNKNOWN_PLAN), (8.1, status.OVERDUE), (None, status.OVERDUE)],
)
def test_under_an_unknown_plan_nobody_waits_longer_than_under_any_known_one(policy, days, expected):
    since = None if days is None else SET - timedelta(days=days)
    assert status.pending_or_overdue(policy, since, GRACE, SET) == expected


POLICIES = st.one_of(
    st.none(),
    st.builds(BackupPolicy, st.sampled_from(("daily", "intra_daily_4h")), hour=st.sampled_from(HOURS)),
    st.builds(BackupPolicy, st.just("weekly"), st.sampled_from(WEEKDAYS), st.sampled_from(HOURS)),
    st.builds(BackupPolicy, st.text(max_size=9), hour=st.none()),
)


@given(policy=POLICIES, ages=st.lists(st.floats(0, 60), max_size=3), since=st.none() | st.floats(0, 60))
def test_no_status_is_green_by_ignorance(policy, ages, since):
    """PROTECTED needs a backup within a known interval, and nothing excuses eight days without one but a new policy."""
    state, backups = BackupState(True, policy), [backup(key, age) for key, age in enumerate(ages, 1)]
    moment = since if since is None else NOW - timedelta(days=since)
    first = status.preliminary_status(state, backups, GRACE, NOW)
    found = status.final_status(first, policy, True, moment, GRACE, NOW)
    every = interval(policy.plan) if policy else None
    newest = min(ages, default=None)
    if found == status.PROTECTED:
        assert timedelta(days=newest) <= every + timedelta(hours=6) + timedelta(seconds=1)
    if every is None:
        assert found in (status.UNKNOWN_PLAN, status.OVERDUE)
    if newest is None or newest > 8.3:
        assert found == status.OVERDUE or (since is not None and since <= 8.3)
    assert status.final_status(first, policy, False, moment, GRACE, NOW) in (None, first)


YEARS = {"min_value": datetime.fromisoformat("2025-01-01"), "max_value": datetime.fromisoformat("2027-01-01")}


@given(
    moment=st.datetimes(timezones=st.just(UTC), **YEARS),
    hour=st.sampled_from(HOURS),
    weekday=st.sampled_from((None, *WEEKDAYS)),
    plan=st.sampled_from(("daily", "intra_daily_4h", "intra_daily_6h", "intra_daily_12h", "intra_daily_5h")),
)
def test_the_first_window_opens_after_the_moment_on_its_day_and_within_one_interval(moment, hour, weekday, plan):
    policy = BackupPolicy("weekly" if weekday else plan, weekday, hour)
    every = interval(policy.plan)
    start = status.first_window_after(policy, moment)
    assert moment < start <= moment + every
    assert (start.minute, start.second) == (0, 0)
    assert (start - start.replace(hour=hour)) % min(every, timedelta(days=1)) == timedelta() or plan.endswith("5h")
    assert weekday in (None, start.strftime("%a").upper())
