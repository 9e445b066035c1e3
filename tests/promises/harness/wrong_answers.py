# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P12: the tasks of every module against answers that are wrong, each way on each route that a task asks.

The routes are recorded from a run without accidents. A read is wrong whenever it is sent, or only the last time that
the recorded run sends it; a write is wrong once.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from dosim import wrong
from dosim_inprocess import fields, spoils

from .scenarios import converges, nothing_lost, prepared, recorded, runner, stays

WAYS = tuple(name for name in wrong.names() if name != "field")
HEAVY = ("bomb", "deep")
"""Ways that take seconds, or all of the stack: tried on one route of a task, and in no sample."""

PATIENCE = 300
"""Seconds of a task's time: enough for each, and a task that waits because of a wrong answer asks less often."""

SHAPELESS = ("invalid_answer", "unreachable", "incomplete_list")
"""How a run may fail after a wrong answer: it reports that, and nothing else about the account."""

AFTER_A_WRITE = (*SHAPELESS, "outcome_unknown", "not_converged", "wait_timeout")
"""How it may fail after a write: the effect of the write could not be read."""

HARMLESS = ("ratelimit_", "date_")
"""What these ways spoil says nothing about the account: a task goes on."""

RENAMED = "control_characters"
"""All names are others: what is looked for by name is not there, and a task may say so."""

REDACTED = (
    *("droplets[].backup_ids", "droplets[].snapshot_ids", "droplets[].tags"),
    *("droplet.backup_ids", "droplet.snapshot_ids", "droplet.tags"),
)
"""Fields that the API may leave out for a token without the scope: a task may ask for that."""

