# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of any module, each checked against the promises under accidents and kills.

A module's tasks are in `tests/promises/scenarios/<module>.py`, in a tuple `SCENARIOS` of `Scenario`. What a Scenario
expects is a second reading of the module's documentation, in the simulator's own terms: it takes nothing from the
collection. `test_accidents_and_kills.py` plays each of them

- under every accident of `ACCIDENTS` (in a sample, all with LIFEBOAT_TRUST=full) and pairwise rows of all switches:
  check mode, the run that meets the accident, the rerun, and one more;
- killed before and after each request in turn, then rerun, and once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from . import faults, invariants, journal
from .machine import Killed
from .module import Runner

TIMEOUT = 3600
READER = ("droplet:read", "image:read", "tag:read", "snapshot:read", "sizes:read", "regions:read", "actions:read")


@dataclass(frozen=True)
class Scenario:
    """One task.

    `world(sim)` makes the world it needs in a simulator that was just reset, and returns the task's options.
    `wrong(before, after, options)` says in a sentence what is wrong with the State after the task, or returns None.
    `most` says how many actions of a type, completed in all runs together, there may be: `{"snapshot": 1}`; the type
    "create" counts new Droplets. `repeats` is True for a task that does the same again each time it is run (reboot).
    `gives_up` is True if it may cost restore points, `powers` if it may leave a Droplet off that was on.
    `after_loss` are the failures with which a run may end whose answer to a write was lost. `others` are types of
    actions that go on by themselves or belong to somebody else. `scopes` are those that the documentation names.
    `dead_ends` are the failures after which nothing but a hand can help: each rerun fails with the same, and sends
    nothing.
    """

    name: str
    module: str
    world: Callable
    wrong: Callable
    scopes: tuple
    most: dict = field(default_factory=dict)
    repeats: bool = False
    gives_up: bool = False
    powers: bool = False
    after_loss: tuple = ()
    dead_ends: tuple = ()
    others: tuple = ("backup", "create", "destroy")

    def __str__(self):
        return f"{self.module}-{self.name}"


@dataclass(frozen=True)
class Accident:
    """`effect` (of the simulator) on the match; `lost` if the answer to a write is lost; `ends` how the run may end.

    An accident for a request that a task never sends is not met, and the task runs as without it.
    """

    name: str
    match: dict
    effect: dict
    lost: bool = False
    ends: tuple = ()

    def __str__(self):
        return self.name


def _accidents():
    for number in range(6):
        for name, effect in faults.READ:
            yield Accident(f"GET-{number}-{name}", {"method": "GET", "after": number}, effect)
    for method, most in (("POST", 5), ("PUT", 2), ("DELETE", 2)):
        for number in range(most):
            match = {"method": method, "after": number}
            for name, effect in faults.WRITE:
                lost = "429" not in name
                yield Accident(f"{method}-{number}-{name}", match, effect, lost)
            yield Accident(f"{method}-{number}-403", match, {"status": 403}, ends=("scope",))
            yield Accident(f"{method}-{number}-422", match, {"status": 422}, ends=("api",))
            if method == "POST":
                yield Accident(f"POST-{number}-errored", match, {"action": "errored"}, ends=("action_failed",))
                yield Accident(f"POST-{number}-stuck", match, {"action": "stuck"}, ends=("wait_timeout",))


ACCIDENTS = {accident.name: accident for accident in _accidents()}


def prepared(sim, scenario, switches):
    """`(options, token, State)` of a scenario about to be played."""
    sim.reset(droplets=0)
    options = scenario.world(sim)
    sim.behave(**{key: value for key, value in switches.items() if key != "token"})
    scopes = scenario.scopes if switches.get("token") == "least" else {*scenario.scopes, *READER}
    sim.forget()
    return options, sim.make_token(*scopes), sim.state()


