# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user says about the way to the API, checked: the same for modules and for the inventory."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from .._domain.errors import InputError
from .._domain.options import at_least, at_most

TOKEN_VARIABLES = (
    *("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"),
    *("DO_API_TOKEN", "DO_API_KEY", "DO_OAUTH_TOKEN"),
)
"""In this order; the last three are those of other collections and scripts."""

VARIABLES = {
    "token": TOKEN_VARIABLES,
    "api_url": ("DIGITALOCEAN_API_URL",),
    "ca_path": ("DIGITALOCEAN_CA_PATH",),
}
"""By option, the environment variables that it is taken from if it is left out; the first that is not empty."""

API_URL = "https://api.digitalocean.com"

_LOOKS_LIKE_A_TOKEN = re.compile(
    r"(TF_VAR_)?(DO_|DIGITAL_?OCEAN_?)((?!\w*(SPACES|SSH|PUBLIC|PRIVATE))\w+_)?(TOKEN|KEY|PAT)|OAUTH_TOKEN",
    re.IGNORECASE,
)
"""What other programs call the variable, as people would expect it to be read here as well."""


MOST_CONCURRENCY = 64
LONGEST_REQUEST = 3600
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and how to reach the API. `request_timeout` and `lag_tolerance` in seconds.

    `burst_limit` as "requests/seconds".
    """

    token: str
    api_url: str = API_URL
    ca_path: str | None = None
    request_timeout: float = 30
    concurrency: int = 8
    burst_limit: str = "250/60"
    lag_tolerance: int = 60

    def __repr__(self) -> str:
        return f"Connection({self.api_url})"

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Connection:
        """From the options of the same names; raises InputError."""
        token, ca_path = options["token"], options["ca_path"]
        if not token:
            raise InputError(
                f"There is no token: set token, or {TOKEN_VARIABLES[0]} where the task runs.{_look_alikes(os.environ)}"
            )
        if not all(33 <= ord(character) <= 126 for character in token):
            raise InputError("The token has a space, a line break or another character that no token has. Check token.")
        if ca_path and not os.access(ca_path, os.R_OK):
            raise InputError(f"ca_path {ca_path!r} is not a file that can be read where the task runs.")
        if not options["validate_certs"]:
            raise InputError(
                "validate_certs: false is refused: it would show the token to whoever stands between. For an api_url "
                "with a certificate of an authority of your own, set ca_path to a file with that authority in PEM "
                "format, and leave validate_certs out."
            )
        for name in ("request_timeout", "concurrency"):
            at_least(options, name, 1)
        at_most(options, "concurrency", MOST_CONCURRENCY)
        at_most(options, "request_timeout", LONGEST_REQUEST)
        at_least(options, "lag_tolerance", 0)
        return cls(**{name: options[name] for name in cls.__slots__})


def checked_url(url: str) -> str:
    """`url` without a trailing slash; raises InputError unless it is https, or http to this machine."""
    try:
        parts = urlsplit(url)
        address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        address = None
    if not address:
        raise InputError(f"api_url {url!r} is not an address: write it like https://api.digitalocean.com.")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise InputError(
            f"api_url has more than scheme, host and port of {parts.hostname}: leave out user, path and query."
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise InputError(f"api_url {url!r} would send the token unencrypted: plain http is only for this machine.")
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(url: str) -> bool:
    """Whether the host of a checked `url` is this machine, so that no request leaves it."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def from_environment(option: str) -> str | None:
    """What the environment says about an option that was left out, a key of VARIABLES; an empty variable is as none."""
    return next((os.environ[name] for name in VARIABLES[option] if os.environ.get(name)), None)


def _look_alikes(environ: Mapping[str, str]) -> str:
    """A sentence about variables that are set and may have been meant to hold the token, or an empty text."""
    found = [
        name
        for name in sorted(environ)
        if environ[name] and name not in TOKEN_VARIABLES and _LOOKS_LIKE_A_TOKEN.fullmatch(name)
    ]
    if not found:
        return ""
    are, it = ("is", "it") if len(found) == 1 else ("are", "one of them")
    return f" {' and '.join(found)} {are} set, but not read; if {it} holds the token, give it as {TOKEN_VARIABLES[0]}."


def token_warnings(token: str) -> list[str]:
    """A sentence for each variable that holds another token than the one in use, so that none is taken by mistake."""
    others = {name: os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)}
    if len(set(others.values())) < 2 or token not in others.values():
        return []
    used = next(name for name, value in others.items() if value == token)
    differing = [name for name, value in others.items() if value != token]
    return [f"{used} and {' and '.join(differing)} hold different tokens; {used} is used."]
