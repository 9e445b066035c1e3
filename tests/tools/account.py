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

from control_plane import ControlPlane

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 60
"""Seconds for the simulator to start."""


class Account(ControlPlane):
    """A running simulator with its API. `ready` is its ready line as a dict."""

    def __init__(self, ready):
        super().__init__(ready["api_url"], ready["ca_path"])
        self.token = ready["token"]

    @property
    def environment(self):
        """The variables by which the collection finds this account."""
        return {
            "DIGITALOCEAN_TOKEN": self.token,
            "DIGITALOCEAN_API_URL": self.api_url,
            "DIGITALOCEAN_CA_PATH": self.ca_path,
        }

    def get(self, path, **query):
        """The JSON object that the API answers; any error ends the program."""
        answer = self.send("GET", path, params=query, headers={"Authorization": f"Bearer {self.token}"})
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
