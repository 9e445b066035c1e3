# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every /v2 request that came in, answered or not."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

MASK = "[token]"


@dataclass(slots=True)
class Entry:
    """``carried_out`` is whether the request reached the model, whatever the client was told."""

    n: int = 0
    at: str = ""
    method: str = ""
    path: str = ""
    query: str = ""
    body: Any = None
    route: str = ""
    status: int | None = None
    carried_out: bool = False
    fault: int | None = None


class Journal:
    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._written = 0

    def add(self, entry: Entry) -> None:
        self._written += 1
        entry.n = self._written
        self._entries.append(entry)

    def clear(self) -> None:
        self._entries.clear()

    def requests(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._entries]

    def summary(self) -> dict[str, Any]:
        counts = Counter(f"{entry.method} {entry.route}" for entry in self._entries)
        return {"summary": dict(sorted(counts.items())), "total": len(self._entries)}
