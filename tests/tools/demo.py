# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: five rules are applied to a simulated account of 60 Droplets, in five short scenes.

Every figure shown comes from the run: from the playbooks' own output, or from the simulated API.
"""

import itertools
import json
import os
import shlex
import subprocess
import threading
import time

from account import ROOT, simulated

RULES = "tests/tools/demo_policies.yml"
BUSY = "media-prod-01"
FINDINGS = 2
"""The exit code of ansible-playbook if a task fails, as an audit with findings does."""

QUIET = {
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_PIPELINING": "True",
    "ANSIBLE_LOCALHOST_WARNING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
}
SHOWN = ("List them", "Apply | ", "Summary | Show", "Audit | Check")
"""The tasks whose output is shown."""
FRAME = ("ok:", "changed:", "skipping:", "---", "+++", "@@", '"msg": [', "]", "}")


def main():
    began = time.monotonic()
    with simulated("--world", "fleet", "--action-seconds", "0") as account:
        play_scenes(account)
    say(f"That took {time.monotonic() - began:.0f} seconds. With an account of your own, the same playbooks:")
    print("   export DIGITALOCEAN_TOKEN=...")
    print("   ansible-playbook lifeboat.digitalocean.audit_policies -e @policies.yml")
    print("   ansible-playbook lifeboat.digitalocean.apply_policies -e @policies.yml --check --diff")


def play_scenes(account):
    say(f"An account with 60 Droplets, simulated on this machine, and five rules for their backups in {RULES}.")

    say("1. Who has no backups today?")
    play(account, "unprotected", rules=False)

    say("2. What would the rules change? Check mode sends nothing; its diff is that of the real run, with costs.")
    play(account, "apply_policies", "--check", "--diff")

    say(f"3. The real run. {BUSY} is in the middle of a snapshot: the task waits for it to end, then writes.")
    snapshot_ends = threading.Timer(1.5, account.advance, ["5m"])
    snapshot_ends.start()
    play(account, "apply_policies")
    snapshot_ends.join()

    say("4. Once more: nothing differs, so nothing is written.")
    play(account, "apply_policies")

    now = account.advance("2d")
    say(f"5. Two days later, {now}, the audit: two whose backups fail, and two that no rule covers.")
    play(account, "audit_policies", status=FINDINGS)


def play(account, name, *options, rules=True, status=0):
    """Run a playbook of the collection with the demo's rules, and print the part of its output that matters."""
    command = ["ansible-playbook", f"lifeboat.digitalocean.{name}", *(["-e", f"@{RULES}"] if rules else []), *options]
    print(f"   $ {shlex.join(command)}")
    environment = {**os.environ, **QUIET, **account.environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    for line in shown(done.stdout):
        print(f"   {line}")
    if done.returncode != status:
        raise SystemExit(f"The playbook failed with exit code {done.returncode}.\n{done.stderr}")


def shown(output):
    """The lines of ansible-playbook's output that are about backups: diff, summary, findings, and the recap."""
    for part in output.split("\n\n"):
        title, *lines = part.strip().splitlines() or [""]
        if title.startswith("PLAY RECAP"):
            yield from (" ".join(line.split()) for line in lines)
        if title.startswith("TASK") and any(name in title for name in SHOWN):
            message = itertools.takewhile(lambda line: not line.startswith("Origin:"), lines)
            yield from (plain(line) for line in message if not line.strip().startswith(FRAME))


def plain(line):
    """A line without the JSON around a message or the items of a list."""
    item = line.strip().removeprefix('"msg": ').removesuffix(",")
    return json.loads(item) if item.startswith('"') else line


def say(text):
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
