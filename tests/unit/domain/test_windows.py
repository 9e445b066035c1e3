# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows are spread evenly, stably, and without moving those that are fine."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.windows import (
    Window,
    any_hour,
    interval,
    spread,
    stable_hash,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import HOURS

windows = st.builds(Window, st.sampled_from([None, "SUN", "SAT"]), st.sampled_from(HOURS))
allowed_sets = st.lists(windows, min_size=1, max_size=8, unique=True).map(tuple)
droplet_ids = st.lists(st.integers(1, 10**9), min_size=1, max_size=40, unique=True)


@pytest.mark.parametrize(
    ("plan", "hours"),
    [
        ("daily", 24),
        ("weekly", 168),
        ("intra_daily_4h", 4),
        ("intra_daily_24h", 24),
        ("intra_daily_25h", None),
        ("intra_daily_0h", None),
        ("intra_daily_004h", None),
        ("hourly", None),
    ],
)
def test_the_interval_of_a_plan(plan, hours):
    assert interval(plan) == (None if hours is None else timedelta(hours=hours))


@st.composite
def fleets(draw):
    """Candidates as a plan makes them: each with a window of its own, or none, and what it is allowed."""
    return [(key, draw(st.none() | windows), draw(allowed_sets)) for key in draw(droplet_ids)]


@given(droplet_ids, allowed_sets)
def test_newcomers_are_even_within_one(keys, allowed):
    load = Counter(spread([(key, None, allowed) for key in keys]).values())
    counts = [load[window] for window in allowed]
    assert sum(counts) == len(keys)
    assert max(counts) - min(counts) <= 1


@given(fleets())
def test_everyone_gets_an_allowed_window_and_who_has_one_stays(fleet):
    chosen = spread(fleet)
    assert chosen.keys() == {key for key, dummy, dummy in fleet}
    for key, current, allowed in fleet:
        assert chosen[key] == current if current in allowed else chosen[key] in allowed


@given(fleets(), st.randoms(use_true_random=False))
def test_order_does_not_matter(fleet, random):
    shuffled = [(key, current, tuple(random.sample(allowed, len(allowed)))) for key, current, allowed in fleet]
    random.shuffle(shuffled)
    assert spread(shuffled) == spread(fleet)


@given(fleets())
def test_a_second_run_moves_nobody(fleet):
    chosen = spread(fleet)
    assert spread([(key, chosen[key], allowed) for key, dummy, allowed in fleet]) == chosen


def test_those_that_stay_count():
    sunday, monday = Window("SUN", 4), Window("MON", 4)
    staying = [(key, sunday, (sunday, monday)) for key in (90, 91, 92)]
    moving = [(key, None, (sunday, monday)) for key in (1, 2, 3)]
    chosen = spread(staying + moving)
    assert [chosen[key] for key in (1, 2, 3)] == [monday] * 3


def test_newcomers_come_by_ascending_id():
    """With one window taken once, the lowest id gets the free one and later ones fill up evenly."""
    taken, free = Window(None, 0), Window(None, 4)
    chosen = spread([(50, taken, (taken,)), (3, None, (taken, free)), (2, None, (taken, free))])
    assert chosen[2] == free


def test_single_droplets_of_many_tasks_do_not_all_get_the_same_window():
    allowed = tuple(Window(None, hour) for hour in HOURS)
    load = Counter(spread([(key, None, allowed)])[key] for key in range(1, 1201))
    assert all(150 <= load[window] <= 250 for window in allowed), load


@pytest.mark.parametrize(("droplet_id", "hour"), [(1, 16), (2, 0), (3, 12), (3164494, 4)])
def test_the_hour_of_a_droplet_never_changes(droplet_id, hour):
    """Frozen: another hash would move whole fleets with the next release."""
    assert any_hour(droplet_id, HOURS) == hour


@given(st.integers(1, 10**9), st.permutations(HOURS))
def test_an_hour_does_not_depend_on_the_order_of_the_offer(droplet_id, hours):
    assert any_hour(droplet_id, hours) == any_hour(droplet_id, HOURS)


def test_hours_nobody_named_are_even_over_many():
    load = Counter(any_hour(key, HOURS) for key in range(1, 1201))
    assert all(150 <= load[hour] <= 250 for hour in HOURS), load


def test_parts_of_a_hash_are_kept_apart():
    assert stable_hash(1, 23) != stable_hash(12, 3)
