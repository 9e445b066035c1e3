# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`kill -9` of an ansible-playbook and all its children, while a request of theirs is being answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.lifeboat.digitalocean.tests.playbooks.conftest import surroundings
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.all_scenarios import SCENARIOS
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL, one_in
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import picked_up

FIRST = [
    next(name for name in SCENARIOS if name.startswith(f"{module}-"))
    for module in ("droplet_from_backup", "backup_to_snapshot", "droplet_snapshot", "droplet_action")
]
CHOSEN = ["droplet_restore-newest-stopped", "droplet_restore-backup", *FIRST]
MOMENTS = [(method, number) for method, most in (("POST", 7), ("GET", 25)) for number in range(most)]
CASES = one_in(8, CHOSEN, MOMENTS[:: 1 if FULL else 5])
START = 60
"""Seconds until a run must have come to its request, or to its end."""


@pytest.mark.parametrize(("scenario", "moment"), CASES, ids=str)
def test_p3_a_run_that_is_killed_is_picked_up(sim, tmp_path, scenario, moment):
    method, number = moment

    def kill(options, token):
        sim.fault({"delay": 2 * START, "carried_out": True}, method=method, after=number)
        return killed(
            sim, play_of(tmp_path, SCENARIOS[scenario].module, options), surroundings(sim, tmp_path, {}, True), token
        )

    if not picked_up(sim, SCENARIOS[scenario], kill):
        sent = sum(1 for entry in sim.journal() if entry["method"] == method)
        assert sent, "a run without a kill has sent nothing either"


def play_of(folder, module, options):
    playbook = folder / "play.yml"
    task = {"name": "Go", f"lifeboat.digitalocean.{module}": options}
    playbook.write_text(json.dumps([{"name": "Test", "hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    return playbook


def killed(sim, playbook, environ, token):
    """True if the run was killed during its request; False if it had succeeded before."""
    run = subprocess.Popen(
        ["ansible-playbook", str(playbook)],
        env={**environ, "DIGITALOCEAN_TOKEN": token},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + START
    try:
        while not any(fault["hits"] for fault in sim.faults()):
            assert time.monotonic() < deadline, "it neither came to the request nor to an end"
            if run.poll() is not None:
                assert run.returncode == 0, run.stdout.read()
                return False
            time.sleep(0.02)
        return True
    finally:
        while left := speaking_of(playbook.parent):
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            run.poll()
        run.wait()
        run.stdout.close()


def speaking_of(folder):
    """The processes on whose command line the folder stands: the run, its workers, each with a session of its own, and
    the module. What is dead has no command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found
