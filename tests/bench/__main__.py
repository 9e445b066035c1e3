# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures tasks on whole accounts of the simulated API, together with a floor and with loops that do the same without
the collection; and inventories, together with those of others. Prints tables and writes the figures as JSON.
docs/performance.md says how to read them.
"""

import argparse
import json
import os
import platform
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime
from itertools import product
from pathlib import Path

import figures
import inventories
import peers
import process
import table
from account import ROOT, simulated
from ansible.release import __version__ as ansible_version
from floor import Direct
from scenarios import POLICIES, SCENARIOS, UNLIMITED, world

INVENTORY = "inventory"
"""The scenario that runs no task."""

ROUNDS, PATIENCE = 3, 15
"""How often a measurement is repeated at most, and the seconds after which it is not repeated; the median counts."""

PAGE_ROUNDS = 30
PLAY = {"hosts": "localhost", "gather_facts": False}
QUIET = {
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_LOCALHOST_WARNING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
}


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_about: sys.exit("Stopped."))
    options = read_options()
    began = time.monotonic()
    found = {"machine": machine(), "rows": [], "inventories": []}
    if sizes := {droplets for _latency, name, droplets in options.measured if name != INVENTORY}:
        found["ansible"] = ansible_cost(options.rounds)
        found["pages"] = [page_cost(droplets) for droplets in sorted(sizes)]
        found["limits"] = limits_cost(250, 6)
    for latency, name, droplets in options.measured:
        row = {"scenario": name, "latency_ms": latency, "droplets": droplets}
        if name == INVENTORY:
            row["ways"] = measure_inventories(droplets, latency, options)
            found["inventories"].append(row)
            lines = table.inventories([row]).splitlines()[2:]
        else:
            row |= measure(SCENARIOS[name], droplets, latency, options)
            found["rows"].append(row)
            lines = table.measured([row]).splitlines()[2:]
        save(found, options.json)
        print(*lines, f"after {time.monotonic() - began:.0f} s", sep="\n", flush=True)
    sections = documented(found)
    print("", *sections.values(), sep="\n\n")
    if options.markdown:
        document = options.markdown.read_text(encoding="utf-8")
        for name, text in sections.items():
            document = table.put_between_marks(document, name, text)
        options.markdown.write_text(document, encoding="utf-8")


def save(found, path):
    """Write the figures. Called after each row, so that an interrupted run keeps what it has measured."""
    found["growth"] = figures.growth(found["rows"], "ours")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def read_options():
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--droplets", type=int, nargs="+", help="100, 1000 and 10000; inventories not 100")
    parser.add_argument("--latency-ms", type=int, nargs="+", help="of each request: 0, 50 and 100; inventories 100")
    names = [*SCENARIOS, INVENTORY]
    parser.add_argument("--scenario", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="at most")
    parser.add_argument("--uri-sample", type=int, default=20, help="Droplets that the uri loop really goes through")
    parser.add_argument("--pydo-sample", type=int, default=100, help="the same for the loop with pydo")
    parser.add_argument("--json", type=Path, default=ROOT / ".cache" / "bench.json")
    parser.add_argument("--markdown", type=Path, help="write the tables between their marks in this file")
    parser.add_argument("--quick", action="store_true", help="1,000 Droplets at 50 ms, once, with small samples")
    options = parser.parse_args()
    if options.quick:
        options.droplets, options.latency_ms, options.rounds = [1000], [50], 1
        options.uri_sample, options.pydo_sample = 5, 20
    tasks = [name for name in options.scenario if name != INVENTORY]
    asked = [INVENTORY] * (INVENTORY in options.scenario)
    options.measured = [
        *product(options.latency_ms or [0, 50, 100], tasks, options.droplets or [100, 1000, 10000]),
        *product(options.latency_ms or [100], asked, options.droplets or [1000, 10000]),
    ]
    return options


def machine():
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"ansible-core {ansible_version}"
    )


def ansible_cost(rounds):
    """Medians in seconds of a play without tasks, and of a play with one trivial task."""
    times = {"no_task": [], "one_task": []}
    with tempfile.TemporaryDirectory(prefix="lifeboat-bench-") as folder:
        plays = write_plays(Path(folder), no_task=[], one_task=[{"ansible.builtin.ping": {}}])
        for _round in range(rounds):
            for name, measured in times.items():
                measured.append(process.run(["ansible-playbook", plays[name]], surroundings({})).seconds)
    return {name: statistics.median(measured) for name, measured in times.items()}


def limits_cost(burst, window):
    """A fleet larger than the burst limit, under limits scaled to `burst` requests in `window` seconds.

    `seconds` is from the first request to the last, by the simulator's clock; `least` is what the limit requires for
    as many; `refused` counts the answers with 429.
    """
    fleet = world(4 * burst, drift=1.0)
    with tempfile.TemporaryDirectory(prefix="lifeboat-bench-") as folder:
        file = Path(folder, "world.yml")
        file.write_text(json.dumps(fleet), encoding="utf-8")
        kind = ("--world", str(file), "--rate-limit", f"5000/3600,{burst}/{window}", "--action-seconds", "0")
        with simulated(*kind) as account:
            task = {"lifeboat.digitalocean.droplet_backups": {"all": True, "burst_limit": f"{burst}/{window}"}}
            plays = write_plays(Path(folder), ours=[task])
            run = process.run(["ansible-playbook", plays["ours"]], surroundings(account.environment))
            sent = account.journal()
    if "failed=0" not in run.output:
        raise SystemExit(run.output[-4000:])
    first, last = (datetime.fromisoformat(request["at"]) for request in (sent[0], sent[-1]))
    took, least = (last - first).total_seconds(), (len(sent) - 1) // burst * window
    return {
        "limit": f"{burst} in {window} s",
        "requests": len(sent),
        "seconds": took,
        "least": least,
        "times_least": figures.ratio(took, least),
        "refused": sum(request["status"] == 429 for request in sent),
    }


def page_cost(droplets):
    """Medians in ms, on one connection, of a page of 200 and of the smallest answer, as a client measures them."""
    times = {"page_ms": [], "account_ms": []}
    asked = (("page_ms", "/v2/droplets", {"per_page": 200}), ("account_ms", "/v2/account", {}))
    with simulated("--droplets", str(droplets), "--rate-limit", "off") as account:
        for _round in range(PAGE_ROUNDS):
            for name, path, query in asked:
                began = time.perf_counter()
                account.get(path, **query)
                times[name].append((time.perf_counter() - began) * 1000)
    return {"droplets": droplets, **{name: statistics.median(values) for name, values in times.items()}}


def measure(scenario, droplets, latency, options):
    """One row of the table: ours and the floor in turn, then the loops."""
    with starting_point(scenario.drift, droplets, latency) as (account, folder):
        direct = Direct(account)
        policies = {}
        for answer in map(direct.get, direct.pages([POLICIES])):
            policies.update(answer["policies"])
        ids = [int(key) for key in policies]
        drifting = {int(key) for key, record in policies.items() if not record["backup_enabled"]}
        environment = surroundings(account.environment)
        task = {f"lifeboat.digitalocean.{scenario.module}": {"burst_limit": UNLIMITED, **scenario.options}}
        plays = write_plays(folder, ours=[{**task, "register": "result"}], empty=[])
        pages = direct.pages(scenario.lists, newest_of=droplets if scenario.newest_only else 0)
        # Nothing else changes the account.
        start_again = account.reset if drifting else account.forget
        ours, empty, least = [], [], []
        began = time.monotonic()
        while not ours or (len(ours) < options.rounds and time.monotonic() - began < PATIENCE):
            start_again()
            ours.append(play(account, plays["ours"], environment, writes=len(drifting)))
            start_again()
            empty.append(process.run(["ansible-playbook", plays["empty"]], environment).seconds)
            least.append(direct.seconds(pages, sorted(drifting)))
        loops = {}
        for name, loop, size in (("uri", peers.uri, options.uri_sample), ("pydo", peers.pydo, options.pydo_sample)):
            start_again()
            loops[name] = loop(environment, scenario, ids, drifting, size)
    return compared(ours, empty, least, loops)


def measure_inventories(droplets, latency, options):
    """All ways to have that many Droplets as hosts, as `inventories.measure` returns them."""
    with starting_point(0.0, droplets, latency) as (account, folder):
        environment = surroundings(account.environment)
        return inventories.measure(account, folder, environment, options.rounds, PATIENCE, with_yaml=not options.quick)


def compared(ours, empty, least, loops):
    """The measurements of a row, their medians and ratios."""
    middle = statistics.median(run["seconds"] for run in ours)
    start, direct = statistics.median(empty), statistics.median(least)
    return {
        "ours": {
            "seconds": middle,
            "rounds": [run["seconds"] for run in ours],
            "requests": max(run["requests"] for run in ours),
            "module_mib": max(run["module_mib"] for run in ours),
            "ansible_mib": max(run["ansible_mib"] for run in ours),
        },
        "floor": {"seconds": start + direct, "empty_play": start, "requests_only": direct},
        "times_floor": figures.ratio(middle, start + direct),
        **{name: {**loop, "times_ours": figures.ratio(loop["seconds"], middle)} for name, loop in loops.items()},
    }


def play(account, playbook, environment, writes):
    """Run a play of ours; ends the program unless it sent exactly the expected writes."""
    run = process.run(["ansible-playbook", playbook], environment)
    sent = Counter()
    for route, count in account.journal_summary().items():
        sent["reads" if route.startswith("GET ") else "writes"] += count
    if sent["writes"] != writes:
        raise SystemExit(f"{sent['writes']} writes were sent instead of {writes}:\n{run.output[-4000:]}")
    return {
        "seconds": run.seconds,
        "requests": sent.total(),
        "module_mib": run.module_mib,
        "ansible_mib": run.other_mib,
    }


@contextmanager
def starting_point(drift, droplets, latency):
    """A simulated account in which the share `drift` of the Droplets has no backups, and a folder for files."""
    with tempfile.TemporaryDirectory(prefix="lifeboat-bench-") as folder:
        file = Path(folder, "world.yml")
        file.write_text(json.dumps(world(droplets, drift)), encoding="utf-8")
        kind = ("--world", str(file), "--rate-limit", "off", "--action-seconds", "0", "--latency-ms", str(latency))
        with simulated(*kind) as account:
            yield account, Path(folder)


def write_plays(folder, **plays):
    """Write playbooks into `folder`, each given as its list of tasks; a dict of name to file."""
    files = {name: folder / f"{name}.json" for name in plays}
    for name, tasks in plays.items():
        files[name].write_text(json.dumps([{**PLAY, "tasks": tasks}]), encoding="utf-8")
    return {name: str(file) for name, file in files.items()}


def surroundings(account_variables):
    """The caller's environment with quiet settings and the account, without the import path of these files."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**kept, **QUIET, **account_variables}


