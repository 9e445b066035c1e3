# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests in the shape in which other people's clients send them: what they leave out, send twice or send as text."""

from typing import Any

import pytest
from dosim_testing import Sim

DROPLET_KIT: dict[str, Any] = {
    # It sends every attribute that its resource has, null if no value was given.
    "name": "kit-01", "names": None, "region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64",
    "ssh_keys": None, "backups": None, "ipv6": None, "user_data": None, "private_networking": None, "volumes": None,
    "tags": None, "monitoring": None, "vpc_uuid": None,
}  # fmt: skip


def create(sim: Sim, body: dict[str, Any]) -> Any:
    reply = sim.post("/v2/droplets", body)
    assert reply.status_code == 202, reply.text
    return reply.json()


def test_droplet_kit_creates_one_with_names_null(sim: Sim) -> None:
    answer = create(sim, DROPLET_KIT)
    assert answer["droplet"]["name"] == "kit-01"
    assert len(answer["links"]["actions"]) == 1


def test_droplet_kit_creates_several_with_name_null(sim: Sim) -> None:
    answer = create(sim, {**DROPLET_KIT, "name": None, "names": ["kit-01", "kit-02"], "backups": True, "tags": ["a"]})
    assert [row["name"] for row in answer["droplets"]] == ["kit-01", "kit-02"]
    sim.advance(1)
    assert sim.policy(answer["droplets"][1]["id"])["backup_policy"]["plan"] == "daily"


@pytest.mark.parametrize("names", [(None, None), ("kit-01", ["kit-02"])])
def test_none_of_both_or_both_is_refused(sim: Sim, names: tuple[Any, Any]) -> None:
    body = {**DROPLET_KIT, "name": names[0], "names": names[1]}
    sim.refused(sim.post("/v2/droplets", body), 422, "exactly one of name and names is required")


def test_droplet_kit_sends_the_image_of_an_order_as_it_was_given(sim: Sim) -> None:
    known = sim.known("with-volumes")
    snapshot = known["snapshots"][0]["id"]
    assert sim.done(known["id"], "rebuild", image=snapshot)["status"] == "completed"
    assert sim.done(known["id"], "restore", image=snapshot)["status"] == "completed"


def test_libcloud_sends_ids_as_text(sim: Sim) -> None:
    snapshot = sim.known("with-volumes")["snapshots"][0]["id"]
    body = {"name": "lib-01", "size": "s-1vcpu-1gb", "image": str(snapshot), "region": "nyc3", "ssh_keys": ["512190"]}
    droplet = create(sim, body)["droplet"]
    assert droplet["image"]["id"] == snapshot
    sim.advance(1)
    public = sim.read("/v2/images/debian-12-x64")["image"]["id"]
    assert sim.done(droplet["id"], "rebuild", image=str(public))["status"] == "completed"
    assert sim.known("lib-01")["disk_from"] == public


@pytest.mark.parametrize("image", ["1", "99999999999999", "-1", "1.5", " 12", "0x10", "9" * 400])
def test_a_text_that_is_no_image_is_refused(sim: Sim, image: str) -> None:
    body = {"name": "lib-01", "size": "s-1vcpu-1gb", "image": image, "region": "nyc3"}
    sim.refused(sim.post("/v2/droplets", body), 422, "invalid image for Droplet creation")
    reply = sim.post(f"/v2/droplets/{sim.id('plain-none')}/actions", {"type": "rebuild", "image": image})
    sim.refused(reply, 422, "invalid image for Droplet rebuild")


def test_the_official_collection_creates_with_text_and_empty_values(sim: Sim) -> None:
    backup = sim.known("plain-daily")["backups"][-1]["id"]
    body = {
        "name": "cloud-01", "region": "nyc3", "size": "s-1vcpu-1gb", "image": str(backup), "ssh_keys": [],
        "backups": False, "ipv6": False, "monitoring": False, "tags": [], "user_data": "", "volumes": [],
        "vpc_uuid": None, "with_droplet_agent": False,
    }  # fmt: skip
    droplet = create(sim, body)["droplet"]
    assert droplet["image"]["id"] == backup
    sim.advance(1)
    assert sim.read(f"/v2/droplets/{droplet['id']}")["droplet"]["status"] == "active"


def test_community_digitalocean_powers_on_what_it_has_created(sim: Sim) -> None:
    body = {
        "name": "community-01", "size": "s-1vcpu-1gb", "region": "nyc3", "image": "ubuntu-24-04-x64", "user_data": None,
        "private_networking": False, "vpc_uuid": None, "backups": False, "ipv6": False, "ssh_keys": [],
        "monitoring": False, "tags": [], "volumes": [],
    }  # fmt: skip
    droplet = create(sim, body)["droplet"]["id"]
    sim.advance(2)
    action = sim.done(droplet, "power_on")
    assert (action["type"], action["status"]) == ("power_on", "completed")
    assert sim.known("community-01")["status"] == "active"
