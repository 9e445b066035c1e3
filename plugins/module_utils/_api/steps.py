# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of a plan as requests: what each sends, and where it shows afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .._domain.errors import ApiError, NotFoundError, OutcomeUnknownError, ScopeError, WaitTimeoutError
from .._domain.models import Action
from .._domain.plan import CreateDroplet, DeleteSnapshot, ImageStep, RenameImage, Step, Tag, Untag
from .._domain.tags import key
from . import actions, tags
from .client import Client
from .lag import looks

MAY_EXIST = (409, 422)
"""With these the API refuses to make a tag that exists already."""


def send(client: Client, droplet_id: int, step: Step, stale_after: float | None = None) -> Action | None:
    """Send one step; the Action that it has begun, or None if its answer is the end of it.

    A guarded step is sent within `stale_after` seconds or not at all.
    Raises what the request raises; OutcomeUnknownError if the answer is not what it should be; PendingEventError
    if a guarded step was held up, so that the Droplet is to be looked at again.
    """
    if request := _REQUESTS.get(type(step)):
        return request(client, step)
    if isinstance(step, ImageStep):
        # A field of all its subclasses, which the base class does not declare because it has no fields.
        image_id = step.image_id  # type: ignore[attr-defined]
        return actions.on_image(client, image_id, type=step.type, **step.arguments)
    options = {"stale_after": stale_after} if step.requires_fresh_state else {}
    return actions.on_droplet(client, droplet_id, options, type=step.type, **step.arguments)


def history(client: Client, droplet_id: int | None, step: Step) -> list[Action]:
    """The actions among which that of `step` would be; none for a step that starts no action."""
    if isinstance(step, ImageStep):
        return actions.of_image(client, step.image_id)  # type: ignore[attr-defined]  # as above
    if step.type is None or droplet_id is None:
        return []
    return actions.of_droplet(client, droplet_id)


def _create(client: Client, step: CreateDroplet) -> Action:
    """https://docs.digitalocean.com/reference/api/digitalocean/#operation/droplets_create"""
    try:
        body = client.do.droplets.create(body=step.arguments)
    except ApiError as error:
        if "droplet limit" not in error.message:
            raise
        raise error.copy(
            f"{error.message.rstrip('.')}. Ask DigitalOcean for a higher limit, or delete a Droplet that is not needed."
        ) from None
    droplet, link = body["droplet"]["id"], body["links"]["actions"][0]["id"]
    return Action(link, "create", "in-progress", resource_id=droplet, resource_type="droplet")


def _rename(client: Client, step: RenameImage) -> None:
    """https://docs.digitalocean.com/reference/api/digitalocean/#operation/images_update"""
    client.do.images.update(image_id=step.image, body={"name": step.name})


def _delete(client: Client, step: DeleteSnapshot) -> None:
    """Delete a snapshot; one that is there no more is as it should be, though lists may show it for a while.

    https://docs.digitalocean.com/reference/api/digitalocean/#operation/snapshots_delete
    """
    with suppress(NotFoundError):
        # pydo takes the id of a snapshot for a JSON object.
        client.do.snapshots.delete(snapshot_id=str(step.image))  # type: ignore[arg-type]


def _tag(client: Client, step: Tag) -> None:
    """Put a tag on a resource. What was made just now may be 404 for a moment, and putting it on twice is like once.

    https://docs.digitalocean.com/reference/api/digitalocean/#operation/tags_assign_resources
    """
    # The action that it depends on has begun by now.
    name: str = step.name  # type: ignore[assignment]
    with client.tagging:
        # Many targets get it at the same time: it is made once, and what went wrong with that is the same for all.
        known = key(name) in client.tags or key(name) in client.tag_errors
        if not known and (error := _make_tag(client, name)):
            client.tag_errors[key(name)] = error
        trouble = client.tag_errors.get(key(name))
    if isinstance(trouble, ApiError) and trouble.status not in MAY_EXIST:
        raise trouble.copy()
    problem = trouble
    for _look in looks(client):
        try:
            return _assign(client, step, name)
        except NotFoundError as error:
            problem = trouble or error
        if trouble is not None and _learn_spelling(client, name):
            with suppress(NotFoundError):
                return _assign(client, step, name)
    client.tag_errors.pop(key(name), None)
    if client.budget.left <= 0:
        raise WaitTimeoutError(
            f"The time of {client.budget.seconds:.0f} s is over: the tag {name!r}, or what is to carry it, does "
            "not show yet. Run the task again to go on, or raise wait_timeout."
        ) from problem
    raise problem  # type: ignore[misc]  # there is always a first look, and it has failed


def _assign(client: Client, step: Tag, name: str) -> None:
    resource = {"resource_id": str(step.resource), "resource_type": step.kind}
    spelled = client.tags.get(key(name), name)
    client.do.tags.assign_resources(tag_id=spelled, body={"resources": [resource]})


def _learn_spelling(client: Client, name: str) -> bool:
    """Look up how the account spells a tag that it refused to make; True if it is in another way than known so far."""
    spelled = None
    with suppress(ScopeError):
        spelled = tags.spelling(client, name)
    if spelled is None or spelled == client.tags.get(key(name), name):
        return False
    client.tags[key(name)] = spelled
    return True


def _make_tag(client: Client, name: str) -> ApiError | OutcomeUnknownError | None:
    """What went wrong with making a tag, which may exist all the same, or None if there is one now.

    One that there is in another spelling keeps its own, by which alone it is found.
    https://docs.digitalocean.com/reference/api/digitalocean/#operation/tags_create
    """
    try:
        body = client.do.tags.create(body={"name": name})
    except (ApiError, OutcomeUnknownError) as error:
        return error
    client.tags[key(name)] = body["tag"]["name"]
    return None


def _untag(client: Client, step: Untag) -> None:
    """https://docs.digitalocean.com/reference/api/digitalocean/#operation/tags_unassign_resources"""
    resource = {"resource_id": str(step.resource), "resource_type": step.kind}
    client.do.tags.unassign_resources(tag_id=step.name, body={"resources": [resource]})


_REQUESTS: dict[type[Step], Callable[[Client, Any], Action | None]] = {
    CreateDroplet: _create,
    RenameImage: _rename,
    DeleteSnapshot: _delete,
    Tag: _tag,
    Untag: _untag,
}
