# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking again at what may not show yet, because the API lags behind itself."""

from __future__ import annotations

from collections.abc import Iterator

from .client import Client

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
"""Seconds between two looks, doubled from the first to the longest."""


def looks(client: Client) -> Iterator[None]:
    """Yields for each look: at once, then after growing pauses, until an absence is old enough to be believed."""
    begun, pause = client.budget.spent, FIRST_PAUSE
    while True:
        yield
        waited = client.budget.spent - begun
        left = min(client.lag_tolerance.total_seconds() - waited, client.budget.left)
        if left <= 0:
            return
        client.sleep(min(pause, left))
        pause = min(LONGEST_PAUSE, pause * 2)
