# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's time is taken from answers, unless it cannot be right."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.server_time import ServerTime

NOW = datetime.now(UTC).replace(microsecond=0)
YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

QUIET, BUSY = HOUR, timedelta(seconds=90)
"""Until the oldest request of a token stops to count: of one that has just been used first, and of one in full use."""

UNREADABLE = (None, "", "half past nine")
ABSURD = (timedelta(days=-20000), timedelta(days=25000))
WRONG = (*UNREADABLE, *ABSURD, -YEAR, YEAR, timedelta(days=-30), timedelta(hours=3))
"""Dates as they are, or by how much they are off."""

PLACES = {"first": "X..", "middle": ".X.", "last": "..X", "one of two lists": "X.X.", "all": "XXX"}
"""Which of the answers have a wrong Date."""

MACHINE = {"right": timedelta(0), "behind": timedelta(days=260), "ahead": timedelta(days=-260)}
"""By how much the API's time is later than this machine's."""


def headers(true, wrong=timedelta(0), reset_in=QUIET):
    date = wrong if not isinstance(wrong, timedelta) else format_datetime(true + wrong, usegmt=True)
    told = {} if date is None else {"date": date}
    return told if reset_in is None else {**told, "ratelimit-reset": str(int((true + reset_in).timestamp()))}


def heard(*answers):
    warnings = []
    clock = ServerTime(warnings.append, time.monotonic)
    for answer in answers:
        clock.record_response(answer)
    return clock.now(), warnings


@pytest.mark.parametrize("machine", MACHINE)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_date_that_is_wrong_is_told_and_no_time_comes_of_it(wrong, place, machine):
    true = NOW + MACHINE[machine]
    now, warnings = heard(*(headers(true, wrong) if each == "X" else headers(true) for each in PLACES[place]))
    assert abs(now - true) < MINUTE
    assert 1 <= len(warnings) <= 2
    assert all(warning.startswith("An answer of the API tells ") for warning in warnings)


@pytest.mark.parametrize("machine", MACHINE)
@pytest.mark.parametrize("reset_in", [QUIET, BUSY, timedelta(0), None])
def test_dates_that_are_right_are_believed(reset_in, machine):
    true = NOW + MACHINE[machine]
    now, warnings = heard(headers(true, reset_in=reset_in), headers(true + 10 * MINUTE, reset_in=reset_in))
    assert abs(now - true - 10 * MINUTE) < MINUTE
    if reset_in is None and machine != "right":
        (warning,) = warnings
        assert "nothing shows which is right" in warning
    else:
        assert warnings == []


@pytest.mark.parametrize("wrong", [-YEAR, YEAR, None], ids=str)
def test_of_a_busy_token_the_limit_tells_the_time_to_an_hour(wrong):
    """If neither a Date nor this machine's clock gives more."""
    true = NOW + MACHINE["behind"]
    now, warnings = heard(*(headers(true, wrong, reset_in) for reset_in in (BUSY, BUSY + 10 * MINUTE, BUSY)))
    assert true - HOUR + 10 * MINUTE < now < true
    assert "which tells the time to an hour" in warnings[0]


@pytest.mark.parametrize("wrong", [-YEAR, YEAR, None], ids=str)
def test_where_this_machine_agrees_with_the_limit_it_tells_the_time_to_the_second(wrong):
    now, warnings = heard(headers(NOW, wrong, BUSY), headers(NOW, wrong, BUSY))
    assert abs(now - NOW) < MINUTE
    assert "this machine's clock instead" in warnings[0]


@pytest.mark.parametrize("reset", ["-5", "soon", "9" * 30, "nan", "0"])
@pytest.mark.parametrize("machine", MACHINE)
def test_a_limit_that_is_no_time_says_nothing_against_a_date(machine, reset):
    true = NOW + MACHINE[machine]
    now, _warnings = heard({**headers(true), "ratelimit-reset": reset}, {**headers(true), "ratelimit-reset": reset})
    assert abs(now - true) < MINUTE


def test_a_limit_that_is_wrong_says_nothing_against_two_clocks():
    now, warnings = heard(headers(NOW, reset_in=YEAR))
    assert abs(now - NOW) < MINUTE
    assert warnings == []


@pytest.mark.parametrize("wrong", [-YEAR, YEAR, timedelta(days=2), timedelta(hours=-7)], ids=str)
def test_without_a_limit_the_first_date_is_only_believed_until_another_is_borne_out(wrong):
    now, warnings = heard(headers(NOW, wrong, None), headers(NOW, reset_in=None), headers(NOW, wrong, None))
    assert abs(now - NOW) < MINUTE
    assert "nothing shows which is right" in warnings[0]
    assert "what other answers told" in warnings[1]


@pytest.mark.parametrize("wrong", [*ABSURD, *UNREADABLE], ids=str)
def test_without_a_limit_what_is_no_time_of_anything_is_not_believed(wrong):
    now, warnings = heard(headers(NOW, wrong, None))
    assert abs(now - NOW) < MINUTE
    assert "this machine's clock instead" in warnings[0]


def test_an_answer_that_was_kept_for_hours_does_not_turn_time_back():
    kept = headers(NOW - 3 * HOUR)
    now, warnings = heard(headers(NOW), kept)
    assert abs(now - NOW) < MINUTE
    assert len(warnings) == 1
    now, _warnings = heard(kept, headers(NOW), kept)
    assert abs(now - NOW) < MINUTE


def test_each_kind_of_doubt_is_told_once():
    """A run of an hour hears sixty minutes."""
    _now, warnings = heard(*(headers(NOW + number * MINUTE, YEAR) for number in range(5)))
    assert len(warnings) == 1
