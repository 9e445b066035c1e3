# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One case of the matrix, played to its end: check mode, the run that meets the accident, the rerun, and one more."""

from __future__ import annotations

from dataclasses import dataclass

from . import faults, invariants, verbs, worlds
from .module import Runner

HOPELESS = ("api", "refused")
"""How a run may fail because of a Droplet whose backups cannot be enabled."""

LEAST = ("droplet:read", "droplet:update")
TIMEOUT = 600


@dataclass(frozen=True)
class Case:
    """The names of a world, a verb, a selection and an accident, and the positions of the switches (with the token)."""

    world: str
    verb: str
    selection: str
    accident: str
    switches: tuple

    @property
    def parts(self):
        return verbs.BY_NAME[self.verb], faults.BY_NAME[self.accident], dict(self.switches)


def scopes(verb, selection):
    """The token scopes that the documentation says a task needs."""
    return (*LEAST, *(["tag:read"] if selection.endswith("tag") else []), *(_IMAGES if verb.converts else []))


_IMAGES = ("image:read", "image:update")
EVERYTHING = (*LEAST, *_IMAGES, "tag:read", "actions:read", "sizes:read", "regions:read")


def play(sim, case):
    """Raises AssertionError if a promise is broken."""
    verb, accident, switches = case.parts
    worlds.WORLDS[case.world](sim)
    token_kind = switches.pop("token")
    sim.behave(**switches)
    module, options, ids = verbs.task(before := sim.state(), verb, case.selection)
    target = verbs.subject(before, verb)["id"]
    token = sim.make_token(*(scopes(verb, case.selection) if token_kind == "least" else EVERYTHING))
    params = {**options, "wait_timeout": TIMEOUT, "report": "all"}
    run = Runner(sim, module)
    listed = verbs.STANDARD if switches["supported_policies"] == "standard" else verbs.USAGE
    # A GPU Droplet's backups cannot be enabled if the API does not support it; that Droplet fails, and no other.
    hopeless = {
        key
        for key in ids
        if (droplet := before.droplets[key])["gpu"] and not droplet["policy"] and not verb.disables
        if switches["gpu_backups"] == "rejected"
    }
    told = run(check=True, token=token, **params)
    if verb.refused:
        assert told.kind == "refused", f"P4: not refused\n{told}"
    else:
        assert not told.failed, told
        assert told.changed, told
        assert " → " in told.diff["prepared"], told

    hooks = accident.order(sim, target) if accident.effect else {}
    met = run(token=token, **hooks, **params)
    after = sim.state()
    gone = before.droplets.keys() - after.droplets.keys()
    assert gone <= {target}
    _ends_as_it_may(met, accident, verb, hopeless)
    if not (accident.before_planning and accident.effect == "gone"):
        _as_foretold(told, met, after, gone)
    invariants.check_result(met, before, after, gone)
    invariants.check_untouched(before, after, ids, gone)
    invariants.check_restore_points(verb, before, after, ids, gone)
    if hooks:
        assert all(hook.met for hook in hooks.values()), "the accident was ordered, but never met"
    if verb.refused:
        assert not met.writes, f"P4: refused, and yet written\n{met}"

    running = met.result.get("failure", {}).get("action") if met.kind == "wait_timeout" else None
    if running and accident.name == "stuck":
        assert str(running) in met.result["msg"], met
        adopting = run(**{**params, "wait_timeout": 30})
        assert adopting.kind == "wait_timeout", adopting
        stuck = after.action(running)
        assert not [
            entry
            for entry in adopting.writes
            if (entry["body"]["type"], f"/{stuck['resource_id']}/" in entry["path"]) == (stuck["type"], True)
        ], f"P6: started another instead of waiting\n{adopting}"
    _clear(sim)
    _converges(sim, run, case, before, ids, params, gone, hopeless, listed)
    final = sim.state()
    invariants.check_restore_points(verb, before, final, ids, gone)
    invariants.check_untouched(before, final, ids, gone)
    if accident.name != "errored":
        invariants.check_not_doubled(before, final, others=("power_off", "destroy"))


def _clear(sim):
    """Remove the faults, and let the actions that they held complete."""
    missed = [fault for fault in sim.faults() if not fault["hits"]]
    assert not missed, f"ordered, but never met: {missed}"
    sim.clear_faults()
    sim.advance(5)


def _ends_as_it_may(met, accident, verb, hopeless):
    if verb.refused and "well" in accident.ends:
        assert met.kind == "refused", met
    elif not met.failed:
        assert "well" in accident.ends, f"should have ended with {accident.ends}\n{met}"
        assert not hopeless, met
    elif hopeless and "well" in accident.ends:
        bad = {key for key, entry in met.droplets.items() if "error" in entry or entry.get("not_tried")}
        assert bad <= hopeless or accident.effect == "gone", f"P7: more failed than had to\n{met}"
    else:
        ends = (*accident.ends, *(HOPELESS if hopeless else ()))
        assert met.kind in ends, f"should have ended with one of {ends}\n{met}"


def _as_foretold(told, met, after, gone):
    """P2: the run did what check mode had reported for the same state."""
    if "diff" in met.result:
        assert met.diff == told.diff, f"P2: diffs differ\n{told}\n{met}"
    if not met.failed:
        assert met.changed == told.changed, f"P2: changed differs\n{told}\n{met}"
        for key in after.droplets.keys() & told.droplets.keys() - set(gone):
            foretold = told.droplets[key]["after"]
            policy = after.policy(key)
            assert invariants.shows(foretold, policy), f"P2: {key} is {policy}, foretold {foretold}"


def _converges(sim, run, case, before, ids, params, gone, hopeless, listed):
    """P1: without accidents the task reaches its goal, and then changes nothing and sends no write."""
    verb = case.parts[0]
    again = run(**params)
    if verb.refused:
        assert again.kind == "refused", again
        return
    if gone and case.selection not in ("tag", "all", *verbs.RULES):
        assert again.kind == "selection", again
        return
    bad = {key for key, entry in again.droplets.items() if "error" in entry}
    assert bad == hopeless, f"P1: a rerun does not converge\n{again}"
    state = sim.state()
    for key in ids - gone - hopeless:
        wrong = verb.reached(before.policy(key), state.policy(key), listed)
        assert wrong is None, f"P1: Droplet {key} {wrong}\n{again}"
    last = run(**params)
    assert {key for key, entry in last.droplets.items() if "error" in entry} == hopeless, last
    if not hopeless:
        assert not last.changed, f"P1: changed again\n{last}"
        assert not last.writes, f"P1: wrote again\n{last}"
        assert last.diff == {"prepared": ""}, last
