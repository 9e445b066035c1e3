# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenarios of `backup_to_snapshot`."""

from __future__ import annotations

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import Scenario

CONVERTING = ("droplet:read", "image:read", "image:update")
TAGGING = (*CONVERTING, "tag:create", "tag:read")
NAME = "keep-{droplet}-{date}"


def days(sim, number=5, **options):
    """One Droplet with so many daily backups and a snapshot made by hand the day before, and another one."""
    (key,) = worlds.create(sim, "alpha", policy=worlds.DAILY)
    worlds.create(sim, "bravo", policy=worlds.DAILY)
    sim.advance((number - 1) * worlds.DAY)
    worlds.act(sim, key, "snapshot", name="by hand")
    sim.advance(worlds.DAY)
    return {"droplet_id": key, **options}


def by_id(sim, place=0, **options):
    key = days(sim)["droplet_id"]
    return {"backup_id": newest_first(sim.state().droplets[key]["backups"])[place]["id"], **options}


def gone(sim, number=5, by="droplet_name", **options):
    """The first of both is deleted; its snapshot is two days older than its newest backup."""
    sim.behave(droplet_delete_backups="keep")
    key = days(sim, number)["droplet_id"]
    sim.advance(worlds.DAY)
    sim.api("DELETE", f"droplets/{key}", status=204)
    sim.advance(3600)
    return {by: "alpha" if by == "droplet_name" else key, **options}


def fleet(sim, **options):
    """Four Droplets with five daily backups each: what is read between the steps is read for all of them together."""
    worlds.create(sim, "alpha", "bravo", "charlie", "delta", policy=worlds.DAILY)
    sim.advance(5 * worlds.DAY)
    return {"all": True, **options}


def newest_first(backups):
    return sorted(backups, key=lambda backup: backup["created_at"], reverse=True)


def misnamed(made, chosen, name, droplet, tags):
    """What is wrong with the names or tags of the snapshots `made` of the backups `chosen`; None if nothing is."""
    for backup in chosen:
        expected = (name or backup["name"]).replace("{droplet}", droplet)
        expected = expected.replace("{date}", backup["created_at"][:10])
        twin = [one for one in made if one["created_at"] == backup["created_at"]]
        if [one["name"] for one in twin] != [expected]:
            return f"no snapshot of {backup['created_at']} is named {expected!r}: {twin}"
        if not set(tags) <= set(twin[0]["tags"]):
            return f"{twin[0]} does not carry {tags}"
    return None


def kept(wanted, name=None, tags=()):
    """The backups that `wanted(backups newest first, options)` picks are snapshots of that name; nothing else is."""

    def wrong(before, after, options):
        for key, old in before.droplets.items():
            new = after.droplets[key]
            chosen = wanted(newest_first(old["backups"]), options)
            if key != options.get("droplet_id", key) or not chosen:
                if new["backups"] != old["backups"] or new["snapshots"] != old["snapshots"]:
                    return f"Droplet {key} has other restore points than before"
                continue
            left = [backup["id"] for backup in old["backups"] if backup not in chosen]
            if [backup["id"] for backup in new["backups"]] != left:
                return f"the backups of {key} are {new['backups']}"
            made = [snapshot for snapshot in new["snapshots"] if snapshot not in old["snapshots"]]
            if len(made) != len(chosen) or len(new["snapshots"]) != len(old["snapshots"]) + len(chosen):
                return f"{len(chosen)} snapshots were wanted, and there are {made}"
            if fault := misnamed(made, chosen, name, old["name"], tags):
                return fault
        return None

    return wrong


