# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to a Droplet other than its power and its disk."""

from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.services import actions
from dosim.services.disks import STILL_ON
from dosim.services.droplets import networks
from dosim.store import Action, Droplet


def rename(cloud: Cloud, droplet: Droplet, name: str) -> actions.Start:
    return actions.prepare_idle(cloud, droplet, "rename", name=name)


@actions.effect("rename")
def _renamed(cloud: Cloud, action: Action) -> None:
    cloud.store.droplets[action.resource].name = action.args["name"]


def password_reset(cloud: Cloud, droplet: Droplet) -> actions.Start:
    return actions.prepare_idle(cloud, droplet, "password_reset")


@actions.effect("password_reset")
def _password_reset(_cloud: Cloud, _action: Action) -> None:
    """Nothing to change: the new password is sent by mail."""


def enable_network(cloud: Cloud, droplet: Droplet, kind: str, feature: str) -> actions.Start:
    """``enable_ipv6`` or ``enable_private_networking``, neither of which can be turned off again."""
    actions.refuse_if_busy(cloud, droplet)
    if feature in droplet.features and cloud.behaviour["enable_network_again"] == "reject":
        raise ApiError(422, f"{feature} is already enabled for this Droplet.")
    if feature == "ipv6" and droplet.status != "off" and cloud.behaviour["ipv6_when_on"] == "reject":
        raise ApiError(422, STILL_ON)
    return actions.prepare(cloud, droplet, kind, feature=feature)


@actions.effect("enable_ipv6")
@actions.effect("enable_private_networking")
def _network_enabled(cloud: Cloud, action: Action) -> None:
    droplet = cloud.store.droplets[action.resource]
    if action.args["feature"] not in droplet.features:
        droplet.features = [*droplet.features, action.args["feature"]]
        droplet.networks = networks(cloud, droplet)


def change_kernel(cloud: Cloud, droplet: Droplet, kernel: int) -> actions.Start:
    actions.refuse_if_busy(cloud, droplet)
    if droplet.kernel is None:
        raise ApiError(422, "The kernel of this Droplet is managed internally.")
    if kernel not in cloud.store.catalogue.kernels:
        raise ApiError(422, "kernel must be the id of a kernel that is available to this Droplet")
    return actions.prepare(cloud, droplet, "change_kernel", kernel=kernel)


@actions.effect("change_kernel")
def _kernel_changed(cloud: Cloud, action: Action) -> None:
    cloud.store.droplets[action.resource].kernel = action.args["kernel"]
