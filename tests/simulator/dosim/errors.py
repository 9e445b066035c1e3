# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ApiError, a refusal by the API; ControlError, a mistake on the command line or at the control plane."""

from typing import Any

DOCUMENTED = {
    400: ("bad_request", "error parsing request body"),
    401: ("unauthorized", "Unable to authenticate you."),
    403: ("forbidden", "You do not have permission to perform this action."),
    404: ("not_found", "The resource you requested could not be found."),
    405: ("method_not_allowed", "The method is not allowed for the requested resource."),
    409: ("conflict", "The request could not be completed due to a conflict."),
    413: ("payload_too_large", "The request body is larger than 1 MiB."),
    422: ("unprocessable_entity", "request payload validation failed"),
    429: ("too_many_requests", "API rate limit exceeded."),
    500: ("server_error", "Unexpected server-side error"),
    501: ("not_implemented", "The simulator does not model this."),
    502: ("bad_gateway", "Bad gateway"),
    503: ("service_unavailable", "Service unavailable"),
    504: ("gateway_timeout", "Gateway timeout"),
}
PENDING_EVENT = "Droplet already has a pending event."
PENDING_IMAGE_EVENT = "Image already has a pending event."
BLOCKED_MEMBERS = "there are currently blocking events processing for one or more of the droplets"


class ApiError(Exception):
    """A refusal with its status; without a message it has the documented one."""

    def __init__(self, status: int, message: str | None = None) -> None:
        self.status = status
        self.id, documented = DOCUMENTED.get(status, ("example_error", "some error message"))
        self.message = message or documented
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] | None = None
        super().__init__(self.message)


class TagError(ApiError):
    """An invalid name of a tag; only this refusal has a body of another shape."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)
        self.body = {
            "error": message,
            "messages": None,
            "root_causes": [f"rpc error: code = InvalidArgument desc = {message}"],
        }


class ControlError(Exception):
    """A sentence for the person at the command line or the program at the control plane."""
