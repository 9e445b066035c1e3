# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated account for the demo and the benchmarks."""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 60
"""Seconds for the simulator to start."""


class Account:
    """A running simulator: its addresses, its API and its clock. `ready` is its ready line as a dict."""

    def __init__(self, ready):
        self.url, self.token, self.ca_path = ready["api_url"], ready["token"], ready["ca_path"]
        self._session = requests.Session()
        # A certificate bundle that the environment names would replace the simulator's own.
        self._session.trust_env = False
        self._session.verify = self.ca_path
        self._session.headers["Authorization"] = f"Bearer {self.token}"

    @property
    def environment(self):
        """The variables by which the collection finds this account."""
        return {
            "DIGITALOCEAN_TOKEN": self.token,
            "DIGITALOCEAN_API_URL": self.url,
            "DIGITALOCEAN_CA_PATH": self.ca_path,
        }

    def get(self, path, **query):
        """The JSON object in the API's answer; any error ends the program."""
        answer = self._session.get(self.url + path, params=query, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def advance(self, duration):
        """Move the simulated clock on by a `duration` like 5m or 2d; returns the new time."""
        return self._control("clock", advance=duration)["now"]

    def reset(self):
        """Reset the account to its start, with an empty journal."""
        self._control("reset")

    def forget(self):
        """Empty the journal."""
        self._session.delete(f"{self.url}/_sim/journal", timeout=30).raise_for_status()

    def journal(self):
        """The requests since the journal was last emptied, as the simulator reports them."""
        return self.get("/_sim/journal")["requests"]

    def journal_summary(self):
        """The requests since the journal was last emptied: a dict of method and route to their number."""
        return self.get("/_sim/journal/summary")["summary"]

    def _control(self, what, **body):
        answer = self._session.post(f"{self.url}/_sim/{what}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def simulated(*options):
    """Start a simulator with command line `options`, yield its Account, stop it."""
    with tempfile.TemporaryDirectory(prefix="lifeboat-account-") as folder:
        ready = Path(folder, "ready.json")
        command = [sys.executable, "tests/simulator", "--ready-file", str(ready), *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            given_up = time.monotonic() + START_LIMIT
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > given_up:
                    raise SystemExit("The simulator did not start.")
                time.sleep(0.05)
            yield Account(json.loads(ready.read_text(encoding="utf-8")))
        finally:
            process.terminate()
            process.wait(timeout=10)
