# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `backup_to_snapshot` plans, says and refuses, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, SelectionError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.gone import Account, Source
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Droplet
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    ConvertBackup,
    Doubt,
    RenameImage,
    Tag,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.restore_points import RestorePointSelector
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.snapshots import DropletImages
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import backup_to_snapshot as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet, snapshot
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done

ONE = Selection(ids=(1,))
NEWEST = RestorePointSelector(newest=True)
NAME = "keep-{droplet}-{date}"
OPTIONS = {
    "backup_id": None,
    "newest": None,
    "before": None,
    "all_backups": None,
    "snapshot_name": None,
    "tags": [],
    "exclude_tag": None,
    "allow_empty": False,
}


def wanted(which=NEWEST, **given):
    return plans.Request(**{"selection": ONE, "wanted": which, **given})


def seen(*points, made=(), image=None, of=None):
    """Droplet 1 with these restore points."""
    told = [replace(point, tags=point.tags or ()) for point in points]
    return plans.Seen((DropletImages.holding(of or droplet(1), told),), frozenset(made), image)


def change(request, state):
    (planned,) = plans.plan(request, state, NOW).changes
    return planned


def by_hand(key, days, name="by hand"):
    return replace(snapshot(key, days), name=name)


def kept(key, days):
    """A snapshot with the name that NAME gives."""
    return by_hand(key, days, f"keep-web-01-{NOW - timedelta(days=days):%Y-%m-%d}")


class TestTheRequest:
    """Options become a typed request."""

    def test_what_is_given_is_taken(self):
        given = {**OPTIONS, "before": "2026-03-01T00:00:00Z", "snapshot_name": NAME, "tags": ["b", "a"]}
        made = plans.request(ONE, given)
        assert (made.wanted.before.day, made.name, made.tags) == (1, NAME, ("b", "a"))

    def test_all_backups_asks_for_no_single_one(self):
        assert plans.request(ONE, {**OPTIONS, "all_backups": True}).wanted is None

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"before": "yesterday"}, "is not a time with its zone"),
            ({"backup_id": 0}, "backup_id 0 is not the id of an image"),
            ({"backup_id": 5, "exclude_tag": ["x"]}, "exclude_tag goes with a selection of Droplets"),
            ({"backup_id": 5, "allow_empty": True}, "allow_empty goes with a selection of Droplets"),
            ({"newest": True, "snapshot_name": "{name}"}, "which is not among its placeholders"),
            ({"newest": True, "tags": ["a b"]}, "which is no tag"),
        ],
    )
    def test_what_is_wrong_is_refused(self, given, says):
        with pytest.raises(InputError, match=says):
            plans.request(ONE, {**OPTIONS, **given})


@pytest.mark.parametrize(
    ("points", "request_", "steps"),
    [
        pytest.param(
            [backup(11, 1), backup(12, 2)],
            wanted(),
            [ConvertBackup(11, 1.0)],
            id="the newest, under its own name",
        ),
        pytest.param(
            [backup(11, 1)],
            wanted(name=NAME, tags=("a", "b")),
            [
                RenameImage(11, "keep-web-01-2026-03-01"),
                ConvertBackup(11, 1.0),
                Tag("a", "image", None),
                Tag("b", "image", None),
            ],
            id="renamed first, so that a rerun knows it; tagged in the end, when its id is known",
        ),
        pytest.param(
            [kept(21, 1), backup(12, 2)],
            wanted(name=NAME),
            [],
            id="the winner is a snapshot that was made on this night",
        ),
        pytest.param([snapshot(21, 1), backup(12, 2)], wanted(), [ConvertBackup(12, 1.0)], id="not known to be made"),
        pytest.param([kept(21, 2), backup(11, 1)], wanted(name=NAME), "11", id="the next night"),
        pytest.param(
            [replace(kept(21, 1), tags=("A",)), backup(12, 2)],
            wanted(name=NAME, tags=("a", "b")),
            [Tag("b", "image", 21)],
            id="its tags are seen to",
        ),
        pytest.param(
            [backup(11, 1), backup(12, 2), backup(13, 3)],
            wanted(RestorePointSelector(before=NOW - timedelta(days=2))),
            [ConvertBackup(12, 1.0)],
            id="the newest that is not younger",
        ),
        pytest.param(
            [backup(11, 1), backup(12, 2)],
            wanted(None),
            [ConvertBackup(11, 1.0), ConvertBackup(12, 1.0)],
            id="all of them",
        ),
        pytest.param([by_hand(21, 1)], wanted(None), [], id="all of none"),
        pytest.param(
            [kept(21, 1), by_hand(22, 1), backup(12, 2)],
            wanted(None, name=NAME, tags=("a",)),
            [
                Tag("a", "image", 21),
                RenameImage(12, "keep-web-01-2026-02-28"),
                ConvertBackup(12, 1.0),
                Tag("a", "image", None),
            ],
            id="all of them, of which an earlier run has made one, and none by hand is touched",
        ),
        pytest.param(
            [by_hand(21, 1), backup(12, 2)],
            wanted(name=NAME),
            [RenameImage(12, "keep-web-01-2026-02-28"), ConvertBackup(12, 1.0)],
            id="a snapshot by hand does not count",
        ),
    ],
)
def test_the_steps(points, request_, steps):
    if steps == "11":
        steps = [RenameImage(11, "keep-web-01-2026-03-01"), ConvertBackup(11, 1.0)]
    assert list(change(request_, seen(*points)).steps) == steps


