# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `ansible-inventory` on files for the simulator, and reads its output."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

from . import journal
from .simulator import ROOT

PLUGIN = "lifeboat.digitalocean.droplets"
OURS = ("DIGITALOCEAN_", "DO_")
"""Prefixes of the environment variables that the plugin reads."""

_FAILED = re.compile(r"Failed to parse inventory with '(?:auto|lifeboat[\w.]+)' plugin: (.*)")


@dataclass
class Told:
    """The output of one run of `ansible-inventory`, and the requests that it sent."""

    status: int
    output: str
    errors: str
    requests: list = field(default_factory=list)

    def __post_init__(self):
        # After the output of -vvv.
        found = re.search(r"^\{$.*^\}$", self.output, re.DOTALL | re.MULTILINE)
        self.listed = json.loads(found[0]) if found else {}
        listed = json.loads(found[0], object_hook=_as_text) if found else {}
        self.hosts = listed.pop("_meta", {}).get("hostvars", {})
        """Host → its variables."""
        children = {child for group in listed.values() for child in group.get("children", ())}
        self.groups = {name: set(listed.get(name, {}).get("hosts", ())) for name in {*children, *listed} - {"all"}}
        """Group → its hosts, also if it has none."""
        self.parents = {name: set(group["children"]) for name, group in listed.items() if "children" in group}

    @property
    def ids(self):
        """The Droplets' ids, sorted; twice if two hosts have the same one."""
        return sorted(known["do_id"] for known in self.hosts.values() if "do_id" in known)

    @property
    def by_id(self):
        """Droplet id → its host's name."""
        return {known["do_id"]: name for name, known in self.hosts.items() if "do_id" in known}

    @property
    def failure(self):
        """Why the plugin gave no inventory, or None."""
        found = _FAILED.search(self.errors)
        return found[1] if found else None

    @property
    def warnings(self):
        return re.findall(r"\[WARNING\]: (.*)", self.errors)

    @property
    def asked(self):
        """Each request as its path and query, without the page."""
        return [re.sub(r"&?(per_)?page=\d+", "", f"{entry['path']}?{entry['query']}") for entry in self.requests]

    def __str__(self):
        return "\n".join([self.errors, *map(journal.line, self.requests), self.output[:3000]])


def _as_text(data):
    """The plain text of what ansible-inventory marks as no template."""
    return data["__ansible_unsafe"] if data.keys() == {"__ansible_unsafe"} else data


class Process:
    """`inventory_process.py`, which runs the command."""

    def __init__(self):
        collections = str(ROOT / ".venv" / "collections")
        environ = {**os.environ, "PYTHONPATH": collections, "ANSIBLE_COLLECTIONS_PATH": collections}
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/promises/harness/inventory_process.py")],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, order):
        """Wait for the exit status and return it."""
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def stop(self):
        self._process.stdin.close()
        assert self._process.wait(timeout=10) == 0
        self._process.stdout.close()


class Inventory:
    """Runs `ansible-inventory` in a Process on files for these `simulators`, kept in `folder`."""

    def __init__(self, process, *simulators, folder):
        self.simulators = simulators
        self.folder = folder
        self._process = process

    def write(self, options, simulator=None, name="account.droplets.yml"):
        """An inventory file with the connection to a simulator, which `options` may replace, or leave out with None."""
        simulator = simulator or self.simulators[0]
        connection = {"token": simulator.token, "api_url": simulator.api_url, "ca_path": simulator.ca_path}
        given = {"plugin": PLUGIN, **connection, "burst_limit": "1000000/1", **options}
        path = self.folder / name
        path.write_text(json.dumps({key: value for key, value in given.items() if value is not None}))
        return path

    def __call__(self, *args, **options):
        """Run on one file with these options and list all; `args` are further ones of the command."""
        return self.run(self.write(options), args=args)

    def each(self, *options):
        """Run on one file for each mapping of options, the n-th for the n-th simulator, if there are so many."""
        last = len(self.simulators) - 1
        paths = [
            self.write(given, self.simulators[min(number, last)], f"{number}.droplets.yml")
            for number, given in enumerate(options)
        ]
        return self.run(*paths)

    def run(self, *paths, args=(), environ=None, clock=None):
        """Run on these files; `clock` is what this machine's clock shows. Asserts what holds for every run."""
        command = [text for path in paths for text in ("-i", str(path))] + list(args)
        if not {"--graph", "--host"}.intersection(command):
            command.append("--list")
        for simulator in self.simulators:
            simulator.news()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        order = {
            "command": command,
            "folder": str(self.folder),
            "environ": {**kept, **{name: str(value) for name, value in (environ or {}).items()}},
            "clock": clock and clock.isoformat(),
            "controls": [(simulator.api_url, simulator.ca_path) for simulator in self.simulators],
        }
        status = self._process.run(order)
        output, errors = ((self.folder / name).read_text("utf-8") for name in ("stdout", "stderr"))
        requests = [entry for simulator in self.simulators for entry in simulator.news()]
        told = Told(status, output, errors, requests)
        assert not journal.writes(told.requests), told
        assert "Traceback" not in errors, errors
        for token in (token for simulator in self.simulators for token in simulator.tokens):
            assert token.removeprefix("dop_v1_") not in output + errors, "P9: the token is in the output"
        return told
