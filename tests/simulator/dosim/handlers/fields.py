# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of a request body, read strictly: what is wrong is an ApiError 422."""

import re
from typing import Any, TypeGuard

from dosim.catalogue import PublicImage
from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.store import Image

LONGEST_NAME = 255
_HOSTNAME = re.compile(r"[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]")
_ID = re.compile(r"[0-9]{1,15}")
_TAG = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")


def flag(body: dict[str, Any], key: str) -> bool | None:
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        raise ApiError(422, f"{key} must be true or false")
    return value


def text(body: dict[str, Any], key: str) -> str:
    """A text, or None; clients send an empty text or null for what they leave out."""
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise ApiError(422, f"{key} must be a text")
    return value or ""


def whole(body: dict[str, Any], key: str) -> int:
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ApiError(422, f"{key} must be a whole number")
    return value


def items(body: dict[str, Any], key: str, kinds: type | tuple[type, ...]) -> list[Any]:
    value = body.get(key)
    value = [] if value is None else value
    if not isinstance(value, list) or any(isinstance(item, bool) or not isinstance(item, kinds) for item in value):
        raise ApiError(422, f"{key} must be a list")
    return value


def title(body: dict[str, Any], key: str) -> str | None:
    """The name of an image."""
    value = body.get(key)
    if value is not None and not (isinstance(value, str) and len(value) <= LONGEST_NAME and value.isprintable()):
        raise ApiError(422, f"{key} must be a text of at most {LONGEST_NAME} printable characters")
    return value


def hostname(value: Any) -> str:
    if not (isinstance(value, str) and len(value) <= LONGEST_NAME and _HOSTNAME.fullmatch(value)):
        raise ApiError(422, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
    return value


def region(cloud: Cloud, slug: Any) -> str:
    """A region to copy an image to; the switch says whether one that is closed for new Droplets is accepted."""
    found = cloud.store.catalogue.regions.get(slug) if isinstance(slug, str) else None
    if found is None or not (found["available"] or cloud.behaviour["closed_regions"] == "copies"):
        raise ApiError(422, "region must be the slug of an available region")
    known: str = slug
    return known


def is_tag(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(_TAG.fullmatch(value))


def is_id(value: str) -> bool:
    return bool(_ID.fullmatch(value))


def image(cloud: Cloud, key: Any, purpose: str) -> Image | PublicImage:
    """A public image by id or slug, or an own one by id, which may be a text."""
    if isinstance(key, str) and is_id(key):
        key = int(key)
    fits = isinstance(key, (int, str)) and not isinstance(key, bool)
    found = cloud.store.any_image(key) if fits else None
    if found is None:
        raise ApiError(422, f"You specified an invalid image for Droplet {purpose}.")
    return found


def size(cloud: Cloud, slug: str, purpose: str) -> dict[str, Any]:
    found = cloud.store.catalogue.sizes.get(slug)
    if found is None:
        raise ApiError(422, f"You specified an invalid size for Droplet {purpose}.")
    return found
