# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups and snapshots cost. https://docs.digitalocean.com/products/backups/details/pricing/"""

from __future__ import annotations

SHARE_OF_PRICE = {"weekly": 0.20, "daily": 0.30}
"""Plans priced as a share of the Droplet's own price; usage-based plans are priced by the GiB instead."""


def monthly_backup_cost(price_monthly, plan):
    """USD a month, rounded to cents, for a Droplet of `price_monthly` (USD) on `plan` (None: backups off, no cost).

    None where it cannot be told: another plan, or a price the token may not read.
    """
    if plan is None:
        return 0.0
    share = SHARE_OF_PRICE.get(plan)
    return None if share is None or price_monthly is None else round(price_monthly * share, 2)


SNAPSHOT_USD_PER_GIB = 0.06
"""A month. https://docs.digitalocean.com/products/snapshots/details/pricing/"""


def monthly_snapshot_cost(gigabytes):
    """USD a month, rounded to cents and at least one, for a snapshot of that size (GiB); None where it is not known."""
    return None if gigabytes is None else max(0.01, round(gigabytes * SNAPSHOT_USD_PER_GIB, 2))
