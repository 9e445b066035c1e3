# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore, rebuild, resize and the other orders to a Droplet; orders to all that have a tag."""

import pytest
from dosim_testing import Sim

PENDING = "Droplet already has a pending event."
SMALLER = "This size is not available because it has a smaller disk"


def shown(sim: Sim, droplet: int) -> dict:
    return sim.read(f"/v2/droplets/{droplet}")["droplet"]


def order(sim: Sim, droplet: str, kind: str, /, **args: object):
    return sim.post(f"/v2/droplets/{sim.id(droplet)}/actions", {"type": kind, **args})


def test_a_restore_writes_this_backup_and_leaves_the_rest_as_it_is(sim: Sim) -> None:
    known = sim.known("plain-daily")
    droplet, backup = known["id"], known["backups"][2]
    before = shown(sim, droplet)
    action = sim.act(droplet, "restore", image=backup["id"])
    assert (action["type"], action["status"], action["resource_id"]) == ("restore", "in-progress", droplet)
    assert sim.known("plain-daily")["disk_from"] == before["image"]["id"]
    sim.advance(1)
    assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == "completed"
    assert shown(sim, droplet) == before
    assert sim.known("plain-daily")["disk_from"] == backup["id"]


def test_a_restore_that_fails_or_is_stuck_writes_nothing(sim: Sim) -> None:
    known = sim.known("plain-daily")
    droplet, backup = known["id"], known["backups"][0]["id"]
    sim.fault({"action": "errored"}, method="POST")
    assert sim.done(droplet, "restore", image=backup)["status"] == "errored"
    held = sim.fault({"action": "stuck"}, method="POST")
    assert sim.done(droplet, "restore", image=backup)["status"] == "in-progress"
    sim.refused(order(sim, "plain-daily", "restore", image=backup), 422, PENDING)
    assert sim.known("plain-daily")["disk_from"] == known["disk_from"]
    sim.control("DELETE", f"faults/{held}")
    sim.advance(0)
    assert sim.known("plain-daily")["disk_from"] == backup


def test_a_backup_that_was_left_over_can_be_restored(sim: Sim) -> None:
    known = sim.known("left-over")
    assert known["policy"] is None
    assert sim.done(known["id"], "restore", image=known["backups"][0]["id"])["status"] == "completed"


def test_only_a_backup_of_this_droplet_can_be_restored(sim: Sim) -> None:
    sim.behave(restore_takes_snapshots="false")
    own = sim.known("with-volumes")
    others = sim.known("plain-daily")["backups"][0]["id"]
    public = sim.read("/v2/images/ubuntu-24-04-x64")["image"]["id"]
    for image in (others, public, own["snapshots"][0]["id"], 1, -1, 10**18):
        sim.refused(order(sim, "with-volumes", "restore", image=image), 422)
    converted = own["backups"][0]["id"]
    assert sim.post(f"/v2/images/{converted}/actions", {"type": "convert"}).status_code == 201
    sim.refused(order(sim, "with-volumes", "restore", image=converted), 422, "Image already has a pending event")
    sim.advance(1)
    sim.refused(order(sim, "with-volumes", "restore", image=converted), 422, "a backup of this Droplet")


def test_a_restored_disk_is_what_the_next_snapshot_and_backup_hold(sim: Sim) -> None:
    """A backup that has expired meanwhile does not take the Droplet with it."""
    known = sim.known("plain-daily")
    sim.behave(image_after_restore="backup")
    sim.done(known["id"], "restore", image=known["backups"][0]["id"])
    assert shown(sim, known["id"])["image"]["type"] == "backup"
    sim.advance("10d")
    assert shown(sim, known["id"])["status"] == "active"
    assert len(sim.known("plain-daily")["backups"]) == 7


@pytest.mark.parametrize("by", ["id", "slug", "backup", "snapshot"])
def test_a_rebuild_takes_any_image_that_fits(sim: Sim, by: str) -> None:
    sim.behave(rebuild_takes_backups="true")
    known = sim.known("with-volumes")
    debian = sim.read("/v2/images/debian-12-x64")["image"]
    image = {
        "id": debian["id"],
        "slug": "debian-12-x64",
        "backup": known["backups"][0]["id"],
        "snapshot": known["snapshots"][0]["id"],
    }[by]
    before = shown(sim, known["id"])
    assert sim.done(known["id"], "rebuild", image=image)["type"] == "rebuild"
    after = shown(sim, known["id"])
    assert after["image"]["id"] == sim.known("with-volumes")["disk_from"] == (debian["id"] if by == "slug" else image)
    assert {**after, "image": 0} == {**before, "image": 0}


