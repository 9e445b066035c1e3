# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P5 when each Droplet takes several steps: what is read between the steps grows with pages, too."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL

NAME = "keep-{droplet}-{date}"
TASKS = {
    "convert": ("backup_to_snapshot", {"newest": True}),
    "convert-name-tag": ("backup_to_snapshot", {"newest": True, "snapshot_name": NAME, "tags": ["kept"]}),
    "convert-disable": (
        "droplet_backups",
        {"state": "disabled", "existing_backups": "convert_newest", "max_disable": 1000},
    ),
    "snapshot-tag": ("droplet_snapshot", {"snapshot_name": NAME, "tags": ["kept"]}),
    "snapshot-copy": ("droplet_snapshot", {"snapshot_name": NAME, "regions": ["ams3"]}),
    "snapshot-stop": ("droplet_snapshot", {"snapshot_name": NAME, "stop_first": True}),
}
POLLS = 6
"""So many more may be needed when sending to more Droplets takes more of the time of the actions."""


@pytest.fixture(name="counts")
def _counts(simulators):
    """`(reads, writes)` of a task on so many Droplets of which each, or two of three, takes all steps of it."""

    def of(task, number):
        simulator = simulators("--droplets", str(number), "--action-seconds", "5", "--rate-limit", "off")
        simulator.reset()
        module, params = TASKS[task]
        told = Runner(simulator, module=module)(all=True, **params)
        assert not told.failed, told
        assert told.result["summary"]["changed"] > number // 2
        assert not Runner(simulator, module=module)(all=True, **params).changed
        return told.counts

    return of


@pytest.mark.parametrize("task", TASKS)
def test_p5_five_times_the_droplets_take_no_more_reads(counts, task):
    few, many = counts(task, 12), counts(task, 60)
    assert many[1] > 4 * few[1]
    assert many[0] <= few[0] + POLLS, (few, many)


@pytest.mark.parametrize(("task", "number"), [(task, 600) for task in TASKS] if FULL else [("convert-name-tag", 201)])
def test_p5_more_than_one_page(counts, task, number):
    """Up to three pages of Droplets and seven of images: fewer than 100 reads for up to 3,000 writes."""
    reads, writes = counts(task, number)
    assert writes >= number * 2 // 3
    assert reads < 100
