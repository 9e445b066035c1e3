# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of the account. https://docs.digitalocean.com/reference/api/digitalocean/#tag/Tags"""

from __future__ import annotations

import re

from .._domain import tags
from .._domain.errors import NotFoundError
from . import paging
from .client import Client

_DROPLET = re.compile(r"/v2/droplets/(\d{1,18})\Z", re.ASCII)
"""The end of the address of a Droplet."""


def spelling(client: Client, name: str) -> str | None:
    """How the account spells a tag that was asked for as `name`; None if there is no such tag.

    The list is read once in a task. Raises ScopeError if the token may not read tags.
    """
    return tags.spelling(name, client.once(_names))


def last_droplet(client: Client, name: str) -> int | None:
    """The id of the Droplet that was the last to be given the tag `name`; None if there is none, or if it is not told.

    No list has to show that Droplet. Raises ScopeError if the token may not read tags.
    https://docs.digitalocean.com/reference/api/digitalocean/#operation/tags_get
    """
    try:
        tag = client.do.tags.get(tag_id=name)["tag"]
    except NotFoundError:
        return None
    of_droplets = (tag.get("resources") or {}).get("droplets") or {}
    found = _DROPLET.search(of_droplets.get("last_tagged_uri") or "")
    return int(found[1]) if found else None


def _names(client: Client) -> tuple[str, ...]:
    """`GET /v2/tags`, all pages."""
    return tuple(paging.whole(client, client.do.tags.list, "tags", key="name", make=lambda tag: tag["name"]))
