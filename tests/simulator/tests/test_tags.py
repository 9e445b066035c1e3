# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: made, counted, put on and taken off, deleted, and the Droplets that are destroyed by their tag."""

import pytest
from dosim_testing import Sim

REQUEST = {"name": "new-01", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}
BLOCKED = "there are currently blocking events processing for one or more of the droplets"


def names(sim: Sim) -> set[str]:
    return {droplet["name"] for droplet in sim.state()["droplets"]}


def tag(sim: Sim, name: str) -> dict:
    return sim.read(f"/v2/tags/{name}")["tag"]


def resource(kind: object, key: object) -> dict:
    return {"resource_type": kind, "resource_id": key if isinstance(key, str) else str(key)}


def put_on(sim: Sim, name: str, *resources: object):
    return sim.post(f"/v2/tags/{name}/resources", {"resources": list(resources)})


def take_off(sim: Sim, name: str, *resources: object):
    return sim.delete(f"/v2/tags/{name}/resources", json={"resources": list(resources)})


def test_every_tag_of_the_world_is_listed_with_its_members(sim: Sim) -> None:
    droplets = sim.state()["droplets"]
    expected: dict[str, list[int]] = {}
    for droplet in droplets:
        for name in droplet["tags"]:
            expected.setdefault(name, []).append(droplet["id"])
    listed = sim.read("/v2/tags?per_page=200")
    assert [row["name"] for row in listed["tags"]] == sorted(expected)
    assert listed["meta"]["total"] == len(expected)
    for row in listed["tags"]:
        members = expected[row["name"]]
        uri = f"{sim.ready['api_url']}/v2/droplets/{members[-1]}"
        assert row["resources"]["droplets"] == {"count": len(members), "last_tagged_uri": uri}
        assert (row["resources"]["count"], row["resources"]["last_tagged_uri"]) == (len(members), uri)
        assert row["resources"]["images"] == {"count": 0}
        assert tag(sim, row["name"]) == row


def test_a_new_tag_has_no_members(sim: Sim) -> None:
    reply = sim.post("/v2/tags", {"name": "extra-awesome"})
    nothing = {"count": 0}
    kinds = ("droplets", "images", "volumes", "volume_snapshots", "databases")
    assert (reply.status_code, reply.json()) == (
        201,
        {"tag": {"name": "extra-awesome", "resources": {"count": 0, **dict.fromkeys(kinds, nothing)}}},
    )
    assert tag(sim, "extra-awesome") == reply.json()["tag"]


@pytest.mark.parametrize("name", ["", None, 7, True, ["a"], {}, "no blanks", "здорово", "a/b", "x" * 256, "a\n", "a.b"])
def test_a_bad_name_is_400_with_a_body_of_its_own(sim: Sim, name: object) -> None:
    before = sim.state()["tags"]
    reply = sim.post("/v2/tags", {"name": name})
    body = reply.json()
    assert (reply.status_code, set(body)) == (400, {"error", "messages", "root_causes"})
    assert "contains invalid characters" in body["error"]
    assert body["messages"] is None
    assert body["root_causes"][0].startswith("rpc error: code = InvalidArgument desc = Error validating resource tag")
    assert sim.state()["tags"] == before


def test_what_is_no_object_is_the_usual_400(sim: Sim) -> None:
    for body in ([], "x", None, 3):
        sim.refused(sim.post("/v2/tags", body), 400, "error parsing request body")
        sim.refused(sim.post("/v2/tags/role:ci/resources", body), 400, "error parsing request body")


def test_a_tag_is_put_on_and_taken_off(sim: Sim) -> None:
    known = sim.known("plain-daily")
    droplet, backup = known["id"], known["backups"][0]["id"]
    assert sim.post("/v2/tags", {"name": "fresh"}).status_code == 201
    reply = put_on(sim, "fresh", resource("droplet", droplet), resource("image", backup))
    assert (reply.status_code, reply.content) == (204, b"")
    counted = tag(sim, "fresh")["resources"]
    assert (counted["count"], counted["droplets"]["count"], counted["images"]["count"]) == (2, 1, 1)
    assert counted["images"]["last_tagged_uri"].endswith(f"/v2/images/{backup}")
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["tags"] == ["env:prod", "role:web", "fresh"]
    assert [row["id"] for row in sim.read("/v2/droplets?tag_name=fresh")["droplets"]] == [droplet]
    assert [row["id"] for row in sim.read("/v2/images?tag_name=fresh")["images"]] == [backup]
    assert sim.read(f"/v2/images/{backup}")["image"]["tags"] == ["fresh"]
    for _again in range(2):
        assert put_on(sim, "fresh", resource("droplet", droplet)).status_code == 204
    assert tag(sim, "fresh")["resources"]["droplets"]["count"] == 1
    for _again in range(2):
        assert take_off(sim, "fresh", resource("droplet", droplet)).status_code == 204
        assert sim.known("plain-daily")["tags"] == ["env:prod", "role:web"]
    assert sim.read("/v2/droplets?tag_name=fresh")["droplets"] == []
    assert tag(sim, "fresh")["resources"]["count"] == 1


