# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks compute from what they measured, and how they show it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ansible_collections.lifeboat.digitalocean.tests.bench import figures, table
from ansible_collections.lifeboat.digitalocean.tests.tools.layers import ROOT


def row(scenario="no_drift", latency_ms=50, droplets=1000, seconds=2.0, floor=1.25, uri=None, pydo=None):
    return {
        "scenario": scenario,
        "latency_ms": latency_ms,
        "droplets": droplets,
        "ours": {"seconds": seconds, "requests": 11, "module_mib": 81.4, "ansible_mib": 57.6},
        "floor": {"seconds": floor},
        "times_floor": figures.ratio(seconds, floor),
        "uri": uri or {"seconds": 437.7, "extrapolated": True, "times_ours": 218.85},
        "pydo": pydo or {"seconds": 53.6, "extrapolated": False, "times_ours": 26.8},
    }


@pytest.mark.parametrize(
    ("fixed", "parts", "seconds"),
    [
        (1.5, [], 1.5),
        (1.5, [(10.0, 20, 20)], 11.5),
        (1.5, [(10.0, 20, 1000)], 501.5),
        (0.0, [(1.0, 2, 50), (3.0, 6, 300), (0.2, 0, 0)], 175.0),
    ],
)
def test_what_a_sample_took_is_taken_for_each_of_all(fixed, parts, seconds):
    assert figures.extrapolated(fixed, parts) == pytest.approx(seconds)


def test_nothing_is_told_from_an_empty_sample():
    with pytest.raises(ValueError, match="300 are wanted and none was measured"):
        figures.extrapolated(1.0, [(0.0, 0, 300)])


def test_growth_goes_from_each_size_to_the_next_larger_one_of_the_same_kind():
    rows = [
        row(droplets=10000, seconds=6.0),
        row(droplets=100, seconds=1.0),
        row(droplets=1000, seconds=2.0),
        row("info", droplets=1000, seconds=5.0),
        row(latency_ms=0, droplets=1000, seconds=9.0),
    ]
    grown = figures.growth(rows, "ours")
    assert [(entry["scenario"], entry["latency_ms"], entry["droplets"], entry["times"]) for entry in grown] == [
        ("no_drift", 50, (100, 1000), 2.0),
        ("no_drift", 50, (1000, 10000), 3.0),
    ]


HOSTS = {"web-1": {"do_id": 1}, "web-2": {"do_id": 2}}


def test_the_same_droplets_are_the_same_hosts_whatever_else_is_told_of_them():
    assert figures.difference({name: {**found, "do_region": "nyc3"} for name, found in HOSTS.items()}, HOSTS) == ""


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        ({}, "0 hosts instead of 2; 2 differ by name or id, the first is web-1."),
        ({"web-1": {"do_id": 1}}, "1 hosts instead of 2; 1 differ by name or id, the first is web-2."),
        ({**HOSTS, "web-2": {"do_id": 3}}, "2 hosts instead of 2; 1 differ by name or id, the first is web-2."),
        ({**HOSTS, "web-2": {}}, "2 hosts instead of 2; 1 differ by name or id, the first is web-2."),
        ({**HOSTS, "new": {"do_id": 3}}, "3 hosts instead of 2; 1 differ by name or id, the first is new."),
    ],
)
def test_other_hosts_are_told(hosts, told):
    assert figures.difference(hosts, HOSTS) == told


def test_a_text_that_is_marked_as_no_template_becomes_that_text():
    printed = '{"a": {"__ansible_unsafe": "x"}, "b": [{"c": {"__ansible_unsafe": ""}}], "d": {}, "e": 1}'
    assert json.loads(printed, object_hook=figures.unwrapped) == {"a": "x", "b": [{"c": ""}], "d": {}, "e": 1}


def inventories(**seconds):
    """Inventories that took so many seconds, and half of them for one host; each stands beside `theirs` and `file`."""
    found = {
        name: {"seconds": took, "one_host": took / 2, "requests": 6, "mib": 117.6} for name, took in seconds.items()
    }
    return figures.beside(found, community=dict.fromkeys(found, "theirs"), file=dict.fromkeys(found, "file"))


def test_an_inventory_stands_beside_its_partners():
    found = inventories(ours=2.0, theirs=4.0, file=8.0)
    assert [
        (name, line["times_community"]["seconds"], line["times_file"]["one_host"]) for name, line in found.items()
    ] == [
        ("ours", 0.5, 0.25),
        ("theirs", 1.0, 0.5),
        ("file", 2.0, 1.0),
    ]


