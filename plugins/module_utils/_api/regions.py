# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""https://docs.digitalocean.com/reference/api/digitalocean/#tag/Regions"""

from __future__ import annotations

from .._domain.errors import ScopeError
from .._domain.quota import PER_PAGE
from .client import Client


def known(client: Client) -> frozenset[str] | None:
    """The slugs of all regions; None if the token may not read them.

    Those that are closed for new Droplets (`available` false) are among them: they can take copies of images.
    """
    try:
        body = client.do.regions.list(page=1, per_page=PER_PAGE)
    except ScopeError:
        return None
    return frozenset(item["slug"] for item in body["regions"])