def test_a_snapshot_known_to_be_made_from_a_backup_counts_and_gets_its_name():
    state = seen(by_hand(21, 1, "web-01- 2026-03-01"), backup(12, 2), made=[21])
    assert change(wanted(), state).steps == ()
    assert change(wanted(name=NAME), state).steps == (RenameImage(21, "keep-web-01-2026-03-01"),)


@pytest.mark.parametrize(
    ("points", "request_", "asked"),
    [
        ([by_hand(21, 3), backup(12, 2)], wanted(), []),
        ([by_hand(21, 1), by_hand(22, 3), backup(12, 2)], wanted(), [21]),
        ([by_hand(21, 1), by_hand(22, 3)], wanted(), [21, 22]),
        ([kept(21, 1), backup(12, 2)], wanted(name=NAME), []),
        (
            [by_hand(21, 1), by_hand(22, 2), backup(12, 3)],
            wanted(RestorePointSelector(before=NOW - timedelta(days=2))),
            [22],
        ),
        ([by_hand(21, 1)], wanted(None), []),
        ([by_hand(21, 1)], wanted(RestorePointSelector(backup_id=21), selection=None), []),
        ([by_hand(21, None)], wanted(), []),
    ],
)
def test_only_where_it_matters_is_asked_what_a_snapshot_was(points, request_, asked):
    assert [point.id for _droplet, own in plans.doubtful(request_, seen(*points)) for point in own] == asked


def test_tags_are_asked_for_only_where_some_are_wanted():
    own = (DropletImages.holding(droplet(1), [backup(11, 1), backup(12, 2)]),)
    state = plans.Seen(own)
    assert plans.untold(wanted(), state, NOW) == []
    assert [point.id for point in plans.untold(wanted(tags=("a",)), state, NOW)] == [11]
    told = state.with_tags([replace(backup(11, 1), tags=("x",))])
    assert plans.untold(wanted(tags=("a",)), told, NOW) == []


def test_it_says_what_becomes_of_the_restore_points_and_what_that_costs():
    planned = change(wanted(name=NAME, tags=("b", "a")), seen(backup(11, 1, size=10.0), backup(12, 2), snapshot(22, 9)))
    assert planned.before == {
        "restore_points": [{"type": "backup", "name": "web-01- 2026-03-01", "tags": []}],
        "backups": 2,
        "monthly_cost": 0.0,
    }
    assert planned.after == {
        "restore_points": [{"type": "snapshot", "name": "keep-web-01-2026-03-01", "tags": ["a", "b"]}],
        "backups": 1,
        "monthly_cost": 0.6,
    }
    assert planned.notes == (
        "1 of 2 backups becomes a snapshot, which does not expire and costs 0.60 USD a month; left besides: 1 backup",
    )
    assert plans.describe(planned.before) == "backup 'web-01- 2026-03-01'; 2 backups; snapshots for 0.00 USD a month"
    assert plans.describe(planned.after) == (
        "snapshot 'keep-web-01-2026-03-01' tagged a, b; 1 backup; snapshots for 0.60 USD a month"
    )
    assert planned.extra_result["snapshots"][0]["id"] is None
    assert planned.extra_result["snapshots"][0]["tags"] == ["b", "a"]


def test_it_says_so_for_several_and_for_one_of_unknown_size():
    planned = change(wanted(None), seen(backup(11, 1), backup(12, 2)))
    assert planned.notes == (
        "2 of 2 backups become snapshots, which do not expire and together cost 0.12 USD a month; left besides: "
        "0 backups",
    )
    planned = change(wanted(), seen(backup(11, 1, size=None)))
    assert planned.after["monthly_cost"] == "unknown"
    assert "costs an unknown sum a month" in planned.notes[0]


