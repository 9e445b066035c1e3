# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status of a Droplet's backups, hour by hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import status
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action, BackupPolicy
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import HOURS, NOW, OFF, WEEKDAYS, backup, droplet, on

GRACE = timedelta(hours=2)
DAILY = on("daily", 4)
WEEKLY = on("weekly", 4, "SUN")
HOUR = 1 / 24


@pytest.mark.parametrize(
    ("state", "backups", "expected"),
    [
        pytest.param(OFF, [], status.UNPROTECTED, id="off"),
        pytest.param(OFF, [backup(1, 0.1)], status.UNPROTECTED, id="off, with a fresh backup left"),
        pytest.param(on("intra_daily_4h", 0), [backup(1, 0.1)], status.UNKNOWN_PLAN, id="a plan nobody knows"),
        pytest.param(DAILY, [], status.PENDING, id="daily, none yet"),
        pytest.param(DAILY, [backup(1, None)], status.PENDING, id="daily, one of unknown age"),
        pytest.param(DAILY, [backup(1, 30 * HOUR)], status.PROTECTED, id="daily, at the edge: day, window, grace"),
        pytest.param(DAILY, [backup(1, 30.1 * HOUR)], status.PENDING, id="daily, past the edge"),
        pytest.param(DAILY, [backup(2, 9), backup(1, 0.5)], status.PROTECTED, id="the newest counts"),
        pytest.param(WEEKLY, [backup(1, 7 + 6 * HOUR)], status.PROTECTED, id="weekly, at the edge"),
        pytest.param(WEEKLY, [backup(1, 7 + 6.1 * HOUR)], status.PENDING, id="weekly, past the edge"),
    ],
)
def test_what_policy_and_backups_tell(state, backups, expected):
    assert status.at_first_sight(state, backups, GRACE, NOW) == expected


def act(kind, when, state="completed"):
    return Action(1, kind, state, completed_at=when)


DAILY_4 = BackupPolicy("daily", None, 4, 4, 7)
SET = datetime(2026, 3, 1, 10, tzinfo=UTC)
OVER = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""The first window after SET opens on 2 March at 04:00; with its 4 hours and 2 of grace it is over at 10:00."""


@pytest.mark.parametrize(
    ("actions", "created", "now", "expected"),
    [
        pytest.param([act("enable_backups", SET)], None, OVER, status.PENDING, id="just not over"),
        pytest.param([act("enable_backups", SET)], None, OVER + timedelta(minutes=1), status.OVERDUE, id="over"),
        pytest.param([], SET, OVER, status.PENDING, id="no action: since it was created"),
        pytest.param([], SET, OVER + timedelta(minutes=1), status.OVERDUE, id="no action, over"),
        pytest.param([], None, SET, status.OVERDUE, id="nothing known is no excuse"),
        pytest.param(
            [act("enable_backups", SET - timedelta(days=9)), act("change_backup_policy", SET)],
            SET - timedelta(days=20), OVER, status.PENDING, id="a change counts from anew",
        ),
        pytest.param(
            [act("change_backup_policy", SET, "errored")], SET - timedelta(days=9), OVER, status.OVERDUE,
            id="a change that failed does not",
        ),
        pytest.param(
            [act("snapshot", SET), act("disable_backups", SET)], SET - timedelta(days=9), OVER, status.OVERDUE,
            id="other actions do not",
        ),
    ],
)
def test_pending_until_the_first_window_is_over(actions, created, now, expected):
    since = status.policy_set_at(droplet(1, created_at=created), actions)
    assert status.waiting_or_late(DAILY_4, since, GRACE, now) == expected


YEARS = {"min_value": datetime.fromisoformat("2025-01-01"), "max_value": datetime.fromisoformat("2027-01-01")}


@given(
    moment=st.datetimes(timezones=st.just(UTC), **YEARS),
    hour=st.sampled_from(HOURS),
    weekday=st.sampled_from((None, *WEEKDAYS)),
)
def test_the_first_window_opens_after_the_moment_on_its_day_and_within_one_interval(moment, hour, weekday):
    policy = BackupPolicy("weekly" if weekday else "daily", weekday, hour)
    start = status.first_window_after(policy, moment)
    assert moment < start <= moment + status.INTERVAL[policy.plan]
    assert (start.hour, start.minute, start.second) == (hour, 0, 0)
    assert weekday in (None, start.strftime("%a").upper())