def documented(found):
    """The text for the documentation: a dict of section to text, for each section that was measured."""
    sections = {}
    if found["rows"]:
        sections["measured"] = documented_tasks(found)
    if found["inventories"]:
        parts = [f"Measured on {found['machine']}.", table.inventories(found["inventories"])]
        sections["inventories"] = "\n\n".join(parts)
    return sections


def documented_tasks(found):
    samples = {peer: max(row[peer]["sample"] for row in found["rows"]) for peer in ("uri", "pydo")}
    parts = [
        f"Measured on {found['machine']}. The loops really went through up to {samples['uri']} Droplets with uri and "
        f"{samples['pydo']} with pydo.",
        table.measured(found["rows"]),
    ]
    if found["growth"]:
        parts += ["From one size to the next, ours took so many times as long:", table.growth(found["growth"])]
    parts += [
        f"Ansible alone: {found['ansible']['no_task']:.2f} s for a play without tasks, "
        f"{found['ansible']['one_task']:.2f} s with one task, `ansible.builtin.ping`.",
        "A fleet of 1,000, all of them changed, under a burst limit of {limit}: {requests} requests in "
        "{seconds:.0f} s, {times_least:.2f} times what the limit itself takes; {refused} were refused.".format(
            **found["limits"]
        ),
        "The simulator itself, which shares the cores with all that is measured, answers in:",
        table.pages(found["pages"]),
    ]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
