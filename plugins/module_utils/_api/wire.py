# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections on which an answer is bounded: it comes within the time of its request, and is not larger than it may be.

A time-out of a socket is for one read of it, so that a server that sends one byte a second is never late. Here one
deadline holds for the headers and the body together.
"""

from __future__ import annotations

import http.client
import io
import time
import zlib
from socket import socket
from typing import Any

from .dependencies import HTTPAdapter, HTTPConnection, HTTPError, HTTPSConnection, PoolManager, Timeout, requests

MOST_BYTES = 16 * 1024 * 1024
"""What an answer has at most, unpacked. A page of 200 Droplets has about half a megabyte."""

CHUNK = 64 * 1024


class OversizeError(OSError):
    """An answer is larger than MOST_BYTES."""


class _Timed(io.RawIOBase):
    """The bytes of a socket until a moment of `time.perf_counter`; raises TimeoutError then."""

    def __init__(self, sock: socket, until: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.perf_counter()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer that is whole within the time-out that its socket has when it begins."""

    def __init__(self, sock: socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        seconds = sock.gettimeout()
        if seconds is not None:
            self.fp.close()
            self.fp = io.BufferedReader(_Timed(sock, time.perf_counter() + seconds))


class _Http(HTTPConnection):
    response_class = _TimedResponse


class _Https(HTTPSConnection):
    response_class = _TimedResponse


class BoundedAdapter(HTTPAdapter):
    """Reads each answer whole before it hands it on. Answers are plain or packed with gzip."""

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        super().init_poolmanager(*args, **named)
        _time(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **named: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **named)
        _time(manager)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        connecting, whole = named["timeout"]
        limit = Timeout(total=whole, connect=min(connecting, whole), read=whole)
        response = super().send(request, *args, **{**named, "stream": True, "timeout": limit})
        try:
            response._content = _body(response.raw)
            response._content_consumed = True
        except (HTTPError, http.client.HTTPException, zlib.error, OSError) as error:
            response.close()
            raise requests.exceptions.RequestException(error) from error
        response.raw.release_conn()
        return response


def _time(manager: PoolManager) -> None:
    """Let the pools of this manager make timed connections."""
    manager.pool_classes_by_scheme = {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": {"http": _Http, "https": _Https}[scheme]})
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _body(raw: Any) -> bytes:
    """The body of urllib3's answer, unpacked; raises OversizeError, and what the connection raises."""
    raw.enforce_content_length = True
    packing = raw.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("gzip", "identity", ""):
        raise OSError(f"the answer is packed with {packing[:20]!r}, which was not asked for")
    parts = _Unpacked() if packing == "gzip" else _Plain()
    received = 0
    while chunk := raw.read(CHUNK, decode_content=False):
        received += len(chunk)
        parts.take(chunk)
        if max(received, parts.size) > MOST_BYTES:
            raise OversizeError(f"the answer is larger than {MOST_BYTES // 1024**2} MiB")
    return parts.whole()


class _Plain:
    """What was received so far; `size` in bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[bytes] = []

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._parts.append(chunk)

    def whole(self) -> bytes:
        return b"".join(self._parts)


class _Unpacked(_Plain):
    """The same of gzip, whose members follow each other; never more than one byte beyond MOST_BYTES is unpacked."""

    def __init__(self) -> None:
        super().__init__()
        self._member: zlib._Decompress | None = None

    def take(self, chunk: bytes) -> None:
        while chunk and self.size <= MOST_BYTES:
            member = self._member or zlib.decompressobj(16 + zlib.MAX_WBITS)
            super().take(member.decompress(chunk, MOST_BYTES + 1 - self.size))
            chunk = member.unused_data
            self._member = None if member.eof else member

    def whole(self) -> bytes:
        if self._member:
            raise OSError("the packed answer is cut off")
        return super().whole()
