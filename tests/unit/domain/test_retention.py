# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which restore points a change puts at risk, and which are still to be converted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import retention
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, snapshot

ages = st.none() | st.floats(0, 40, allow_nan=False)
backups = st.lists(st.builds(backup, st.integers(1, 99), ages), max_size=8, unique_by=lambda point: point.id)


def keys(points):
    return [point.id for point in points]


@given(backups, st.randoms(use_true_random=False))
def test_newest_first_whatever_the_order_of_the_api(points, random):
    shuffled = random.sample(points, len(points))
    ordered = retention.newest_first(shuffled)
    assert ordered == retention.newest_first(points)
    dated = [point.created_at for point in ordered if point.created_at]
    assert dated == sorted(dated, reverse=True)
    assert all(point.created_at is None for point in ordered[len(dated) :])


@pytest.mark.parametrize(
    ("days", "at_risk"),
    [
        pytest.param(7, [2, 3, 4], id="older than the new retention, and of unknown age"),
        pytest.param(28, [4], id="longer than all of them"),
        pytest.param(0, [1, 2, 3, 4], id="nothing is kept"),
        pytest.param(None, [1, 2, 3, 4], id="unknown retention endangers all"),
    ],
)
def test_at_risk_by_retention(days, at_risk):
    points = [backup(4, None), backup(2, 7.5), backup(1, 6.5), backup(3, 21)]
    assert keys(retention.at_risk_by_retention(points, days, NOW)) == at_risk


def test_a_backup_exactly_as_old_as_the_retention_is_still_kept():
    point = backup(1, 7)
    assert retention.at_risk_by_retention([point], 7, NOW) == []
    assert retention.at_risk_by_retention([point], 7, NOW + timedelta(seconds=1)) == [point]


OLD, MIDDLE, NEW = backup(1, 20), backup(2, 13), backup(3, 6)


@pytest.mark.parametrize(
    ("at_risk", "converted", "how", "expected"),
    [
        pytest.param([OLD, NEW, MIDDLE], [], "convert_newest", [3], id="newest: one"),
        pytest.param([OLD, NEW, MIDDLE], [], "convert_all", [3, 2, 1], id="all: newest first"),
        pytest.param([], [], "convert_newest", [], id="newest of nothing"),
        pytest.param([], [], "convert_all", [], id="all of nothing"),
        pytest.param([OLD, MIDDLE], [snapshot(3, 6)], "convert_newest", [], id="newest: done before the kill"),
        pytest.param([OLD, MIDDLE], [snapshot(77, 6)], "convert_newest", [], id="newest: done, under a new id"),
        pytest.param([OLD, MIDDLE], [snapshot(3, 6)], "convert_all", [2, 1], id="all: the rest after a kill"),
        pytest.param([NEW], [snapshot(1, 20)], "convert_newest", [3], id="newest: only an older one was converted"),
        pytest.param([NEW], [snapshot(9, None)], "convert_newest", [3], id="newest: a converted one of unknown age"),
    ],
)
def test_to_convert(at_risk, converted, how, expected):
    assert keys(retention.to_convert(at_risk, converted, how)) == expected


@given(backups, st.booleans())
def test_a_rerun_after_a_kill_converts_nothing_more(points, same_id):
    """Whatever `convert_newest` chose and carried out, choosing again finds it done."""
    for point in retention.to_convert(points, [], "convert_newest"):
        made = replace(point, type="snapshot", id=point.id if same_id else point.id + 1000)
        remaining = [other for other in points if other.id != point.id]
        assert retention.to_convert(remaining, [made], "convert_newest") == []


@pytest.mark.parametrize(
    ("name", "days", "told"),
    [
        pytest.param("web-01- 2026-03-01", 1, True, id="as the API names backups"),
        pytest.param("web-01 2026-03-01", 1, True, id="as it named them years ago"),
        pytest.param("web-01 - 2026-03-01", 1, True, id="with a space on either side"),
        pytest.param("web-01- 2026-03-01", 2, False, id="of another day"),
        pytest.param("db-01- 2026-03-01", 1, False, id="of another Droplet"),
        pytest.param("before the upgrade", 1, False, id="made by hand"),
        pytest.param("web-01-2026-03-01", 1, False, id="made by hand, with name and day and no space"),
        pytest.param("web-01 before the upgrade 2026-03-01", 1, False, id="made by hand, with name and day"),
        pytest.param("web-010- 2026-03-01", 1, False, id="of a Droplet with a longer name"),
        pytest.param("web-01- 2026-03-01", None, False, id="of unknown age"),
    ],
)
def test_a_converted_backup_is_told_by_its_name(name, days, told):
    point = replace(snapshot(1, days), name=name)
    assert retention.made_from_a_backup(point, "web-01") is told
