# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of snapshots, written with placeholders: `{droplet}`, `{date}` and `{time}` of the image, in UTC."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from .errors import InputError
from .models import RestorePoint
from .names import LONGEST
from .time import iso

PLACEHOLDERS = ("droplet", "date", "time")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


def checked(
    template: str | None, allowed: Collection[str] = PLACEHOLDERS, option: str = "snapshot_name"
) -> str | None:
    """`template`, None included; raises InputError if it is no name, or has a placeholder that is not `allowed`."""
    if template is None:
        return None
    odd = next((part for part in re.findall(r"\{[^{}]*\}|[{}]", template) if part[1:-1] not in allowed), None)
    if odd:
        known = ", ".join(f"{{{name}}}" for name in allowed)
        raise InputError(f"{option} {template!r} has {odd}, which is not among its placeholders: {known}.")
    if not template.strip() or not template.isprintable():
        raise InputError(f"{option} {template!r} is not a name: it must have something to read, and nothing else.")
    return template


def rendered(template: str, droplet_name: str, made: datetime | None, option: str = "snapshot_name") -> str:
    """The name for an image that was made at `made` of the Droplet of that name.

    Raises InputError if a placeholder has nothing to stand for, or if the name gets too long.
    """
    date, time = (iso(made) or "T").rstrip("Z").split("T")
    values = {"droplet": droplet_name, "date": date, "time": time}
    empty = next((found[0] for found in _PLACEHOLDER.finditer(template) if not values[found[1]]), None)
    if empty:
        what = "the Droplet's name is not known, for it is gone" if empty == "{droplet}" else "the API tells no time"
        raise InputError(f"{option} {template!r} cannot be filled in: {what}. Leave {empty} out.")
    name = _PLACEHOLDER.sub(lambda found: values[found[1]], template)
    if len(name) > LONGEST:
        raise InputError(f"{option} {template!r} gives a name of {len(name)} characters; {LONGEST} are allowed.")
    return name


def fits(template: str, droplet_name: str, image: RestorePoint) -> bool:
    """True if `image` bears the name that `template` gives to it."""
    try:
        return image.name == rendered(template, droplet_name, image.created_at)
    except InputError:
        return False
