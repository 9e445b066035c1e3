# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Droplet was made from, written down in its tags, since nothing else of it tells that for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from ..._domain.models import Droplet
from ..._domain.names import LONGEST
from ..._domain.tags import key

FROM, SOURCE, SOURCE_NAME = "lifeboat:from:", "lifeboat:source:", "lifeboat:source-name:"

_WRITTEN = {**{sign: sign for sign in "abcdefghijklmnopqrstuvwxyz0123456789-"}, ".": "_"}


@dataclass(frozen=True, slots=True)
class Origin:
    """The ids of the image that a Droplet was made from, and of the Droplet that this was taken of (None: not known).

    There may be several, for nobody keeps a user from tagging; if there is an image, the first one counts. `names` are
    those of a Droplet that was gone by then, as `name_in_a_tag` writes them.
    """

    images: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, droplet: Droplet) -> Origin:
        """As the Droplet's tags tell it. The API keeps the capitals that a tag was first written with."""
        tags = [key(tag) for tag in droplet.tags or ()]
        names = tuple(tag.removeprefix(SOURCE_NAME) for tag in tags if tag.startswith(SOURCE_NAME))
        return cls(_ids(tags, FROM), _ids(tags, SOURCE), names)


def tags(image_id: int, source_id: int | None, gone_name: str | None = None) -> tuple[str, ...]:
    """The tags that a Droplet gets with its creation; `source_id` is None if it is not known.

    `gone_name` is the name of a source that is gone, by which alone it may be asked for again.
    """
    found = [tag_of(image_id)]
    if source_id is not None:
        found.append(f"{SOURCE}{source_id}")
    if gone_name:
        found.append(f"{SOURCE_NAME}{name_in_a_tag(gone_name)}")
    return tuple(found)


def tag_of(image_id: int) -> str:
    """The tag of all that was made from an image."""
    return f"{FROM}{image_id}"


def name_in_a_tag(name: str) -> str:
    """A Droplet's name as a part of a tag, which has no dots and whose capitals do not count; no two names share one.

    A dot becomes `_`, any other character `:code:` in hexadecimal; a name that gets too long, its hash.
    """
    text = "".join(_WRITTEN.get(sign, f":{ord(sign):x}:") for sign in name)
    if len(SOURCE_NAME) + len(text) <= LONGEST:
        return text
    return "::" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def reserved(tag: str) -> bool:
    """True for a tag that tells an origin."""
    return key(tag).startswith((FROM, SOURCE, SOURCE_NAME))


def _ids(tags_: Iterable[str], kind: str) -> tuple[int, ...]:
    found = (tag.removeprefix(kind) for tag in tags_ if tag.startswith(kind))
    return tuple(int(text) for text in found if text.isascii() and text.isdigit())
