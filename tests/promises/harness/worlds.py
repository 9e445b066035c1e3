# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts to run against. Unusual ones are made through the API, as their owner would have made them."""

from __future__ import annotations

DAY = 86400
UNKNOWN_PLAN = {"plan": "intra_daily_4h", "hour": 0, "window_length_hours": 4, "retention_period_days": 7}
WEEKLY = {"plan": "weekly", "weekday": "WED", "hour": 8}
DAILY = {"plan": "daily", "hour": 16}


def create(sim, *names, policy=None, size="s-1vcpu-1gb", region="nyc3", tags=("edge:yes",)):
    """Droplets that are up; their ids in the order of `names`."""
    body = {"names": list(names), "size": size, "image": "ubuntu-24-04-x64", "region": region, "tags": list(tags)}
    if policy:
        body.update(backups=True, backup_policy=policy)
    return [droplet["id"] for droplet in sim.api("POST", "droplets", body, status=202)["droplets"]]


def act(sim, droplet_id, kind, **arguments):
    """An action of somebody else; its id."""
    return sim.api("POST", f"droplets/{droplet_id}/actions", {"type": kind, **arguments}, status=201)["action"]["id"]


def plain(sim):
    """Six plain Droplets, two each without backups, daily and weekly."""
    sim.reset(droplets=6)


def fleet(sim):
    """The demo's fleet, with its unusual Droplets."""
    sim.reset(world="fleet")


def edge(sim):
    """GPU Droplets, an unknown plan, two of one name, one powered off, backups of several ages, a user's snapshot."""
    sim.reset(droplets=0)
    create(sim, "alpha", policy=WEEKLY)
    create(sim, "bravo", policy=DAILY, tags=("edge:yes", "Mixed:Case"))
    create(sim, "charlie")
    create(sim, "twin", policy=WEEKLY)
    create(sim, "twin")
    create(sim, "gpu-backed", policy=DAILY, size="gpu-h100x1-80gb", region="nyc2")
    create(sim, "gpu-bare", size="gpu-h100x1-80gb", region="nyc2")
    unknown, off = create(sim, "usage", "asleep", tags=("edge:yes", "Mixed:Case"))
    act(sim, unknown, "enable_backups", backup_policy=UNKNOWN_PLAN)
    act(sim, off, "power_off")
    sim.advance(16 * DAY)
    act(sim, off, "snapshot", name="by hand")
    sim.advance(DAY)
    sim.forget()


WORLDS = {"plain": plain, "fleet": fleet, "edge": edge}
