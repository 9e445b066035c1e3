# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and snapshots of Droplets.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Images
https://docs.digitalocean.com/reference/api/digitalocean/#tag/Snapshots
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .._domain.errors import ApiError, NotFoundError, ScopeError
from .._domain.models import RestorePoint
from .._domain.quota import FEW
from . import paging
from .client import Client
from .sharing import askers, shared


def get(client, image_id):
    """`GET /v2/images/{id or slug}` as a RestorePoint of any type, or None if it is not there."""
    try:
        return RestorePoint.from_api(client.do.images.get(image_id=image_id)["image"])
    except NotFoundError:
        return None


def those(client, ids):
    """Those of the images `ids` that are there, as a list: one by one, or from all if that takes fewer requests."""
    many = askers(len(ids))
    listed = own(client, fewer_than=many) if many > FEW else None
    if listed is None:
        return [image for image in client.map(lambda key: get(client, key), ids) if image]
    return [listed[key] for key in ids if key in listed]


def own(client, fewer_than=None):
    """All images of the account as a dict of id to RestorePoint.

    None if that takes as many requests as `fewer_than` or more. Raises ScopeError if the token may not read them.
    """
    asked = {"make": RestorePoint.from_api, "private": True}
    return _all(client, client.do.images.list, "images", fewer_than, **asked)


def snapshots(client, fewer_than=None):
    """`GET /v2/snapshots?resource_type=droplet`, all pages, as RestorePoints that know their Droplet.

    Those of Droplets that are gone are among them. None if that takes as many requests as `fewer_than` or more.
    """
    asked = {"make": RestorePoint.from_snapshot, "resource_type": "droplet"}
    found = _all(client, client.do.snapshots.list, "snapshots", fewer_than, **asked)
    return None if found is None else tuple(found.values())


def _all(
    client: Client, operation: Any, root: str, fewer_than: int | None, **asked: Any
) -> dict[int, RestorePoint] | None:
    """A list of images by id, all pages; None if that takes as many requests as `fewer_than` or more."""

    def read() -> dict[int, RestorePoint] | None:
        first = paging.fetch(operation, root, **asked)
        if fewer_than is not None and first.pages - 1 >= fewer_than:
            return None
        return paging.whole(client, operation, root, first, **asked)

    return shared((root, fewer_than), read)


def with_tags(client, points):
    """A dict of id to the same RestorePoints with their tags; one that is gone by now has none.

    Those that do not tell them are asked for by their id, or looked for among all images if that is fewer requests.
    """
    untold = [point.id for point in points if point.tags is None]
    many = askers(len(untold))
    listed = own(client, fewer_than=many) if many > FEW else None
    if listed is None:
        found = client.map(lambda key: get(client, key), untold)
    else:
        found = [listed.get(key) for key in untold]
    told = {key: (image and image.tags) or () for key, image in zip(untold, found, strict=True)}
    return {point.id: replace(point, tags=told.get(point.id, point.tags)) for point in points}


def prove_tags_are_shown(client, tags, points):
    """A token without tag:read may see no tags, and then none of `tags` would be found: ask, to be told so.

    Raises ScopeError.
    """
    if tags and points and not any(point.tags for point in points):
        shared(("images", tags[0]), lambda: paging.fetch(client.do.images.list, "images", tag_name=tags[0]))


def owner(client: Client, image_id: int) -> int | None:
    """The id of the Droplet that a snapshot is of; None if there is no such snapshot (yet), or if it may not be read.

    https://docs.digitalocean.com/reference/api/digitalocean/#operation/snapshots_get
    """
    try:
        point = RestorePoint.from_snapshot(client.do.snapshots.get(snapshot_id=str(image_id))["snapshot"])
    except (NotFoundError, ScopeError):
        return None
    except ApiError as error:
        # The resource is not a snapshot, it says of a backup.
        if error.status != 400:
            raise
        return None
    return point.droplet_id
