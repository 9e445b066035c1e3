# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook that is shipped runs green in check mode and for real, and a second time without a change."""

from __future__ import annotations

import re

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

PLAYBOOKS = sorted(ROOT.glob("playbooks/*.yml"))
RULES = ("-e", f"@{ROOT / 'docs' / 'examples' / 'policies.yml'}")
OPTIONS = {"apply_policies": RULES, "audit_policies": RULES}
"""What a playbook cannot do without."""
FIRST = {"audit_policies": "apply_policies"}
"""An audit is green where the rules have been applied; `test_policies` sees it red."""


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_p1_p2_a_shipped_playbook(sim, play, path):
    name = f"lifeboat.digitalocean.{path.stem}"
    options = OPTIONS.get(path.stem, ())
    if path.stem in FIRST:
        first = play(None, *options, playbook=f"lifeboat.digitalocean.{FIRST[path.stem]}")
        assert first.status == 0, first.output
        sim.forget()
    before = sim.state().policies()
    told = play(None, *options, "--check", "--diff", playbook=name)
    assert told.status == 0, told.output
    assert sim.state().policies() == before
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]
    done = play(None, *options, playbook=name)
    assert done.status == 0, done.output
    sim.forget()
    again = play(None, *options, playbook=name)
    assert again.status == 0, again.output
    assert re.search(r"changed=0\b", again.output), again.output
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]
