# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore does when it was begun before, by what the marks, images and the log of actions tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import RefusedError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore import (
    result as restore_result,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore import verb as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.machine import (
    HOUR,
    LATER,
    OLD,
    REBUILT,
    RESTORED,
    Machine,
    done,
    intent,
    safety,
    types,
    wanted,
)

RESUMED = {
    # name: (tags, log, points besides, status, options, steps)
    "intent alone": ([intent()], [], [], "active", {}, ["snapshot", "restore", "tag"]),
    "safety snapshot made": ([intent()], [], [safety()], "active", {}, ["restore", "tag"]),
    "safety snapshot in the second of the intent": ([intent()], [], [safety(NOW)], "active", {}, ["restore", "tag"]),
    "safety snapshot older than the intent": (
        [intent()], [], [safety(NOW - HOUR)], "active", {}, ["snapshot", "restore", "tag"],
    ),
    "safety snapshot of another incident": (
        [intent()], [], [safety(incident="inc-2")], "active", {}, ["snapshot", "restore", "tag"],
    ),
    "stopped": ([intent()], [], [], "off", {"stop_first": True}, ["snapshot", "restore", "power_on", "tag"]),
    "stopped and snapshot made": (
        [intent()], [], [safety()], "off", {"stop_first": True}, ["restore", "power_on", "tag"],
    ),
    "snapshot made while it ran": (
        [intent()], [], [safety()], "active", {"stop_first": True},
        ["power_off", "snapshot", "restore", "power_on", "tag"],
    ),
    "snapshot made before it was stopped": (
        [intent()], [Action(99, "power_off", "completed", 1, "droplet", NOW + HOUR)], [safety()], "off",
        {"stop_first": True}, ["snapshot", "restore", "power_on", "tag"],
    ),
    "snapshot made before a restore that failed": (
        [intent()], [replace(RESTORED, status="errored")], [safety()], "active", {"stop_first": True},
        ["power_off", "restore", "power_on", "tag"],
    ),
    "was off": ([intent(was_on=False)], [], [], "off", {"stop_first": True}, ["snapshot", "restore", "tag"]),
    "stopped by an earlier run, and not by this one": (
        [intent()], [], [safety()], "off", {}, ["restore", "power_on", "tag"],
    ),
    "restored": ([intent()], [RESTORED], [safety()], "active", {}, ["tag"]),
    "restored and off": ([intent()], [RESTORED], [safety()], "off", {}, ["power_on", "tag"]),
    "restored and powered off since": (
        [intent()], [RESTORED, Action(101, "power_off", "completed", 1, "droplet", NOW + 3 * HOUR)], [safety()], "off",
        {}, ["tag"],
    ),
    "restored and powering on failed": (
        [intent()], [RESTORED, Action(101, "power_on", "errored", 1, "droplet", NOW + 3 * HOUR)], [safety()], "off",
        {}, ["power_on", "tag"],
    ),
    "restored without a safety snapshot": ([intent()], [RESTORED], [], "active", {}, ["tag"]),
    "restore failed": ([intent()], [replace(RESTORED, status="errored")], [safety()], "active", {}, ["restore", "tag"]),
    "done": ([intent(), done()], [RESTORED], [safety()], "active", {}, []),
    "done and the intent removed": ([done()], [RESTORED], [safety()], "active", {}, []),
    "done, a later one failed": ([done()], [RESTORED, replace(LATER, status="errored")], [], "active", {}, []),
    "done, out of the log": ([done(action=7)], [], [], "active", {}, []),
    "done, the image is gone": ([done(image=77)], [RESTORED], [], "active", {}, []),
    "done removed, the image is gone": ([intent(image=77)], [RESTORED], [], "active", {}, ["tag"]),
    "done before, from a snapshot": ([done(image=12)], [REBUILT], [], "active", {"snapshot_id": 12}, []),
    "its tags are gone, and another incident's restore came next": (
        [done("inc-2")], [RESTORED], [safety()], "active", {}, ["tag", "snapshot", "restore", "tag"],
    ),
    "an older restore": ([], [OLD], [], "active", {}, ["tag", "snapshot", "restore", "tag"]),
    "another incident restored before": (
        [intent("inc-0", at=NOW - HOUR), done("inc-0", action=90)], [replace(OLD, started_at=NOW - HOUR / 2)], [],
        "active", {}, ["tag", "snapshot", "restore", "tag"],
    ),
    "another incident restored before this one began": (
        [done("inc-0", action=90), intent()], [replace(OLD, started_at=NOW - HOUR / 2)], [], "active", {},
        ["snapshot", "restore", "tag"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RESUMED)
def test_a_rerun_does_what_remains(case):
    tags, log, points, status, options, steps = RESUMED[case]
    machine = Machine(tags=list(tags), log=list(log), status=status, now=NOW + 6 * HOUR)
    machine.points += points
    request = wanted(**options)
    assert types(machine.change(request)) == steps
    before = len(machine.completed())
    assert machine.run(request) == steps
    assert len(machine.completed()) - before == len({"restore", "rebuild"}.intersection(steps))
    assert machine.run(request) == []


@pytest.mark.parametrize("point", [{"before": NOW, "max_age_hours": 48}, {"snapshot_name": "by hand"}])
def test_what_a_restored_image_was_is_not_told_once_it_is_gone(point):
    machine = Machine(tags=[done(image=77)], log=[RESTORED], now=NOW + 6 * HOUR)
    plan = machine.plan(wanted(**point))
    assert plan.changes[0].steps == ()
    assert "was restored from image 77, which is gone by now, so nothing tells whether that was" in plan.warnings[0]
    assert machine.plan(wanted(backup_id=77)).warnings == ()


def test_the_mark_that_is_written_again_names_the_action():
    machine = Machine(tags=[intent()], log=[RESTORED], now=NOW + 6 * HOUR)
    change = machine.change(wanted())
    assert change.steps[0].name == done()
    assert plans.describe(change.before) == "the disk restored and not marked from image 13"
    assert plans.describe(change.after) == "the disk restored and marked from image 13"
    assert change.notes == (
        "action 100 (restore), begun at 2026-03-02T13:00:00Z after the intent of incident 'inc-1', is taken for its "
        "restore; the log does not tell its image",
    )


LOST = {
    # name: (tags, log, ages of safety snapshots in hours after NOW, options, outcome)
    "a restore came next": ([], [RESTORED], [0.5], {}, "unchanged"),
    "the point is newer than the restore": (
        [], [RESTORED], [0.5], {"newest": True, "max_age_hours": 48, "backup_id": None}, "unchanged",
    ),
    "after another incident": (
        [done("inc-0", 12, 90), intent("inc-0", 12, NOW - HOUR)], [RESTORED], [0.5], {}, "unchanged",
    ),
    "two safety snapshots": ([], [RESTORED], [0.25, 0.5], {}, "unchanged"),
    "a restore that failed, then one": (
        [], [replace(RESTORED, id=99, status="errored"), RESTORED], [0.5], {}, "unchanged",
    ),
    "of the image, before it": ([], [RESTORED], [0.5], {"snapshot_id": 12, "backup_id": None}, "unchanged"),
    "only before the safety snapshot": ([], [RESTORED], [3], {}, "which has no mark of an incident"),
    "another incident's in between": (
        [intent("inc-2", 12, NOW + HOUR * 0.75)], [RESTORED], [0.5], {}, "of incident 'inc-2'. Restoring now",
    ),
    "still running": ([], [replace(RESTORED, status="in-progress")], [0.5], {}, "waited for"),
    "overwritten since": ([], [RESTORED, LATER], [0.5], {}, "but the disk was overwritten since: action 110"),
    "an image that was made later": (
        [], [RESTORED], [0.5], {"backup_id": 14}, "was restored by action 100, before backup 14",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_without_its_tags_the_safety_snapshot_and_the_log_tell(case):
    tags, log, hours, options, outcome = LOST[case]
    machine = Machine(tags=list(tags), log=list(log), now=NOW + 6 * HOUR)
    machine.points += [safety(NOW + HOUR * at, 300 + number) for number, at in enumerate(hours)]
    machine.points.append(backup(14, days=-5 / 24))
    request = wanted(**{"backup_id": 13, **options})
    if outcome == "unchanged":
        plan = machine.plan(request)
        assert plan.changes[0].steps == ()
        assert plan.changes[0].extra_result["safety_snapshot"]["id"] == 299 + len(hours)
        assert plan.changes[0].extra_result["undo"][restore_result.MODULE]["incident"] == "inc-1-undo"
        assert "from which image, nothing tells" in str(plan.warnings)
        assert plans.horizon(request, replace(machine.seen(), actions=()), machine.now) <= NOW + HOUR * max(hours)
    elif outcome == "waited for":
        assert machine.plan(request).deferred_failure
        assert types(machine.change(request)) == []
    else:
        with pytest.raises(RefusedError) as caught:
            machine.plan(request)
        assert outcome in caught.value.message


REFUSED = {
    # name: (tags, log, options, sentences)
    "both marks removed": (
        [], [RESTORED], {},
        "The disk of Droplet web-01 (1) was overwritten after backup 13 (web-01- 2026-03-01) was made: action 100 "
        "(restore), begun at 2026-03-02T13:00:00Z, which has no mark of an incident. Restoring now would undo that. "
        "Nothing is sent. Choose a younger restore point",
    ),
    "a rebuild of whoever": ([], [REBUILT], {}, "action 100 (rebuild)"),
    "of unknown time": ([], [replace(RESTORED, started_at=None)], {}, "which has no mark of an incident"),
    "before the intent, unmarked": (
        [intent(at=NOW + 2 * HOUR)], [RESTORED], {}, "which has no mark of an incident. Restoring now would undo",
    ),
    "since the intent, of the wrong type": (
        [intent()], [REBUILT], {}, "which is not known to be of incident 'inc-1'. Restoring now would undo that",
    ),
    "another incident that is not done": (
        [intent("inc-0")], [RESTORED], {},
        "of incident 'inc-0'. Restoring now would undo that. Nothing is sent. Run the task of incident 'inc-0' again",
    ),
    "another incident restored since this one began": (
        [intent(), done("inc-2")], [RESTORED], {}, "of incident 'inc-2'. Restoring now would undo that",
    ),
    "a newer restore than the marked one": (
        [done()], [RESTORED, LATER], {},
        "Incident 'inc-1' of Droplet web-01 (1) was restored, but the disk was overwritten since: action 110 "
        "(restore), begun at 2026-03-02T17:00:00Z, which has no mark of an incident. Nothing is sent. Another "
        "restore needs a new incident.",
    ),
    "a newer restore of another incident": (
        [done(), done("inc-1-undo", 12, 110)], [RESTORED, replace(LATER, type="rebuild")], {},
        "action 110 (rebuild), begun at 2026-03-02T17:00:00Z, of incident 'inc-1-undo'.",
    ),
    "a newer one, the marked one is out of the log": ([done(action=7)], [LATER], {}, "overwritten since"),
    "two since the intent": ([intent()], [RESTORED, LATER], {}, "overwritten since: action 110"),
    "another image, done": (
        [done()], [RESTORED], {"backup_id": 11},
        "Incident 'inc-1' of Droplet web-01 (1) was restored from image 13, and not from 11. Another restore point "
        "needs a new incident.",
    ),
    "a time before the one that was restored": (
        [intent(), done()], [RESTORED], {"before": NOW - 2 * HOUR * 24, "max_age_hours": 99},
        "Incident 'inc-1' of Droplet web-01 (1) was restored from image 13, and not from the newest restore point of "
        "2026-02-28T12:00:00Z or before. Another restore point needs a new incident.",
    ),
    "the same with the intent removed": (
        [done()], [RESTORED], {"before": NOW - 2 * HOUR * 24, "max_age_hours": 99}, "was restored from image 13, and",
    ),
    "the same, out of the log": ([done(action=7)], [], {"before": NOW - 2 * HOUR * 24, "max_age_hours": 99}, "and not"),
    "a time before the one that is to be restored": (
        [intent()], [], {"before": NOW - 2 * HOUR * 24, "max_age_hours": 99}, "is to be restored from image 13, and",
    ),
    "the newest, and an older one was chosen": (
        [intent(image=11)], [], {}, "from image 11, and not from the newest restore point, which was backup 13",
    ),
    "of another name": (
        [done()], [RESTORED], {"snapshot_name": "by hand"}, "and not from the newest snapshot named 'by hand'. Another",
    ),
    "younger than the one that was restored": (
        [intent(), done()], [RESTORED], {"newest": True, "max_age_hours": 3},
        "and not from one that is young enough: it was 30.0 hours old, and max_age_hours allows 3. Another",
    ),
    "another image, begun": ([intent()], [], {"snapshot_id": 12}, "is to be restored from image 13, and not from 12."),
    "the image is gone": (
        [intent(image=77)], [], {},
        "Image 77, chosen for incident 'inc-1', is no longer a backup or snapshot of Droplet web-01 (1), and was not "
        "restored before. Nothing is sent. Another restore point needs a new incident.",
    ),
    "the image is gone, named": ([intent(image=77)], [], {"backup_id": 77}, "Image 77, chosen for incident 'inc-1'"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_restore_twice_or_over_others_is_refused(case):
    tags, log, options, sentence = REFUSED[case]
    machine = Machine(tags=list(tags), log=list(log), now=NOW + 6 * HOUR)
    with pytest.raises(RefusedError) as caught:
        machine.plan(wanted(**options))
    assert sentence in caught.value.message
    assert caught.value.droplet == 1


def test_the_safety_snapshot_comes_before_the_restore_that_is_ours():
    """One that somebody ordered between the intent and the safety snapshot is not."""
    machine = Machine(tags=[intent()], log=[RESTORED], now=NOW + 6 * HOUR)
    machine.points.append(safety(NOW + 3 * HOUR))
    with pytest.raises(RefusedError, match="which is not known to be of incident 'inc-1'"):
        machine.plan(wanted())


def test_a_backup_that_was_converted_is_rebuilt_or_was_restored():
    machine = Machine(tags=[intent()], now=NOW + 6 * HOUR)
    machine.points[2] = replace(machine.points[2], type="snapshot")
    assert types(machine.change(wanted(backup_id=13))) == ["snapshot", "restore", "tag"]
    for action in (RESTORED, REBUILT):
        machine.log = [action]
        assert types(machine.change(wanted(backup_id=13))) == ["tag"]


class TestInProgress:
    """Somebody is at work just now."""

    RUNNING = replace(RESTORED, status="in-progress", completed_at=None)

    def machine(self, tags, running=RUNNING):
        return Machine(tags=tags, log=[running], now=NOW + HOUR)

    def test_our_own_is_waited_for(self):
        machine = self.machine([intent()])
        change = machine.change(wanted())
        assert change.wait_for.action.id == 100
        assert change.wait_for.size_gigabytes == 3.0
        assert types(change) == ["tag"]
        assert plans.describe(change.before) == "the disk being restored from image 13"
        machine.end(image=13)
        assert machine.run(wanted()) == ["tag"]

    def test_our_own_that_fails_is_ordered_again(self):
        machine = self.machine([intent()])
        machine.points.append(safety())
        machine.end("errored")
        assert machine.run(wanted()) == ["restore", "tag"]

    @pytest.mark.parametrize(
        ("tags", "who"),
        [
            ([], "which has no mark of an incident"),
            ([intent(at=NOW + 2 * HOUR)], "which has no mark of an incident"),
            ([intent(), intent("inc-2", at=NOW + HOUR / 2)], "of incident 'inc-2'"),
            ([done(action=90)], "which has no mark of an incident"),
        ],
    )
    @pytest.mark.parametrize("outcome", ["completed", "errored"])
    def test_that_of_others_is_waited_for_and_ends_the_task(self, tags, who, outcome):
        machine = self.machine(tags)
        machine.log.insert(0, replace(OLD, id=90))
        plan = machine.plan(wanted())
        (change,) = plan.changes
        assert change.wait_for.action.id == 100
        assert change.steps == ()
        assert change.before == change.after
        assert (
            f"is being overwritten: action 100 (restore), begun at 2026-03-02T13:00:00Z, {who}."
            in plan.deferred_failure
        )
        again = plans.resumed(change.request, [], ())
        assert machine.change(again).wait_for.action.id == 100
        machine.end(outcome, image=13)
        with pytest.raises(RefusedError, match=f"Action 100 .restore. on Droplet .* has ended as {outcome}"):
            machine.plan(again)

    def test_other_work_is_no_restore(self):
        machine = Machine(log=[Action(100, "snapshot", "in-progress", 1, "droplet", NOW)])
        assert types(machine.change(wanted())) == ["tag", "snapshot", "restore", "tag"]


class TestMeanwhile:
    """What appears during a run, and was not ordered by it, is of somebody else."""

    def begun(self, steps=1):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        for step in first.steps[:steps]:
            machine.take(step)
        return machine, plans.resumed(first.request, first.steps[:steps], ())

    @pytest.mark.parametrize("steps", [1, 2])
    def test_a_restore_that_we_did_not_order(self, steps):
        machine, request = self.begun(steps)
        machine.act("restore", 11)
        with pytest.raises(RefusedError) as caught:
            machine.plan(request)
        assert "which is not known to be of incident 'inc-1'" in caught.value.message
        assert "If another run of this incident ordered it, run the task again." in caught.value.message

    def test_one_in_progress_is_waited_for(self):
        machine, request = self.begun()
        machine.act("restore", outcome="in-progress")
        change = machine.change(request)
        assert (change.wait_for.action.type, change.steps) == ("restore", ())

    def test_of_another_run_that_has_marked_it(self):
        machine, request = self.begun()
        restore = machine.act("restore", 13)
        machine.tags.append(done(action=restore.id))
        assert machine.change(request).steps == ()

    def test_one_that_came_before_the_intent_was_written(self):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        machine.now += timedelta(seconds=1)
        machine.act("restore", 11)
        machine.take(first.steps[0])
        with pytest.raises(RefusedError, match="Restoring now would undo that"):
            machine.again(first, first.steps[:1])

    @pytest.mark.parametrize("steps", [0, 1])
    def test_one_of_another_incident_that_is_done_by_now(self, steps):
        machine, request = self.begun(steps)
        machine.now += timedelta(seconds=1)
        restore = machine.act("restore", 11)
        machine.tags.append(done("inc-2", 11, restore.id))
        with pytest.raises(RefusedError, match="of incident 'inc-2'"):
            machine.plan(request)

    def test_one_after_ours(self):
        machine, request = self.begun(3)
        assert types(machine.change(request)) == ["tag"]
        machine.act("restore", 11)
        with pytest.raises(RefusedError, match="overwritten since"):
            machine.plan(request)

    def test_ours_is_ours_whatever_the_clocks_say(self):
        machine, request = self.begun(3)
        machine.log[-1] = replace(machine.log[-1], started_at=NOW - HOUR)
        assert types(machine.change(request)) == ["tag"]

    def test_another_run_has_chosen_another_image(self):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        machine.tags += [intent(image=11, at=NOW - timedelta(seconds=5)), first.steps[0].name]
        with pytest.raises(RefusedError, match="has chosen image 11, and this one image 13"):
            machine.again(first, first.steps[:1])

    def test_a_newer_backup_changes_nothing(self):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        machine.points.append(backup(14))
        assert machine.again(first, []).steps[2].arguments == {"image": 13}

    def test_the_intent_keeps_its_time(self):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        machine.now += HOUR
        assert machine.again(first, []).steps[0] == first.steps[0]
