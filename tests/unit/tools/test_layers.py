# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that runs the layers must tell the truth about them: see red, above all."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.lifeboat.digitalocean.tests.tools import layers
from ansible_collections.lifeboat.digitalocean.tests.tools.layers import Check, Counts, Layer

REPORT = Path("reports", "it.xml")


def python(code: str, name: str = "it", reports: Path | None = None) -> Check:
    """A check that runs some Python."""
    return Check(name, [sys.executable, "-c", code], reports=reports)


def report_with(*cases: str) -> Check:
    """A check that writes a JUnit file with these cases and ends well."""
    text = f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"
    return python(f"open({str(REPORT)!r}, 'w').write({text!r})", reports=REPORT)


def pytest_on(folder: Path, source: str) -> Check:
    """A check that runs pytest itself on one file."""
    (folder / "test_it.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(folder / "none.ini"), "--junitxml", str(REPORT), "."]
    (folder / "none.ini").write_text("[pytest]\n", encoding="utf-8")
    return Check("pytest", command, reports=REPORT)


@pytest.mark.parametrize(
    ("source", "counts"),
    [
        pytest.param("def test_a():\n    pass\n", Counts(passed=1), id="passed"),
        pytest.param("def test_a():\n    pass\ndef test_b():\n    assert 0\n", Counts(1, 1), id="failed"),
        pytest.param(
            "import pytest\n@pytest.mark.skip(reason='rain')\ndef test_a():\n    pass\n",
            Counts(skipped=1),
            id="skipped",
        ),
        pytest.param(
            "import pytest\n@pytest.fixture\ndef f():\n    yield\n    1 / 0\ndef test_a(f):\n    pass\n",
            Counts(failed=1),
            id="error after the test",
        ),
        pytest.param("import nothing_of_that_name\n", Counts(failed=1), id="error while collecting"),
        pytest.param("", Counts(failed=1), id="no test at all"),
        pytest.param("def test_a():\n    import os; os._exit(3)\n", Counts(failed=1), id="crash"),
    ],
)
def test_pytest_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, counts: Counts) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert layers.run_check(pytest_on(tmp_path, source), tmp_path) == counts


@pytest.mark.parametrize(
    ("case", "counts"),
    [
        ("<testcase/>", Counts(passed=1)),
        ("<testcase><failure message='no'/></testcase>", Counts(failed=1)),
        ("<testcase><error message='no'/></testcase>", Counts(failed=1)),
        ("<testcase><skipped>pwsh is missing</skipped></testcase>", Counts(skipped=1)),
        ("<testcase><skipped message='pwsh is missing'/></testcase>", Counts(skipped=1)),
    ],
)
def test_a_case_is_counted(tmp_path: Path, case: str, counts: Counts) -> None:
    assert layers.run_check(report_with(case), tmp_path) == counts


def test_a_sanity_test_without_files_is_no_check(tmp_path: Path) -> None:
    nothing = "<testcase><skipped>No tests applicable.</skipped></testcase>"
    assert layers.run_check(report_with("<testcase/>", nothing), tmp_path) == Counts(passed=1)


def test_reports_in_a_folder_are_added_up(tmp_path: Path) -> None:
    good, bad = "<a><testcase/></a>", "<a><testcase><failure/></testcase></a>"
    code = (
        "import os; os.makedirs('reports')\n"
        f"open('reports/1.xml', 'w').write({good!r}); open('reports/2.xml', 'w').write({bad!r}); raise SystemExit(1)"
    )
    assert layers.run_check(python(code, reports=Path("reports")), tmp_path) == Counts(1, 1)


def test_a_crash_after_good_tests_is_a_failure(tmp_path: Path) -> None:
    code = f"open({str(REPORT)!r}, 'w').write('<a><testcase/></a>'); raise SystemExit(1)"
    assert layers.run_check(python(code, reports=REPORT), tmp_path) == Counts(1, 1)


def test_half_a_report_is_a_failure(tmp_path: Path) -> None:
    code = f"open({str(REPORT)!r}, 'w').write('<a><testcase/>')"
    assert layers.run_check(python(code, reports=REPORT), tmp_path) == Counts(failed=1)


def test_the_report_of_an_earlier_run_does_not_count(tmp_path: Path) -> None:
    assert layers.run_check(report_with("<testcase/>"), tmp_path) == Counts(passed=1)
    assert layers.run_check(python("", reports=REPORT), tmp_path) == Counts(failed=1)


@pytest.mark.parametrize(("status", "counts"), [(0, Counts(passed=1)), (1, Counts(failed=1)), (77, Counts(failed=1))])
def test_a_linter_is_one_check(tmp_path: Path, status: int, counts: Counts) -> None:
    assert layers.run_check(python(f"raise SystemExit({status})"), tmp_path) == counts


def test_a_missing_tool_is_a_failure(tmp_path: Path) -> None:
    assert layers.run_check(Check("it", [str(tmp_path / "no-such-tool")]), tmp_path) == Counts(failed=1)


