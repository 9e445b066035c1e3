# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""https://docs.digitalocean.com/reference/api/digitalocean/#tag/Regions"""

from __future__ import annotations

from .._domain.errors import ScopeError
from . import paging


def available(client):
    """The slugs of the regions that are open, as a frozenset; None where the token may not read them."""
    try:
        body = client.do.regions.list(page=1, per_page=paging.PER_PAGE)
    except ScopeError:
        return None
    return frozenset(item["slug"] for item in body["regions"] if item.get("available") is not False)
