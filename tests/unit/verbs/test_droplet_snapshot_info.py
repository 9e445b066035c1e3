# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_snapshot_info`: which snapshots match, and what is reported of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import SelectionError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_snapshot_info import (
    DropletSnapshotInfo,
    Request,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, droplet, snapshot

POINT = replace(
    snapshot(7, days=2, size=2.34), droplet_id=1, tags=("keep", "env:prod"), regions=("nyc3", "ams3"), min_disk_size=25
)
LEFT_OVER = replace(snapshot(8, days=1, size=None), droplet_id=2)


def read(*points, droplets=(1, 5), new=(), **asked):
    """The result of a task that asks for this, in an account with these snapshots and Droplets.

    Those that are `new` are not in the list yet.
    """
    known = {
        needs.AllSnapshots(): points,
        needs.AllDroplets(): tuple(droplet(key) for key in droplets),
        **{needs.DropletById(key): droplet(key) if key in new else None for key in (3, 4, 6)},
    }
    return DropletSnapshotInfo().read(Request(**asked), Facts(known=known), NOW).result


def matches(point, **asked):
    return [record["id"] for record in read(point, **asked)["snapshots"]] == [point.id]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, True),
        ({"droplet_ids": (1,)}, True),
        ({"droplet_ids": (5,)}, False),
        ({"droplet_names": ("web-01",)}, True),
        ({"droplet_names": ("web-05",)}, False),
        ({"deleted_droplets": True}, False),
        ({"tags": ("other", "KEEP")}, True),
        ({"tags": ("other",)}, False),
        ({"name": "web-*"}, True),
        ({"name": "web-0[12]- ????-02-*"}, True),
        ({"name": "WEB-*"}, False),
        ({"name": "web"}, False),
        ({"regions": ("fra1", "ams3")}, True),
        ({"regions": ("fra1",)}, False),
        ({"max_age_hours": 48.0}, True),
        ({"max_age_hours": 47.9}, False),
        ({"min_age_hours": 48.0}, True),
        ({"min_age_hours": 48.1}, False),
        ({"name": "web-*", "min_age_hours": 48.1}, False),
    ],
    ids=str,
)
def test_all_that_is_set_must_match(asked, expected):
    assert matches(POINT, **asked) is expected


def test_deleted_droplets_and_ages_that_are_not_told():
    assert matches(POINT, deleted_droplets=True, droplets=(5,))
    undated = replace(POINT, created_at=None)
    assert matches(undated)
    assert not matches(undated, max_age_hours=1000)
    assert not matches(undated, min_age_hours=0)


def test_a_safety_snapshot_is_listed_and_is_none_that_is_new_enough():
    safety = replace(POINT, name="lifeboat-before-restore.inc-1.web-01")
    assert matches(safety, min_age_hours=1)
    assert matches(safety, name="lifeboat-before-restore.*")
    assert not matches(safety, max_age_hours=1000)


def test_what_has_outlived_its_droplet():
    result = read(POINT, LEFT_OVER, droplets=(1,))
    newest, oldest = result["snapshots"]
    assert (newest["id"], newest["droplet_id"], newest["droplet_name"], newest["droplet_exists"]) == (8, 2, None, False)
    assert (oldest["droplet_name"], oldest["droplet_exists"], oldest["age_hours"]) == ("web-01", True, 48.0)
    assert result["summary"] == {
        "count": 2,
        "size_gigabytes": 2.34,
        "monthly_cost": 0.14,
        "monthly_cost_unknown": 1,
        "of_deleted_droplets": 1,
    }


def test_an_id_that_neither_a_droplet_nor_a_snapshot_has_is_an_error():
    assert [record["id"] for record in read(LEFT_OVER, droplet_ids=(2,))["snapshots"]] == [8]
    with pytest.raises(SelectionError, match="the id 4, 3"):
        read(LEFT_OVER, droplet_ids=(4, 2, 3))


def test_a_droplet_that_the_list_lacks_is_asked_for_and_one_that_left_a_snapshot_is_not():
    assert read(LEFT_OVER, droplet_ids=(6,), new=(6,))["snapshots"] == []
    (record,) = read(LEFT_OVER, droplet_ids=(2, 6), new=(6,))["snapshots"]
    assert not record["droplet_exists"]


def test_snapshots_are_read_before_droplets_and_no_tag_is_asked_for_that_shows():
    with pytest.raises(Missing) as lacking:
        DropletSnapshotInfo().read(Request(tags=("keep",)), Facts(), NOW)
    assert lacking.value.needs == (needs.AllSnapshots(),)
    for tags, next_need in (("keep",), needs.AllDroplets()), ((), needs.ImageTagsReadable("keep")):
        known = {needs.AllSnapshots(): (replace(POINT, tags=tags),)}
        with pytest.raises(Missing) as lacking:
            DropletSnapshotInfo().read(Request(tags=("keep",)), Facts(known=known), NOW)
        assert lacking.value.needs == (next_need,)
