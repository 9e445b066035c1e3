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

    @pytest.mark.parametrize(
        ("points", "told"),
        [
            (
                [left(11, 3), left(12, 2), left(13, 1, region="ams3", disk=50)],
                "(1) a Droplet whose id is not told: 2 restore points of 2026-02-27T12:00:00Z to 2026-02-28T12:00:00Z "
                "in nyc3 for disks from 25 GiB, the newest is backup 12; "
                "(2) a Droplet whose id is not told: 1 restore point of 2026-03-01T12:00:00Z in ams3 for disks from "
                "50 GiB, the newest is backup 13. Say which",
            ),
            (
                [replace(left(11, 3), regions=()), replace(left(12, 2.95), regions=("ams3", "nyc3"))],
                "(1) a Droplet whose id is not told: 2 restore points of 2026-02-27T12:00:00Z to 2026-02-27T13:12:00Z "
                "in ams3, nyc3 for disks from 25 GiB, the newest is backup 12, some too close in "
                "time to be of one Droplet. Say which",
            ),
            (
                [replace(left(11, 2.95), regions=()), left(12, 3)],
                "2026-02-27T13:12:00Z in no region for disks from 25 GiB, the newest is backup 11",
            ),
        ],
    )
    def test_what_is_left_of_each_is_told(self, points, told):
        with pytest.raises(SelectionError) as refused:
            gone.by_name(account(*points), "web")
        assert told in refused.value.message

    def test_what_was_made_within_two_hours_or_after_more_than_eight_days_is_not_of_one(self):
        """Two hours and eight days are what a plan may leave between two."""
        for first, second, one in ((3, 3 - 2 / 24, True), (3, 3 - 1.9 / 24, False), (9, 1, True), (9.1, 1, False)):
            points = [left(11, first), left(12, second)]
            if one:
                assert ids(gone.by_name(account(*points), "web")) == [12, 11]
            else:
                with pytest.raises(SelectionError):
                    gone.by_name(account(*points), "web")

    def test_two_of_one_name_by_snapshots(self):
        with pytest.raises(SelectionError, match=r"\(1\) Droplet 7: .* \(2\) Droplet 8: .* \(3\) a Droplet whose id"):
            gone.by_name(account(left(11, 3), snapshots=[kept(31, 30, 7), kept(32, 20, 8)]), "web")

    @pytest.mark.parametrize(
        "points",
        [
            pytest.param([left(key, 1 + key) for key in range(7)], id="daily"),
            pytest.param([left(key, 1 + 7 * key) for key in range(4)], id="weekly"),
            pytest.param([left(key, 1 + key / 6) for key in range(40)], id="every four hours"),
            pytest.param([left(1, 3), kept(2, 3.01, 7), left(3, 2)], id="with a snapshot right after a backup"),
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

    @pytest.mark.parametrize(
        "changed", [{"region": "ams3"}, {"type": "resize"}, {"resource_type": "image"}, {"resource_id": 9}]
    )
    def test_actions_of_another_region_kind_or_of_one_that_is_there_tell_nothing(self, changed):
        point = left(11, 3)
        there = droplet(9, "other", backup_ids=())
        (action,) = logged(6, point)
        for actions, told in (
            ((replace(action, **changed),), None),
            ((action,), 6),
            ((replace(action, region=None),), 6),
        ):
            assert gone.by_name(account(point, actions=actions, droplets=[there]), "web").droplet.id == told
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

    def test_a_snapshot_is_no_backup_of_the_log_and_what_tells_its_droplet_itself_is_believed(self):
        loose, own = replace(kept(31, 3, None), droplet_id=None), replace(left(11, 3), droplet_id=8)
        everything = account(own, snapshots=[loose], actions=logged(7, loose))
        assert gone.by_id(everything, 7) is None
        assert [point.id for point in gone.by_id(everything, 8).points] == [31, 11]

    def test_a_name_that_an_earlier_run_gave_tells_which_backups_are_meant(self):
        """One of its two snapshots bears the name; backups of another name are another Droplet's."""
        snapshots = [by_hand(31, 9, 7, region="ams3"), replace(by_hand(32, 8, 7), name="keep-web")]

        def bears(name, point):
            return point.name == f"keep-{name}"

        renamed = replace(left(13, 1), name="keep-web")
        source = gone.by_id(account(left(11, 3), left(12, 2, "db"), renamed, snapshots=snapshots), 7, bears)
        assert (source.droplet.name, ids(source), source.doubtful) == ("web", [13, 11, 32, 31], ())

    def test_of_two_names_it_has_neither_and_backups_of_both_are_its_own(self):
        """A Droplet that was renamed."""
        snapshots = [kept(31, 9, 7), kept(32, 8, 7, "db")]

        def bears(name, point):
            return point.name == f"keep-{name}"

        renamed = replace(left(12, 2), name="keep-web")
        source = gone.by_id(account(left(11, 3), renamed, snapshots=snapshots), 7, bears)
        assert (source.droplet.name, ids(source), source.doubtful) == ("", [12, 11, 32, 31], ())

    def test_backups_too_close_in_time_stay_doubtful(self):
        source = gone.by_id(account(left(11, 3), left(12, 3.05), snapshots=[kept(31, 9, 7)]), 7)
        assert (ids(source), [point.id for point in source.doubtful]) == ([31], [11, 12])

    def test_backups_go_on_what_has_a_backup_of_the_same_disk_or_else_a_snapshot_of_the_same_region(self):
        """The disk of a snapshot may be of another time."""
        small = account(left(12, 2), snapshots=[kept(31, 9, 7, disk=10)])
        assert ids(gone.by_id(small, 7)) == [12, 31]
        first = left(11, 3, disk=10)
        assert ids(gone.by_id(account(first, left(12, 2, disk=10), actions=logged(7, first)), 7)) == [12, 11]
        other = account(first, left(12, 2), snapshots=[kept(31, 9, 7)], actions=logged(7, first))
        assert (ids(gone.by_id(other, 7)), [one.id for one in gone.by_id(other, 7).doubtful]) == ([11, 31], [12])

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
        assert refused.value.droplet == 7

    @pytest.mark.parametrize(
        ("number", "ending"), [(8, "(web- 2026-02-22) of 2026-02-22T12:00:00Z."), (10, " and 2 more.")]
    )
    def test_of_many_younger_backups_the_first_eight_are_named(self, number, ending):
        source = replace(self.SOURCE, doubtful=tuple(left(100 + days, days) for days in range(1, number + 1)))
        with pytest.raises(SelectionError) as refused:
            gone.prove_newest(RestorePointSelector(newest=True), self.SOURCE.points[0], source)
        listed, _said, _rest = refused.value.message.partition(" If its name")
        assert listed.endswith(ending)
        assert listed.count("backup 1") == 8

    def test_one_of_unknown_age_is_the_newest_only_if_no_backup_may_be_younger(self):
        undated = replace(self.SOURCE.points[0], created_at=None)
        with pytest.raises(SelectionError, match="backup 11"):
            gone.prove_newest(RestorePointSelector(newest=True), undated, self.SOURCE)
        same = replace(self.SOURCE, doubtful=(left(12, 60),))
        gone.prove_newest(RestorePointSelector(newest=True), self.SOURCE.points[0], same)

    def test_all_are_not_told_where_one_may_be_anothers(self):
        with pytest.raises(SelectionError, match=r"cannot be told.*backup 12") as refused:
            gone.prove_all(self.SOURCE)
        assert refused.value.droplet == 7
        gone.prove_all(replace(self.SOURCE, doubtful=()))

    def test_what_is_older_or_not_meant_does_not_matter(self):
        gone.prove_newest(RestorePointSelector(before=NOW - timedelta(days=3)), self.SOURCE.points[0], self.SOURCE)
        gone.prove_newest(RestorePointSelector(newest=True), left(13, 1), self.SOURCE)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("", "No Droplet is called so, and no backup is left of one that is gone."),
        ("ba", "that are gone and were named a, b."),
        ("hgfedcba", "that are gone and were named a, b, c, d, e, f, g, h."),
        ("jihgfedcba", "that are gone and were named a, b, c, d, e, f, g, h and 2 more."),
    ],
)
def test_nothing_is_left_of_that_one_but_of_others(names, told):
    """Those of backups are named; a snapshot may bear any name."""
    backups = [left(key, 2, name) for key, name in enumerate(names, 1)]
    assert gone.nothing_left("is called so", account(*backups, snapshots=[kept(99, 2, 7, "z")])).endswith(told)
