# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that has loaded all modules of `ansible-inventory`, and forks one child for each run of it.

So each run is a process of its own, as for a user, and takes a fiftieth of the time. It is not the process of the
tests, because a module that is imported together with Ansible's command line tools behaves as a part of them.

Each line of the input is one command, as JSON: `command`, the arguments; `folder`, where the child writes `stdout` and
`stderr`; `environ`, the whole environment; `clock`, what this machine's clock shows, or null; `controls`, URL and
certificate of the simulators, whose clocks pass instead of pauses. The answer is a line with the exit status.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
import warnings
from datetime import datetime
from pathlib import Path
from unittest import mock

from ansible.cli.inventory import InventoryCLI
from ansible.plugins.loader import init_plugin_loader, inventory_loader
from ansible.utils.display import Display

PLUGIN = "lifeboat.digitalocean.droplets"
MOST_SECONDS = 60


def carry_out(order, module, run_beside):
    """In the child: the exit status of ansible-inventory."""
    folder = Path(order["folder"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.clear()
    os.environ.update(order["environ"])
    if order["command"].count("-i") > 1:
        # Unreferenced objects are removed before the next file, so that no test depends on one that is still there.
        gc.set_threshold(100, 1, 1)
    # Sentences must not be wrapped.
    Display().columns = 1_000_000
    if order["clock"]:
        module.datetime = mock.Mock(now=lambda zone: datetime.fromisoformat(order["clock"]).astimezone(zone))
    run_beside(order["controls"])
    # As the command's own entry does, which also turns an error into a message.
    InventoryCLI.cli_executor(["ansible-inventory", *order["command"]])


def serve():
    init_plugin_loader()
    warnings.filterwarnings("ignore", message="AnsibleCollectionFinder has already been configured")
    module = sys.modules[type(inventory_loader.get(PLUGIN)).__module__]
    from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import client
    from ansible_collections.lifeboat.digitalocean.tests.promises.harness.machine import WatchedMachine
    from ansible_collections.lifeboat.digitalocean.tests.promises.harness.quick_time import QuickTime
    from ansible_collections.lifeboat.digitalocean.tests.tools.control_plane import ControlPlane

    def run_beside(controls):
        """Let pauses move the clocks of the simulators with these URLs and certificates."""
        simulators = [ControlPlane(*control) for control in controls]

        def advance(seconds):
            for simulator in simulators:
                simulator.advance(seconds)

        client.THIS_MACHINE = WatchedMachine(QuickTime(time.monotonic, advance))

    gc.freeze()
    gc.collect()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            # A run that hangs must not outlive its test.
            signal.alarm(MOST_SECONDS)
            status = 70
            try:
                carry_out(json.loads(line), module, run_beside)
            except SystemExit as ending:
                status = ending.code or 0
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _child, ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended), flush=True)


if __name__ == "__main__":
    serve()
