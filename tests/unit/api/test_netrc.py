# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ~/.netrc that has an entry for the API's host neither replaces the token nor adds credentials to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.client import Client
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import Connection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import UnreachableError

TOKEN = "dop_v1_" + "5" * 64
LOGIN, PASSWORD = "somebody", "secret-of-somebody"


@pytest.fixture(name="sent")
def _sent(monkeypatch: pytest.MonkeyPatch) -> list[requests.PreparedRequest]:
    """The requests that would go out to the network, which there is none."""
    found: list[requests.PreparedRequest] = []

    def record(_adapter: HTTPAdapter, request: requests.PreparedRequest, **_options: Any) -> requests.Response:
        found.append(request)
        raise requests.ConnectionError("no network")

    monkeypatch.setattr(HTTPAdapter, "send", record)
    return found


@pytest.mark.parametrize(
    "api_url", ["https://api.digitalocean.com", "https://api.example.com:8443", "http://localhost"]
)
@pytest.mark.parametrize("place", ["HOME", "NETRC"])
def test_an_entry_for_the_host_is_not_used(
    sent: list[requests.PreparedRequest], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, api_url: str, place: str
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine {urlsplit(api_url).hostname} login {LOGIN} password {PASSWORD}\n")
    netrc.chmod(0o600)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv(place, str(tmp_path if place == "HOME" else netrc))
    assert requests.utils.get_netrc_auth(api_url) == (LOGIN, PASSWORD)
    with Client(Connection(TOKEN, api_url=api_url), 0) as client, pytest.raises(UnreachableError):
        client.do.droplets.get(droplet_id=1)
    (request,) = sent
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.url == f"{api_url}/v2/droplets/1"
    assert PASSWORD not in str(request.headers)
