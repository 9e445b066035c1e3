# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens and their scopes."""

import re

from dosim.errors import ApiError, ControlError
from dosim.ids import token_from

SCOPES = frozenset(
    f"{resource}:{verb}"
    for resource, verbs in {
        "account": "read",
        "actions": "read",
        "block_storage": "create read update delete",
        "block_storage_snapshot": "create read delete",
        "droplet": "create read update delete admin",
        "firewall": "create read update delete",
        "image": "create read update delete",
        "regions": "read",
        "reserved_ip": "create read update delete",
        "sizes": "read",
        "snapshot": "read delete",
        "ssh_key": "create read update delete",
        "tag": "create read delete",
        "vpc": "create read update delete",
    }.items()
    for verb in verbs.split()
)
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)


class Tokens:
    """Tokens, each with exactly the scopes that it was given."""

    def __init__(self, main: str, seed: int) -> None:
        self._scopes: dict[str, frozenset[str]] = {main: SCOPES}
        self._made = 0
        self._seed = seed

    def authenticate(self, header: str | None) -> str:
        """The token of an Authorization header. Raises ApiError 401."""
        found = _BEARER.fullmatch(header or "")
        if not found or found[1] not in self._scopes:
            raise ApiError(401)
        return found[1]

    def scopes(self, token: str) -> frozenset[str]:
        return self._scopes[token]

    def make(self, scopes: list[object]) -> str:
        granted = set()
        for scope in scopes:
            if not isinstance(scope, str) or scope not in SCOPES:
                raise ControlError(f"unknown scope {scope!r}; the scopes are {', '.join(sorted(SCOPES))}")
            granted.add(scope)
        self._made += 1
        token = token_from(self._seed, "made", self._made)
        self._scopes[token] = frozenset(granted)
        return token

    def revoke(self, token: str) -> bool:
        return self._scopes.pop(token, None) is not None

    def all_scopes(self) -> list[frozenset[str]]:
        return list(self._scopes.values())

    def known(self) -> list[str]:
        return list(self._scopes)
