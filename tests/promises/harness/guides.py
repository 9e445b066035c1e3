# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the pages of the documentation, which tests run or check as they stand."""

from __future__ import annotations

import re
import shlex
from itertools import groupby, pairwise
from pathlib import Path

SCHEDULE = re.compile(r"^(?:[\d*/,-]+ +){5}", re.MULTILINE)
"""When cron runs a command: the five fields at the beginning of its line."""


def pages(root: Path) -> dict[str, str]:
    """The text of each page that users read, by its path below `root`."""
    found = [root / "README.md", *sorted(root.glob("docs/*.md")), *sorted(root.glob("roles/*/README.md"))]
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in found}


def fenced(page: str) -> list[tuple[str, str]]:
    """Language and text of each fenced block in the text of a page, also of one that is indented.

    :raises ValueError: There is a fence that begins or ends no such block.
    """
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page, re.DOTALL | re.MULTILINE)
    if len(re.findall(r"^ *(?:```|~~~)", page, re.MULTILINE)) != 2 * len(found):
        raise ValueError("A fence has more than a language, has no other end, or is not of backquotes.")
    return found


def yaml_blocks(page: str) -> list[str]:
    """The texts of those that are YAML."""
    return [text for language, text in fenced(page) if language == "yaml"]


def indented(page: str) -> list[str]:
    """The first line of each code block that has no fence: no paragraph of a list is indented as far."""
    prose = re.sub(r"^ *```.*?^ *```$", "```", page, flags=re.DOTALL | re.MULTILINE)
    return [line for before, line in pairwise(prose.splitlines()) if not before.strip() and re.match("    |\t", line)]


def commands(text: str) -> list[list[str]]:
    """The words of each command in the text of a block for a shell or a crontab, without what is quoted or a comment.

    :raises ValueError: A quotation has no end.
    """
    found, line = [], ""
    for part in SCHEDULE.sub("", text).splitlines():
        line = f"{line}\n{part}" if line else part
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        line = ""
        found += [list(each) for between, each in groupby(words, lambda word: word in ("&&", "|")) if not between]
    if line:
        raise ValueError(f"A quotation has no end: {line}")
    return found