def test_the_last_tagged_is_told_until_it_is_gone(sim: Sim) -> None:
    first, second = sim.id("plain-none"), sim.id("untagged")
    sim.post("/v2/tags", {"name": "fresh"})
    put_on(sim, "fresh", resource("droplet", second))
    put_on(sim, "fresh", resource("droplet", first))

    def last() -> str:
        return tag(sim, "fresh")["resources"]["droplets"]["last_tagged_uri"]

    assert last().endswith(f"/v2/droplets/{first}")
    assert sim.delete(f"/v2/droplets/{first}").status_code == 204
    assert last().endswith(f"/v2/droplets/{second}")
    assert tag(sim, "fresh")["resources"]["count"] == 1


def test_a_snapshot_shows_its_tags(sim: Sim) -> None:
    key = sim.known("with-volumes")["snapshots"][0]["id"]
    assert put_on(sim, "role:ci", resource("image", key)).status_code == 204
    assert sim.read(f"/v2/snapshots/{key}")["snapshot"]["tags"] == ["role:ci"]
    made = sim.post("/v2/droplets", {**REQUEST, "image": key}).json()["droplet"]
    assert (made["image"]["tags"], made["tags"]) == (["role:ci"], [])
    assert take_off(sim, "role:ci", resource("image", key)).status_code == 204
    assert sim.read(f"/v2/droplets/{made['id']}")["droplet"]["image"]["tags"] == []


def test_a_deleted_tag_is_taken_off_everything(sim: Sim) -> None:
    backup = sim.known("plain-daily")["backups"][0]["id"]
    put_on(sim, "role:web", resource("image", backup))
    sim.read("/v2/droplets?per_page=200")
    assert sim.delete("/v2/tags/role:web").status_code == 204
    sim.refused(sim.get("/v2/tags/role:web"), 404)
    sim.refused(sim.delete("/v2/tags/role:web"), 404)
    assert all("role:web" not in droplet["tags"] for droplet in sim.read("/v2/droplets?per_page=200")["droplets"])
    assert sim.read("/v2/droplets?tag_name=role:web")["droplets"] == []
    assert sim.read(f"/v2/images/{backup}")["image"]["tags"] == []
    assert sim.known("plain-daily")["tags"] == ["env:prod"]


def test_creating_a_droplet_creates_its_tags_in_their_first_spelling(sim: Sim) -> None:
    sim.post("/v2/droplets", {**REQUEST, "tags": ["Fresh", "ENV:PROD"]})
    assert tag(sim, "Fresh")["resources"]["count"] == 1
    assert "ENV:PROD" not in [row["name"] for row in sim.read("/v2/tags?per_page=200")["tags"]]
    assert sim.known("new-01")["tags"] == ["Fresh", "env:prod"]
    reply = sim.post("/v2/tags", {"name": "FRESH"})
    assert reply.json()["tag"]["name"] == "Fresh"


