# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups and snapshots cost. https://docs.digitalocean.com/products/backups/details/pricing/"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from .models import BackupPolicy, BackupState, RestorePoint
from .windows import interval

SHARE_OF_PRICE = {"weekly": 0.20, "daily": 0.30}
"""Basic plans, priced as a share of the Droplet's own price; usage-based plans are priced by the GiB instead."""

BASIC_RETENTION_DAYS = {"weekly": 28, "daily": 7}
"""Of basic plans, which leave no choice: another retention shows that a plan of that name is a usage-based one."""

USD_PER_GIB = {
    timedelta(days=7): 0.04,
    timedelta(days=1): 0.03,
    timedelta(hours=12): 0.02,
    timedelta(hours=6): 0.015,
    timedelta(hours=4): 0.01,
}
"""A month, for what the backups of a usage-based plan store, by the interval of the plan."""


def is_basic(policy: BackupPolicy) -> bool:
    """True for a plan priced as a share of the Droplet's price, by its name and retention (None: the plan's own)."""
    own = BASIC_RETENTION_DAYS.get(policy.plan)
    return own is not None and policy.retention_period_days in (None, own)


def is_priced_by_size(state: BackupState) -> bool:
    """Whether the sizes of its backups decide what a Droplet with the backups `state` pays for them."""
    policy = state.policy
    return policy is not None and not is_basic(policy) and interval(policy.plan) in USD_PER_GIB


def monthly_backup_cost(
    price_monthly: float | None, state: BackupState, backups: Collection[RestorePoint] | None = None
) -> float | None:
    """USD a month, rounded to cents, of a Droplet of `price_monthly` (USD, None if hidden) with the backups `state`.

    `backups` are those that it has, by whose sizes a usage-based plan is priced; None if they were not read. None if
    it cannot be told.
    """
    if not state.enabled:
        return 0.0
    policy = state.policy
    if policy is None:
        return None
    if is_basic(policy):
        return None if price_monthly is None else round(price_monthly * SHARE_OF_PRICE[policy.plan], 2)
    every = interval(policy.plan)
    rate = USD_PER_GIB.get(every) if every else None
    if rate is None or backups is None:
        return None
    sizes = [backup.size_gigabytes for backup in backups if backup.size_gigabytes is not None]
    return round(sum(sizes) * rate, 2) if len(sizes) == len(backups) else None


SNAPSHOT_USD_PER_GIB = 0.06
"""A month. https://docs.digitalocean.com/products/snapshots/details/pricing/"""


def monthly_snapshot_cost(gigabytes: float | None) -> float | None:
    """USD a month, rounded to cents and at least one, for a snapshot of that size (GiB); None if it is not known."""
    return None if gigabytes is None else max(0.01, round(gigabytes * SNAPSHOT_USD_PER_GIB, 2))
