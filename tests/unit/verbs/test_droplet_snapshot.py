# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `droplet_snapshot` plans, says and refuses, case by case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    InputError,
    RefusedError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action, Droplet
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    DeleteSnapshot,
    DropletAction,
    Tag,
    TransferImage,
    Untag,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.snapshots import DropletImages
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_snapshot import verb as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet, snapshot
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done

ONE = Selection(ids=(1,))
HOURS = {hours: timedelta(hours=hours) for hours in (6, 24, 48)}
OPTIONS = {
    "state": "present",
    "snapshot_id": None,
    "deleted_droplets": None,
    "snapshot_name": None,
    "max_age_hours": None,
    "older_than_hours": None,
    "regions": [],
    "tags": [],
    "last_restore_point": None,
    "max_delete": 10,
    "stop_first": False,
    "shutdown_timeout": None,
    "exclude_tag": None,
    "allow_empty": False,
}


def have(**given):
    return plans.Request(**{"present": True, "selection": ONE, **given})


def drop(**given):
    return plans.Request(**{"present": False, "selection": ONE, **given})


def point(key, days, name="day", **fields):
    return replace(snapshot(key, days), **{"name": name, "regions": ("nyc3",), "tags": (), **fields})


def seen(*points, regions=None, of=None):
    """Droplet 1 with these restore points, all of them counted."""
    of = of or droplet(1, disk=25, region="nyc3")
    return plans.Seen((DropletImages.holding(of, points),), regions, frozenset({of.id}))


def change(request, state):
    (planned,) = plans.plan(request, state, NOW).changes
    return planned


def again(planned, state, done=None, own=(), now=NOW):
    """The Change `planned` again after the steps `done`: all of them if that is left out."""
    request = plans.resumed(planned.request, planned.steps if done is None else done, own)
    (found,) = plans.plan(request, state, now).changes
    return found


def steps(request, *points):
    return list(change(request, seen(*points)).steps)


class TestTheRequest:
    """Options become a typed request, or one clear sentence."""

    def test_present(self):
        given = {**OPTIONS, "snapshot_name": "x", "max_age_hours": 6.0, "regions": ["b", "a", "b"], "tags": ["t"]}
        made = plans.request(ONE, given)
        assert made == have(name="x", max_age=HOURS[6], regions=("a", "b"), tags=("t",))

    def test_absent(self):
        given = {**OPTIONS, "state": "absent", "older_than_hours": 48.0, "last_restore_point": "may_be_lost"}
        assert plans.request(ONE, given) == drop(older_than=HOURS[48], may_be_lost=True)
        given = {**OPTIONS, "state": "absent", "snapshot_id": [5, 4, 5]}
        assert plans.request(None, given) == drop(selection=None, ids=(5, 4))

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({}, "state: present needs snapshot_name, max_age_hours, or both."),
            ({"snapshot_name": "x", "older_than_hours": 1.0}, "older_than_hours has no meaning with state: present"),
            ({"snapshot_id": [5]}, "snapshot_id has no meaning with state: present"),
            ({"deleted_droplets": True}, "deleted_droplets has no meaning with state: present"),
            ({"state": "absent", "snapshot_name": "x", "regions": ["a"]}, "regions has no meaning with state: absent"),
            ({"state": "absent", "snapshot_name": "x", "tags": ["a"]}, "tags has no meaning with state: absent"),
            ({"state": "absent", "max_age_hours": 1.0}, "max_age_hours has no meaning with state: absent"),
            ({"state": "absent"}, "state: absent needs snapshot_id, or snapshot_name or older_than_hours"),
            ({"state": "absent", "snapshot_id": [5], "snapshot_name": "x"}, "leave snapshot_name out"),
            ({"state": "absent", "snapshot_id": [5], "older_than_hours": 1.0}, "leave older_than_hours out"),
            ({"state": "absent", "snapshot_id": [0]}, "snapshot_id 0 is not the id of an image"),
            ({"state": "absent", "snapshot_id": []}, "snapshot_id is an empty list"),
            ({"snapshot_name": "x", "max_age_hours": 0.0}, "max_age_hours 0 must be above 0"),
            ({"state": "absent", "older_than_hours": -1.0}, "older_than_hours -1 must be above 0"),
            ({"state": "absent", "snapshot_name": "x", "stop_first": True}, "stop_first has no meaning with state: ab"),
            ({"snapshot_name": "x", "shutdown_timeout": 9}, "shutdown_timeout goes with stop_first: true"),
            ({"snapshot_name": "x", "stop_first": True, "shutdown_timeout": -1}, "shutdown_timeout -1"),
            ({"snapshot_name": "x", "max_delete": -1}, "max_delete -1 is below 0"),
            ({"snapshot_name": "{time}"}, "because of {time}. For several snapshots a day set max_age_hours as well"),
            ({"snapshot_name": "{what}"}, "has {what}, which is not among its placeholders: {droplet}, {date}."),
            ({"snapshot_name": "x", "tags": ["a b"]}, "which is no tag"),
        ],
    )
    def test_what_is_wrong_is_refused(self, given, says):
        with pytest.raises(InputError) as raised:
            plans.request(ONE, {**OPTIONS, **given})
        assert says in raised.value.message

    def test_what_needs_a_droplet_is_refused_without_one(self):
        absent = {**OPTIONS, "state": "absent", "deleted_droplets": True}
        with pytest.raises(InputError, match="names of deleted Droplets are not known"):
            plans.request(None, {**absent, "snapshot_name": "{droplet}"})
        with pytest.raises(InputError, match="exclude_tag goes with a selection"):
            plans.request(None, {**absent, "snapshot_name": "x", "exclude_tag": ["a"]})


