# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from the API is printed as text, whatever is in it."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import printable as printing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.printable import make_printable, printable


@pytest.mark.parametrize("character", [*"\x00\x07\r\n\x1b\x7f\x9b\u202e\u2066\ud800"])
def test_what_steers_a_terminal_is_replaced(character):
    assert printable(f"web{character}[31m") == "web\ufffd[31m"


@pytest.mark.parametrize("text", ["web-01", "Zürich 東京", "👩‍🚀 e\u0301", "a b", "100 %"])
def test_all_else_stays(text):
    assert printable(text) == text


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\u202e"])
def test_every_value_of_a_body_is_gone_through(character, ascii_only):
    true = {"droplets": [{"id": 1, "name": "a@", "tags": ["x@"], "kernel": None, "region": {"name": "@"}}], "ok": True}
    text = json.dumps(true, ensure_ascii=ascii_only).replace("@", json.dumps(character, ensure_ascii=ascii_only)[1:-1])
    body = json.loads(text)
    make_printable(body, text)
    assert body == json.loads(json.dumps(true).replace("@", "\\ufffd"))


def in_upper_case(text):
    return re.sub(r"\\u[0-9a-f]{4}", lambda escape: f"\\u{escape[0][2:].upper()}", text)


@pytest.mark.parametrize("wrap", [lambda text: text, in_upper_case], ids=["lower", "upper"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_no_character_gets_through_however_it_is_written(ascii_only, wrap):
    """A text is gone through if and only if there is something to replace, but for characters of two halves."""
    for character in map(chr, (*range(0x3000), *range(0xD700, 0xE100), 0xFEFF)):
        text = wrap(json.dumps({"name": f"a{character}"}, ensure_ascii=ascii_only))
        body = json.loads(text)
        make_printable(body, text)
        assert body == {"name": printable(f"a{character}")}, ascii(character)


@pytest.mark.parametrize("name", ["web-01", "Zürich 東京", 'a "quoted" name', "a/b", "👩‍🚀"])
def test_most_bodies_are_not_gone_through(name, monkeypatch):
    """Blanks between values, quotes and letters of the world are no reason to look at each value."""
    gone_through = []
    monkeypatch.setattr(printing, "_go_through", gone_through.append)
    body = {"droplets": [{"name": name}]}
    make_printable(body, json.dumps(body, ensure_ascii=False, indent=1))
    assert gone_through == []
