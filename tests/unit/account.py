# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of the simulator in this process, for tests of what reads and writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.client import Client
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import Connection
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.machine import WatchedMachine
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import LocalSimulator

PAGE = "per_page=200&page="


class Account(LocalSimulator):
    """Droplets as a world file describes them. `client()` is connected; `asked` are its requests."""

    def __init__(self, folder: Path, *droplets: dict[str, Any]) -> None:
        world = folder / "world.yml"
        world.write_text(json.dumps({"droplets": droplets}), "utf-8")
        super().__init__("--world", str(world), "--action-seconds", "0", "--rate-limit", "off")

    @contextmanager
    def client(self, *scopes: str, seconds: float = 600, **options: Any) -> Iterator[Client]:
        """A client with all rights, or with a token of these scopes; `options` are those of Connection."""
        token = self.make_token(*scopes) if scopes else self.token
        with Client(Connection(token, self.api_url, **options), seconds, WatchedMachine(self.time)) as connected:
            yield connected

    def id(self, name: str) -> int:
        """The id of the only Droplet of a name."""
        (key,) = (droplet["id"] for droplet in self.state()["droplets"] if droplet["name"] == name)
        return int(key)

    @property
    def asked(self) -> list[str]:
        """Each request as method, path and query; of the first page of a list, the filters alone."""
        found = []
        for entry in self.journal():
            query = "&".join(part for part in entry["query"].replace(f"{PAGE}1", "").split("&") if part)
            found.append(f"{entry['method']} {entry['path'].removeprefix('/v2/')}{'?' if query else ''}{query}")
        return found
