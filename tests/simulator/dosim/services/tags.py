# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: assigned, removed, deleted, and their members."""

from collections.abc import Iterable

from dosim.cloud import Cloud
from dosim.store import Droplet, Image, Table, Tag

Tagged = Droplet | Image


def tables(cloud: Cloud) -> dict[str, Table[Droplet] | Table[Image]]:
    """The tables of the kinds of resources that can be tagged here."""
    return {"droplet": cloud.store.droplets, "image": cloud.store.images}


def members(cloud: Cloud, kind: str, tag: Tag) -> list[int]:
    """Ids, in the order of the table, with the last tagged one at the end."""

    def by_tag(rows: Iterable[Tagged]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row in rows:
            for name in row.tags:
                found.setdefault(name, []).append(row.id)
        return found

    found = tables(cloud)[kind].derived("tags", by_tag)
    keys = found.get(tag.name, [])
    last = tag.last.get(kind)
    return sorted(keys, key=lambda key: key == last)


def assign(cloud: Cloud, tag: Tag, resources: list[tuple[str, Tagged]]) -> None:
    for kind, row in resources:
        tag.last[kind] = row.id
        if tag.name not in row.tags:
            row.tags = [*row.tags, tag.name]
            _changed(cloud, kind, row)


def unassign(cloud: Cloud, tag: Tag, resources: list[tuple[str, Tagged]]) -> None:
    """Remove a tag from resources; one without it stays as it is."""
    for kind, row in resources:
        if tag.name in row.tags:
            row.tags = [name for name in row.tags if name != tag.name]
            _changed(cloud, kind, row)


def _changed(cloud: Cloud, kind: str, row: Tagged) -> None:
    tables(cloud)[kind].changed()
    if isinstance(row, Droplet):
        row.views.clear()
    else:
        cloud.store.image_changed(row.id)


def delete(cloud: Cloud, tag: Tag) -> None:
    """Delete a tag; the resources that carry it stay."""
    found = [(kind, table[key]) for kind, table in tables(cloud).items() for key in members(cloud, kind, tag)]
    unassign(cloud, tag, found)
    del cloud.store.tags[tag.name.lower()]
