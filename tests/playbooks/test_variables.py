# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each variable of each shipped playbook is proved by what the simulated account is like afterwards.

One run of ansible-playbook plays a playbook several times, each time with other variables and for other Droplets.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

ON = {"plan": "daily", "hour": 4}
Variables = dict[str, Any]
Account = Callable[..., dict[str, int]]
Chain = Callable[..., Any]


@pytest.fixture(name="account")
def _account(sim: Any, tmp_path: Path) -> Account:
    """`account(entry, …)` makes an account of these entries of a world file; the ids of its Droplets by name."""

    def make(*droplets: Variables) -> dict[str, int]:
        world = tmp_path / "world.yml"
        world.write_text(json.dumps({"droplets": droplets}))
        sim.reset(world=str(world))
        return {droplet["name"]: droplet["id"] for droplet in sim.state()["droplets"]}

    return make


@pytest.fixture(name="chain")
def _chain(play: Any, tmp_path: Path) -> Chain:
    """`chain((playbook, variables), …)` plays these one after the other; after one that fails, no more."""

    def run(*plays: tuple[str, Variables], options: tuple[str, ...] = ()) -> Any:
        playbook = tmp_path / "chain.yml"
        entries = [
            {
                "name": f"Play {number}",
                "import_playbook": f"lifeboat.digitalocean.{name}",
                "vars": {f"{name}_{variable}": value for variable, value in variables.items()},
            }
            for number, (name, variables) in enumerate(plays, 1)
        ]
        playbook.write_text(json.dumps(entries))
        return play(None, *options, playbook=playbook)

    return run


def droplet(name: str, *tags: str, **entry: Any) -> Variables:
    """A Droplet with backups, of a world file; its policy is None if it has none."""
    return {"name": name, "tags": list(tags), "policy": ON, **entry}


def images(sim: Any, key: int, kind: str) -> list[Any]:
    """The backups or snapshots of a Droplet, from the oldest."""
    found: list[Any] = sorted(sim.state().droplets[key][kind], key=lambda image: image["created_at"])
    return found


def words(told: Any) -> str:
    return " ".join(told.output.split())


def policies(sim: Any) -> dict[str, bool]:
    """Droplet name → whether its backups are on."""
    return {one["name"]: one["policy"] is not None for one in sim.state()["droplets"]}


def test_disable_backups(sim: Any, account: Account, chain: Chain) -> None:
    ids = account(
        droplet("scratch-1", "scratch"),
        droplet("scratch-2", "scratch"),
        droplet("old-blog"),
        droplet("web-01"),
        droplet("web-02"),
    )
    before = {name: images(sim, key, "backups") for name, key in ids.items()}
    assert all(len(backups) > 2 for backups in before.values())
    done = chain(
        ("disable_backups", {"tag": ["scratch"], "max": 2}),
        ("disable_backups", {"droplet": ["old-blog"], "existing": "may_be_lost"}),
        ("disable_backups", {"droplet": ["web-01", "web-02"]}),
    )
    assert policies(sim) == {"scratch-1": False, "scratch-2": False, "old-blog": False, "web-01": True, "web-02": True}
    assert done.status == 2
    assert "disable_backups_max" in words(done)
    for name in ("scratch-1", "scratch-2"):
        (kept,) = images(sim, ids[name], "snapshots")
        assert kept["created_at"] == before[name][-1]["created_at"]
    for name in ("old-blog", "web-01", "web-02"):
        assert not images(sim, ids[name], "snapshots")


def test_keep_backup(sim: Any, account: Account, chain: Chain) -> None:
    ids = account(droplet("web-01"), droplet("db-01", "role:db"), droplet("db-02", "role:db"), droplet("other"))
    before = {name: images(sim, key, "backups") for name, key in ids.items()}
    oldest = max(before[name][0]["created_at"] for name in ("db-01", "db-02"))
    done = chain(
        ("keep_backup", {"droplet": ["web-01"], "name": "before-{droplet}", "tags": ["release:7"]}),
        ("keep_backup", {"tag": ["role:db"], "before": oldest}),
    )
    assert done.status == 0, done.output
    kept = {name: images(sim, key, "snapshots") for name, key in ids.items()}
    (web,) = kept.pop("web-01")
    assert web["name"] == "before-web-01"
    assert web["created_at"] == before["web-01"][-1]["created_at"]
    assert web["tags"] == ["release:7"]
    assert not kept.pop("other")
    for name, snapshots in kept.items():
        (snapshot,) = snapshots
        assert snapshot["name"] == f"keep-{name}-{snapshot['created_at'][:10]}"
        assert snapshot["created_at"] == before[name][0]["created_at"]
        assert snapshot["tags"] == []


