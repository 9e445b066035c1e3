# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Droplets share a physical server: arbitrary, but the same whenever it is asked."""

from collections.abc import Iterable

from dosim.cloud import Cloud
from dosim.store import Droplet

HOSTS_OF_A_REGION = 64


def neighbours(cloud: Cloud) -> list[list[Droplet]]:
    """The groups of two or more."""

    def groups(rows: Iterable[Droplet]) -> list[list[Droplet]]:
        hosts: dict[tuple[str, int], list[Droplet]] = {}
        for row in rows:
            hosts.setdefault((row.region, cloud.choice("host", row.id) % HOSTS_OF_A_REGION), []).append(row)
        return [group for group in hosts.values() if len(group) > 1]

    return cloud.store.droplets.derived("hosts", groups)
