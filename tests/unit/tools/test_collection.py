# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files at the collection's root agree with what is in it."""

from __future__ import annotations

import re
import subprocess
import tomllib

import yaml

from ansible_collections.lifeboat.digitalocean.tests.tools import env
from ansible_collections.lifeboat.digitalocean.tests.tools.layers import ROOT


def test_every_module_is_in_the_action_group_all() -> None:
    """Else module_defaults for the group would leave a module without its token."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert set(runtime["action_groups"]["all"]) == modules


def test_every_tool_knows_the_oldest_python() -> None:
    config = yaml.safe_load((ROOT / "tests" / "config.yml").read_text(encoding="utf-8"))
    assert config["modules"]["python_requires"] == ">={}.{}".format(*env.OLDEST_PYTHON)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["ruff"]["target-version"] == "py{}{}".format(*env.OLDEST_PYTHON)
    assert settings["tool"]["mypy"]["python_version"] == "{}.{}".format(*env.OLDEST_PYTHON)


def test_make_help_tells_every_target() -> None:
    targets = re.findall(r"^\.PHONY: (\w+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets
    assert re.findall(r"^make (\w+) +\S", told, re.MULTILINE) == targets


def test_sanity_has_no_ignore_files() -> None:
    assert list((ROOT / "tests").glob("sanity/ignore*")) == []
