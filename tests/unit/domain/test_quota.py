# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long requests take under the limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.quota import (
    HOUR,
    Burst,
    Forecast,
    Quota,
    duration,
    reads_of_a_run,
)


@pytest.mark.parametrize(
    ("requests", "seconds"), [(0, 0), (1, 0), (250, 0), (251, 60), (500, 60), (501, 120), (4100, 16 * 60)]
)
def test_the_burst_limit_takes_a_window_for_each_full_one_before(requests, seconds):
    assert Burst(250, 60).seconds_for(requests) == seconds


@pytest.mark.parametrize(
    ("requests", "seconds"),
    [
        pytest.param(3000, 0, id="all that is left is free now"),
        pytest.param(3001, 600 + 3000 / 2000, id="the first more when the oldest stops to count"),
        pytest.param(4000, 600 + 1500, id="half of what was used, half-way to an hour from now"),
        pytest.param(5000, 3600, id="all that was used: an hour from now"),
        pytest.param(7500, 5400, id="beyond that, each waits for one of this task"),
    ],
)
def test_the_quota_frees_up_evenly(requests, seconds):
    assert Quota(5000, 3000, reset_in=600).seconds_for(requests) == pytest.approx(seconds)


@given(
    st.integers(1, 5000).flatmap(
        lambda limit: st.tuples(st.just(limit), st.integers(0, limit), st.floats(0, HOUR), st.integers(0, 20_000))
    )
)
def test_more_requests_never_take_less_time(case):
    limit, remaining, reset_in, requests = case
    quota = Quota(limit, remaining, reset_in)
    assert 0 <= quota.seconds_for(requests) <= quota.seconds_for(requests + 1)
    assert quota.seconds_for(remaining) == 0
    assert 0 <= quota.lately(60) <= quota.used


@pytest.mark.parametrize(
    ("reset_in", "lately"),
    [(3600, 400), (3541, 400), (3540, 400), (3480, 200), (0, 7)],
)
def test_of_what_was_used_so_many_fell_into_the_last_minute(reset_in, lately):
    assert Quota(5000, 4600, reset_in).lately(60) == lately


def test_a_forecast_is_a_sentence_with_both_numbers_and_both_times():
    quota = Quota(5000, 3000, reset_in=600)
    told = Forecast(4100, "writes", Burst(250, 60), quota)
    assert told.over_quota
    assert told.seconds == pytest.approx(600 + 3000 * 1100 / 2000)
    assert told.sentence(600) == (
        "4,100 writes are to be sent, and the token has 3,000 requests left this hour: that takes about 38 minutes, "
        "and wait_timeout leaves 10 minutes."
    )


def test_a_forecast_within_the_quota_speaks_of_the_burst_limit():
    told = Forecast(1000, "writes", Burst(250, 60), Quota(5000, 4000, reset_in=600))
    assert not told.over_quota
    assert told.seconds == 180
    assert told.sentence(60) == (
        "1,000 writes are to be sent, and at most 250 in 60 s may be sent: that takes about 3 minutes, and "
        "wait_timeout leaves 60 seconds."
    )


def test_without_headers_only_the_burst_limit_is_known():
    told = Forecast(10_000, "writes", Burst(250, 60), None)
    assert not told.over_quota
    assert told.seconds == 39 * 60


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 seconds"),
        (45.4, "45 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (1510, "25 minutes"),
        (7199, "120 minutes"),
        (9000, "2.5 hours"),
        (36_000, "10 hours"),
    ],
)
def test_times_for_people(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("steps", "reads"),
    [
        ([], 0),
        ([1], 10),
        ([1] * 200, 10),
        ([1] * 201, 20),
        ([0, 0], 10),
        pytest.param([1, 3], 3 * 10 + 2 * 2 * 7, id="few are read one by one"),
        pytest.param([2] * 200, 2 * 10 + 7, id="many by pages"),
        pytest.param([1] * 200 + [3], 2 * (3 * 10 + 2 * 7), id="as often as the longest way has steps"),
    ],
)
def test_reads_of_a_run_grow_with_pages_and_with_further_steps(steps, reads):
    assert reads_of_a_run(steps) == reads
