# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Droplet was made from, written down in its tags, since nothing else of it tells that for ever."""

from __future__ import annotations

from dataclasses import dataclass

from .tags import key

FROM, SOURCE = "lifeboat:from:", "lifeboat:source:"


@dataclass(frozen=True, slots=True)
class Origin:
    """The ids of the image that a Droplet was made from, and of the Droplet that this was taken of (None: not known).

    Both are tuples, for nobody keeps a user from tagging; where there is an image, the first one counts.
    """

    images: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()

    @classmethod
    def of(cls, droplet):
        """As the Droplet's tags tell it. The API keeps the capitals that a tag was first written with."""
        tags = [key(tag) for tag in droplet.tags or ()]
        return cls(_ids(tags, FROM), _ids(tags, SOURCE))


def tags(image_id, source_id):
    """The tags that a Droplet gets with its creation; `source_id` is None where it is not known."""
    return (f"{FROM}{image_id}",) + (() if source_id is None else (f"{SOURCE}{source_id}",))


def reserved(tag):
    """True for a tag that tells an origin."""
    return key(tag).startswith((FROM, SOURCE))


def _ids(tags_, kind):
    found = (tag.removeprefix(kind) for tag in tags_ if tag.startswith(kind))
    return tuple(int(text) for text in found if text.isascii() and text.isdigit())
