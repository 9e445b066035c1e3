# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restore writes down at the Droplet: tags that say what was meant and what was done, and a snapshot's name.

A restore shows in no state, and an action does not tell its image. So a tag is written before anything else (Intent)
and one after success (Completed), and the log of actions says what happened in between.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import InputError
from .models import Action, RestorePoint
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
    def tag(self) -> str:
        return f"{PREFIX}{self.incident}:intent:{self.image}:{self.at:{MOMENT}}:{'on' if self.was_on else 'off'}"

    def precedes(self, moment: datetime | None) -> bool:
        """True if an action or image of that time came after it; what has no time did not."""
        return moment is not None and moment >= self.at - CLOCK_TOLERANCE


@dataclass(frozen=True, slots=True)
class Completed:
    """A restore from the image was carried out by the action (ids); the image is None if the mark is lost."""

    incident: str
    image: int | None
    action: int

    @property
    def tag(self) -> str:
        return f"{PREFIX}{self.incident}:done:{self.image}:{self.action}"


@dataclass(frozen=True, slots=True)
class Journal:
    """All that is written down at one Droplet, whatever the incident."""

    intents: tuple[Intent, ...]
    dones: tuple[Completed, ...]

    @classmethod
    def read(cls, tags: Iterable[str]) -> Journal:
        """From the Droplet's tags; any other tag, and what only looks like a mark, is none."""
        intents: list[Intent] = []
        dones: list[Completed] = []
        for tag in map(key, tags):
            if found := _INTENT.fullmatch(tag):
                at = _moment(found[3])
                intents += [Intent(found[1], int(found[2]), at, found[4] == "on")] if at else []
            elif found := _DONE.fullmatch(tag):
                dones.append(Completed(found[1], int(found[2]), int(found[3])))
        return cls(tuple(sorted(intents, key=lambda mark: (mark.at, mark.tag))), tuple(dones))

    def intent(self, incident: str) -> Intent | None:
        """The first Intent of an incident, which is the one that counts; None if there is none."""
        return next((mark for mark in self.intents if mark.incident == incident), None)

    def done(self, incident: str) -> Completed | None:
        """The last Completed of an incident, or None."""
        own = [mark for mark in self.dones if mark.incident == incident]
        return max(own, key=lambda mark: mark.action, default=None)

    def by(self, action: Action) -> Completed | None:
        """The Completed that names an action, or None."""
        return next((mark for mark in self.dones if mark.action == action.id), None)

    def owner(self, action: Action) -> str | None:
        """The incident whose restore an action is, by its Completed, else by the last Intent before it; or None."""
        if mark := self.by(action):
            return mark.incident
        earlier = [mark for mark in self.intents if mark.precedes(action.started_at)]
        return earlier[-1].incident if earlier else None

    @property
    def incidents(self) -> set[str]:
        return {mark.incident for mark in self.intents} | {mark.incident for mark in self.dones}


def checked_incident(text: str) -> str:
    """The key of an incident as it stands in marks, in which capitals do not count; raises InputError."""
    incident = text.lower()
    if not _INCIDENT.fullmatch(incident) or len(incident) > LONGEST_INCIDENT:
        raise InputError(
            f"incident {text!r} cannot be written down as a tag: use 1 to {LONGEST_INCIDENT} letters (a to z), digits, "
            "'-' and '_'."
        )
    return incident


def undo_key(incident: str, taken: Container[str | None]) -> str:
    """A key for going back on an incident that is not among those `taken`."""
    number = 1
    while True:
        ending = "-undo" if number == 1 else f"-undo-{number}"
        if (key := incident[: LONGEST_INCIDENT - len(ending)] + ending) not in taken:
            return key
        number += 1


def safety_name(incident: str, droplet_name: str) -> str:
    """The name of the snapshot that is made before the restore of an incident."""
    return f"{SAFETY}{incident}.{droplet_name[:LONGEST_NAME]}"


def safety_of(snapshot: RestorePoint) -> str | None:
    """The incident that a restore point was made for as a safety snapshot, or None."""
    found = _SAFETY.fullmatch(snapshot.name) if snapshot.type == "snapshot" else None
    return found and found[1]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.upper(), MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
