# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets: one, and the ones a selection means. https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplets"""

from __future__ import annotations

from dataclasses import replace

from .._domain import selection as choose
from .._domain.errors import NotFoundError
from .._domain.models import Droplet
from . import paging


def get(client, droplet_id):
    """`GET /v2/droplets/{id}`; raises NotFoundError."""
    return Droplet.from_api(paging.part(client.do.droplets.get(droplet_id=droplet_id), "droplet"))


def get_if_there(client, droplet_id):
    """The Droplet, or None."""
    try:
        return get(client, droplet_id)
    except NotFoundError:
        return None


def find(client, selection):
    """The Droplets that `selection` means, before any are excluded; raises SelectionError.

    GPU Droplets are in a list of their own, which is read as well wherever they could be meant.
    """
    if selection.empty:
        return []
    if selection.ids is not None:
        found = _by_ids(client, selection)
    elif selection.names is not None:
        found = _by_names(client, selection)
    elif selection.tags is not None:
        tagged = [droplet for tag in selection.tags for droplet in _list(client, tag_name=tag)]
        found = tagged + choose.with_any_tag(selection.tags, _list(client, type="gpus"))
    else:
        found = _list(client) + _list(client, type="gpus")
    prove_tags_are_shown(client, selection.exclude_tags, found)
    return found


def named(client, *names):
    """The Droplets of these names, whichever way they are spelled, by ascending id."""
    wanted = {name.lower() for name in names}
    asked = [{"type": "gpus"}, *({"name": name} for name in names)]
    lists = client.map(lambda filters: _list(client, **filters), asked)
    known = {droplet.id: droplet for found in lists for droplet in found if droplet.name.lower() in wanted}
    return tuple(known[key] for key in sorted(known))


def holding(client, image_id):
    """The Droplet among whose backups and snapshots that image is, or None; needs the token to see `backup_ids`."""
    everyone = _list(client) + _list(client, type="gpus")
    return next(
        (
            droplet
            for droplet in everyone
            if image_id in (droplet.backup_ids or ()) or image_id in (droplet.snapshot_ids or ())
        ),
        None,
    )


def chosen(client, selection):
    """The Droplets that `selection` means, sorted by id; raises SelectionError."""
    return choose.finish(selection, find(client, selection))


def prove_tags_are_shown(client, tags, droplets):
    """A token without tag:read may see empty tags, and then none of `tags` would be found: ask, to be told so.

    Raises ScopeError.
    """
    if tags and droplets and not any(droplet.tags for droplet in droplets):
        prove_tags_can_be_read(client, tags[0])


def prove_tags_can_be_read(client, tag):
    """Raises ScopeError where the token does not show tags."""
    paging.fetch(client.do.droplets.list, "droplets", tag_name=tag)


def _list(client, first=None, **filters):
    """`GET /v2/droplets`, all pages."""
    items = paging.whole(client, client.do.droplets.list, "droplets", first, **filters)
    found = [Droplet.from_api(item) for item in items.values()]
    return [replace(droplet, gpu=True) for droplet in found] if filters.get("type") == "gpus" else found


def _by_ids(client, selection):
    """One by one, or from the list where that takes fewer requests; whoever is not in the list is asked for by id."""
    found, missing = {}, selection.ids
    if len(missing) > 1:
        first = paging.fetch(client.do.droplets.list, "droplets")
        pages = [first]
        if first.pages - 1 < len(set(missing).difference(dict(first.items))):
            pages += paging.rest(client, first, client.do.droplets.list, "droplets")
        found = {key: Droplet.from_api(item) for page in pages for key, item in page.items}
        missing = [droplet_id for droplet_id in missing if droplet_id not in found]
    asked = client.map(lambda droplet_id: get_if_there(client, droplet_id), missing)
    found.update({droplet.id: droplet for droplet in asked if droplet})
    if selection.allow_empty and found.keys().isdisjoint(selection.ids):
        return []
    return choose.exactly_ids(selection.ids, found.values())


def _by_names(client, selection):
    """By the `name` filter, or from the list where that takes fewer requests."""
    first = None
    if len(selection.names) > 1:
        first = paging.fetch(client.do.droplets.list, "droplets")
    if first and first.pages - 1 < len(selection.names):
        named = _list(client, first)
    else:
        named = [droplet for name in selection.names for droplet in _list(client, name=name)]
    known = {droplet.id: droplet for droplet in named + _list(client, type="gpus")}
    if selection.allow_empty and not any(droplet.name in selection.names for droplet in known.values()):
        return []
    return choose.exactly_names(selection.names, known.values())
