# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from the API is printed as text, whatever is in it."""

from __future__ import annotations

import json

import pytest

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
