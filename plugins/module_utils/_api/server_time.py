# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's time, and which of the clocks that tell it is believed.

Each answer has a `Date`, and in `ratelimit-reset` the time at which the oldest request of the last hour stops to count:
now or within an hour. This machine has a clock of its own. Any of the three may be wrong, so a Date is believed if one
of the other two bears it out. https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Rate-Limit
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

NEAR = timedelta(hours=1)
"""Clocks that differ by no more than this agree."""

ODD = timedelta(days=3653)
"""What is further from this machine's clock is no time of anything; that clock need not be right to a year."""

WINDOW = timedelta(hours=1)
"""For so long a request counts."""


class ServerTime:
    """What the answers to a task have told of the time. `warn` takes a sentence for the user, `clock` gives seconds."""

    def __init__(self, warn: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._warn = warn
        self._clock = clock
        self._told: _Heard | None = None
        """The last Date that was believed."""
        self._borne_out = False
        """Whether that has been by another clock."""
        self._least: _Heard | None = None
        """As long as no Date was believed: what the time is at least, by the limits."""
        self._warned: set[str] = set()

    def now(self) -> datetime:
        """The server's time, in UTC; by the best that is known as long as no answer has told it."""
        return self._known()[0]

    def record_response(self, headers: Mapping[str, str]) -> None:
        """Take the time from the headers of an answer, unless it cannot be right: no age is to come of that."""
        date, reset = _date(headers), reset_of(headers)
        if reset is not None and abs(reset - datetime.now(UTC)) > ODD:
            reset = None
        if date is not None and self._believes(date, reset):
            self._told = _Heard(date, self._clock)
            return
        if reset is not None:
            least = reset - WINDOW
            self._least = _Heard(max(least, self._least.now()) if self._least else least, self._clock)
        said = "no time that can be read" if date is None else f"the time {date:%Y-%m-%d %H:%M} UTC"
        instead = self._known()[1]
        self._doubt(instead, f"An answer of the API tells {said}. Ages and times go by {instead}.")

    def _believes(self, date: datetime, reset: datetime | None) -> bool:
        machine = datetime.now(UTC)
        if abs(date - machine) <= NEAR or (reset is not None and _fits(date, reset - WINDOW)):
            # What was told before was true, too, and time does not go back; an answer from a cache may.
            if self._told and self._borne_out and date < self.now() - NEAR:
                return False
            self._borne_out = True
            return True
        if reset is not None:
            return False
        if self._told:
            return abs(date - self.now()) <= NEAR
        if abs(date - machine) > ODD:
            return False
        self._doubt(
            "unproven",
            f"The API tells the time {date:%Y-%m-%d %H:%M} UTC, this machine {machine:%Y-%m-%d %H:%M} UTC, and nothing "
            "shows which is right. Ages and times go by the API's. Check this machine's clock and api_url.",
        )
        return True

    def _known(self) -> tuple[datetime, str]:
        """The time by the best that is known, and what that is."""
        if self._told:
            return self._told.now(), "what other answers told instead"
        machine = datetime.now(UTC)
        least = self._least.now() if self._least else None
        if least is None or _fits(machine, least):
            return machine, "this machine's clock instead"
        return least, "its rate limit instead, which tells the time to an hour"

    def _doubt(self, kind: str, sentence: str) -> None:
        """Tell the user once of each kind: an hour's run has many minutes, and each would be another sentence."""
        if kind not in self._warned:
            self._warned.add(kind)
            self._warn(sentence)


class _Heard:
    """A time, and how long ago it was heard."""

    def __init__(self, moment: datetime, clock: Callable[[], float]) -> None:
        self._moment = moment
        self._clock = clock
        self._heard = clock()

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=self._clock() - self._heard)


def reset_of(headers: Mapping[str, str]) -> datetime | None:
    """When the oldest request stops to count against the hourly limit, None if the headers do not tell."""
    try:
        return datetime.fromtimestamp(int(headers["ratelimit-reset"]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def _date(headers: Mapping[str, str]) -> datetime | None:
    """None if there is no date, or none that can be read."""
    try:
        date = parsedate_to_datetime(headers["date"])
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _fits(moment: datetime, least: datetime) -> bool:
    """Whether it may be `moment` if it is `least` or up to WINDOW later."""
    return least - NEAR <= moment <= least + WINDOW + NEAR
