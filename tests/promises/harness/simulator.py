# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator process, and a client of its control plane that checks every answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[3]
START_UP = 30
"""Seconds until the simulator must listen."""

SOMEBODY_ELSE = "by=somebody-else"
"""A query that the API ignores, and that shows in the journal who sent a request."""


class Simulator:
    """One running simulator. Every control call asserts its status and the body's shape."""

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
        self.api_url, self.ca_path, self.token = told["api_url"], told["ca_path"], told["token"]
        self.tokens = [self.token]
        self._session = requests.Session()
        self._session.verify = self.ca_path
        self._session.trust_env = False
        self._lock = threading.Lock()
        self._told = 0
        self._ordered = False

    def stop(self):
        """End it; it must exit with 0 on SIGTERM."""
        self._session.close()
        self._process.terminate()
        status = self._process.wait(timeout=10)
        log = self.log()
        self._log.close()
        self._folder.cleanup()
        assert status == 0, f"the simulator exited with {status}: {log}"

    def log(self):
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def control(self, method, path, body=None, status=200):
        """One call of the control plane; anything but the expected status and a JSON object fails the test."""
        with self._lock:
            answer = self._session.request(method, f"{self.api_url}/_sim/{path}", json=body, timeout=30)
        assert answer.status_code == status, f"{method} /_sim/{path} {body}: {answer.status_code} {answer.text[:300]}"
        told = answer.json()
        assert isinstance(told, dict), f"{method} /_sim/{path}: {told!r}"
        return told

    def api(self, method, path, body=None, status=200, token=None):
        """A request to the API itself, as somebody else would send it (to prepare a world, or as a parallel run).

        The journal that the tests see does not have it.
        """
        headers = {"Authorization": f"Bearer {token or self.token}"}
        with self._lock:
            url = f"{self.api_url}/v2/{path}?{SOMEBODY_ELSE}"
            answer = self._session.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.status_code == status, f"{method} /v2/{path} {body}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else {}

    def reset(self, **world):
        told = self.control("POST", "reset", world)
        assert told["now"].endswith("Z")
        self.tokens = [self.token]
        self._told = 0
        self._ordered = False

    def state(self):
        return State(self.control("GET", "state"))

    def advance(self, seconds):
        assert self.control("POST", "clock", {"advance": seconds})["now"].endswith("Z")

    def behave(self, **switches):
        told = self.control("PUT", "behaviour", switches)
        assert {key: told[key] for key in switches} == switches

    def switches(self):
        return self.control("GET", "behaviour")

    def fault(self, *effects, **match):
        """Order a fault; the id."""
        self._ordered = True
        order = {"match": match, "effect": list(effects) if len(effects) > 1 else effects[0]}
        return self.control("POST", "faults", order, status=201)["id"]

    def faults(self):
        return self.control("GET", "faults")["faults"] if self._ordered else []

    def clear_faults(self):
        told = self.control("DELETE", "faults")
        assert isinstance(told, dict)
        assert self.faults() == []

    def journal(self):
        return [entry for entry in self.control("GET", "journal")["requests"] if entry["query"] != SOMEBODY_ELSE]

    def news(self):
        """The part of the journal that was not returned before."""
        fresh = [entry for entry in self.journal() if entry["n"] > self._told]
        self._told = max([self._told, *(entry["n"] for entry in fresh)])
        return fresh

    def forget(self):
        """Empty the journal."""
        self.control("DELETE", "journal")
        assert self.journal() == []

    def make_token(self, *scopes):
        token = self.control("POST", "tokens", {"scopes": list(scopes)}, status=201)["token"]
        self.tokens.append(token)
        return token

    def revoke(self, token):
        self.control("DELETE", f"tokens/{token}")


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
