# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures, side by side in one run, and prints a table; `--json FILE` writes the figures as well.

First table: what a page of 200 Droplets costs the simulator, beside its smallest answer. Second table: what one
`droplet_backups` task over the whole account costs, beside a pydo script that asks for each Droplet.
"""

import argparse
import json
import statistics
import time
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path

import pydo
from account import simulated
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lifeboat.digitalocean.plugins.modules import droplet_backups

ROUNDS = 30
TASK_HEADER = " droplets   task s  requests   loop s  requests  ratios: s  requests"


def main():
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--droplets", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--latency-ms", type=int, default=20, help="of each request, in the second table")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = {"pages": [], "tasks": []}
    print("Simulator: one page of 200 Droplets, beside GET /v2/account (medians)\n")
    print(f"{'droplets':>9} {'page ms':>9} {'account ms':>11} {'difference ms':>14}")
    for droplets in options.droplets:
        with simulated("--droplets", str(droplets), "--rate-limit", "off") as account:
            row = {"droplets": droplets, **page_times(account)}
        figures["pages"].append(row)
        page, smallest = row["page_ms"], row["account_ms"]
        print(f"{droplets:9} {page:9.1f} {smallest:11.1f} {page - smallest:14.1f}")
    print(f"\nThe whole account planned, {options.latency_ms} ms a request: one task, beside pydo for each Droplet\n")
    print(TASK_HEADER)
    for droplets in options.droplets:
        latency = ("--latency-ms", str(options.latency_ms))
        with simulated("--droplets", str(droplets), "--rate-limit", "off", *latency) as account:
            task, loop = run_task(account), run_loop(account)
        row = {"droplets": droplets, "task": task, "loop": loop}
        figures["tasks"].append(row)
        print(
            f"{droplets:9} {task['seconds']:8.2f} {task['requests']:9} {loop['seconds']:8.2f} {loop['requests']:9} "
            f"{loop['seconds'] / task['seconds']:10.1f} {loop['requests'] / task['requests']:9.1f}"
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def page_times(account):
    """Medians in ms, on one connection, of a page of 200 and of the smallest answer, as the client sees them."""
    times = {"page_ms": [], "account_ms": []}
    for _round in range(ROUNDS):
        for name, path, query in (("page_ms", "/v2/droplets", {"per_page": 200}), ("account_ms", "/v2/account", {})):
            began = time.perf_counter()
            account.get(path, **query)
            times[name].append((time.perf_counter() - began) * 1000)
    return {name: round(statistics.median(values), 2) for name, values in times.items()}


def run_task(account):
    """One `droplet_backups` over the whole account in check mode, in this process: seconds and requests."""
    connection = {"token": account.token, "api_url": account.url, "ca_path": account.ca_path}
    told = StringIO()
    began = time.perf_counter()
    with (
        patch_module_args({"all": True, **connection, "_ansible_check_mode": True}),
        redirect_stdout(told),
        suppress(SystemExit),
    ):
        droplet_backups.main()
    seconds = time.perf_counter() - began
    result = json.loads(told.getvalue())
    if result.get("failed"):
        raise SystemExit(result["msg"])
    return {"seconds": seconds, "requests": sum(result["requests"].values())}


def run_loop(account):
    """What one would write with pydo: the list of Droplets, then the policy of each."""
    client = pydo.Client(account.token, endpoint=account.url, connection_verify=account.ca_path)
    began = time.perf_counter()
    droplets, asked, total = [], 0, 1
    while len(droplets) < total:
        asked += 1
        answer = client.droplets.list(page=asked, per_page=200)
        droplets += answer["droplets"]
        total = answer["meta"]["total"]
    for droplet in droplets:
        client.droplets.get_backup_policy(droplet_id=droplet["id"])
    return {"seconds": time.perf_counter() - began, "requests": asked + len(droplets)}


if __name__ == "__main__":
    main()
