# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets: one, and the ones a selection means. https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplets"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import replace
from typing import Any

from .._domain import selection as choose
from .._domain.errors import NotFoundError, ScopeError
from .._domain.models import Action, Droplet
from . import actions, paging, tags
from .client import Client
from .lag import looks


def get(client: Client, droplet_id: int, make: Callable[[Any], Any] = Droplet.from_api) -> Any:
    """`GET /v2/droplets/{id}`, what `make` gives of its JSON object; raises NotFoundError."""
    return make(client.do.droplets.get(droplet_id=droplet_id)["droplet"])


def get_if_there(client: Client, droplet_id: int, make: Callable[[Any], Any] = Droplet.from_api) -> Any:
    """The Droplet, or None."""
    try:
        return get(client, droplet_id, make)
    except NotFoundError:
        return None


def find(client: Client, selection: choose.Selection) -> list[Droplet]:
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
        tagged = [droplet for tag in selection.tags for droplet in with_tag(client, tag)]
        found = tagged + choose.with_any_tag(selection.tags, _list(client, type="gpus"))
    else:
        found = everyone(client)
    prove_tags_are_shown(client, selection.exclude_tags, found)
    return found


def everyone(client: Client) -> list[Droplet]:
    """All Droplets of the account."""
    return _list(client) + _list(client, type="gpus")


def list_by_name(client: Client, *names: str) -> tuple[Droplet, ...]:
    """The Droplets of these names, whichever way they are spelled, by ascending id."""
    wanted = {name.lower() for name in names}
    asked: list[dict[str, Any]] = [{"type": "gpus"}, *({"name": name} for name in names)]
    lists = client.map(lambda filters: _list(client, **filters), asked)
    known = {droplet.id: droplet for found in lists for droplet in found if droplet.name.lower() in wanted}
    return tuple(known[key] for key in sorted(known))


def owner_of_image(client: Client, image_id: int) -> Droplet | None:
    """The Droplet among whose backups and snapshots that image is, or None; reads all Droplets.

    Raises ScopeError if a Droplet hides these ids: the image may be one of its own.
    """
    hidden = []
    for droplet in everyone(client):
        own = {"backup_ids": droplet.backup_ids, "snapshot_ids": droplet.snapshot_ids}
        if any(image_id in (ids or ()) for ids in own.values()):
            return droplet
        hidden += [(name, droplet) for name, ids in own.items() if ids is None]
    if hidden:
        name, droplet = hidden[0]
        raise ScopeError(
            f"Of which Droplet image {image_id} was taken cannot be told: GET /v2/droplets does not tell the {name} of "
            f"Droplet {droplet}. Give the token the scope image:read.",
            droplet=droplet.id,
        )
    return None


def chosen(client: Client, selection: choose.Selection) -> list[Droplet]:
    """The Droplets that `selection` means, sorted by id; raises SelectionError."""
    return finish(client, selection, find(client, selection))


def finish(client: Client, selection: choose.Selection, found: list[Droplet]) -> list[Droplet]:
    """What remains of those `found` after exclusions, sorted by id; raises SelectionError.

    A tag to exclude by that nobody carries is a warning.
    """
    left = choose.finish(selection, found)
    for sentence in choose.idle_exclusions(selection, found):
        client.warn(sentence)
    return left


def existing_by_id(client: Client, ids: Iterable[int]) -> dict[int, Droplet]:
    """A dict of id to Droplet for those of `ids` that exist.

    One by one, or from the list if that takes fewer requests; whoever is not in the list is asked for by id.
    """
    found: dict[int, Droplet] = {}
    missing = sorted(set(ids))
    if len(missing) > 1:
        listed = _listed(client, set(missing))
        found = {key: listed[key] for key in missing if key in listed}
        missing = [key for key in missing if key not in found]
    asked = client.map(lambda droplet_id: get_if_there(client, droplet_id), missing)
    return {**found, **{droplet.id: droplet for droplet in asked if droplet}}


def read_again(client: Client, droplets: Sequence[Droplet]) -> tuple[Droplet, ...]:
    """A tuple of those of `droplets` that are there, read the way they were read before, in as few requests.

    A list may show later what was done than a Droplet that is read alone.
    """
    if len(droplets) == 1 and droplets[0].listed and not droplets[0].gpu:
        (one,) = droplets
        listed = _list(client, name=one.name)
        return tuple(droplet for droplet in listed if droplet.id == one.id)
    return tuple(existing_by_id(client, [droplet.id for droplet in droplets]).values())


