# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test is given to look at is the checkout as it is, and it can install its tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.lifeboat.digitalocean.tests.tools import get_pip, sanity


@pytest.fixture(name="checkout")
def make_checkout(tmp_path: Path) -> Path:
    """A repository with one tracked, one new and one ignored file."""
    checkout = tmp_path / "checkout"
    (checkout / "plugins").mkdir(parents=True)
    for name, text in {"plugins/tracked.py": "1", "new.py": "2", "ignored.pyc": "3", ".gitignore": "*.pyc\n"}.items():
        (checkout / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=checkout, check=True)
    subprocess.run(["git", "add", ".gitignore", "plugins/tracked.py"], cwd=checkout, check=True)
    return checkout


def files_in(copy: Path) -> dict[str, str]:
    """The files of a copy, its own repository apart, with their text."""
    files = [path for path in copy.rglob("*") if path.is_file() and ".git" not in path.relative_to(copy).parts]
    return {str(path.relative_to(copy)): path.read_text(encoding="utf-8") for path in files}


def test_tracked_and_new_files_are_copied(checkout: Path, tmp_path: Path) -> None:
    sanity.synchronise(checkout, tmp_path / "copy")
    assert files_in(tmp_path / "copy") == {"plugins/tracked.py": "1", "new.py": "2", ".gitignore": "*.pyc\n"}


def test_changes_and_deletions_are_followed(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    sanity.synchronise(checkout, copy)
    shutil.rmtree(checkout / "plugins")
    (checkout / "new.py").write_text("two", encoding="utf-8")
    (checkout / "new.py").chmod(0o755)
    sanity.synchronise(checkout, copy)
    assert files_in(copy) == {"new.py": "two", ".gitignore": "*.pyc\n"}
    assert not (copy / "plugins").exists()
    assert os.access(copy / "new.py", os.X_OK)


def test_what_was_put_into_the_copy_goes_but_reports_stay(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    sanity.synchronise(checkout, copy)
    for name in ("stray/file.py", "tests/output/junit/report.xml"):
        (copy / name).parent.mkdir(parents=True)
        (copy / name).write_text("", encoding="utf-8")
    sanity.synchronise(checkout, copy)
    assert "stray/file.py" not in files_in(copy)
    assert "tests/output/junit/report.xml" in files_in(copy)


def test_links_stay_links(checkout: Path, tmp_path: Path) -> None:
    (checkout / "link.py").symlink_to("new.py")
    sanity.synchronise(checkout, tmp_path / "copy")
    sanity.synchronise(checkout, tmp_path / "copy")
    assert (tmp_path / "copy" / "link.py").readlink() == Path("new.py")


def test_git_sees_the_files_of_the_copy(checkout: Path) -> None:
    """Also if the checkout around it ignores the folder, as it ignores ``.cache``."""
    (checkout / ".gitignore").write_text("/.cache/\n", encoding="utf-8")
    copy = checkout / ".cache" / "copy"
    sanity.synchronise(checkout, copy)
    assert "plugins/tracked.py" in sanity.files_of(copy)


def test_no_repository_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(sanity.SanityFailed, match="git could not list the checkout's files: "):
        sanity.synchronise(tmp_path, tmp_path / "copy")


def test_our_get_pip_lies_where_this_ansible_test_looks(tmp_path: Path) -> None:
    sanity.prepare_home(tmp_path, {"HOME": str(tmp_path / "user")})
    scripts = list((tmp_path / ".ansible" / "test" / "cache").iterdir())
    assert scripts
    for script in scripts:
        assert script.read_bytes() == Path(get_pip.__file__).read_bytes()


def test_the_settings_of_pip_go_along(tmp_path: Path) -> None:
    user = tmp_path / "user"
    (user / ".config" / "pip").mkdir(parents=True)
    (user / ".config" / "pip" / "pip.conf").write_text("[install]\nno-index = false\n[global]\ntimeout = 3\n")
    environ = {"HOME": str(user), "PIP_INDEX_URL": "https://mirror.example/simple", "PIP_TIMEOUT": "5"}
    settings = sanity.pip_settings(environ)
    assert dict(settings["install"]) == {"no-index": "false"}
    assert dict(settings["global"]) == {"timeout": "5", "index-url": "https://mirror.example/simple", "quiet": "2"}


def test_the_settings_of_pip_are_private(tmp_path: Path) -> None:
    sanity.prepare_home(tmp_path, {"HOME": str(tmp_path / "user")})
    assert (tmp_path / ".config" / "pip" / "pip.conf").stat().st_mode & 0o077 == 0
