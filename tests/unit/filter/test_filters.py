# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters refuse in a sentence what is not theirs."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lifeboat.digitalocean.plugins.filter.backup_digest import backup_digest
from ansible_collections.lifeboat.digitalocean.plugins.filter.backup_findings import backup_findings

NONE = {"droplets": [], "exempt": [], "summary": {"matched": 0}}


def test_a_list_that_leaves_droplets_out_proves_nothing():
    """Above 200, backup_policies lists only what changes: what is missing could be unprotected."""
    assert backup_findings(NONE, {"droplets": []}) == []
    with pytest.raises(AnsibleFilterError, match="report: all"):
        backup_findings({**NONE, "summary": {"matched": 1}}, {"droplets": []})


@pytest.mark.parametrize(
    ("policies", "fleet"), [({}, {"droplets": []}), (NONE, {}), (None, None), ([], {}), (NONE, None)]
)
def test_findings_want_two_results(policies, fleet):
    with pytest.raises(AnsibleFilterError, match="takes the result of backup_policies, and in brackets"):
        backup_findings(policies, fleet)


@pytest.mark.parametrize("policies", [None, [], "text", {"rules": 1}])
def test_a_digest_wants_a_result(policies):
    with pytest.raises(AnsibleFilterError, match="takes the result of backup_policies"):
        backup_digest(policies)
