# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When backup windows open. Pure functions of a policy and a moment."""

import re

from dosim.store import Policy

HOURS = (0, 4, 8, 12, 16, 20)
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
DAY = 86400
_EPOCH_WEEKDAY = WEEKDAYS.index("THU")
_INTRA_DAILY = re.compile(r"intra_daily_(4|6|12)h")

STANDARD = {"weekly": 28, "daily": 7}
USAGE = ("intra_daily_4h", "intra_daily_6h", "intra_daily_12h")


def interval_hours(plan: str) -> int:
    """Hours from one backup to the next."""
    if found := _INTRA_DAILY.fullmatch(plan):
        return int(found[1])
    return 168 if plan == "weekly" else 24


def _phase(policy: Policy) -> int:
    """Seconds from the epoch to some opening of the policy's window."""
    days = (WEEKDAYS.index(policy.weekday) - _EPOCH_WEEKDAY) % 7 if policy.plan == "weekly" else 0
    return days * DAY + policy.hour * 3600


def next_start(policy: Policy, after: float) -> int:
    """The first opening strictly after a moment."""
    period = interval_hours(policy.plan) * 3600
    phase = _phase(policy)
    return phase + (int(after - phase) // period + 1) * period


def window(policy: Policy, start: int) -> tuple[int, int]:
    return start, start + policy.window_hours * 3600


def past_starts(policy: Policy, before: float, since: float) -> list[int]:
    """Openings in ``[since, before]``, oldest first."""
    period = interval_hours(policy.plan) * 3600
    last = next_start(policy, before) - period
    starts = list(range(last, int(since) - 1, -period))
    return starts[::-1]


def offset(policy: Policy, choice: int) -> int:
    """Seconds into the window at which a backup begins; ``choice`` is any number, whole minutes come out."""
    return choice % (policy.window_hours * 60) * 60
