# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment is made again when it must be, and only then."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from ansible_collections.lifeboat.digitalocean.tests.tools import env


@pytest.fixture(name="checkout")
def make_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with requirements, in which building makes an empty environment and a note of it."""
    for name in env.REQUIREMENTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("pydo\n", encoding="utf-8")

    def build(root: str, python: str) -> None:
        Path(root, ".venv").mkdir(exist_ok=True)
        with open(Path(root, "built"), "a", encoding="utf-8") as stream:
            stream.write(f"{python}\n")

    monkeypatch.setattr(env, "build", build)
    return tmp_path


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13)])
def test_an_old_python_is_refused_in_a_sentence(version: tuple[int, ...]) -> None:
    with pytest.raises(env.EnvironmentFailed, match=r"Python 3\.11 or newer is needed, but this is Python [23]\.\d+: "):
        env.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 1), (4, 0, 0)])
def test_a_newer_python_is_welcome(version: tuple[int, ...]) -> None:
    assert env.check_python(version) is None


def test_an_old_python_can_read_the_program() -> None:
    """Else it would answer with a syntax error instead of the sentence."""
    assert ast.parse(Path(env.__file__).read_text(encoding="utf-8"), feature_version=(3, 6))


def test_nothing_is_done_twice(checkout: Path) -> None:
    assert env.ensure(str(checkout)) is True
    assert env.ensure(str(checkout)) is False
    assert (checkout / "built").read_text(encoding="utf-8").count("\n") == 1


@pytest.mark.parametrize("name", env.REQUIREMENTS)
def test_other_requirements_make_it_anew(checkout: Path, name: str) -> None:
    env.ensure(str(checkout))
    (checkout / name).write_text("pydo\nanother\n", encoding="utf-8")
    assert env.ensure(str(checkout)) is True


def test_another_python_makes_it_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env.ensure(str(checkout))
    monkeypatch.setattr(sys, "version", "3.99.0")
    assert env.ensure(str(checkout)) is True


def test_a_build_cut_short_is_made_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:

        def fail(root: str, python: str) -> None:
            Path(root, ".venv").mkdir()
            raise env.EnvironmentFailed(python)

        patch.setattr(env, "build", fail)
        with pytest.raises(env.EnvironmentFailed):
            env.ensure(str(checkout))
    assert env.ensure(str(checkout)) is True


def test_the_checkout_is_the_collection(checkout: Path) -> None:
    env.ensure(str(checkout))
    link = checkout / ".venv" / "collections" / "ansible_collections" / "lifeboat" / "digitalocean"
    assert link.is_symlink()
    assert link.resolve() == checkout.resolve()
    link.unlink()
    env.ensure(str(checkout))
    assert link.is_symlink()
