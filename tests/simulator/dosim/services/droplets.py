# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets: creation and deletion."""

from typing import Any

from dosim.cloud import Cloud
from dosim.ids import stable_uuid
from dosim.services import actions, backups
from dosim.store import Action, Droplet


def vpc_of(cloud: Cloud, region: str) -> str:
    """The account's default VPC in a region."""
    return stable_uuid(cloud.ids.seed, "vpc", region)


def networks(cloud: Cloud, droplet: Droplet) -> dict[str, list[dict[str, Any]]]:
    """Addresses out of documentation and private ranges, always the same for a Droplet."""
    number = cloud.choice("address", droplet.id)
    host, low, high = 2 + number % 250, (number >> 8) % 256, (number >> 16) % 256
    public, prefix = f"198.{18 + high % 2}.{low}", f"2001:db8:{low:x}:"
    v4 = [
        {"ip_address": f"10.{high}.{low}.{host}", "netmask": "255.255.0.0", "gateway": "nil", "type": "private"},
        {"ip_address": f"{public}.{host}", "netmask": "255.255.255.0", "gateway": f"{public}.1", "type": "public"},
    ]
    v6 = [{"ip_address": f"{prefix}:{host:x}", "netmask": 64, "gateway": f"{prefix}:1", "type": "public"}]
    return {
        "v4": v4 if "private_networking" in droplet.features else v4[1:],
        "v6": v6 if "ipv6" in droplet.features else [],
    }


def add(cloud: Cloud, droplet: Droplet) -> Droplet:
    """Enter a Droplet that is already up: networks, VPC, and the canonical spelling of its tags."""
    catalogue = cloud.store.catalogue
    droplet.gpu = catalogue.is_gpu(droplet.size)
    droplet.disk = catalogue.sizes[droplet.size]["disk"]
    droplet.disk_from = droplet.image
    droplet.host_keys = droplet.id
    droplet.vpc = vpc_of(cloud, droplet.region)
    tags = [cloud.store.tag(name) for name in droplet.tags]
    for tag in tags:
        tag.last["droplet"] = droplet.id
    droplet.tags = list(dict.fromkeys(tag.name for tag in tags))
    if droplet.status != "new":
        droplet.networks = networks(cloud, droplet)
    cloud.store.show_image(droplet, droplet.image)
    return cloud.store.droplets.add(droplet)


def create(cloud: Cloud, droplet: Droplet) -> Action:
    """Enter a Droplet in status ``new``; the action makes it active."""
    add(cloud, droplet)
    return actions.start(cloud, droplet, "create")


@actions.effect("create")
def _created(cloud: Cloud, action: Action) -> None:
    droplet = cloud.store.droplets[action.resource]
    droplet.status = "active"
    droplet.networks = networks(cloud, droplet)
    backups.plan_next(cloud, droplet)


def delete(cloud: Cloud, droplet: Droplet) -> None:
    """Delete a Droplet at once. Raises ApiError 422 if it is busy."""
    actions.refuse_if_busy(cloud, droplet)
    action = actions.record(cloud, droplet, "destroy", cloud.second, cloud.now)
    action.status, action.completed = "completed", cloud.second
    remove(cloud, droplet, cloud.second)


def remove(cloud: Cloud, droplet: Droplet, deleted: int) -> None:
    """Remove a Droplet that was deleted at a second.

    Its snapshots stay, and so do its backups until their date, or go with it, as the switch says.
    """
    if cloud.behaviour["droplet_delete_backups"] == "delete":
        backups.remove_all(cloud, droplet)
    else:
        backups.outlive(cloud, droplet, deleted)
    cloud.store.droplets.remove(droplet.id)
