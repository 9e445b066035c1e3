# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for one action that somebody else has begun."""

from __future__ import annotations

from .._domain.errors import ActionFailedError, InvalidAnswerError, UnreachableError, WaitTimeoutError
from .apply import FIRST_POLL
from .verify import LONGEST_POLL


def until_ended(client, action, ask):
    """The Action once it has completed; `ask()` gives it as it is now.

    Raises ActionFailedError if it ends as errored, and WaitTimeoutError, after which it may still run.
    """
    pause, unheard = FIRST_POLL, ""
    while not action.ended:
        left = client.budget.left
        if left <= 0:
            doubt = unheard or action.doubt
            state = f"{'may still be' if doubt else 'is still'} running after {client.budget.seconds:.0f} s."
            told = (f"Action {action.id} ({action.type}) {state}", doubt, "Run the task again to wait on, or raise")
            raise WaitTimeoutError(f"{' '.join(filter(None, told))} wait_timeout.").with_context(action=action.id)
        client.sleep(min(pause, left))
        pause = min(LONGEST_POLL, pause * 2)
        try:
            action, unheard = ask(), ""
        except (InvalidAnswerError, UnreachableError) as error:
            # It runs on without us: ask again until the time is over.
            unheard = error.message
    if action.errored:
        raise ActionFailedError(
            f"Action {action.id} ({action.type}) ended as errored; DigitalOcean does not say why."
        ).with_context(droplet=action.resource_id if action.resource_type == "droplet" else None, action=action.id)
    return action