TAKE = DropletAction("snapshot", {"name": "x"}, size_gigabytes=25)
TODAY = {"name": "web-01-snapshot-2026-03-02"}


@pytest.mark.parametrize(
    ("request_", "points", "expected"),
    [
        pytest.param(
            have(max_age=HOURS[6], name="x"),
            [point(21, 0, "lifeboat-before-restore.inc-1.web-01")],
            [TAKE],
            id="the safety snapshot of a restore is none that is new enough",
        ),
        pytest.param(have(name="x"), [point(21, 1)], [TAKE], id="none of that name"),
        pytest.param(have(name="x"), [point(21, 900, "x")], [], id="one of that name, however old"),
        pytest.param(have(name="x"), [backup(11, 0)], [TAKE], id="a backup is no snapshot"),
        pytest.param(
            have(name="{droplet}-{date}"), [point(21, 0, "web-01-2026-03-02")], [], id="today's, by its placeholders"
        ),
        pytest.param(have(max_age=HOURS[24], name="x"), [point(21, 1)], [], id="just new enough"),
        pytest.param(have(max_age=HOURS[24], name="x"), [point(21, 1.01, "x")], [TAKE], id="too old, whatever it is"),
        pytest.param(
            have(max_age=HOURS[24]), [], [DropletAction("snapshot", TODAY, size_gigabytes=25)], id="a name of its own"
        ),
        pytest.param(have(max_age=HOURS[24], name="x"), [point(21, None)], [TAKE], id="of unknown age"),
        pytest.param(
            have(name="x", regions=("ams3", "fra1", "nyc3"), tags=("a", "b")),
            [],
            [
                TAKE,
                TransferImage(None, "ams3", 25),
                TransferImage(None, "fra1", 25),
                Tag("a", "image", None),
                Tag("b", "image", None),
            ],
            id="taken, copied and tagged, when its id is known",
        ),
        pytest.param(
            have(name="x", regions=("ams3", "fra1"), tags=("a", "b")),
            [point(21, 3, "x", regions=("ams3", "nyc3"), tags=("A", "z"))],
            [TransferImage(21, "fra1", 1.0), Tag("b", "image", 21)],
            id="only what is lacking",
        ),
        pytest.param(
            have(name="x", tags=("a",)),
            [point(21, 3, "x"), point(22, 1, "x")],
            [Tag("a", "image", 22)],
            id="the newest of several",
        ),
    ],
)
def test_present(request_, points, expected):
    assert steps(request_, *points) == expected


def test_the_time_may_be_in_the_name_if_the_age_decides():
    request = plans.request(ONE, {**OPTIONS, "snapshot_name": "{droplet} {date} {time}", "max_age_hours": 6.0})
    made = change(request, seen())
    assert made.steps == (DropletAction("snapshot", {"name": "web-01 2026-03-02 12:00:00"}, size_gigabytes=25),)
    # Planned again later, it is still the same snapshot.
    assert made.request.name == "web-01 2026-03-02 12:00:00"
    assert steps(request, point(21, 0.2, "web-01 2026-03-02 07:00:00")) == []


