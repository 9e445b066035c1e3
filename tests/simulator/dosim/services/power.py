# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power: on, off, and both in turn."""

from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.services import actions
from dosim.store import Action, Droplet


def switch(cloud: Cloud, droplet: Droplet, kind: str) -> actions.Start:
    """``power_on`` or ``power_off``."""
    actions.refuse_if_busy(cloud, droplet)
    wanted, word = ("active", "on") if kind == "power_on" else ("off", "off")
    welcome = kind == "power_on" and cloud.behaviour["power_on_when_on"] == "accept"
    if droplet.status == wanted and not welcome:
        raise ApiError(422, f"Droplet is already powered {word}.")
    return actions.prepare(cloud, droplet, kind)


def shutdown(cloud: Cloud, droplet: Droplet) -> actions.Start:
    """Shut down; a Droplet that is off accepts it too."""
    return actions.prepare_idle(cloud, droplet, "shutdown")


def restart(cloud: Cloud, droplet: Droplet, kind: str) -> actions.Start:
    """``reboot`` or ``power_cycle``."""
    actions.refuse_if_busy(cloud, droplet)
    if droplet.status == "off" and cloud.behaviour["restart_when_off"] == "reject":
        raise ApiError(422, "Droplet is currently powered off.")
    return actions.prepare(cloud, droplet, kind)


@actions.effect("power_on")
@actions.effect("power_cycle")
@actions.effect("reboot")
def _on(cloud: Cloud, action: Action) -> None:
    cloud.store.droplets[action.resource].status = "active"


@actions.effect("power_off")
def _off(cloud: Cloud, action: Action) -> None:
    cloud.store.droplets[action.resource].status = "off"


@actions.effect("shutdown")
def _shut_down(cloud: Cloud, action: Action) -> None:
    # The action only reports that the command was issued.
    if cloud.behaviour["shutdown_result"] == "off":
        _off(cloud, action)
