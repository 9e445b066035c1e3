# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Droplet can be made from a restore point, and of what size; the one that it was taken of sets defaults."""

from __future__ import annotations

from collections.abc import Mapping

from ..._domain.errors import InputError
from ..._domain.models import Droplet, RestorePoint, Size
from ..._domain.text import listed


def region(wanted: str | None, point: RestorePoint, source: Droplet | None) -> str:
    """The slug of the region; raises InputError with the way there."""
    if wanted is None:
        if source and source.region in point.regions:
            return source.region
        if len(point.regions) == 1:
            return point.regions[0]
        raise InputError(f"region is needed: {point} is in {listed(point.regions) or 'none that the API names'}.")
    if wanted in point.regions:
        return wanted
    way = "copy it there with droplet_snapshot"
    if point.type == "backup":
        way = "convert it with backup_to_snapshot and copy the snapshot there with droplet_snapshot"
    raise InputError(
        f"A Droplet in {wanted} cannot be made from {point}, which is in {listed(point.regions)}: choose one of these "
        f"regions, or {way}."
    )


def size(
    wanted: str | None, sizes: Mapping[str, Size] | None, point: RestorePoint, where: str, source: Droplet | None
) -> Size:
    """The Size to make it of in the region `where`; raises InputError with what would fit.

    `wanted` is a slug; `sizes`, by their slugs, are None if they may not be read and the API decides.
    """
    slug = wanted or (source.size if source else None)
    least = point.min_disk_size or 0
    fitting = _fitting(sizes or {}, where, least)
    if slug is None:
        raise InputError(
            f"size is needed: of which Droplet {point} was taken is not known, or it is gone. It takes a disk of at "
            f"least {least} GiB.{fitting}"
        )
    if sizes is None:
        return Size(slug, price_monthly=source.price_monthly if source and source.size == slug else None)
    found = sizes.get(slug)
    if found is None:
        raise InputError(f"There is no size {slug!r}.{fitting}")
    if (found.disk or 0) < least:
        raise InputError(f"Size {slug} has a disk of {found.disk} GiB, and {point} needs {least} GiB.{fitting}")
    if where not in found.regions:
        offered = f"only in {listed(found.regions)}" if found.regions else "nowhere"
        raise InputError(f"Size {slug} is offered {offered} at present, and not in {where}.{fitting}")
    return found


def _fitting(sizes: Mapping[str, Size], where: str, least: int) -> str:
    """A sentence with the three cheapest sizes that would do, or nothing."""
    fit = [each for each in sizes.values() if where in each.regions and (each.disk or 0) >= least]
    cheapest = sorted(fit, key=lambda each: (each.price_monthly or 0, each.slug))[:3]
    return f" The cheapest that fit in {where} are {listed(each.slug for each in cheapest)}." if cheapest else ""
