# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore does, by what the marks and the log of actions tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    ApiError,
    InputError,
    NotConvergedError,
    RefusedError,
    ScopeError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore import (
    result as restore_result,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore import verb as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, OFF, backup, droplet, on
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.machine import (
    HAND_MADE,
    HOUR,
    POINTS,
    RESTORED,
    SAFETY,
    Machine,
    done,
    intent,
    safety,
    types,
    wanted,
)


def params(**given):
    left_out = {
        **dict.fromkeys(("backup_id", "snapshot_id", "newest", "before", "snapshot_name", "max_age_hours", "confirm")),
        "incident": "inc-1",
        "safety_snapshot": True,
        "stop_first": False,
        "list": None,
    }
    return {**left_out, **given}


class TestRequest:
    @pytest.mark.parametrize("point", [{"newest": True}, {"before": "2026-03-02T11:00:00Z"}])
    def test_a_described_point_needs_an_age(self, point):
        with pytest.raises(InputError, match=f"^{next(iter(point))} needs max_age_hours"):
            plans.request(None, params(**point))
        assert plans.request(None, params(**point, max_age_hours=4.0)).wanted.max_age_hours == 4

    def test_a_named_one_does_not(self):
        assert plans.request(None, params(backup_id=13)).wanted.id == 13

    def test_capitals_do_not_make_another_incident(self):
        assert plans.request(None, params(backup_id=13, incident="INC-1")).incident == "inc-1"


def left_behind(machine, change):
    """What a failure of `change` leaves; a `machine` of None can not be read any more."""
    return plans.left_behind(change.request, change, machine and machine.seen())


BARE_AND_STOPPED = wanted(safety_snapshot=False, stop_first=True)


class TestSteps:
    """From nothing to done."""

    @pytest.mark.parametrize(
        ("request_", "status", "steps"),
        [
            (wanted(), "active", ["tag", "snapshot", "restore", "tag"]),
            (wanted(snapshot_id=12), "active", ["tag", "snapshot", "restore", "tag"]),
            (wanted(stop_first=True), "active", ["tag", "power_off", "snapshot", "restore", "power_on", "tag"]),
            (wanted(stop_first=True), "off", ["tag", "snapshot", "restore", "tag"]),
            (wanted(safety_snapshot=False), "active", ["tag", "restore", "tag"]),
            (BARE_AND_STOPPED, "active", ["tag", "power_off", "restore", "power_on", "tag"]),
        ],
    )
    def test_in_their_order(self, request_, status, steps):
        machine = Machine(status=status)
        assert types(machine.change(request_)) == steps
        assert machine.run(request_) == steps
        assert machine.status == status
        assert machine.disk_from == (request_.wanted.id or 13)
        assert machine.run(request_) == []

    def test_what_is_sent(self):
        steps = Machine().change(wanted()).steps
        assert steps[0].name == "lifeboat:restore:inc-1:intent:13:20260302T120000Z:on"
        assert (steps[1].type, steps[1].arguments) == ("snapshot", {"name": SAFETY})
        assert (steps[2].type, steps[2].arguments) == ("restore", {"image": 13})
        assert steps[3].name is None
        assert all(step.requires_fresh_state for step in Machine().change(wanted(stop_first=True)).steps[1:-1])

    def test_marks_tell_what_was_done(self):
        machine = Machine(now=NOW + timedelta(microseconds=7))
        machine.run(wanted(stop_first=True))
        restore = machine.completed()[0].id
        assert machine.tags == [intent(), done(action=restore)]

    def test_a_droplet_that_the_api_leaves_off_is_powered_on(self):
        machine = Machine()
        request = wanted()
        first = machine.change(request)
        for step in first.steps[:3]:
            machine.take(step)
        machine.status = "off"
        again = machine.again(first, first.steps[:3])
        assert types(again) == ["power_on", "tag"]

    @pytest.mark.parametrize("stop_first", [False, True])
    def test_its_own_actions_count_although_the_intent_tells_a_later_time(self, stop_first):
        """The API told a time that was minutes off when the run began."""
        machine, request = Machine(now=NOW + timedelta(minutes=40)), wanted(stop_first=stop_first)
        first = machine.change(request)
        machine.now = NOW
        count = len(first.steps) - (3 if stop_first else 2)
        for step in first.steps[:count]:
            machine.take(step)
        assert types(machine.again(first, first.steps[:count], machine.log)) == types(first)[count:]

    def test_a_droplet_that_was_off_stays_as_the_api_leaves_it(self):
        machine = Machine(status="off")
        request = wanted()
        first = machine.change(request)
        for step in first.steps[:3]:
            machine.take(step)
        machine.status = "active"
        again = machine.again(first, first.steps[:3])
        assert types(again) == ["tag"]
        machine.take(again.steps[0])
        over = machine.again(again, first.steps)
        assert is_done(over)
        assert over.extra_result["notes"] == ["it was off before, and the API has left it on"]


class TestPoint:
    def test_safety_snapshots_are_not_candidates(self):
        machine = Machine()
        machine.points.append(safety(NOW - HOUR, incident="inc-0"))
        assert machine.change(wanted()).request.run.image == 13
        assert machine.change(wanted(snapshot_id=300)).request.run.image == 300

    def test_that_of_another_droplet_is_refused_with_a_way_out(self):
        with pytest.raises(SelectionError, match="with droplet_from_backup"):
            Machine().plan(wanted(backup_id=99))

    def test_a_newer_point_does_not_change_an_incident(self):
        machine = Machine()
        machine.run(wanted())
        machine.points.append(backup(14))
        assert machine.run(wanted()) == []
        assert "restore" in machine.run(wanted(incident="inc-2"))
        assert machine.disk_from == 14

    def test_one_that_was_too_old_by_now_is_still_the_one(self):
        machine = Machine(tags=[intent()], now=NOW + timedelta(days=3))
        assert types(machine.change(wanted())) == ["snapshot", "restore", "tag"]
        machine.tags = []
        with pytest.raises(RefusedError, match="max_age_hours allows 48"):
            machine.plan(wanted())


class TestUndo:
    def test_it_brings_the_disk_back_and_is_an_incident_of_its_own(self):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        assert machine.change(wanted(safety_snapshot=False)).extra_result["undo"] is None
        assert first.extra_result["undo"][restore_result.MODULE]["snapshot_id"] is None
        machine.run(request)
        assert is_done(machine.last)
        told = machine.last.extra_result
        assert told["safety_snapshot"] == {"id": 203, "name": SAFETY}
        assert told["duration_seconds"] == 1200
        assert told["undo"] == {
            "name": "Undo the restore of incident inc-1",
            restore_result.MODULE: {"droplet_id": 1, "snapshot_id": 203, "incident": "inc-1-undo", "confirm": "web-01"},
        }
        task = told["undo"][restore_result.MODULE]
        undo = wanted(incident=task["incident"], snapshot_id=task["snapshot_id"])
        assert machine.run(undo) == ["tag", "snapshot", "restore", "tag"]
        assert machine.disk_from == 203
        assert machine.run(undo) == []
        with pytest.raises(RefusedError, match="of incident 'inc-1-undo'"):
            machine.plan(request)

    def test_an_unchanged_run_tells_it_too(self):
        machine = Machine()
        machine.run(wanted())
        told = machine.change(wanted()).extra_result
        assert told["undo"][restore_result.MODULE]["snapshot_id"] == 203
        assert told["duration_seconds"] == 1200
        assert told["restore_point"]["id"] == 13


class TestRebuild:
    """Where `restore` takes backups only, a snapshot is rebuilt, and the SSH host keys are new."""

    def refused(self, step_type="restore", status=422, **point):
        change = Machine().change(wanted(**point))
        step = next(step for step in change.steps if step.type == step_type)
        return plans.otherwise(change, step, ApiError("No.", status=status))

    def test_a_snapshot_that_is_not_restored_is_rebuilt(self):
        machine, request = Machine(takes_snapshots=False), wanted(snapshot_id=12)
        assert machine.run(request) == ["tag", "snapshot", "rebuild", "tag"]
        assert machine.disk_from == 12
        assert is_done(machine.last)
        told = machine.last.extra_result
        assert told["new_ssh_host_keys"] is True
        assert "the SSH host keys are new" in told["notes"][0]
        assert machine.run(request) == []
        assert machine.change(request).extra_result["new_ssh_host_keys"] is True

    def test_one_that_is_restored_keeps_its_keys(self):
        machine, request = Machine(), wanted(snapshot_id=12)
        machine.run(request)
        told = machine.last.extra_result
        assert told["new_ssh_host_keys"] is False
        assert "notes" not in told

    def test_check_mode_says_that_it_may_be_either(self):
        change = Machine().change(wanted(snapshot_id=12))
        assert change.extra_result["new_ssh_host_keys"] is None
        assert any("if the API takes only backups for that, by rebuild, and they are new" in n for n in change.notes)
        backup_ = Machine().change(wanted(backup_id=13))
        assert backup_.extra_result["new_ssh_host_keys"] is False
        assert not any("rebuild" in note for note in backup_.notes)

    def test_a_backup_or_another_refusal_has_no_other_way(self):
        assert self.refused(snapshot_id=12).run.by_rebuild
        assert self.refused(backup_id=13) is None
        assert self.refused(snapshot_id=12, status=403) is None
        assert self.refused("snapshot", snapshot_id=12) is None


class TestLeftBehind:
    """What a failure leaves: the safety snapshot, the way back, and whether the server is off."""

    def failed(self, outcome="errored", steps=3, **options):
        machine, request = Machine(), wanted(**options)
        first = machine.change(request)
        for step in first.steps[:steps]:
            machine.take(step)
        machine.take(first.steps[steps], outcome)
        return machine, first, left_behind(machine, first)

    def test_a_restore_that_ended_as_errored(self):
        machine, _first, (told, sentences) = self.failed(stop_first=True)
        assert told["safety_snapshot"] == {"id": 203, "name": SAFETY}
        assert sentences == (
            "Safety snapshot 203 holds the disk as it was; undo brings it back.",
            "The Droplet is off, and was on before.",
        )
        task = told["undo"][restore_result.MODULE]
        assert told["undo_command"] == (
            "ansible localhost -m lifeboat.digitalocean.droplet_restore -a 'droplet_id=1 snapshot_id=203 "
            "incident=inc-1-undo confirm=web-01'"
        )
        undo = wanted(incident=task["incident"], snapshot_id=task["snapshot_id"], safety_snapshot=False)
        assert machine.run(undo) == ["tag", "restore", "power_on", "tag"]
        assert (machine.disk_from, machine.status) == (203, "active")

    def test_a_restore_that_was_done_and_not_marked_is_undone_as_well(self):
        machine, first, _told = self.failed("completed", stop_first=True)
        told, sentences = left_behind(machine, first)
        assert sentences[0].endswith("undo brings it back.")
        undo = wanted(incident="inc-1-undo", snapshot_id=told["safety_snapshot"]["id"])
        assert machine.run(undo) == ["tag", "snapshot", "restore", "power_on", "tag"]
        with pytest.raises(RefusedError, match="of incident 'inc-1-undo'"):
            machine.plan(wanted())

    def test_only_the_restore_that_is_undone_is_explained_by_it(self):
        machine, first, _told = self.failed("completed", stop_first=True)
        machine.act("restore", 11)
        undo = wanted(incident="inc-1-undo", snapshot_id=first.extra_result["safety_snapshot"]["id"] or 203)
        with pytest.raises(RefusedError, match=r"action 103 \(restore\), begun at .* of incident 'inc-1'"):
            machine.plan(undo)

    def test_before_anything_was_restored(self):
        _machine, _first, (told, sentences) = self.failed(steps=1)
        assert (told["safety_snapshot"], told["undo"], told["undo_command"]) == (None, None, None)
        assert sentences == ()
        _machine, _first, (_told, sentences) = self.failed("completed", steps=1, stop_first=True)
        assert sentences == ("The Droplet is off, and was on before.",)

    def test_one_that_was_off_or_is_being_powered_on(self):
        machine = Machine(status="off")
        change = machine.change(wanted())
        assert left_behind(machine, change)[1] == ("The Droplet is off, as it was before.",)
        machine.act("power_on", outcome="in-progress")
        assert left_behind(machine, change)[1] == ()

    def test_what_cannot_be_read_any_more_is_told_by_the_last_plan(self):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        assert left_behind(None, first)[0]["undo"] is None
        for step in first.steps[:2]:
            machine.take(step)
        latest = machine.again(first, first.steps[:2])
        told, sentences = left_behind(None, latest)
        assert told["safety_snapshot"]["id"] == 203
        assert sentences == ("Safety snapshot 203 holds the disk as it was.",)

    def test_a_name_that_a_shell_may_not_see_gives_no_line(self):
        seen = Machine(points=[*POINTS, safety(NOW - HOUR)], tags=[intent(at=NOW - 2 * HOUR)]).seen()
        seen = replace(seen, droplet=replace(seen.droplet, name="web'01 {{ x }}"))
        (change,) = plans.plan(wanted(confirm="web'01 {{ x }}"), seen, NOW).changes
        assert change.extra_result["undo"]
        assert change.extra_result["undo_command"] is None


class TestList:
    def test_it_changes_nothing_and_needs_no_incident(self):
        request = plans.request(Selection(ids=(1,)), params(list=True))
        machine = Machine(points=[*POINTS, safety(NOW - HOUR, incident="inc-0")], tags=[])
        assert plans.horizon(request, machine.seen(), NOW) is None
        plan = machine.plan(request)
        assert (plan.changes[0].steps, plan.confirmation_required, plan.warnings) == ((), None, ())
        told = plans.tell([{"id": 1, **plan.changes[0].extra_result}])
        assert [(point["id"], point["safety_snapshot_of"]) for point in told["restore_points"]] == [
            (300, "inc-0"), (13, None), (12, None), (11, None),
        ]  # fmt: skip
        assert told["restore_points"][1]["age_hours"] == 30.0
        assert told["incident"] is None

    def test_a_restore_needs_one(self):
        with pytest.raises(InputError, match="incident is missing"):
            plans.request(None, {**params(backup_id=13), "incident": None})


class TestConfirm:
    def test_a_wrong_name_is_refused(self):
        with pytest.raises(RefusedError, match="confirm 'web-1' is not the name of the Droplet"):
            Machine().plan(wanted(confirm="web-1"))

    @pytest.mark.parametrize("log", [[], [replace(RESTORED, status="in-progress")]])
    def test_a_missing_one_is_told(self, log):
        plan = Machine(log=log, now=NOW + HOUR).plan(wanted(confirm=None))
        assert plan.confirmation_required.startswith(
            "This overwrites the disk of Droplet web-01 (1). Set confirm: web-01 if"
        )
        assert Machine().plan(wanted()).confirmation_required is None


def test_hidden_tags_are_refused():
    seen = replace(Machine().seen(), droplet=droplet(tags=None))
    with pytest.raises(ScopeError, match="the scope tag:read"):
        plans.plan(wanted(), seen, NOW)


class TestExpiry:
    """Backup 13 is a day and a quarter old. With a safety snapshot a restore takes 18 minutes here, without one 9."""

    @pytest.mark.parametrize(
        ("left", "options", "refused"),
        [
            (timedelta(minutes=17), {}, True),
            (timedelta(minutes=19), {}, False),
            (timedelta(minutes=17), {"safety_snapshot": False}, False),
            (timedelta(minutes=8), {"safety_snapshot": False}, True),
        ],
    )
    def test_a_backup_that_would_expire_meanwhile(self, left, options, refused):
        machine = Machine(now=NOW + timedelta(days=5.75) - left)
        request = wanted(backup_id=13, **options)
        if not refused:
            assert machine.plan(request).warnings == ()
            return
        with pytest.raises(RefusedError) as caught:
            machine.plan(request)
        assert "backup 13 (web-01- 2026-03-01) expires at 2026-03-08T06:00:00Z" in caught.value.message
        assert "Convert it first with backup_to_snapshot." in caught.value.message

    @pytest.mark.parametrize(
        ("state", "now"),
        [(OFF, NOW), (on("later", retention=None), NOW), (on("daily"), NOW + timedelta(days=9))],
        ids=["backups are off", "an unknown plan", "there although its date is past"],
    )
    def test_an_unknown_date_is_a_warning(self, state, now):
        (warning,) = Machine(state=state, now=now).plan(wanted(backup_id=13)).warnings
        assert warning.startswith("How long backup 13 (web-01- 2026-03-01) is kept is not known")

    def test_a_snapshot_does_not_expire(self):
        machine = Machine(state=OFF, now=NOW + timedelta(days=900))
        assert machine.plan(wanted(snapshot_id=HAND_MADE.id)).warnings == ()

    def test_what_is_restored_already_is_not_refused(self):
        machine = Machine(tags=[intent()], log=[RESTORED], now=NOW + timedelta(days=5.75) - timedelta(minutes=1))
        assert types(machine.change(wanted())) == ["tag"]


class TestTold:
    def test_what_a_gpu_droplet_has_besides_is_in_no_image(self):
        seen = Machine().seen()
        seen = replace(seen, droplet=replace(seen.droplet, gpu=True))
        (change,) = plans.plan(wanted(), seen, NOW).changes
        assert any("nothing of its scratch disk" in note for note in change.notes)
        assert not any("scratch" in note for note in Machine().change(wanted()).notes)

    def test_the_diff(self):
        change = Machine().change(wanted())
        assert plans.describe(change.before) == "the disk as it is, with everything written after 2026-03-01T06:00:00Z"
        assert plans.describe(change.after) == (
            "backup 13 (web-01- 2026-03-01) of 2026-03-01T06:00:00Z in about 18 min, snapshot "
            f"{SAFETY} of about 3 GiB for 0.18 USD a month"
        )

    def test_the_diff_without_a_safety_snapshot_and_with_volumes(self):
        seen = Machine().seen()
        seen = replace(seen, droplet=replace(seen.droplet, volume_ids=("a1", "b2")))
        (change,) = plans.plan(wanted(safety_snapshot=False), seen, NOW).changes
        assert plans.describe(change.after).endswith(
            "in about 9 min, no snapshot of the disk as it is, attached volumes stay as they are: a1, b2"
        )
        assert "attached volumes stay as they are, since no image holds them: a1, b2" in change.notes

    def test_it_does_not_depend_on_the_second(self):
        first, second = (Machine(now=now).change(wanted()) for now in (NOW, NOW + timedelta(minutes=3)))
        assert (first.before, first.after) == (second.before, second.after)

    @pytest.mark.parametrize(
        ("options", "status", "note"),
        [
            ({}, "active", "30 hours of data go: everything written after 2026-03-01T06:00:00Z"),
            ({}, "active", "what is written between the safety snapshot and the restore is in neither image"),
            ({"safety_snapshot": False}, "active", "no safety snapshot is made, so that there is no way back"),
        ],
    )
    def test_notes(self, options, status, note):
        assert any(note in found for found in Machine(status=status).change(wanted(**options)).notes)

    @pytest.mark.parametrize(("options", "status"), [({"stop_first": True}, "active"), ({}, "off")])
    def test_nothing_is_in_neither_image_of_a_stopped_droplet(self, options, status):
        assert not any("neither" in note for note in Machine(status=status).change(wanted(**options)).notes)

    def test_volumes_that_are_hidden(self):
        seen = Machine().seen()
        seen = replace(seen, droplet=replace(seen.droplet, volume_ids=None))
        (change,) = plans.plan(wanted(), seen, NOW).changes
        assert any("block_storage:read" in note for note in change.notes)

    def test_sizes_that_are_not_told_are_the_disks(self):
        machine = Machine(points=[replace(backup(13, days=1), size_gigabytes=None)])
        assert machine.change(wanted()).after["expected_minutes"] == 150

    def test_other_incidents_that_were_begun(self):
        (warning,) = Machine(tags=[intent("inc-0", at=NOW - HOUR)]).plan(wanted()).warnings
        assert warning == "Incident 'inc-0' of Droplet web-01 (1) was begun at 2026-03-02T11:00:00Z and is not done."
        assert Machine(tags=[intent("inc-0"), done("inc-0")]).plan(wanted()).warnings == ()

    @pytest.mark.parametrize("entry", [{}, {"undo": {"a": 1}, "duration_seconds": 7}])
    def test_the_result(self, entry):
        entries = [{"id": 1, **Machine().change(wanted()).extra_result, **entry}]
        told = plans.tell(entries)
        assert tuple(told) == restore_result.KEYS
        assert told["incident"] == "inc-1"
        assert told["restore_point"] == {
            "id": 13,
            "name": "web-01- 2026-03-01",
            "type": "backup",
            "created_at": "2026-03-01T06:00:00Z",
            "age_hours": 30.0,
            "size_gigabytes": 3.0,
        }
        assert told["duration_seconds"] == entry.get("duration_seconds")
        assert entries == [{"id": 1}]


class TestVerified:
    """Planned again by the run that has done it, with the actions that it has begun."""

    def run(self, **options):
        machine, request = Machine(), wanted(**options)
        first = machine.change(request)
        machine.run(request)
        own = tuple(machine.log)
        return machine, lambda: machine.again(first, first.steps, own)

    @pytest.mark.parametrize("options", [{}, {"stop_first": True}, {"safety_snapshot": False}], ids=str)
    def test_as_planned(self, options):
        _machine, again = self.run(**options)
        assert is_done(again())
        assert again().extra_result.keys() == {*restore_result.FOUND}

    def test_the_mark_is_missing(self):
        machine, again = self.run()
        mark = machine.tags.pop()
        assert [step.name for step in again().steps] == [mark]
        assert plans.describe(again().before) == "the disk restored and not marked from image 13"
        assert plans.describe(again().after) == "the disk restored and marked from image 13"

    def test_the_log_does_not_show_it(self):
        machine, again = self.run()
        restore = machine.log.pop()
        assert again().steps == ()
        assert again().doubt.why == f"the log does not show yet that action {restore.id} has completed"
        assert again().doubt.until > machine.now
        machine.log.append(replace(restore, status="in-progress"))
        assert "does not show yet" in again().doubt.why

    @pytest.mark.parametrize("stop_first", [False, True])
    def test_it_is_off(self, stop_first):
        machine, again = self.run(stop_first=stop_first)
        machine.status = "off"
        assert again().steps == ()
        assert again().doubt.why.endswith("it is off and was on before")

    def test_somebody_was_at_work(self):
        machine, again = self.run()
        theirs = machine.act("restore", 11)
        with pytest.raises(NotConvergedError, match=rf"action {theirs.id} \(restore\), begun at .* overwrites it"):
            again()

    def test_somebody_is_at_work(self):
        machine, again = self.run()
        theirs = machine.act("restore", 11, outcome="in-progress")
        with pytest.raises(NotConvergedError, match=rf"action {theirs.id} \(restore\)"):
            again()


class TestRescue:
    def rescued(self, steps=2, **options):
        machine, request = Machine(), wanted(**{"stop_first": True, **options})
        first = machine.change(request)
        for step in first.steps[:steps]:
            machine.take(step)
        found = plans.rescue(plans.resumed(first.request, first.steps[:steps], ()), machine.seen())
        return machine, [step.type for step in found]

    def test_a_droplet_that_was_stopped_is_powered_on(self):
        assert self.rescued()[1] == ["power_on"]
        assert self.rescued(3)[1] == ["power_on"]

    def test_not_before_it_was_stopped_nor_once_the_restore_was_tried(self):
        assert self.rescued(1)[1] == []
        assert self.rescued(4)[1] == []

    def test_not_one_that_somebody_else_has_stopped(self):
        machine, request = Machine(), wanted()
        first = machine.change(request)
        machine.take(first.steps[0])
        machine.status = "off"
        assert plans.rescue(plans.resumed(first.request, first.steps[:1], ()), machine.seen()) == ()

    def test_not_while_something_runs(self):
        machine, request = Machine(), wanted(stop_first=True)
        first = machine.change(request)
        for step in first.steps[:2]:
            machine.take(step)
        machine.act("snapshot", outcome="in-progress")
        assert plans.rescue(plans.resumed(first.request, first.steps[:2], ()), machine.seen()) == ()

    def test_what_failed_after_a_rescue_is_done_by_the_rerun(self):
        machine, _types = self.rescued(3)
        machine.act("power_on")
        request = wanted(stop_first=True)
        assert machine.run(request) == ["power_off", "snapshot", "restore", "power_on", "tag"]


class TestHorizon:
    @pytest.mark.parametrize(
        ("tags", "options", "days"),
        [
            ([], {}, 1.25),
            ([], {"snapshot_id": 12}, 2.5),
            ([intent(image=11)], {}, 3),
            ([intent(image=77)], {"backup_id": 77}, 1 / 1440),
        ],
    )
    def test_the_log_is_read_back_to_the_point_and_the_intent(self, tags, options, days):
        found = plans.horizon(wanted(**options), Machine(tags=tags).seen(), NOW)
        assert found == NOW - timedelta(days=days)

    def test_what_will_be_refused_anyway_needs_one_page(self):
        assert plans.horizon(wanted(backup_id=99), Machine().seen(), NOW) is None


def test_the_mark_follows_from_the_action_of_this_run_and_not_from_the_log():
    machine, request = Machine(), wanted(safety_snapshot=False)
    first = machine.change(request)
    for step in first.steps[:2]:
        machine.take(step)
    own, machine.log = machine.log[-1], []
    assert types(machine.again(first, first.steps[:2]))[0] == "restore"
    (mark,) = machine.again(first, first.steps[:2], [own]).steps
    assert mark.name == done(image=13, action=own.id)
