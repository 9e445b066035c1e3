# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of a list, with the API's ``links`` and ``meta``."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from dosim.errors import ApiError
from dosim.wire import Call, Reply

DEFAULT_SIZE = 20
LARGEST_SIZE = 200
LARGEST_PAGE = 10**9
_DIGITS = re.compile(r"-?[0-9]{1,12}")
Item = TypeVar("Item")


def _bounded(call: Call, key: str, default: int, highest: int) -> int:
    text = call.query(key)
    if text is None:
        return default
    number = int(text) if _DIGITS.fullmatch(text) else None
    if call.cloud.behaviour["page_out_of_range"] == "clamp":
        return default if number is None else min(max(number, 1), highest)
    if number is None or not 1 <= number <= highest:
        raise ApiError(422, f"{key} must be a whole number from 1 to {highest}")
    return number


def page(call: Call, key: str, items: Sequence[Item], show: Callable[[Item], Any], as_map: bool = False) -> Reply:
    """One page of ``items``; ``show`` gives an item's form, or a (name, form) pair if the page is a map."""
    size = _bounded(call, "per_page", DEFAULT_SIZE, LARGEST_SIZE)
    number = _bounded(call, "page", 1, LARGEST_PAGE)
    shown = map(show, items[(number - 1) * size : number * size])
    return Reply(
        200,
        {
            key: dict(shown) if as_map else list(shown),
            "links": _links(call, number, size, len(items)),
            "meta": {"total": len(items)},
        },
    )


def _links(call: Call, number: int, size: int, total: int) -> dict[str, Any]:
    last = max(1, -(-total // size))
    if last == 1 and number == 1:
        return {}
    pages = {}
    if number > 1:
        pages["first"] = 1
        pages["prev"] = min(number - 1, last)
    if number < last:
        pages["next"] = number + 1
        pages["last"] = last
    return {"pages": {name: call.link(page=target, per_page=size) for name, target in pages.items()}}
