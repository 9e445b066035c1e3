# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore writes down at the Droplet: tags that say what was meant and what was done, and a snapshot's name.

A restore shows in no state, and an action does not tell its image. So a tag is written before anything else (Intent)
and one after success (Completed), and the log of actions says what happened in between.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import InputError
from .tags import key

PREFIX = "lifeboat:restore:"
MOMENT = "%Y%m%dT%H%M%SZ"
LONGEST_INCIDENT = 80
LONGEST_NAME = 120
"""So much of a Droplet's name goes into that of its safety snapshot."""

SAFETY = "lifeboat-before-restore."
CLOCK_TOLERANCE = timedelta(seconds=2)
"""By so much the clock that an intent is dated with may be ahead of the one that dates actions and images."""

_INCIDENT = re.compile(r"[a-z0-9_-]+")
# Of tags, whose capitals do not count.
_INTENT = re.compile(rf"{PREFIX}([a-z0-9_-]+):intent:(\d+):(\d{{8}}t\d{{6}}z):(on|off)", re.ASCII)
_DONE = re.compile(rf"{PREFIX}([a-z0-9_-]+):done:(\d+):(\d+)", re.ASCII)
_SAFETY = re.compile(rf"{re.escape(SAFETY)}([a-z0-9_-]+)\..*")


@dataclass(frozen=True, slots=True)
class Intent:
    """A restore was decided: from the image (id), `at` that time (UTC, whole seconds), of a Droplet that `was_on`."""

    incident: str
    image: int
    at: datetime
    was_on: bool

    @property
    def tag(self):
        return f"{PREFIX}{self.incident}:intent:{self.image}:{self.at:{MOMENT}}:{'on' if self.was_on else 'off'}"

    def precedes(self, moment):
        """True if an action or image of that time came after it; what has no time did not."""
        return moment is not None and moment >= self.at - CLOCK_TOLERANCE


@dataclass(frozen=True, slots=True)
class Completed:
    """A restore from the image was carried out by the action (ids); the image is None if the mark is lost."""

    incident: str
    image: int | None
    action: int

    @property
    def tag(self):
        return f"{PREFIX}{self.incident}:done:{self.image}:{self.action}"


@dataclass(frozen=True, slots=True)
class Journal:
    """All Intents and Dones of one Droplet, whatever their incident."""

    intents: tuple[Intent, ...]
    dones: tuple[Completed, ...]

    @classmethod
    def read(cls, tags):
        """From the Droplet's tags; any other tag, and what only looks like a mark, is none."""
        intents, dones = [], []
        for tag in map(key, tags):
            if found := _INTENT.fullmatch(tag):
                at = _moment(found[3])
                intents += [Intent(found[1], int(found[2]), at, found[4] == "on")] if at else []
            elif found := _DONE.fullmatch(tag):
                dones.append(Completed(found[1], int(found[2]), int(found[3])))
        return cls(tuple(sorted(intents, key=lambda mark: (mark.at, mark.tag))), tuple(dones))

    def intent(self, incident):
        """The first Intent of an incident, which is the one that counts; None if there is none."""
        return next((mark for mark in self.intents if mark.incident == incident), None)

    def done(self, incident):
        """The last Completed of an incident, or None."""
        own = [mark for mark in self.dones if mark.incident == incident]
        return max(own, key=lambda mark: mark.action, default=None)

    def by(self, action):
        """The Completed that names an Action, or None."""
        return next((mark for mark in self.dones if mark.action == action.id), None)

    def owner(self, action):
        """The incident whose restore an Action is, by its Completed, else by the last Intent before it; or None."""
        if mark := self.by(action):
            return mark.incident
        earlier = [mark for mark in self.intents if mark.precedes(action.started_at)]
        return earlier[-1].incident if earlier else None

    @property
    def incidents(self):
        return {mark.incident for mark in (*self.intents, *self.dones)}


def checked_incident(text):
    """The key of an incident as it stands in marks, in which capitals do not count; raises InputError."""
    incident = text.lower()
    if not _INCIDENT.fullmatch(incident) or len(incident) > LONGEST_INCIDENT:
        raise InputError(
            f"incident {text!r} cannot be written down as a tag: use 1 to {LONGEST_INCIDENT} letters (a to z), digits, "
            "'-' and '_'."
        )
    return incident


def undo_key(incident, taken):
    """A key for going back on an incident that is not among those `taken`."""
    number = 1
    while True:
        ending = "-undo" if number == 1 else f"-undo-{number}"
        if (key := incident[: LONGEST_INCIDENT - len(ending)] + ending) not in taken:
            return key
        number += 1


def safety_name(incident, droplet_name):
    """The name of the snapshot that is made before the restore of an incident."""
    return f"{SAFETY}{incident}.{droplet_name[:LONGEST_NAME]}"


def safety_of(snapshot):
    """The incident that a RestorePoint was made for as a safety snapshot, or None."""
    found = _SAFETY.fullmatch(snapshot.name) if snapshot.type == "snapshot" else None
    return found and found[1]


def _moment(text):
    try:
        return datetime.strptime(text.upper(), MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
