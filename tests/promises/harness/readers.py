# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12 for readers: the info modules and the inventory report the truth, or fail and say why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from . import worlds
from .module import Runner
from .wrong_answers import HARMLESS, SHAPELESS, Spot, is_clean, says_so

UNKNOWN = (None, "unknown_plan")
"""How a fact is reported that the API has left out."""


@dataclass(frozen=True)
class Reader:
    """A task that reads. `world(sim)` makes its account and returns the options, `facts(result)` is compared."""

    name: str
    module: str
    world: Callable
    facts: Callable

    def __str__(self):
        return f"{self.module}-{self.name}"


def account(sim):
    """Droplets with and without backups and a GPU, snapshots, a Droplet that is gone, actions."""
    sim.reset(droplets=0)
    alpha, bravo = worlds.create(sim, "alpha", "bravo", policy=worlds.DAILY)
    worlds.create(sim, "charlie")
    worlds.create(sim, "graphic", policy=worlds.DAILY, size="gpu-h100x1-80gb", region="nyc2")
    sim.advance(3 * worlds.DAY)
    for key in (alpha, bravo):
        worlds.act(sim, key, "snapshot", name="by hand")
    sim.advance(600)
    sim.api("DELETE", f"droplets/{bravo}", status=204)
    sim.advance(600)
    sim.forget()
    return alpha


def status(result):
    return {
        **{
            entry["id"]: (entry["name"], entry["enabled"], entry["status"], [one["id"] for one in entry["backups"]])
            for entry in result["droplets"]
        },
        "orphaned": [one["id"] for one in result.get("orphaned_backups") or ()],
    }


def snapshots(result):
    return {one["id"]: (one["name"], one["droplet_id"], one["regions"]) for one in result["snapshots"]}


def actions(result):
    return {one["id"]: (one["type"], one["status"], one["resource_id"]) for one in result["actions"]}


def _of(name, module, facts, **options):
    def world(sim):
        key = account(sim)
        return {option: key if value == "alpha" else value for option, value in options.items()}

    return Reader(name, module, world, facts)


READERS = {
    str(reader): reader
    for reader in (
        _of("all", "droplet_backups_info", status, all=True),
        _of("one", "droplet_backups_info", status, droplet_id="alpha"),
        _of("all", "droplet_snapshot_info", snapshots),
        _of("gone", "droplet_snapshot_info", snapshots, deleted_droplets=True),
        _of("account", "droplet_action_info", actions),
        _of("one", "droplet_action_info", actions, droplet_id="alpha", type=["snapshot"]),
    )
}


def spots_of(requests):
    counts = Counter((entry["method"], entry["route"]) for entry in requests)
    return [Spot(*route, count) for route, count in counts.items()]


def reader_sweep(sim, reader, cells_of, tally):
    """Each of `cells_of(spots)` against a true reading."""
    options = reader.world(sim)
    run = Runner(sim, reader.module)
    true = run(**options)
    assert not true.failed, true
    expected = reader.facts(true.result)
    assert expected, true

    def meets(cell):
        told, met = _told(sim, cell, lambda: run(**options))
        is_clean(told)
        if told.failed:
            says_so(cell, told, SHAPELESS)
        elif not cell.way.startswith("control_"):
            _agrees(reader.facts(told.result), expected, cell, told)
        return met

    for cell in cells_of(spots_of(true.requests)):
        tally.play(cell, lambda cell=cell: meets(cell))


def _told(sim, cell, read):
    """The report of a reading that may meet a wrong answer, and True if it met it."""
    sim.fault(dict(cell.effect), method="GET", path=cell.spot.pattern, times=cell.times, after=cell.after)
    try:
        return read(), sim.faults()[0]["spoiled"] > 0
    finally:
        sim.clear_faults()


def _agrees(found, expected, cell, told):
    """The report is true; what the API left out may be reported as not known."""
    left_out = dict(cell.effect).get("as") in ("null", "missing")
    assert found.keys() == expected.keys(), f"P12: told {found}, and true is {expected}\n{told}"
    for key, value in expected.items():
        pairs = list(zip_longest(found[key], value))
        same = all(one == other or (left_out and one in UNKNOWN) for one, other in pairs)
        assert same, f"P12: {key} is told as {found[key]}, and true is {value}"


def inventory_sweep(sim, inventory, cells_of, tally):
    """The same for the inventory: all hosts in the right groups, or none and a reason."""
    account(sim)
    true = inventory(backup_ages=True)
    assert true.failure is None, true
    assert true.ids, true

    def meets(cell):
        told, met = _told(sim, cell, lambda: inventory(backup_ages=True))
        if told.failure:
            assert not told.hosts, told
            assert not cell.way.startswith(HARMLESS), f"P12: {cell.way} says nothing about the account\n{told}"
            assert "GET /v2/" in told.failure, f"P12: the endpoint is not named\n{told}"
            assert "fault of the collection" not in told.failure, told
        elif not cell.way.startswith("control_"):
            assert told.ids == true.ids, f"P12: the hosts are {told.ids}, and true is {true.ids}\n{told}"
            left_out = dict(cell.effect).get("as") in ("null", "missing")
            assert left_out or told.groups == true.groups, f"P12: {told.groups} instead of {true.groups}\n{told}"
        return met

    for cell in cells_of(spots_of(true.requests)):
        tally.play(cell, lambda cell=cell: meets(cell))
