# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restores in place, from a backup and from a snapshot, with everything that goes around them."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import Scenario

INCIDENT = "inc-1"
WORK = ("restore", "rebuild")
SCOPES = ("droplet:read", "droplet:update", "droplet:admin", "image:create", "tag:read", "tag:create")


def world(sim, point="backup", on=True, **options):
    """A Droplet with three daily backups and a snapshot by hand, of which the task names one."""
    (key,) = worlds.create(sim, "alpha", policy=worlds.DAILY)
    worlds.create(sim, "bravo", policy=worlds.DAILY)
    sim.advance(3 * worlds.DAY)
    worlds.act(sim, key, "snapshot", name="by hand")
    sim.advance(600)
    if not on:
        worlds.act(sim, key, "power_off")
        sim.advance(60)
    droplet = sim.state().droplets[key]
    if point == "newest":
        chosen = {"newest": True, "max_age_hours": 48}
    elif point == "named":
        chosen = {"snapshot_name": "by hand"}
    else:
        chosen = {f"{point}_id": droplet[f"{point}s"][0]["id"]}
    return {"droplet_id": key, "incident": INCIDENT, "confirm": "alpha", **chosen, **options}


def world_again(sim, **task):
    """The same from the beginning."""
    sim.reset(droplets=0)
    return world(sim, **task)


def chosen_image(before, options):
    """The id of the image that the task means, by the State before it."""
    droplet = before.droplets[options["droplet_id"]]
    if options.get("newest"):
        points = [*droplet["backups"], *droplet["snapshots"]]
        return max(points, key=lambda point: point["created_at"])["id"]
    if "snapshot_name" in options:
        return next(point["id"] for point in droplet["snapshots"] if point["name"] == options["snapshot_name"])
    return options.get("backup_id") or options["snapshot_id"]


def wrong(before, after, options):
    """A sentence about the disk, the marks, the safety snapshot or the power; None if all is as promised."""
    old, new = before.droplets[options["droplet_id"]], after.droplets[options["droplet_id"]]
    image = chosen_image(before, options)
    if new["disk_from"] != image:
        return f"the disk is from {new['disk_from']} and not from {image}"
    done = [
        action
        for action in after.actions_since(before)
        if action["type"] in WORK and action["status"] == "completed" and action["resource_id"] == new["id"]
    ]
    if len(done) != 1:
        return f"{len(done)} restores were completed"
    if f"lifeboat:restore:{INCIDENT}:done:{image}:{done[0]['id']}" not in new["tags"]:
        return f"it is not marked as done by action {done[0]['id']}: {new['tags']}"
    intents = [tag for tag in new["tags"] if tag.startswith(f"lifeboat:restore:{INCIDENT}:intent:{image}:")]
    if len(intents) != 1 or not intents[0].endswith("on" if old["status"] == "active" else "off"):
        return f"the intent is {intents}"
    if new["status"] != old["status"]:
        return f"it was {old['status']} and is {new['status']}"
    known = [snapshot["id"] for snapshot in old["snapshots"]]
    safety = [snapshot for snapshot in new["snapshots"] if snapshot["id"] not in known]
    if any(INCIDENT not in snapshot["name"] for snapshot in safety):
        return f"not all of these are safety snapshots: {safety}"
    wanted = 1 + powered_on_between(safety, after, new["id"]) if options.get("safety_snapshot", True) else 0
    if len(safety) != wanted:
        return f"there are {len(safety)} safety snapshots instead of {wanted}"
    return None


def powered_on_between(snapshots, after, key):
    """How often a Droplet was powered on after one snapshot and before the next: what it wrote then is in no snapshot.

    That is so if it was stopped, and is powered on again because the restore was refused.
    """
    made = sorted(snapshot["created_at"] for snapshot in snapshots)
    starts = [
        action["started_at"]
        for action in after["actions"]
        if (action["type"], action["resource_id"], action["status"]) == ("power_on", key, "completed")
    ]
    return sum(any(first <= start <= second for start in starts) for first, second in pairwise(made))


def _order(name, most, **options):
    return Scenario(
        name,
        "droplet_restore",
        world=partial(world, **options),
        wrong=wrong,
        scopes=SCOPES,
        most=most,
    )


SCENARIOS = (
    _order("backup", {"restore": 1, "rebuild": 0, "snapshot": 1}),
    # A restore that is refused costs a second snapshot, see `powered_on_between`. A snapshot is brought back by restore
    # or by rebuild, as the API takes it; `wrong` sees that it is one in all.
    _order("newest-stopped", {"restore": 1, "rebuild": 1, "snapshot": 2}, point="newest", stop_first=True),
    _order("snapshot-off", {"restore": 1, "rebuild": 1, "snapshot": 1}, point="snapshot", on=False, stop_first=True),
    _order("snapshot-named", {"restore": 1, "rebuild": 1, "snapshot": 1}, point="named"),
)
