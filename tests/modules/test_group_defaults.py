# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`module_defaults` for the group `all`: every module takes the options that may be set for all of them."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))
SHARED = {"request_timeout": 20, "concurrency": 4, "lag_tolerance": 30, "wait_timeout": 900}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_takes_what_is_set_for_the_group(sim, module):
    """Nothing else is given: the refusal is about what is missing, and not about an option that there is not."""
    sim.reset(droplets=0)
    told = Runner(sim, module=module)(check=True, **SHARED)
    assert "nsupported parameters" not in str(told.result), told
    if told.failed:
        assert "required" in told.result["msg"] or told.kind == "input", told


@pytest.mark.parametrize("module", [name for name in MODULES if name.endswith("_info")])
def test_an_info_module_holds_to_the_time(sim, module):
    told = Runner(sim, module=module)(wait_timeout=0, **({"all": True} if module == "droplet_backups_info" else {}))
    assert told.kind == "input", told
    assert "wait_timeout 0 is too small" in told.result["msg"]
