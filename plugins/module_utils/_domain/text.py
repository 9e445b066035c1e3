# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of sentences for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .models import Droplet


def listed(values: Iterable[object]) -> str:
    """Values for a sentence: "0, 4, 8"."""
    return ", ".join(str(value) for value in values)


def some(droplets: Sequence[Droplet] | Sequence[str], most: int = 5) -> str:
    """Droplets, or how they are called, for a sentence: "web-01 (1), web-02 (2) and 3 more"."""
    names = listed(droplets[:most])
    return names + (f" and {len(droplets) - most} more" if len(droplets) > most else "")


def priced(cost: float | str) -> str:
    """A monthly cost (USD, or "unknown") as words."""
    return "an unknown sum a month" if cost == "unknown" else f"{cost:.2f} USD a month"
