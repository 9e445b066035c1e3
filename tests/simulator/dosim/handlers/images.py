# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: lists and gets."""

from dosim import serialise
from dosim.catalogue import PublicImage
from dosim.errors import ApiError
from dosim.handlers.find import has_tag
from dosim.paging import page
from dosim.store import Image
from dosim.wire import Call, Reply

_PURPOSES = ("application", "distribution")


def listing(call: Call) -> Reply:
    purpose, tag = call.query("type"), call.query("tag_name")
    private = (call.query("private") or "false").lower()
    if purpose is not None and purpose not in _PURPOSES:
        raise ApiError(422, f"type must be one of {', '.join(_PURPOSES)}")
    if private not in ("true", "false"):
        raise ApiError(422, "private must be true or false")
    store = call.cloud.store
    own: list[Image | PublicImage] = store.images.derived("all", lambda rows: sorted(rows, key=lambda row: row.id))
    if tag is not None:
        call.require("tag:read")
        found = [image for image in own if has_tag(call, image, tag)]
    elif private == "true":
        found = own
    else:
        public = store.catalogue.public_images()
        found = [image for image in public if image.purpose == purpose] if purpose else [*public, *own]
    return page(call, "images", found, serialise.image)


def show(call: Call) -> Reply:
    """By id, or by slug for a public one."""
    text = call.params["image_id"]
    image = call.cloud.store.any_image(call.number("image_id") if text.isdecimal() else text)
    if image is None:
        raise ApiError(404)
    return Reply(200, {"image": serialise.image(image)})
