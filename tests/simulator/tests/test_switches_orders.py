# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switches of orders to Droplets, of tags and of images, in every position."""

from collections.abc import Callable

import pytest
import requests
from dosim.behaviour import SWITCHES
from dosim_testing import Sim, try_switch

Case = Callable[[Sim, str], None]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """A switch's test has its name, and is run with each of its values."""
    CASES[function.__name__] = function
    return function


def order(sim: Sim, droplet: str, kind: str, /, **args: object) -> requests.Response:
    return sim.post(f"/v2/droplets/{sim.id(droplet)}/actions", {"type": kind, **args})


@case
def by_tag_blocked(sim: Sim, value: str) -> None:
    reply = sim.post("/v2/droplets/actions?tag_name=env:staging", {"type": "shutdown"})
    if value == "all_or_nothing":
        sim.refused(reply, 422, "there are currently blocking events processing for one or more of the droplets")
        started = []
    else:
        started = [action["resource_id"] for action in reply.json()["actions"]]
        assert len(started) == 4
    for droplet in sim.state()["droplets"]:
        if "env:staging" in droplet["tags"]:
            assert len(droplet["pending"]) == (droplet["id"] in started or droplet["name"].startswith("busy"))
    sim.advance("5m")
    sim.done(sim.id("plain-none"), "power_off")
    off = sim.post("/v2/droplets/actions?tag_name=role:web", {"type": "power_off"})
    if value == "all_or_nothing":
        sim.refused(off, 422, "Droplet is already powered off.")
    else:
        assert off.status_code == 201


@case
def by_tag_without_members(sim: Sim, value: str) -> None:
    reply = sim.post("/v2/droplets/actions?tag_name=nobody", {"type": "shutdown"})
    if value == "empty":
        assert (reply.status_code, reply.json()) == (201, {"actions": []})
    else:
        sim.refused(reply, 404)
    sim.post("/v2/tags", {"name": "nobody"})
    assert sim.delete("/v2/droplets?tag_name=nobody").status_code == (204 if value == "empty" else 404)


@case
def closed_regions(sim: Sim, value: str) -> None:
    snapshot = sim.known("with-volumes")["snapshots"][0]["id"]
    (closed,) = [row for row in sim.read("/v2/regions?per_page=200")["regions"] if row["slug"] == "sfo1"]
    assert closed["available"] is False
    reply = sim.post(f"/v2/images/{snapshot}/actions", {"type": "transfer", "region": "sfo1"})
    if value == "nothing":
        sim.refused(reply, 422, "region must be the slug of an available region")
    sim.advance(1)
    copies = ["nyc3", "sfo1"] if value == "copies" else ["nyc3"]
    assert sim.read(f"/v2/images/{snapshot}")["image"]["regions"] == copies
    body = {"name": "n", "size": "s-1vcpu-1gb", "image": snapshot, "region": "sfo1"}
    sim.refused(sim.post("/v2/droplets", body), 422, "invalid region")


@case
def enable_network_again(sim: Sim, value: str) -> None:
    sim.behave(ipv6_when_on="accept")
    sim.done(sim.id("plain-none"), "enable_ipv6")
    before = sim.read(f"/v2/droplets/{sim.id('plain-none')}")
    for kind in ("enable_ipv6", "enable_private_networking"):
        reply = order(sim, "plain-none", kind)
        if value == "reject":
            sim.refused(reply, 422, "is already enabled for this Droplet.")
        else:
            assert reply.status_code == 201
        sim.advance(1)
    assert sim.read(f"/v2/droplets/{sim.id('plain-none')}") == before


@case
def image_after_rebuild(sim: Sim, value: str) -> None:
    droplet = sim.id("plain-none")
    sim.done(droplet, "rebuild", image="debian-12-x64")
    slug = "debian-12-x64" if value == "new" else "ubuntu-24-04-x64"
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["image"]["slug"] == slug


@case
def image_after_restore(sim: Sim, value: str) -> None:
    known = sim.known("plain-daily")
    backup = known["backups"][0]["id"]
    sim.done(known["id"], "restore", image=backup)
    image = sim.read(f"/v2/droplets/{known['id']}")["droplet"]["image"]
    assert (image["id"], image["type"]) == ((backup, "backup") if value == "backup" else (image["id"], "base"))


@case
def ipv6_when_on(sim: Sim, value: str) -> None:
    reply = order(sim, "plain-none", "enable_ipv6")
    by_tag = sim.post("/v2/droplets/actions?tag_name=role:db", {"type": "enable_ipv6"})
    if value == "reject":
        for refusal in (reply, by_tag):
            sim.refused(refusal, 422, "Droplet is currently on. Please power it off to run this event.")
        sim.done(sim.id("plain-none"), "power_off")
        assert order(sim, "plain-none", "enable_ipv6").status_code == 201
    else:
        assert by_tag.status_code == 201
    sim.advance(1)
    assert "ipv6" in sim.known("plain-none")["features"]


