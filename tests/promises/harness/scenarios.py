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
    """What happens to one request of a task, a write or a read.

    It is the one at `place` among those of its kind that the task sends without an accident: from 0 for the first to 1
    for the last. `effect` is one of the simulator, `lost` says if the answer to a write is lost, `ends` how the run may
    end besides well.
    """

    name: str
    write: bool
    place: float
    effect: dict
    lost: bool = False
    ends: tuple = ()

    def __str__(self):
        return self.name

    def is_possible(self, scenario):
        """Whether a task sends a request that the accident has an effect on."""
        return "action" not in self.effect or bool(scenario.most)

    def order(self, sim, requests):
        """Order it for a run that sends these requests; the id of the fault."""
        targets = [entry for entry in requests if self._may_meet(entry)]
        target = targets[round(self.place * (len(targets) - 1))]
        earlier = [entry for entry in requests[: requests.index(target)] if entry["method"] == target["method"]]
        return sim.fault(self.effect, method=target["method"], after=len(earlier))

    def _may_meet(self, entry):
        begins_action = entry["path"].endswith("/actions") or entry["path"] == "/v2/droplets"
        return (entry["method"] != "GET") == self.write and ("action" not in self.effect or begins_action)


def _accidents():
    for place in READS:
        for name, effect in faults.READ:
            yield Accident(f"read-{place:.0%}-{name}", False, place, effect)
    for place in WRITES:
        for name, effect in faults.WRITE:
            yield Accident(f"write-{place:.0%}-{name}", True, place, effect, lost="429" not in name)
        yield Accident(f"write-{place:.0%}-403", True, place, {"status": 403}, ends=("scope",))
        yield Accident(f"write-{place:.0%}-422", True, place, {"status": 422}, ends=("api",))
        yield Accident(f"write-{place:.0%}-errored", True, place, {"action": "errored"}, ends=("action_failed",))
        yield Accident(f"write-{place:.0%}-stuck", True, place, {"action": "stuck"}, ends=("wait_timeout",))


READS = (0, 0.15, 0.3, 0.45, 0.6, 0.8, 1)
WRITES = (0, 0.25, 0.5, 0.75, 1)
ACCIDENTS = {accident.name: accident for accident in _accidents()}


def prepared(sim, scenario, switches):
    """`(options, token, State)` of a scenario about to be played."""
    sim.reset(droplets=0)
    options = scenario.world(sim)
    sim.behave(**{key: value for key, value in switches.items() if key != "token"})
    scopes = scenario.scopes if switches.get("token") == "least" else {*scenario.scopes, *READER}
    sim.forget()
    return options, sim.make_token(*scopes), sim.state()


def play(sim, scenario, accident, switches, **connection):
    """Raises AssertionError if a promise is broken, or if the accident does not happen.

    `accident` is None if nothing happens; `connection` are further options of the runs.
    """
    requests = recorded(sim, scenario, switches, connection) if accident else None
    run, options, before, told = _foreseen(sim, scenario, switches, connection)
    fault = accident.order(sim, requests) if accident else None
    met = run()
    allowed = (None,)
    if accident:
        hits = {one["id"]: one["hits"] for one in sim.faults()}
        assert hits[fault] == 1, f"the accident did not happen\n{met}"
        allowed = (None, *accident.ends, *(scenario.after_loss if accident.lost else ()))
    assert met.kind in allowed, f"should have ended with one of {allowed}\n{met}"
    answer_lost = bool(accident and accident.lost)
    invariants.check_reported(met, before, sim.state(), scenario.others, answer_lost)
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


def _foreseen(sim, scenario, switches, connection):
    """`(run, options, State, outcome of check mode)` of a scenario about to be played for real."""
    options, token, before = prepared(sim, scenario, switches)
    options = {**options, **connection}
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
    return run, options, before, told


def recorded(sim, scenario, switches, connection):
    """The requests of the task if nothing happens, from one run for all tests of this process."""
    key = (str(scenario), *sorted(switches.items()), *sorted(connection.items()))
    if key not in _recorded:
        run, _options, _before, _told = _foreseen(sim, scenario, switches, connection)
        told = run()
        assert not told.failed, told
        _recorded[key] = told.requests
    return _recorded[key]


_recorded = {}


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