def kept_of_gone(wanted, name=None, tags=()):
    """The same of the images that are left of the Droplet that is gone, and nothing of any other changes."""

    def own(state, key):
        images = [image for image in state["images"] if image["droplet_id"] == key]
        return {kind: [image for image in images if image["type"] == kind] for kind in ("backup", "snapshot")}

    def wrong(before, after, options):
        for key in {image["droplet_id"] for image in before["images"]}:
            old, new = own(before, key), own(after, key)
            chosen = [] if key in before.droplets else wanted(newest_first(old["backup"]), options)
            left = [backup["id"] for backup in old["backup"] if backup not in chosen]
            if sorted(backup["id"] for backup in new["backup"]) != sorted(left):
                return f"the backups of {key} are {new['backup']}"
            made = [snapshot for snapshot in new["snapshot"] if snapshot not in old["snapshot"]]
            if len(made) != len(chosen) or len(new["snapshot"]) != len(old["snapshot"]) + len(chosen):
                return f"{len(chosen)} snapshots were wanted, and there are {made}"
            if fault := misnamed(made, chosen, name, "alpha", tags):
                return fault
        return None

    return wrong


def scenario(name, world, wrong, number=1, scopes=CONVERTING):
    return Scenario(
        name, "backup_to_snapshot", world, wrong, scopes, most={"convert": number}, others=("backup", "snapshot")
    )


def of_id(backups, options):
    return [backup for backup in backups if backup["id"] == options["backup_id"]]


SCENARIOS = (
    scenario(
        "newest",
        lambda sim: days(sim, newest=True, snapshot_name=NAME, tags=["keep", "second"]),
        kept(lambda backups, _options: backups[:1], NAME, ("keep", "second")),
        scopes=TAGGING,
    ),
    scenario(
        "newest-own-name", lambda sim: days(sim, newest=True), kept(lambda backups, _options: backups[:1])
    ),
    scenario(
        "newest-fixed-name",
        lambda sim: days(sim, newest=True, snapshot_name="kept"),
        kept(lambda backups, _options: backups[:1], "kept"),
    ),
    scenario(
        "newest-fleet",
        lambda sim: fleet(sim, newest=True, snapshot_name=NAME, tags=["keep"]),
        kept(lambda backups, _options: backups[:1], NAME, ("keep",)),
        number=4,
        scopes=(*TAGGING, "snapshot:read", "actions:read"),
    ),
    scenario(
        "before",
        lambda sim: days(sim, before="2026-03-13T09:30:00Z", snapshot_name=NAME),
        kept(lambda backups, _options: [b for b in backups if b["created_at"] <= "2026-03-13T09:30:00Z"][:1], NAME),
    ),
    scenario(
        "all_backups",
        lambda sim: days(sim, 3, all_backups=True, snapshot_name=NAME, tags=["keep"]),
        kept(lambda backups, _options: backups, NAME, ("keep",)),
        number=3,
        scopes=TAGGING,
    ),
    scenario(
        "backup_id",
        lambda sim: by_id(sim, 2, snapshot_name="kept", tags=["keep"]),
        kept(of_id, "kept", ("keep",)),
        scopes=(*TAGGING, "snapshot:read"),
    ),
    scenario(
        "gone-newest",
        lambda sim: gone(sim, newest=True, snapshot_name=NAME, tags=["keep"]),
        kept_of_gone(lambda backups, _options: backups[:1], NAME, ("keep",)),
        scopes=(*TAGGING, "snapshot:read"),
    ),
    scenario(
        "gone-newest-own-name",
        lambda sim: gone(sim, newest=True),
        kept_of_gone(lambda backups, _options: backups[:1]),
        scopes=(*CONVERTING, "snapshot:read"),
    ),
    scenario(
        "gone-before",
        lambda sim: gone(sim, before="2026-03-14T09:30:00Z", snapshot_name=NAME),
        kept_of_gone(
            lambda backups, _options: [b for b in backups if b["created_at"] <= "2026-03-14T09:30:00Z"][:1], NAME
        ),
        scopes=(*CONVERTING, "snapshot:read"),
    ),
    scenario(
        "gone-all_backups",
        lambda sim: gone(sim, 2, all_backups=True, snapshot_name=NAME, tags=["keep"]),
        kept_of_gone(lambda backups, _options: backups, NAME, ("keep",)),
        number=3,
        scopes=(*TAGGING, "snapshot:read"),
    ),
)
