# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of all layers that run modules against the simulator: what they share is imported by their `conftest.py`.

One simulator for each worker and manner of running; every test starts from a reset and ends with its faults hit.
"""

from __future__ import annotations

import json

import pytest

from .inventory import Inventory, Process
from .module import Runner
from .simulator import LocalSimulator, Simulator

SWIFT = "0,power_off=3,snapshot=60"
"""Action seconds: what the module sends ends at once, what somebody else does keeps a Droplet busy for a while."""


@pytest.fixture(scope="session")
def simulators():
    """`simulators(option, …)` starts a simulator, or gives the one already running with these options.

    It is in this process; with `served=True` it is one of its own, over TLS.
    """
    running = {}

    def get(*options, served=False):
        if (options, served) not in running:
            running[options, served] = Simulator(*options) if served else LocalSimulator(*options)
        return running[options, served]

    yield get
    for simulator in running.values():
        simulator.stop()


@pytest.fixture(name="tls")
def _tls():
    """Whoever uses this has a `sim` that is a process, over TLS."""


@pytest.fixture(name="sim")
def _sim(simulators, request):
    """A simulator after a reset. At the end each fault that is still ordered must have been hit."""
    served = not {"inventory", "both", "tls"}.isdisjoint(request.fixturenames)
    simulator = simulators("--droplets", "6", "--action-seconds", SWIFT, "--rate-limit", "off", served=served)
    simulator.reset()
    yield simulator
    missed = [fault for fault in simulator.faults() if not fault["hits"]]
    assert not missed, f"ordered, but never met: {missed}"


@pytest.fixture(name="run")
def _run(sim):
    """Runs `droplet_backups` once, in quick time."""
    return Runner(sim)


@pytest.fixture(name="second")
def _second(simulators):
    """The simulator of another account, after a reset."""
    simulator = simulators("--droplets", "6", "--seed", "2", "--rate-limit", "off", served=True)
    simulator.reset()
    return simulator


@pytest.fixture(scope="session", name="inventory_process")
def _inventory_process():
    process = Process()
    yield process
    process.stop()


@pytest.fixture(name="inventory")
def _inventory(inventory_process, sim, tmp_path):
    """Runs `ansible-inventory` on a file with the options that it is called with."""
    return Inventory(inventory_process, sim, folder=tmp_path)


@pytest.fixture(name="both")
def _both(inventory_process, sim, second, tmp_path):
    """Runs it on a file for each of two accounts."""
    return Inventory(inventory_process, sim, second, folder=tmp_path).each


@pytest.fixture(name="world")
def _world(sim, tmp_path):
    """`world(droplet, …, of=sim)` makes an account of these, names or entries of a world file; their ids in order."""

    def make(*droplets, of=sim):
        path = tmp_path / "world.yml"
        entries = [{"name": droplet} if isinstance(droplet, str) else droplet for droplet in droplets]
        path.write_text(json.dumps({"droplets": entries}, ensure_ascii=False), "utf-8")
        of.reset(world=str(path))
        return sorted(of.state().droplets)

    return make
