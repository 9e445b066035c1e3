# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a task that is run again still asks for the restore point that was chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.restore_points import RestorePointSelector
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore.decided import difference
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, snapshot

HOUR = timedelta(hours=1)
OLDER, CHOSEN, NIGHTLY = backup(11, days=5), backup(13, days=3), replace(snapshot(14, days=4), name="nightly")
POINTS = (OLDER, CHOSEN, NIGHTLY)


def logged(point, hours=None, kind="backup"):
    """The action that made a point, ended so many hours later; None: in progress."""
    ended = None if hours is None else point.created_at + hours * HOUR
    return Action(7, kind, "completed", 1, "droplet", point.created_at, ended)


@pytest.mark.parametrize(
    ("wanted", "other"),
    [
        (RestorePointSelector(backup_id=13), None),
        (RestorePointSelector(snapshot_id=14), "14"),
        (RestorePointSelector(newest=True), None),
        (RestorePointSelector(before=NOW), None),
        (RestorePointSelector(before=CHOSEN.created_at), None),
        (
            RestorePointSelector(before=NOW - timedelta(days=4)),
            "the newest restore point of 2026-02-26T12:00:00Z or before",
        ),
        (RestorePointSelector(snapshot_name="nightly"), "the newest snapshot named 'nightly'"),
        (RestorePointSelector(newest=True, max_age_hours=72), None),
        (
            RestorePointSelector(newest=True, max_age_hours=71),
            "one that is young enough: it was 72.0 hours old, and max_age_hours",
        ),
    ],
    ids=str,
)
def test_the_point_that_was_chosen_is_held_against_what_is_asked_for(wanted, other):
    found = difference(wanted, CHOSEN, NOW, POINTS, ())
    assert found is None if other is None else found.startswith(other)
    if wanted.id is None and other is None:
        # What was not there when it was chosen, or has gone since, changes nothing.
        later = backup(15, days=-1)
        assert difference(wanted, CHOSEN, NOW, (*POINTS, later), ()) is None
        assert difference(wanted, CHOSEN, NOW, (CHOSEN,), ()) is None


@pytest.mark.parametrize("kind", ["backup", "snapshot"])
@pytest.mark.parametrize(
    ("days", "log", "refused"),
    [
        (2, [], True),
        (1.01, [], True),
        (0.99, [], False),
        (0.2, [1], True),
        (0.2, [4.7], False),
        (0.2, [5], False),
        (0.2, [None], False),
        (2.9, [None], True),
    ],
)
def test_a_younger_one_counts_if_it_was_there_by_then(kind, days, log, refused):
    """By the log, if that shows when it was over; else what was begun on the day before may not have been."""
    younger = backup(15, days=days, kind=kind)
    log = [logged(younger, hours, kind) for hours in log]
    for wanted in (RestorePointSelector(newest=True), RestorePointSelector(before=NOW)):
        found = difference(wanted, CHOSEN, NOW, (*POINTS, younger), log)
        assert bool(found) == refused
        assert not refused or found == f"{wanted}, which was {younger} then"
    assert (
        difference(RestorePointSelector(before=younger.created_at - HOUR), CHOSEN, NOW, (*POINTS, younger), log) is None
    )


def test_a_safety_snapshot_is_never_the_one():
    safety = replace(snapshot(15, days=2), name="lifeboat-before-restore.inc-1.web-01")
    assert difference(RestorePointSelector(newest=True), CHOSEN, NOW, (*POINTS, safety), ()) is None


def test_a_choice_of_unknown_time_is_held_against_what_does_not_move():
    younger = backup(15, days=2)
    assert difference(RestorePointSelector(newest=True), CHOSEN, None, (CHOSEN, younger), ()) is None
    assert difference(RestorePointSelector(before=NOW - timedelta(days=4)), CHOSEN, None, (CHOSEN, younger), ())
