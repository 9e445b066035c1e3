# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a restore is seen to be decided, begun and done, by marks, snapshots and the log together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.journal import (
    Completed,
    Intent,
    safety_name,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action, RestorePoint
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore.incidents import (
    IncidentHistory,
    Seen,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, OFF, backup, droplet

KEY, OTHER = "inc-1", "inc-0"
BACKUP = backup(13, days=2)
INTENT = Intent(KEY, BACKUP.id, NOW, True)
DONE = Completed(KEY, BACKUP.id, 70)


def at(minutes: float) -> datetime:
    """So many minutes after the intent."""
    return NOW + timedelta(minutes=minutes)


def action(
    key: int, minutes: float | None, kind: str = "restore", status: str = "completed", ended: float | None = None
) -> Action:
    began = None if minutes is None else at(minutes)
    done = None if status == "in-progress" or minutes is None else at(minutes if ended is None else ended)
    return Action(key, kind, status, 1, "droplet", began, done)


def safety(key: int, minutes: float | None, incident: str = KEY) -> RestorePoint:
    return RestorePoint(key, safety_name(incident, "web-01"), "snapshot", None if minutes is None else at(minutes))


def run_of(*, known: tuple[int, ...] = (), minutes: float = 5, **fields: Any) -> Any:
    """What the first plan of a run decided that many minutes after the intent."""
    decided = {"image": 99, "was_on": False, "resumed": False, **fields}
    return SimpleNamespace(at=at(minutes), known=frozenset(known), **decided)


def history(
    *log: Action,
    marks: tuple[Any, ...] = (INTENT,),
    points: tuple[RestorePoint, ...] = (),
    status: str = "active",
    lag: float = 0,
    incident: str = KEY,
    **fields: Any,
) -> IncidentHistory:
    """The incident of a Droplet with these marks, restore points besides BACKUP, and log; `lag` in minutes."""
    one = droplet(1, tags=tuple(mark.tag for mark in marks), status=status)
    newest_first = tuple(sorted(log, key=lambda entry: entry.id, reverse=True))
    seen = Seen(one, OFF, (BACKUP, *points), newest_first, timedelta(minutes=lag))
    return IncidentHistory(seen, incident, **fields)


def ids(found: Any) -> list[int]:
    return [one.id for one in found]


class TestWhatIsKnown:
    def test_what_a_run_has_begun_is_in_its_log_whatever_the_list_shows(self) -> None:
        shown = (action(73, 3), action(72, 2, status="in-progress"), action(71, 1))
        own = (action(72, 2), action(71, 1, status="in-progress"), action(74, 4, status="in-progress"))
        seen = history(*shown).seen.knowing(own)
        assert [(one.id, one.status) for one in seen.actions] == [
            (74, "in-progress"),
            (73, "completed"),
            (72, "completed"),
            (71, "completed"),
        ]

    def test_hidden_tags_are_no_marks(self) -> None:
        known = history()
        hidden = replace(known.seen, droplet=replace(known.seen.droplet, tags=None))
        assert known.intent == INTENT
        assert replace(known, seen=hidden).intent is None

    def test_the_image_is_what_was_done_before_what_was_meant_before_what_this_run_means(self) -> None:
        run = run_of()
        assert history(marks=(replace(DONE, image=12), INTENT), run=run).image == 12
        assert history(run=run).image == BACKUP.id
        assert history(marks=(), run=run).image == 99
        assert history(marks=()).image is None

    def test_whether_it_was_on(self) -> None:
        """The intent knows, then this run, then the intent of a restore that failed and is undone."""
        failed, off = Intent(OTHER, 12, at(-60), True), run_of()
        assert history(run=off, status="off").was_on
        assert not history(marks=(), run=off).was_on
        assert history(marks=()).was_on
        assert not history(marks=(), status="off").was_on
        assert not history(marks=(failed,), status="off").was_on
        assert history(marks=(failed,), status="off", undoes=OTHER).was_on
        assert not history(marks=(failed, Completed(OTHER, 12, 60)), status="off", undoes=OTHER).was_on
        assert not history(marks=(failed,), run=off, undoes=OTHER).was_on


class TestWithoutMarks:
    """Somebody has taken the tags away: a safety snapshot and the log are left."""

    def test_since_the_newest_safety_snapshot(self) -> None:
        points = (safety(31, 1), safety(32, 3), safety(33, None), safety(34, 9, OTHER))
        assert history(marks=(), points=points).unmarked_since == at(3)
        assert history(marks=()).unmarked_since is None
        assert history(points=points).unmarked_since is None
        assert history(marks=(DONE,), points=points).unmarked_since is None
        assert history(marks=(), points=points, run=run_of()).unmarked_since is None

    @pytest.mark.parametrize(
        ("log", "done"),
        [
            ((action(70, 3),), 70),
            ((action(70, 4), action(71, 5)), 70),
            ((action(70, 2.9),), None),
            ((action(70, None),), None),
            ((action(70, 4, status="in-progress"),), None),
            ((action(70, 4, status="errored"), action(71, 5)), 71),
            ((action(70, 4, "snapshot"),), None),
        ],
        ids=str,
    )
    def test_the_first_restore_after_it_is_that_of_the_incident(
        self, log: tuple[Action, ...], done: int | None
    ) -> None:
        found = history(*log, marks=(), points=(safety(31, 3),)).done
        assert found == (None if done is None else Completed(KEY, None, done))

    @pytest.mark.parametrize(
        ("mark", "its_own"),
        [
            (Completed(OTHER, 12, 70), False),
            (Intent(OTHER, 12, at(4), True), False),
            (Intent(OTHER, 12, at(3), True), True),
            (Intent(OTHER, 12, at(6), True), True),
        ],
        ids=str,
    )
    def test_not_if_marks_say_that_it_is_anothers(self, mark: Any, its_own: bool) -> None:
        """By its id, or because another restore was decided between snapshot and restore."""
        found = history(action(70, 5), marks=(mark,), points=(safety(31, 3),)).done
        assert (found is not None) is its_own


class TestItsOwnRestore:
    def test_attempts_are_of_any_outcome_and_come_after_the_intent(self) -> None:
        """The clock of the intent may be two seconds ahead."""
        log = (action(70, -1), action(71, -1 / 30), action(72, 5, status="errored"), action(73, 3, "rebuild"))
        assert ids(history(*log, action(74, 4, "reboot")).attempts) == [71, 73, 72]
        assert history(*log, marks=()).attempts == []
        assert ids(history(*log, own=(action(70, -1),)).attempts) == [70, 71, 73, 72]

    def test_the_mark_names_it(self) -> None:
        assert history(action(70, 5), action(71, 6), marks=(INTENT, DONE)).own_restore.id == 70
        assert history(action(71, 6), marks=(INTENT, DONE)).own_restore is None

    @pytest.mark.parametrize(
        ("log", "own"),
        [
            ((action(70, 5),), 70),
            ((action(70, 5, status="in-progress"),), 70),
            ((action(70, 5, status="errored"),), None),
            ((action(70, -5),), None),
            ((action(70, 5, "rebuild"),), None),
        ],
        ids=str,
    )
    def test_without_one_it_is_the_restore_after_the_intent(self, log: tuple[Action, ...], own: int | None) -> None:
        found = history(*log).own_restore
        assert (found and found.id) == own

    def test_a_snapshot_may_have_been_rebuilt_from(self) -> None:
        meant = replace(INTENT, image=40)
        assert history(action(70, 5, "rebuild"), marks=(meant,), points=(safety(40, -60, OTHER),)).own_restore.id == 70
        assert history(action(70, 5, "rebuild"), marks=(meant,)).own_restore.id == 70

    @pytest.mark.parametrize(("minutes", "own"), [(4, True), (5, True), (6, False)])
    def test_it_comes_after_the_safety_snapshot(self, minutes: float, own: bool) -> None:
        found = history(action(70, 5), points=(safety(31, minutes),)).own_restore
        assert (found is not None) is own

    def test_what_this_run_did_not_know_at_its_start_is_not_what_an_earlier_run_began(self) -> None:
        """But for a run that goes on: the log may have shown it later than it began."""
        early, same, late = action(70, 4), action(70, 5), action(70, 5 + 1 / 60)
        assert history(early, run=run_of(known=(70,))).own_restore.id == 70
        assert history(early, run=run_of()).own_restore is None
        for found, own in ((early, True), (same, True), (late, False)):
            assert (history(found, run=run_of(resumed=True)).own_restore is not None) is own
        assert history(late, run=run_of(known=(70,), resumed=True)).own_restore.id == 70

    def test_once_it_is_ordered_it_is_what_came_since_and_best_what_this_run_has_begun(self) -> None:
        log, run = (action(70, 6), action(71, 7)), run_of()
        assert history(*log, run=run).own_restore is None
        assert history(*log, run=run, ordered=True).own_restore.id == 70
        assert history(*log, run=run, ordered=True, own=(action(71, 7),)).own_restore.id == 71
        assert history(*log, run=run_of(known=(70,)), ordered=True).own_restore.id == 71


class TestSafetySnapshot:
    def test_it_is_younger_than_the_intent_or_made_by_this_run(self) -> None:
        before = safety(31, -5)
        assert history(points=(safety(32, 1), safety(33, 2), safety(34, 3, OTHER))).safety().id == 33
        assert history(points=(before,)).safety() is None
        assert history(points=(before,), own=(action(60, -5, "snapshot"),)).safety() == before
        assert history(points=(before,), own=(action(60, -5, "restore"),)).safety() is None
        assert history(points=(safety(31, None),), own=(action(60, None, "snapshot"),)).safety() is None
        assert history(points=(safety(32, 1),), marks=()).safety() is None

    def test_once_a_restore_was_tried_it_is_the_newest_from_before(self) -> None:
        points = (safety(31, 1), safety(32, 2), safety(33, 3), safety(34, 5))
        assert history(action(70, 3, status="errored"), action(71, 6), points=points).safety().id == 32
        assert history(action(70, 1, status="errored"), points=points).safety().id == 34
        undated = action(70, None, status="in-progress")
        assert history(undated, points=points, own=(undated,)).safety().id == 34
        failed = action(69, 3, status="errored")
        assert history(failed, undated, points=points, own=(undated,)).safety().id == 32

    @pytest.mark.parametrize(
        ("stop", "status", "good"),
        [
            (action(60, 2, "power_off"), "off", True),
            (action(60, 3, "power_off"), "off", True),
            (action(60, 4, "power_off"), "off", False),
            (action(60, 2, "power_off"), "active", False),
            (action(60, 4, "power_off", "errored"), "off", True),
            (action(60, 4, "reboot"), "off", True),
            (action(60, -4, "power_off"), "off", True),
        ],
        ids=str,
    )
    def test_if_it_is_to_be_stopped_first_it_is_from_after_that(self, stop: Action, status: str, good: bool) -> None:
        known = history(stop, points=(safety(31, 3),), status=status, stop_first=True)
        assert (known.safety() is not None) is good
        assert known.way_back() == safety(31, 3), "good enough or not, it leads back"
        assert replace(known, stop_first=False).safety() == safety(31, 3)

    def test_the_way_back_is_the_one_from_before_the_restore(self) -> None:
        points = (safety(31, 1), safety(32, 5))
        assert history(action(70, 3), points=points).way_back().id == 31
        assert history(action(70, 3)).way_back() is None


class TestDoubt:
    SNAPSHOT = action(60, 1, "snapshot", ended=2)

    def test_nothing_is_in_doubt_before_anything_was_meant_or_if_nothing_lags(self) -> None:
        assert history(self.SNAPSHOT, marks=(), lag=5).doubt(at(1), True) is None
        assert history().doubt(at(0), True) is None

    def test_a_safety_snapshot_that_was_made_and_does_not_show(self) -> None:
        """It is waited for from the end of its action on."""
        doubt = history(self.SNAPSHOT, lag=5).doubt(at(3), True)
        assert doubt is not None
        assert (doubt.until, doubt.action) == (at(7), self.SNAPSHOT)
        assert doubt.why == "action 60 (snapshot) has completed, and the safety snapshot does not show yet"

    def test_of_two_the_one_that_began_last_is_told(self) -> None:
        doubt = history(self.SNAPSHOT, action(61, 2, "snapshot", ended=3), lag=5).doubt(at(3), True)
        assert doubt is not None
        assert doubt.action is not None
        assert (doubt.action.id, doubt.until, "action 61" in doubt.why) == (61, at(8), True)

    def test_one_without_any_time_is_waited_for_from_now(self) -> None:
        undated = action(60, None, "snapshot")
        doubt = history(undated, own=(undated,), lag=5).doubt(at(3), True)
        assert doubt is not None
        assert doubt.until == at(8)

    @pytest.mark.parametrize(
        ("log", "points", "wants", "now"),
        [
            ((SNAPSHOT,), (), False, 3),
            ((SNAPSHOT,), (safety(31, 1),), True, 3),
            ((SNAPSHOT,), (), True, 8),
            ((action(60, -2, "snapshot"),), (), True, 3),
            ((action(60, 1, "reboot"),), (), True, 3),
            ((action(60, 1, "snapshot", "errored"),), (), True, 3),
        ],
        ids=str,
    )
    def test_no_snapshot_is_waited_for(
        self, log: tuple[Action, ...], points: tuple[RestorePoint, ...], wants: bool, now: float
    ) -> None:
        """It is not wanted, shows, is old, is from before, or is none. This run wrote the intent itself."""
        own_run = run_of(minutes=0)
        assert history(*log, points=points, lag=5, run=own_run).doubt(at(now), wants) is None

    @pytest.mark.parametrize(
        ("log", "own", "until"),
        [
            ((), (), 10.5),
            ((action(60, 1, "power_off", ended=2),), (), 12.5),
            ((action(60, 1, "power_off", ended=2), action(61, 2, "reboot", ended=4)), (), 14.5),
            ((action(60, 1, "power_off", ended=2),), (action(60, 1, "power_off", ended=2),), 10.5),
            ((action(60, -9, "power_off", ended=-8),), (), 10.5),
            ((action(60, 1, "power_off", "in-progress"),), (), 11.5),
        ],
        ids=str,
    )
    def test_an_earlier_run_may_have_gone_on_for_twice_the_lag_and_half_a_minute(
        self, log: tuple[Action, ...], own: tuple[Action, ...], until: float
    ) -> None:
        """From the end of what it is seen to have begun, or from its intent."""
        known = history(*log, own=own, lag=5)
        doubt = known.doubt(at(until - 0.1), True)
        assert doubt is not None
        assert (doubt.until, doubt.action) == (at(until), None)
        assert "an earlier run of incident 'inc-1' may have gone on" in doubt.why
        assert known.doubt(at(until), True) is None

    @pytest.mark.parametrize(
        ("run", "in_doubt"),
        [
            (None, True),
            (run_of(minutes=0), False),
            (run_of(minutes=0, resumed=True), True),
            (run_of(minutes=1), True),
        ],
        ids=["none", "that wrote it", "that goes on", "that wrote another"],
    )
    def test_not_the_run_that_wrote_the_intent_itself(self, run: Any, in_doubt: bool) -> None:
        assert (history(run=run, lag=5).doubt(at(1), False) is not None) is in_doubt


class TestWhatStandsInTheWay:
    def test_before_it_is_done_it_is_what_nothing_explains(self) -> None:
        """Older than the restore point, or marked as done when this one was decided."""
        point = replace(BACKUP, created_at=at(-60))
        before, same, after = action(50, -61), action(51, -60), action(52, -30)
        assert ids(history(before, same, after, marks=()).conflicting_restores(point)) == [51, 52]
        assert ids(history(before, marks=()).conflicting_restores(replace(point, created_at=None))) == [50]
        marked = Completed(OTHER, 12, 52)
        assert ids(history(same, after, marks=(marked,)).conflicting_restores(point)) == [51]
        running, undated = action(50, -61, status="in-progress"), action(53, None)
        assert ids(history(running, undated, marks=()).conflicting_restores(point)) == [50, 53]
        assert (
            history(action(50, -1, status="errored"), action(51, -1, "reboot"), marks=()).conflicting_restores(point)
            == []
        )

    def test_what_is_marked_as_done_has_to_have_been_known(self) -> None:
        """Before the intent, and in the log that this run has seen at its start."""
        marks = (Intent(OTHER, 12, at(-40), True), Completed(OTHER, 12, 52), INTENT)
        point = replace(BACKUP, created_at=at(-60))
        for minutes, conflicts in ((-30, []), (0, []), (1, [52])):
            assert ids(history(action(52, minutes), marks=marks).conflicting_restores(point)) == conflicts
        known, unknown = run_of(known=(52,)), run_of()
        assert history(action(52, -30), marks=marks, run=known).conflicting_restores(point) == []
        assert ids(history(action(52, -30), marks=marks, run=unknown).conflicting_restores(point)) == [52]

    def test_the_restore_that_is_undone_is_explained(self) -> None:
        """A run that failed after it has not marked it."""
        failed, point = Intent(OTHER, 12, at(-40), True), safety(31, -35, OTHER)
        log = (action(52, -30), action(53, -20))
        known = history(*log, marks=(failed,), points=(point,), undoes=OTHER)
        assert ids(known.conflicting_restores(point)) == [53]
        assert ids(replace(known, undoes=None).conflicting_restores(point)) == [52, 53]

    def test_once_it_is_begun_it_is_what_came_since(self) -> None:
        log = (action(69, 4), action(70, 5), action(71, 5), action(72, 6))
        point = BACKUP
        assert ids(history(*log[1:]).conflicting_restores(point)) == [71, 72]
        assert ids(history(*log, marks=(INTENT, DONE)).conflicting_restores(point)) == [71, 72]
        # The log does not reach back to its own: then ids tell.
        assert ids(history(log[0], *log[2:], marks=(INTENT, DONE)).conflicting_restores(point)) == [71, 72]
        assert ids(history(log[0], marks=(INTENT, replace(DONE, action=69))).conflicting_restores(point)) == []