@case
def power_during_disk_work(sim: Sim, value: str) -> None:
    known = sim.known("plain-daily")
    for kind, body in (
        ("restore", {"image": known["backups"][0]["id"]}),
        ("resize", {"size": "s-2vcpu-4gb", "disk": True}),
    ):
        for outcome in ("completed", "errored"):
            if outcome == "errored":
                sim.fault({"action": "errored"}, method="POST", times=1)
            action = sim.act(known["id"], kind, **body)
            assert sim.known("plain-daily")["status"] == ("off" if value == "off" else "active")
            assert sim.read(f"/v2/droplets/{known['id']}")["droplet"]["status"] == sim.known("plain-daily")["status"]
            sim.advance(1)
            assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == outcome
            assert sim.known("plain-daily")["status"] == "active"
            body = {"image": known["backups"][1]["id"]} if kind == "restore" else {"size": "s-4vcpu-8gb"}
    # One that is off stays off.
    off = sim.known("powered-off")
    sim.done(off["id"], "restore", image=off["backups"][0]["id"])
    assert sim.known("powered-off")["status"] == "off"


@case
def power_on_when_on(sim: Sim, value: str) -> None:
    reply = order(sim, "plain-none", "power_on")
    if value == "reject":
        sim.refused(reply, 422, "Droplet is already powered on.")
    else:
        assert reply.status_code == 201
    sim.advance(1)
    assert sim.known("plain-none")["status"] == "active"
    sim.refused(order(sim, "powered-off", "power_off"), 422, "Droplet is already powered off.")


@case
def rebuild_takes_backups(sim: Sim, value: str) -> None:
    known = sim.known("with-volumes")
    backup, snapshot = known["backups"][-1]["id"], known["snapshots"][0]["id"]
    reply = order(sim, "with-volumes", "rebuild", image=backup)
    if value == "false":
        sim.refused(reply, 422, "must be converted to a snapshot before")
    sim.advance(1)
    assert sim.known("with-volumes")["disk_from"] == (backup if value == "true" else known["disk_from"])
    assert sim.done(known["id"], "rebuild", image=snapshot)["status"] == "completed"


@case
def restore_takes_snapshots(sim: Sim, value: str) -> None:
    known = sim.known("with-volumes")
    snapshot = known["snapshots"][0]["id"]
    reply = order(sim, "with-volumes", "restore", image=snapshot)
    if value == "false":
        sim.refused(reply, 422, "image must be the id of a backup of this Droplet")
    sim.advance(1)
    assert sim.known("with-volumes")["disk_from"] == (snapshot if value == "true" else known["disk_from"])
    # Somebody else's is refused in both readings.
    other = sim.done(sim.id("plain-none"), "snapshot", name="other")["resource_id"]
    (strange,) = next(row for row in sim.state()["droplets"] if row["id"] == other)["snapshots"]
    sim.refused(order(sim, "with-volumes", "restore", image=strange["id"]), 422, "of this Droplet")


def test_a_rebuild_makes_new_ssh_host_keys_and_a_restore_brings_back_those_of_the_disk(sim: Sim) -> None:
    known = sim.known("with-volumes")
    droplet, snapshot = known["id"], known["snapshots"][0]["id"]
    keys = [known["host_keys"]]
    for kind, image in (("rebuild", snapshot), ("rebuild", snapshot), ("restore", snapshot)):
        sim.done(droplet, kind, image=image)
        keys.append(sim.known("with-volumes")["host_keys"])
    first, second, third, last = keys
    assert len({first, second, third}) == 3
    assert last == first


@case
def resize_when_on(sim: Sim, value: str) -> None:
    reply = order(sim, "plain-none", "resize", size="s-2vcpu-4gb", disk=True)
    if value == "reject":
        sim.refused(reply, 422, "Droplet is currently on. Please power it off to run this event.")
        sim.done(sim.id("plain-none"), "power_off")
        assert order(sim, "plain-none", "resize", size="s-2vcpu-4gb", disk=True).status_code == 201
    sim.advance(1)
    after = sim.read(f"/v2/droplets/{sim.id('plain-none')}")["droplet"]
    assert (after["disk"], after["status"]) == (80, "off" if value == "reject" else "active")


@case
def restart_when_off(sim: Sim, value: str) -> None:
    for kind in ("reboot", "power_cycle"):
        sim.reset()
        sim.behave(restart_when_off=value)
        reply = order(sim, "powered-off", kind)
        if value == "reject":
            sim.refused(reply, 422, "Droplet is currently powered off.")
        sim.advance(1)
        assert sim.known("powered-off")["status"] == ("off" if value == "reject" else "active")


