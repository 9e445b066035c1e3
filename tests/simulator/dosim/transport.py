# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes in and out: read a request, send an answer whole, cut it in half, or cut the connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import MethodType
from typing import TYPE_CHECKING, cast

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

LARGEST_BODY = 1024 * 1024
SLOW_STEP = 0.1
"""Seconds between two pieces of a slow answer, if it is not slower than a byte in that time."""


@dataclass(slots=True)
class Request:
    """A request as it came in; ``body`` is None if it was too large to keep."""

    id: str
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes | None
    base_url: str


@dataclass(slots=True)
class Answer:
    """What to send; ``truncate`` sends half of the body that the headers announce; ``slow`` sends all of it, at so many
    bytes per second. A header that is None is not sent; ``date_shift`` is how many seconds its date is off.
    """

    status: int
    body: bytes
    headers: dict[str, str | None]
    truncate: bool = False
    slow: float | None = None
    date_shift: int = 0


async def read(scope: Scope, receive: Receive, request_id: str) -> Request:
    """Read a whole request; a body that is too large is read to its end, but not kept."""
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= LARGEST_BODY:
            chunks.append(chunk)
        more = message.get("more_body", False)
    headers = Headers(scope=scope)
    server, port = scope["server"]
    return Request(
        id=request_id,
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("ascii", "replace"),
        headers=headers,
        body=b"".join(chunks) if size <= LARGEST_BODY else None,
        base_url=f"{scope['scheme']}://{headers.get('host', f'{server}:{port}')}",
    )


async def until_disconnected(receive: Receive) -> None:
    """Return when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _connection(send: Send) -> asyncio.Transport:
    """The transport under an answer: ASGI does not offer it, but uvicorn's ``send`` is a method of its owner."""
    cycle = cast("RequestResponseCycle", cast(MethodType, send).__self__)
    return cycle.transport


async def cut(receive: Receive, send: Send) -> None:
    """Drop the connection without an answer."""
    _connection(send).abort()
    await until_disconnected(receive)


async def send_answer(answer: Answer, receive: Receive, send: Send) -> None:
    headers = dict(answer.headers)
    if answer.status not in (204, 304):
        headers["content-length"] = str(len(answer.body))
    if answer.truncate and not answer.body:
        # It arrives whole, and a client that was not told would meet the closing connection with its next request.
        headers["connection"] = "close"
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items() if value is not None]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if answer.slow:
        await _send_slowly(answer.body, answer.slow, receive, send)
        return
    if not answer.truncate:
        await send({"type": "http.response.body", "body": answer.body})
        return
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
    # Closed and not aborted, so that the half is sure to arrive.
    _connection(send).close()
    await until_disconnected(receive)


async def _send_slowly(body: bytes, rate: float, receive: Receive, send: Send) -> None:
    """Send ``rate`` bytes per second of real time, until the client hangs up."""
    size = max(1, int(rate * SLOW_STEP))
    gone = asyncio.ensure_future(until_disconnected(receive))
    try:
        for start in range(0, len(body), size):
            done, _waiting = await asyncio.wait((gone,), timeout=size / rate)
            if done:
                return
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()
