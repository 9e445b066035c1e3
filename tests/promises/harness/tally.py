# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what a sweep of wrong answers has played, and sums it up at the end of a run of pytest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

PROPERTY = "wrong answers"
KINDS = {"false ok": ("a false ok",), "doubles": ("P3:",), "unexpected": ("nobody foresaw", "fault of the collection")}
"""Further counts of a red cell, by words of its reason."""


class Tally:
    """The cells of a module, each as met, not met (the task never got that answer) or red."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.cells: list[tuple[str, str, str, str]] = []
        self.red: list[tuple[str, str]] = []

    def play(self, cell: Any, meets: Callable[[], bool]) -> None:
        """Count a cell; `meets` plays it, and raises AssertionError if a promise is broken."""
        try:
            outcome = "met" if meets() else "not met"
        except (AssertionError, pytest.fail.Exception) as problem:
            outcome = "red"
            self.red.append((str(cell), str(problem)))
        self.cells.append((self.module, str(cell.spot), cell.way, outcome))

    def close(self, record_property: Callable[[str, object], None]) -> None:
        """Hand the counts to the summary; raises AssertionError if a cell is red."""
        kinds = [kind for _cell, reason in self.red for kind, words in KINDS.items() if any(w in reason for w in words)]
        record_property(PROPERTY, {"cells": self.cells, "kinds": kinds})
        assert not self.red, "\n\n".join(f"{cell}\n{reason}" for cell, reason in self.red)


def summary(reports: list[Any]) -> Iterator[str]:
    """Lines about the counts of the tests in these reports; none if they have counted nothing."""
    counted = [value for report in reports for name, value in report.user_properties if name == PROPERTY]
    plays = [tuple(cell) for value in counted for cell in value["cells"]]
    if not plays:
        return
    for module in sorted({play[0] for play in plays}):
        yield _line(module, [play for play in plays if play[0] == module])
    yield _line("all", plays)
    kinds = Counter(kind for value in counted for kind in value["kinds"])
    yield ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS)


def _line(name: str, plays: list[tuple[str, ...]]) -> str:
    triples = {play[:3] for play in plays}
    met = {play[:3] for play in plays if play[3] != "not met"}
    outcomes = Counter(play[3] for play in plays)
    return (
        f"{name}: {len(triples)} of module × route × way, {len(met)} met; "
        f"{len(plays)} plays, {outcomes['met']} met, {outcomes['not met']} not met, {outcomes['red']} red"
    )
