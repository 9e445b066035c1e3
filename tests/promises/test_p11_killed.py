# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P11: killed after each write while every list and log is late, and rerun at once: nothing is made twice.

What one read of a Droplet, or of a tag, shows is all that tells of it then. Of a fleet nothing is read one by one, so
these tasks are of one Droplet. With LIFEBOAT_TRUST=full all tasks that make something, else the write that makes it.
"""

from __future__ import annotations

from itertools import product, takewhile

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.all_scenarios import SCENARIOS
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.lagging import killed_play
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL

QUICK = "0,power_off=3,snapshot=5"
"""Action seconds: a snapshot ends before any list shows it."""

MADE = {"snapshot", "create", "convert"}
FLEETS = ("stop_first-fleet", "newest-fleet", "disable-all-convert_newest", "snapshot-several", "snapshot-by_tag")
MAKERS = [
    name
    for name, scenario in SCENARIOS.items()
    if MADE.intersection(scenario.most) and scenario.name not in FLEETS and scenario.module != "backup_policies"
]
LAGS = (10, 30, 50)
PAUSES = (0, 7, 15)


SAMPLE = [
    ("droplet_snapshot-name", 30, 7, [1]),
    ("droplet_action-snapshot", 50, 15, [1]),
    ("droplet_from_backup-by-backup", 30, 0, [1]),
    # The safety snapshot shows, and the restore that follows at once does not yet.
    ("droplet_restore-backup", 50, 15, [4]),
]


def chosen():
    if FULL:
        return [(*case, range(1, 100)) for case in product(MAKERS, LAGS, PAUSES)]
    return SAMPLE


@pytest.mark.parametrize(("scenario", "lag", "pause", "numbers"), chosen())
def test_p11_killed_while_the_lists_are_late(simulators, scenario, lag, pause, numbers):
    sim = simulators("--droplets", "6", "--action-seconds", QUICK, "--rate-limit", "off")
    plays = (killed_play(sim, SCENARIOS[scenario], lag, pause, number) for number in numbers)
    assert len(list(takewhile(bool, plays)))
