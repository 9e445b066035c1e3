# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole lists, page by page. https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Links-and-Pagination"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

from .._domain.errors import IncompleteListError
from .._domain.quota import PER_PAGE
from .client import Client

Operation = Callable[..., Any]
"""A list operation of pydo, which returns the JSON object of a page."""

ATTEMPTS = 4
AHEAD = 64
"""So many pages are asked for before it is looked at whether they are full."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `items` as a tuple of `(key, value)`, and the `total` of the whole list."""

    items: tuple[tuple[Any, Any], ...]
    total: int

    @property
    def pages(self) -> int:
        """How many pages the whole list has, at least 1."""
        return max(1, -(-self.total // PER_PAGE))


def fetch(
    operation: Operation,
    root: str,
    number: int = 1,
    key: str = "id",
    make: Callable[[Any], Any] | None = None,
    **filters: Any,
) -> Page:
    """Page `number` of a pydo list operation whose items are under the key `root`, as an array or a map.

    The items of an array are told apart by their `key`. With `make`, a function of one item, what it gives is kept
    instead: ten thousand Droplets as the API sends them are a hundred megabytes, of which little is needed.
    """
    body = operation(page=number, per_page=PER_PAGE, **filters)
    found = body[root]
    keyed = found.items() if isinstance(found, dict) else ((item[key], item) for item in found)
    items = tuple((name, make(item)) if make else (name, item) for name, item in keyed)
    return Page(items, body["meta"]["total"])


def rest(client: Client, first: Page, operation: Operation, root: str, **filters: Any) -> list[Page]:
    """The pages after `first`, in order, fetched several at a time; none after one that is not as full as it must be.

    So a total that is not true costs a few requests and not as many as it promises.
    """
    pages = [first]
    numbers = range(2, first.pages + 1)
    for begin in range(0, len(numbers), AHEAD):
        if len(pages[-1].items) < PER_PAGE:
            break
        pages += client.map(lambda number: fetch(operation, root, number, **filters), numbers[begin : begin + AHEAD])
    return pages[1:]


def as_needed(client: Client, operation: Operation, root: str, wanted: Set[int], **filters: Any) -> list[Page]:
    """All pages of a list, in order; the first alone if asking for the `wanted` ids that it lacks is fewer requests."""
    first = fetch(operation, root, **filters)
    missing = len(wanted - {int(key) for key, _unused in first.items})
    if first.pages - 1 < max(1, missing):
        return [first, *rest(client, first, operation, root, **filters)]
    return [first]


def whole(
    client: Client, operation: Operation, root: str, first: Page | None = None, **filters: Any
) -> dict[Any, Any]:
    """A dict of key to item over all pages: distinct keys equal the total that every page tells.

    A list that changed while it was read is read again; IncompleteListError when it never holds still.
    """
    for _unused in range(ATTEMPTS):
        first = first or fetch(operation, root, **filters)
        pages = [first, *rest(client, first, operation, root, **filters)]
        items = {key: item for page in pages for key, item in page.items}
        if {page.total for page in pages} == {len(items)}:
            return items
        first = None
    raise IncompleteListError(
        f"The list of {root} changed each of the {ATTEMPTS} times that it was read, so it may lack something. "
        "Run the task again when fewer changes are under way."
    )
