# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand Droplets: started in time, small, and quick to read. Time is the process's own, so that a busy
machine does not count."""

import os
from collections.abc import Iterator

import pytest
from dosim_testing import Sim, process

SIZE = 200
LISTS = {
    "/v2/droplets": ("droplets", 10_000),
    "/v2/droplets?tag_name=env:prod": ("droplets", 8_000),
    "/v2/droplets/backups/policies": ("policies", 10_000),
    "/v2/images?private=true": ("images", 70_000),
    "/v2/actions": ("actions", 80_000),
}
SECONDS_OF_A_PAGE = 0.015
# Backups that may come due during a test, 7 a minute: the clock runs at real speed, also on a slow machine.
DUE = 100
MEGABYTES = 1024


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    with open(f"/proc/{pid}/stat") as stat:
        ticks = stat.read().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


@pytest.fixture(scope="module")
def large() -> Iterator[Sim]:
    with process("--world", "large", "--rate-limit", "off") as (program, ready):
        assert cpu_seconds(program.pid) < 10
        sim = Sim(ready)
        yield sim
        assert peak_megabytes(program.pid) < MEGABYTES


@pytest.mark.parametrize("path", LISTS)
def test_a_page_of_a_large_account_is_quick(large: Sim, path: str) -> None:
    key, total = LISTS[path]
    mark = "&" if "?" in path else "?"
    pid, pages, seen = large.ready["pid"], total // SIZE, set()
    before = cpu_seconds(pid)
    for page in range(1, pages + 1):
        body = large.read(f"{path}{mark}per_page={SIZE}&page={page}")
        assert body["meta"]["total"] == pytest.approx(total, abs=DUE)
        seen.update(body[key] if key == "policies" else (row["id"] for row in body[key]))
    assert (cpu_seconds(pid) - before) / pages < SECONDS_OF_A_PAGE
    assert len(seen) == pytest.approx(total, abs=DUE)


def test_every_droplet_of_it_has_its_seven_backups(large: Sim) -> None:
    for page in (1, 26, 50):
        droplets = large.read(f"/v2/droplets?per_page={SIZE}&page={page}")["droplets"]
        assert {len(droplet["backup_ids"]) for droplet in droplets} == {7}
    assert large.read("/v2/tags/env:prod")["tag"]["resources"]["droplets"]["count"] == 8_000


def test_a_day_of_it_passes_in_seconds(large: Sim) -> None:
    """Ten thousand backups are taken, and as many expire."""
    pid = large.ready["pid"]
    before = cpu_seconds(pid)
    large.advance("1d")
    assert cpu_seconds(pid) - before < 10
    assert large.read("/v2/images?private=true")["meta"]["total"] == pytest.approx(70_000, abs=DUE)
    assert large.read("/v2/actions")["meta"]["total"] == pytest.approx(90_000, abs=DUE)


def test_ten_thousand_plain_droplets_are_no_slower() -> None:
    with process("--droplets", "10000") as (program, ready):
        started = cpu_seconds(program.pid)
        assert started < 10
        sim = Sim(ready)
        for page in range(1, 51):
            assert len(sim.read(f"/v2/droplets?per_page={SIZE}&page={page}")["droplets"]) == SIZE
        assert (cpu_seconds(program.pid) - started) / 50 < SECONDS_OF_A_PAGE
        assert peak_megabytes(program.pid) < MEGABYTES