def test_one_that_is_as_it_should_be_is_told_with_its_id():
    planned = change(wanted(name=NAME), seen(kept(21, 1), backup(12, 2)))
    assert planned.before == planned.after
    assert planned.notes == ()
    assert planned.extra_result["snapshots"][0]["id"] == 21


class TestADropletWithNothingToKeep:
    """It is an error where it was called for, and a warning where a tag or all described it."""

    STATE = plans.Seen((DropletImages(droplet(1)), DropletImages.holding(droplet(2), [backup(12, 2)])))

    def test_called(self):
        with pytest.raises(SelectionError, match=r"Droplet web-01 \(1\) has no backup that could be kept\."):
            plans.plan(wanted(selection=Selection(ids=(1, 2))), self.STATE, NOW)

    def test_described(self):
        plan = plans.plan(wanted(selection=Selection(everything=True)), self.STATE, NOW)
        assert [len(change.steps) for change in plan.changes] == [0, 1]
        assert plan.changes[0].skipped
        assert plan.changes[0].before == plan.changes[0].after
        assert "web-01" in plan.warnings[0]
        assert plans.untold(wanted(selection=Selection(everything=True), tags=("a",)), self.STATE, NOW) == [
            backup(12, 2)
        ]


def test_one_name_for_several_backups_is_refused():
    with pytest.raises(InputError, match=r"the same name to several of the 2 backups of Droplet web-01 \(1\)\. Put"):
        plans.plan(wanted(None, name="kept"), seen(backup(11, 1), backup(12, 2)), NOW)
    assert change(wanted(None, name="kept", tags=("a",)), seen(backup(11, 1), by_hand(21, 9, "kept"))).steps


class TestById:
    """`backup_id`, with and without its Droplet, and when the id is gone."""

    REQUEST = wanted(RestorePointSelector(backup_id=11), selection=None, name="kept")
    GONE = Droplet(None, "")

    def test_one_whose_droplet_is_gone(self):
        image = backup(11, 40)
        planned = change(self.REQUEST, seen(image, image=image, of=self.GONE))
        assert planned.steps == (RenameImage(11, "kept"), ConvertBackup(11, 1.0))
        assert planned.after["backups"] is None
        assert planned.notes == (
            "the backup becomes a snapshot, which does not expire and costs 0.06 USD a month; its Droplet is gone",
        )
        assert plans.describe(planned.after) == "snapshot 'kept'; snapshots for 0.06 USD a month"
        assert (planned.request.selection, planned.request.droplet) == (None, self.GONE)

    def test_a_name_that_needs_its_droplet_is_refused(self):
        image = backup(11, 40)
        request = replace(self.REQUEST, name="{droplet}")
        with pytest.raises(InputError, match=r"Leave {droplet} out\."):
            plans.plan(request, seen(image, image=image, of=self.GONE), NOW)

    def test_one_that_is_a_snapshot_by_now(self):
        image = replace(snapshot(11, 40), tags=())
        assert change(self.REQUEST, seen(image, image=image)).steps == (RenameImage(11, "kept"),)
        renamed = replace(image, name="kept")
        assert change(self.REQUEST, seen(renamed, image=renamed)).steps == ()

    @pytest.mark.parametrize("image", [replace(snapshot(11), public=True), backup(11, kind="base")])
    def test_another_image_is_refused(self, image):
        with pytest.raises(SelectionError, match=r"Image 11 .* is no backup"):
            plans.the_image(image)
        assert plans.the_image(backup(11)) == backup(11)

    def test_without_a_name_one_that_is_gone_cannot_be_found(self):
        with pytest.raises(SelectionError, match=r"There is no image 11\. .* with snapshot_name"):
            plans.named(replace(self.REQUEST, name=None), [snapshot(21)], {})

    def test_by_its_name(self):
        there = [by_hand(21, 1, "kept"), by_hand(22, 2)]
        assert plans.named(self.REQUEST, there, {}).id == 21
        with pytest.raises(SelectionError, match=r"There is no image 11, and no snapshot that bears the name 'kept'\."):
            plans.named(self.REQUEST, there[1:], {})
        with pytest.raises(SelectionError, match=r"2 snapshots bear the name 'kept': snapshot 21 .*, snapshot 23 "):
            plans.named(self.REQUEST, [*there, by_hand(23, 3, "kept")], {})

    def test_by_a_name_with_the_droplet_in_it(self):
        request = replace(self.REQUEST, name=NAME)
        own = replace(kept(21, 1), droplet_id=1)
        other = replace(kept(22, 1), droplet_id=2)
        there = {1: droplet(1), 2: droplet(2)}
        assert plans.named(request, [own, other], there).id == 21


