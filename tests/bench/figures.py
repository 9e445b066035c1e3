# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes ratios, growth and estimates from measured seconds: pure."""

from itertools import pairwise


def extrapolated(fixed, parts):
    """`fixed` seconds plus, for each part (seconds, items measured, items in all), the seconds for all items.

    :raises ValueError: Nothing was measured of a part that has items.
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


def unwrapped(found):
    """A JSON object as `ansible-inventory` prints it; if it only marks a text as no template, that text."""
    return found["__ansible_unsafe"] if found.keys() == {"__ansible_unsafe"} else found


def difference(hosts, expected):
    """A sentence if `hosts`, a dict of name to variables, are other Droplets than `expected`; else an empty text."""
    here, there = ({name: found.get("do_id") for name, found in told.items()} for told in (hosts, expected))
    if here == there:
        return ""
    names = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    return f"{len(here)} hosts instead of {len(there)}; {len(names)} differ by name or id, the first is {names[0]}."


def beside(inventories, **partners):
    """`inventories`, each a dict of name to figures, with the ratios to its partners: for each of `partners`, a dict of
    name to the name of another one, times_… has how many times as long both commands took.
    """
    return {
        name: {
            **found,
            **{
                f"times_{kind}": {key: ratio(found[key], inventories[of[name]][key]) for key in ("seconds", "one_host")}
                for kind, of in partners.items()
            },
        }
        for name, found in inventories.items()
    }
