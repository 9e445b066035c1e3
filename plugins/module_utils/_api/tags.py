# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of the account. https://docs.digitalocean.com/reference/api/digitalocean/#tag/Tags"""

from __future__ import annotations

from .._domain import tags
from . import paging
from .client import Client


def spelling(client: Client, name: str) -> str | None:
    """How the account spells a tag that was asked for as `name`; None if there is no such tag.

    The list is read once in a task. Raises ScopeError if the token may not read tags.
    """
    return tags.spelling(name, client.once(_names))


def _names(client: Client) -> tuple[str, ...]:
    """`GET /v2/tags`, all pages."""
    return tuple(paging.whole(client, client.do.tags.list, "tags", key="name", make=lambda tag: tag["name"]))
