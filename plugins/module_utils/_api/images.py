# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and snapshots of Droplets.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Images
https://docs.digitalocean.com/reference/api/digitalocean/#tag/Snapshots
"""

from __future__ import annotations

from .._domain.errors import NotFoundError
from .._domain.models import RestorePoint
from . import paging


def get(client, image_id):
    """`GET /v2/images/{id or slug}` as a RestorePoint of any type, or None where it is not there."""
    try:
        return RestorePoint.from_api(paging.part(client.do.images.get(image_id=image_id), "image"))
    except NotFoundError:
        return None


def snapshots(client):
    """`GET /v2/snapshots?resource_type=droplet`, all pages, as RestorePoints that know their Droplet.

    Those of Droplets that are gone are among them.
    """
    items = paging.whole(client, client.do.snapshots.list, "snapshots", resource_type="droplet")
    return tuple(RestorePoint.from_snapshot(item) for item in items.values())
