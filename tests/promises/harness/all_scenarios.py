# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios of all modules, by name."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from .scenarios import Scenario

PACKAGE = "ansible_collections.lifeboat.digitalocean.tests.promises.scenarios"
MODULES = sorted(path.stem for path in Path(__file__).parents[1].glob("scenarios/*.py"))
ONLY = os.environ.get("LIFEBOAT_MODULE")
"""Only the scenarios of this module, for one who works on it."""

SCENARIOS: dict[str, Scenario] = {
    str(scenario): scenario
    for name in MODULES
    if ONLY in (None, name)
    for scenario in importlib.import_module(f"{PACKAGE}.{name}").SCENARIOS
}
