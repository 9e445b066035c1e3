# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a Droplet that is gone, and when two of one name are told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import gone
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import ScopeError, SelectionError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.restore_points import RestorePointSelector
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet, snapshot


def left(key, days, name="web", region="nyc3", disk=25):
    """A backup of a Droplet that is gone."""
    return replace(backup(key, days, name), regions=(region,), min_disk_size=disk)


def kept(key, days, owner, name="web", region="nyc3", disk=25):
    """A snapshot that was a backup."""
    return replace(snapshot(key, days, name), regions=(region,), min_disk_size=disk, droplet_id=owner)


def by_hand(key, days, owner, name="by hand", region="nyc3"):
    return replace(kept(key, days, owner, region=region), name=name)


def logged(owner, *points, region="nyc3", kind="backup"):
    """The log of how these were made."""
    return tuple(
        Action(9000 + point.id, kind, "completed", owner, "droplet", point.created_at, region=region)
        for point in points
    )


def account(*images, snapshots=(), actions=(), droplets=()):
    return gone.Account(tuple(droplets), images, tuple(snapshots), tuple(actions))


def ids(source):
    return [point.id for point in source.points]


class TestByName:
    def test_its_backups_newest_first_and_nothing_of_others(self):
        there = droplet(1, "web-02", backup_ids=(21,))
        everything = account(left(11, 3), left(12, 2), left(13, 2, "webby"), left(21, 1, "web"), droplets=[there])
        source = gone.by_name(everything, "web")
        assert ids(source) == [12, 11]
        assert (source.droplet.id, source.droplet.name, source.doubtful) == (None, "web", ())

    def test_a_snapshot_that_was_a_backup_tells_the_id_and_with_it_all_snapshots(self):
        snapshots = (kept(31, 9, 7), by_hand(32, 1, 7), by_hand(33, 1, 8), kept(34, 9, 9, "other"))
        source = gone.by_name(account(left(11, 3), snapshots=snapshots), "web")
        assert (source.droplet.id, ids(source)) == (7, [32, 11, 31])

    def test_the_log_tells_the_id_and_with_it_backups_that_somebody_renamed(self):
        renamed = replace(left(12, 2), name="keep-it")
        source = gone.by_name(account(left(11, 3), renamed, actions=logged(7, left(11, 3), renamed)), "web")
        assert (source.droplet.id, ids(source)) == (7, [12, 11])

    def test_a_name_that_an_earlier_run_gave_counts(self):
        renamed = replace(left(12, 2), name="keep-web")
        everything = account(left(11, 3), renamed, snapshots=[kept(31, 9, 7)])

        def bears(name, point):
            return point.name == f"keep-{name}"

        assert ids(gone.by_name(everything, "web", bears)) == [12, 11, 31]
        assert ids(gone.by_id(everything, 7, bears)) == [12, 11, 31]
        assert ids(gone.by_name(everything, "web")) == [11, 31]

    @pytest.mark.parametrize("late", ["the snapshots", "the images"])
    def test_one_that_became_a_snapshot_just_now_is_that_once_whichever_list_is_late(self, late):
        images, snapshots = [replace(left(12, 2), type="snapshot")], [kept(12, 2, 7)]
        if late == "the images":
            images = [left(12, 2)]
        else:
            snapshots = []
        source = gone.by_name(account(left(11, 3), *images, snapshots=snapshots), "web")
        assert [(point.id, point.type) for point in source.points] == [(12, "snapshot"), (11, "backup")]

    def test_snapshots_of_those_that_are_there_are_not_of_one_that_is_gone(self):
        there = droplet(7, "other", backup_ids=(), snapshot_ids=(12, 13))
        images = [replace(left(key, 2), type="snapshot") for key in (12, 13)]
        source = gone.by_name(account(left(11, 3), *images, snapshots=[kept(13, 2, 7)], droplets=[there]), "web")
        assert ids(source) == [11]

    def test_nothing_is_left(self):
        assert gone.by_name(account(left(11, 3)), "other") is None
        there = droplet(7, "web", backup_ids=(11,))
        assert gone.by_name(account(left(11, 3), snapshots=[kept(31, 9, 7)], droplets=[there]), "web") is None

    def test_hidden_backups(self):
        with pytest.raises(ScopeError, match="image:read"):
            gone.by_name(account(left(11, 3), droplets=[droplet(1)]), "web")

    @pytest.mark.parametrize(
        ("points", "actions"),
        [
            pytest.param([left(11, 3), left(12, 2, region="ams3")], (), id="in two regions"),
            pytest.param([left(11, 3), left(12, 2, disk=50)], (), id="with disks of two sizes"),
            pytest.param([left(11, 20), left(12, 2)], (), id="with weeks without a backup between them"),
            pytest.param([left(11, 3), left(12, 3.05)], (), id="twice within an hour"),
            pytest.param(
                [left(11, 3), left(12, 2)], [*logged(7, left(11, 3)), *logged(8, left(12, 2))], id="by the log"
            ),
        ],
    )
    def test_two_of_one_name_are_refused_and_told_apart(self, points, actions):
        with pytest.raises(SelectionError) as refused:
            gone.by_name(account(*points, actions=actions), "web")
        message = refused.value.message
        assert "More than one Droplet that is gone was named 'web'" in message
        if "(2)" in message:
            assert "backup 11" in message
        assert "backup 12" in message or "too close in time" in message

    def test_two_of_one_name_by_snapshots(self):
        with pytest.raises(SelectionError, match=r"\(1\) Droplet 7: .* \(2\) Droplet 8: .* \(3\) a Droplet whose id"):
            gone.by_name(account(left(11, 3), snapshots=[kept(31, 30, 7), kept(32, 20, 8)]), "web")

    @pytest.mark.parametrize(
        "points",
        [
            pytest.param([left(key, 1 + key) for key in range(7)], id="daily"),
            pytest.param([left(key, 1 + 7 * key) for key in range(4)], id="weekly"),
            pytest.param([left(key, 1 + key / 6) for key in range(40)], id="every four hours"),
            pytest.param([left(1, 9), left(2, 2), left(3, 1)], id="from weekly to daily"),
        ],
    )
    def test_one_with_a_plan_is_one(self, points):
        assert len(gone.by_name(account(*points), "web").points) == len(points)

    def test_a_log_that_tells_of_some_backups_only(self):
        """It was read as far back as a task may."""
        old, new = left(11, 3), left(12, 2)
        source = gone.by_name(account(old, new, actions=logged(7, new)), "web")
        assert (source.droplet.id, ids(source)) == (7, [12, 11])

    def test_actions_of_another_region_kind_or_of_one_that_is_there_tell_nothing(self):
        point = left(11, 3)
        there = droplet(9, "other", backup_ids=())
        actions = [*logged(6, point, region="ams3"), *logged(7, point, kind="resize"), *logged(9, point)]
        assert gone.by_name(account(point, actions=actions, droplets=[there]), "web").droplet.id is None
        both = [*logged(6, point), *logged(7, point)]
        assert gone.by_name(account(point, actions=both), "web").droplet.id is None

    @given(
        st.lists(
            st.tuples(st.sampled_from(["web", "db"]), st.sampled_from(["nyc3", "ams3"]), st.integers(1, 20)), max_size=8
        )
    )
    def test_two_regions_are_never_one_droplet(self, made):
        points = [left(key, days, name, region) for key, (name, region, days) in enumerate(made, 1)]
        mine = [point for point in points if point.name.startswith("web")]
        regions = {region for point in mine for region in point.regions}
        try:
            source = gone.by_name(account(*points), "web")
        except SelectionError:
            assert len(mine) > 1
        else:
            assert len(regions) <= 1
            assert (source is None) == (not mine)
            if source:
                assert set(source.points) == set(mine)


