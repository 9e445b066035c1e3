# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what the documentation of several modules has in common into the modules: ``shared_docs.py``.

Ansible has fragments for options, but none for return values, and each module's file has to hold its own. A key that is
followed by ``# shared`` gets its description, type and so on from the key of that name in ``shared_docs.yml``; what it
``contains`` remains the module's own.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_suffix(".yml")
MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
KEY = re.compile(r"(?P<indent> *)(?P<name>\w+):(?P<shared>  # shared)?")


def blocks(text: str) -> dict[int, list[str]]:
    """The lines below each key of some documentation, up to what the key contains, by the number of the key's line."""
    lines = text.splitlines()
    found = {}
    for number, line in enumerate(lines):
        if key := KEY.fullmatch(line):
            below = len(key["indent"]) + 2
            end = number + 1
            while end < len(lines) and lines[end].startswith(" " * below) and lines[end] != " " * below + "contains:":
                end += 1
            found[number] = lines[number + 1 : end]
    return found


def shared() -> dict[str, str]:
    """What is shared, by the name of its key."""
    text = SOURCE.read_text(encoding="utf-8")
    lines = text.splitlines()
    return {
        lines[number].removesuffix(":"): textwrap.dedent("\n".join(block)) + "\n"
        for number, block in blocks(text).items()
        if not lines[number].startswith(" ")
    }


def fill(text: str, texts: dict[str, str]) -> str:
    """A module's source with the shared texts written into it. Raises KeyError if a key has no shared text."""
    lines = text.splitlines()
    # From the end, so that the numbers of the lines before stay as they are.
    for number, block in reversed(blocks(text).items()):
        key = KEY.fullmatch(lines[number])
        if key and key["shared"]:
            below = len(key["indent"]) + 2
            new = textwrap.indent(texts[key["name"]], " " * below).splitlines()
            lines[number + 1 : number + 1 + len(block)] = new
    return "\n".join(lines) + "\n"


def main() -> None:
    texts = shared()
    for path in MODULES:
        path.write_text(fill(path.read_text(encoding="utf-8"), texts), encoding="utf-8")


if __name__ == "__main__":
    main()
