# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The governor among latencies, other tasks and both limits: near the least time there is, and hardly a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.quota import Burst
from ansible_collections.lifeboat.digitalocean.tests.unit.api.traffic import Traffic

PUBLISHED = "5000/3600,250/60"
HOUR = 3600


@given(st.integers(1, 2000), st.floats(0.001, 5), st.integers(1, 32), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_alone_on_its_token_a_task_is_never_refused_and_takes_the_least_time_there_is(n, latency, threads, seed):
    traffic = Traffic(PUBLISHED, latency, seed)
    traffic.task("alone", n, threads=threads)
    traffic.run()
    assert traffic.refused == 0
    assert traffic.sent == n
    windows = -(-n // 250)
    slowest = 1.5 * latency
    least_by_latency = n * latency / threads
    assert traffic.ended["alone"] <= Burst(250, 60).seconds_for(n) + 2 * least_by_latency + (windows + 1) * slowest + 1


def test_what_another_task_has_just_used_is_left_out_of_the_first_window():
    """As with two tasks of one playbook: nothing is known of the first but the headers."""
    traffic = Traffic(PUBLISHED)
    traffic.foreign(200)
    traffic.task("next", 400, begin=5)
    traffic.run()
    assert traffic.refused <= 0.01 * traffic.sent
    assert traffic.ended["next"] < 5 + 2 * 60 + 5


@pytest.mark.parametrize(("tasks", "refused"), [(2, 0.01), (4, 0.02)])
def test_tasks_at_once_see_each_other_in_the_headers(tasks, refused):
    traffic = Traffic(PUBLISHED)
    for number in range(tasks):
        traffic.task(number, 1600 // tasks, begin=number)
    traffic.run()
    assert traffic.sent - traffic.refused == 1600
    assert traffic.refused <= refused * traffic.sent
    assert max(traffic.ended.values()) < 1.2 * Burst(250, 60).seconds_for(1600)


def test_others_whom_the_headers_hide_are_known_from_refusals():
    """More old requests stop to count than others send new ones, so that what is left grows all the time."""
    traffic = Traffic(PUBLISHED)
    for minute in range(8):
        traffic.foreign(250, begin=61 * minute)
    for third in range(1800):
        traffic.foreign(1, begin=HOUR + third / 3)
    traffic.task("late", 500, begin=HOUR + 101)
    traffic.run()
    assert traffic.refused <= 0.15 * traffic.sent
    # Of each minute's 250 requests 180 are the others'.
    assert traffic.ended["late"] - HOUR - 101 < 1.1 * 60 * 500 / 70


def test_work_beyond_the_hourly_limit_is_spread_and_hardly_refused():
    """3,000 of 5,000 are left, and 4,100 to send: the rest comes free as the 2,000 stop to count."""
    traffic = Traffic(PUBLISHED)
    for minute in range(20):
        traffic.foreign(100, begin=60 * minute)
    began = 20 * 60
    traffic.task("large", 4100, begin=began)
    traffic.run()
    assert traffic.refused < 0.01 * traffic.sent
    # The 1,100th of the earlier ones was sent in the eleventh minute, and stops to count an hour later.
    least = HOUR + 10 * 60 - began
    assert least <= traffic.ended["large"] - began < 1.15 * least


def test_spread_work_leaves_room_for_others():
    """While it goes on, ten requests of somebody else are free at any moment."""
    traffic = Traffic(PUBLISHED)
    for minute in range(20):
        traffic.foreign(100, begin=60 * minute)
    traffic.task("large", 4100, begin=1200)
    for moment in range(1300, 3000, 100):
        traffic.foreign(10, begin=moment)
    traffic.run()
    assert traffic.turned_away == 0


def test_more_than_an_hour_of_work():
    traffic = Traffic(PUBLISHED)
    traffic.task("huge", 11_000)
    traffic.run()
    assert traffic.refused < 0.01 * traffic.sent
    assert 2 * HOUR <= traffic.ended["huge"] < 2.4 * HOUR


def test_unannounced_work_stops_at_the_hourly_limit_and_goes_on_when_it_frees_up():
    traffic = Traffic("300/3600,250/60")
    traffic.task("reads", 400, expect=False)
    traffic.run()
    assert traffic.refused <= 4
    assert HOUR <= traffic.ended["reads"] < 1.1 * HOUR


@pytest.mark.parametrize("limits", ["250/6", "5000/3600,250/6", "5000/360,250/6"])
def test_scaled_windows(limits):
    """However the limits are told, a fleet larger than the burst converges near the least time there is."""
    traffic = Traffic(limits, latency=0.05)
    traffic.task("fleet", 2000, burst_limit="250/6")
    traffic.run()
    assert traffic.refused < 0.01 * traffic.sent
    assert traffic.ended["fleet"] < 1.15 * Burst(250, 6).seconds_for(2000)


def test_the_hourly_window_is_what_the_first_reset_says():
    traffic = Traffic("500/60,250/6", latency=0.01)
    traffic.task("fleet", 1500, burst_limit="250/6", threads=1)
    traffic.run()
    assert traffic.refused < 0.01 * traffic.sent
    assert 2 * 60 <= traffic.ended["fleet"] < 1.3 * 3 * 60
