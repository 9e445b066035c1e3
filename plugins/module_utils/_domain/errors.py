# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can go wrong, as one tree.

    LifeboatError
    ├── InputError              the task itself is wrong; nothing was sent
    ├── SelectionError          the Droplets asked for are not there, or are not one
    ├── RefusedError            it could be done, but would lose something the user has not given up
    ├── ApiError                the API answered with a status of 400 or above, or with something wrong
    │   ├── AuthenticationError     401
    │   ├── ScopeError              403: the token lacks a scope
    │   ├── NotFoundError           404
    │   ├── InvalidAnswerError      an answer is not whole or not of the right shape, however often it was read
    │   ├── PendingEventError       422: another action is at work on the Droplet
    │   └── RateLimitError          429, and the limit frees up too late for this task
    ├── UnreachableError        a read got no usable answer, however often it was tried
    ├── OutcomeUnknownError     a write was sent and its answer lost: it may or may not be carried out
    ├── IncompleteListError     a list kept changing while it was read
    ├── ActionFailedError       an action ended as `errored`
    ├── NotConvergedError       every action completed, yet the state is not the one asked for
    ├── WaitTimeoutError        the time is over; actions may still be running
    └── UnexpectedError         a fault of the collection

Each message is a sentence for the operator. `kind` is the stable name that a result carries.
"""

from __future__ import annotations

from typing import Self


class LifeboatError(Exception):
    """Base of all errors that reach the user as a sentence.

    `status` is that of the HTTP answer, `droplet` and `action` are ids; they are None if they do not apply.
    """

    kind = "error"
    fatal = False
    """True if going on with other Droplets makes no sense."""

    def __init__(
        self,
        message: str,
        status: int | None = None,
        request_id: str | None = None,
        droplet: int | None = None,
        action: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.request_id = request_id
        self.droplet = droplet
        self.action = action

    def copy(self, message: str | None = None) -> Self:
        """An error of the same kind for another Droplet, with another `message` if one is given."""
        return self.__class__(message or self.message, self.status, self.request_id)

    def with_context(self, droplet: int | None = None, action: int | None = None) -> Self:
        """The same error, knowing which Droplet or action (ids) it is about."""
        self.droplet = self.droplet or droplet
        self.action = self.action or action
        return self

    def as_failure(self) -> dict[str, str | int | None]:
        """The `failure` of a result."""
        return {
            "kind": self.kind,
            "message": self.message,
            "status": self.status,
            "request_id": self.request_id,
            "droplet": self.droplet,
            "action": self.action,
        }


class InputError(LifeboatError):
    kind = "input"


class SelectionError(LifeboatError):
    kind = "selection"


class RefusedError(LifeboatError):
    kind = "refused"


class ApiError(LifeboatError):
    kind = "api"


class AuthenticationError(ApiError):
    kind = "authentication"
    fatal = True


class ScopeError(ApiError):
    kind = "scope"
    fatal = True


class NotFoundError(ApiError):
    kind = "not_found"


class InvalidAnswerError(ApiError):
    kind = "invalid_answer"


class PendingEventError(ApiError):
    kind = "pending_event"


class RateLimitError(ApiError):
    kind = "rate_limit"
    fatal = True


class UnreachableError(LifeboatError):
    kind = "unreachable"


class OutcomeUnknownError(LifeboatError):
    kind = "outcome_unknown"


class IncompleteListError(LifeboatError):
    kind = "incomplete_list"


class ActionFailedError(LifeboatError):
    kind = "action_failed"


class NotConvergedError(LifeboatError):
    kind = "not_converged"


class WaitTimeoutError(LifeboatError):
    kind = "wait_timeout"


class UnexpectedError(LifeboatError):
    kind = "unexpected"

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Around any other exception, whose traceback stays with it as the cause."""
        what = f"{type(error).__name__}: {error}"
        wrapped = cls(f"Unexpected {what}. This is a fault of the collection: please report it.")
        wrapped.__cause__ = error
        return wrapped