def test_a_region_that_is_not_told_is_not_guessed():
    planned = change(have(name="x", regions=("ams3",)), seen(of=droplet(1, disk=25, region=None)))
    assert planned.after["regions"] == ["ams3"]


def test_what_a_new_one_is_and_costs_at_most():
    planned = change(have(name="x", regions=("ams3",), tags=("b", "a")), seen())
    assert planned.before == {"snapshot": None, "regions": [], "tags": [], "monthly_cost": 0.0}
    assert planned.after == {
        "snapshot": "x",
        "regions": ["ams3", "nyc3"],
        "tags": ["a", "b"],
        "monthly_cost": "unknown",
        "monthly_cost_at_most": 1.5,
    }
    assert plans.describe(planned.before) == "no such snapshot"
    assert plans.describe(planned.after) == "snapshot 'x' in ams3, nyc3 tagged a, b, at most 1.50 USD a month"
    (told,) = planned.extra_result["snapshots"]
    assert (told["id"], told["name"], told["regions"], told["tags"]) == (None, "x", ["ams3", "nyc3"], ["b", "a"])


def test_what_one_that_there_is_costs():
    planned = change(have(name="x"), seen(point(21, 1, "x")))
    assert planned.before == planned.after == {"snapshot": "x", "monthly_cost": 0.06}
    assert plans.describe(planned.after) == "snapshot 'x', 0.06 USD a month"
    assert planned.extra_result["snapshots"][0]["id"] == 21


def test_a_region_that_there_is_not_is_refused_before_anything_is_taken():
    request = have(name="x", regions=("ams3", "mars1"))
    with pytest.raises(InputError, match="'mars1', which is not among the regions that there are: ams3, nyc3"):
        plans.plan(request, seen(regions=frozenset({"nyc3", "ams3"})), NOW)
    assert len(change(request, seen()).steps) == 3, "the token may not read them"
    there = point(21, 1, "x", regions=("nyc3", "ams3", "mars1"))
    assert change(request, seen(there, regions=frozenset({"nyc3", "ams3"}))).steps == ()


def test_only_what_is_needed_is_asked_for():
    request = have(name="x", regions=("ams3",), tags=("a",))
    told, untold = point(21, 1, "x", regions=("nyc3", "ams3")), point(21, 1, "x", tags=None)
    assert plans.copies_to(request, seen(told), NOW) == []
    assert plans.copies_to(request, seen(untold), NOW) == ["ams3"]
    assert plans.copies_to(request, seen(), NOW) == ["ams3"]
    assert plans.untold(request, seen(told), NOW) == []
    assert plans.untold(request, seen(untold), NOW) == [untold]
    assert plans.untold(have(name="x"), seen(untold), NOW) == []
    assert plans.uncounted(request, seen(), NOW) == []


def test_what_was_decided_holds_when_time_goes_on():
    """The name of the day, and which age is new enough, are those of the beginning."""
    late = NOW + timedelta(days=1)
    goal = change(have(max_age=HOURS[6]), seen()).request
    taken = point(21, 0, "web-01-snapshot-2026-03-02")
    assert plans.plan(goal, seen(taken), late).changes[0].steps == ()
    assert plans.plan(goal, seen(), late).changes[0].steps[0].given == TODAY
    goal = change(have(name="{droplet} on {date}"), seen()).request
    assert plans.plan(goal, seen(), late).changes[0].steps[0].given == {"name": "web-01 on 2026-03-02"}


@pytest.mark.parametrize(
    ("points", "left"),
    [
        ([], [TAKE, TransferImage(None, "ams3", 25), Tag("a", "image", None)]),
        ([point(21, 0, "x", tags=("a",))], [TransferImage(21, "ams3", 1.0)]),
        ([point(21, 0, "x", regions=("ams3", "nyc3"))], [Tag("a", "image", 21)]),
    ],
    ids=["not there", "not in the region", "without the tag"],
)
def test_present_is_verified(points, left):
    planned = change(have(name="x", regions=("ams3",), tags=("a",)), seen())
    assert list(again(planned, seen(*points)).steps) == left
    done = again(planned, seen(point(21, 0, "x", regions=("ams3", "nyc3"), tags=("a",))))
    assert is_done(done)
    assert [found["id"] for found in done.extra_result["snapshots"]] == [21]


