# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of the harness in `tests/promises`."""

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