def test_quickstart(sim: Any, account: Account, chain: Chain) -> None:
    account(
        droplet("dev", policy=None),
        droplet("spare", "env:spare", policy=None),
        droplet("prod", "env:prod", policy=None),
        droplet("ci", "env:prod", "role:ci", policy=None),
    )
    done = chain(
        ("quickstart", {"exclude_tag": ["env:spare", "env:prod"]}),
        ("quickstart", {"tag": ["env:prod"], "exclude_tag": ["role:ci"]}),
    )
    assert done.status == 0, done.output
    assert policies(sim) == {"dev": True, "spare": False, "prod": True, "ci": False}


def test_quickstart_leaves_nobody_out_by_default(sim: Any, account: Account, chain: Chain) -> None:
    account(droplet("dev", policy=None), droplet("ci", "role:ci", policy=None))
    done = chain(("quickstart", {}))
    assert done.status == 0, done.output
    assert policies(sim) == {"dev": True, "ci": True}
    assert "exclude_tag" not in done.output


def test_unprotected(sim: Any, account: Account, chain: Chain) -> None:
    """It sends no write and reports no change or diff, although it plans one."""
    account(droplet("web", policy=None), droplet("ci", "role:ci", policy=None), droplet("db"))
    done = chain(("unprotected", {"exclude_tag": ["role:ci"]}), options=("--diff",))
    assert done.status == 0, done.output
    assert "1 of 2 Droplets have no backups: web (" in words(done)
    assert "changed=0" in done.output
    assert "→" not in done.output
    assert policies(sim) == {"web": False, "ci": False, "db": True}
    assert {entry["method"] for entry in sim.journal()} == {"GET"}


def test_an_account_without_droplets(account: Account, chain: Chain) -> None:
    """What only looks has nothing to report, and that is no error."""
    account()
    done = chain(("unprotected", {}), ("clone", {}), ("recover_deleted", {}))
    assert done.status == 0, done.output
    assert "0 of 0 Droplets have no backups." in words(done)
    assert "Droplets with a backup: none." in words(done)
    assert "Backups of Droplets that are gone: none." in words(done)


def test_clone(sim: Any, account: Account, chain: Chain) -> None:
    ids = account(droplet("web-01", size="s-2vcpu-4gb", snapshots=[{"name": "by hand", "age": "1d"}]))
    key = ids["web-01"]
    oldest = images(sim, key, "backups")[0]
    (snapshot,) = images(sim, key, "snapshots")
    sim.api("POST", f"images/{snapshot['id']}/actions", {"type": "transfer", "region": "ams3"}, status=201)
    sim.advance(60)
    done = chain(
        (
            "clone",
            {"name": "old", "source_id": key, "before": oldest["created_at"], "max_age_hours": 9999, "tags": ["drill"]},
        ),
        ("clone", {"name": "abroad", "snapshot_id": snapshot["id"], "region": "ams3", "size": "s-4vcpu-8gb"}),
        ("clone", {"name": "on", "source_name": "web-01", "backups": True}),
        ("clone", {"name": "late", "source_name": "web-01", "before": oldest["created_at"], "max_age_hours": 1}),
    )
    made = {one["name"]: one for one in sim.state()["droplets"]}
    assert made.keys() == {"web-01", "old", "abroad", "on"}, done.output
    newest = max(images(sim, key, "backups")[-1], snapshot, key=lambda image: str(image["created_at"]))
    assert {name: one["disk_from"] for name, one in made.items() if name != "web-01"} == {
        "old": oldest["id"],
        "abroad": snapshot["id"],
        "on": newest["id"],
    }
    assert {name: one["region"] for name, one in made.items()} == {
        "web-01": "nyc3",
        "old": "nyc3",
        "abroad": "ams3",
        "on": "nyc3",
    }
    assert {name: one["size"] for name, one in made.items()} == {
        "web-01": "s-2vcpu-4gb",
        "old": "s-2vcpu-4gb",
        "abroad": "s-4vcpu-8gb",
        "on": "s-2vcpu-4gb",
    }
    assert policies(sim) == {"web-01": True, "old": False, "abroad": False, "on": True}
    tags = {name: [tag for tag in one["tags"] if not tag.startswith("lifeboat:")] for name, one in made.items()}
    assert tags == {"web-01": [], "old": ["drill"], "abroad": [], "on": []}
    assert done.status == 2
    assert "clone_max_age_hours" in words(done)


