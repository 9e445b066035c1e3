# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is computed from measured seconds: pure."""

from itertools import pairwise


def extrapolated(fixed, parts):
    """`fixed` seconds, and for each part (seconds, items measured, items in all) its seconds as if all were measured.

    A part of which nothing is wanted costs nothing; one of which nothing was measured cannot be told: ValueError.
    """
    total = fixed
    for seconds, measured, wanted in parts:
        if wanted and not measured:
            raise ValueError(f"{wanted} are wanted and none was measured.")
        if wanted:
            total += seconds * wanted / measured
    return total


def ratio(seconds, to):
    """How many times `to` that is."""
    return seconds / to


def growth(rows, key):
    """From each number of Droplets to the next larger one: a list of dicts with latency_ms, scenario, droplets (from,
    to) and times, how many times as long `rows[][key]["seconds"]` has become.
    """
    grown = []
    kinds = dict.fromkeys((row["latency_ms"], row["scenario"]) for row in rows)
    for latency, scenario in kinds:
        line = sorted(
            (row["droplets"], row[key]["seconds"])
            for row in rows
            if (row["latency_ms"], row["scenario"]) == (latency, scenario)
        )
        for (few, before), (many, after) in pairwise(line):
            grown.append(
                {"latency_ms": latency, "scenario": scenario, "droplets": (few, many), "times": ratio(after, before)}
            )
    return grown
