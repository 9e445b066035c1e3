# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from the API without what would steer a terminal or turn a line around."""

from __future__ import annotations

import re
from typing import Any

INSTEAD = "\N{REPLACEMENT CHARACTER}"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with a sign in place of each control character, direction mark and half of a character."""
    return _UNPRINTABLE.sub(INSTEAD, text)


def make_printable(body: dict[str, Any], text: str) -> None:
    """Do so with all values in a JSON object, which was decoded from `text`, in place.

    JSON has such a character escaped, or it is not ASCII: most bodies need not be gone through.
    """
    if "\\" in text or not text.isascii():
        _go_through(body)


def _go_through(node: Any) -> Any:
    if isinstance(node, str):
        return printable(node)
    places = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for place, value in list(places):
        node[place] = _go_through(value)
    return node
