# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of backups, and which backups nobody owns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import orphans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet, snapshot

A_MINUTE = timedelta(minutes=1)
hostnames = st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9.\-]{0,20}[a-zA-Z0-9]|[a-zA-Z0-9]", fullmatch=True)
legacy = st.builds("{} - {:%Y-%m-%d}".format, hostnames, st.dates()) | st.builds("{} {}".format, hostnames, hostnames)
names = hostnames | legacy | st.builds("{}-{:%Y-%m-%d}".format, hostnames, st.dates())
forms = st.sampled_from(("{} - {}", "{}- {}", "{} {}"))


def bearing(name, days=1.0):
    return replace(backup(1, days), name=name)


@given(names, forms, st.floats(0, 400))
def test_the_name_of_a_backup_tells_that_of_its_droplet(name, form, days):
    made = NOW - timedelta(days=days)
    assert orphans.droplet_name(bearing(form.format(name, f"{made:%Y-%m-%d}"), days)) == name


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("web-01- 2026-03-01", "web-01", id="as the API gives it"),
        pytest.param("web-01 - 2026-03-01", "web-01", id="or so"),
        pytest.param("web-01 2026-03-01", "web-01", id="or so, too"),
        pytest.param("web-2026-03-01- 2026-03-01", "web-2026-03-01", id="a Droplet with a date in its name"),
        pytest.param("web - 2025-03-01 - 2026-03-01", "web - 2025-03-01", id="a Droplet called like a backup"),
        pytest.param("2026-03-01 2026-03-01", "2026-03-01", id="a date and a date"),
        pytest.param("web-01- 2026-03-02", "web-01", id="a day later in another zone"),
        pytest.param("web-01- 2026-02-28", "web-01", id="a day before"),
        pytest.param("web-01- 2026-03-04", None, id="the date of another day"),
        pytest.param("web-01- 2026-13-41", None, id="no date"),
        pytest.param("web-01-2026-03-01", None, id="no space: named by somebody"),
        pytest.param("- 2026-03-01", None, id="no name"),
        pytest.param(" 2026-03-01", None, id="nothing"),
        pytest.param("2026-03-01", None, id="a date alone"),
        pytest.param("before the upgrade", None, id="no date at all"),
        pytest.param("web-01- 2026-03-01 kept", None, id="something behind it"),
        pytest.param("", None, id="empty"),
    ],
)
def test_names(name, told):
    assert orphans.droplet_name(bearing(name)) == told


def test_without_a_time_of_its_own_a_name_tells_nothing():
    assert orphans.droplet_name(replace(backup(1), created_at=None)) is None


def ids(points):
    return [point.id for point in points]


ages = st.floats(0.1, 40)
some = st.lists(st.builds(backup, st.integers(1, 30), ages, hostnames), max_size=8, unique_by=lambda point: point.id)


@given(some, st.sets(st.integers(1, 30)), st.randoms(use_true_random=False))
def test_what_a_droplet_owns_is_no_orphan_and_what_none_owns_is(images, owned, random):
    droplets = [droplet(key, "other!", backup_ids=()) for key in (1, 2)]
    for key in owned:
        chosen = random.choice([0, 1])
        droplets[chosen] = replace(droplets[chosen], backup_ids=(*droplets[chosen].backup_ids, key))
    found = orphans.orphaned(images, droplets, NOW, A_MINUTE)
    assert set(ids(found)) == {point.id for point in images} - owned
    made = [point.created_at for point in found]
    assert made == sorted(made, reverse=True)


def test_one_hidden_list_of_backups_hides_whose_any_backup_is():
    droplets = [droplet(1, backup_ids=(7,)), droplet(2)]
    assert orphans.orphaned([backup(8, 3)], droplets, NOW, A_MINUTE) is None
    assert ids(orphans.orphaned([backup(8, 3)], droplets[:1], NOW, A_MINUTE)) == [8]


def test_snapshots_and_images_of_other_types_are_no_orphans():
    assert orphans.orphaned([snapshot(1, 3), backup(2, 3, kind="custom"), backup(3, None)], [], NOW, A_MINUTE) == []


@pytest.mark.parametrize(
    ("name", "minutes", "is_orphaned"),
    [
        pytest.param("gone", 0.9, False, id="younger than the lag"),
        pytest.param("gone", 1, True, id="as old as the lag"),
        pytest.param("gone", -1, False, id="made while the lists were read"),
        pytest.param("web-01", 60.9, False, id="perhaps just finished, and of a Droplet that there is"),
        pytest.param("web-01", 61, True, id="of one that was called so"),
        pytest.param("large", 300, False, id="100 GiB take up to five hours"),
        pytest.param("large", 301, True, id="and no longer"),
    ],
)
def test_a_young_backup_may_only_be_late_in_its_droplet_s_list(name, minutes, is_orphaned):
    point = backup(1, minutes / 1440, name, size=100.0 if name == "large" else 1.0)
    there = [droplet(key, name, backup_ids=()) for key, name in enumerate(("web-01", "large"), 1)]
    assert bool(orphans.orphaned([point], there, NOW, A_MINUTE)) == is_orphaned


def test_a_report_says_what_there_is_to_restore_from():
    point = replace(backup(7, 2, size=2.34), regions=("nyc3",), min_disk_size=25)
    assert orphans.report([point], NOW) == [
        {
            "id": 7,
            "name": "web-01- 2026-02-28",
            "droplet_name": "web-01",
            "created_at": "2026-02-28T12:00:00Z",
            "age_hours": 48.0,
            "expires_by": "2026-03-28T12:00:00Z",
            "size_gigabytes": 2.34,
            "min_disk_size": 25,
            "regions": ["nyc3"],
        }
    ]
    assert orphans.report([backup(8, 28)], NOW)[0]["expires_by"] is None
