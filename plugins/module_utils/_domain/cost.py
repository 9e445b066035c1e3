# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups cost. https://docs.digitalocean.com/products/backups/details/pricing/"""

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