def test_recover_deleted(sim: Any, account: Account, chain: Chain) -> None:
    ids = account(droplet("web-01"), droplet("web-02"))
    before = {name: images(sim, key, "backups") for name, key in ids.items()}
    sim.behave(droplet_delete_backups="keep")
    for key in ids.values():
        sim.api("DELETE", f"droplets/{key}", status=204)
    sim.advance(3600)
    second = before["web-02"][1]["created_at"]
    done = chain(
        (
            "recover_deleted",
            {
                "droplet": "web-01",
                "before": before["web-01"][0]["created_at"],
                "keep": False,
                "size": "s-4vcpu-8gb",
                "name": "again",
                "tags": ["restored"],
                "backups": True,
            },
        ),
        ("recover_deleted", {"droplet": "web-02", "before": second, "size": "s-2vcpu-4gb"}),
    )
    assert done.status == 0, done.output
    made = {one["name"]: one for one in sim.state()["droplets"]}
    assert made.keys() == {"again", "web-02"}
    again, same = made["again"], made["web-02"]
    assert (again["size"], same["size"]) == ("s-4vcpu-8gb", "s-2vcpu-4gb")
    tags = [[tag for tag in one["tags"] if not tag.startswith("lifeboat:")] for one in (again, same)]
    assert tags == [["restored"], []]
    assert policies(sim) == {"again": True, "web-02": False}
    assert again["disk_from"] == before["web-01"][0]["id"]
    left = {image["id"]: image for image in sim.state()["images"]}
    assert {left[backup["id"]]["type"] for backup in before["web-01"]} == {"backup"}
    source = left[same["disk_from"]]
    assert (source["type"], source["created_at"]) == ("snapshot", second)
    kept = [image for image in left.values() if image["droplet_id"] == ids["web-02"] and image["type"] == "snapshot"]
    assert kept == [source]


def restore(play: Any, **variables: Any) -> Any:
    """Play it. Its prompts are answered by extra variables only, so that it cannot be one of a chain."""
    given = {f"restore_{name}": value for name, value in variables.items()}
    return play(None, "-e", json.dumps(given), playbook="lifeboat.digitalocean.restore")


def with_a_backup_as_old_as(sim: Any, account: Account, hours: float) -> int:
    """db-01, whose last backup is so old and no other follows; its id."""
    key = account(droplet("db-01", newest_backup_age="1d", failing=True))["db-01"]
    made = datetime.fromisoformat(images(sim, key, "backups")[-1]["created_at"])
    sim.set_clock((made + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    sim.forget()
    return key


def of_droplet(sim: Any, key: int, since: Any) -> list[str]:
    """The types of a Droplet's actions since that state."""
    made: list[str] = [one["type"] for one in sim.state().actions_since(since) if one["resource_id"] == key]
    return made


def test_restore_makes_a_safety_snapshot_and_stops_nothing_by_default(sim: Any, account: Account, play: Any) -> None:
    key = with_a_backup_as_old_as(sim, account, 47.9)
    since = sim.state()
    done = restore(play, droplet="db-01", point="newest", incident="inc-1", confirm="db-01")
    assert done.status == 0, done.output
    assert of_droplet(sim, key, since) == ["snapshot", "restore"]
    (safety,) = images(sim, key, "snapshots")
    assert f"snapshot_id={safety['id']}" in done.output
    assert [tag for tag in sim.state().droplets[key]["tags"] if "inc-1" in tag], "the incident is in the tags"


def test_restore_stops_first_without_a_safety_snapshot_and_waits_as_long_as_told(
    sim: Any, account: Account, play: Any
) -> None:
    ids = account(droplet("db-01"))
    since = sim.state()
    sim.fault({"action": "stuck"}, method="POST", path="/actions", after=1)
    options = {"safety_snapshot": False, "stop_first": True, "wait_timeout": 4}
    done = restore(play, droplet="db-01", point="newest", incident="inc-1", confirm="db-01", **options)
    assert done.status == 2, done.output
    stop, act = of_droplet(sim, ids["db-01"], since)
    assert (stop, act) == ("power_off", "restore")
    assert not images(sim, ids["db-01"], "snapshots")
    assert "wait_timeout is restore_wait_timeout" in words(done)


@pytest.mark.parametrize(("point", "options"), [("newest", {}), ("before {}", {"max_age_hours": 1})])
def test_restore_refuses_what_is_too_old(sim: Any, account: Account, play: Any, point: str, options: Variables) -> None:
    """48 hours by default, for the newest and before a time; what is named by its id may be older."""
    key = with_a_backup_as_old_as(sim, account, 48.2)
    newest = images(sim, key, "backups")[-1]["created_at"]
    given = {"droplet": "db-01", "incident": "inc-1", "confirm": "db-01"}
    done = restore(play, point=point.format(newest), **given, **options)
    assert done.status == 2, done.output
    assert "restore_max_age_hours" in words(done)
    assert {entry["method"] for entry in sim.journal()} == {"GET"}