def test_a_line_tells_all_that_was_measured_of_an_inventory():
    found = {"latency_ms": 100, "droplets": 1000, "ways": inventories(ours=2.0, theirs=40.0, file=0.125)}
    header, _rule, *lines = (
        [cell.strip() for cell in text.strip("|").split("|")] for text in table.inventories([found]).splitlines()
    )
    assert [len(line) for line in lines] == [len(header)] * 3
    assert lines[0] == ["ours", "100", "1000", "2.00", "0.05", "16.0", "1.00", "0.05", "16.0", "6", "118"]


@pytest.mark.parametrize(
    ("value", "extrapolated", "shown"),
    [
        (1.476, False, "1.48"),
        (99.99, False, "99.99"),
        (437.7, False, "438"),
        (437.7, True, "~440"),
        (4321.0, True, "~4300"),
        (5.18, True, "~5.2"),
    ],
)
def test_what_was_not_measured_to_the_end_is_marked_and_not_more_exact_than_it_is(value, extrapolated, shown):
    assert table.seconds(value, extrapolated) == shown


def test_a_row_tells_all_that_was_measured():
    header, _rule, line = (
        [cell.strip() for cell in text.strip("|").split("|")] for text in table.measured([row()]).splitlines()
    )
    assert len(header) == len(line)
    assert line == ["no_drift", "50", "1000", "2.00", "11", "81", "58", "1.25", "1.6", "~440", "219", "53.60", "26.8"]


def test_columns_are_aligned():
    lines = table.measured([row(), row("info", droplets=10000, seconds=123.0)]).splitlines()
    assert {len(line) for line in lines} == {len(lines[0])}
    assert lines[1].count("-:") == len(table.HEADER) - 1


def test_a_growth_that_was_not_measured_is_left_empty():
    grown = figures.growth([row(droplets=count) for count in (100, 1000, 10000)], "ours")
    lines = table.growth([*grown[:1], *({**entry, "scenario": "info"} for entry in grown)]).splitlines()
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])] == [
        ["task", "latency ms", "100 → 1000", "1000 → 10000"],
        ["no_drift", "50", "1.0", ""],
        ["info", "50", "1.0", "1.0"],
    ]


def test_tables_are_put_between_the_marks_and_nowhere_else():
    (begin, end), others = table.marks("measured"), "\n".join(table.marks("inventories"))
    document = f"before\n{begin}\nold\n{end}\n{others}\nafter\n"
    once = table.put_between_marks(document, "measured", "new")
    assert once == f"before\n{begin}\n\nnew\n\n{end}\n{others}\nafter\n"
    assert table.put_between_marks(once, "measured", "new") == once


def test_the_documentation_has_all_marks():
    document = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    for section in ("measured", "inventories"):
        assert all(document.count(mark) == 1 for mark in table.marks(section))


BEGIN, END = table.marks("measured")


@pytest.mark.parametrize("document", ["", BEGIN, END, f"{END} {BEGIN}", " ".join(table.marks("other"))])
def test_a_document_without_the_marks_is_refused(document):
    with pytest.raises(ValueError, match="There is no"):
        table.put_between_marks(document, "measured", "new")


def test_the_command_line_is_understood():
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "tools")}
    asked = [sys.executable, "tests/bench", "--help"]
    told = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    assert all(name in told for name in ("--quick", "--markdown", "no_drift", "info", "drift", "inventory"))


def test_a_process_is_measured_with_all_that_it_starts(tmp_path):
    """Peaks in MiB: of a process that poses as a module and takes 60 MiB, and of the small one that started it."""
    module = tmp_path / "AnsiballZ_x.py"
    module.write_text("block = bytearray(60 * 2**20)\nimport time\ntime.sleep(0.2)\n")
    parent = tmp_path / "parent.py"
    parent.write_text(
        f"import subprocess, sys\nprint('begun', flush=True)\nsubprocess.run([sys.executable, {str(module)!r}])\n"
    )
    script = (
        "import os, sys, process\n"
        f"run = process.run([sys.executable, {str(parent)!r}], os.environ)\n"
        "print(run.module_mib, run.other_mib, run.seconds, run.lines[0][0], run.lines[0][1].strip())\n"
    )
    path = os.pathsep.join(str(ROOT / "tests" / folder) for folder in ("bench", "tools"))
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", script]
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.split()
    module_mib, other_mib, seconds, first_line = map(float, told[:4])
    assert 60 < module_mib < 100
    assert 1 < other_mib < 60
    assert 0 < first_line < seconds
    assert told[4] == "begun"
