# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every integration target runs against the simulator, and leaves the account as it was."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

TARGETS = sorted(ROOT.glob("tests/integration/targets/*"))


@pytest.mark.parametrize("target", TARGETS, ids=lambda path: path.name)
def test_an_integration_target(sim, play, target):
    before = set(sim.state().droplets)
    told = play([{"hosts": "localhost", "gather_facts": False, "roles": [str(target)]}])
    assert told.status == 0, told.output
    assert "failed=0" in told.output
    assert [entry for entry in sim.journal() if entry["method"] == "POST" and entry["path"].endswith("/actions")]
    assert set(sim.state().droplets) == before
