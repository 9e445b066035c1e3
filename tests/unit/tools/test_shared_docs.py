# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of several modules has in common is written once, and is in each of them as it was written."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from pathlib import Path

import pytest

from ansible_collections.lifeboat.digitalocean.tests.tools import shared_docs


@pytest.mark.parametrize("module", shared_docs.MODULES, ids=lambda path: path.stem)
def test_a_module_has_what_is_shared_as_it_was_written(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert text == shared_docs.fill(text, shared_docs.shared()), "run `make docs`"


def test_nothing_is_shared_that_is_not_in_two_modules() -> None:
    texts = [module.read_text(encoding="utf-8") for module in shared_docs.MODULES]
    users = {
        key: sum(re.search(rf"^ *{key}:  # shared$", text, re.MULTILINE) is not None for text in texts)
        for key in shared_docs.shared()
    }
    assert {key: count for key, count in users.items() if count < 2} == {}


def test_what_two_modules_say_is_shared() -> None:
    places = defaultdict(set)
    for module in shared_docs.MODULES:
        text = module.read_text(encoding="utf-8")
        lines = text.splitlines()
        for number, block in shared_docs.blocks(text).items():
            if block and block[0].lstrip().startswith("description:") and not lines[number].endswith("# shared"):
                places[lines[number].strip(), textwrap.dedent("\n".join(block))].add(module.stem)
    assert {key: modules for key, modules in places.items() if len(modules) > 1} == {}


def test_a_key_gets_the_shared_text_and_keeps_what_it_contains() -> None:
    module = textwrap.dedent("""\
        droplets:  # shared
          description: written by hand
          contains:
            error:  # shared
            name:
              description: its own
        """)
    texts = {"droplets": "description: all\ntype: list\n", "error": "description:\n  - why\n"}
    filled = shared_docs.fill(module, texts)
    assert filled == textwrap.dedent("""\
        droplets:  # shared
          description: all
          type: list
          contains:
            error:  # shared
              description:
                - why
            name:
              description: its own
        """)


def test_a_key_that_is_not_shared_is_an_error() -> None:
    with pytest.raises(KeyError, match="surprise"):
        shared_docs.fill("surprise:  # shared\n", {"error": "description: why\n"})
