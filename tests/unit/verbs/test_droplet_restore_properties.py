# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a run is interrupted by, and however often: restored once, and somebody else's restore is never undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    NotConvergedError,
    RefusedError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.journal import safety_of
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import Tag
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import OFF, backup
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.machine import Machine, wanted

EVENTS = ("step", "step", "step", "killed", "hour", "backup", "fails")
SWITCHES = {"safety_snapshot": st.booleans(), "stop_first": st.booleans()}
REQUESTS = st.builds(wanted, snapshot_id=st.just(12), **SWITCHES) | st.builds(wanted, **SWITCHES)


class Run:
    """A run that does one step at a time, and may be killed: then another one begins."""

    def __init__(self, machine, request):
        self.machine, self.request = machine, request
        self.killed()

    def killed(self):
        self.latest, self.done = None, []

    def step(self, outcome="completed"):
        """True where nothing remains. A failed action ends the run."""
        machine = self.machine
        change = machine.again(self.latest, self.done) if self.latest else machine.change(self.request)
        self.latest = change
        if not change.steps:
            assert is_done(change)
            return True
        assert machine.again(change, [*self.done, change.steps[0]]).steps, "it does not show yet"
        step = change.steps[0]
        self.machine.take(step, "completed" if isinstance(step, Tag) else outcome)
        self.done.append(step)
        if outcome == "errored" and not isinstance(step, Tag):
            self.killed()
        return False


@given(REQUESTS, st.sampled_from(["active", "off"]), st.lists(st.sampled_from(EVENTS), max_size=30))
def test_one_restore_whatever_happens(request, status, events):
    machine = Machine(status=status, state=OFF)
    run = Run(machine, request)
    for number, event in enumerate(events):
        if event == "killed":
            run.killed()
        elif event == "hour":
            machine.now += timedelta(hours=1)
        elif event == "backup":
            # It shows when it is over, and bears the time at which it was begun.
            machine.points.append(replace(backup(500 + number), created_at=machine.now - timedelta(hours=1)))
        else:
            run.step("errored" if event == "fails" else "completed")
    intended = [tag for tag in machine.tags if ":intent:" in tag]
    run.killed()
    while not run.step():
        pass
    assert len(machine.completed()) == 1
    assert machine.status == status
    if intended:
        assert f":intent:{machine.disk_from}:" in intended[0]
    tries = [action for action in machine.log if action.type == "snapshot" and action.completed]
    made = [point for point in machine.points if safety_of(point)]
    assert len(made) == len(tries)
    assert bool(made) == request.safety_snapshot
    assert len([tag for tag in machine.tags if tag.startswith("lifeboat:")]) == 2
    assert machine.run(request) == []


@given(REQUESTS, st.integers(0, 6), st.booleans(), st.sampled_from([("restore", 11), ("rebuild", 12)]))
def test_a_restore_of_somebody_else_is_never_undone(request, steps, killed, theirs):
    machine = Machine()
    run = Run(machine, request)
    for _number in range(steps):
        run.step()
    before = len(machine.completed())
    over = any(":done:" in tag for tag in machine.tags)
    machine.act(*theirs)
    if killed:
        run.killed()
    try:
        while not run.step():
            pass
    except (NotConvergedError, RefusedError):
        pass
    else:
        # What came after the intent and fits is taken for the restore of a run that was killed.
        assert not over
        assert killed
        assert not before
    assert len(machine.completed()) == before + 1
    assert machine.disk_from == theirs[1]