SAFETY = "lifeboat-before-restore.inc-1.web-01"
OLD = (point(21, 5, "a"), point(22, 3, "b"), point(23, 1, "a"))


@pytest.mark.parametrize(
    ("request_", "gone"),
    [
        (drop(name="a"), [21, 23]),
        (drop(name="c"), []),
        (drop(older_than=HOURS[48]), [21, 22]),
        (drop(older_than=timedelta(days=3)), [21]),
        (drop(older_than=HOURS[48], name="a"), [21]),
        (drop(ids=(22, 99)), [22]),
        (drop(ids=(24,)), [24]),
        (drop(name=SAFETY), [24]),
    ],
)
def test_absent(request_, gone):
    """The safety snapshot of a restore goes by its id or its name, and not by its age alone."""
    assert steps(request_, *OLD, point(24, 9, SAFETY)) == [DeleteSnapshot(key) for key in gone]


def test_absent_by_a_name_with_the_snapshot_s_own_date_and_time():
    own = point(31, 2, "web-01 2026-02-28 12:00:00")
    assert steps(drop(name="{droplet} {date} {time}"), *OLD, own) == [DeleteSnapshot(31)]


def test_absent_of_unknown_age_is_not_old():
    assert steps(drop(older_than=HOURS[6]), point(21, None), point(22, 1), point(23, 0)) == [DeleteSnapshot(22)]


def test_absent_says_what_is_left_and_what_that_costs():
    planned = change(drop(name="a"), seen(*OLD))
    assert planned.before == {"snapshots": ["a", "b", "a"], "monthly_cost": 0.18}
    assert planned.after == {"snapshots": ["b"], "monthly_cost": 0.06}
    assert plans.describe(planned.before) == "3 snapshots ('a', 'b', 'a'), 0.18 USD a month"
    assert plans.describe(planned.after) == "1 snapshot ('b'), 0.06 USD a month"
    assert plans.describe({"snapshots": [], "monthly_cost": 0.0}) == "no snapshot, 0.00 USD a month"
    assert [told["id"] for told in planned.extra_result["snapshots"]] == [23, 21]


class TestTheLastRestorePoint:
    """P4: it is not deleted unless the user says so."""

    @pytest.mark.parametrize(
        ("request_", "points", "says"),
        [
            (drop(name="a"), [point(21, 5, "a")], "Snapshot 21 (a) is the last restore point that Droplet web-01 (1)"),
            (drop(ids=(21,)), [point(21, 5, "a")], "say last_restore_point: may_be_lost"),
            (drop(ids=(21, 22, 23)), OLD, "These 3 snapshots are all restore points that Droplet web-01 (1) has"),
        ],
    )
    def test_by_name_or_id_it_is_refused(self, request_, points, says):
        with pytest.raises(RefusedError) as raised:
            plans.plan(request_, seen(*points), NOW)
        assert says in raised.value.message
        assert raised.value.droplet == 1
        allowed = replace(request_, may_be_lost=True)
        assert len(change(allowed, seen(*points)).steps) == len(points)

    def test_a_backup_is_a_restore_point(self):
        assert steps(drop(name="a"), point(21, 5, "a"), backup(11, 1)) == [DeleteSnapshot(21)]

    def test_by_age_the_newest_is_kept_with_a_warning(self):
        plan = plans.plan(drop(older_than=HOURS[6]), seen(*OLD), NOW)
        assert plan.changes[0].steps == (DeleteSnapshot(21), DeleteSnapshot(22))
        assert plan.changes[0].skipped
        assert "Kept snapshot 23 (a) of Droplet web-01 (1)" in plan.warnings[0]
        assert steps(drop(older_than=HOURS[6]), *OLD, backup(11, 9))[-1] == DeleteSnapshot(23)
        assert steps(drop(older_than=HOURS[6], may_be_lost=True), *OLD)[-1] == DeleteSnapshot(23)

    def test_backups_are_counted_only_where_no_snapshot_would_be_left(self):
        state = replace(seen(*OLD), counted=frozenset())
        assert plans.uncounted(drop(name="a"), state, NOW) == []
        assert [one.id for one in plans.uncounted(drop(older_than=HOURS[6]), state, NOW)] == [1]
        assert plans.uncounted(drop(older_than=HOURS[6], may_be_lost=True), state, NOW) == []
        counted = state.with_backups({1: (backup(11, 1.5),)})
        assert plans.uncounted(drop(older_than=HOURS[6]), counted, NOW) == []
        assert len(change(drop(older_than=HOURS[6]), counted).steps) == 3

    def test_of_a_droplet_that_is_gone_too(self):
        gone = Droplet(7, "")
        state = seen(point(21, 5, "a"), of=gone)
        with pytest.raises(RefusedError, match=r"Droplet \[deleted\] \(7\)"):
            plans.plan(drop(selection=None, ids=(21,)), state, NOW)
        planned = change(drop(selection=None, ids=(21,), may_be_lost=True), state)
        assert planned.steps == (DeleteSnapshot(21),)
        assert (planned.request.selection, planned.request.droplet) == (None, gone)
        assert plans.uncounted(drop(selection=None, ids=(21,)), replace(state, counted=frozenset()), NOW) == []

    def test_it_is_held_to_again_before_each_further_deletion(self):
        """What was decided for one Droplet is refused where somebody else has deleted the rest meanwhile."""
        goal = change(drop(name="a"), seen(*OLD)).request
        with pytest.raises(RefusedError):
            plans.plan(goal, seen(OLD[2]), NOW)


