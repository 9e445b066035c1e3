# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images renamed, copied and deleted, and snapshots under a path of their own."""

import pytest
from dosim_testing import Sim

REQUEST = {"name": "new-01", "region": "nyc3", "size": "s-1vcpu-1gb"}
NOT_A_SNAPSHOT = "the resource is not a snapshot"
PENDING = "Image already has a pending event."


def snapshot_of(sim: Sim, name: str = "with-volumes") -> int:
    return sim.known(name)["snapshots"][0]["id"]


def backup_of(sim: Sim, name: str = "plain-daily") -> int:
    return sim.known(name)["backups"][0]["id"]


def image(sim: Sim, key: int) -> dict:
    return sim.read(f"/v2/images/{key}")["image"]


def put(sim: Sim, key: object, body: object):
    return sim.request("PUT", f"/v2/images/{key}", json=body)


def transfer(sim: Sim, key: int, region: object = "ams3"):
    return sim.post(f"/v2/images/{key}/actions", {"type": "transfer", "region": region})


@pytest.mark.parametrize("which", [snapshot_of, backup_of])
def test_an_image_gets_a_new_name_and_nothing_else(sim: Sim, which) -> None:
    key = which(sim)
    before = image(sim, key)
    reply = put(sim, key, {"name": "before the upgrade"})
    assert (reply.status_code, reply.json()) == (200, {"image": {**before, "name": "before the upgrade"}})
    assert image(sim, key)["name"] == "before the upgrade"


