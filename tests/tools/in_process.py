# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An adapter for sessions of `requests` that hands requests to an ASGI application in this process, without sockets.

What stands above it in a client (redirects, time-outs, unpacking, a length that does not fit) works as over a network.
"""

from __future__ import annotations

import asyncio
import http.client
import threading
from io import BytesIO
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from starlette.types import ASGIApp, Message
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError


class AsgiAdapter(HTTPAdapter):
    """Sends requests to `applications`, each by scheme, host and port of its address; any other goes to the network."""

    applications: ClassVar[dict[str, Application]] = {}
    """Of all adapters of this process."""

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        address = urlsplit(request.url or "")
        application = self.applications.get(f"{address.scheme!s}://{address.netloc!s}")
        if application is None:
            return super().send(request, *args, **named)
        exchange = _Exchange(request)
        application.answer(exchange)
        return self.build_response(request, exchange.response())


class Application:
    """An ASGI application that answers one request at a time, in whichever thread asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()

    def answer(self, exchange: _Exchange) -> None:
        with self._lock:
            self._loop.run_until_complete(self._app(exchange.scope(), exchange.receive, exchange.send))

    def close(self) -> None:
        self._loop.close()


class _Exchange:
    """One request and what was sent in answer to it, by the interface that ASGI has for a server.

    An application that cuts a connection looks for the `transport` of the object whose method `send` is.
    """

    def __init__(self, request: requests.PreparedRequest) -> None:
        self._request = request
        body = request.body or b""
        self._coming: list[Message] = [
            {"type": "http.request", "body": body.encode() if isinstance(body, str) else body}
        ]
        self._sent: list[Message] = []
        self.transport = self

    def abort(self) -> None:
        """Cut the connection; what was sent has not arrived."""
        self._sent.clear()

    def close(self) -> None:
        """Close the connection; what was sent has arrived."""

    def scope(self) -> dict[str, Any]:
        address = urlsplit(self._request.url or "")
        headers = {"host": address.netloc, **self._request.headers}
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": address.scheme,
            "method": self._request.method,
            "path": unquote(address.path),
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), _text(value).encode("latin-1")) for name, value in headers.items()],
            "server": (address.hostname, address.port or 443),
            "client": ("127.0.0.1", 0),
        }

    async def receive(self) -> Message:
        return self._coming.pop() if self._coming else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self._sent.append(message)

    def response(self) -> HTTPResponse:
        """The answer as urllib3 has it from a connection; raises ConnectionError if that was cut."""
        if not self._sent:
            cause = http.client.RemoteDisconnected("Remote end closed connection without response")
            raise requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=self._request)
        start, *parts = self._sent
        return HTTPResponse(
            body=BytesIO(b"".join(part.get("body", b"") for part in parts)),
            headers=HTTPHeaderDict((name.decode("latin-1"), text.decode("latin-1")) for name, text in start["headers"]),
            status=start["status"],
            reason=http.client.responses.get(start["status"], ""),
            version=11,
            preload_content=False,
            decode_content=False,
            request_method=self._request.method,
        )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