def made_lately(client: Client, known: Set[int]) -> tuple[tuple[Droplet, ...], tuple[Action, ...]]:
    """The Droplets that were made within the lag tolerance, but those `known` (ids), by the account's log.

    Returns `(Droplets, creations)`, the second the Actions whose Droplet does not show yet. A list of Droplets may show
    neither. Both are empty if the token may not read the log.
    """
    since = client.now() - client.lag_tolerance
    try:
        created = actions.creations_since(client, since)
    except ScopeError:
        return (), ()
    begun = {action.resource_id: action for action in created if action.resource_id not in known}
    # The API may leave the Droplet of a creation null.
    found = existing_by_id(client, [key for key in begun if key is not None])
    return tuple(found.values()), tuple(action for key, action in begun.items() if key not in found)


def renamed_to(client: Client, name: str) -> Droplet | None:
    """The one Droplet of this name, if its log tells that it was renamed once; else None.

    The log may be late, so a Droplet of this name that was never renamed is believed to be another only after a while.
    """
    for _look in looks(client):
        named = find(client, choose.Selection(names=(name,), allow_empty=True))
        logs = [actions.of_droplet_if_there(client, droplet.id) for droplet in named]
        if any(action.type == "rename" and not action.errored for log in logs for action in log):
            return named[0]
        if not named:
            return None
    return None


def prove_tags_are_shown(client: Client, wanted: Sequence[str], droplets: Collection[Droplet]) -> None:
    """A token without tag:read may see empty tags, and then none of those `wanted` would be found: ask, to be told so.

    Raises ScopeError.
    """
    if wanted and droplets and not any(droplet.tags for droplet in droplets):
        prove_tags_can_be_read(client, wanted[0])


def prove_tags_can_be_read(client: Client, tag: str) -> None:
    """Raises ScopeError if the token does not show tags."""
    paging.fetch(client.do.droplets.list, "droplets", tag_name=tag)


def with_tag(client: Client, tag: str, list_of: Callable[..., Any] | None = None) -> Any:
    """What carries `tag`, as `list_of(client, tag_name=…)` lists it: Droplets, if it is left out.

    If none does, the API may know the tag in another spelling only, by which it is asked then.
    """
    list_of = list_of or _list
    found = list_of(client, tag_name=tag)
    if not found:
        spelled = tags.spelling(client, tag)
        if spelled not in (None, tag):
            return list_of(client, tag_name=spelled)
    return found


def _list(client: Client, first: paging.Page | None = None, **filters: Any) -> list[Droplet]:
    """`GET /v2/droplets`, all pages."""
    found = paging.whole(client, client.do.droplets.list, "droplets", first, make=Droplet.from_list, **filters).values()
    return [replace(droplet, gpu=True) for droplet in found] if filters.get("type") == "gpus" else list(found)


def _first_page(client: Client) -> paging.Page:
    return paging.fetch(client.do.droplets.list, "droplets", make=Droplet.from_list)


def _listed(client: Client, wanted: set[int]) -> dict[int, Droplet]:
    """The list of Droplets by id, or its first page if the ids `wanted` take fewer requests one by one."""
    pages = paging.as_needed(client, client.do.droplets.list, "droplets", wanted, make=Droplet.from_list)
    return {key: droplet for page in pages for key, droplet in page.items}


def _by_ids(client: Client, selection: choose.Selection) -> list[Droplet]:
    return of_ids(selection, existing_by_id(client, selection.ids or ()))


def of_ids(selection: choose.Selection, existing: dict[int, Droplet]) -> list[Droplet]:
    """The Droplets of a selection by ids, out of those that exist; raises SelectionError."""
    ids = selection.ids or ()
    found = [existing[key] for key in ids if key in existing]
    if selection.allow_empty and not found:
        return []
    return choose.exactly_ids(ids, found)


def _by_names(client: Client, selection: choose.Selection) -> list[Droplet]:
    """By the `name` filter, or from the list if that takes fewer requests."""
    names = selection.names or ()
    first = _first_page(client) if len(names) > 1 else None
    if first and first.pages - 1 < len(names):
        named = _list(client, first)
    else:
        named = [droplet for name in names for droplet in _list(client, name=name)]
    known = {droplet.id: droplet for droplet in named + _list(client, type="gpus")}
    if selection.allow_empty and not any(droplet.name in names for droplet in known.values()):
        return []
    return choose.exactly_names(names, known.values())
