# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a simulated account of 60 Droplets gets its backups from Ansible, in five short scenes.

Every figure shown comes from the run: from the playbooks' own output, or from the simulated API.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
SCOPE = {"quickstart_tag": ["env:prod"], "quickstart_exclude_tag": ["role:ml"]}
BUSY = "media-prod-01"
QUIET = {
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_LOCALHOST_WARNING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
}
UNSHOWN = ("PLAY", "localhost  ", "---", "+++", "@@", "ok: [localhost] =>")
START_LIMIT = 30
"""Seconds for the simulator to start."""


class Account:
    """The simulated account: its simulator process, its API and its clock."""

    def __init__(self, folder):
        ready = Path(folder, "ready.json")
        command = [sys.executable, "tests/simulator", "--world", "fleet", "--ready-file", str(ready)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        given_up = time.monotonic() + START_LIMIT
        while not ready.exists():
            if self._process.poll() is not None or time.monotonic() > given_up:
                raise SystemExit("The simulator did not start.")
            time.sleep(0.05)
        told = json.loads(ready.read_text(encoding="utf-8"))
        self.url = told["api_url"]
        self.environment = {
            "DIGITALOCEAN_TOKEN": told["token"],
            "DIGITALOCEAN_API_URL": told["api_url"],
            "DIGITALOCEAN_CA_PATH": told["ca_path"],
        }
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = told["ca_path"]
        self._session.headers["Authorization"] = f"Bearer {told['token']}"

    def policies(self):
        """The backup policy records of all Droplets, by id as text."""
        return self.get("/v2/droplets/backups/policies", per_page=200)["policies"]

    def backups_line(self, droplet_id, record):
        """One line about a Droplet's policy and the backups it has."""
        name = self.get(f"/v2/droplets/{droplet_id}")["droplet"]["name"]
        backups = self.get(f"/v2/droplets/{droplet_id}/backups", per_page=200)["backups"]
        newest = max((backup["created_at"] for backup in backups), default="none")
        policy = record["backup_policy"]
        return f"{name:<18}{policy['plan']} at {policy['hour']:02d}:00 UTC, {len(backups)} backups, newest {newest}"

    def get(self, path, **query):
        answer = self._session.get(self.url + path, params=query, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def advance(self, duration):
        answer = self._session.post(self.url + "/_sim/clock", json={"advance": duration}, timeout=10)
        answer.raise_for_status()
        return answer.json()["now"]

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=10)


def main():
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lifeboat-demo-") as folder:
        account = Account(folder)
        try:
            tell(account)
        finally:
            account.stop()
    say(f"That took {time.monotonic() - began:.0f} seconds. With an account of your own, the same playbooks:")
    print("   export DIGITALOCEAN_TOKEN=...")
    print("   ansible-playbook lifeboat.digitalocean.unprotected")
    print("   ansible-playbook lifeboat.digitalocean.quickstart --check --diff")


def tell(account):
    before = account.policies()
    say(f"1. An account with {len(before)} Droplets, simulated on this machine. Who has no backups?")
    play(account, "unprotected")

    say("2. What would it take to protect production, GPU machines left out? Check mode sends nothing.")
    play(account, "quickstart", "--check", "--diff", "-e", json.dumps(SCOPE))

    say(f"3. The real run. {BUSY} is in the middle of a snapshot: the task waits for it to end, then writes.")
    snapshot_ends = threading.Timer(2, account.advance, ["5m"])
    snapshot_ends.start()
    play(account, "quickstart", "-e", json.dumps(SCOPE))
    snapshot_ends.join()

    say("4. Once more: nothing differs, so nothing is written.")
    play(account, "quickstart", "-e", json.dumps(SCOPE))

    now = account.advance("2d")
    say(f"5. Two days later, {now}: what the Droplets that had no backups have now.")
    for droplet_id, record in account.policies().items():
        if record["backup_enabled"] and not before[droplet_id]["backup_enabled"]:
            print("   " + account.backups_line(droplet_id, record))


def play(account, name, *options):
    """Run a playbook of the collection and show what a user would look at: tasks, diff and messages."""
    command = ["ansible-playbook", f"lifeboat.digitalocean.{name}", *options]
    print(f"   $ {shlex.join(command)}")
    environment = {**os.environ, **QUIET, **account.environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.strip() and not line.startswith(UNSHOWN):
            print("   " + line.strip().rstrip("*"))
    if done.returncode:
        raise SystemExit(f"The playbook failed with exit code {done.returncode}.\n{done.stderr}")


def say(text):
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
