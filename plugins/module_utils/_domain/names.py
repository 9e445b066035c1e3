# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names and ids the API takes."""

from __future__ import annotations

import re

from .errors import InputError

LONGEST = 255
_HOSTNAME = re.compile(r"[a-zA-Z0-9]?[a-zA-Z0-9.\-]*[a-zA-Z0-9]")
_TAG = re.compile(r"[a-zA-Z0-9_\-:]+")


def droplet_name(option: str, name: str) -> str:
    """`name`, given for `option`, if a Droplet can have it; raises InputError.

    https://docs.digitalocean.com/reference/api/digitalocean/#operation/droplets_create
    """
    if len(name) > LONGEST or not _HOSTNAME.fullmatch(name):
        raise InputError(
            f"{option} {name!r} cannot be the name of a Droplet: it has letters, digits, dots and hyphens only (a-z, "
            f"A-Z, 0-9, . and -), ends with a letter or a digit, and has at most {LONGEST} characters."
        )
    return name


def checked_id(option: str, value: int | None, of: str = "a Droplet") -> None:
    """Raises InputError if `value`, given for `option`, cannot be the id of `of`; None is left out."""
    if value is not None and value < 1:
        raise InputError(f"{option} {value} is not the id of {of}: ids are whole numbers from 1.")


def snapshot_name(option: str, name: str) -> str:
    """`name`, given for `option`, if a snapshot can have it; raises InputError."""
    if not name.strip() or len(name) > LONGEST or not name.isprintable():
        raise InputError(
            f"{option} {name!r} cannot be the name of a snapshot: it has 1 to {LONGEST} printable characters."
        )
    return name


def is_tag(name: str) -> bool:
    """True if a tag can have this name.

    https://docs.digitalocean.com/reference/api/digitalocean/#operation/tags_create
    """
    return len(name) <= LONGEST and _TAG.fullmatch(name) is not None


def tag_name(option: str, name: str) -> str:
    """`name`, given for `option`, if a tag can have it; raises InputError."""
    if not is_tag(name):
        raise InputError(
            f"{option} {name!r} cannot be a tag: it has letters, digits, colons, dashes and underscores only, and at "
            f"most {LONGEST} of them."
        )
    return name
