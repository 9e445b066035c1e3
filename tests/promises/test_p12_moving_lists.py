# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12: nothing is missed in a list that moves on between two of its pages.

One item of the first page is deleted and another one made: the item that was the first of the second page moves to the
first, which was read already. Each page is full and tells the same total, so that no number shows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

PAGE = 200
DROPLETS, POLICIES, IMAGES = "/v2/droplets", "/v2/droplets/backups/policies", "/v2/images"
GOAL = {"plan": "daily", "hour": 8, "existing_backups": "may_be_lost"}
TASKS = {
    "droplet_backups": {"all": True, **GOAL},
    "backup_policies": {"policies": [{"name": "all", "match": {"all": True}, **GOAL}]},
}


class Meanwhile:
    """A hook before each request: `happens` once, before the second page of the list at `path` is asked for."""

    def __init__(self, path: str, happens: Callable[[], None]) -> None:
        self._second_page = re.compile(rf"{re.escape(path)}\?(?!.*type=gpus)(.*&)?page=2\b")
        self._happens = happens
        self.done = False

    def __call__(self, _number: int, request: Any) -> None:
        if not self.done and self._second_page.search(request.url):
            self.done = True
            self._happens()


@pytest.fixture(name="ids")
def _ids(sim: Any) -> list[int]:
    """The ids of an account's Droplets, ascending, as in its lists: as many as make a second page worth its request."""
    sim.reset(droplets=PAGE + 2)
    return sorted(sim.state().droplets)


def one_goes_one_comes(sim: Any, ids: list[int]) -> Callable[[], None]:
    def happens() -> None:
        sim.api("DELETE", f"droplets/{ids[0]}", status=204)
        worlds.create(sim, "newcomer")

    return happens


@pytest.mark.parametrize("module", TASKS)
@pytest.mark.parametrize("path", [DROPLETS, POLICIES])
def test_p12_a_droplet_that_moved_to_the_page_before_is_changed(
    sim: Any, ids: list[int], module: str, path: str
) -> None:
    """By its policy it is known to be there, and without one it is asked for its policy."""
    moved = ids[PAGE]
    assert sim.state().policy(moved)["plan"] == "weekly"
    meanwhile = Meanwhile(path, one_goes_one_comes(sim, ids))
    told = Runner(sim, module)(before_request=meanwhile, **TASKS[module])
    assert meanwhile.done
    assert sim.state().policy(moved) | {"plan": "daily", "hour": 8} == sim.state().policy(moved), told
    assert told.droplets[moved]["changed"]
    # The one that was deleted is no failure if the list of policies shows that it is gone.
    assert told.failed == (path == POLICIES)


@pytest.mark.parametrize("path", [DROPLETS, POLICIES])
def test_p12_a_reader_reports_the_droplet_that_moved(sim: Any, ids: list[int], path: str) -> None:
    moved = ids[PAGE]
    meanwhile = Meanwhile(path, one_goes_one_comes(sim, ids))
    told = Runner(sim, "droplet_backups_info")(before_request=meanwhile, all=True, include=["policies"])
    assert meanwhile.done
    assert not told.failed, told
    there = sim.state().policies()
    assert told.droplets[moved]["policy"] == there[moved]
    assert set(ids[1:]) <= told.droplets.keys() <= {*ids, *there}


def test_p12_a_newest_backup_that_moved_to_the_page_before_is_found(simulators: Any, tmp_path: Path) -> None:
    """29 Droplets with 7 backups each: the 201st image is the newest of one of them."""
    sim = simulators("--droplets", "6", "--action-seconds", "0", "--rate-limit", "off")
    world = tmp_path / "world.yml"
    world.write_text(json.dumps({"droplets": [{"name": "web-##", "count": 29, "policy": worlds.DAILY}]}))
    sim.reset(world=str(world))
    images = sorted(sim.state()["images"], key=lambda image: image["id"])
    assert len(images) > PAGE

    def happens() -> None:
        sim.api("DELETE", f"images/{images[0]['id']}", status=204)
        worlds.act(sim, min(sim.state().droplets), "snapshot", name="another")

    meanwhile = Meanwhile(IMAGES, happens)
    told = Runner(sim, "droplet_backups_info")(before_request=meanwhile, all=True)
    assert meanwhile.done
    assert not told.failed, told
    newest = {
        key: max(droplet["backups"], key=lambda one: one["created_at"])["id"]
        for key, droplet in sim.state().droplets.items()
    }
    assert images[PAGE]["id"] in newest.values()
    assert {key: entry["newest"]["id"] for key, entry in told.droplets.items()} == newest