class TestById:
    def test_by_the_log(self):
        points = [left(11, 3), left(12, 2), left(13, 1)]
        everything = account(*points, actions=[*logged(7, *points[:2]), *logged(8, points[2])])
        source = gone.by_id(everything, 7)
        assert (ids(source), source.droplet.name, source.doubtful) == ([12, 11], "web", ())

    def test_by_a_snapshot_that_was_a_backup(self):
        source = gone.by_id(account(left(11, 3), left(12, 2, "db"), snapshots=[kept(31, 9, 7)]), 7)
        assert (ids(source), source.droplet.name, source.doubtful) == ([11, 31], "web", ())

    def test_a_snapshot_by_hand_tells_no_name_so_any_backup_may_be_its_droplet_s(self):
        everything = account(left(11, 3), left(12, 2, region="ams3"), snapshots=[by_hand(31, 60, 7)])
        source = gone.by_id(everything, 7)
        assert (ids(source), source.droplet.name, [point.id for point in source.doubtful]) == ([31], "", [11])

    def test_two_of_one_name_where_one_is_known(self):
        source = gone.by_id(account(left(11, 3), snapshots=[kept(31, 9, 7), kept(32, 8, 8)]), 7)
        assert (ids(source), [point.id for point in source.doubtful]) == ([31], [11])

    def test_nothing_is_left(self):
        assert gone.by_id(account(left(11, 3)), 7) is None


class TestProving:
    SOURCE = gone.Source(droplet(7), (by_hand(31, 60, 7),), (left(12, 2), left(11, 80)))

    @pytest.mark.parametrize("days", [None, 1, 2])
    def test_a_snapshot_is_not_the_newest_where_a_younger_backup_may_be_its_droplet_s(self, days):
        wanted = (
            RestorePointSelector(newest=True)
            if days is None
            else RestorePointSelector(before=NOW - timedelta(days=days))
        )
        with pytest.raises(SelectionError) as refused:
            gone.prove_newest(wanted, self.SOURCE.points[0], self.SOURCE)
        assert "backup 12" in refused.value.message
        assert "backup 11" not in refused.value.message

    def test_all_are_not_told_where_one_may_be_anothers(self):
        with pytest.raises(SelectionError, match=r"cannot be told.*backup 12"):
            gone.prove_all(self.SOURCE)
        gone.prove_all(replace(self.SOURCE, doubtful=()))

    def test_what_is_older_or_not_meant_does_not_matter(self):
        gone.prove_newest(RestorePointSelector(before=NOW - timedelta(days=3)), self.SOURCE.points[0], self.SOURCE)
        gone.prove_newest(RestorePointSelector(newest=True), left(13, 1), self.SOURCE)
