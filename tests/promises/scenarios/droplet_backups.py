# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of `droplet_backups`, whose own matrix is `test_matrix.py`: the harnesses agree about them."""

from __future__ import annotations

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import Scenario


def weekly(sim):
    """One Droplet with a fortnight of weekly backups."""
    (key,) = worlds.create(sim, "alpha", policy=worlds.WEEKLY)
    worlds.create(sim, "bravo", policy=worlds.WEEKLY)
    sim.advance(16 * worlds.DAY)
    return {"droplet_id": key}


FLEET = ("alpha", "bravo", "charlie", "delta")
"""So many that what is read between their steps is read for all of them together."""


def fleet(sim):
    """Five Droplets, of which four have a fortnight of weekly backups."""
    worlds.create(sim, *FLEET, policy=worlds.WEEKLY)
    worlds.create(sim, "echo")
    sim.advance(16 * worlds.DAY)
    return {"all": True}


def all_disabled(before, after, _options):
    backed_up = [key for key, droplet in before.droplets.items() if droplet["policy"]]
    assert len(backed_up) == len(FLEET)
    wrong = (disabled_with_newest_kept(before, after, {"droplet_id": key}) for key in backed_up)
    return next(filter(None, wrong), None)


def disabled_with_newest_kept(before, after, options):
    old, new = before.droplets[options["droplet_id"]], after.droplets[options["droplet_id"]]
    if new["policy"]:
        return f"its backups are on: {new['policy']}"
    newest = max(old["backups"], key=lambda backup: backup["created_at"])
    if not any(snapshot["created_at"] == newest["created_at"] for snapshot in new["snapshots"]):
        return f"the newest backup, of {newest['created_at']}, was not converted"
    return None


SCENARIOS = (
    Scenario(
        "disable-convert_newest",
        "droplet_backups",
        world=lambda sim: {**weekly(sim), "state": "disabled", "existing_backups": "convert_newest"},
        wrong=disabled_with_newest_kept,
        scopes=("droplet:read", "droplet:update", "image:read", "image:update"),
        most={"convert": 1, "disable_backups": 1},
        gives_up=True,
    ),
    Scenario(
        "disable-all-convert_newest",
        "droplet_backups",
        world=lambda sim: {**fleet(sim), "state": "disabled", "existing_backups": "convert_newest", "max_disable": 4},
        wrong=all_disabled,
        scopes=("droplet:read", "droplet:update", "image:read", "image:update", "actions:read"),
        most={"convert": 4, "disable_backups": 4},
        gives_up=True,
    ),
)
