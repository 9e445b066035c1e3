# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``.ci/run`` finds the API's schema, and its last line is the sum, come what may."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.lifeboat.digitalocean.tests.tools import layers

SCHEMA = Path("shared", "api", "digitalocean-backups-openapi.json")


def run_ci(folder: Path, recipe: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run ``.ci/run`` in a checkout in ``folder`` where ``make test`` does what the recipe says."""
    checkout = folder / "checkout"
    (checkout / ".ci").mkdir(parents=True)
    (checkout / ".cache").mkdir(exist_ok=True)
    shutil.copy(layers.ROOT / ".ci" / "run", checkout / ".ci" / "run")
    (checkout / "Makefile").write_text(f"test:\n\t@{recipe}\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "DIGITALOCEAN_OPENAPI"}
    return subprocess.run(
        [checkout / ".ci" / "run"],
        cwd=folder,
        env={**environment, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


SAY_SCHEMA = 'echo "schema: $$DIGITALOCEAN_OPENAPI"'


def test_the_schema_beside_the_checkout_is_found(tmp_path: Path) -> None:
    (tmp_path / SCHEMA).parent.mkdir(parents=True)
    (tmp_path / SCHEMA).write_text("{}", encoding="utf-8")
    said = run_ci(tmp_path, SAY_SCHEMA).stdout.strip().removeprefix("schema: ")
    assert Path(said).resolve() == (tmp_path / SCHEMA).resolve()


def test_without_a_schema_none_is_named(tmp_path: Path) -> None:
    assert run_ci(tmp_path, SAY_SCHEMA).stdout == "schema: \n"


def test_a_schema_named_by_the_user_is_kept(tmp_path: Path) -> None:
    (tmp_path / SCHEMA).parent.mkdir(parents=True)
    (tmp_path / SCHEMA).write_text("{}", encoding="utf-8")
    assert run_ci(tmp_path, SAY_SCHEMA, DIGITALOCEAN_OPENAPI="/mine.json").stdout == "schema: /mine.json\n"


@pytest.mark.parametrize(
    ("recipe", "status", "last"),
    [
        ("echo 3 passed, 0 failed, 1 skipped", 0, "3 passed, 0 failed, 1 skipped"),
        ("echo 3 passed, 2 failed, 1 skipped | tee .cache/summary; exit 1", 2, "3 passed, 2 failed, 1 skipped"),
        ("exit 1", 2, "0 passed, 1 failed, 0 skipped"),
    ],
)
def test_the_last_line_is_the_sum(tmp_path: Path, recipe: str, status: int, last: str) -> None:
    ended = run_ci(tmp_path, recipe)
    assert ended.stdout.splitlines()[-1] == last
    assert ended.returncode == status


def test_the_sum_of_an_earlier_run_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "checkout" / ".cache").mkdir(parents=True)
    (tmp_path / "checkout" / ".cache" / "summary").write_text("9 passed, 0 failed, 0 skipped\n", encoding="utf-8")
    assert run_ci(tmp_path, "exit 1").stdout.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"
