# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats the measurements as tables that are readable as plain text and in Markdown: pure."""

from tabulate import tabulate

HEADER = (
    *("task", "latency ms", "Droplets", "s", "requests", "module MiB", "Ansible MiB"),
    *("floor s", "× floor", "uri loop s", "× ours", "pydo loop s", "× ours"),
)
INVENTORY_HEADER = (
    *("inventory", "latency ms", "Droplets", "list s", "× community", "× file"),
    *("one host s", "× community", "× file", "requests", "Ansible MiB"),
)


def seconds(value, extrapolated=False):
    """`2.35`, `124`, or `~4100` if it was extrapolated."""
    if extrapolated:
        return f"~{value:.2g}" if value < 10 else f"~{float(f'{value:.2g}'):.0f}"
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def times(value):
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def share(value):
    """`0.37`, or as `times` from 10 on: ratios near 1 need two digits to show which is quicker."""
    return f"{value:.2f}" if value < 10 else times(value)


def measured(rows):
    """The table of all rows of the JSON file."""
    return markdown(HEADER, [_cells(row) for row in rows])


def inventories(measured_ones):
    """The table of all inventories of the JSON file."""
    return markdown(INVENTORY_HEADER, [line for one in measured_ones for line in _inventory_lines(one)])


def growth(grown):
    """The table of the result of `figures.growth` for ours: a line for each scenario and latency."""
    steps = sorted({entry["droplets"] for entry in grown})
    lines = {}
    for entry in grown:
        lines.setdefault((entry["scenario"], entry["latency_ms"]), {})[entry["droplets"]] = times(entry["times"])
    header = ("task", "latency ms", *(f"{few} → {many}" for few, many in steps))
    return markdown(header, [(*line, *(found.get(step, "") for step in steps)) for line, found in lines.items()])


def pages(rows):
    """The table of the simulator's own times."""
    header = ("Droplets", "page of 200, ms", "smallest answer, ms")
    return markdown(header, [(row["droplets"], f"{row['page_ms']:.1f}", f"{row['account_ms']:.1f}") for row in rows])


def markdown(header, rows):
    """A table whose columns are aligned in plain text as well; all but the first to the right."""
    sides = ("left", *("right" for _column in header[1:]))
    return tabulate(rows, header, tablefmt="pipe", colalign=sides, disable_numparse=True)


def put_between_marks(document, section, text):
    """`document` with `text` between the `marks` of `section`.

    :raises ValueError: The document lacks the marks.
    """
    opening, closing = marks(section)
    before, begin, rest = document.partition(opening)
    _old, end, after = rest.partition(closing)
    if not begin or not end:
        raise ValueError(f"There is no {opening} followed by {closing}.")
    return f"{before}{opening}\n\n{text.strip()}\n\n{closing}{after}"


def marks(section):
    """The lines before and after the tables of a section, "measured" or "inventories"."""
    return tuple(f"<!-- {section}: {end} -->" for end in ("begin", "end"))


def _cells(row):
    ours, floor = row["ours"], row["floor"]
    cells = [
        *(row["scenario"], row["latency_ms"], row["droplets"]),
        *(seconds(ours["seconds"]), ours["requests"], f"{ours['module_mib']:.0f}", f"{ours['ansible_mib']:.0f}"),
        *(seconds(floor["seconds"]), times(row["times_floor"])),
    ]
    for peer in ("uri", "pydo"):
        loop = row[peer]
        cells += [seconds(loop["seconds"], loop["extrapolated"]), times(loop["times_ours"])]
    return cells


def _inventory_lines(one):
    for name, found in one["ways"].items():
        cells = [name, one["latency_ms"], one["droplets"]]
        for key in ("seconds", "one_host"):
            ratios = (found[f"times_{partner}"][key] for partner in ("community", "file"))
            cells += [seconds(found[key]), *map(share, ratios)]
        yield [*cells, found["requests"], f"{found['mib']:.0f}"]