def test_more_than_max_delete_is_refused_but_for_ids():
    with pytest.raises(RefusedError, match="would delete 2 snapshots of 1 Droplet, more than max_delete: 1 allows"):
        plans.plan(drop(name="a", max_delete=1), seen(*OLD), NOW)
    assert len(change(drop(name="a", max_delete=2), seen(*OLD)).steps) == 2
    assert len(change(drop(ids=(21, 22), max_delete=0), seen(*OLD)).steps) == 2


def test_absent_is_verified_and_has_nothing_to_add():
    planned = change(drop(name="a"), seen(*OLD))
    late = again(planned, seen(*OLD[1:]))
    assert late.steps == (DeleteSnapshot(23),)
    done = again(planned, seen(OLD[1]))
    assert is_done(done)
    assert planned.extra_result == late.extra_result == done.extra_result
    assert [found["id"] for found in done.extra_result["snapshots"]] == [23, 21]


def test_absent_with_one_that_is_spared_is_done_without_it():
    planned = change(drop(older_than=HOURS[6]), seen(*OLD))
    assert planned.skipped
    assert again(planned, seen(*OLD)).steps == planned.steps
    assert is_done(again(planned, seen(OLD[2])))


def test_only_snapshots_are_deleted():
    plans.guard_kinds([None, point(21, 1)])
    for other, what in ((backup(11, 1), "a backup"), (replace(point(21, 1), public=True), "no snapshot of a Droplet")):
        with pytest.raises(SelectionError, match=f"is {what}"):
            plans.guard_kinds([None, other])


def test_droplets_of_which_something_is_deleted():
    state = plans.Seen(
        (DropletImages(Droplet(7, ""), snapshots=(OLD[0],)), DropletImages(Droplet(8, ""), snapshots=(OLD[2],)))
    )
    assert plans.doomed_droplets(drop(selection=None, deleted=True, older_than=HOURS[48]), state, NOW) == [7]


points_strategy = st.lists(
    st.builds(
        lambda key, hours, name, kind: replace(
            backup(key, hours / 24, kind=kind), name=name, created_at=NOW - timedelta(hours=hours)
        ),
        st.integers(1, 10**6),
        st.integers(0, 400),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["backup", "snapshot"]),
    ),
    max_size=6,
    unique_by=lambda point: point.id,
)


@given(
    points_strategy,
    st.sampled_from([None, "a"]),
    st.one_of(st.none(), st.integers(1, 400)),
    st.booleans(),
)
def test_pruning_never_takes_the_last_one_nor_a_younger_one(points, name, hours, may_be_lost):
    if name is None and hours is None:
        return
    older = None if hours is None else timedelta(hours=hours)
    request = drop(name=name, older_than=older, may_be_lost=may_be_lost)
    state = seen(*points)
    try:
        planned = change(request, state)
    except RefusedError:
        assert not may_be_lost
        assert all(point.type == "snapshot" and point.name == "a" for point in points)
        return
    deleted = {step.image for step in planned.steps}
    for point in points:
        if point.id in deleted:
            assert point.type == "snapshot"
            assert name in (None, point.name)
            assert older is None or NOW - point.created_at > older
    if points and not may_be_lost:
        assert deleted != {point.id for point in points}
    left = [point for point in points if point.id not in deleted]
    if not may_be_lost or left:
        assert change(request, seen(*left)).steps == ()
    if planned.steps:
        assert again(planned, state).steps == planned.steps
        assert is_done(again(planned, seen(*left)))


