# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destroying a Droplet together with its snapshots and volumes, and telling how that went."""

from collections.abc import Callable

from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.services import actions, backups, droplets
from dosim.store import Action, Destruction, Doomed, Droplet

KINDS = ("reserved_ips", "floating_ips", "snapshots", "volumes", "volume_snapshots")
FAILED = "The resource could not be destroyed."


def associated(cloud: Cloud, droplet: Droplet) -> dict[str, list[Doomed]]:
    """What could go with a Droplet. Reserved IPs and snapshots of volumes are not modelled: there are none."""
    found: dict[str, list[Doomed]] = {kind: [] for kind in KINDS}
    for key in droplet.snapshots:
        found["snapshots"].append(Doomed(str(key), cloud.store.images[key].name))
    for number, volume in enumerate(droplet.volumes, 1):
        found["volumes"].append(Doomed(volume, f"volume-{droplet.region}-{number:02d}"))
    return found


def last(cloud: Cloud, droplet_id: int) -> Destruction:
    """The last destruction of this kind. Raises ApiError 404."""
    if found := cloud.store.destructions.get(droplet_id):
        return found
    raise ApiError(404)


def refuse_if_running(cloud: Cloud, droplet_id: int) -> None:
    found = cloud.store.destructions.get(droplet_id)
    if found and found.action.status == "in-progress":
        raise ApiError(409)


def begin(cloud: Cloud, droplet: Droplet, chosen: dict[str, list[Doomed]]) -> None:
    """The chosen resources go first, then the Droplet; it is busy until then."""
    refuse_if_running(cloud, droplet.id)
    action = actions.prepare_idle(cloud, droplet, "destroy")()
    found = Destruction(Doomed(str(droplet.id), droplet.name), chosen, action)
    cloud.store.destructions[droplet.id] = found


def retry(cloud: Cloud, droplet_id: int) -> None:
    """Try again what did not succeed: as before while there is the Droplet, and else at once."""
    found = last(cloud, droplet_id)
    refuse_if_running(cloud, droplet_id)
    if droplet := cloud.store.droplets.get(droplet_id):
        found.action = actions.prepare_idle(cloud, droplet, "destroy")()
        found.completed = None
    else:
        _destroy_resources(cloud, found)
        found.completed = cloud.second


@actions.effect("destroy")
def _destroyed(cloud: Cloud, action: Action) -> None:
    found = cloud.store.destructions[action.resource]
    _destroy_resources(cloud, found)
    droplets.remove(cloud, cloud.store.droplets[action.resource], cloud.second)
    found.droplet.destroyed, found.completed = cloud.second, cloud.second


def _destroy_resources(cloud: Cloud, found: Destruction) -> None:
    for kind, destroy in _WAYS.items():
        for doomed in found.resources[kind]:
            if doomed.destroyed is None:
                doomed.error = destroy(cloud, found, doomed)
                doomed.destroyed = cloud.second if doomed.error is None else None


def _destroy_snapshot(cloud: Cloud, _found: Destruction, doomed: Doomed) -> str | None:
    image = cloud.store.images.get(int(doomed.id))
    if image and image.pending:
        return "Image already has a pending event."
    if image:
        backups.remove_image(cloud, image)
    return None


def _destroy_volume(cloud: Cloud, found: Destruction, doomed: Doomed) -> None:
    droplet = cloud.store.droplets.get(int(found.droplet.id))
    if droplet and doomed.id in droplet.volumes:
        droplet.volumes = [key for key in droplet.volumes if key != doomed.id]


_WAYS: dict[str, Callable[[Cloud, Destruction, Doomed], str | None]] = {
    "snapshots": _destroy_snapshot,
    "volumes": _destroy_volume,
}
