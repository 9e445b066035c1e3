# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: sending one, finding what is running, and asking for many in one request.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplet-Actions
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from .._domain.errors import NotFoundError, ScopeError
from .._domain.models import Action
from .._domain.quota import FEW, PER_PAGE
from . import paging
from .client import Client

LogPages = Iterator[tuple[list[Action], bool]]
"""Pages of a log, newest first, each with whether more follow."""

MOST_PAGES = 3
"""Pages of the account's actions, beyond the expected ones, that are read before the rest is asked for one by one."""

MOST_SEARCHED = 20
"""Pages of a log, which is never pruned, that are searched if nothing says how far back to go."""


def on_droplet(client: Client, droplet_id: int, options: dict[str, Any] | None = None, **body: Any) -> Action:
    """`POST /v2/droplets/{id}/actions` as an Action; raises PendingEventError, NotFoundError, OutcomeUnknownError.

    `options` are those of the request, for SendPolicy.
    """
    answer = client.do.droplet_actions.post(droplet_id=droplet_id, body=body, **(options or {}))
    return _begun(answer, "droplet", droplet_id)


def by_tag(client: Client, tag: str, **body: Any) -> list[Action]:
    """`POST /v2/droplets/actions?tag_name=` as a list of Actions, one for each Droplet that the API has sent it to.

    Raises PendingEventError, OutcomeUnknownError.
    """
    answer = client.do.droplet_actions.post_by_tag(tag_name=tag, body=body)
    return [Action.from_api(action) for action in answer["actions"]]


def on_image(client: Client, image_id: int, **body: Any) -> Action:
    """`POST /v2/images/{id}/actions` as an Action."""
    return _begun(client.do.image_actions.post(image_id=image_id, body=body), "image", image_id)


def _begun(body: Mapping[str, Any], resource_type: str, resource_id: int) -> Action:
    """The Action in the answer to a write. What it is about is known, and the API may leave it null."""
    return replace(Action.from_api(body["action"]), resource_type=resource_type, resource_id=resource_id)


def of_droplet(client: Client, droplet_id: int) -> list[Action]:
    """A Droplet's latest actions, 200 of them or a few more, as a list, the newest first."""
    latest, _more = next(_from_the_newest(client.do.droplet_actions.list, droplet_id=droplet_id))
    return latest


def of_droplet_if_there(client: Client, droplet_id: int) -> list[Action]:
    """The same, empty if the Droplet is gone."""
    try:
        return of_droplet(client, droplet_id)
    except NotFoundError:
        return []


def since(client: Client, droplet_ids: Sequence[int], moment: datetime) -> dict[int, list[Action]]:
    """A dict of Droplet id to its Actions that have begun at `moment` or later, the newest first.

    From the account's log if the token may read it, and else from that of each Droplet; one that is gone has none.
    """
    operation = client.do.actions.list
    found = None
    if len(droplet_ids) > 1 and operation not in client.refused:
        try:
            found = [action for page, _more in _until(_from_the_newest(operation), moment) for action in page]
        except ScopeError:
            client.refused.add(operation)
    if found is None:
        lists = client.map(lambda droplet_id: of_droplet_if_there(client, droplet_id), droplet_ids)
        found = [action for own in lists for action in own]
    begun: dict[int, list[Action]] = {}
    for action in found:
        key = action.resource_id
        if key is None or key not in droplet_ids or action.resource_type != "droplet":
            continue
        if not action.began_before(moment):
            begun.setdefault(key, []).append(action)
    return begun


def newest(
    client: Client,
    fits: Callable[[Action], bool],
    limit: int,
    moment: datetime | None = None,
    droplet_id: int | None = None,
) -> tuple[list[Action], bool]:
    """From the log of the account, or of a Droplet: up to `limit` Actions that `fits(action)` picks, the newest first.

    Only those that have begun at `moment` or later, if it is given; else the log is searched for `MOST_SEARCHED`
    pages. Returns `(actions, complete)`, where `complete` is False if there may be more. No page is read beyond what
    that takes. Raises NotFoundError if the Droplet is gone.
    """
    if droplet_id is None:
        pages = _from_the_newest(client.do.actions.list)
    else:
        pages = _from_the_newest(client.do.droplet_actions.list, droplet_id=droplet_id)
    found, complete = {}, True
    for page, more in islice(_until(pages, moment), None if moment else MOST_SEARCHED):
        found.update({action.id: action for action in page if fits(action) and not action.began_before(moment)})
        complete = not more and len(found) <= limit
        if len(found) >= limit:
            break
    return list(found.values())[:limit], complete


