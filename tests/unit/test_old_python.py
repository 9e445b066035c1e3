# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a target with an old Python every module ends with one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULES = sorted(path.stem for path in Path(__file__).resolve().parents[2].glob("plugins/modules/*.py"))
PACKAGE = "ansible_collections.lifeboat.digitalocean.plugins.modules."
PRETEND = """
import sys, platform, importlib
sys.version_info = (3, 10, 13, "final", 0)
platform.python_version = lambda: "3.10.13"
try:
    importlib.import_module({name!r})
finally:
    # The file that refuses has not been imported to its end, so that it is not here either.
    assert not [name for name in sys.modules if "lifeboat" in name and "module_utils." in name]
"""


@pytest.mark.parametrize("module", MODULES)
def test_a_module_refuses_it_before_anything_else_is_imported(module):
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", PRETEND.format(name=PACKAGE + module)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert told["failed"] is True
    assert told["msg"].startswith("Python 3.10.13 at ")
    assert "need Python 3.11 or newer" in told["msg"]
    assert "ansible_python_interpreter" in told["msg"]
