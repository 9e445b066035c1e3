# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How requests are sent: azure-core policies that hold the collection's promises about retries and errors.

A read is repeated until an answer is whole or the tries are used up. A write is sent once; only after a 429, by which
the API says that it was not carried out, is it sent again. Redirects are errors: no redirect policy is in the pipeline.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from .._domain import errors, scopes
from . import endpoints, shapes, unreachable
from .connection import Connection
from .dependencies import AzureError, HttpRequest, HttpResponse, PipelineRequest, PipelineResponse, Policy
from .limits import Budget, Governor
from .printable import make_printable, printable
from .server_time import ServerTime, reset_of
from .wire import MOST_BYTES, OversizeError

LIMITS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")
READ_TRIES = 6
FIRST_BACKOFF = 0.2
"""Seconds before a read is repeated, doubled each time."""

DEFAULT_REQUEST_TIMEOUT = 30.0
LAST_LOOK, OVERTIME = 5.0, 60.0
"""Seconds for a request once the time of the task is over, and after which no more is sent."""

DEFAULT_RETRY_AFTER = 5.0
"""Seconds to wait on a 429 that says neither when to come back nor when the limit resets."""

PENDING = ("pending event", "blocking event")
"""What the API says if an action is at work on the Droplet, or on one of those that an order by tag is for."""


