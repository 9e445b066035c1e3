# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on the checkout as it is, uncommitted files included.

ansible-test accepts only a real folder ``ansible_collections/lifeboat/digitalocean``, not a link to one, so the
files are copied into ``.cache/sanity`` first. The copy is a repository of its own, because ansible-test takes the list
of files from the nearest repository, and the checkout's ignores ``.cache``. ansible-test's home is ``.cache/home``:
what it installs is kept there, which makes every run but the first quick. Arguments are passed to
``ansible-test sanity``.
"""

from __future__ import annotations

import configparser
import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
COPY = CACHE / "sanity" / "ansible_collections" / "lifeboat" / "digitalocean"
HOME = CACHE / "home"
OUTPUT = "tests/output"
# Parts of the copy that are not from the checkout: its own repository, and the reports that ansible-test writes.
KEPT = (".git", OUTPUT)


class SanityFailed(Exception):
    """The tests cannot be started; the message says why."""


def files_of(checkout: Path) -> set[str]:
    """The checkout's files, tracked or new, without ignored and deleted ones, as git lists them."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise SanityFailed(f"git could not list the checkout's files: {listed.stderr.strip()}")
    return {name for name in listed.stdout.split("\0") if name and os.path.lexists(checkout / name)}


def same_file(one: Path, other: Path) -> bool:
    """Whether two files have the same kind, size, time and mode."""
    if not other.exists() or one.is_symlink() or other.is_symlink():
        return False
    a, b = one.stat(), other.stat()
    return (a.st_size, a.st_mtime_ns, a.st_mode) == (b.st_size, b.st_mtime_ns, b.st_mode)


def synchronise(checkout: Path, copy: Path) -> None:
    """Make ``copy`` a repository that holds the checkout's files and, reports apart, nothing else."""
    names = files_of(checkout)
    copy.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    for folder, _dirs, files in os.walk(copy, topdown=False):
        relative = Path(folder).relative_to(copy)
        if any(relative.is_relative_to(kept) for kept in KEPT):
            continue
        for file in files:
            if str(relative / file) not in names:
                (copy / relative / file).unlink()
        if relative != Path() and not any(Path(folder).iterdir()):
            Path(folder).rmdir()
    for name in sorted(names):
        source, target = checkout / name, copy / name
        if not same_file(source, target):
            target.unlink(missing_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def pip_versions() -> set[str]:
    """The versions of pip for which the installed ansible-test may need its get-pip script."""
    spec = importlib.util.find_spec("ansible_test")
    if spec is None or not spec.submodule_search_locations:
        raise SanityFailed("ansible-test is not installed: run make env.")
    source = Path(spec.submodule_search_locations[0], "_internal", "python_requirements.py").read_text(encoding="utf-8")
    versions = set(re.findall(r"\bpip='(\d+(?:\.\d+)*)'", source))
    if not versions:
        raise SanityFailed("This ansible-test does not say which pip it wants: tests/tools/sanity.py must learn how.")
    return versions


def pip_settings(environ: dict[str, str]) -> configparser.RawConfigParser:
    """The user's own settings of pip, from the files in their home and from the environment, and errors only."""
    user = Path(environ["HOME"])
    settings = configparser.RawConfigParser()
    settings.add_section("global")
    named = [environ["PIP_CONFIG_FILE"]] if environ.get("PIP_CONFIG_FILE") else []
    settings.read([user / ".pip" / "pip.conf", user / ".config" / "pip" / "pip.conf", *named], encoding="utf-8")
    for name, value in environ.items():
        if name.startswith("PIP_") and name not in ("PIP_CONFIG_FILE", "PIP_CACHE_DIR"):
            settings.set("global", name.removeprefix("PIP_").lower().replace("_", "-"), value)
    settings.set("global", "quiet", "2")
    return settings


def prepare_home(home: Path, environ: dict[str, str]) -> None:
    """Put into ``home`` what ansible-test, which clears the environment, needs to install its tools."""
    scripts = home / ".ansible" / "test" / "cache"
    scripts.mkdir(parents=True, exist_ok=True)
    for version in pip_versions():
        shutil.copyfile(Path(__file__).with_name("get_pip.py"), scripts / f"get_pip_{version.replace('.', '_')}.py")
    config = home / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True, exist_ok=True)
    # The address of an index may contain a password.
    with open(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        pip_settings(environ).write(stream)


def run(arguments: list[str]) -> int:
    """Copy, prepare, test; returns ansible-test's exit status."""
    CACHE.mkdir(exist_ok=True)
    with open(CACHE / "sanity.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        synchronise(ROOT, COPY)
        prepare_home(HOME, dict(os.environ))
        shutil.rmtree(COPY / OUTPUT / "junit", ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        command = [
            str(Path(sys.executable).with_name("ansible-test")),
            *("sanity", "--requirements", "--python", version, "--junit", "--color", "no"),
            *arguments,
        ]
        return subprocess.run(command, cwd=COPY, env={**os.environ, "HOME": str(HOME)}, check=False).returncode


def main() -> None:
    try:
        status = run(sys.argv[1:])
    except SanityFailed as error:
        sys.exit(str(error))
    sys.exit(status)


if __name__ == "__main__":
    main()
