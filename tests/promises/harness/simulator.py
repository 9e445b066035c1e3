# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulators, each a process of its own or in this one, with a client of their control plane."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from dosim.app import App
from dosim.cli import settings_of
from dosim.simulator import Simulator as SimulatedAccount

from ansible_collections.lifeboat.digitalocean.tests.tools.control_plane import ControlPlane
from ansible_collections.lifeboat.digitalocean.tests.tools.in_process import Application, AsgiAdapter

from .quick_time import LOCAL, QuickTime

ROOT = Path(__file__).resolve().parents[3]
_PORTS = count(1)
"""Of simulators without sockets: nobody listens there."""

START_UP = 30
"""Seconds until the simulator must listen."""

SOMEBODY_ELSE = "by=somebody-else"
"""A query that the API ignores, and that shows in the journal who sent a request."""


class SimulatorClient(ControlPlane):
    """Knows what it has got from a simulator and ordered there. `time` is that of the tasks that run against it."""

    def __init__(self, api_url, ca_path, token, adapter=None):
        super().__init__(api_url, ca_path, adapter)
        self.token = token
        self.tokens = [token]
        self._told = 0
        self._ordered = False

    def api(self, method, path, body=None, status=200, token=None):
        """A request to the API itself, as somebody else would send it (to prepare a world, or as a parallel run).

        The journal that the tests see does not have it.
        """
        headers = {"Authorization": f"Bearer {token or self.token}"}
        answer = self.send(method, f"/v2/{path}?{SOMEBODY_ELSE}", json=body, headers=headers)
        assert answer.status_code == status, f"{method} /v2/{path} {body}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else {}

    def reset(self, **world):
        super().reset(**world)
        self.tokens = [self.token]
        self._told = 0
        self._ordered = False

    def state(self):
        return State(super().state())

    def fault(self, *effects, **match):
        self._ordered = True
        return super().fault(*effects, **match)

    def faults(self):
        """The faults that are ordered; no request is sent if there were none since the last reset."""
        return super().faults() if self._ordered else []

    def journal(self):
        """The requests since the journal was last emptied, without those of `api`."""
        return [entry for entry in super().journal() if entry["query"] != SOMEBODY_ELSE]

    def news(self):
        """The part of the journal that this has not given before."""
        fresh = [entry for entry in self.journal() if entry["n"] > self._told]
        self._told = max([self._told, *(entry["n"] for entry in fresh)])
        return fresh

    def make_token(self, *scopes):
        token = super().make_token(*scopes)
        self.tokens.append(token)
        return token


class Simulator(SimulatorClient):
    """A simulator process, started with command line options, over TLS."""

    def __init__(self, *options):
        self._folder = tempfile.TemporaryDirectory(prefix="lifeboat-sim-")
        ready = Path(self._folder.name, "ready.json")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115, closed by stop()
        files = ["--tls-dir", self._folder.name, "--ready-file", str(ready)]
        command = [sys.executable, "tests/simulator", *files, *options]
        environ = {**os.environ, "TMPDIR": self._folder.name}
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=self._log, stdin=subprocess.DEVNULL, env=environ
        )
        deadline = time.monotonic() + START_UP
        while not ready.exists():
            assert self._process.poll() is None, f"the simulator ended at its start: {self.log()}"
            assert time.monotonic() < deadline, f"the simulator did not listen within {START_UP} s: {self.log()}"
            time.sleep(0.02)
        told = json.loads(ready.read_text())
        super().__init__(told["api_url"], told["ca_path"], told["token"])
        self.time = QuickTime(time.monotonic, self.advance)

    def stop(self):
        """End it; it must exit with 0 on SIGTERM."""
        self.close()
        self._process.terminate()
        status = self._process.wait(timeout=10)
        log = self.log()
        self._log.close()
        self._folder.cleanup()
        assert status == 0, f"the simulator exited with {status}: {log}"

    def log(self):
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")


class LocalSimulator(SimulatorClient):
    """A simulator in this process, started with the same options, without sockets; its time passes by pauses alone."""

    def __init__(self, *options):
        simulator = SimulatedAccount(settings_of(list(options)), LOCAL.present)
        self._application = Application(App(simulator))
        address = f"https://127.0.0.1:{next(_PORTS)}"
        AsgiAdapter.applications[address] = self._application
        # Any file will do: there is no certificate to check.
        super().__init__(address, __file__, simulator.token, AsgiAdapter())
        self.time = LOCAL

    def stop(self):
        self.close()
        del AsgiAdapter.applications[self.api_url]
        self._application.close()


class State(dict):
    """The world as the simulator knows it."""

    @property
    def droplets(self):
        """Droplet id → Droplet."""
        return {droplet["id"]: droplet for droplet in self["droplets"]}

    def policy(self, droplet_id):
        return self.droplets[droplet_id]["policy"]

    def policies(self):
        return {key: droplet["policy"] for key, droplet in self.droplets.items()}

    def action(self, action_id):
        return next(action for action in self["actions"] if action["id"] == action_id)

    def of_one(self, droplet_id):
        """The same world, as if it had this Droplet alone."""
        own = [action for action in self["actions"] if action["resource_id"] == droplet_id]
        return State({**self, "droplets": [self.droplets[droplet_id]], "actions": own})

    def actions_since(self, before):
        """The actions that are not in the State `before`."""
        known = {action["id"] for action in before["actions"]}
        return [action for action in self["actions"] if action["id"] not in known]