MARK = "lifeboat:stopped"
CLEAN = have(name="x", stop_first=True, shutdown_timeout=60, regions=("ams3",))


def server(status="active", tags=(), **fields):
    return droplet(1, disk=25, region="nyc3", status=status, tags=tags, **fields)


@dataclass
class Account:
    """One Droplet and its snapshots; `obeys`: a shutdown powers it off."""

    of: Droplet
    points: tuple = ()
    obeys: bool = True

    def seen(self):
        return seen(*self.points, of=self.of)

    def take(self, step):
        """One step as DigitalOcean takes it."""
        of, (one, *_others) = self.of, (*self.points, None)
        if isinstance(step, Tag) and step.kind == "droplet":
            self.of = replace(of, tags=(*of.tags, step.name))
        elif isinstance(step, Untag):
            self.of = replace(of, tags=tuple(tag for tag in of.tags if tag != step.name))
        elif isinstance(step, Tag):
            self.points = (replace(one, tags=(*one.tags, step.name)),)
        elif isinstance(step, TransferImage):
            self.points = (replace(one, regions=(*one.regions, step.region)),)
        elif step.type == "snapshot":
            assert of.status == "off"
            self.points = (point(21, 0, step.given["name"]),)
        elif step.type != "shutdown" or self.obeys:
            self.of = replace(of, status="active" if step.type == "power_on" else "off")


def kinds(change_):
    return [step.type or type(step).__name__ for step in change_.steps]


