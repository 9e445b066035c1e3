# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same without the collection: a loop over `uri`, and a loop with pydo, one request after the other.

With more than a few Droplets a loop takes minutes to hours, so a sample is measured, and the rest computed from the
time for each Droplet of the sample. The sample has the same share of Droplets without backups as the account.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import process
from figures import extrapolated
from scenarios import ENABLE

HERE = Path(__file__).parent
SAMPLE_PAGES = 2


def uri(environment, scenario, droplet_ids, drifting, size):
    """The seconds of `uri_loop.yml` for all Droplets, of which `size` are measured: see `_extrapolated`."""
    sample = _sample(droplet_ids, drifting, size)
    pages = -(-len(droplet_ids) // 200)
    listed = min(pages, SAMPLE_PAGES)
    orders = {
        "sample_ids": sample,
        "sample_pages": listed,
        "backups_too": scenario.backups_too,
        "enable": ENABLE,
    }
    run = process.run(["ansible-playbook", str(HERE / "uri_loop.yml"), "-e", json.dumps(orders)], environment)
    tasks = task_seconds(run)
    loops = {name: tasks.pop(name) for name in ("List", "Policy", "Backups", "Enable")}
    asked = (len(sample), len(droplet_ids))
    parts = [
        (loops["List"], listed, pages),
        (loops["Policy"] + loops["Backups"], *asked),
        (loops["Enable"], len(drifting.intersection(sample)), len(drifting)),
    ]
    return _extrapolated(run.seconds - sum(loops.values()), parts, sample, droplet_ids)


def pydo(environment, scenario, droplet_ids, drifting, size):
    """The seconds of `pydo_loop.py` for all Droplets, of which `size` are measured: see `_extrapolated`."""
    sample = _sample(droplet_ids, drifting, size)
    orders = {"backups_too": scenario.backups_too, "enable": ENABLE, "sample_ids": sample}
    run = process.run([sys.executable, str(HERE / "pydo_loop.py"), json.dumps(orders)], environment)
    took = json.loads(run.output)
    parts = [
        (took["ask"], len(sample), len(droplet_ids)),
        (took["write"], len(drifting.intersection(sample)), len(drifting)),
    ]
    return _extrapolated(run.seconds - took["ask"] - took["write"], parts, sample, droplet_ids)


def task_seconds(run):
    """A dict of task name to seconds, from the times at which Ansible announced the tasks of a play."""
    begun = [
        (at, line.partition("[")[2].partition("]")[0]) for at, line in run.lines if line.startswith(("TASK", "PLAY RE"))
    ]
    return {name: after - at for (at, name), (after, _next) in pairwise(begun)}


def _extrapolated(fixed, parts, sample, droplet_ids):
    """`seconds`; whether they are `extrapolated`; the `sample`, the number of Droplets that were really read."""
    return {
        "seconds": extrapolated(fixed, parts),
        "extrapolated": len(sample) < len(droplet_ids),
        "sample": len(sample),
    }


def _sample(droplet_ids, drifting, size):
    if size >= len(droplet_ids):
        return sorted(droplet_ids)
    few = round(size * len(drifting) / len(droplet_ids))
    return sorted(drifting)[:few] + sorted(set(droplet_ids) - drifting)[: size - few]
