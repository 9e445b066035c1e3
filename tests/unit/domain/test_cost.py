# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups cost a share of the Droplet's price, or a price for each GiB that they store, or nobody knows."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.cost import (
    monthly_backup_cost,
    monthly_snapshot_cost,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupState
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import backup, on

OFF, NOT_SHOWN = BackupState(False), BackupState(True)
WEEKLY, DAILY, EVERY_4_HOURS = on("weekly"), on("daily"), on("intra_daily_4h", retention=7)
BACKUPS = (backup(1, size=10), backup(2, size=2.5))


@pytest.mark.parametrize(
    ("price", "state", "backups", "cost"),
    [
        pytest.param(24.0, WEEKLY, None, 4.8, id="weekly is 20 %"),
        pytest.param(24.0, DAILY, BACKUPS, 7.2, id="daily is 30 %, whatever its backups store"),
        pytest.param(4, DAILY, None, 1.2, id="a price without a fraction"),
        pytest.param(13.33, WEEKLY, None, 2.67, id="to the cent"),
        pytest.param(0.0, DAILY, None, 0.0, id="a Droplet that costs nothing"),
        pytest.param(24.0, OFF, BACKUPS, 0.0, id="off costs nothing"),
        pytest.param(None, OFF, None, 0.0, id="off costs nothing, whatever the price"),
        pytest.param(None, DAILY, None, None, id="price hidden"),
        pytest.param(24.0, NOT_SHOWN, BACKUPS, None, id="policy not shown"),
        pytest.param(24.0, on("hourly"), BACKUPS, None, id="a plan nobody knows"),
        pytest.param(None, EVERY_4_HOURS, BACKUPS, 0.12, id="every 4 hours is 0.01 for each GiB"),
        pytest.param(None, on("intra_daily_6h", retention=3), BACKUPS, 0.19, id="every 6 hours is 0.015"),
        pytest.param(None, on("intra_daily_12h", retention=3), BACKUPS, 0.25, id="every 12 hours is 0.02"),
        pytest.param(24.0, on("daily", retention=14), BACKUPS, 0.38, id="daily, kept for another time, is 0.03"),
        pytest.param(24.0, on("weekly", retention=7), BACKUPS, 0.5, id="weekly, kept for another time, is 0.04"),
        pytest.param(24.0, EVERY_4_HOURS, (), 0.0, id="nothing stored yet"),
        pytest.param(24.0, EVERY_4_HOURS, None, None, id="backups not read"),
        pytest.param(24.0, EVERY_4_HOURS, (backup(1, size=None),), None, id="a size that is not told"),
        pytest.param(24.0, on("intra_daily_8h", retention=7), BACKUPS, None, id="an interval without a price"),
        pytest.param(24.0, on("daily", retention=14), None, None, id="daily, kept for another time, not read"),
    ],
)
def test_monthly_cost(price, state, backups, cost):
    assert monthly_backup_cost(price, state, backups) == cost


@pytest.mark.parametrize(("gigabytes", "cost"), [(0.0, 0.01), (0.2, 0.01), (1.11, 0.07), (10.0, 0.6), (None, None)])
def test_a_snapshot_costs_at_least_a_cent(gigabytes, cost):
    assert monthly_snapshot_cost(gigabytes) == cost