class TestStopFirst:
    """A Droplet that is on is stopped for its snapshot, and on again before anything else."""

    STARTS = ("power_on", "Untag", "transfer")

    @pytest.mark.parametrize(
        ("of", "points", "done", "expected"),
        [
            (server(), [], (), ["Tag", "shutdown", "power_off", "snapshot", *STARTS]),
            (server("off"), [], (), ["snapshot", "transfer"]),
            (server("off", (MARK,)), [], (), ["snapshot", *STARTS]),
            (server("off", (MARK,)), [point(21, 1, "x")], (), [*STARTS]),
            (server("active", (MARK,)), [point(21, 1, "x")], (), ["Untag", "transfer"]),
            (server(), [point(21, 1, "x")], (), ["transfer"]),
            (server("off", (MARK,)), [], ("mark", "power_off", "snapshot"), [*STARTS]),
        ],
        ids=str,
    )
    def test_steps(self, of, points, done, expected):
        found = change(replace(CLEAN, done=frozenset(done)), seen(*points, of=of))
        assert kinds(found) == expected
        assert found.doubt is None

    def test_a_snapshot_that_was_taken_and_does_not_show_is_neither_taken_again_nor_copied(self):
        done = frozenset({"mark", "power_off", "snapshot", "power_on", "unmark"})
        found = change(replace(CLEAN, done=done), seen(of=server(tags=(MARK,))))
        assert kinds(found) == ["transfer"]
        assert found.doubt.until > NOW
        alone = change(replace(CLEAN, done=done, regions=()), seen(of=server(tags=(MARK,))))
        assert alone.steps == ()
        assert alone.doubt.why == "the snapshot has been taken, and does not show yet"

    def test_check_mode_says_that_it_is_down_and_the_diff_does_not(self):
        (note,) = change(CLEAN, seen(of=server())).notes
        assert note.endswith("it is down for up to 75 minutes")
        plain = change(replace(CLEAN, stop_first=False), seen(of=server()))
        assert (plain.before, plain.after) == (change(CLEAN, seen(of=server())).before, plain.after)
        assert plain.notes == ()

    def test_one_that_another_task_has_left_off_is_told(self):
        (note,) = change(have(name="x"), seen(of=server("off", (MARK,)))).notes
        assert "stopped by an earlier run" in note
        assert change(have(name="x"), seen(of=server("off"))).notes == ()

    def test_a_gpu_droplet_has_more_than_its_snapshot(self):
        (note,) = change(have(name="x"), seen(of=server(gpu=True))).notes
        assert "scratch disk" in note

    def test_after_a_failure_it_is_powered_on(self):
        planned = change(CLEAN, seen(of=server()))
        asked = plans.resumed(planned.request, planned.steps[:3], ())
        assert asked.done == {"mark", "shutdown", "power_off"}
        found = plans.rescue(asked, server("off", (MARK,)))
        assert [step.type for step in found] == ["power_on", None]
        nothing = plans.resumed(planned.request, (), ())
        assert plans.rescue(nothing, server()) == ()
        assert plans.rescue(nothing, server("off")) == ()

    def test_a_power_on_that_has_failed_is_sent_again(self):
        planned = change(CLEAN, seen(of=server()))
        errored = Action(9, "power_on", "errored", 1, "droplet", NOW)
        for own, expected in (
            ((errored,), ["power_on", None]),
            ((errored, replace(errored, id=10, status="in-progress")), [None]),
            ((replace(errored, status="completed"),), [None]),
        ):
            known = plans.resumed(planned.request, planned.steps[:5], own)
            found = plans.rescue(known, server("off", (MARK,)))
            assert [step.type for step in found] == expected
            assert bool(plans.left_off(known, server("off", (MARK,)))) == (expected[0] == "power_on")

    def test_a_failure_says_that_it_is_off(self):
        planned = change(CLEAN, seen(of=server()))
        asked = plans.resumed(planned.request, planned.steps[:3], ())
        assert "The Droplet is off." in plans.left_off(asked, server("off", (MARK,)))[0]
        assert plans.left_off(asked, server()) == ()

    @pytest.mark.parametrize(
        ("of", "problem"),
        [
            (server("off", (MARK,)), "it was stopped for the snapshot, and is off"),
            (server("active", (MARK,)), "it still carries the tag 'lifeboat:stopped'"),
            (server(), None),
        ],
    )
    def test_it_is_verified(self, of, problem):
        planned = change(replace(CLEAN, regions=()), seen(of=server()))
        found = again(planned, seen(point(21, 1, "x"), of=of))
        assert found.steps == ()
        assert (found.doubt and found.doubt.why) == problem
        assert is_done(found) == (problem is None)
        off_before = change(replace(CLEAN, regions=()), seen(of=server("off")))
        assert is_done(again(off_before, seen(point(21, 1, "x"), of=server("off"))))

    ASKED = Action(9, "shutdown", "completed", 1, "droplet", NOW - timedelta(seconds=5), NOW)

    @pytest.mark.parametrize(
        ("status", "seconds", "next_step", "doubtful"),
        [
            ("active", 0, "power_off", True),
            ("active", 59, "power_off", True),
            ("active", 60, "power_off", False),
            ("off", 0, "snapshot", False),
        ],
    )
    def test_a_shutdown_has_its_time_and_shows_by_the_power(self, status, seconds, next_step, doubtful):
        planned = change(CLEAN, seen(of=server()))
        state, now = seen(of=server(status, (MARK,))), NOW + timedelta(seconds=seconds)
        found = again(planned, state, planned.steps[:2], (self.ASKED,), now)
        assert kinds(found)[0] == next_step
        if doubtful:
            assert found.doubt.until == NOW + timedelta(seconds=60)
            assert "not off yet" in found.doubt.why
        else:
            assert found.doubt is None

    @pytest.mark.parametrize("obeys", [True, False])
    @pytest.mark.parametrize("of", [server(), server("off"), server("off", (MARK,))], ids=["on", "off", "stopped"])
    def test_step_by_step_until_nothing_is_left(self, of, obeys):
        account, now, done, own = Account(of, obeys=obeys), NOW, [], []
        planned = change(replace(CLEAN, tags=("a",)), account.seen())
        status = "off" if of.status == "off" and not of.tags else "active"
        for _number in range(9):
            if not planned.steps:
                break
            step, now = planned.steps[0], now + timedelta(minutes=5)
            done.append(step)
            if step.type:
                own.append(Action(len(done), step.type, "completed", 1, "droplet", now, now))
            later = now + timedelta(minutes=5)
            assert not is_done(again(planned, account.seen(), done, own, later)), "it does not show yet"
            account.take(step)
            planned = again(planned, account.seen(), done, own, later)
        assert is_done(planned)
        assert [found["id"] for found in planned.extra_result["snapshots"]] == [21]
        assert (account.of.status, account.of.tags) == (status, ())
        assert ("power_off" in [step.type for step in done]) == (not obeys and of.status == "active")
