# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images: lists, gets, new names, deletion."""

from collections.abc import Sequence

from dosim import serialise
from dosim.catalogue import PublicImage
from dosim.errors import ApiError
from dosim.handlers import fields
from dosim.handlers.find import find_own_image, has_tag
from dosim.paging import page
from dosim.services import images
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
    own = _in_order(call)
    found: Sequence[Image | PublicImage]
    if tag is not None:
        call.require("tag:read")
        found = [image for image in own if has_tag(call, image, tag)]
    elif private == "true":
        found = own
    else:
        public = store.catalogue.public_images()
        found = [image for image in public if image.purpose == purpose] if purpose else [*public, *own]
    return page(call, "images", found, serialise.image)


def _in_order(call: Call) -> list[Image]:
    """All images of the account; shuffled is not sorted, but stable."""
    order = call.cloud.behaviour["image_order"]

    def place(image: Image) -> int:
        return call.cloud.choice("image order", image.id) if order == "shuffled" else image.id

    return call.cloud.store.images.derived(
        ("all", order), lambda rows: sorted(rows, key=place, reverse=order == "newest_first")
    )


def show(call: Call) -> Reply:
    """An image by id, or a public one by slug."""
    text = call.params["image_id"]
    image = call.cloud.store.any_image(call.number("image_id") if text.isdecimal() else text)
    if image is None:
        raise ApiError(404)
    return Reply(200, {"image": serialise.image(image)})


def update(call: Call) -> Reply:
    """Rename an image; the API's other fields are for uploaded images, of which there are none."""
    image = find_own_image(call)
    body = call.json()
    name = fields.title(body, "name")
    if not name:
        raise ApiError(422, "name is required")
    if fields.text(body, "distribution") or fields.text(body, "description"):
        raise ApiError(422, "distribution and description can only be changed for custom images")
    images.rename(call.cloud, image, name)
    return Reply(200, {"image": serialise.image(image)})


def delete(call: Call) -> Reply:
    images.delete(call.cloud, find_own_image(call))
    return Reply(204)
