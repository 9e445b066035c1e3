# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the layers of tests: ``layers.py [LAYER ...]``, all of them unless some are named.

The last line is ``N passed, N failed, N skipped``, summed over the layers, and the exit status is 0 only if nothing
failed. Each test of pytest and of ansible-test counts as one, and so does each linter. A layer that crashed, was
stopped or ran nothing has failed, whatever it printed. A layer whose folder does not exist is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
REPORTS = Path(".cache", "reports")
HOME = Path(".cache", "home")
SANITY_COPY = Path(".cache", "sanity", "ansible_collections", "lifeboat", "digitalocean")

# Seconds after which a command is taken to hang. The promises in every combination take long.
PATIENCE = 7200 if os.environ.get("LIFEBOAT_TRUST") == "full" else 900

# A test of ansible-test that found no files has checked nothing: it counts as neither passed nor skipped.
NOT_APPLICABLE = "No tests applicable."


@dataclass(frozen=True)
class Counts:
    """How many checks passed, failed and were skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Check:
    """A command. With ``reports`` (a JUnit file, or a folder of them) it counts its own tests, else it is one."""

    name: str
    command: Sequence[str]
    reports: Path | None = None
    home: Path | None = None


@dataclass(frozen=True)
class Layer:
    """Checks that are run one after the other, if the file or folder ``needs`` exists.

    Layers that are ``beside`` others run at the same time, after the rest: each keeps about one processor busy.
    """

    name: str
    checks: Sequence[Check]
    needs: Path = field(default=Path())
    beside: bool = False


def pytest_layer(name: str, folder: str, workers: int = 2) -> Layer:
    """A layer of pytest, with two workers, or with more if its tests mostly wait."""
    report = REPORTS / f"{name}.xml"
    command = [
        *(str(BIN / "pytest"), "--quiet", "--numprocesses", str(workers), "--dist", "loadgroup"),
        *("--junitxml", str(report), folder),
    ]
    return Layer(name, [Check(name, command, reports=report)], needs=Path(folder))


def molecule_layer(root: Path = ROOT) -> Layer:
    """A layer of molecule, in which each scenario is a check."""
    folder = Path("extensions", "molecule")
    scenarios = sorted(path.parent.name for path in (root / folder).glob("*/molecule.yml"))
    command = [str(BIN / "molecule"), "test", "--no-command-borders", "--scenario-name"]
    checks = [Check(f"molecule {name}", [*command, name]) for name in scenarios]
    return Layer("molecule", checks, needs=folder, beside=True)


def layers() -> list[Layer]:
    """Every layer, the quick ones first."""
    python = str(BIN / "python")
    linters = [
        Check("ruff", [str(BIN / "ruff"), "check", "--quiet", "."]),
        Check("mypy", [str(BIN / "mypy"), "--no-error-summary"]),
        Check("yamllint", [str(BIN / "yamllint"), "--strict", "."]),
        Check("ansible-lint", [str(BIN / "ansible-lint"), "--offline", "--nocolor", "--profile", "production"]),
        Check("changelog", [str(BIN / "antsibull-changelog"), "lint"]),
        # It writes a log into its home.
        Check("documentation", [str(BIN / "antsibull-docs"), "lint-collection-docs", "--plugin-docs", "."], home=HOME),
    ]
    return [
        Layer("lint", linters, beside=True),
        pytest_layer("unit", "tests/unit"),
        pytest_layer("simulator", "tests/simulator/tests"),
        pytest_layer("promises", "tests/promises"),
        pytest_layer("modules", "tests/modules"),
        pytest_layer("playbooks", "tests/playbooks", workers=3),
        molecule_layer(),
        Layer(
            "sanity",
            [Check("sanity", [python, "tests/tools/sanity.py"], reports=SANITY_COPY / "tests" / "output" / "junit")],
            beside=True,
        ),
    ]


def count_report(path: Path, output: TextIO | None = None) -> Counts:
    """The tests in one JUnit file; one that cannot be read is a failure."""
    try:
        cases = list(ET.parse(path).getroot().iter("testcase"))  # noqa: S314, written by our own tools
    except (OSError, ET.ParseError) as error:
        print(f"{path} cannot be read: {error}", file=output)
        return Counts(failed=1)
    counts = Counts()
    for case in cases:
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            counts += Counts(failed=1)
        elif skipped is None:
            counts += Counts(passed=1)
        elif NOT_APPLICABLE not in (skipped.text, skipped.get("message")):
            counts += Counts(skipped=1)
    return counts


def judge(check: Check, status: int, root: Path = ROOT, output: TextIO | None = None) -> Counts:
    """The counts of a finished check; its exit status and its reports must agree."""
    if check.reports is None:
        return Counts(failed=1) if status else Counts(passed=1)
    place = root / check.reports
    counts = Counts()
    for path in sorted(place.glob("*.xml")) if place.is_dir() else [place]:
        counts += count_report(path, output)
    if counts.failed == 0:
        if status:
            print(f"{check.name} ended with status {status}, although no test of it failed.", file=output)
            return counts + Counts(failed=1)
        if counts.passed + counts.skipped == 0:
            print(f"{check.name} ran nothing.", file=output)
            return counts + Counts(failed=1)
    return counts


def forget(reports: Path) -> None:
    """Remove the reports of an earlier run: a check that crashes must not count by them."""
    for path in reports.glob("*.xml") if reports.is_dir() else [reports]:
        path.unlink(missing_ok=True)


def run(check: Check, root: Path, patience: float, output: TextIO | None = None) -> int:
    """The exit status of a check's command; it and all its children are killed after ``patience`` seconds.

    Its output goes to the file ``output``, or to our own standard output.
    """
    environ = dict(os.environ)
    if check.home is not None:
        (root / check.home).mkdir(parents=True, exist_ok=True)
        environ["HOME"] = str(root / check.home)
    with subprocess.Popen(
        check.command,
        cwd=root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            print(f"{check.name} was stopped after {patience:.0f} seconds.", file=output)
            return -signal.SIGKILL
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def alone(check: Check, root: Path) -> Iterator[None]:
    """Run a check once at a time in a checkout: two runs would read each other's reports."""
    locks = root / REPORTS
    locks.mkdir(parents=True, exist_ok=True)
    with open(locks / f"{check.name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_check(check: Check, root: Path = ROOT, patience: float = PATIENCE, output: TextIO | None = None) -> Counts:
    """Run one check and judge it."""
    with alone(check, root):
        if check.reports is not None:
            forget(root / check.reports)
            (root / check.reports).parent.mkdir(parents=True, exist_ok=True)
        try:
            status = run(check, root, patience, output)
        except OSError as error:
            print(f"{check.name} cannot be started: {error}", file=output)
            return Counts(failed=1)
        counts = judge(check, status, root, output)
    if counts.failed:
        print(f"FAILED: {check.name}", file=output)
    return counts


def run_layer(layer: Layer, root: Path, output: TextIO | None = None) -> tuple[Counts, float]:
    """The counts of the checks of a layer, and its seconds."""
    print(f"--- {layer.name}", file=output, flush=True)
    start = time.monotonic()
    counts = sum((run_check(check, root, output=output) for check in layer.checks), Counts())
    return counts, time.monotonic() - start


def run_beside(chosen: Sequence[Layer], root: Path) -> Iterator[tuple[Counts, float]]:
    """Run layers at the same time; the output of each is printed when it has ended, in their order."""
    with ThreadPoolExecutor(max(1, len(chosen))) as threads, contextlib.ExitStack() as files:
        outputs = [files.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for _layer in chosen]
        running = [
            threads.submit(run_layer, layer, root, output) for layer, output in zip(chosen, outputs, strict=True)
        ]
        for future, output in zip(running, outputs, strict=True):
            found = future.result()
            output.seek(0)
            print(output.read(), end="")
            yield found


def run_layers(chosen: Iterable[Layer], root: Path = ROOT) -> Counts:
    """Run the layers that exist, print the counts of each, and return their sum."""
    there = sorted((layer for layer in chosen if (root / layer.needs).exists()), key=lambda layer: layer.beside)
    beside = [layer for layer in there if layer.beside]
    found = chain((run_layer(layer, root) for layer in there if not layer.beside), run_beside(beside, root))
    total = Counts()
    table = []
    for layer, (counts, seconds) in zip(there, found, strict=True):
        table.append(f"{layer.name:<12}{seconds:7.1f} s   {counts}")
        total += counts
    print("---", *table, sep="\n")
    if total == Counts():
        print("Nothing was run.")
        total = Counts(failed=1)
    return total


def main() -> None:
    # Our lines and those of the commands must keep their order, also in a file.
    sys.stdout.reconfigure(line_buffering=True)
    known = {layer.name: layer for layer in layers()}
    parser = argparse.ArgumentParser(description="Run the layers of tests.")
    parser.add_argument("layer", nargs="*", metavar="LAYER", help=f"one of {', '.join(known)}; all unless named")
    names = parser.parse_args().layer or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no such layer: {', '.join(unknown)}")
    total = run_layers(known[name] for name in names)
    summary = ROOT / ".cache" / "summary"
    summary.parent.mkdir(exist_ok=True)
    summary.write_text(f"{total}\n", encoding="utf-8")
    print(total)
    sys.exit(1 if total.failed else 0)


if __name__ == "__main__":
    main()
