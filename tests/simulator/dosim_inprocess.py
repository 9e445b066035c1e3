# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator in this process, without sockets: one request for each route that is served, and its true answer."""

import asyncio
import json
from functools import cache
from typing import Any

from dosim import control, routes, wrong
from dosim.app import App
from dosim.cloud import Durations
from dosim.simulator import Settings, Simulator
from dosim.transport import Answer
from starlette.datastructures import Headers
from starlette.types import Message

NEW = {"name": "late", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
SERVED = [
    (method, template) for template, methods in routes.TABLE.items() for method, route in methods.items() if route
]


class Told:
    """An answer as a client without a library sees it."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def root(self) -> Any:
        return self.json[wrong.root_of(self.json)]


class Account:
    """An application in this process, with a small world in which every route has something to show."""

    def __init__(self) -> None:
        self.simulator = Simulator(Settings(droplets=3, durations=Durations(bare=0.0), rate_limit="off"))
        self.app = App(self.simulator)
        self.reset()

    def reset(self) -> None:
        self.simulator.reset()
        state = control.state(self.simulator)
        bare = next(droplet["id"] for droplet in state["droplets"] if not droplet["policy"])
        # The first of each list shows all that there can be.
        self.ask("POST", f"/v2/droplets/{bare}/actions", {"type": "enable_backups"})
        rich = next(droplet for droplet in state["droplets"] if droplet["backups"])
        self.droplet, self.image = rich["id"], rich["backups"][0]["id"]
        self.ask("POST", f"/v2/droplets/{self.droplet}/actions", {"type": "snapshot", "name": "by hand"})
        self.ask("POST", f"/v2/images/{self.image}/actions", {"type": "convert"})
        self.ask("POST", "/v2/tags", {"name": "old"})
        self.resources = {"resources": [{"resource_type": "droplet", "resource_id": str(self.droplet)}]}
        self.ask("POST", "/v2/tags/old/resources", self.resources)
        state = control.state(self.simulator)
        last = {action["resource_type"]: action["id"] for action in state["actions"]}
        self.names = {
            "droplet_id": self.droplet, "image_id": self.image, "snapshot_id": self.image, "tag_id": "old",
        }  # fmt: skip
        self.actions = last
        self.simulator.journal.clear()

    def prepared(self, method: str, template: str) -> tuple[str, str, Any]:
        """A request to a route that the API carries out."""
        names = {**self.names, "action_id": self.actions["image" if "images" in template else "droplet"]}
        path = template.format(**names)
        if template == "/v2/images" and method == "GET":
            path += "?private=true"
        if template in ("/v2/droplets/actions", "/v2/droplets") and method != "GET":
            path += "" if template == "/v2/droplets" and method == "POST" else "?tag_name=old"
        bodies: dict[tuple[str, str], Any] = {
            ("POST", "/v2/droplets"): NEW,
            ("POST", "/v2/droplets/actions"): {"type": "power_off"},
            ("POST", "/v2/droplets/{droplet_id}/actions"): {"type": "reboot"},
            ("POST", "/v2/images/{image_id}/actions"): {"type": "transfer", "region": "ams3"},
            ("PUT", "/v2/images/{image_id}"): {"name": "renamed"},
            ("POST", "/v2/tags"): {"name": "fresh"},
            ("POST", "/v2/tags/{tag_id}/resources"): self.resources,
            ("DELETE", "/v2/tags/{tag_id}/resources"): self.resources,
        }
        return method, path, bodies.get((method, template))

    def ask(self, method: str, path: str, body: Any = None, hangs_up_after: float = 30) -> Told:
        return asyncio.run(self._ask(method, path, body, hangs_up_after))

    async def _ask(self, method: str, path: str, body: Any, hangs_up_after: float) -> Told:
        path, _mark, query = path.partition("?")
        headers = {"authorization": f"Bearer {self.simulator.token}", "host": "api"}
        scope = {
            "type": "http", "scheme": "https", "method": method, "path": path, "query_string": query.encode(),
            "headers": [(key.encode(), value.encode()) for key, value in headers.items()], "server": ("api", 443),
        }  # fmt: skip
        sent: list[Message] = []
        coming: list[Message] = [{"type": "http.request", "body": b"" if body is None else json.dumps(body).encode()}]

        async def receive() -> Message:
            if coming:
                return coming.pop()
            await asyncio.sleep(hangs_up_after)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        text = b"".join(message.get("body", b"") for message in sent)
        return Told(sent[0]["status"], Headers(raw=sent[0]["headers"]), text)

    def spoiled(self, route: tuple[str, str], **effect: Any) -> tuple[Told, dict[str, Any], bool]:
        """The answer to a request that meets a wrong way, its entry in the journal, and whether it was spoiled."""
        method, path, body = self.prepared(*route)
        self.simulator.journal.clear()
        key = self.simulator.faults.add({"match": {"method": method}, "effect": effect})
        told = self.ask(method, path, body)
        fault = next(fault for fault in self.simulator.faults.as_list() if fault["id"] == key)
        assert fault["hits"] == 1
        (entry,) = self.simulator.journal.requests()
        assert (entry["fault"], entry["route"], entry["status"]) == (key, route[1], told.status)
        self.simulator.faults.remove(key)
        return told, entry, bool(fault["spoiled"])


@cache
def true_answers() -> dict[tuple[str, str], Told]:
    """The true answer of each route, by method and template."""
    account = Account()
    found = {}
    for route in SERVED:
        account.reset()
        found[route] = account.ask(*account.prepared(*route))
        assert 200 <= found[route].status < 300, (route, found[route].body)
    return found


@cache
def fields(method: str, template: str) -> dict[str, str]:
    """Each field that the answer of a route has, with the JSON type that it is of there."""
    body = json.loads(true_answers()[method, template].body or b"null")
    return {path: json_type(container[key]) for path, container, key in wrong.fields_of(body)}


@cache
def spoils(way: str, method: str, template: str) -> bool:
    """True if a way of being wrong has something to spoil in the true answer of a route."""
    told = true_answers()[method, template]
    return wrong.spoil({"wrong": way}, Answer(told.status, told.body, dict(told.headers)))


def json_type(value: Any) -> str:
    """The name of a value's JSON type, as in `wrong.OTHERS`; true and false have a type of their own."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    return next(name for name, kind in _TYPES.items() if isinstance(value, kind))


_TYPES: dict[str, type | tuple[type, ...]] = {"text": str, "number": (int, float), "object": dict, "list": list}
