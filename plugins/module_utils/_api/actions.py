# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: sending one, finding what is running, and asking for many in one request.

https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplet-Actions
"""

from __future__ import annotations

from dataclasses import replace

from .._domain.errors import NotFoundError, OutcomeUnknownError, ScopeError
from .._domain.models import Action
from . import paging

MOST_PAGES = 3
"""Pages of the account's actions, beyond the expected ones, that are read before the rest is asked for one by one."""


def on_droplet(client, droplet_id, **body):
    """`POST /v2/droplets/{id}/actions` as an Action; raises PendingEventError, NotFoundError, OutcomeUnknownError."""
    return _begun(client.do.droplet_actions.post(droplet_id=droplet_id, body=body), "droplet", droplet_id)


def on_image(client, image_id, **body):
    """`POST /v2/images/{id}/actions` as an Action."""
    return _begun(client.do.image_actions.post(image_id=image_id, body=body), "image", image_id)


def _begun(body, resource_type, resource_id):
    """The Action in the answer to a write; raises OutcomeUnknownError where the answer does not show one.

    What it is about is known, and the API may leave it null.
    """
    action = body.get("action") if isinstance(body, dict) else None
    if not isinstance(action, dict) or "id" not in action:
        raise OutcomeUnknownError("The answer to a write shows no action. Whether it was carried out is not known.")
    return replace(Action.from_api(action), resource_type=resource_type, resource_id=resource_id)


def of_droplet(client, droplet_id):
    """A Droplet's latest 200 actions, as a list in the API's order."""
    page = paging.fetch(client.do.droplet_actions.list, "actions", droplet_id=droplet_id)
    if page.pages > 1 and page.items[0][0] < page.items[-1][0]:
        page = paging.fetch(client.do.droplet_actions.list, "actions", page.pages, droplet_id=droplet_id)
    return [Action.from_api(item) for _unused, item in page.items]


def of_droplet_if_there(client, droplet_id):
    """The same, empty where the Droplet is gone."""
    try:
        return of_droplet(client, droplet_id)
    except NotFoundError:
        return []


def of_image(client, image_id):
    """An image's actions; empty where the image is gone."""
    try:
        body = client.do.image_actions.list(image_id=image_id)
    except NotFoundError:
        return []
    return [Action.from_api(item) for item in body.get("actions") or ()]


def was_converted(client, image_id):
    """True where the image's actions show that it was a backup once; False too where the token may not read them."""
    try:
        return any(action.type == "convert" for action in of_image(client, image_id))
    except ScopeError:
        return False


def recent_on(client, droplet_ids):
    """A dict of Droplet id to its latest Actions, those in progress among them, from as few requests as it takes.

    For several Droplets only the account's latest actions are read: an older one in progress shows itself by the API's
    refusal. A Droplet that is gone has none.
    """
    actions = _latest(client, len(droplet_ids)) if len(droplet_ids) > 1 else None
    if actions is None:
        lists = client.map(lambda droplet_id: of_droplet_if_there(client, droplet_id), droplet_ids)
        actions = [action for found in lists for action in found]
    recent = {}
    for action in actions:
        if action.resource_type == "droplet" and action.resource_id in droplet_ids:
            recent.setdefault(action.resource_id, []).append(action)
    return recent


def refresh(client, actions):
    """The Actions as they are now, in the same order; None for one that is gone with its Droplet or image.

    Many are looked up in the account's latest actions, the rest by id.
    """
    wanted = {action.id for action in actions}
    latest = _latest(client, len(actions), wanted) if len(actions) > 1 else None
    found = {action.id: action for action in latest or () if action.id in wanted}
    missing = [action for action in actions if action.id not in found]
    asked = client.map(lambda action: _one(client, action), missing)
    found.update({action.id: news for action, news in zip(missing, asked, strict=True)})
    return [found[action.id] for action in actions]


def _latest(client, expected, wanted=()):
    """About as many Actions of the account as `expected`, from the newest, or more until all ids `wanted` are found.

    None where the token may not read them, which is asked only once.
    """
    operation = client.do.actions.list
    if operation in client.refused:
        return None
    try:
        first = paging.fetch(operation, "actions")
    except ScopeError:
        client.refused.add(operation)
        return None
    numbers = list(range(2, first.pages + 1))
    most = -(-expected // paging.PER_PAGE) - 1 + (MOST_PAGES if wanted else 0)
    if numbers and first.items[0][0] < first.items[-1][0]:
        numbers.reverse()
        most += 2
    found = dict(first.items)
    for number in numbers[:most]:
        if wanted and found.keys() >= set(wanted):
            break
        found.update(paging.fetch(operation, "actions", number).items)
    return [Action.from_api(item) for item in found.values()]


def _one(client, action):
    """One action by id, through its Droplet or image, which needs no scope beyond those of sending it."""
    ids = {"action_id": action.id}
    try:
        if action.resource_type == "image":
            body = client.do.image_actions.get(image_id=action.resource_id, **ids)
        else:
            body = client.do.droplet_actions.get(droplet_id=action.resource_id, **ids)
    except NotFoundError:
        return None
    news = Action.from_api(paging.part(body, "action"))
    return replace(news, resource_type=action.resource_type, resource_id=action.resource_id)
