# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command measured from its start to its end: seconds, lines of output with their time, memory."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from account import ROOT

INTERVAL = 0.01
"""Seconds between two readings of the processes."""

MODULE_MARK = b"AnsiballZ_"
"""In the command line of the process that Ansible starts to run a module."""


@dataclass(frozen=True)
class Run:
    """`lines` are pairs of seconds since the start and text.

    `module_mib` and `other_mib` are the peaks of the largest process that runs a module, and of the largest other one,
    which is Ansible itself; 0 if there was none. Each is the kernel's own high-water mark of resident memory
    (VmHWM), which every process keeps for itself. It is read every 10 ms, so only what a process takes in its last
    10 ms is missed.
    """

    seconds: float
    lines: tuple
    module_mib: float
    other_mib: float

    @property
    def output(self):
        return "".join(line for _seconds, line in self.lines)


def run(command, environment):
    """Run `command`; ends the program with its output if it fails. No process that it started is left."""
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            with Peaks(process.pid) as peaks:
                lines = tuple((time.perf_counter() - began, line) for line in process.stdout)
                status = process.wait()
        finally:
            if process.poll() is None:
                kill(tree(process.pid))
    measured = Run(time.perf_counter() - began, lines, peaks.module_kib / 1024, peaks.other_kib / 1024)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}:\n{measured.output[-4000:]}")
    return measured


class Peaks:
    """A context in which a thread reads the memory of a process and of its descendants."""

    def __init__(self, pid):
        self.module_kib = self.other_kib = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        while not self._ended.wait(INTERVAL):
            for pid in tree(self._pid):
                with suppress(OSError):
                    self._look(Path("/proc", str(pid)))

    def _look(self, folder):
        kib = high_water(folder.joinpath("status").read_text(encoding="utf-8"))
        if MODULE_MARK in folder.joinpath("cmdline").read_bytes():
            self.module_kib = max(self.module_kib, kib)
        else:
            self.other_kib = max(self.other_kib, kib)


def high_water(status):
    """VmHWM in KiB from the text of a `/proc/PID/status`; 0 for a process that has ended and was not yet waited for."""
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def tree(pid):
    """The ids of a process and of its descendants."""
    found = [pid]
    for parent in found:
        # A process may end at any moment.
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{parent}/task"):
                children = Path(f"/proc/{parent}/task/{thread}/children").read_text(encoding="ascii")
                found += [int(child) for child in children.split()]
    return found


def kill(pids):
    """Kill them: half a measurement is of no use."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
