# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: a simulated account of 60 Droplets gets its backups from Ansible, in five short scenes.

Every figure shown comes from the run: from the playbooks' own output, or from the simulated API.
"""

import json
import os
import shlex
import subprocess
import threading
import time

from account import ROOT, simulated

SCOPE = {"quickstart_tag": ["env:prod"], "quickstart_exclude_tag": ["role:ml"]}
BUSY = "media-prod-01"
QUIET = {
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_PIPELINING": "True",
    "ANSIBLE_LOCALHOST_WARNING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
}
UNSHOWN = ("PLAY", "localhost  ", "---", "+++", "@@", "ok: [localhost] =>")


def main():
    began = time.monotonic()
    with simulated("--world", "fleet") as account:
        tell(account)
    say(f"That took {time.monotonic() - began:.0f} seconds. With an account of your own, the same playbooks:")
    print("   export DIGITALOCEAN_TOKEN=...")
    print("   ansible-playbook lifeboat.digitalocean.unprotected")
    print("   ansible-playbook lifeboat.digitalocean.quickstart --check --diff")


def tell(account):
    before = policies(account)
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
    for droplet_id, record in policies(account).items():
        if record["backup_enabled"] and not before[droplet_id]["backup_enabled"]:
            print("   " + backups_line(account, droplet_id, record))


def policies(account):
    """The backup policy records of all Droplets, by id as text."""
    return account.get("/v2/droplets/backups/policies", per_page=200)["policies"]


def backups_line(account, droplet_id, record):
    """One line about a Droplet's policy and the backups it has."""
    name = account.get(f"/v2/droplets/{droplet_id}")["droplet"]["name"]
    backups = account.get(f"/v2/droplets/{droplet_id}/backups", per_page=200)["backups"]
    newest = max((backup["created_at"] for backup in backups), default="none")
    policy = record["backup_policy"]
    return f"{name:<18}{policy['plan']} at {policy['hour']:02d}:00 UTC, {len(backups)} backups, newest {newest}"


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
