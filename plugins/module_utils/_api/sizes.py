# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of Droplets. https://docs.digitalocean.com/reference/api/digitalocean/#tag/Sizes"""

from __future__ import annotations

from .._domain.errors import ScopeError
from .._domain.models import Size
from . import paging


def sizes(client):
    """`GET /v2/sizes`, all pages, as a dict of slug to Size."""
    items = paging.whole(client, client.do.sizes.list, "sizes", key="slug")
    return {slug: Size.from_api(item) for slug, item in items.items()}


def sizes_if_allowed(client):
    """The same, or None if the token may not read them."""
    try:
        return sizes(client)
    except ScopeError:
        return None