def creations_since(client: Client, moment: datetime) -> list[Action]:
    """The creations of Droplets that have begun at `moment` or later, as a list; raises ScopeError."""
    found = {}
    for page, _more in _until(_from_the_newest(client.do.actions.list), moment):
        found.update({action.id: action for action in page if action.type == "create"})
    return [action for action in found.values() if not action.began_before(moment) and not action.errored]


def begun_at(client: Client, moments: Collection[datetime]) -> list[Action]:
    """Those actions of the account, as a list, that began at one of `moments`, from `MOST_SEARCHED` pages of its log.

    Raises ScopeError.
    """
    pages = islice(_until(_from_the_newest(client.do.actions.list), min(moments)), MOST_SEARCHED)
    return [action for page, _more in pages for action in page if action.started_at in moments]


def get(client: Client, action_id: int, droplet_id: int | None = None) -> Action:
    """One Action by its id, through its Droplet if that is given; raises NotFoundError."""
    if droplet_id is None:
        body = client.do.actions.get(action_id=action_id)
    else:
        body = client.do.droplet_actions.get(droplet_id=droplet_id, action_id=action_id)
    return Action.from_api(body["action"])


def _from_the_newest(
    operation: paging.Operation, client: Client | None = None, likely: int = 1, **filters: Any
) -> LogPages:
    """Pages of a log, the newest first, whichever way the API sorts it: `(list of Actions, whether more follow)`.

    If it begins with the oldest, the first page tells so, and the last two make one, because the last may be short.
    With a `client`, the `likely` first of them are fetched several at a time.
    """

    def fetch(number: int) -> paging.Page:
        return paging.fetch(operation, "actions", number, **filters)

    first = fetch(1)
    known = {1: first}
    # A range and not a list: how long the log is, is what the API says.
    numbers = range(1, first.pages + 1)
    backwards = first.pages > 1 and first.items[0][0] < first.items[-1][0]
    if backwards:
        numbers = numbers[::-1]
    if client:
        ahead = [number for number in numbers[:likely] if number not in known]
        known.update(zip(ahead, client.map(fetch, ahead), strict=True))

    def page(*numbers: int) -> list[Action]:
        read = [known.pop(number) if number in known else fetch(number) for number in numbers]
        found = [Action.from_api(item) for one in read for _unused, item in one.items]
        return sorted(found, key=lambda action: action.id, reverse=True)

    if backwards:
        yield page(*numbers[:2]), first.pages > 2
        numbers = numbers[2:]
    for number in numbers:
        yield page(number), number != numbers[-1]


def _until(pages: LogPages, moment: datetime | None) -> LogPages:
    """The same pages up to the one with the first action that began before `moment` (None: all of them)."""
    for page, more in pages:
        passed = bool(page) and page[-1].began_before(moment)
        yield page, more and not passed
        if passed:
            return


def log_of(client: Client, droplet_id: int, moment: datetime | None = None) -> tuple[Action, ...]:
    """A Droplet's Actions as a tuple, the newest first: as far back as `moment`, or its latest if that is None."""
    pages = _from_the_newest(client.do.droplet_actions.list, droplet_id=droplet_id)
    read = _until(pages, moment) if moment else [next(pages)]
    found = {action.id: action for page, _more in read for action in page}
    return tuple(replace(action, resource_type="droplet", resource_id=droplet_id) for action in found.values())


def of_image(client: Client, image_id: int) -> list[Action]:
    """An image's actions; empty if the image is gone."""
    try:
        body = client.do.image_actions.list(image_id=image_id)
    except NotFoundError:
        return []
    return [Action.from_api(item) for item in body["actions"]]


def of_images(client: Client, image_ids: Sequence[int]) -> dict[int, list[Action]]:
    """The same of each image, a dict by id; for several images from the latest actions of the account."""
    latest = _latest(client, len(image_ids)) if len(image_ids) > FEW else None
    if latest is None:
        return dict(zip(image_ids, client.map(lambda key: of_image(client, key), image_ids), strict=True))
    own = [action for action in latest if action.resource_type == "image"]
    return {key: [action for action in own if action.resource_id == key] for key in image_ids}