@case
def shutdown_result(sim: Sim, value: str) -> None:
    assert sim.done(sim.id("plain-none"), "shutdown")["status"] == "completed"
    assert sim.known("plain-none")["status"] == ("off" if value == "off" else "active")


@case
def tag_case(sim: Sim, value: str) -> None:
    members = 3 if value == "insensitive" else 0
    droplet = sim.id("untagged")
    resources = {"resources": [{"resource_type": "droplet", "resource_id": str(droplet)}]}
    assert sim.read("/v2/droplets?tag_name=ROLE:CI")["meta"]["total"] == members
    assert sim.read("/v2/droplets?tag_name=role:ci")["meta"]["total"] == 3
    if value == "exact":
        sim.refused(sim.get("/v2/tags/ROLE:CI"), 404)
        sim.refused(sim.post("/v2/tags/ROLE:CI/resources", resources), 404)
        return
    # The first spelling is kept and shown, whichever was used to put it on something.
    assert sim.read("/v2/tags/ROLE:CI")["tag"]["name"] == "role:ci"
    assert sim.post("/v2/tags/ROLE:CI/resources", resources).status_code == 204
    assert sim.known("untagged")["tags"] == ["role:ci"]
    assert sim.post("/v2/tags", {"name": "Role:CI"}).json()["tag"]["name"] == "role:ci"
    body = {"name": "n", "size": "s-1vcpu-1gb", "image": "debian-12-x64", "region": "nyc3", "tags": ["ROLE:ci"]}
    assert sim.post("/v2/droplets", body).json()["droplet"]["tags"] == ["role:ci"]
    sim.advance("5m")
    started = sim.post("/v2/droplets/actions?tag_name=rOLE:CI", {"type": "snapshot", "name": "x"}).json()["actions"]
    assert len(started) == 5
    sim.advance(1)
    assert sim.delete("/v2/tags/rOLE:cI/resources", json=resources).status_code == 204
    assert sim.known("untagged")["tags"] == []
    assert sim.delete("/v2/droplets?tag_name=ROLE:CI").status_code == 204
    assert sim.delete("/v2/tags/ROLE:CI").status_code == 204
    assert "role:ci" not in sim.state()["tags"]


@case
def tag_exists(sim: Sim, value: str) -> None:
    reply = sim.post("/v2/tags", {"name": "role:ci"})
    if value == "reject":
        sim.refused(reply, 422, "Tag already exists.")
    else:
        assert (reply.status_code, reply.json()["tag"]["resources"]["count"]) == (201, 3)


@case
def transfer_again(sim: Sim, value: str) -> None:
    (snapshot,) = sim.known("with-volumes")["snapshots"]
    reply = sim.post(f"/v2/images/{snapshot['id']}/actions", {"type": "transfer", "region": "nyc3"})
    if value == "reject":
        sim.refused(reply, 422, "Image is already available in this region.")
    else:
        assert reply.status_code == 201
    sim.advance(1)
    assert sim.read(f"/v2/images/{snapshot['id']}")["image"]["regions"] == ["nyc3"]


@case
def transfer_of_backups(sim: Sim, value: str) -> None:
    backup = sim.known("plain-daily")["backups"][0]["id"]
    reply = sim.post(f"/v2/images/{backup}/actions", {"type": "transfer", "region": "ams3"})
    if value == "reject":
        sim.refused(reply, 422, "Backups can not be transfered to other regions")
    sim.advance(1)
    regions = sim.read(f"/v2/images/{backup}")["image"]["regions"]
    assert regions == (["nyc3"] if value == "reject" else ["nyc3", "ams3"])


@case
def wording(sim: Sim, value: str) -> None:
    missing = sim.refused(sim.get("/v2/droplets/1"), 404)
    smaller = sim.refused(order(sim, "with-volumes", "resize", size="s-1vcpu-512mb-10gb"), 422)
    assert (missing, smaller) == {
        "observed": (
            "The resource you were accessing could not be found.",
            "This size is not available because it has a smaller disk",
        ),
        "older": (
            "The resource you requested could not be found.",
            "Size can not decrease size of Droplet's disk image",
        ),
    }[value]
    assert sim.refused(sim.get("/v2/images/1"), 404) == "The resource you requested could not be found."


@pytest.mark.parametrize(("switch", "value"), [(key, value) for key in CASES for value in SWITCHES[key]])
def test_switch(sim: Sim, switch: str, value: str) -> None:
    try_switch(sim, switch, value, CASES[switch])
