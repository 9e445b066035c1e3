# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: a backup made into a snapshot, copies to other regions, new names, deletion."""

from dataclasses import replace

from dosim.cloud import Cloud
from dosim.errors import PENDING_IMAGE_EVENT, ApiError
from dosim.services import actions
from dosim.services.backups import remove_image
from dosim.store import Action, Image


def refuse_if_busy(image: Image) -> None:
    if image.pending:
        raise ApiError(422, PENDING_IMAGE_EVENT)


def convert(cloud: Cloud, image: Image) -> actions.Start:
    refuse_if_busy(image)
    if image.kind != "backup" and cloud.behaviour["convert_non_backup"] == "reject":
        raise ApiError(422, "Only backups can be converted to snapshots.")
    return actions.prepare(cloud, image, "convert")


@actions.effect("convert")
def _converted(cloud: Cloud, action: Action) -> None:
    image = cloud.store.images[action.resource]
    if image.kind != "backup":
        return
    key = image.id if cloud.behaviour["convert_image_id"] == "keep" else cloud.ids.next("image")
    remove_image(cloud, image)
    cloud.store.images.add(replace(image, id=key, kind="snapshot", expires=None, named_after=None, pending=[]))
    if droplet := cloud.store.droplets.get(image.origin):
        droplet.snapshots.append(key)
        droplet.views.clear()
    cloud.store.image_changed(key)


def transfer(cloud: Cloud, image: Image, region: str) -> actions.Start:
    """Copy the image to one more region."""
    refuse_if_busy(image)
    if image.kind == "backup" and cloud.behaviour["transfer_of_backups"] == "reject":
        raise ApiError(422, "Backups can not be transfered to other regions")
    if region in image.regions and cloud.behaviour["transfer_again"] == "reject":
        raise ApiError(422, "Image is already available in this region.")
    return actions.prepare(cloud, image, "transfer", image.gigabytes, region=region)


@actions.effect("transfer")
def _transferred(cloud: Cloud, action: Action) -> None:
    image, region = cloud.store.images[action.resource], action.args["region"]
    if region not in image.regions:
        image.regions = [*image.regions, region]
        cloud.store.image_changed(image.id)


def rename(cloud: Cloud, image: Image, name: str) -> None:
    image.name, image.named_after = name, None
    cloud.store.image_changed(image.id)


def delete(cloud: Cloud, image: Image) -> None:
    """Delete an image at once; its actions stay in the log."""
    refuse_if_busy(image)
    action = actions.record(cloud, image, "image_destroy", cloud.second, cloud.now)
    action.status, action.completed = "completed", cloud.second
    remove_image(cloud, image)