def test_two_runs_do_not_take_each_others_reports(tmp_path: Path) -> None:
    text = "<a><testcase/></a>"
    writes = python(f"open({str(REPORT)!r}, 'w').write({text!r}); import time; time.sleep(2)", reports=REPORT)
    writes_nothing = python("import time; time.sleep(1)", reports=REPORT)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda check: layers.run_check(check, tmp_path), [writes, writes_nothing]))
    assert outcomes == [Counts(passed=1), Counts(failed=1)]


def test_a_check_may_have_a_home_of_its_own(tmp_path: Path) -> None:
    code = "import pathlib; (pathlib.Path.home() / 'log').write_text('')"
    check = Check("it", [sys.executable, "-c", code], home=Path("a", "home"))
    assert layers.run_check(check, tmp_path) == Counts(passed=1)
    assert (tmp_path / "a" / "home" / "log").exists()


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('pid', 'w').write(str(child.pid)); time.sleep(60)"
    )
    start = time.monotonic()
    assert layers.run_check(python(code), tmp_path, patience=1) == Counts(failed=1)
    command = ["ps", "-o", "stat=", "-p", (tmp_path / "pid").read_text(encoding="utf-8")]
    # A killed child may run on for a moment; then it is gone, or dead and not yet collected by its new parent.
    while subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()[:1] not in ("", "Z"):
        assert time.monotonic() - start < 10
    assert time.monotonic() - start < 10


def test_layers_are_summed_and_those_not_there_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = [
        Layer("good", [python(""), python("")]),
        Layer("later", [python("raise SystemExit(1)")], needs=Path("not", "yet")),
        Layer("bad", [python(""), python("raise SystemExit(1)", name="culprit")]),
    ]
    assert layers.run_layers(chosen, tmp_path) == Counts(3, 1)
    output = capsys.readouterr().out
    assert "FAILED: culprit" in output
    assert re.search(r"^good +\d+\.\d s   2 passed, 0 failed, 0 skipped$", output, re.MULTILINE)
    assert "later" not in output


def test_layers_beside_each_other_run_at_the_same_time_and_are_told_in_order(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each waits for what the other one makes."""
    code = (
        "import pathlib, sys, time\n"
        "mine, other = map(pathlib.Path, ('{}', '{}'))\n"
        "mine.touch()\n"
        "while not other.exists(): time.sleep(0.01)\n"
        "print('this is', mine); raise SystemExit({})\n"
    )
    chosen = [
        Layer("one", [python(code.format("one", "two", 0))], beside=True),
        Layer("first", [python("")]),
        Layer("two", [python(code.format("two", "one", 1), name="culprit")], beside=True),
    ]
    assert layers.run_layers(chosen, tmp_path) == Counts(2, 1)
    output = capfd.readouterr().out
    told = ["--- first", "--- one", "this is one", "--- two", "this is two", "FAILED: culprit", "---"]
    assert [line for line in output.splitlines() if not line.startswith(("first ", "one ", "two "))] == told
    assert re.search(r"^two +\d+\.\d s   0 passed, 1 failed, 0 skipped$", output, re.MULTILINE)


def test_nothing_run_is_a_failure(tmp_path: Path) -> None:
    assert layers.run_layers([Layer("later", [python("")], needs=Path("not", "yet"))], tmp_path) == Counts(failed=1)


def test_every_folder_of_tests_is_in_a_layer() -> None:
    """No test file may lie where no layer looks."""
    looked_at = [layers.ROOT / layer.needs for layer in layers.layers() if layer.needs != Path()]
    tests = layers.ROOT / "tests"
    files = [*tests.rglob("test_*.py"), *tests.rglob("*_test.py")]
    assert [file for file in files if not any(file.is_relative_to(folder) for folder in looked_at)] == []


def test_every_molecule_scenario_is_a_check(tmp_path: Path) -> None:
    for name in ("default", "other"):
        folder = tmp_path / "extensions" / "molecule" / name
        folder.mkdir(parents=True)
        (folder / "molecule.yml").write_text("", encoding="utf-8")
    (tmp_path / "extensions" / "molecule" / "shared").mkdir()
    layer = layers.molecule_layer(tmp_path)
    assert [check.command[-1] for check in layer.checks] == ["default", "other"]
    assert (layers.ROOT / layer.needs).is_dir()
    assert layers.molecule_layer().checks


def test_the_program_ends_with_the_sum_and_a_status(tmp_path: Path) -> None:
    """The whole program, in a checkout of its own that has nothing but two tests."""
    tools, unit = tmp_path / "tests" / "tools", tmp_path / "tests" / "unit"
    for folder in (tools, unit):
        folder.mkdir(parents=True)
    (tools / "layers.py").write_bytes(Path(layers.__file__).read_bytes())
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")
    (unit / "test_it.py").write_text("def test_a():\n    pass\ndef test_b():\n    assert 0\n", encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, tools / "layers.py", "unit"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.stdout.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"
    assert (tmp_path / ".cache" / "summary").read_text(encoding="utf-8") == "1 passed, 1 failed, 0 skipped\n"
    assert ended.returncode == 1
