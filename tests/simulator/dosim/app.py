# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ASGI application: journal, authentication, limits, faults, route, error envelope."""

import asyncio
import logging
import math
from email.utils import formatdate
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from dosim import lag, routes, wrong
from dosim.cloud import ActionFault
from dosim.control import control_plane
from dosim.errors import ApiError
from dosim.faults import Fault
from dosim.journal import MASK, Entry
from dosim.simulator import Simulator
from dosim.tokens import SCOPES
from dosim.transport import Answer, Request, cut, read, send_answer, until_disconnected
from dosim.wire import Call, Reply

LARGEST_JOURNALED = 16 * 1024
DEFAULT_RESET_IN = 2
log = logging.getLogger("dosim")


class RequestAbandoned(Exception):
    """The client hung up, or the world was reset, while a delay fault held a request: it is not carried out."""


class App:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._control = control_plane(simulator)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/_sim" or path.startswith("/_sim/"):
            await self._control(scope, receive, send)
            return
        request = await read(scope, receive, self.simulator.cloud.ids.request())
        if self.simulator.settings.latency:
            await asyncio.sleep(self.simulator.settings.latency)
        answer = await self._answer(request, receive)
        if answer is None:
            await cut(receive, send)
        else:
            await send_answer(answer, receive, send)

    async def _answer(self, request: Request, receive: Receive) -> Answer | None:
        """Answer a request: authentication, limits, faults, route. None drops the connection."""
        simulator = self.simulator
        simulator.cloud.catch_up()
        entry = self._journal(request)
        token: str | None = None
        answer: Answer | None
        try:
            token = simulator.tokens.authenticate(request.headers.get("authorization"))
            simulator.limits.charge(token, simulator.cloud.now)
            scopes = simulator.tokens.scopes(token)
            fault = simulator.faults.take(request.method, request.path)
            if fault is None:
                answer = self._carry_out(request, scopes, entry)
            else:
                answer = await self._answer_with_fault(fault, request, scopes, entry, receive)
        except ApiError as error:
            answer = _envelope(error, request)
        except RequestAbandoned:
            answer = None
        if answer is not None:
            entry.status = answer.status
            answer.headers = {**self._headers(request, token, answer.date_shift), **answer.headers}
        return answer

    def _headers(self, request: Request, token: str | None, date_shift: int) -> dict[str, str | None]:
        cloud = self.simulator.cloud
        return {
            "date": formatdate(cloud.second + date_shift, usegmt=True),
            "content-type": "application/json; charset=utf-8",
            "x-request-id": request.id,
            **self.simulator.limits.headers(token, cloud.now),
        }

    def _journal(self, request: Request) -> Entry:
        """Enter a /v2 request into the journal; for any other path, return an entry that is not kept."""

        def mask(text: str) -> str:
            for token in self.simulator.tokens.known():
                text = text.replace(token, MASK)
            return text

        found = routes.match(request.path)
        entry = Entry(
            at=self.simulator.cloud.timestamp,
            method=request.method,
            path=mask(request.path),
            query=mask(request.query),
            body=_readable(mask((request.body or b"")[:LARGEST_JOURNALED].decode("utf-8", "replace"))),
            route=found[0] if found else mask(request.path),
        )
        if request.path.startswith("/v2/"):
            self.simulator.journal.add(entry)
        return entry

    def _carry_out(self, request: Request, scopes: frozenset[str], entry: Entry) -> Answer:
        """Carry out a request on the model; this is the only place that does.

        The answer is serialised at once, so that it shows the state of this moment even if a fault holds it.
        """
        if request.method != "GET":
            now = self.simulator.cloud.now
            self.simulator.cloud.past.before_change(now, now)
        try:
            reply = self._dispatch(request, scopes)
            answer = Answer(reply.status, b"" if reply.payload is None else orjson.dumps(reply.payload), {})
        except ApiError as error:
            return _envelope(error, request)
        except Exception:
            log.exception("%s %s", request.method, request.path)
            return _envelope(ApiError(500), request)
        entry.carried_out = True
        return answer

    def _dispatch(self, request: Request, scopes: frozenset[str]) -> Reply:
        if service := routes.elsewhere(request.method, request.path):
            raise ApiError(501, f"The simulator does not model {service}: it has what Droplet backups need.")
        found = routes.match(request.path)
        if found is None:
            raise ApiError(404)
        template, params = found
        methods = routes.TABLE[template]
        if request.method not in methods:
            refusal = ApiError(405)
            refusal.headers = {"allow": ", ".join(methods)}
            raise refusal
        route = methods[request.method]
        if route is None:
            raise ApiError(501, f"The simulator does not model {request.method} {template}.")
        if request.body is None:
            raise ApiError(413)
        call = Call(
            cloud=lag.view(self.simulator.cloud, request.method, template, params),
            path=request.path,
            query_string=request.query,
            body=request.body,
            base_url=request.base_url,
            scopes=scopes,
            params=params,
        )
        call.require(*route.scopes)
        return route.handler(call)

    async def _answer_with_fault(
        self, fault: Fault, request: Request, scopes: frozenset[str], entry: Entry, receive: Receive
    ) -> Answer | None:
        """Answer a request that a fault matches."""
        entry.fault = fault.id
        self._send_first(fault, request)
        delay, status = fault.effect("delay"), fault.effect("status")
        if delay and not delay["carried_out"]:
            await self._hold(delay["delay"], receive)
        answer = None
        if fault.carried_out:
            self.simulator.cloud.action_fault = _action_fault(fault)
            answer = self._carry_out(request, scopes, entry)
            self.simulator.cloud.action_fault = ActionFault()
        if delay and delay["carried_out"]:
            await asyncio.sleep(delay["delay"])
            self.simulator.cloud.catch_up()
        if fault.effect("drop"):
            return None
        answer = self._status_answer(status, request) if status else answer or Answer(200, b"{}", {})
        answer.truncate = fault.effect("truncate") is not None
        if effect := fault.effect("wrong"):
            fault.spoiled += wrong.spoil(effect, answer)
        if effect := fault.effect("slow"):
            answer.slow = effect["slow"]
        return answer

    async def _hold(self, seconds: float, receive: Receive) -> None:
        """Wait before carrying out. Raises RequestAbandoned if the client no longer waits for the answer."""
        generation = self.simulator.generation
        try:
            await asyncio.wait_for(until_disconnected(receive), seconds)
        except TimeoutError:
            if generation == self.simulator.generation:
                self.simulator.cloud.catch_up()
                return
        raise RequestAbandoned

    def _send_first(self, fault: Fault, request: Request) -> None:
        """Carry out the request that a fault sends first, with full rights and outside journal, limits and faults."""
        effect = fault.effect("first")
        if effect is None:
            return
        order = effect["first"]
        path, _mark, query = order["path"].partition("?")
        body = b"" if order["body"] is None else orjson.dumps(order["body"])
        other = Request(request.id, order["method"], path, query, Headers(), body, request.base_url)
        fault.first_statuses.append(self._carry_out(other, SCOPES, Entry()).status)
        self.simulator.cloud.catch_up()

    def _status_answer(self, effect: dict[str, Any], request: Request) -> Answer:
        """The answer of a status fault."""
        status = effect["status"]
        answer = _envelope(ApiError(status), request) if status >= 400 else Answer(status, b"{}", {})
        if "body" in effect:
            body = effect["body"]
            answer.body = body.encode("utf-8", "replace") if isinstance(body, str) else orjson.dumps(body)
        if "retry_after" in effect:
            answer.headers["retry-after"] = str(math.ceil(effect["retry_after"]))
        elif status == 429:
            reset = self.simulator.cloud.now + effect.get("reset_in", DEFAULT_RESET_IN)
            answer.headers |= {"ratelimit-remaining": "0", "ratelimit-reset": str(math.ceil(reset))}
        return answer


def _action_fault(fault: Fault) -> ActionFault:
    action = fault.effect("action")
    if action is None:
        return ActionFault()
    return ActionFault(held_by=fault.id) if action["action"] == "stuck" else ActionFault(outcome="errored")


def _envelope(error: ApiError, request: Request) -> Answer:
    body = error.body or {"id": error.id, "message": error.message, "request_id": request.id}
    return Answer(error.status, orjson.dumps(body), dict(error.headers))


def _readable(body: str) -> Any:
    """A body for the journal: parsed if it is JSON, otherwise text."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
