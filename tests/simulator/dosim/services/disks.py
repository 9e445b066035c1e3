# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a Droplet's disk: snapshot, restore, rebuild, resize."""

from typing import Any

from dosim.catalogue import PublicImage
from dosim.cloud import Cloud
from dosim.errors import PENDING_IMAGE_EVENT, ApiError
from dosim.services import actions, backups
from dosim.store import Action, Droplet, Image

SMALLER_DISK = {
    "observed": "This size is not available because it has a smaller disk",
    "older": "Size can not decrease size of Droplet's disk image",
}
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
    droplet = cloud.store.droplets[action.resource]
    backups.add_image(cloud, droplet, "snapshot", action.args["name"], action.started)


def restore(cloud: Cloud, droplet: Droplet, key: int) -> actions.Start:
    """Restore from a backup of this Droplet, even if its backups are off now, or from a snapshot of it."""
    actions.refuse_if_busy(cloud, droplet)
    snapshots = cloud.behaviour["restore_takes_snapshots"] == "true"
    if key not in droplet.backups and not (snapshots and key in droplet.snapshots):
        also = " or snapshot" if snapshots else ""
        raise ApiError(422, f"image must be the id of a backup{also} of this Droplet")
    image = cloud.store.images[key]
    if image.pending:
        raise ApiError(422, PENDING_IMAGE_EVENT)
    return _powered_down(cloud, droplet, actions.prepare(cloud, droplet, "restore", image.gigabytes, image=key))


@actions.effect("restore")
def _restored(cloud: Cloud, action: Action) -> None:
    """The disk with all that is on it, SSH host keys too."""
    image = cloud.store.images.get(action.args["image"])
    if image:
        cloud.store.droplets[action.resource].host_keys = image.host_keys
    _write(cloud, action, shown=cloud.behaviour["image_after_restore"] == "backup")


def rebuild(cloud: Cloud, droplet: Droplet, image: Image | PublicImage) -> actions.Start:
    actions.refuse_if_busy(cloud, droplet)
    if isinstance(image, Image) and image.kind == "backup" and cloud.behaviour["rebuild_takes_backups"] == "false":
        raise ApiError(422, "A backup must be converted to a snapshot before a Droplet can be rebuilt from it.")
    refuse_if_elsewhere([droplet.region], image)
    refuse_if_too_small(droplet.disk, image)
    return actions.prepare(cloud, droplet, "rebuild", image.gigabytes, image=image.id)


@actions.effect("rebuild")
def _rebuilt(cloud: Cloud, action: Action) -> None:
    """Start with a fresh disk, which has new SSH host keys."""
    cloud.store.droplets[action.resource].host_keys = action.id
    _write(cloud, action, shown=cloud.behaviour["image_after_rebuild"] == "new")


def _write(cloud: Cloud, action: Action, shown: bool) -> None:
    droplet = cloud.store.droplets[action.resource]
    droplet.disk_from = action.args["image"]
    if shown:
        cloud.store.show_image(droplet, action.args["image"])


def resize(cloud: Cloud, droplet: Droplet, size: dict[str, Any], with_disk: bool) -> actions.Start:
    """Resize to a size whose disk is not smaller; only ``with_disk`` makes the disk as large as the size's."""
    actions.refuse_if_busy(cloud, droplet)
    slug = size["slug"]
    if droplet.region not in size["regions"] or cloud.store.catalogue.is_gpu(slug) != droplet.gpu:
        raise ApiError(422, "This size is not available for this Droplet.")
    if size["disk"] < droplet.disk:
        raise ApiError(422, SMALLER_DISK[cloud.behaviour["wording"]])
    if slug == droplet.size and not (with_disk and size["disk"] > droplet.disk):
        raise ApiError(422, "Droplet is already this size.")
    if droplet.status != "off" and cloud.behaviour["resize_when_on"] == "reject":
        raise ApiError(422, STILL_ON)
    disk, gigabytes = (size["disk"], droplet.disk) if with_disk else (droplet.disk, 0)
    start = actions.prepare(cloud, droplet, "resize", gigabytes, size=slug, disk=disk)
    return _powered_down(cloud, droplet, start)


def _powered_down(cloud: Cloud, droplet: Droplet, start: actions.Start) -> actions.Start:
    """An action during which a Droplet that is on is turned off; it is turned on again at the end."""

    def begin() -> Action:
        action = start()
        if droplet.status == "active" and cloud.behaviour["power_during_disk_work"] == "off":
            action.args["status_after"] = droplet.status
            droplet.status = "off"
        return action

    return begin


@actions.effect("resize")
def _resized(cloud: Cloud, action: Action) -> None:
    droplet = cloud.store.droplets[action.resource]
    droplet.size, droplet.disk = action.args["size"], action.args["disk"]
