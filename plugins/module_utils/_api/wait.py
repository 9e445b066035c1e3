# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding an action by its id, and waiting for its end."""

from __future__ import annotations

from .._domain.errors import ActionFailedError, InvalidAnswerError, NotFoundError, UnreachableError, WaitTimeoutError
from .._domain.models import Action
from . import actions
from .client import Client
from .lag import looks

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds between two looks at an action that runs, doubled from the first to the longest."""


def ended(client: Client, action_id: int, droplet_id: int | None) -> Action:
    """The Action once it has completed; it may be found a little later than it was begun.

    Raises NotFoundError, ActionFailedError if it ends as errored, and WaitTimeoutError, after which it may still run.
    """
    action, pause, unheard = _begun(client, action_id, droplet_id), FIRST_PAUSE, ""
    while not action.ended:
        left = client.budget.left
        if left <= 0:
            raise _timed_out(client, action, unheard)
        client.sleep(min(pause, left))
        pause = min(LONGEST_PAUSE, pause * 2)
        try:
            action, unheard = actions.get(client, action_id, droplet_id), ""
        except (InvalidAnswerError, UnreachableError) as error:
            # It runs on without us: ask again until the time is over.
            unheard = error.message
    if action.errored:
        raise ActionFailedError(
            f"Action {action.id} ({action.type}) ended as errored; DigitalOcean does not say why."
        ).with_context(droplet=action.resource_id if action.resource_type == "droplet" else None, action=action.id)
    return action


def _begun(client: Client, action_id: int, droplet_id: int | None) -> Action:
    missing = NotFoundError("There is no such action.")
    for _look in looks(client):
        try:
            return actions.get(client, action_id, droplet_id)
        except NotFoundError as error:
            missing = error
    raise missing


def _timed_out(client: Client, action: Action, unheard: str) -> WaitTimeoutError:
    doubt = unheard or action.doubt
    state = f"{'may still be' if doubt else 'is still'} running after {client.budget.seconds:.0f} s."
    told = (f"Action {action.id} ({action.type}) {state}", doubt, "Run the task again to wait on, or raise")
    return WaitTimeoutError(f"{' '.join(filter(None, told))} wait_timeout.").with_context(action=action.id)
