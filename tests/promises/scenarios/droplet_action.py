# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of `droplet_action`: one for each way in which a type is decided, alone, on several Droplets and by tag.

What is sent each time is carried out twice at most: once by the run that meets the accident, once by the rerun.
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import Scenario

TAG = "edge:yes"
LEGACY = Path(__file__).with_name("legacy.yml")
BASE = ("droplet:read", "droplet:update")


def one(sim, **options):
    """A Droplet with a backup, beside another one."""
    alpha, _bravo = worlds.create(sim, "alpha", "bravo", policy=worlds.DAILY)
    sim.advance(2 * worlds.DAY)
    return {"droplet_id": alpha, **options}


def one_off(sim, **options):
    chosen = one(sim)
    worlds.act(sim, chosen["droplet_id"], "power_off")
    sim.advance(60)
    return {**chosen, **options}


def three(sim, **options):
    """Three with the tag, and one without."""
    worlds.create(sim, "alpha", "bravo", "charlie")
    worlds.create(sim, "delta", tags=("other:tag",))
    return {"tag": TAG, "expected_count": 3, **options}


def three_off(sim, **options):
    chosen = three(sim)
    for droplet in sim.state()["droplets"]:
        worlds.act(sim, droplet["id"], "power_off")
    sim.advance(60)
    return {**chosen, **options}


def legacy(sim, **options):
    sim.reset(world=str(LEGACY))
    return {"droplet_name": "old", **options}


def meant(state, options):
    """The Droplets of a State that a task's selection means; one that was to be renamed by either name."""
    ids, name, tag = (options.get(option) for option in ("droplet_id", "droplet_name", "tag"))
    names = (name, options.get("new_name"))
    return [
        droplet
        for droplet in state["droplets"]
        if droplet["id"] == ids or (name and droplet["name"] in names) or (tag and tag in droplet["tags"])
    ]


def each(wrong):
    """`wrong(droplet, options)` for each Droplet that is meant; and the others are as they were."""

    def found(before, after, options):
        ids = {droplet["id"] for droplet in meant(after, options)}
        if not ids:
            return "nobody is meant"
        for key, droplet in after.droplets.items():
            if key in ids and (problem := wrong(droplet, options)):
                return f"{droplet['name']}: {problem}"
            was = before.droplets[key]
            if key not in ids and any(was[name] != droplet[name] for name in ("status", "name", "size", "disk")):
                return f"{droplet['name']} was not selected, and changed"
        return None

    return found


def status(wanted):
    return each(lambda droplet, _options: None if droplet["status"] == wanted else f"is {droplet['status']}")


def feature(name):
    return each(lambda droplet, _options: None if name in droplet["features"] else f"has {droplet['features']}")


def snapshots(droplet, options):
    named = [snapshot for snapshot in droplet["snapshots"] if snapshot["name"] == options["snapshot_name"]]
    return None if len(named) == 1 else f"has {len(named)} snapshots of that name"


def resized(droplet, options):
    return None if droplet["size"] == options["size"] and droplet["disk"] == 80 else f"is {droplet['size']}"


def carried_out(kind, number=1):
    """True to its type as far as the log tells: it was carried out on each."""

    def wrong(before, after, options):
        ids = [droplet["id"] for droplet in meant(after, options)]
        done = [
            action["resource_id"]
            for action in after.actions_since(before)
            if action["type"] == kind and action["status"] == "completed"
        ]
        missing = [key for key in ids if key not in done]
        return f"{kind} was not carried out on {missing}" if missing or len(ids) != number else None

    return wrong


def scenario(name, world, wrong, *further, kind=None, times=1, **fields):
    """A Scenario of this module; `kind` is what may be carried out so many `times`, `further` are scopes."""
    most = {kind or name: times}
    return Scenario(name, "droplet_action", world, wrong, (*BASE, *further), **{"most": most, **fields})


def renamed(droplet, options):
    return None if droplet["name"] == options["new_name"] else f"is not called {options['new_name']}"


SCENARIOS = (
    scenario("power_on", lambda sim: one_off(sim, type="power_on"), status("active")),
    scenario("power_off", lambda sim: one(sim, type="power_off"), status("off"), powers=True),
    scenario(
        "shutdown",
        lambda sim: one(sim, type="shutdown", power_off_after_timeout=True, shutdown_timeout=40),
        status("off"),
        # One that stays on is asked again by the rerun.
        most={"shutdown": 2, "power_off": 1},
        powers=True,
    ),
    scenario("reboot", lambda sim: one(sim, type="reboot"), carried_out("reboot"), times=2, repeats=True),
    scenario("rename", lambda sim: one(sim, type="rename", new_name="alpha-2.example.com"), each(renamed)),
    scenario(
        "rename-by-name",
        lambda sim: one(sim) and {"droplet_name": "alpha", "type": "rename", "new_name": "beta"},
        each(renamed),
        kind="rename",
    ),
    scenario(
        "resize",
        lambda sim: one_off(sim, type="resize", size="s-2vcpu-4gb", disk=True, confirm="alpha"),
        each(resized),
        *("droplet:create", "sizes:read", "regions:read"),
    ),
    scenario(
        "rebuild",
        lambda sim: one(sim, type="rebuild", image="debian-13-x64", confirm="alpha"),
        carried_out("rebuild"),
        *("droplet:admin", "image:read"),
        times=2,
        repeats=True,
    ),
    scenario(
        "password_reset",
        lambda sim: one(sim, type="password_reset", confirm="alpha"),
        carried_out("password_reset"),
        "droplet:admin",
        times=2,
        repeats=True,
    ),
    scenario("enable_ipv6", lambda sim: one_off(sim, type="enable_ipv6"), feature("ipv6")),
    scenario(
        "enable_private_networking",
        lambda sim: legacy(sim, type="enable_private_networking"),
        feature("private_networking"),
    ),
    scenario(
        "change_kernel",
        lambda sim: legacy(sim, type="change_kernel", kernel=7516),
        each(lambda droplet, options: None if droplet["kernel"] == options["kernel"] else "has another kernel"),
    ),
    scenario(
        "snapshot",
        lambda sim: one(sim, type="snapshot", snapshot_name="before upgrade"),
        each(snapshots),
        "image:create",
    ),
    scenario(
        "snapshot-several",
        lambda sim: three(sim, type="snapshot", snapshot_name="s"),
        each(snapshots),
        *("image:create", "tag:read"),
        kind="snapshot",
        times=3,
    ),
    scenario(
        "snapshot-by_tag",
        lambda sim: three(sim, type="snapshot", snapshot_name="s", by_tag=True),
        each(snapshots),
        *("image:create", "tag:read"),
        kind="snapshot",
        times=3,
    ),
    # The API may want them to be off for it.
    scenario(
        "enable_ipv6-by_tag",
        lambda sim: three_off(sim, type="enable_ipv6", by_tag=True),
        feature("ipv6"),
        "tag:read",
        kind="enable_ipv6",
        times=3,
    ),
    scenario(
        "power_off-by_tag",
        lambda sim: three(sim, type="power_off", by_tag=True),
        status("off"),
        "tag:read",
        kind="power_off",
        times=3,
        powers=True,
    ),
    scenario(
        "power_cycle-by_tag",
        lambda sim: three(sim, type="power_cycle", by_tag=True),
        carried_out("power_cycle", 3),
        "tag:read",
        kind="power_cycle",
        times=6,
        repeats=True,
    ),
)