class TestTheEnd:
    """Planned again, nothing is left of what has come about."""

    PLANNED = change(wanted(name=NAME, tags=("a",)), seen(backup(11, 1)))
    DONE = replace(kept(21, 1), tags=("a",))

    def again(self, *points):
        return change(plans.resumed(self.PLANNED, self.PLANNED.steps), seen(*points))

    @pytest.mark.parametrize("key", [11, 21], ids=["same id", "new id"])
    def test_done(self, key):
        again = self.again(replace(self.DONE, id=key))
        assert is_done(again)
        assert [found["id"] for found in again.extra_result["snapshots"]] == [key]

    @pytest.mark.parametrize(
        ("points", "left"),
        [
            ([backup(11, 1)], PLANNED.steps),
            ([snapshot(11, 1)], (RenameImage(11, "keep-web-01-2026-03-01"), Tag("a", "image", 11))),
            ([replace(DONE, tags=())], (Tag("a", "image", 21),)),
        ],
        ids=["still a backup", "another name", "no tag"],
    )
    def test_not_done(self, points, left):
        assert self.again(*points).steps == left

    @pytest.mark.parametrize("points", [[], [kept(21, 2)]], ids=["nothing", "another night's"])
    def test_not_there(self, points):
        with pytest.raises(SelectionError, match=r"Image 11 \(web-01- 2026-03-01\) has expired or was deleted"):
            self.again(*points)


def carry_out(step, points, new_id):
    """The restore points after a step, under one of the two readings of what converting does to an id."""
    found = {point.id: point for point in points}
    if isinstance(step, RenameImage):
        found[step.image] = replace(found[step.image], name=step.name)
    elif isinstance(step, ConvertBackup):
        old = found.pop(step.image_id)
        key = old.id + 1000 if new_id else old.id
        found[key] = replace(old, id=key, type="snapshot")
    else:
        found[step.resource] = replace(found[step.resource], tags=(*found[step.resource].tags, step.name))
    return list(found.values())


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=5, unique=True),
    st.sampled_from([NEWEST, RestorePointSelector(before=NOW - timedelta(days=5)), None]),
    st.sampled_from([None, NAME]),
    st.sampled_from([(), ("a", "b")]),
    st.booleans(),
    st.integers(0, 20),
)
def test_whenever_it_is_cut_off_a_rerun_ends_it_and_converts_nothing_more(days, which, name, tags, new_id, cut):
    """Step by step, planned again after each; cut off after `cut` steps and begun anew, under both readings of ids."""
    points = [replace(backup(key, day), tags=()) for key, day in enumerate(days, 1)]
    before = {point.created_at for point in points}
    request = wanted(which, name=name, tags=tags)
    pinned, converted = request, []
    for sent in range(1, 60):
        state = seen(*points, made=[point.id for point in points if point.type == "snapshot"])
        try:
            planned = change(pinned, state)
        except SelectionError:
            assert which.before
            assert all(day < 5 for day in days)
            return
        if not planned.steps:
            assert is_done(planned)
            break
        assert change(plans.resumed(planned, planned.steps), state).steps == planned.steps
        points = carry_out(planned.steps[0], points, new_id)
        converted += [step for step in planned.steps[:1] if isinstance(step, ConvertBackup)]
        pinned = request if sent == cut else plans.resumed(planned, planned.steps[:1])
    else:
        pytest.fail("it never ends")
    assert {point.created_at for point in points} == before
    made = [point for point in points if point.type == "snapshot"]
    assert len(converted) == len(made) == (len(days) if which is None else 1)
    for point in made:
        assert set(point.tags) == set(tags)
        assert point.name == f"{'keep-web-01-' if name else 'web-01- '}{point.created_at:%Y-%m-%d}"
    assert change(request, seen(*points, made=[point.id for point in made])).steps == ()


