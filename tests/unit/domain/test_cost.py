# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups cost a share of the Droplet's price, or nobody knows."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.cost import monthly_backup_cost


@pytest.mark.parametrize(
    ("price", "plan", "cost"),
    [
        pytest.param(24.0, "weekly", 4.8, id="weekly is 20 %"),
        pytest.param(24.0, "daily", 7.2, id="daily is 30 %"),
        pytest.param(4, "daily", 1.2, id="a price without a fraction"),
        pytest.param(13.45, "weekly", 2.69, id="to the cent"),
        pytest.param(0.0, "daily", 0.0, id="a Droplet that costs nothing"),
        pytest.param(24.0, None, 0.0, id="off costs nothing"),
        pytest.param(None, None, 0.0, id="off costs nothing, whatever the price"),
        pytest.param(None, "daily", None, id="price hidden"),
        pytest.param(24.0, "intra_daily_4h", None, id="priced by the GiB"),
        pytest.param(24.0, "", None, id="plan not shown"),
    ],
)
def test_monthly_cost(price, plan, cost):
    assert monthly_backup_cost(price, plan) == cost