NULLABLE = ("image.tags",)
"""Fields that the API's description lets be null or absent: that is no wrong answer, and a task may wait for them."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Spot:
    """A route to which a task sends `count` requests."""

    method: str
    template: str
    count: int

    @property
    def pattern(self):
        parts = re.split(r"{(\w+)}", self.template)
        names = [r"[^/]+" if number % 2 and part == "tag_id" else r"\d+" for number, part in enumerate(parts)]
        return "^" + "".join(names[n] if n % 2 else re.escape(part) for n, part in enumerate(parts)) + "$"

    def __str__(self):
        return f"{self.method} {self.template}"


@dataclass(frozen=True)
class Cell:
    """One wrong answer or several: with `times` 0, every answer of the route."""

    spot: Spot
    effect: tuple
    times: int
    after: int = 0

    @property
    def way(self):
        return dict(self.effect)["wrong"]

    def __str__(self):
        said = " ".join(str(value) for _key, value in self.effect)
        return f"{self.spot}: {said}, {'always' if not self.times else f'after {self.after}'}"


def spots(sim, scenario):
    """The routes to which a task sends requests without accidents."""
    counts = Counter((entry["method"], entry["route"]) for entry in recorded(sim, scenario, {}, {}))
    return [Spot(*route, count) for route, count in counts.items()]


def cells(found, way):
    """A way on each of the routes `found`: a read always and, if it is asked more than once, only the last time."""
    effect = (("wrong", way),)
    spoiled = [spot for spot in found if spoils(way, spot.method, spot.template)]
    for spot in spoiled[:1] if way in HEAVY else spoiled:
        if spot.method != "GET":
            yield Cell(spot, effect, 1)
            continue
        yield Cell(spot, effect, 0)
        if spot.count > 1 and way not in HEAVY:
            yield Cell(spot, effect, 1, spot.count - 1)


def field_cells(found, turn, every_type=False):
    """Each field of each route as one other type, which is another one for each `turn`, or as all of them."""
    number = turn
    for spot in found:
        for path, own in fields(spot.method, spot.template).items():
            others = [name for name in (*wrong.OTHERS, "missing") if name != own]
            number += 1
            for instead in others if every_type else [others[number % len(others)]]:
                effect = (("wrong", "field"), ("field", path), ("as", instead))
                yield Cell(spot, effect, 0 if spot.method == "GET" else 1)


def wrong_play(sim, scenario, cell):
    """True if the run met the wrong answer; raises AssertionError if a promise is broken."""
    options, token, before = prepared(sim, scenario, {})
    run = runner(sim, scenario, options, token)
    number = sim.fault(
        dict(cell.effect), method=cell.spot.method, path=cell.spot.pattern, times=cell.times, after=cell.after
    )
    met = run(wait_timeout=PATIENCE)
    (fault,) = sim.faults()
    assert fault["id"] == number
    if not fault["spoiled"]:
        assert not met.failed, met
        return False
    is_clean(met)
    if met.failed:
        says_so(cell, met, (*AFTER_A_WRITE, *scenario.after_loss) if met.writes else SHAPELESS)
    if cell.way == RENAMED and cell.spot.method == "GET":
        _renamed(sim, scenario, run, before, met)
        return True
    if not met.failed:
        assert met.changed, met
        problem = scenario.wrong(before, sim.state(), options)
        assert problem is None, f"P12: a false ok: {problem}\n{met}"
    sim.clear_faults()
    sim.advance(5)
    if not met.failed:
        stays(sim, scenario, run, before, options, met)
    elif met.writes and met.kind not in scenario.dead_ends:
        # After a run that has sent nothing, a rerun is the run that `spots` has recorded.
        converges(sim, scenario, run, before, options)
    return True


def _renamed(sim, scenario, run, before, met):
    """The account has other names than the answers: nothing is lost, and reruns come to an end."""
    nothing_lost(scenario, before, sim.state())
    sim.clear_faults()
    sim.advance(5)
    if scenario.repeats or not met.writes:
        return
    again = run(wait_timeout=PATIENCE)
    assert not again.failed, f"P1: a rerun does not converge\n{again}"
    nothing_lost(scenario, before, sim.state())
    last = run(wait_timeout=PATIENCE)
    assert not last.writes, f"P1: wrote again\n{last}"


def is_clean(met):
    """P9: no control characters in what is shown."""
    told = met.result
    shown = [told.get("msg", ""), *told.get("diff", {}).values(), *map(str, told.get("warnings", ()))]
    shown += [entry["name"] for entry in met.droplets.values()]
    soiled = [text for text in shown if _CONTROL.search(str(text))]
    assert not soiled, f"P9: control characters in {soiled!r}"


def says_so(cell, met, allowed):
    """The failure names the endpoint and what is wrong in its answer; nothing is said about what was not seen."""
    assert not cell.way.startswith(HARMLESS), f"P12: {cell.way} says nothing about the account\n{met}"
    if cell.way == RENAMED:
        return
    field = dict(cell.effect).get("field") if dict(cell.effect).get("as") in ("null", "missing") else None
    if field in REDACTED:
        allowed = (*allowed, "scope", "selection")
    assert met.kind in allowed, f"P12: should fail with one of {allowed}\n{met}"
    if cell.spot.method != "GET" or (field in NULLABLE and met.kind == "wait_timeout"):
        return
    asked = {entry["path"] for entry in met.requests if entry["fault"]}
    said = met.result["msg"]
    assert any(f"{cell.spot.method} {path}" in said for path in asked), f"P12: the endpoint is not named\n{met}"
    if met.kind == "invalid_answer" and cell.way == "field":
        name = dict(cell.effect)["field"].replace("[]", "").replace("{}", "").rpartition(".")[2]
        assert name in said, f"P12: the field {name} is not named\n{met}"
    if cell.way.startswith(("meta_", "total_")) and met.kind == "invalid_answer":
        assert "meta" in said or "total" in said, f"P12: meta is not named\n{met}"


def sweep(sim, scenario, chosen, tally):
    """Play all the cells."""
    for cell in chosen:
        tally.play(cell, lambda cell=cell: wrong_play(sim, scenario, cell))
