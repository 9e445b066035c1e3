# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup windows, and how a selection is spread over several allowed ones. Hours are UTC."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
"""In the order of `datetime.weekday()`."""


_INTERVALS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
_INTRA_DAILY = re.compile(r"intra_daily_([1-9][0-9]?)h", re.ASCII)


def interval(plan: str) -> timedelta | None:
    """From one backup to the next under a plan, None if its name does not tell: "intra_daily_4h" is every 4 hours.

    https://docs.digitalocean.com/products/backups/details/pricing/
    """
    found = _INTRA_DAILY.fullmatch(plan)
    if found and int(found[1]) <= 24:
        return timedelta(hours=int(found[1]))
    return _INTERVALS.get(plan)


class Window(NamedTuple):
    """The start of a backup window; `weekday` is None for a plan that runs every day.

    `hour` is None for a plan whose hours nobody here knows, which leaves the choice to the API.
    """

    weekday: str | None
    hour: int | None


def stable_hash(*parts: str | int | None) -> int:
    """A number that depends on nothing but `parts`: the same on every machine, in every run."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def any_hour(droplet: int | str, hours: Iterable[int]) -> int:
    """One of `hours` for a Droplet, by its id or its name, whose owner named none: stable, and even over many."""
    ordered = sorted(hours)
    return ordered[stable_hash(droplet, "hour") % len(ordered)]


def spread(candidates: Collection[tuple[int, Window | None, Sequence[Window]]]) -> dict[int, Window]:
    """Give every Droplet one of its allowed windows, by the id of the Droplet.

    `candidates` are `(droplet_id, current, allowed)`, of which `allowed` is not empty. A Droplet already in an allowed
    window stays. The others, by ascending id, go to the allowed window that has the fewest Droplets so far, those that
    stay counted; ties fall by a stable hash. The order of `candidates` does not matter.
    """
    chosen = {key: current for key, current, allowed in candidates if current is not None and current in allowed}
    load = Counter(chosen.values())
    for droplet_id, _unused, allowed in sorted(candidates, key=lambda candidate: candidate[0]):
        if droplet_id not in chosen:
            window = min(allowed, key=lambda option: (load[option], stable_hash(droplet_id, *option)))
            chosen[droplet_id] = window
            load[window] += 1
    return chosen