class TestOfOneThatIsGone:
    NOBODY = SelectionError("No Droplet is named 'web-01'.")
    LEFT = Account((), (backup(11, 2), backup(12, 1)), ())

    def left(self, *names, name=None, account=LEFT):
        request_ = wanted(name=name, selection=Selection(names=names))
        return plans.left_of(request_, account, self.NOBODY)

    def seen(self, source, made=()):
        tagged = [replace(point, tags=()) for point in source.points]
        return plans.Seen((DropletImages.holding(source.droplet, tagged, deleted=True),), frozenset(made), left=source)

    def test_its_newest_backup_is_kept_and_planned_again_by_its_own_id(self):
        found = change(wanted(name=NAME), self.seen(self.left("web-01", name=NAME)))
        assert found.steps == (RenameImage(12, "keep-web-01-2026-03-01"), ConvertBackup(12, 1.0))
        assert (found.request.selection, found.request.droplet.name, found.before["backups"]) == (ONE, "web-01", None)
        assert [point.id for point in found.request.chosen] == [12]
        assert "its Droplet is gone" in found.notes[0]

    def test_what_became_of_it_is_found_among_the_images_of_the_account(self):
        found = change(wanted(name=NAME), self.seen(self.left("web-01", name=NAME)))
        made, younger = replace(kept(1012, 1), tags=()), backup(13, 0.5)
        for images, left in (((made, younger), ()), ((backup(11, 2), backup(12, 1), younger), found.steps)):
            facts = Facts(known={needs.OwnImages(): images})
            plan = plans.BackupToSnapshot().plan(plans.resumed(found, found.steps), facts, NOW)
            (again,) = plan.changes
            assert again.steps == left
            assert is_done(again) == (not left)

    def test_while_another_conversion_does_not_show_it_is_looked_for_again(self):
        request_ = wanted(name=NAME, selection=Selection(names=("web-01",)))
        planned = change(request_, self.seen(self.left("web-01", name=NAME)))
        doubtful = replace(planned, doubt=Doubt(NOW, "why"))
        assert plans.resumed(planned, []) == planned.request
        assert plans.resumed(doubtful, [planned.steps[0]]) == planned.request
        assert plans.resumed(doubtful, []) == request_

    def test_run_again_nothing_is_left_to_do(self):
        made = replace(snapshot(12, 1), name="keep-web-01-2026-03-01", droplet_id=7)
        source = self.left("web-01", name=NAME, account=Account((), (backup(11, 2),), (made,)))
        assert not change(wanted(name=NAME), self.seen(source)).steps
        own_name = self.left("web-01", account=Account((), (backup(11, 2),), (replace(made, name=backup(12, 1).name),)))
        assert not change(wanted(), self.seen(own_name, made=[12])).steps

    def test_a_renamed_backup_of_a_run_that_was_cut_off_is_converted(self):
        renamed = replace(backup(12, 1), name="keep-web-01-2026-03-01")
        source = self.left("web-01", name=NAME, account=Account((), (backup(11, 2), renamed), ()))
        assert change(wanted(name=NAME), self.seen(source)).steps == (ConvertBackup(12, 1.0),)

    def test_all_of_them(self):
        found = change(wanted(None, name=NAME), self.seen(self.left("web-01", name=NAME)))
        assert [type(step) for step in found.steps] == [RenameImage, ConvertBackup] * 2
        assert "2 backups become snapshots" in found.notes[0]
        doubtful = Source(Droplet(7, "web-01"), (backup(11, 2),), (backup(12, 1),))
        with pytest.raises(SelectionError, match="cannot be told"):
            change(wanted(None), self.seen(doubtful))

    def test_a_younger_backup_that_may_be_its_own_is_in_the_way(self):
        doubtful = Source(Droplet(7, "web-01"), (backup(11, 2),), (backup(12, 1),))
        with pytest.raises(SelectionError, match="nothing tells whose they are"):
            change(wanted(), self.seen(doubtful))

    @pytest.mark.parametrize(
        ("names", "name", "account", "error", "sentence"),
        [
            (("web-01", "web-02"), None, LEFT, SelectionError, "name it alone, in a task of its own"),
            (("other",), None, LEFT, SelectionError, "No Droplet is named 'web-01'."),
            (("web-01",), "kept", LEFT, InputError, "must have {droplet} in it, because Droplet web-01 is gone"),
            (
                ("web-01",),
                None,
                replace(LEFT, droplets=(droplet(1, "web-01", backup_ids=()),)),
                SelectionError,
                "No Droplet is named 'web-01'.",
            ),
        ],
    )
    def test_what_is_refused(self, names, name, account, error, sentence):
        with pytest.raises(error) as refused:
            self.left(*names, name=name, account=account)
        assert sentence in refused.value.message
