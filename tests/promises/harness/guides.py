# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in a page of the documentation, which tests run as they stand."""

from __future__ import annotations

import re


def fenced(page: str) -> list[tuple[str, str]]:
    """Language and text of each fenced block in the text of a page, also of one that is indented."""
    return re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page, re.DOTALL | re.MULTILINE)


def yaml_blocks(page: str) -> list[str]:
    """The texts of those that are YAML."""
    return [text for language, text in fenced(page) if language == "yaml"]
