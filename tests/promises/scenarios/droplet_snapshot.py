# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of `droplet_snapshot`."""

from __future__ import annotations

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import Scenario

TAKING = ("droplet:read", "droplet:update", "image:create", "image:read")
COPYING = (*TAKING, "image:update")
TAGGING = (*COPYING, "tag:create", "tag:read")
STOPPING = (*TAKING, "tag:create", "tag:read", "tag:delete")
DELETING = ("droplet:read", "image:read", "image:delete", "snapshot:delete")


def snapshots(sim, *ages, **options):
    """One Droplet with a snapshot for each of `ages` in days, ascending in age, and another Droplet with one."""
    key, other = worlds.create(sim, "alpha", "bravo", policy=worlds.DAILY)
    worlds.act(sim, other, "snapshot", name="day-0")
    for older, younger in zip(ages, [*ages[1:], 0], strict=True):
        worlds.act(sim, key, "snapshot", name=f"day-{older}")
        sim.advance((older - younger) * worlds.DAY)
    return {"droplet_id": key, **options}


def fleet(sim, **options):
    """Four Droplets: what is read between the steps is read for all of them together."""
    worlds.create(sim, "alpha", "bravo", "charlie", "delta", policy=worlds.DAILY)
    sim.advance(worlds.DAY)
    return {"all": True, **options}


def of_ids(sim, *places):
    key = snapshots(sim, 5, 3, 1)["droplet_id"]
    own = sorted(sim.state().droplets[key]["snapshots"], key=lambda snapshot: snapshot["created_at"])
    return {"snapshot_id": [own[place]["id"] for place in places], "state": "absent"}


def there_is(name, regions=("nyc3",), tags=(), made=1):
    """A snapshot of that name in these regions with these tags; `made` more than before, and the rest as it was."""

    def wrong(before, after, options):
        for key, old in before.droplets.items():
            new = after.droplets[key]
            ours = key == options["droplet_id"]
            if not {one["id"] for one in old["snapshots"]} <= {one["id"] for one in new["snapshots"]}:
                return f"a snapshot of Droplet {key} is gone"
            number = len(new["snapshots"]) - len(old["snapshots"])
            if number != (made if ours else 0):
                return f"there are {number} more snapshots of Droplet {key}"
            if not ours:
                continue
            newest = max(new["snapshots"], key=lambda one: (one["name"] == name, one["created_at"]))
            if newest["name"] != name or set(newest["regions"]) != set(regions) or not set(tags) <= set(newest["tags"]):
                return f"the snapshot is {newest}"
        return None

    return wrong


def on_again(wrong):
    """The same, and the Droplet is on and carries no tag that says otherwise."""

    def found(before, after, options):
        droplet = after.droplets[options["droplet_id"]]
        if droplet["status"] != "active":
            return f"it is {droplet['status']}"
        if "lifeboat:stopped" in droplet["tags"]:
            return f"it carries {droplet['tags']}"
        stops = [action for action in after.actions_since(before) if action["type"] in ("shutdown", "power_off")]
        return wrong(before, after, options) if stops else "it was not stopped"

    return found


def of_each(wrong):
    """`wrong` of one Droplet, the only one in its world, for each that there is."""

    def found(before, after, _options):
        for key in before.droplets:
            old, new = before.of_one(key), after.of_one(key)
            if fault := wrong(old, new, {"droplet_id": key}):
                return fault
        return None

    return found


def there_are_only(*places):
    """Of the first Droplet's snapshots, oldest first, those at `places` are left, and nothing else has changed."""

    def wrong(before, after, _options):
        for key, old in before.droplets.items():
            new = after.droplets[key]
            if new["backups"] != old["backups"]:
                return f"the backups of {key} have changed"
            own = sorted(old["snapshots"], key=lambda one: one["created_at"])
            left = own if old["name"] == "bravo" else [own[place] for place in places]
            if {one["id"] for one in new["snapshots"]} != {one["id"] for one in left}:
                return f"the snapshots of {old['name']} are {new['snapshots']}"
        return None

    return wrong


def taking(name, world, wrong, scopes=TAKING, **most):
    return Scenario(name, "droplet_snapshot", world, wrong, scopes, most={"snapshot": 1, **most})


def deleting(name, world, wrong, scopes=DELETING):
    return Scenario(name, "droplet_snapshot", world, wrong, scopes, gives_up=True)


SCENARIOS = (
    taking("name", lambda sim: snapshots(sim, 5, snapshot_name="before-upgrade"), there_is("before-upgrade")),
    taking(
        "max_age",
        lambda sim: snapshots(sim, 5, max_age_hours=6, snapshot_name="fresh-{droplet}"),
        there_is("fresh-alpha"),
    ),
    taking(
        "regions-and-tags",
        lambda sim: snapshots(
            sim, 5, snapshot_name="before-upgrade", regions=["ams3", "fra1"], tags=["keep"]
        ),
        there_is("before-upgrade", ("nyc3", "ams3", "fra1"), ("keep",)),
        scopes=TAGGING,
        transfer=2,
    ),
    taking(
        "copy-of-one-there-is",
        lambda sim: snapshots(sim, 5, 1, snapshot_name="day-1", regions=["ams3"], tags=["keep", "second"]),
        there_is("day-1", ("nyc3", "ams3"), ("keep", "second"), made=0),
        scopes=TAGGING,
        transfer=1,
        snapshot=0,
    ),
    taking(
        "stop_first",
        lambda sim: snapshots(sim, 5, snapshot_name="clean", stop_first=True),
        on_again(there_is("clean")),
        scopes=STOPPING,
    ),
    taking(
        "stop_first-with-copies",
        lambda sim: snapshots(
            sim, 5, max_age_hours=6, snapshot_name="clean", regions=["ams3"], stop_first=True, shutdown_timeout=0
        ),
        on_again(there_is("clean", ("nyc3", "ams3"))),
        scopes=(*STOPPING, "image:update"),
        transfer=1,
        shutdown=0,
    ),
    taking(
        "stop_first-fleet",
        lambda sim: fleet(sim, snapshot_name="clean", stop_first=True, tags=["keep"]),
        of_each(on_again(there_is("clean", tags=("keep",)))),
        scopes=(*TAGGING, "tag:delete", "snapshot:read", "actions:read"),
        snapshot=4,
    ),
    deleting("absent-by-id", lambda sim: of_ids(sim, 0, 1), there_are_only(2), (*DELETING, "snapshot:read")),
    deleting(
        "absent-by-name",
        lambda sim: snapshots(sim, 5, 3, 1, snapshot_name="day-3", state="absent"),
        there_are_only(0, 2),
    ),
    deleting(
        "absent-by-age",
        lambda sim: snapshots(sim, 5, 3, 1, older_than_hours=48, state="absent"),
        there_are_only(2),
    ),
)
