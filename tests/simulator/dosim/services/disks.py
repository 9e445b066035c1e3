# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a Droplet's disk: snapshot, restore, rebuild, resize."""

from typing import Any

from dosim.catalogue import PublicImage
from dosim.cloud import Cloud
from dosim.errors import PENDING_IMAGE_EVENT, ApiError
from dosim.services import actions, backups
from dosim.store import Action, Droplet, Image

STILL_ON = "Droplet is currently on. Please power it off to run this event."


def refuse_if_too_small(disk: int, image: Image | PublicImage) -> None:
    if disk < image.min_disk:
        raise ApiError(422, f"The image needs a disk of at least {image.min_disk} GB, more than there is.")


def refuse_if_elsewhere(regions: list[str], image: Image | PublicImage) -> None:
    if not set(regions) & set(image.regions):
        raise ApiError(422, "The image is not available in this region.")


def snapshot(cloud: Cloud, droplet: Droplet, name: str | None) -> actions.Start:
    name = name or f"{droplet.name}-{cloud.second}"
    return actions.prepare_idle(cloud, droplet, "snapshot", backups.used_gigabytes(cloud, droplet), name=name)


@actions.effect("snapshot")
def _snapshot_taken(cloud: Cloud, action: Action) -> None:
    droplet = cloud.store.droplets.get(action.resource)
    backups.add_image(cloud, droplet, "snapshot", action.args["name"], action.started)


def restore(cloud: Cloud, droplet: Droplet, key: int) -> actions.Start:
    """From a backup of this very Droplet, whether its backups are still on or not."""
    actions.refuse_if_busy(cloud, droplet)
    if key not in droplet.backups:
        raise ApiError(422, "image must be the id of a backup of this Droplet")
    image = cloud.store.images.get(key)
    if image.pending:
        raise ApiError(422, PENDING_IMAGE_EVENT)
    return actions.prepare(cloud, droplet, "restore", image.gigabytes, image=key)


@actions.effect("restore")
def _restored(cloud: Cloud, action: Action) -> None:
    _write(cloud, action, shown=cloud.behaviour["image_after_restore"] == "backup")


def rebuild(cloud: Cloud, droplet: Droplet, image: Image | PublicImage) -> actions.Start:
    actions.refuse_if_busy(cloud, droplet)
    refuse_if_elsewhere([droplet.region], image)
    refuse_if_too_small(droplet.disk, image)
    return actions.prepare(cloud, droplet, "rebuild", image.gigabytes, image=image.id)


@actions.effect("rebuild")
def _rebuilt(cloud: Cloud, action: Action) -> None:
    _write(cloud, action, shown=cloud.behaviour["image_after_rebuild"] == "new")


def _write(cloud: Cloud, action: Action, shown: bool) -> None:
    droplet = cloud.store.droplets.get(action.resource)
    droplet.disk_from = action.args["image"]
    if shown:
        cloud.store.show_image(droplet, action.args["image"])


def resize(cloud: Cloud, droplet: Droplet, size: dict[str, Any], with_disk: bool) -> actions.Start:
    """To a size whose disk is not smaller; only ``with_disk`` makes the disk as large as the size's."""
    actions.refuse_if_busy(cloud, droplet)
    slug = size["slug"]
    if droplet.region not in size["regions"] or cloud.store.catalogue.is_gpu(slug) != droplet.gpu:
        raise ApiError(422, "This size is not available for this Droplet.")
    if size["disk"] < droplet.disk:
        raise ApiError(422, "Size can not decrease size of Droplet's disk image")
    if slug == droplet.size and not (with_disk and size["disk"] > droplet.disk):
        raise ApiError(422, "Droplet is already this size.")
    if droplet.status != "off" and cloud.behaviour["resize_when_on"] == "reject":
        raise ApiError(422, STILL_ON)
    return actions.prepare(cloud, droplet, "resize", size=slug, disk=size["disk"] if with_disk else droplet.disk)


@actions.effect("resize")
def _resized(cloud: Cloud, action: Action) -> None:
    droplet = cloud.store.droplets.get(action.resource)
    droplet.size, droplet.disk = action.args["size"], action.args["disk"]
