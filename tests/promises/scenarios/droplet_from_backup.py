# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of `droplet_from_backup`: by id and by description, of a Droplet that is there, is gone, or has a GPU."""

from __future__ import annotations

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import Scenario

SCOPES = ("droplet:read", "droplet:create", "image:read", "tag:read", "tag:create")
NAME = "copy"


def backed_up(sim, **fields):
    """A Droplet with eight daily backups, and another one; the id of the first."""
    (key,) = worlds.create(sim, "alpha", policy=worlds.DAILY, **fields)
    worlds.create(sim, "bravo", policy=worlds.DAILY)
    sim.advance(8 * worlds.DAY)
    return key


def oldest(sim, key):
    return min(sim.state().droplets[key]["backups"], key=lambda point: point["created_at"])["id"]


def by_backup(sim):
    """From the oldest backup, with all that is looked up left out."""
    return {"name": NAME, "backup_id": oldest(sim, backed_up(sim))}


def by_newest(sim):
    """From the newest, by the name of the source, with backups of its own and everything else that can be asked for."""
    backed_up(sim)
    return {
        "name": NAME,
        "source_droplet_name": "alpha",
        "newest": True,
        "size": "s-2vcpu-4gb",
        "tags": ["env:drill", "Edge:Yes"],
        "ssh_keys": ["289794", "3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45"],
        "user_data": "#cloud-config\nruncmd: [touch /copied]\n",
        "monitoring": True,
        "ipv6": True,
        "backup_policy": {"plan": "weekly", "weekday": "SUN", "hour": 4},
    }


def by_time(sim):
    """From the newest that is three days old, by the id of the source, backed up daily somewhen."""
    key = backed_up(sim)
    day = sorted(point["created_at"] for point in sim.state().droplets[key]["backups"])[-4]
    return {"name": NAME, "source_droplet_id": key, "before": day, "backups": True}


def of_one_gone(sim):
    """From the newest snapshot of a Droplet that is deleted."""
    key = backed_up(sim)
    for name in ("first", "second"):
        worlds.act(sim, key, "snapshot", name=name)
        sim.advance(3600)
    sim.api("DELETE", f"droplets/{key}", status=204)
    return {"name": NAME, "source_droplet_id": key, "newest": True, "size": "s-1vcpu-1gb"}


def of_one_gone_by_name(sim):
    """From the newest backup of a Droplet that is deleted, under its old name; it has a snapshot that is older."""
    sim.behave(droplet_delete_backups="keep")
    (key,) = worlds.create(sim, "alpha", policy=worlds.DAILY)
    worlds.create(sim, "bravo", policy=worlds.DAILY)
    sim.advance(3600)
    worlds.act(sim, key, "snapshot", name="by hand")
    sim.advance(8 * worlds.DAY)
    sim.api("DELETE", f"droplets/{key}", status=204)
    sim.advance(3600)
    return {"name": "alpha", "source_droplet_name": "alpha", "newest": True, "size": "s-1vcpu-1gb"}


def of_one_gone_before(sim):
    """From one of the older backups of a Droplet that is deleted."""
    options = of_one_gone_by_name(sim)
    left = [image for image in sim.state()["images"] if image["droplet_id"] not in sim.state().droplets]
    day = sorted(image["created_at"] for image in left if image["type"] == "backup")[-4]
    del options["newest"]
    return {**options, "name": NAME, "before": day}


def of_gpu(sim):
    """Of a GPU Droplet, so that the new one is in no plain list either; there is one named alike by capitals."""
    (key,) = worlds.create(sim, "gpu", size="gpu-h100x1-80gb", region="nyc2")
    worlds.create(sim, "COPY")
    sim.advance(3600)
    worlds.act(sim, key, "snapshot", name="by hand")
    sim.advance(3600)
    return {"name": NAME, "source_droplet_name": "gpu", "newest": True}


def wrong_copy(before, after, options):
    """What is wrong with the one new Droplet, by what the options say of it."""
    made = [droplet for key, droplet in after.droplets.items() if key not in before.droplets]
    if [droplet["name"] for droplet in made] != [options["name"]]:
        return f"new are {[droplet['name'] for droplet in made]} instead of one {options['name']!r}"
    (copy,) = made
    images = {image["id"]: image for image in after["images"]}
    image = images[copy["disk_from"]]
    source = before.droplets.get(image["droplet_id"], {})
    checks = {
        "status": (copy["status"], "active"),
        "image": (image["id"], _wanted_image(before, options)),
        "size": (copy["size"], options.get("size", source.get("size"))),
        "region": (copy["region"], image["regions"][0]),
        "backups": (bool(copy["policy"]), "backups" in options or "backup_policy" in options),
        "features": (_has(copy), sorted(name for name in ("ipv6", "monitoring") if options.get(name))),
        "tags": (_missing(copy, [f"lifeboat:from:{image['id']}", *options.get("tags", ())]), []),
    }
    for name, value in (options.get("backup_policy") or {}).items():
        checks[name] = (copy["policy"][name], value)
    for name, (found, wanted) in checks.items():
        if found != wanted:
            return f"its {name} is {found}, wanted {wanted}"
    return None


def _wanted_image(before, options):
    if "backup_id" in options:
        return options["backup_id"]
    name = options.get("source_droplet_name")
    ids = {key for key, droplet in before.droplets.items() if droplet["name"] == name}
    if not ids and name is not None:
        ids = {image["droplet_id"] for image in before["images"]} - before.droplets.keys()
    ids = ids or {options["source_droplet_id"]}
    own = [image for image in before["images"] if image["droplet_id"] in ids]
    fit = [image for image in own if image["created_at"] <= options.get("before", "9")]
    return max(fit, key=lambda image: image["created_at"])["id"]


def _has(droplet):
    return sorted(name for name in ("ipv6", "monitoring") if name in droplet["features"])


def _missing(droplet, tags):
    has = {tag.lower() for tag in droplet["tags"]}
    return [tag for tag in tags if tag.lower() not in has]


def scenario(name, world, *scopes):
    return Scenario(
        name,
        "droplet_from_backup",
        world=world,
        wrong=wrong_copy,
        scopes=(*SCOPES, *scopes),
        most={"create": 1},
        after_loss=("outcome_unknown",),
        dead_ends=("action_failed",),
    )


SCENARIOS = (
    scenario("by-backup", by_backup),
    scenario("by-newest", by_newest, "ssh_key:read", "sizes:read", "regions:read"),
    scenario("by-time", by_time),
    scenario("of-one-gone", of_one_gone, "snapshot:read"),
    scenario("of-one-gone-by-name", of_one_gone_by_name, "snapshot:read"),
    scenario("of-one-gone-before", of_one_gone_before, "snapshot:read"),
    scenario("of-gpu", of_gpu),
)