@pytest.mark.parametrize(
    ("bad", "status", "words"),
    [
        ({}, 422, "resource_type must be one of droplet, image, volume"),
        (resource("droplets", 1), 422, "resource_type must be one of"),
        (resource(["droplet"], 1), 422, "resource_type must be one of"),
        (resource(None, 1), 422, "resource_type must be one of"),
        ({"resource_type": "droplet"}, 422, "resource_id must be a text"),
        ({"resource_type": "droplet", "resource_id": 12}, 422, "resource_id must be a text"),
        ({"resource_type": "droplet", "resource_id": ["12"]}, 422, "resource_id must be a text"),
        (resource("droplet", "12"), 404, ""),
        (resource("droplet", "x"), 404, ""),
        (resource("droplet", "-1"), 404, ""),
        (resource("droplet", "9" * 5000), 404, ""),
        (resource("droplet", "\u0661\u0662"), 404, ""),
        (resource("image", "160232537"), 404, ""),
        (resource("volume", "3d80cb72-342b-4aaa-b92e-4e4abb24a933"), 501, "volume"),
        ("droplet", 422, "resources must be a list"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_one_bad_resource_keeps_all_from_being_tagged(sim: Sim, bad: object, status: int, words: str) -> None:
    before = sim.state()["droplets"]
    good = resource("droplet", sim.id("untagged"))
    sim.refused(put_on(sim, "role:ci", good, bad), status, words)
    good = resource("droplet", sim.id("powered-off"))
    sim.refused(take_off(sim, "role:ci", good, bad), status, words)
    assert sim.state()["droplets"] == before


@pytest.mark.parametrize("resources", [None, [], {}, "droplet", 7, [None], [[]]])
def test_resources_are_a_list_of_objects(sim: Sim, resources: object) -> None:
    for method in ("POST", "DELETE"):
        answer = sim.request(method, "/v2/tags/role:ci/resources", json={"resources": resources})
        sim.refused(answer, 422, "resources must be a list")


@pytest.mark.parametrize("name", ["nothing", "%00", "x" * 300, "%F0%9F%92%A9"])
def test_an_unknown_tag_is_404(sim: Sim, name: str) -> None:
    droplet = resource("droplet", sim.id("untagged"))
    sim.refused(sim.get(f"/v2/tags/{name}"), 404)
    sim.refused(sim.delete(f"/v2/tags/{name}"), 404)
    sim.refused(put_on(sim, name, droplet), 404)
    sim.refused(take_off(sim, name, droplet), 404)


@pytest.mark.parametrize(("kind", "scope"), [("droplet", "droplet:update"), ("image", "image:update")])
@pytest.mark.parametrize(("method", "own"), [("POST", "tag:create"), ("DELETE", "tag:delete")])
def test_tagging_needs_the_scope_of_the_resource_too(sim: Sim, kind: str, scope: str, method: str, own: str) -> None:
    known = sim.known("plain-daily")
    key = known["id"] if kind == "droplet" else known["backups"][0]["id"]
    body = {"resources": [resource(kind, key)]}
    for scopes, status in (([own], 403), ([scope], 403), ([own, scope], 204)):
        token = sim.control("POST", "tokens", {"scopes": scopes})["token"]
        answer = sim.request(method, "/v2/tags/role:web/resources", token=token, json=body)
        assert answer.status_code == status


def test_a_token_sees_only_what_it_may_read(sim: Sim) -> None:
    backup = sim.known("plain-daily")["backups"][0]["id"]
    put_on(sim, "role:ci", resource("image", backup))
    token = sim.control("POST", "tokens", {"scopes": ["tag:read", "image:read"]})["token"]
    resources = sim.read("/v2/tags/role:ci", token=token)["tag"]["resources"]
    assert (resources["count"], resources["images"]["count"]) == (1, 1)
    assert "droplets" not in resources


def test_every_member_of_a_tag_is_destroyed(sim: Sim) -> None:
    before = names(sim)
    reply = sim.delete("/v2/droplets?tag_name=role:ci")
    assert (reply.status_code, reply.content) == (204, b"")
    assert names(sim) == before - {"twin", "powered-off"}
    assert [row["type"] for row in sim.read("/v2/actions?per_page=3")["actions"]] == ["destroy"] * 3
    assert sim.read("/v2/tags/role:ci")["tag"]["resources"]["count"] == 0


def test_a_busy_member_saves_all_of_a_tag(sim: Sim) -> None:
    before = sim.state()["droplets"]
    sim.refused(sim.delete("/v2/droplets?tag_name=env:staging"), 422, BLOCKED)
    assert sim.state()["droplets"] == before
    sim.behave(by_tag_blocked="skip")
    assert sim.delete("/v2/droplets?tag_name=env:staging").status_code == 204
    left = [row["name"] for row in sim.state()["droplets"] if "env:staging" in row["tags"]]
    assert left == ["busy-snapshot", "busy-daily"]


def test_destroying_by_tag_wants_a_tag(sim: Sim) -> None:
    before = names(sim)
    for query in ("", "?tag_name=", "?tag=role:ci", "?name=twin"):
        sim.refused(sim.delete(f"/v2/droplets{query}"), 422, "tag_name is required")
    for tag in ("nothing", "%00", "x" * 5000):
        sim.refused(sim.delete(f"/v2/droplets?tag_name={tag}"), 404)
    assert names(sim) == before
