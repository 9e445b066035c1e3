# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images and snapshots of Droplets.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Images
https://docs.digitalocean.com/reference/api/digitalocean/#tag/Snapshots
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from .._domain.errors import ApiError, NotFoundError, ScopeError
from .._domain.models import RestorePoint
from .._domain.quota import FEW
from . import paging
from .client import Client


def get(client: Client, image_id: int | str) -> RestorePoint | None:
    """`GET /v2/images/{id or slug}` as a RestorePoint of any type, or None if it is not there."""
    try:
        # pydo takes the id of an image for a JSON object.
        return RestorePoint.from_api(client.do.images.get(image_id=image_id)["image"])  # type: ignore[arg-type]
    except NotFoundError:
        return None


@overload
def own(client: Client) -> dict[int, RestorePoint]: ...


@overload
def own(client: Client, fewer_than: int | None) -> dict[int, RestorePoint] | None: ...


def own(client: Client, fewer_than: int | None = None) -> dict[int, RestorePoint] | None:
    """All images of the account as a dict of id to RestorePoint.

    None if that takes as many requests as `fewer_than` or more. Raises ScopeError if the token may not read them.
    """
    asked = {"make": RestorePoint.from_api, "private": True}
    return _all(client, client.do.images.list, "images", fewer_than, **asked)


@overload
def snapshots(client: Client) -> tuple[RestorePoint, ...]: ...


@overload
def snapshots(client: Client, fewer_than: int | None) -> tuple[RestorePoint, ...] | None: ...


def snapshots(client: Client, fewer_than: int | None = None) -> tuple[RestorePoint, ...] | None:
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

    first = paging.fetch(operation, root, **asked)
    if fewer_than is not None and first.pages - 1 >= fewer_than:
        return None
    return paging.whole(client, operation, root, first, **asked)


class Lists:
    """The account's images and snapshots, each read at most once for all who ask: a round of planning has one."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._images: dict[int, RestorePoint] | None = None
        self._snapshots: tuple[RestorePoint, ...] | None = None

    @property
    def has_images(self) -> bool:
        """Whether the images have been read."""
        return self._images is not None

    def images(self, fewer_than: int | None = None) -> dict[int, RestorePoint] | None:
        """What `own` returns."""
        if self._images is None:
            self._images = own(self._client, fewer_than)
        return self._images

    def snapshots(self, fewer_than: int | None = None) -> tuple[RestorePoint, ...] | None:
        """What `snapshots` returns."""
        if self._snapshots is None:
            self._snapshots = snapshots(self._client, fewer_than)
        return self._snapshots


def those(client: Client, ids: Sequence[int], lists: Lists) -> dict[int, RestorePoint | None]:
    """The images `ids`, None for one that does not exist: one by one, or from all if that takes fewer requests."""
    listed = lists.images(fewer_than=len(ids)) if len(ids) > FEW else None
    if listed is None:
        return dict(zip(ids, client.map(lambda key: get(client, key), ids), strict=True))
    return {key: listed.get(key) for key in ids}


def prove_tags_can_be_read(client: Client, tag: str) -> None:
    """Raises ScopeError if the token does not show the tags of images."""
    paging.fetch(client.do.images.list, "images", tag_name=tag)


def owner(client: Client, image_id: int) -> int | None:
    """The id of the Droplet that a snapshot is of; None if there is no such snapshot (yet), or if it may not be read.

    https://docs.digitalocean.com/reference/api/digitalocean/#operation/snapshots_get
    """
    try:
        found = client.do.snapshots.get(snapshot_id=str(image_id))  # type: ignore[arg-type]  # as above
    except (NotFoundError, ScopeError):
        return None
    except ApiError as error:
        # The resource is not a snapshot, it says of a backup.
        if error.status != 400:
            raise
        return None
    return RestorePoint.from_snapshot(found["snapshot"]).droplet_id
