# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P1 to P8 over sockets and TLS, for a task of each module: what the other tests do in process holds there as well.

With LIFEBOAT_TRUST=full for every task.
"""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.all_scenarios import SCENARIOS
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL, one_in
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import ACCIDENTS, kill_sweep, play

FIRST = list({scenario.module: name for name, scenario in reversed(SCENARIOS.items())}.values())
CHOSEN = [*SCENARIOS] if FULL else FIRST
CHOSEN_ACCIDENTS = (
    *("read-0%-503-done", "read-30%-truncated", "read-45%-drop-not-done", "read-60%-429-retry-after"),
    *("write-0%-truncated", "write-0%-drop-done", "write-0%-504-not-done", "write-0%-429-no-retry-after"),
)


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize(("name", "accident"), one_in(3, CHOSEN, CHOSEN_ACCIDENTS))
def test_accidents(sim, name, accident):
    play(sim, SCENARIOS[name], ACCIDENTS[accident], {})


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize("name", CHOSEN)
def test_killed(sim, name):
    assert kill_sweep(sim, SCENARIOS[name], "after", 4, 5 if FULL else 9) > 0
