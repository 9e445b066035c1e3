# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout's own environment: ``PYTHON tests/tools/env.py``.

Creates ``.venv`` with everything in ``tests/requirements.txt``, and ``.venv/collections``, a collections path in
which ``ansible_collections/lifeboat/digitalocean`` is this checkout. A stamp records what the environment was made
from; as long as that is the same, nothing is done. It runs before anything is installed: standard library only.
"""

# No "from __future__" and no new syntax in this file: an old Python must get as far as the sentence that refuses it.
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OLDEST_PYTHON = (3, 11)
REQUIREMENTS = ("requirements.txt", "tests/requirements.txt")


class EnvironmentFailed(Exception):
    """The environment cannot be made; the message says what to do."""


def check_python(version):
    """Refuse a Python (its version as a tuple) that the collection does not support."""
    if tuple(version[:2]) < OLDEST_PYTHON:
        raise EnvironmentFailed(
            "Python %d.%d or newer is needed, but this is Python %d.%d: name another one, "
            "for example PYTHON=/usr/bin/python3.13 make test." % (OLDEST_PYTHON + tuple(version[:2]))
        )


def base_python():
    """The interpreter itself, also if PYTHON is that of a virtual environment (perhaps our own)."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


def key_of(root, python, version):
    """A digest of all that the environment is made from."""
    digest = hashlib.sha256()
    parts = [root, python, version]
    for name in REQUIREMENTS:
        with open(os.path.join(root, name)) as stream:
            parts.append(stream.read())
    with open(os.path.abspath(__file__)) as stream:
        parts.append(stream.read())
    for part in parts:
        digest.update(part.encode("utf-8") + b"\0")
    return digest.hexdigest()


def read_stamp(path):
    try:
        with open(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def link_collection(root):
    """Make the checkout known as ``lifeboat.digitalocean`` in ``.venv/collections``."""
    parent = os.path.join(root, ".venv", "collections", "ansible_collections", "lifeboat")
    link = os.path.join(parent, "digitalocean")
    os.makedirs(parent, exist_ok=True)
    if not os.path.islink(link):
        os.symlink(os.path.relpath(root, parent), link)


def build(root, python):
    """Replace ``.venv`` by a new one; pip's downloads are kept in ``.cache``."""
    venv = os.path.join(root, ".venv")
    # ansible-test's home is .cache/home, and its pip uses the cache below that; sharing it saves downloads.
    environ = dict(os.environ, PIP_CACHE_DIR=os.path.join(root, ".cache", "home", ".cache", "pip"))
    environ.pop("PYTHONPATH", None)
    shutil.rmtree(venv, ignore_errors=True)
    commands = [
        [python, "-m", "venv", venv],
        [
            os.path.join(venv, "bin", "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check",
            "--requirement", os.path.join(root, "tests", "requirements.txt"),
        ],
    ]  # fmt: skip
    for command in commands:
        if subprocess.call(command, env=environ):
            raise EnvironmentFailed("The environment could not be made: see above what %r said." % " ".join(command))


def ensure(root):
    """Bring ``.venv`` up to date; returns whether anything had to be done."""
    check_python(sys.version_info)
    cache = os.path.join(root, ".cache")
    os.makedirs(cache, exist_ok=True)
    # Two makes at the same time must not build in the same folder.
    with open(os.path.join(cache, "env.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        python = base_python()
        key = key_of(root, python, sys.version)
        stamp = os.path.join(root, ".venv", "stamp")
        if read_stamp(stamp) == key:
            link_collection(root)
            return False
        print("Making .venv with %s (Python %d.%d.%d); this takes a minute." % ((python,) + sys.version_info[:3]))
        sys.stdout.flush()
        build(root, python)
        link_collection(root)
        # Written last, so that an interrupted build is never taken for a complete one.
        with open(stamp, "w") as stream:
            stream.write(key)
        return True


def main():
    try:
        ensure(ROOT)
    except EnvironmentFailed as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
