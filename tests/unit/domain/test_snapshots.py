# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records, costs and tags of snapshots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import snapshots, text
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet, snapshot

POINT = replace(
    snapshot(7, days=2, size=2.34), droplet_id=1, tags=("keep", "env:prod"), regions=("nyc3", "ams3"), min_disk_size=25
)


def test_a_record_says_what_a_snapshot_is_and_costs():
    assert snapshots.record(POINT) == {
        "id": 7,
        "name": "web-01- 2026-02-28",
        "created_at": "2026-02-28T12:00:00Z",
        "size_gigabytes": 2.34,
        "min_disk_size": 25,
        "regions": ["nyc3", "ams3"],
        "tags": ["keep", "env:prod"],
        "monthly_cost": 0.14,
    }


def test_one_that_is_still_to_be_made_has_no_id_and_what_is_not_told_is_not_made_up():
    told = snapshots.record(replace(POINT, size_gigabytes=None, tags=None), made=False)
    assert (told["id"], told["tags"], told["monthly_cost"]) == (None, None, "unknown")


def test_costs_add_up_and_one_unknown_makes_all_unknown():
    assert snapshots.monthly_cost([]) == 0.0
    assert snapshots.monthly_cost([POINT, POINT]) == 0.28
    assert snapshots.monthly_cost([POINT, replace(POINT, size_gigabytes=None)]) == "unknown"
    assert text.priced(0.28) == "0.28 USD a month"
    assert text.priced("unknown") == "an unknown sum a month"


@pytest.mark.parametrize("tag", ["", "with space", "ä", "a/b", "x" * 256, "a,b"])
def test_what_is_no_tag_is_refused(tag):
    with pytest.raises(InputError, match="is no tag"):
        snapshots.checked_tags(["fine", tag])


def test_tags_are_taken_once_each_whatever_their_spelling():
    assert snapshots.checked_tags(["a-b_c:9", "Keep", "keep"]) == ("a-b_c:9", "Keep")
    assert snapshots.checked_tags(None) == ()


def test_a_tag_keeps_the_spelling_that_it_had_first():
    assert snapshots.missing_tags(("KEEP", "new"), POINT) == ("new",)
    assert snapshots.carried_tags(("new", "KEEP", "env:prod"), POINT) == ["KEEP", "env:prod"]
    assert snapshots.carried_tags(("env:prod", "KEEP"), POINT) == ["KEEP", "env:prod"]
    assert snapshots.missing_tags(("new",), replace(POINT, tags=None)) == ("new",)


def test_the_snapshots_of_each_droplet():
    points = [
        replace(snapshot(key), droplet_id=origin) for key, origin in [(1, 9), (2, None), (3, 4), (4, 9), (5, None)]
    ]
    own = snapshots.by_droplet(points)
    told = [(key, [point.id for point in found]) for key, found in own.items()]
    assert told == [(4, [3]), (9, [1, 4]), (None, [2, 5])]


def test_restore_points_are_parted_by_their_type():
    own = snapshots.DropletImages.holding(droplet(1), [snapshot(1), backup(2, days=2), snapshot(3)])
    assert [point.id for point in own.backups] == [2]
    assert [point.id for point in own.snapshots] == [1, 3]
    assert not own.gone
    assert not snapshots.DropletImages(droplet(1)).gone
    assert snapshots.DropletImages(replace(droplet(1), name="")).gone


def test_snapshots_that_the_droplet_tells_and_the_list_lacks():
    one = droplet(1, snapshot_ids=(9, 3, 5, 7))
    own = snapshots.DropletImages(one, snapshots=(snapshot(5), snapshot(8)))
    assert own.unlisted == (3, 7, 9)
    assert snapshots.DropletImages(droplet(1), snapshots=(snapshot(5),)).unlisted == ()
    doubt = snapshots.unlisted_doubt(own.unlisted, NOW)
    assert (doubt.until, doubt.why) == (NOW, "the Droplet has a snapshot 9, and the list of snapshots lacks it yet")


@pytest.mark.parametrize("changed", [{"created_at": None}, {"id": 9}, {}], ids=["by its id", "by its time", "by both"])
def test_a_backup_that_is_listed_as_a_snapshot_too_is_one(changed):
    converted = replace(backup(2, days=2), type="snapshot", **changed)
    own = snapshots.DropletImages(droplet(1), (backup(2, days=2), backup(4, days=1)), (converted,))
    assert [point.id for point in own.backups] == [4]
