# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Covering arrays: few rows in which every two values of two factors meet at least once."""

from __future__ import annotations

from itertools import combinations


def _always(_values):
    return True


def pairwise(factors, allowed=_always, wanted=_always):
    """Rows (dicts of factor to value) that cover all pairs of `factors` (a dict of name to a sequence of values).

    `allowed(row)` is asked about whole and partial rows and may exclude pairs; pairs (dicts of two) for which
    `wanted(pair)` is false need not meet. Greedy, and the same each time.
    """
    names = sorted(factors, key=lambda name: -len(factors[name]))
    uncovered = {
        pair: None
        for one, other in combinations(names, 2)
        for left in factors[one]
        for right in factors[other]
        for pair in [((one, left), (other, right))]
        if allowed(dict(pair)) and wanted(dict(pair))
    }
    rows = []
    while uncovered:
        row = dict(next(iter(uncovered)))
        for name in names:
            if name not in row:
                row[name] = _best(row, name, factors, uncovered, allowed, turn=len(rows))
        assert allowed(row), row
        for one, other in combinations(names, 2):
            uncovered.pop(((one, row[one]), (other, row[other])), None)
        rows.append(row)
    return rows


def _best(row, name, factors, uncovered, allowed, turn):
    """The value that covers most new pairs with what the row has; ties go round."""
    values = [value for value in factors[name] if allowed({**row, name: value})]
    values = values[turn % len(values) :] + values[: turn % len(values)]

    def gain(value):
        return sum(
            ((other, chosen), (name, value)) in uncovered or ((name, value), (other, chosen)) in uncovered
            for other, chosen in row.items()
        )

    return max(values, key=gain)