def test_a_renamed_or_converted_image_shows_in_the_droplets_made_from_it(sim: Sim) -> None:
    known = sim.known("with-volumes")
    backup = known["backups"][0]["id"]
    sim.behave(rebuild_takes_backups="true")
    sim.done(known["id"], "rebuild", image=backup)
    assert shown(sim, known["id"])["image"]["type"] == "backup"
    assert sim.post(f"/v2/images/{backup}/actions", {"type": "convert"}).status_code == 201
    sim.advance(1)
    assert shown(sim, known["id"])["image"]["type"] == "snapshot"


def test_a_resize_without_the_disk_can_go_back(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    sim.done(droplet, "resize", size="s-2vcpu-4gb")
    after = shown(sim, droplet)
    assert (after["size_slug"], after["memory"], after["vcpus"], after["disk"]) == ("s-2vcpu-4gb", 4096, 2, 25)
    assert (after["size"]["disk"], after["disk_info"][0]["size"]["amount"]) == (80, 25)
    sim.done(droplet, "snapshot", name="small")
    assert sim.known("plain-daily")["snapshots"][0]["min_disk_size"] == 25
    assert sim.done(droplet, "resize", size="s-1vcpu-1gb", disk=False)["status"] == "completed"
    assert shown(sim, droplet)["size_slug"] == "s-1vcpu-1gb"


def test_a_resize_with_the_disk_can_not_go_back(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    sim.done(droplet, "resize", size="s-2vcpu-4gb", disk=True)
    after = shown(sim, droplet)
    assert (after["disk"], after["disk_info"][0]["size"]["amount"]) == (80, 80)
    for disk in (True, False):
        sim.refused(order(sim, "plain-daily", "resize", size="s-1vcpu-1gb", disk=disk), 422, SMALLER)
    sim.done(droplet, "snapshot", name="large")
    assert sim.known("plain-daily")["snapshots"][0]["min_disk_size"] == 80
    request = {"name": "new", "size": "s-1vcpu-1gb", "region": "nyc3", "image": shown(sim, droplet)["snapshot_ids"][0]}
    sim.refused(sim.post("/v2/droplets", request), 422, "disk of at least 80 GB")


def test_a_disk_can_be_enlarged_after_the_size(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    sim.done(droplet, "resize", size="s-2vcpu-4gb")
    sim.refused(order(sim, "plain-daily", "resize", size="s-2vcpu-4gb"), 422, "already this size")
    sim.done(droplet, "resize", size="s-2vcpu-4gb", disk=True)
    assert shown(sim, droplet)["disk"] == 80


def test_a_new_name_is_found_everywhere(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.done(droplet, "rename", name="New-Name.example.com")
    assert shown(sim, droplet)["name"] == "New-Name.example.com"
    assert [row["id"] for row in sim.read("/v2/droplets?name=new-name.example.com")["droplets"]] == [droplet]
    assert sim.read("/v2/droplets?name=plain-none")["droplets"] == []


@pytest.mark.parametrize(
    ("kind", "status"), [("reboot", "active"), ("power_cycle", "active"), ("shutdown", "off"), ("power_off", "off")]
)
def test_power_orders_to_a_droplet_that_is_on(sim: Sim, kind: str, status: str) -> None:
    droplet = sim.id("plain-none")
    assert sim.done(droplet, kind)["type"] == kind
    assert shown(sim, droplet)["status"] == status


def test_shutdown_is_taken_from_a_droplet_that_is_off(sim: Sim) -> None:
    assert sim.done(sim.id("powered-off"), "shutdown")["status"] == "completed"
    assert shown(sim, sim.id("powered-off"))["status"] == "off"


def test_a_password_reset_changes_nothing_to_be_seen(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    before = shown(sim, droplet)
    assert sim.done(droplet, "password_reset")["status"] == "completed"
    assert shown(sim, droplet) == before


def test_ipv6_comes_with_an_address_and_stays(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    assert shown(sim, droplet)["networks"]["v6"] == []
    sim.done(droplet, "power_off")
    sim.done(droplet, "enable_ipv6")
    after = shown(sim, droplet)
    assert "ipv6" in after["features"]
    assert [network["type"] for network in after["networks"]["v6"]] == ["public"]


@pytest.fixture
def legacy(sim: Sim, tmp_path) -> int:
    """A Droplet of before 2017: an external kernel, no private network."""
    world = tmp_path / "legacy.yml"
    world.write_text("droplets: [{name: old, legacy: true, age: 4000d}, {name: new}]")
    sim.reset(world=str(world))
    return sim.id("old")


def test_private_networking_is_for_a_droplet_without(sim: Sim, legacy: int) -> None:
    before = shown(sim, legacy)
    assert [network["type"] for network in before["networks"]["v4"]] == ["public"]
    sim.done(legacy, "enable_private_networking")
    after = shown(sim, legacy)
    assert "private_networking" in after["features"]
    assert [network["type"] for network in after["networks"]["v4"]] == ["private", "public"]
    assert after["networks"]["v4"][1:] == before["networks"]["v4"]
    sim.refused(order(sim, "new", "enable_private_networking"), 422, "already enabled")


def test_kernels_are_for_legacy_droplets(sim: Sim, legacy: int) -> None:
    before = shown(sim, legacy)["kernel"]
    sim.done(legacy, "change_kernel", kernel=7516)
    after = shown(sim, legacy)["kernel"]
    assert (before["id"], after["id"]) == (231, 7516)
    assert after["version"] == "2016.07.13-DigitalOcean_loader_Debian"
    for kernel in (1, 0, -1, 10**18):
        sim.refused(order(sim, "old", "change_kernel", kernel=kernel), 422, "available to this Droplet")
    assert shown(sim, sim.id("new"))["kernel"] is None
    sim.refused(order(sim, "new", "change_kernel", kernel=7516), 422, "managed internally")


def test_kernels_are_listed_for_legacy_droplets(sim: Sim, legacy: int) -> None:
    first = sim.read(f"/v2/droplets/{legacy}/kernels?per_page=2")
    assert (len(first["kernels"]), first["meta"]["total"]) == (2, 3)
    assert "next" in first["links"]["pages"]
    assert 7515 in [kernel["id"] for kernel in first["kernels"]]
    assert sim.read(f"/v2/droplets/{sim.id('new')}/kernels")["kernels"] == []
    sim.refused(sim.get("/v2/droplets/1/kernels"), 404)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"type": "restore"}, "image must be a whole number"),
        ({"type": "restore", "image": None}, "image must be a whole number"),
        ({"type": "restore", "image": "160232537"}, "image must be a whole number"),
        ({"type": "restore", "image": True}, "image must be a whole number"),
        ({"type": "restore", "image": 1.5}, "image must be a whole number"),
        ({"type": "restore", "image": [1]}, "image must be a whole number"),
        ({"type": "rebuild"}, "invalid image for Droplet rebuild"),
        ({"type": "rebuild", "image": "windows-95"}, "invalid image"),
        ({"type": "rebuild", "image": {}}, "invalid image"),
        ({"type": "rebuild", "image": False}, "invalid image"),
        ({"type": "rebuild", "image": 1.0}, "invalid image"),
        ({"type": "resize"}, "invalid size for Droplet resize"),
        ({"type": "resize", "size": "huge"}, "invalid size"),
        ({"type": "resize", "size": 4}, "size must be a text"),
        ({"type": "resize", "size": "s-2vcpu-4gb", "disk": "yes"}, "disk must be true or false"),
        ({"type": "resize", "size": "s-2vcpu-4gb", "disk": 1}, "disk must be true or false"),
        ({"type": "resize", "size": "s-1vcpu-512mb-10gb"}, SMALLER),
        ({"type": "resize", "size": "s-1vcpu-1gb"}, "already this size"),
        ({"type": "resize", "size": "s-1vcpu-1gb", "disk": True}, "already this size"),
        ({"type": "resize", "size": "gpu-h100x1-80gb"}, "not available for this Droplet"),
        ({"type": "rename"}, "Only valid hostname"),
        ({"type": "rename", "name": ""}, "Only valid hostname"),
        ({"type": "rename", "name": "a b"}, "Only valid hostname"),
        ({"type": "rename", "name": "x" * 256}, "Only valid hostname"),
        ({"type": "rename", "name": 5}, "Only valid hostname"),
        ({"type": "change_kernel"}, "kernel must be a whole number"),
        ({"type": "change_kernel", "kernel": "7515"}, "kernel must be a whole number"),
        ({"type": "change_kernel", "kernel": 7515}, "managed internally"),
        ({"type": "enable_private_networking"}, "already enabled"),
        ({"type": "upgrade"}, "type must be one of"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_order_is_refused_with_422_and_does_nothing(sim: Sim, body: dict, words: str) -> None:
    before = sim.state()
    sim.refused(sim.post(f"/v2/droplets/{sim.id('plain-none')}/actions", body), 422, words)
    assert {**sim.state(), "now": 0} == {**before, "now": 0}


def test_an_image_for_a_rebuild_must_be_there_and_fit(sim: Sim) -> None:
    sim.reset(world="fleet")
    sim.behave(rebuild_takes_backups="true")
    backup = sim.known("web-prod-02")["backups"][0]["id"]
    sim.refused(order(sim, "jump", "rebuild", image=backup), 422, "not available in this region")
    large = sim.known("web-prod-01")["backups"][0]["id"]
    sim.refused(order(sim, "jump", "rebuild", image=large), 422, "disk of at least 80 GB")


KINDS = {
    "restore": {"image": 0},
    "rebuild": {"image": "debian-12-x64"},
    "resize": {"size": "s-2vcpu-4gb"},
    "rename": {"name": "other"},
    "reboot": {},
    "power_cycle": {},
    "shutdown": {},
    "password_reset": {},
    "enable_ipv6": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_order_makes_a_droplet_busy_and_needs_an_idle_one(sim: Sim, kind: str) -> None:
    sim.behave(locked_during_events="true", ipv6_when_on="accept")
    known = sim.known("plain-daily")
    args = {"image": known["backups"][0]["id"]} if kind == "restore" else KINDS[kind]
    sim.act(known["id"], kind, **args)
    assert shown(sim, known["id"])["locked"] is True
    for other in (kind, "snapshot"):
        sim.refused(order(sim, "plain-daily", other, **args), 422, PENDING)
    sim.refused(sim.delete(f"/v2/droplets/{known['id']}"), 422, PENDING)
    sim.advance(1)
    assert shown(sim, known["id"])["locked"] is False
    assert sim.act(known["id"], "snapshot")["status"] == "in-progress"


def by_tag(sim: Sim, tag: str, kind: object, **args: object):
    return sim.post(f"/v2/droplets/actions?tag_name={tag}", {"type": kind, **args})


BY_TAG = ("power_cycle", "power_off", "shutdown", "enable_ipv6", "enable_backups", "disable_backups", "snapshot")


@pytest.mark.parametrize("kind", BY_TAG)
def test_one_order_by_tag_reaches_every_member(sim: Sim, kind: str) -> None:
    sim.behave(ipv6_when_on="accept")
    members = [droplet for droplet in sim.state()["droplets"] if "role:db" in droplet["tags"]]
    reply = by_tag(sim, "role:db", kind)
    assert (reply.status_code, set(reply.json())) == (201, {"actions"})
    actions = reply.json()["actions"]
    assert [action["resource_id"] for action in actions] == [droplet["id"] for droplet in members]
    assert {(action["type"], action["status"]) for action in actions} == {(kind, "in-progress")}
    sim.advance(1)
    log = {action["id"]: action["status"] for action in sim.read("/v2/actions?per_page=200")["actions"]}
    assert {log[action["id"]] for action in actions} == {"completed"}


def test_power_on_by_tag(sim: Sim) -> None:
    sim.done(sim.id("plain-none"), "power_off")
    sim.behave(by_tag_blocked="skip", power_on_when_on="reject")
    assert len(by_tag(sim, "role:web", "power_on").json()["actions"]) == 1
    sim.advance(1)
    assert shown(sim, sim.id("plain-none"))["status"] == "active"


def test_enabling_by_tag_carries_no_policy(sim: Sim) -> None:
    weekly = {"plan": "weekly", "weekday": "SUN", "hour": 8}
    assert by_tag(sim, "role:ci", "enable_backups", backup_policy=weekly).status_code == 201
    sim.advance(1)
    policies = [droplet["policy"]["plan"] for droplet in sim.state()["droplets"] if droplet["name"] == "twin"]
    assert policies == ["daily", "daily"]


@pytest.mark.parametrize(
    "kind",
    [
        "change_backup_policy",
        "restore",
        "reboot",
        "rebuild",
        "resize",
        "rename",
        "password_reset",
        "destroy",
        None,
        [7],
    ],
)
def test_other_types_are_not_for_tags(sim: Sim, kind: object) -> None:
    sim.refused(by_tag(sim, "role:ci", kind), 422, "type must be one of disable_backups, enable_backups, enable_ipv6")


def test_bad_orders_by_tag(sim: Sim) -> None:
    before = sim.state()["actions"]
    sim.behave(by_tag_blocked="skip")
    sim.refused(sim.post("/v2/droplets/actions", {"type": "power_off"}), 422, "tag_name is required")
    sim.refused(by_tag(sim, "", "power_off"), 422, "tag_name is required")
    sim.refused(by_tag(sim, "role:ci", "snapshot", name=7), 422, "name must be")
    sim.refused(sim.post("/v2/droplets/actions?tag_name=role:ci", []), 400)
    assert sim.state()["actions"] == before
