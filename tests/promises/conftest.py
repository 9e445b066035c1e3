# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The harness's fixtures, and how many wrong answers were played."""

from __future__ import annotations

# Pytest finds fixtures by their names here.
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.fixtures import (  # noqa: F401  # pylint: disable=unused-import
    _both,
    _inventory,
    _inventory_process,
    _run,
    _second,
    _sim,
    _tls,
    _world,
    simulators,
)
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.tally import summary


def pytest_terminal_summary(terminalreporter):
    """Report how many wrong answers were played, if any were."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    for line in summary([report for report in reports if report.when == "call"]):
        terminalreporter.write_line(line)
