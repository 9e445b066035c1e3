# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and request limits hold, whatever the load."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.limits import (
    LOOK_AGAIN,
    Budget,
    Governor,
    parse_burst_limit,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, RateLimitError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.quota import Burst
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import Clock

UNLIMITED = 10**9


def governor(clock, burst_limit="250/60", seconds=UNLIMITED):
    return Governor(burst_limit, Budget(seconds, clock), clock.sleep, clock)


def one(limited, **headers):
    """One request, answered at once."""
    limited.acquire()
    limited.release(**headers)


def test_a_budget_runs_out():
    clock = Clock()
    budget = Budget(600, clock)
    assert (budget.spent, budget.left) == (0, 600)
    clock.sleep(599)
    assert (budget.spent, budget.left) == (599, 1)
    clock.sleep(2)
    assert budget.left == -1


def test_a_budget_that_grows_leaves_more():
    clock = Clock()
    budget = Budget(600, clock)
    clock.sleep(100)
    budget.seconds += 50
    assert budget.left == 550


@given(
    st.integers(1, 40),
    st.floats(0.1, 100, allow_nan=False),
    st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=120),
)
def test_never_more_than_the_limit_within_any_window(most, window, idle):
    """`idle` are the seconds between two requests in which the task does something else."""
    clock = Clock()
    limited = governor(clock, f"{most}/{window}")
    times = []
    for seconds in idle:
        clock.time += seconds
        one(limited)
        times.append(clock.time)
    for first, later in zip(times, times[most:], strict=False):
        assert later - first >= window * (1 - 1e-9)


@given(st.integers(1, 30), st.integers(1, 60))
def test_no_pause_below_the_limit(most, seconds):
    clock = Clock()
    limited = governor(clock, f"{most}/{seconds}")
    for _request in range(most):
        one(limited)
    assert clock.slept == []
    one(limited)
    assert sum(clock.slept) == pytest.approx(seconds)


def test_a_request_takes_its_place_until_a_window_after_its_answer():
    """The API may have counted it at the last moment."""
    clock = Clock()
    limited = governor(clock, "1/60")
    limited.acquire()
    clock.time += 25
    limited.release()
    one(limited)
    assert sum(clock.slept) == pytest.approx(60)


def test_requests_under_way_take_places():
    clock = Clock()
    limited = governor(clock, "2/60")
    limited.acquire()
    limited.acquire()

    def sleep(seconds):
        assert seconds == LOOK_AGAIN
        limited.release()
        limited._sleep = clock.sleep

    limited._sleep = sleep
    limited.acquire()
    assert sum(clock.slept) == pytest.approx(60)


def test_a_pause_is_for_everybody():
    clock = Clock()
    limited = governor(clock)
    limited.pause(7, "the API says so")
    one(limited)
    one(limited)
    assert clock.slept == [7]


def test_the_longer_of_two_pauses_counts():
    clock = Clock()
    limited = governor(clock)
    limited.pause(7, "the API says so")
    limited.pause(2, "the API says so")
    one(limited)
    assert sum(clock.slept) == 7


def test_a_pause_that_outlasts_the_budget_is_refused_at_once():
    clock = Clock()
    limited = governor(clock, seconds=100)
    clock.time += 70
    with pytest.raises(RateLimitError) as caught:
        limited.pause(31, "the API's hourly limit frees up at 12:00:00 UTC")
    assert caught.value.message == (
        "It takes another 31 s until the API's hourly limit frees up at 12:00:00 UTC, and 30 s of 100 s are left. Run "
        "it again later, or raise wait_timeout if it has one."
    )
    assert caught.value.status == 429
    assert clock.slept == []


def test_pacing_that_outlasts_the_budget_is_refused_at_once():
    clock = Clock()
    limited = governor(clock, "1/60", seconds=59)
    one(limited)
    with pytest.raises(RateLimitError, match="until the burst limit frees up"):
        limited.acquire()
    assert clock.slept == []


def test_threads_share_the_limit():
    """40 requests at 9 a minute, by eight threads, take four minutes of a clock that all of them move on."""
    clock, lock = Clock(), threading.Lock()

    def sleep(_seconds):
        with lock:
            clock.time += 0.5

    limited = Governor("9/60", Budget(UNLIMITED, clock), sleep, clock)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _number: one(limited), range(40)))
    assert clock.time - 1000.0 >= 60 * 4


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("250/60", (250, 60)), (" 5 / 0.5 ", (5, 0.5)), ("1/1", (1, 1)), ("5000/3600", (5000, 3600))],
)
def test_a_burst_limit_is_parsed(text, parsed):
    assert parse_burst_limit(text) == Burst(*parsed)


@pytest.mark.parametrize(
    "text", ["", "250", "250/", "/60", "0/60", "250/0", "-1/60", "250/-60", "1.5/60", "a/b", "1/2/3", "1/inf", None]
)
def test_a_burst_limit_of_another_form_is_refused(text):
    with pytest.raises(InputError, match="is not of the form REQUESTS/SECONDS, as in 250/60"):
        parse_burst_limit(text)


def test_when_nothing_is_left_of_the_hour_the_oldest_request_is_waited_for():
    clock = Clock()
    limited = governor(clock)
    one(limited, limit=5000, remaining=0, reset_in=100.0)
    one(limited, limit=5000, remaining=0, reset_in=7.0)
    assert clock.slept == pytest.approx([100])
    one(limited, limit=5000, remaining=2000, reset_in=1.0)
    one(limited)
    assert clock.slept == pytest.approx([100, 7])


def refuse(limited, seconds):
    """One request, refused by the burst limit."""
    limited.acquire()
    limited.release(counted=False)
    limited.throttled(seconds, "the API says so")


def test_what_others_have_of_the_window_becomes_free_as_evenly_as_they_took_it():
    """4 of 10 are this task's, and the oldest of the others' leaves in 20 s."""
    clock = Clock()
    limited = governor(clock, "10/60")
    for _request in range(4):
        one(limited)
    refuse(limited, 20)
    times = []
    for _request in range(5):
        one(limited)
        times.append(clock.time - 1000)
    assert times == pytest.approx([20 + 40 / 6 * number for number in range(5)])


def test_a_place_that_was_taken_again_stays_taken_for_a_window():
    clock = Clock()
    limited = governor(clock, "10/60")
    for _request in range(4):
        one(limited)
    refuse(limited, 20)
    refuse(limited, 1)
    times = []
    for _request in range(10):
        one(limited)
        times.append(clock.time - 1000)
    assert times == pytest.approx([*(20 + 40 / 6 * number for number in range(1, 6)), 60, 60, 60, 60, 80])


def test_work_is_spread_while_it_is_more_than_the_hour_has_left():
    """Of 5,000 requests 100 are left, and 200 announced: the 100th more is free in 76 s, were all sent evenly."""
    clock = Clock()
    limited = governor(clock)
    one(limited, limit=5000, remaining=100, reset_in=4.0)
    assert limited.announce(200, "writes").seconds == pytest.approx(4 + 3596 * 100 / 4900)
    one(limited)
    one(limited)
    assert clock.slept == pytest.approx([(4 + 3596 * 99 / 4900) / 199], rel=0.02)
