# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as the handlers see it, and what they give back."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from dosim.cloud import Cloud
from dosim.errors import ApiError

_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(slots=True)
class Reply:
    """``payload`` None is an empty body."""

    status: int
    payload: Any = None


@dataclass(slots=True)
class Call:
    """One request on its way through: ``params`` are the path's, ``scopes`` the token's."""

    cloud: Cloud
    path: str
    query_string: str
    body: bytes
    base_url: str
    scopes: frozenset[str]
    params: dict[str, str] = field(default_factory=dict)

    def query(self, key: str) -> str | None:
        """A query parameter; an empty one counts as absent."""
        return dict(parse_qsl(self.query_string)).get(key)

    def link(self, **changed: object) -> str:
        """This request's own URL with some query parameters changed."""
        query = {**dict(parse_qsl(self.query_string)), **changed}
        return f"{self.base_url}{self.path}?{urlencode(query)}"

    def number(self, param: str) -> int:
        """A path parameter that is an id. Raises ApiError 404 for anything else."""
        text = self.params[param]
        if not _NUMBER.fullmatch(text):
            raise ApiError(404)
        return int(text)

    def json(self) -> dict[str, Any]:
        """The body. Raises ApiError 400 unless it is a JSON object."""
        try:
            body = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise ApiError(400) from None
        if not isinstance(body, dict):
            raise ApiError(400)
        return body

    def require(self, *scopes: str) -> None:
        if not self.scopes.issuperset(scopes):
            raise ApiError(403)
