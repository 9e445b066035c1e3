# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `ansible-playbook` as a user would, against a simulator, in real time."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT, Simulator

COLLECTIONS = ROOT / ".venv" / "collections"


@pytest.fixture(scope="session", name="simulator")
def _simulator():
    simulator = Simulator("--droplets", "6", "--action-seconds", "0,power_off=2", "--rate-limit", "off")
    yield simulator
    simulator.stop()


@pytest.fixture(name="sim")
def _sim(simulator):
    """A simulator after a reset. At the end each fault that is still ordered must have been hit."""
    simulator.reset()
    yield simulator
    missed = [fault for fault in simulator.faults() if not fault["hits"]]
    assert not missed, f"ordered, but never met: {missed}"


@dataclass
class Played:
    """What a run of ansible-playbook ended with; `results` are those that the play has saved, by task name."""

    status: int
    output: str
    results: dict


@pytest.fixture(name="play")
def _play(sim, tmp_path):
    """`play(plays, option, …, environ={})` writes a playbook and runs it; `playbook=` names a file instead.

    `folder` is where it writes, so that two can run at once.
    """

    def play(plays=None, *options, playbook=None, environ=None, connected=True, folder=tmp_path):
        if plays is not None:
            playbook = folder / "play.yml"
            playbook.write_text(json.dumps(plays))
        results = folder / "results"
        results.mkdir(exist_ok=True)
        return run(playbook, options, surroundings(sim, folder, environ or {}, connected), results)

    return play


def surroundings(sim, folder, environ, connected):
    """An environment without anything of the caller's own Ansible or account."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL") if key in os.environ}
    ours = {
        "HOME": folder,
        "ANSIBLE_HOME": folder / "ansible",
        "ANSIBLE_LOCAL_TEMP": folder / "tmp",
        "ANSIBLE_REMOTE_TEMP": folder / "tmp",
        "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "RESULTS": folder / "results",
        "LC_ALL": "C.UTF-8",
    }
    if connected:
        ours |= {"DIGITALOCEAN_TOKEN": sim.token, "DIGITALOCEAN_API_URL": sim.api_url}
        ours["DIGITALOCEAN_CA_PATH"] = sim.ca_path
    found = {**kept, **ours, **environ}
    return {key: str(value) for key, value in found.items()}


def run(playbook, options, environ, results):
    done = finished(["ansible-playbook", str(playbook), *options], environ, results)
    written = Path(results, "results.json")
    told = json.loads(written.read_text()) if written.exists() else {}
    written.unlink(missing_ok=True)
    return Played(done.returncode, done.stdout + done.stderr, told)


def finished(command, environ, folder):
    """What `command` ended with, run in `folder`: no traceback and no token of its environment in its output."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    output = done.stdout + done.stderr
    assert "Traceback" not in output, output
    token = environ.get("DIGITALOCEAN_TOKEN", "no token in the environment").removeprefix("dop_v1_")
    assert token not in output, "the token is in the output"
    return done


def play_of(*tasks, **keywords):
    """A play on this machine; each task is `(name, options)` of droplet_backups, and all results are saved."""
    modules = [
        {
            "name": name,
            "lifeboat.digitalocean.droplet_backups": options,
            "register": name,
            "ignore_errors": keywords.get("go_on", True),
        }
        for name, options in tasks
    ]
    told = ", ".join(f"'{name}': {name}" for name, _options in tasks)
    write = {
        "name": "Write down",
        "ansible.builtin.copy": {
            "content": "{{ {" + told + "} | to_json }}",
            "dest": "{{ lookup('env', 'RESULTS') }}/results.json",
            "mode": "0600",
        },
        "check_mode": False,
        "diff": False,
    }
    play = {"name": "Test", "hosts": "localhost", "gather_facts": False, "tasks": [*modules, write]}
    if "defaults" in keywords:
        play["module_defaults"] = keywords["defaults"]
    return [play]


@pytest.fixture(name="play_of")
def _play_of():
    return play_of
