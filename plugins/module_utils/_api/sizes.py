# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of Droplets. https://docs.digitalocean.com/reference/api/digitalocean/#tag/Sizes"""

from __future__ import annotations

from .._domain.models import Size
from . import paging
from .client import Client


def sizes(client: Client) -> dict[str, Size]:
    """`GET /v2/sizes`, all pages, by the slugs."""
    items = paging.whole(client, client.do.sizes.list, "sizes", key="slug")
    return {slug: Size.from_api(item) for slug, item in items.items()}
