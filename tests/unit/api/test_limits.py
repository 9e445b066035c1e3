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
    Budget,
    Pacer,
    parse_burst_limit,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, RateLimitError
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import Clock

UNLIMITED = 10**9


def pacer(clock, burst_limit="250/60", seconds=UNLIMITED):
    return Pacer(burst_limit, Budget(seconds, clock), clock.sleep, clock)


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
def test_never_more_than_the_limit_less_a_tenth_within_any_window(most, window, idle):
    """`idle` are the seconds between two requests in which the task does something else."""
    clock = Clock()
    limited = pacer(clock, f"{most}/{window}")
    times = []
    for seconds in idle:
        clock.time += seconds
        limited.acquire()
        times.append(clock.time)
    allowed = max(1, int(most * 0.9))
    for first, later in zip(times, times[allowed:], strict=False):
        assert later - first >= window * (1 - 1e-9)


@given(st.integers(1, 30), st.integers(1, 60))
def test_no_pause_below_the_limit(most, seconds):
    clock = Clock()
    limited = pacer(clock, f"{most}/{seconds}")
    for _request in range(max(1, int(most * 0.9))):
        limited.acquire()
    assert clock.slept == []
    limited.acquire()
    assert sum(clock.slept) == pytest.approx(seconds)


def test_a_pause_is_for_everybody():
    clock = Clock()
    limited = pacer(clock)
    limited.pause(7, "the API says so")
    limited.acquire()
    limited.acquire()
    assert clock.slept == [7]


def test_the_longer_of_two_pauses_counts():
    clock = Clock()
    limited = pacer(clock)
    limited.pause(7, "the API says so")
    limited.pause(2, "the API says so")
    limited.acquire()
    assert sum(clock.slept) == 7


def test_a_pause_that_outlasts_the_budget_is_refused_at_once():
    clock = Clock()
    limited = pacer(clock, seconds=100)
    clock.time += 70
    with pytest.raises(RateLimitError) as caught:
        limited.pause(31, "the API's hourly limit frees up at 12:00:00 UTC")
    assert caught.value.message == (
        "It takes another 31 s until the API's hourly limit frees up at 12:00:00 UTC, and wait_timeout leaves 30 s of "
        "100 s. Run the task again later, or raise wait_timeout."
    )
    assert caught.value.status == 429
    assert clock.slept == []


def test_pacing_that_outlasts_the_budget_is_refused_at_once():
    clock = Clock()
    limited = pacer(clock, "1/60", seconds=59)
    limited.acquire()
    with pytest.raises(RateLimitError, match="until the burst limit frees up"):
        limited.acquire()
    assert clock.slept == []


def test_threads_share_the_limit():
    """40 requests at 9 a minute, by eight threads, take four minutes of a clock that all of them move on."""
    clock, lock = Clock(), threading.Lock()

    def sleep(_seconds):
        with lock:
            clock.time += 0.5

    limited = Pacer("10/60", Budget(UNLIMITED, clock), sleep, clock)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _number: limited.acquire(), range(40)))
    assert clock.time - 1000.0 >= 60 * 4


@pytest.mark.parametrize(
    ("text", "parsed"),
    [("250/60", (250, 60)), (" 5 / 0.5 ", (5, 0.5)), ("1/1", (1, 1)), ("5000/3600", (5000, 3600))],
)
def test_a_burst_limit_is_parsed(text, parsed):
    assert parse_burst_limit(text) == parsed


@pytest.mark.parametrize(
    "text", ["", "250", "250/", "/60", "0/60", "250/0", "-1/60", "250/-60", "1.5/60", "a/b", "1/2/3", "1/inf", None]
)
def test_a_burst_limit_of_another_form_is_refused(text):
    with pytest.raises(InputError, match="is not of the form REQUESTS/SECONDS, as in 250/60"):
        parse_burst_limit(text)
