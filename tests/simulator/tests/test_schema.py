# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every route that is served, in every world, gives what the official schema says."""

import pytest
from dosim import routes
from dosim_testing import Schema, Sim

SERVED = {
    (method, template)
    for template, methods in routes.TABLE.items()
    for method, route in methods.items()
    if route and template not in routes.BEYOND_SCHEMA
}


@pytest.fixture(autouse=True)
def _schema_is_there(schema: Schema | None) -> None:
    if schema is None:
        pytest.skip("DIGITALOCEAN_OPENAPI does not name the official schema's file")


def every_route(sim: Sim) -> None:
    """Ask everything once, on a Droplet that has all kinds of things."""
    names = {droplet["name"]: droplet for droplet in sim.state()["droplets"]}
    rich = next((droplet for droplet in names.values() if droplet["backups"] and not droplet["pending"]), None)
    for path in (
        "/v2/account",
        "/v2/regions?per_page=5&page=2",
        "/v2/sizes?per_page=200",
        "/v2/images?per_page=200",
        "/v2/images?private=true&per_page=3&page=2",
        "/v2/images?type=application",
        "/v2/images/ubuntu-24-04-x64",
        "/v2/actions?per_page=200",
        "/v2/droplets?per_page=200",
        "/v2/droplets?type=gpus",
        "/v2/droplets?tag_name=env:prod&per_page=2",
        "/v2/droplets/backups/policies?per_page=200",
        "/v2/droplets/backups/supported_policies",
        "/v2/snapshots?resource_type=droplet",
    ):
        sim.read(path)
    if rich is None:
        return
    droplet, backup = rich["id"], rich["backups"][-1]["id"]
    convert = sim.post(f"/v2/images/{backup}/actions", {"type": "convert"})
    assert convert.status_code == 201
    sim.done(droplet, "change_backup_policy", backup_policy={"plan": "weekly", "weekday": "MON", "hour": 8})
    action = sim.act(droplet, "snapshot", name="by-hand")["id"]
    sim.read(f"/v2/droplets/{droplet}/actions/{action}")
    sim.advance(2)
    for path in (
        f"/v2/droplets/{droplet}",
        f"/v2/droplets/{droplet}/backups",
        f"/v2/droplets/{droplet}/backups/policy",
        f"/v2/droplets/{droplet}/snapshots",
        f"/v2/droplets/{droplet}/actions",
        f"/v2/actions/{action}",
        f"/v2/images/{backup}",
        f"/v2/images/{backup}/actions",
        f"/v2/images/{backup}/actions/{convert.json()['action']['id']}",
    ):
        sim.read(path)
    for kind, body in (("restore", {"image": rich["backups"][0]["id"]}), ("rename", {"name": "other"})):
        sim.done(droplet, kind, **body)
    assert sim.post("/v2/droplets/actions?tag_name=role:ci", {"type": "shutdown"}).status_code == 201
    sim.advance(2)
    snapshots_and_tags(sim, droplet)
    request = {"name": "new", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3", "backups": True}
    created = sim.post("/v2/droplets", request)
    assert created.status_code == 202
    sim.read(f"/v2/droplets/{created.json()['droplet']['id']}")
    several = sim.post("/v2/droplets", {**{k: v for k, v in request.items() if k != "name"}, "names": ["a", "b", "c"]})
    assert several.status_code == 202
    sim.advance(2)
    sim.read(f"/v2/droplets/{droplet}/kernels")
    assert sim.delete("/v2/droplets?tag_name=role:ci").status_code == 204
    assert sim.delete(f"/v2/droplets/{created.json()['droplet']['id']}").status_code == 204


def snapshots_and_tags(sim: Sim, droplet: int) -> None:
    first, second = (row["id"] for row in sim.read(f"/v2/droplets/{droplet}/snapshots")["snapshots"])
    assert sim.request("PUT", f"/v2/images/{first}", json={"name": "renamed"}).status_code == 200
    assert sim.post(f"/v2/images/{first}/actions", {"type": "transfer", "region": "syd1"}).status_code == 201
    sim.advance(2)
    sim.read(f"/v2/snapshots/{first}")
    assert sim.post("/v2/tags", {"name": "fresh"}).status_code == 201
    members = [("droplet", droplet), ("image", second)]
    body = {"resources": [{"resource_type": kind, "resource_id": str(key)} for kind, key in members]}
    assert sim.post("/v2/tags/fresh/resources", body).status_code == 204
    assert sim.read("/v2/tags/fresh")["tag"]["resources"]["count"] == 2
    sim.read("/v2/tags?per_page=200")
    assert sim.delete("/v2/tags/fresh/resources", json=body).status_code == 204
    assert sim.delete("/v2/tags/fresh").status_code == 204
    assert sim.delete(f"/v2/snapshots/{first}").status_code == 204
    assert sim.delete(f"/v2/images/{second}").status_code == 204


@pytest.mark.parametrize(
    "world", [{"world": "fleet"}, {"world": "awkward"}, {"world": "usage"}, {"droplets": 90}, {"droplets": 0}], ids=str
)
def test_every_route_follows_the_schema(sim: Sim, world: dict) -> None:
    sim.reset(**world)
    every_route(sim)


def test_no_served_route_goes_unchecked(sim: Sim, schema: Schema) -> None:
    schema.checked.clear()
    every_route(sim)
    assert {(method, template) for method, template, _status in schema.checked} == SERVED


def test_the_schema_knows_every_route_and_all_its_routes_are_known(schema: Schema) -> None:
    ours = {(method, template) for template, methods in routes.TABLE.items() for method in methods}
    theirs = {
        (method.upper(), template)
        for template, operations in schema.document["paths"].items()
        for method in operations
        if method in ("get", "post", "put", "delete", "patch")
    }
    assert {(method, template) for method, template in ours if template not in routes.BEYOND_SCHEMA} == theirs


def test_scopes_are_those_of_the_schema(schema: Schema) -> None:
    for template, methods in routes.TABLE.items():
        for method, route in methods.items():
            if route and template not in routes.BEYOND_SCHEMA:
                declared = schema.document["paths"][template][method.lower()]["security"]
                assert [list(scopes) for scopes in (entry["bearer_auth"] for entry in declared)] == [list(route.scopes)]
