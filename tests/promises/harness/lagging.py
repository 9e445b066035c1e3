# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P11: the tasks of every module against an API that lags, run repeatedly: nothing is done more than once."""

from __future__ import annotations

from dosim.behaviour import LAGS

from .machine import Killed
from .scenarios import TIMEOUT, converges, nothing_doubled, nothing_lost, prepared, runner

SECONDS = (10, 20, 40)
KINDS = ("droplets", "addresses", "policies", "backups", "snapshots", "images", "actions", "tags")
PAUSES = (0, 5, 60)
"""Simulated seconds before each rerun."""

SETTLED = 200
"""Simulated seconds after the last run until everything that was begun has ended and is visible."""


def _of(kind, seconds):
    return {lag: str(seconds) for lag in LAGS if lag.startswith(f"lag_{kind}")}


LAGGING = {
    **{f"{kind}-{seconds}": _of(kind, seconds) for kind in KINDS for seconds in SECONDS},
    **{f"all-{seconds}": dict.fromkeys(LAGS, str(seconds)) for seconds in SECONDS},
    # What was just made is in all lists, but not found by its id.
    "new-is-404": {lag: "8" for lag in LAGS if lag.endswith("_single")},
    "lists-late": {lag: "25" for lag in LAGS if lag.endswith("_list")},
}


def lagging_play(sim, scenario, lags):
    """The task, and the reruns after `PAUSES`; raises AssertionError if a promise is broken."""
    options, token, before = prepared(sim, scenario, {})
    sim.behave(**LAGGING[lags])
    run = runner(sim, scenario, options, token)
    for runs, pause in enumerate((None, *PAUSES), 1):
        if pause:
            sim.advance(pause)
        told = run()
        assert not told.failed, f"P11: run {runs} fails\n{told}"
        _once(scenario, before, sim.state(), options, runs, told)
        if pause is not None and not scenario.repeats:
            assert not told.changed, f"P11: run {runs} says that it changed something\n{told}"
            assert not told.writes, f"P11: run {runs} writes\n{told}"


def unwaited_play(sim, scenario, lags):
    """Twice without waiting, one right after the other, and then once with waiting.

    A task of several steps may refuse not to wait, and has sent nothing then.
    """
    options, token, before = prepared(sim, scenario, {})
    sim.behave(**LAGGING[lags])
    run = runner(sim, scenario, options, token)
    for number in (1, 2):
        told = run(wait=False)
        if told.kind in ("input", "refused") and not told.writes:
            return
        assert not told.failed, f"P11: run {number} without waiting fails\n{told}"
        nothing_lost(scenario, before, sim.state())
    sim.advance(SETTLED)
    _once(scenario, before, sim.state(), options, 2, told)
    last = run(wait_timeout=TIMEOUT)
    assert not last.failed, last
    _once(scenario, before, sim.state(), options, 3, last)


def killed_play(sim, scenario, lag, pause, number):
    """Killed right after write `number` while all lists and logs are `lag` late, and rerun after `pause`.

    What is read alone shows at once. False if there are not so many writes.
    """
    options, token, before = prepared(sim, scenario, {})
    sim.behave(**{name: str(lag) for name in LAGS if name.endswith("_list")})
    run = runner(sim, scenario, options, token)
    sent = []

    def kill(_number, request):
        if request.method != "GET":
            sent.append(request)
            if len(sent) == number:
                raise Killed

    try:
        run(after_request=kill)
    except Killed:
        sim.advance(pause)
        converges(sim, scenario, run, before, options)
        return True
    return False


def _once(scenario, before, after, options, runs, told):
    """The request is fulfilled, once; what each run does again was done as often as it ran."""
    wrong = scenario.wrong(before, after, options)
    assert wrong is None, f"P11: after run {runs}: {wrong}\n{told}"
    nothing_lost(scenario, before, after)
    if not scenario.repeats:
        nothing_doubled(scenario, before, after)
        return
    done = [action["type"] for action in after.actions_since(before) if action["status"] == "completed"]
    kind = next(iter(scenario.most))
    owed = runs * max(1, scenario.most[kind] // 2)
    assert done.count(kind) == owed, f"P3: {runs} runs were ok, and {kind} was carried out {done.count(kind)} times"
