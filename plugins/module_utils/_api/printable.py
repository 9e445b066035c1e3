# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from the API without what would steer a terminal or turn a line around."""

from __future__ import annotations

import re
from typing import Any

INSTEAD = "\N{REPLACEMENT CHARACTER}"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:[bfnrt]|u(?:00[01]|007f|00[89]|061c|200[ef]|202[89a-e]|206[6-9]|d[89a-f]))", re.IGNORECASE)
"""The same as JSON writes it without the character itself; also the halves of a character that is none of them."""

_ASCII = bytes(range(0x80))


def printable(text: str) -> str:
    """The text with a sign in place of each control character, direction mark and half of a character."""
    return _UNPRINTABLE.sub(INSTEAD, text)


def make_printable(body: dict[str, Any], text: str) -> None:
    """Do so with all values in a JSON object, which was decoded from `text`, in place.

    Few bodies have anything to replace, and a search through the text is much cheaper than going through the values.
    """
    if _may_have_unprintable(text):
        _go_through(body)


def _may_have_unprintable(text: str) -> bool:
    """False only if no value in the JSON of `text` has anything to replace.

    JSON refuses what is below a blank within a value, unless it is escaped.
    """
    if "\x7f" in text or ("\\" in text and _ESCAPED.search(text)):
        return True
    return not text.isascii() and _UNPRINTABLE.search(_without_ascii(text)) is not None


def _without_ascii(text: str) -> str:
    """What is left is little, and a regular expression is slow on half a megabyte."""
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def _go_through(node: Any) -> Any:
    if isinstance(node, str):
        return printable(node)
    places = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for place, value in list(places):
        node[place] = _go_through(value)
    return node