def play(sim, scenario, accident, switches):
    """Raises AssertionError if a promise is broken. `accident` is None if nothing happens."""
    options, token, before = prepared(sim, scenario, switches)
    run = runner(sim, scenario, options, token)
    told = run(check=True)
    assert not told.failed, told
    assert told.changed, f"P2: check mode sees nothing to do\n{told}"
    named = told.result["required_scopes"]
    assert set(named) <= set(scenario.scopes), f"P2: check mode names a scope that is not documented\n{told}"
    if switches.get("token") == "least":
        # The scopes that check mode has named are enough, with the documented ones for reading.
        reading = [scope for scope in scenario.scopes if scope.endswith(":read")]
        run = runner(sim, scenario, options, sim.make_token(*named, *reading))
    if accident:
        sim.fault(accident.effect, **accident.match)
    met = run()
    allowed = (None,)
    if any(fault["hits"] for fault in sim.faults()):
        allowed = (None, *accident.ends, *(scenario.after_loss if accident.lost else ()))
    assert met.kind in allowed, f"should have ended with one of {allowed}\n{met}"
    if not met.failed:
        assert met.changed, met
        assert met.diff == told.diff, f"P2: the diffs differ\n{told}\n{met}"
        assert scenario.wrong(before, sim.state(), options) is None, f"a false ok\n{met}"
    if met.kind == "wait_timeout":
        _waits_on(run, met)
    sim.clear_faults()
    sim.advance(5)
    if met.kind in scenario.dead_ends:
        again = run()
        assert (again.kind, again.changed, again.writes) == (met.kind, False, []), again
        return
    converges(sim, scenario, run, before, options)


def kill_sweep(sim, scenario, moment, start, every):
    """Kill a run `moment` ("before" or "after") each n-th request; a rerun finishes it. Returns the number of kills."""
    number, kills = start, 0
    while True:
        options, token, before = prepared(sim, scenario, {})
        run = runner(sim, scenario, options, token)

        def kill(count, _request, number=number):
            if count >= number:
                raise Killed

        try:
            whole = run(**{f"{moment}_request": kill})
        except Killed:
            kills += 1
            converges(sim, scenario, run, before, options)
        else:
            assert not whole.failed, whole
            return kills
        number += every
        assert number < 400, "more requests than a task of one Droplet has"


def picked_up(sim, scenario, kill):
    """The rerun finishes what the run has left that `kill(options, token)` starts and kills, if it returns True."""
    options, token, before = prepared(sim, scenario, {})
    killed = kill(options, token)
    sim.clear_faults()
    # The requests of that run are not the rerun's.
    sim.news()
    converges(sim, scenario, runner(sim, scenario, options, token), before, options)
    return killed


def converges(sim, scenario, run, before, options):
    """Without accidents the task reaches its goal, nothing was done twice or lost, and once more nothing happens."""
    again = run()
    assert not again.failed, f"P1: a rerun does not converge\n{again}"
    stays(sim, scenario, run, before, options, again)


def stays(sim, scenario, run, before, options, well):
    """The run `well` has reached the goal, nothing was done twice or lost, and once more nothing happens."""
    after = sim.state()
    wrong = scenario.wrong(before, after, options)
    assert wrong is None, f"P1: {wrong}\n{well}"
    nothing_doubled(scenario, before, after)
    nothing_lost(scenario, before, after)
    journal.never_twice(sim.journal(), sim.faults())
    if scenario.repeats:
        return
    last = run()
    assert not last.failed, last
    assert not last.changed, f"P1: changed again\n{last}"
    assert not last.writes, f"P1: wrote again\n{last}"
    assert last.diff == {"prepared": ""}, last
    assert scenario.wrong(before, sim.state(), options) is None, last


def runner(sim, scenario, options, token):
    runner = Runner(sim, module=scenario.module)

    def run(**hooks):
        return runner(**{"token": token, "wait_timeout": TIMEOUT, **options, **hooks})

    return run


def _waits_on(run, met):
    """P6: a rerun waits for what is running, and starts no other of its type."""
    action = met.result["failure"]["action"]
    if action is None:
        return
    assert str(action) in met.result["msg"], met
    adopting = run(wait_timeout=30)
    assert adopting.kind == "wait_timeout", adopting
    sent = [(entry["body"] or {}).get("type") for entry in adopting.writes]
    begun = {one["type"] for entry in met.droplets.values() for one in entry["actions"] if one["id"] == action}
    assert not begun.intersection(sent), f"P6: started another instead of waiting\n{adopting}"


def nothing_doubled(scenario, before, after):
    done = Counter(action["type"] for action in after.actions_since(before) if action["status"] == "completed")
    for kind, most in scenario.most.items():
        number = len(after.droplets.keys() - before.droplets.keys()) if kind == "create" else done[kind]
        assert number <= most, f"P3: {kind} was carried out {number} times instead of at most {most}: {done}"


def nothing_lost(scenario, before, after):
    for key, droplet in before.droplets.items():
        assert key in after.droplets, f"Droplet {key} is gone"
        if not scenario.powers and droplet["status"] == "active":
            assert after.droplets[key]["status"] == "active", f"Droplet {key} was left off"
        if not scenario.gives_up:
            invariants.check_kept([*droplet["backups"], *droplet["snapshots"]], after, key)
