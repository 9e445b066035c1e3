# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as the API and the user write them."""

from __future__ import annotations

from datetime import UTC, datetime

from .errors import InputError

EARLIEST, LATEST = 1970, 9000
"""Years."""


def timestamp(text: str | None) -> datetime | None:
    """A `YYYY-MM-DDTHH:MM:SSZ` of the API as an aware datetime in UTC; None for null or anything else.

    A year that nothing can be added to or taken from is no time of anything either.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None
        if moment.tzinfo is not UTC:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment.year <= LATEST else None


def given_time(option: str, text: str | None) -> datetime | None:
    """The time that a user gave for `option`, None if it was left out; raises InputError."""
    if text is not None and timestamp(text) is None:
        raise InputError(f"{option} {text!r} is not a time with its zone: write it like 2026-03-11T09:30:00Z.")
    return timestamp(text)


def iso(moment: datetime | None) -> str | None:
    """A time as the API writes it, `YYYY-MM-DDTHH:MM:SSZ`; None stays None."""
    # A large fleet has tens of thousands, and strftime takes four times as long.
    return None if moment is None else f"{moment.isoformat()[:19]}Z"
