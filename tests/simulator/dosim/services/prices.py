# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What backups cost. The API does not report it; tests compare what a client computes with this."""

from dosim import schedule
from dosim.cloud import Cloud
from dosim.store import Droplet

SHARES = {"weekly": 0.2, "daily": 0.3}
"""Of the Droplet's price, for a basic plan."""

PER_GIB = {
    "weekly": 0.04,
    "daily": 0.03,
    "intra_daily_12h": 0.02,
    "intra_daily_6h": 0.015,
    "intra_daily_4h": 0.01,
}
"""US$ a month for each GiB stored, for a usage-based plan."""


def of_backups(cloud: Cloud, droplet: Droplet) -> float | None:
    """US$ a month, by the policy in force and by what is stored now; None for a plan without a list price.

    A weekly or daily plan with another retention than the basic one is a usage-based one.
    """
    policy = droplet.policy
    if policy is None:
        return 0.0
    if schedule.STANDARD.get(policy.plan) == policy.retention_days:
        price: float = cloud.store.catalogue.sizes[droplet.size]["price_monthly"] * SHARES[policy.plan]
        return round(price, 4)
    if policy.plan not in PER_GIB:
        return None
    images = map(cloud.store.images.get, droplet.backups)
    return round(PER_GIB[policy.plan] * sum(image.gigabytes for image in images if image), 4)
