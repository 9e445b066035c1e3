# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log tells of things that the lists do not show yet, and for how long that is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import evidence
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import SECONDS_PER_GIB
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
ACTION = Action(50, "snapshot", "completed", 1, "droplet", NOW - 3 * MINUTE, NOW - MINUTE)
UNDATED = replace(ACTION, completed_at=None)


def step(kind: str = "snapshot", **fields: Any) -> Any:
    return SimpleNamespace(type=kind, **fields)


def change(*visible: object) -> Any:
    return SimpleNamespace(visible=frozenset(visible))


@pytest.mark.parametrize(
    ("action", "gigabytes", "ended"),
    [
        (ACTION, None, NOW - MINUTE),
        (ACTION, 2.0, NOW - MINUTE),
        (UNDATED, None, NOW - 3 * MINUTE),
        (UNDATED, 0.5, NOW - 3 * MINUTE + timedelta(seconds=0.5 * SECONDS_PER_GIB)),
        (replace(UNDATED, started_at=None), 2.0, None),
        (replace(ACTION, started_at=None), 2.0, NOW - MINUTE),
    ],
)
def test_when_an_action_ended(action: Action, gigabytes: float | None, ended: object) -> None:
    assert evidence.ended_at(action, gigabytes) == ended


@pytest.mark.parametrize(
    ("action", "span", "within"),
    [
        (ACTION, MINUTE, True),
        (ACTION, MINUTE - SECOND, False),
        (UNDATED, 3 * MINUTE, True),
        (UNDATED, MINUTE, False),
        (replace(UNDATED, started_at=None), MINUTE, True),
    ],
)
def test_one_that_nothing_dates_may_have_ended_just_now(action: Action, span: timedelta, within: bool) -> None:
    assert evidence.ended_within(action, span, NOW) is within


def test_the_size_of_what_was_worked_on_makes_it_end_later() -> None:
    assert not evidence.ended_within(UNDATED, MINUTE, NOW)
    assert evidence.ended_within(UNDATED, MINUTE, NOW, 2 * 60 / SECONDS_PER_GIB)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, True),
        ({"type": "restore"}, False),
        ({"id": 49}, False),
        ({"started_at": NOW - evidence.CLOCK_TOLERANCE}, True),
        ({"started_at": NOW - evidence.CLOCK_TOLERANCE - SECOND}, False),
        ({"started_at": NOW + MINUTE}, True),
        ({"status": "in-progress"}, True),
    ],
    ids=str,
)
def test_what_can_be_the_answer_to_a_request_sent_now(changed: dict[str, Any], found: bool) -> None:
    """49 was in the log before."""
    action = replace(ACTION, started_at=NOW, **{key: value for key, value in changed.items() if key != "started_at"})
    action = replace(action, started_at=changed.get("started_at", NOW))
    assert evidence.begun_since([action], "snapshot", {49}, NOW) == ([action] if found else [])


def test_of_several_the_newest_is_first() -> None:
    log = [replace(ACTION, id=key, started_at=NOW) for key in (51, 53, 52)]
    assert [action.id for action in evidence.begun_since(log, "snapshot", set(), NOW)] == [53, 52, 51]


@pytest.mark.parametrize(
    ("changed", "visible", "held"),
    [
        ({}, (), True),
        ({}, (NOW,), True),
        ({}, (ACTION.started_at,), False),
        ({"type": "restore"}, (), False),
        ({"status": "in-progress"}, (), False),
        ({"status": "errored"}, (), False),
        ({"completed_at": NOW - 2 * MINUTE}, (), True),
        ({"completed_at": NOW - 2 * MINUTE - SECOND}, (), False),
    ],
    ids=str,
)
def test_what_has_completed_lately_and_does_not_show(
    changed: dict[str, Any], visible: tuple[Any, ...], held: bool
) -> None:
    action = replace(ACTION, **changed)
    found = evidence.unaccounted(change(*visible), step(), [action], NOW, 2 * MINUTE)
    assert found == ([action] if held else [])


def test_nothing_is_missed_if_what_shows_is_not_known() -> None:
    assert evidence.unaccounted(SimpleNamespace(visible=None), step(), [ACTION], NOW, 2 * MINUTE) == []  # type: ignore[arg-type]


def test_the_size_that_a_step_tells_counts() -> None:
    sized = step(size_gigabytes=2 * 60 / SECONDS_PER_GIB)
    assert evidence.unaccounted(change(), step(), [UNDATED], NOW, MINUTE) == []
    assert evidence.unaccounted(change(), sized, [UNDATED], NOW, MINUTE) == [UNDATED]
    doubt = evidence.doubt_about([UNDATED], sized, NOW, MINUTE)
    assert doubt is not None
    assert doubt.until == NOW


def test_a_snapshot_shows_by_its_time_and_a_converted_image_by_its_id() -> None:
    assert evidence.product_of(ACTION) == ACTION.started_at
    assert evidence.product_of(replace(ACTION, type="convert", resource_id=77)) == 77


@pytest.mark.parametrize(
    ("changed", "until"),
    [
        ({}, NOW + MINUTE),
        ({"completed_at": NOW}, NOW + 2 * MINUTE),
        ({"completed_at": NOW + MINUTE}, NOW + 2 * MINUTE),
        ({"completed_at": None, "started_at": None}, NOW + 2 * MINUTE),
    ],
    ids=str,
)
def test_a_doubt_lasts_from_the_end_of_the_action_or_from_now(changed: dict[str, Any], until: object) -> None:
    """A clock that is ahead makes nobody wait longer than from now on."""
    doubt = evidence.doubt_about([replace(ACTION, **changed)], step(), NOW, 2 * MINUTE)
    assert doubt is not None
    assert doubt.until == until
    assert doubt.why == "action 50 (snapshot) has completed, and what it made does not show yet"


def test_of_several_the_one_that_ended_last_counts_and_of_these_the_greatest_id() -> None:
    later = [replace(ACTION, id=key, completed_at=NOW) for key in (41, 43, 42)]
    doubt = evidence.doubt_about([ACTION, *later], step(), NOW, MINUTE)
    assert doubt is not None
    assert doubt.action == later[1]
    assert evidence.doubt_about([], step(), NOW, MINUTE) is None
