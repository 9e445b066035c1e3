# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one comparison of tags. Capitals do not count: DigitalOcean keeps the spelling that a tag was first written in.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Tags
"""

from __future__ import annotations

from collections.abc import Iterable


def key(tag: str) -> str:
    """What all spellings of a tag have in common."""
    return tag.lower()


def carries_any(carried: Iterable[str] | None, wanted: Iterable[str]) -> bool:
    """True if at least one of the tags `wanted` is among those `carried` (None: not known, which counts as none)."""
    return not _keys(carried).isdisjoint(map(key, wanted))


def carries_all(carried: Iterable[str] | None, wanted: Iterable[str]) -> bool:
    """True if all of the tags `wanted` are among those `carried` (None: not known, which counts as none)."""
    return _keys(carried).issuperset(map(key, wanted))


def missing(wanted: Iterable[str], carried: Iterable[str] | None) -> tuple[str, ...]:
    """Those of the tags `wanted` that are not among those `carried`, as they are spelled in `wanted`."""
    there = _keys(carried)
    return tuple(tag for tag in wanted if key(tag) not in there)


def distinct(tags: Iterable[str]) -> tuple[str, ...]:
    """Each tag once, in its first spelling."""
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(key(tag), tag)
    return tuple(found.values())


def spelling(tag: str, known: Iterable[str]) -> str | None:
    """How `tag` is spelled among the tags `known`, or None."""
    return next((other for other in known if key(other) == key(tag)), None)


def _keys(tags: Iterable[str] | None) -> set[str]:
    return {key(tag) for tag in tags or ()}