class Meter:
    """Counts attempts, and knows the server's time. `warn` takes a sentence for the user, `clock` gives seconds."""

    def __init__(self, warn: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._time = ServerTime(warn, clock)
        self.reads = 0
        self.writes = 0
        self.sent_at = 0.0
        """When the last request was sent, in seconds of the budget."""

    def count(self, method: str) -> None:
        if method == "GET":
            self.reads += 1
        else:
            self.writes += 1

    def record_response(self, response: HttpResponse) -> None:
        """Take the server's time from an answer."""
        self._time.record_response(response.headers)

    def now(self) -> datetime:
        """The API's own time, in UTC; the best that is known as long as no answer has told."""
        return self._time.now()


class TransientError(errors.UnreachableError):
    """An answer that another try may better; `passing` is False if it will not (a certificate)."""

    def __init__(
        self, message: str, status: int | None = None, request_id: str | None = None, *, passing: bool = True
    ) -> None:
        super().__init__(message, status, request_id)
        self.passing = passing


class SendPolicy(Policy):
    """Paces, counts, retries and turns every failure into an error of `_domain.errors`.

    A request with the option `stale_after` (seconds) is not sent when limits have held it up for longer than that:
    PendingEventError, because somebody else may have been at work meanwhile.
    """

    def __init__(
        self,
        governor: Governor,
        meter: Meter,
        budget: Budget,
        sleep: Callable[[float], None],
        connection: Connection | None = None,
    ) -> None:
        super().__init__()
        self._ca_path = connection.ca_path if connection else None
        self._request_timeout = connection.request_timeout if connection else DEFAULT_REQUEST_TIMEOUT
        self._governor = governor
        self._budget = budget
        self._meter = meter
        self._sleep = sleep

    def send(self, request: PipelineRequest) -> PipelineResponse:
        method = request.http_request.method
        stale_after = request.context.options.pop("stale_after", None)
        asked = self._budget.spent
        tries = 0
        while True:
            self._governor.acquire()
            self._bound(request)
            if stale_after is not None and self._budget.spent - asked > stale_after:
                self._governor.release(counted=False)
                raise errors.PendingEventError("The limits have held up a write that must not be late.")
            self._meter.count(method)
            self._meter.sent_at = self._budget.spent
            tries += 1
            said: dict[str, Any] = {}
            try:
                response = self.next.send(request)
                self._meter.record_response(response.http_response)
                said = self._limits(response.http_response)
                problem = error_from_response(response.http_response)
            except AzureError as error:
                problem = error_from_exception(request.http_request, error, self._ca_path)
            finally:
                self._governor.release(**said)
            if problem is None:
                _forget_odd_limits(response.http_response)
                return response
            if isinstance(problem, errors.RateLimitError):
                self._wait_until_free(response.http_response)
            elif not isinstance(problem, errors.UnreachableError | errors.InvalidAnswerError):
                raise problem
            elif method != "GET":
                raise errors.OutcomeUnknownError(
                    f"{problem.message} Whether it was carried out is not known.", problem.status, problem.request_id
                )
            else:
                backoff = FIRST_BACKOFF * 2 ** (tries - 1)
                passing = getattr(problem, "passing", True)
                if tries == READ_TRIES or not passing or backoff > self._budget.left:
                    raise problem
                self._sleep(backoff)

    def _bound(self, request: PipelineRequest) -> None:
        """Give the next try its time: no more than is left of the task's, but for a last look once that is over."""
        left = self._budget.left
        if left < -OVERTIME:
            self._governor.release(counted=False)
            raise errors.WaitTimeoutError(
                f"The time of {self._budget.seconds:.0f} s is over, and the API answers too slowly to look at what is "
                "left. Run the task again, or raise wait_timeout."
            )
        request.context.options["read_timeout"] = min(self._request_timeout, max(left, LAST_LOOK))

    def _wait_until_free(self, response: HttpResponse) -> None:
        """Let nobody send until a 429 is over: `retry-after` of the burst limit, else the hourly limit's reset."""
        seconds = _number(response, "retry-after")
        if seconds is not None and seconds >= 0:
            self._governor.throttled(max(seconds, FIRST_BACKOFF), "the API's burst limit frees up")
            return
        seconds = self._reset_in(response)
        if seconds is None:
            self._governor.pause(DEFAULT_RETRY_AFTER, "the API's limit frees up")
            return
        reset = self._meter.now() + timedelta(seconds=seconds)
        self._governor.pause(max(seconds, 0) + 1, f"the API's hourly limit frees up at {reset:%H:%M:%S} UTC")

    def _limits(self, response: HttpResponse) -> dict[str, Any]:
        """What an answer's headers say of the hourly limit, for the governor.

        On a 429 of the burst limit `ratelimit-remaining` is 0 although the hourly limit is not used up.
        """
        if response.status_code == 429 and "retry-after" in response.headers:
            return {"counted": False}
        limit, remaining = _number(response, "ratelimit-limit"), _number(response, "ratelimit-remaining")
        reset_in = self._reset_in(response)
        if limit is None or remaining is None or reset_in is None:
            return {}
        return {"limit": int(limit), "remaining": int(remaining), "reset_in": max(0.0, reset_in)}

    def _reset_in(self, response: HttpResponse) -> float | None:
        """Seconds until the oldest request stops to count against the hourly limit, or None."""
        reset = reset_of(response.headers)
        return None if reset is None else (reset - self._meter.now()).total_seconds()


def _forget_odd_limits(response: HttpResponse) -> None:
    """Take away what is no number in the headers that pydo reads as one, when all that they are for is done."""
    for name in LIMITS:
        if not re.fullmatch(r"-?[0-9]{1,18}", response.headers.get(name) or "0"):
            del response.headers[name]


def _number(response: HttpResponse, name: str) -> float | None:
    """A header as a finite number, or None."""
    try:
        number = float(response.headers[name])
    except (KeyError, ValueError):
        return None
    return number if isfinite(number) else None


def error_from_response(response: HttpResponse) -> errors.LifeboatError | None:
    """The error in an answer, or None: bodies are decoded here, within the retry, and only once."""
    status = response.status_code
    request = response.request
    where = f"{request.method} {_path(request)}"
    if status < 300:
        return _unfit(response, where)
    said, request_id = _error_body(response)
    about = (status, request_id)
    if status < 400:
        return errors.ApiError(f"{where} was answered by a redirect, which is not followed. Check api_url.", *about)
    if status == 408 or (status >= 500 and status != 501):
        return TransientError(f"{where} was answered with {status} ({said}).", *about)
    if status == 401:
        return errors.AuthenticationError(f"The API does not accept the token ({said}). Check token.", *about)
    if status == 403:
        return errors.ScopeError(
            f"The token may not do {where} ({said}). It needs the scope {required_scopes(request)}.", *about
        )
    if status == 404:
        return errors.NotFoundError(f"{where}: there is no such thing ({said}).", *about)
    if status == 429:
        return errors.RateLimitError(said, *about)
    if status == 422 and any(word in said.lower() for word in PENDING):
        return errors.PendingEventError(said, *about)
    if status == 422 and "power it off" in said.lower():
        said = f"{said} Power the Droplet off first, as with droplet_action, type: shutdown."
    return errors.ApiError(f"The API refuses {where} with {status}: {said}", *about)


def _unfit(response: HttpResponse, where: str) -> errors.LifeboatError | None:
    """The error in an answer that says that all is well, or None."""
    request = response.request
    endpoint = endpoints.of(request.method, _path(request))
    if response.status_code != endpoint.status:
        return _invalid(where, f"has the status {response.status_code} and should have {endpoint.status}", response)
    if endpoint.shape is None:
        return None
    try:
        body = response.json()
        if isinstance(body, dict):
            make_printable(body, response.text())
    except (ValueError, LookupError, RecursionError):
        return TransientError(f"The answer to {where} is not the JSON object that it should be.")
    if not isinstance(body, dict):
        return _invalid(where, f"is {shapes.kind(body)} and should be an object", response)
    fault = endpoint.fault(request.url, body)
    return _invalid(where, f"is wrong: `{fault[0]}` {fault[1]}", response) if fault else None


def _invalid(where: str, what: str, response: HttpResponse) -> errors.InvalidAnswerError:
    return errors.InvalidAnswerError(
        f"The answer to {where} {what}. Check api_url; if it is right, try again later.",
        response.status_code,
        response.headers.get("x-request-id"),
    )


def error_from_exception(
    request: HttpRequest, error: AzureError, ca_path: str | None = None
) -> errors.InvalidAnswerError | TransientError:
    """The error for a request that got no whole answer."""
    where = f"{request.method} {_path(request)}"
    links = list(unreachable.chain(error))
    if any(isinstance(link, OversizeError) for link in links):
        return errors.InvalidAnswerError(
            f"The answer to {where} is larger than {MOST_BYTES // 1024**2} MiB. Check api_url."
        )
    if cause := unreachable.cause_of(error, request.url, ca_path):
        return TransientError(f"No answer came to {where}. {cause.sentence}", passing=cause.passing)
    name = type(links[-1]).__name__
    if any(isinstance(link, TimeoutError) or "Timeout" in type(link).__name__ for link in links):
        return TransientError(f"No whole answer came to {where} in time ({name}). Raise request_timeout if it is slow.")
    return TransientError(f"No answer came to {where} ({name}).")


def required_scopes(request: HttpRequest) -> str:
    """The token scopes that a request needs, for a sentence."""
    path = _path(request)
    method = request.method
    if path.endswith("/actions") and method == "POST":
        if "/images/" in path:
            return "image:update"
        by_tag = ("tag:read",) if "tag_name=" in request.url else ()
        return " and ".join((*scopes.of_action(_type_of_action(request)), *by_tag))
    if path == "/v2/droplets" and method == "POST":
        return " and ".join(scopes.of_creation(_body(request)))
    if path.endswith("/resources"):
        return f"tag:{'create' if method == 'POST' else 'delete'}, and update of what is tagged"
    if path.startswith("/v2/snapshots/") and method == "DELETE":
        return "image:delete and snapshot:delete"
    kinds = {"GET": "read", "POST": "create", "PUT": "update", "DELETE": "delete"}
    noun = path.removeprefix("/v2/").split("/")[0]
    nouns = {"droplets": "droplet", "images": "image", "snapshots": "snapshot", "tags": "tag"}
    scope = f"{nouns.get(noun, noun)}:{kinds.get(method, 'update')}"
    if noun == "sizes":
        scope += " and regions:read"
    return scope + (" and tag:read" if "tag_name=" in request.url else "")


def _type_of_action(request: HttpRequest) -> str | None:
    kind = _body(request).get("type")
    return kind if isinstance(kind, str) else None


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a request sends; empty if it sends none."""
    try:
        body = json.loads(request.content)
    except (TypeError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def _error_body(response: HttpResponse) -> tuple[str, str | None]:
    """`(message, request id)` of an error answer, whatever its body is."""
    request_id = response.headers.get("x-request-id")
    try:
        body = response.json()
    except (ValueError, LookupError, RecursionError):
        body = None
    if not isinstance(body, dict):
        text = response.content[:200].decode("utf-8", "replace").strip()
        return printable(text or response.reason or "no message"), request_id
    said = body.get("message") or body.get("error") or json.dumps(body)[:200]
    told = body.get("request_id")
    return printable(str(said)), told if told and isinstance(told, str) else request_id


def _path(request: HttpRequest) -> str:
    return "/v2/" + request.url.partition("/v2/")[2].partition("?")[0]
