# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which restore point is meant, and which is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    InputError,
    RefusedError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.restore_points import (
    RestorePointSelector,
    own_points,
    resolve,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet, snapshot

POINTS = (backup(11, days=3), snapshot(12, days=2), backup(13, days=1), backup(14, days=None))
SAFETY = replace(snapshot(15), name="lifeboat-before-restore.inc-1.web-01")
LEFT_OUT = dict.fromkeys(("backup_id", "snapshot_id", "newest", "before", "snapshot_name", "max_age_hours"))


def found(points=(*POINTS, SAFETY), **wanted):
    """A safety snapshot, younger than all others, is there and is found by its id alone."""
    return resolve(RestorePointSelector(**wanted), points, droplet(), NOW).id


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ({"backup_id": 11}, 11),
        ({"snapshot_id": 12}, 12),
        ({"backup_id": 14}, 14),
        ({"newest": True}, 13),
        ({"before": NOW - timedelta(days=1)}, 13),
        ({"before": NOW - timedelta(days=1, seconds=1)}, 12),
        ({"before": NOW - timedelta(days=3)}, 11),
        ({"snapshot_name": "web-01- 2026-02-28"}, 12),
        ({"snapshot_id": 15}, 15),
        ({"newest": True, "max_age_hours": 24}, 13),
    ],
    ids=str,
)
def test_a_restore_point_is_found(wanted, key):
    assert found(**wanted) == key


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            {"backup_id": 99, "points": POINTS},
            "Image 99 is no restore point of Droplet web-01 (1). Its own are: backup 13 (web-01- 2026-03-01) of "
            "2026-03-01T12:00:00Z; snapshot 12 (web-01- 2026-02-28) of 2026-02-28T12:00:00Z; backup 11 (web-01- "
            "2026-02-27) of 2026-02-27T12:00:00Z; backup 14 (web-01) of an unknown time. Only a Droplet's own",
        ),
        ({"backup_id": 12}, "Image 12 of Droplet web-01 (1) is a snapshot: name it with snapshot_id."),
        ({"snapshot_id": 11}, "Image 11 of Droplet web-01 (1) is a backup: name it with backup_id."),
        (
            {"before": NOW - timedelta(days=4), "points": POINTS},
            "has no such restore point as the newest restore point of 2026-02-26T12:00:00Z or before. Its own are: "
            "backup 13 (web-01- 2026-03-01) of 2026-03-01T12:00:00Z;",
        ),
        ({"newest": True, "points": ()}, "Droplet web-01 (1) has no such restore point as the newest restore"),
        ({"newest": True, "points": ()}, "It has none."),
        ({"newest": True, "points": (backup(14, days=None),)}, "backup 14 (web-01) of an unknown time."),
        ({"newest": True, "points": (SAFETY,)}, "of 2026-03-02T12:00:00Z, a safety snapshot, by its id only."),
        ({"snapshot_name": "web-01- 2026-02-27"}, "as the newest snapshot named 'web-01- 2026-02-27'. Its own are"),
        ({"snapshot_name": SAFETY.name, "points": (SAFETY,)}, "a safety snapshot, by its id only."),
    ],
    ids=str,
)
def test_what_is_not_there_is_a_sentence(wanted, sentence):
    with pytest.raises(SelectionError) as caught:
        found(**wanted)
    assert sentence in caught.value.message
    assert caught.value.droplet == 1


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"newest": True, "max_age_hours": 23.9}, "24.0 hours old, and max_age_hours allows 23.9."),
        ({"backup_id": 14, "max_age_hours": 1}, "of unknown age, and max_age_hours allows 1."),
    ],
    ids=str,
)
def test_an_older_one_than_allowed_is_refused(wanted, told):
    with pytest.raises(RefusedError, match="of Droplet web-01") as caught:
        found(**wanted)
    assert told in caught.value.message
    assert caught.value.droplet == 1


def test_a_long_list_is_cut():
    points = [backup(100 + number, days=number) for number in range(25)]
    told = own_points(points)
    assert told.count(";") == 20
    assert told.endswith("; and 5 older ones.")
    assert own_points(points[:20]).endswith(f"{points[19]} of {points[19].created_at:%Y-%m-%dT%H:%M:%SZ}.")


@given(st.permutations(POINTS), st.integers(0, 5))
def test_the_order_of_the_list_does_not_matter(points, days):
    wanted = {"before": NOW - timedelta(days=days)} if days else {"newest": True}
    try:
        expected = found(**wanted)
    except SelectionError:
        with pytest.raises(SelectionError):
            found(points, **wanted)
    else:
        assert found(points, **wanted) == expected


def test_options_are_read():
    wanted = RestorePointSelector.from_options(
        {**LEFT_OUT, "before": "2026-03-02T13:00:00+01:00", "max_age_hours": 6.0}
    )
    assert wanted == RestorePointSelector(before=NOW, max_age_hours=6.0)
    assert wanted.id is None
    assert RestorePointSelector.from_options({**LEFT_OUT, "snapshot_id": 7}).id == 7


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"before": "yesterday"}, "before 'yesterday' is not a time with its zone"),
        ({"before": "2026-03-02T12:00:00"}, "is not a time with its zone: write it like 2026-03-11T09:30:00Z."),
        ({"backup_id": 0}, "backup_id 0 is not the id of an image"),
        ({"snapshot_id": -1}, "snapshot_id -1 is not the id of an image"),
        ({"snapshot_name": " "}, "snapshot_name is empty"),
        ({"newest": True, "max_age_hours": 0.0}, "max_age_hours 0.0 must be above 0."),
    ],
    ids=str,
)
def test_bad_options_are_refused(given, sentence):
    with pytest.raises(InputError) as caught:
        RestorePointSelector.from_options({**LEFT_OUT, **given})
    assert sentence in caught.value.message
