# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent in so many words to what loses something: `confirm`, which is the name of the one Droplet that is meant."""

from __future__ import annotations

from .errors import RefusedError
from .models import Droplet


def unconfirmed(does: str, droplet: Droplet, confirm: str | None) -> str | None:
    """A sentence that refuses a task without its `confirm`, None if it is there; `does` says what the task does.

    Raises RefusedError if `confirm` names another Droplet.
    """
    if confirm is None:
        return f"{does}. Set confirm: {droplet.name} if you mean Droplet {droplet}."
    if confirm != droplet.name:
        raise RefusedError(
            f"confirm {confirm!r} is not the name of the Droplet that this task selects, {droplet}. Nothing was sent.",
            droplet=droplet.id,
        )
    return None
