# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags and names that a restore leaves, and what is read back from them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.journal import (
    LONGEST_INCIDENT,
    Completed,
    Intent,
    Journal,
    checked_incident,
    safety_name,
    safety_of,
    undo_key,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action, RestorePoint

AT = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)
LEGAL_TAG = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")
KEYS = st.from_regex(r"[a-z0-9_-]{1,80}", fullmatch=True)
TIMES = st.integers(0, 10**11).map(lambda seconds: AT + timedelta(seconds=seconds))
IDS = st.integers(1, 10**15)


def action(key=7, began=AT, kind="restore", status="completed"):
    return Action(key, kind, status, 1, "droplet", began)


def test_marks_are_written_as_documented():
    assert Intent("inc-1", 13, AT, True).tag == "lifeboat:restore:inc-1:intent:13:20260311T093000Z:on"
    assert Intent("inc-1", 13, AT, False).tag == "lifeboat:restore:inc-1:intent:13:20260311T093000Z:off"
    assert Completed("inc-1", 13, 99).tag == "lifeboat:restore:inc-1:done:13:99"


@given(KEYS, IDS, TIMES, st.booleans(), IDS)
def test_what_was_written_is_read_and_is_a_legal_tag(incident, image, at, was_on, number):
    intent, done = Intent(incident, image, at, was_on), Completed(incident, image, number)
    marks = Journal.read(["env:prod", done.tag, intent.tag])
    assert (marks.intent(incident), marks.done(incident)) == (intent, done)
    assert LEGAL_TAG.fullmatch(intent.tag)
    assert LEGAL_TAG.fullmatch(done.tag)


@given(KEYS, IDS, TIMES, st.booleans(), IDS)
def test_capitals_of_a_mark_do_not_count(incident, image, at, was_on, number):
    """The account may know the tag in another spelling, which it then keeps."""
    intent, done = Intent(incident, image, at, was_on), Completed(incident, image, number)
    marks = Journal.read([done.tag.upper(), intent.tag.upper()])
    assert (marks.intent(incident), marks.done(incident)) == (intent, done)


@pytest.mark.parametrize(
    "tag",
    [
        "env:prod",
        "lifeboat:restore:inc-1",
        "lifeboat:restore:inc-1:intent:13:20260311T093000Z",
        "lifeboat:restore:inc-1:intent:13:20260399T093000Z:on",
        "lifeboat:restore:inc-1:intent:x:20260311T093000Z:on",
        "lifeboat:restore:inc-1:done:13",
        "lifeboat:restore:inc-1:done:13:99:more",
        "my:lifeboat:restore:inc-1:done:13:99",
    ],
)
def test_what_only_looks_like_a_mark_is_none(tag):
    assert Journal.read([tag]) == Journal((), ())


def test_the_first_intent_of_an_incident_and_its_last_done_count():
    late, early = Intent("a", 1, AT + timedelta(hours=1), False), Intent("a", 2, AT, True)
    marks = Journal.read(
        [late.tag, early.tag, Completed("a", 2, 5).tag, Completed("a", 2, 40).tag, Completed("b", 2, 50).tag]
    )
    assert marks.intent("a") == early
    assert marks.done("a") == Completed("a", 2, 40)
    assert marks.intent("b") is None
    assert marks.done("c") is None
    assert marks.incidents == {"a", "b"}


@pytest.mark.parametrize(
    ("tags", "began", "owner"),
    [
        ([], AT, None),
        ([Intent("a", 1, AT, True)], AT + timedelta(hours=1), "a"),
        ([Intent("a", 1, AT, True)], AT - timedelta(seconds=2), "a"),
        ([Intent("a", 1, AT, True)], AT - timedelta(seconds=3), None),
        ([Intent("a", 1, AT, True)], None, None),
        ([Intent("a", 1, AT, True), Intent("b", 1, AT + timedelta(hours=1), True)], AT + timedelta(hours=2), "b"),
        ([Intent("a", 1, AT, True), Intent("b", 1, AT + timedelta(hours=1), True)], AT + timedelta(minutes=2), "a"),
        ([Intent("a", 1, AT, True), Completed("b", 1, 7)], AT + timedelta(hours=1), "b"),
        ([Completed("b", 1, 7)], None, "b"),
    ],
)
def test_whose_a_restore_is(tags, began, owner):
    assert Journal.read([mark.tag for mark in tags]).owner(action(began=began)) == owner


@pytest.mark.parametrize(
    ("text", "incident"), [("inc-1", "inc-1"), ("INC_42", "inc_42"), ("7", "7"), ("a" * 80, "a" * 80)]
)
def test_keys_of_incidents(text, incident):
    assert checked_incident(text) == incident


@pytest.mark.parametrize("text", ["", "a b", "inc:1", "inc/1", "größe", "a" * 81, "inc-1\n", "inc.1"])
def test_what_cannot_be_a_tag_is_refused_with_what_can(text):
    with pytest.raises(InputError, match="use 1 to 80 letters") as caught:
        checked_incident(text)
    assert repr(text) in caught.value.message


@given(KEYS, st.text(min_size=1, max_size=255))
def test_a_safety_snapshot_is_known_by_its_name(incident, droplet_name):
    name = safety_name(incident, droplet_name.replace("\n", ""))
    assert len(name) <= 255
    assert safety_of(RestorePoint(1, name, "snapshot")) == incident
    assert safety_of(RestorePoint(1, name, "backup")) is None


@pytest.mark.parametrize("name", ["by hand", "lifeboat-before-restore.inc-1", "lifeboat-before-restore.a b.web", ""])
def test_other_snapshots_are_none(name):
    assert safety_of(RestorePoint(1, name, "snapshot")) is None


@given(KEYS, st.integers(0, 5))
def test_an_undo_has_a_key_of_its_own(incident, times):
    taken = {incident}
    for _number in range(times + 1):
        key = undo_key(incident, taken)
        assert key not in taken
        assert len(key) <= LONGEST_INCIDENT
        assert checked_incident(key) == key
        taken.add(key)


def test_an_undo_is_named_after_what_it_undoes():
    assert undo_key("inc-1", {"inc-1"}) == "inc-1-undo"
    assert undo_key("inc-1", {"inc-1", "inc-1-undo"}) == "inc-1-undo-2"
