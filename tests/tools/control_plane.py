# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the simulator's control plane, which `tests/simulator/README.md` describes."""

from __future__ import annotations

import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter

TIMEOUT = 30
"""Seconds for one answer."""


class ControlPlaneError(Exception):
    """The simulator refused a request, or did not answer with a JSON object."""


class ControlPlane:
    """The control plane of one running simulator, over the network or by an `adapter`. Threads may share it."""

    def __init__(self, api_url: str, ca_path: str, adapter: HTTPAdapter | None = None) -> None:
        self.api_url = api_url
        self.ca_path = ca_path
        self._session = requests.Session()
        if adapter is not None:
            self._session.mount(api_url, adapter)
        # A certificate bundle that the environment names would replace the simulator's own.
        self._session.trust_env = False
        self._session.verify = ca_path
        self._lock = threading.Lock()

    def close(self) -> None:
        self._session.close()

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request to the simulator, to whichever of its routes, and return the answer."""
        with self._lock:
            return self._session.request(method, self.api_url + path, timeout=TIMEOUT, **options)

    def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send one request to the control plane and return its JSON object. Raises ControlPlaneError."""
        answer = self.send(method, f"/_sim/{path}", json=body)
        if answer.status_code not in (200, 201):
            raise ControlPlaneError(f"{method} /_sim/{path} {body}: {answer.status_code} {answer.text[:300]}")
        found = answer.json()
        if not isinstance(found, dict):
            raise ControlPlaneError(f"{method} /_sim/{path}: not an object but {found!r}")
        return found

    def reset(self, **world: Any) -> None:
        """Return to the start; `world`, `droplets` and `seed` replace those of the command line."""
        self.control("POST", "reset", world)

    def state(self) -> dict[str, Any]:
        """The account as the simulator knows it."""
        return self.control("GET", "state")

    def now(self) -> str:
        """The simulated time."""
        found: str = self.control("GET", "clock")["now"]
        return found

    def advance(self, duration: float | str) -> str:
        """Move the simulated clock forward, by seconds or a text like 5m or 2d, and return the new time."""
        found: str = self.control("POST", "clock", {"advance": duration})["now"]
        return found

    def set_clock(self, moment: str) -> None:
        """Move the simulated clock forward to a moment."""
        self.control("POST", "clock", {"set": moment})

    def switches(self) -> dict[str, str]:
        """The position of every switch."""
        return self.control("GET", "behaviour")

    def behave(self, **switches: str) -> None:
        """Set switches. Raises ControlPlaneError if one of them does not take its value."""
        found = self.control("PUT", "behaviour", switches)
        if not switches.items() <= found.items():
            raise ControlPlaneError(f"{switches} were set, and the switches are {found}")

    def fault(self, *effects: dict[str, Any], **match: Any) -> int:
        """Order a fault for the requests that match, and return its id."""
        key: int = self.control("POST", "faults", {"match": match, "effect": list(effects)})["id"]
        return key

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are ordered, with how often each was hit."""
        found: list[dict[str, Any]] = self.control("GET", "faults")["faults"]
        return found

    def delete_fault(self, key: int) -> None:
        """Remove one fault; what it held goes on."""
        self.control("DELETE", f"faults/{key}")

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.control("DELETE", "faults")

    def journal(self) -> list[dict[str, Any]]:
        """The requests to the API since the journal was last emptied."""
        found: list[dict[str, Any]] = self.control("GET", "journal")["requests"]
        return found

    def journal_summary(self) -> dict[str, int]:
        """The number of requests since the journal was last emptied, by method and route."""
        found: dict[str, int] = self.control("GET", "journal/summary")["summary"]
        return found

    def forget(self) -> None:
        """Empty the journal."""
        self.control("DELETE", "journal")

    def make_token(self, *scopes: str) -> str:
        """Make a token with exactly these scopes and return it."""
        token: str = self.control("POST", "tokens", {"scopes": list(scopes)})["token"]
        return token

    def revoke(self, token: str) -> None:
        """Make a token invalid."""
        self.control("DELETE", f"tokens/{token}")