def was_converted(client: Client, image_id: int) -> bool:
    """True if the image's actions show that it was a backup once; False too if the token may not read them."""
    try:
        return any(action.type == "convert" for action in of_image(client, image_id))
    except ScopeError:
        return False


def recent(client: Client, droplet_ids: list[int], account: bool = False) -> list[Action]:
    """The latest Actions of Droplets, those in progress among them, as a list, from as few requests as it takes.

    For several Droplets, or with `account`, the account's latest actions are read, which has those of images as well:
    an older one in progress shows itself by the API's refusal. A Droplet that is gone has none.
    """
    found = _latest(client, max(1, len(droplet_ids))) if account or len(droplet_ids) > 1 else None
    if found is None:
        lists = client.map(lambda droplet_id: of_droplet_if_there(client, droplet_id), droplet_ids)
        found = [action for own in lists for action in own]
    return found


def by_droplet(found: Iterable[Action], droplet_ids: list[int]) -> dict[int, list[Action]]:
    """A dict of Droplet id to those of the Actions `found` that are its own."""
    own: dict[int, list[Action]] = {}
    for action in found:
        if action.resource_type == "droplet" and action.resource_id in droplet_ids:
            own.setdefault(action.resource_id, []).append(action)
    return own


def recent_on(client: Client, droplet_ids: list[int]) -> dict[int, list[Action]]:
    """A dict of Droplet id to its latest Actions, as `recent` finds them."""
    return by_droplet(recent(client, droplet_ids), droplet_ids)


def log_of_all(client: Client, begun: list[Action]) -> dict[int, Action]:
    """Those Actions by id that the logs show that a rerun reads about the Actions `begun`."""
    alone = len(begun) == 1 and begun[0].type != "create"
    listed = None if alone else _latest(client, len(begun), [action.id for action in begun])
    if listed is None:
        listed = [action for own in client.map(lambda action: _own_log(client, action), begun) for action in own]
    return {action.id: action for action in listed}


def _own_log(client: Client, action: Action) -> list[Action]:
    if action.resource_id is None:
        return []
    if action.resource_type == "image":
        return of_image(client, action.resource_id)
    return of_droplet_if_there(client, action.resource_id)


def refresh(client: Client, actions: Sequence[Action]) -> list[Action | None]:
    """The Actions as they are now, in the same order; None for one that is gone with its Droplet or image.

    Many are looked up in the account's latest actions, the rest by id.
    """
    wanted = {action.id for action in actions}
    latest = _latest(client, len(actions), wanted) if len(actions) > 1 else None
    found: dict[int, Action | None] = {action.id: action for action in latest or () if action.id in wanted}
    missing = [action for action in actions if action.id not in found]
    asked = client.map(lambda action: _one(client, action), missing)
    found.update({action.id: news for action, news in zip(missing, asked, strict=True)})
    return [found[action.id] for action in actions]


def _latest(client: Client, expected: int, wanted: Collection[int] = ()) -> list[Action] | None:
    """About as many Actions of the account as `expected`, from the newest, or more until all ids `wanted` are found.

    None if the token may not read them, which is asked only once.
    """
    operation = client.do.actions.list
    if operation in client.refused:
        return None
    likely = -(-expected // PER_PAGE)
    most = likely + (MOST_PAGES if wanted else 0)
    found = {}
    try:
        for page, _more in islice(_from_the_newest(operation, client, likely), most):
            found.update({action.id: action for action in page})
            if wanted and found.keys() >= set(wanted):
                break
    except ScopeError:
        client.refused.add(operation)
        return None
    return list(found.values())


def _one(client: Client, action: Action) -> Action | None:
    """One action by id, through its Droplet or image, which needs no scope beyond those of sending it."""
    if action.resource_id is None:
        return None
    try:
        if action.resource_type == "image":
            body = client.do.image_actions.get(image_id=action.resource_id, action_id=action.id)
        else:
            body = client.do.droplet_actions.get(droplet_id=action.resource_id, action_id=action.id)
    except NotFoundError:
        return None
    news = Action.from_api(body["action"])
    return replace(news, resource_type=action.resource_type, resource_id=action.resource_id)
