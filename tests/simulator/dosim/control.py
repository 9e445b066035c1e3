# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane under /_sim/: outside journal, limits, latency and faults, and without a token."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dosim import serialise, wrong
from dosim.clock import duration, instant, stamp
from dosim.cloud import Cloud
from dosim.errors import ControlError
from dosim.services import prices
from dosim.simulator import Simulator
from dosim.store import Droplet
from dosim.strict import only, text, whole
from dosim.tokens import SCOPES


def _json(payload: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(payload), status, media_type="application/json")


async def _body(request: Request, empty: Any = None) -> Any:
    """The request's JSON; ``empty`` is what an empty body means, if one is allowed. Raises ControlError."""
    raw = await request.body()
    if not raw and empty is not None:
        return empty
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ControlError(f"the body is not JSON: {error}") from None


class _Control:
    """One method for each verb of the control plane."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def reset(self, request: Request) -> Response:
        body = await _body(request, empty={})
        only(body, "the body", "world", "droplets", "seed")
        self.simulator.reset(text(body, "world", None), whole(body, "droplets", None), whole(body, "seed", None))
        return _json({"now": self.simulator.cloud.timestamp})

    async def state(self, _request: Request) -> Response:
        return _json(state(self.simulator))

    async def clock(self, request: Request) -> Response:
        cloud = self.simulator.cloud
        if request.method == "POST":
            body = await _body(request)
            only(body, "the body", "advance", "set")
            if len(body) != 1:
                raise ControlError("give exactly one of advance and set")
            try:
                if "advance" in body:
                    cloud.clock.advance(duration(body["advance"]))
                else:
                    cloud.clock.set(instant(body["set"]))
            except ValueError as error:
                raise ControlError(str(error)) from None
        cloud.catch_up()
        return _json({"now": cloud.timestamp})

    async def faults(self, request: Request) -> Response:
        faults = self.simulator.faults
        if request.method == "POST":
            return _json({"id": faults.add(await _body(request))}, 201)
        if request.method == "DELETE":
            keys = faults.ids()
            for key in keys:
                self.simulator.drop_fault(key)
            return _json({"deleted": len(keys)})
        return _json({"faults": faults.as_list()})

    async def wrong(self, _request: Request) -> Response:
        return _json({"wrong": wrong.names()})

    async def fault(self, request: Request) -> Response:
        key = request.path_params["key"]
        found = [number for number in self.simulator.faults.ids() if str(number) == key]
        if not found or not self.simulator.drop_fault(found[0]):
            raise HTTPException(404, "there is no fault with this id")
        return _json({"deleted": 1})

    async def journal(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.simulator.journal.clear()
        return _json({"requests": self.simulator.journal.requests()})

    async def summary(self, _request: Request) -> Response:
        return _json(self.simulator.journal.summary())

    async def behaviour(self, request: Request) -> Response:
        if request.method == "PUT":
            body = await _body(request)
            if not isinstance(body, dict):
                raise ControlError("the body must be a JSON object of switches and values")
            self.simulator.switch(body)
        return _json(self.simulator.cloud.behaviour.as_dict())

    async def tokens(self, request: Request) -> Response:
        body = await _body(request)
        only(body, "the body", "scopes")
        scopes = body.get("scopes")
        if not isinstance(scopes, list):
            raise ControlError(f"scopes must be a list of scopes; they are {', '.join(sorted(SCOPES))}")
        return _json({"token": self.simulator.tokens.make(scopes)}, 201)

    async def token(self, request: Request) -> Response:
        if not self.simulator.tokens.revoke(request.path_params["token"]):
            raise HTTPException(404, "there is no such token")
        return _json({"revoked": True})


def state(simulator: Simulator) -> dict[str, Any]:
    """The world as the simulator knows it, expiry dates and origins included."""
    cloud = simulator.cloud
    cloud.catch_up()
    store = cloud.store
    images = {
        key: {
            **serialise.image(image),
            "droplet_id": image.origin,
            "expires_at": None if image.expires is None else stamp(image.expires),
        }
        for key, image in store.images.rows.items()
    }
    return {
        "now": cloud.timestamp,
        "account": store.account,
        "droplets": [_droplet(cloud, droplet, images) for droplet in store.droplets.rows.values()],
        "images": list(images.values()),
        "tags": sorted(tag.name for tag in store.tags.values()),
        "actions": [serialise.action(cloud, action, frozenset()) for action in store.log],
        "tokens": [{"scopes": sorted(scopes)} for scopes in simulator.tokens.all_scopes()],
        "behaviour": cloud.behaviour.as_dict(),
    }


def _droplet(cloud: Cloud, droplet: Droplet, images: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """A Droplet in the state, with its own of all `images`."""
    return {
        "id": droplet.id,
        "name": droplet.name,
        "status": droplet.status,
        "size": droplet.size,
        "region": droplet.region,
        "gpu": droplet.gpu,
        "features": droplet.features,
        "kernel": droplet.kernel,
        "tags": droplet.tags,
        "created_at": stamp(droplet.created),
        "policy": droplet.policy and serialise.policy(droplet.policy),
        "backups_cost": prices.of_backups(cloud, droplet),
        "next_backup_window": serialise.window(droplet),
        "backups": [images[key] for key in droplet.backups],
        "snapshots": [images[key] for key in droplet.snapshots],
        "volumes": droplet.volumes,
        "disk": droplet.disk,
        "disk_from": droplet.disk_from,
        "host_keys": droplet.host_keys,
        "pending": [action.id for action in droplet.pending],
    }


def _refusal(_request: Request, error: Exception) -> Response:
    return _json({"id": "unprocessable_entity", "message": str(error)}, 422)


def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json({"id": str(error.status_code), "message": error.detail}, error.status_code)


def control_plane(simulator: Simulator) -> Starlette:
    control = _Control(simulator)
    routes: list[tuple[str, Callable[[Request], Awaitable[Response]], list[str]]] = [
        ("/_sim/reset", control.reset, ["POST"]),
        ("/_sim/state", control.state, ["GET"]),
        ("/_sim/clock", control.clock, ["GET", "POST"]),
        ("/_sim/faults", control.faults, ["GET", "POST", "DELETE"]),
        ("/_sim/faults/{key}", control.fault, ["DELETE"]),
        ("/_sim/wrong", control.wrong, ["GET"]),
        ("/_sim/journal", control.journal, ["GET", "DELETE"]),
        ("/_sim/journal/summary", control.summary, ["GET"]),
        ("/_sim/behaviour", control.behaviour, ["GET", "PUT"]),
        ("/_sim/tokens", control.tokens, ["POST"]),
        ("/_sim/tokens/{token}", control.token, ["DELETE"]),
    ]
    return Starlette(
        routes=[Route(path, endpoint, methods=methods) for path, endpoint, methods in routes],
        exception_handlers={ControlError: _refusal, HTTPException: _http_error},
    )