def test_a_droplet_shows_its_image_as_it_is_now(sim: Sim) -> None:
    key = snapshot_of(sim)
    droplet = sim.post("/v2/droplets", {**REQUEST, "image": key}).json()["droplet"]["id"]
    put(sim, key, {"name": "renamed"})
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["image"]["name"] == "renamed"
    assert transfer(sim, key).status_code == 201
    sim.advance(1)
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["image"]["regions"] == ["nyc3", "ams3"]
    assert sim.delete(f"/v2/images/{key}").status_code == 204
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["image"] == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name is required"),
        ({"name": ""}, "name is required"),
        ({"name": None}, "name is required"),
        ({"name": 7}, "name must be a text"),
        ({"name": ["a"]}, "name must be a text"),
        ({"name": "x" * 256}, "name must be a text"),
        ({"name": "a\0b"}, "name must be a text"),
        ({"name": "x", "description": "y"}, "custom images"),
        ({"name": "x", "distribution": "Debian"}, "custom images"),
        ({"name": "x", "description": 1}, "description must be a text"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_update_changes_nothing(sim: Sim, body: dict, words: str) -> None:
    key = snapshot_of(sim)
    before = image(sim, key)
    sim.refused(put(sim, key, body), 422, words)
    assert image(sim, key) == before


def test_only_ones_own_images_can_be_changed(sim: Sim) -> None:
    public = sim.read("/v2/images/ubuntu-24-04-x64")["image"]["id"]
    sim.refused(put(sim, public, {"name": "mine"}), 403)
    sim.refused(sim.delete(f"/v2/images/{public}"), 403)
    for key in (12, "ubuntu-24-04-x64"):
        sim.refused(put(sim, key, {"name": "mine"}), 404)
        sim.refused(sim.delete(f"/v2/images/{key}"), 404)


@pytest.mark.parametrize("which", [snapshot_of, backup_of])
def test_a_deleted_image_is_gone_everywhere_but_in_the_log(sim: Sim, which) -> None:
    key = which(sim)
    reply = sim.delete(f"/v2/images/{key}")
    assert (reply.status_code, reply.content) == (204, b"")
    sim.refused(sim.get(f"/v2/images/{key}"), 404)
    sim.refused(sim.delete(f"/v2/images/{key}"), 404)
    assert key not in [row["id"] for row in sim.read("/v2/images?private=true&per_page=200")["images"]]
    droplets = sim.read("/v2/droplets?per_page=200")["droplets"]
    assert all(key not in droplet["backup_ids"] + droplet["snapshot_ids"] for droplet in droplets)
    (entry,) = sim.read(f"/v2/images/{key}/actions")["actions"]
    assert (entry["type"], entry["status"], entry["resource_id"]) == ("image_destroy", "completed", key)
    sim.advance("40d")


def test_a_busy_image_can_neither_be_deleted_nor_copied_nor_converted(sim: Sim) -> None:
    key = snapshot_of(sim)
    assert transfer(sim, key).status_code == 201
    for reply in (
        transfer(sim, key, "fra1"),
        sim.post(f"/v2/images/{key}/actions", {"type": "convert"}),
        sim.delete(f"/v2/images/{key}"),
        sim.delete(f"/v2/snapshots/{key}"),
    ):
        sim.refused(reply, 422, PENDING)
    sim.advance(1)
    assert sim.delete(f"/v2/images/{key}").status_code == 204


def test_a_copy_is_another_region_where_the_image_can_be_used(sim: Sim) -> None:
    key = snapshot_of(sim)
    request = {**REQUEST, "image": key, "region": "ams3"}
    sim.refused(sim.post("/v2/droplets", request), 422, "not available in this region")
    reply = transfer(sim, key)
    assert reply.status_code == 201
    action = reply.json()["action"]
    assert (action["type"], action["resource_type"], action["resource_id"]) == ("transfer", "image", key)
    assert image(sim, key)["regions"] == ["nyc3"]
    sim.advance(1)
    assert sim.read(f"/v2/images/{key}/actions/{action['id']}")["action"]["status"] == "completed"
    assert image(sim, key)["regions"] == ["nyc3", "ams3"]
    assert sim.read(f"/v2/snapshots/{key}")["snapshot"]["regions"] == ["nyc3", "ams3"]
    assert sim.post("/v2/droplets", request).status_code == 202


@pytest.mark.parametrize("region", [None, "", "mars1", "ams2", 3, ["ams3"], {"slug": "ams3"}, True])
def test_a_copy_needs_a_region_that_is_open(sim: Sim, region: object) -> None:
    sim.behave(closed_regions="nothing")
    sim.refused(transfer(sim, snapshot_of(sim), region), 422, "region must be")


def test_snapshots_have_ids_that_are_texts_and_name_their_droplet(sim: Sim) -> None:
    droplet = sim.known("with-volumes")
    listed = sim.read("/v2/snapshots")
    assert listed["meta"]["total"] == len(listed["snapshots"]) == 1
    (snapshot,) = listed["snapshots"]
    assert snapshot["id"] == str(droplet["snapshots"][0]["id"])
    assert (snapshot["resource_id"], snapshot["resource_type"]) == (str(droplet["id"]), "droplet")
    assert (snapshot["name"], snapshot["tags"], snapshot["min_disk_size"]) == ("by-hand", [], 25)
    assert sim.read(f"/v2/snapshots/{snapshot['id']}")["snapshot"] == snapshot
    assert sim.read("/v2/snapshots?resource_type=droplet")["snapshots"] == [snapshot]
    assert sim.read("/v2/snapshots?resource_type=volume")["snapshots"] == []
    sim.refused(sim.get("/v2/snapshots?resource_type=backup"), 422, "resource_type must be one of droplet, volume")


def test_snapshots_come_and_go_and_outlive_their_droplet(sim: Sim) -> None:
    droplet = sim.known("plain-daily")
    sim.done(droplet["id"], "snapshot", name="second")
    backup = droplet["backups"][0]["id"]
    assert sim.post(f"/v2/images/{backup}/actions", {"type": "convert"}).status_code == 201
    sim.advance(1)
    assert sim.delete(f"/v2/droplets/{droplet['id']}").status_code == 204
    snapshots = sim.read("/v2/snapshots?per_page=2")
    assert snapshots["meta"]["total"] == 3
    assert "resource_type" not in snapshots["links"]["pages"]["next"]
    names = [row["name"] for row in sim.read("/v2/snapshots?resource_type=droplet")["snapshots"]]
    assert sorted(names) == sorted(["by-hand", "second", droplet["backups"][0]["name"]])
    assert sim.read(f"/v2/snapshots/{backup}")["snapshot"]["resource_id"] == str(droplet["id"])
    assert sim.delete(f"/v2/snapshots/{backup}").status_code == 204
    sim.refused(sim.get(f"/v2/images/{backup}"), 404)


def test_a_backup_is_no_snapshot(sim: Sim) -> None:
    backup = backup_of(sim)
    public = sim.read("/v2/images/ubuntu-24-04-x64")["image"]["id"]
    for key in (backup, public):
        sim.refused(sim.get(f"/v2/snapshots/{key}"), 400, NOT_A_SNAPSHOT)
        sim.refused(sim.delete(f"/v2/snapshots/{key}"), 400, NOT_A_SNAPSHOT)
    assert image(sim, backup)["type"] == "backup"
    for key in (12, "fbe805e8-866b-11e6-96bf-000f53315a41", "x"):
        sim.refused(sim.get(f"/v2/snapshots/{key}"), 404)
        sim.refused(sim.delete(f"/v2/snapshots/{key}"), 404)


def test_a_droplet_from_a_snapshot_of_one_that_is_gone(sim: Sim) -> None:
    known = sim.known("with-volumes")
    key = known["snapshots"][0]["id"]
    assert sim.delete(f"/v2/droplets/{known['id']}").status_code == 204
    reply = sim.post("/v2/droplets", {**REQUEST, "image": key})
    assert reply.status_code == 202
    sim.advance(1)
    assert (sim.known("new-01")["disk_from"], sim.known("new-01")["status"]) == (key, "active")


def test_without_tag_read_a_snapshot_has_no_tags(sim: Sim) -> None:
    scopes = ["snapshot:read", "block_storage_snapshot:read"]
    token = sim.control("POST", "tokens", {"scopes": scopes})["token"]
    assert "tags" not in sim.read(f"/v2/snapshots/{snapshot_of(sim)}", token=token)["snapshot"]
