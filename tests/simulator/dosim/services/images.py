# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: a backup made into a snapshot."""

from dataclasses import replace

from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.services import actions
from dosim.services.backups import remove_image
from dosim.store import Action, Image


def convert(cloud: Cloud, image: Image) -> actions.Start:
    if image.pending:
        raise ApiError(422, "Image already has a pending event.")
    if image.kind != "backup" and cloud.behaviour["convert_non_backup"] == "reject":
        raise ApiError(422, "Only backups can be converted to snapshots.")
    return actions.prepare(cloud, image, "convert")


@actions.effect("convert")
def _converted(cloud: Cloud, action: Action) -> None:
    image = cloud.store.images.get(action.resource)
    if image.kind != "backup":
        return
    key = image.id if cloud.behaviour["convert_image_id"] == "keep" else cloud.ids.next("image")
    remove_image(cloud, image)
    cloud.store.images.add(replace(image, id=key, kind="snapshot", expires=None, pending=[]))
    if droplet := cloud.store.droplets.get(image.origin):
        droplet.snapshots.append(key)
        droplet.views.clear()
    cloud.store.image_changed(key)
