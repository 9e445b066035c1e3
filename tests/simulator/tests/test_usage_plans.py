# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage-based plans: how often they make a backup, how long it stays, what it costs."""

import pytest
from dosim_testing import Sim

PRICES = {"intra_daily_4h": 0.01, "intra_daily_6h": 0.015, "intra_daily_12h": 0.02, "daily": 0.03, "weekly": 0.04}
POSSIBLE = ("every-4-hours", "every-6-hours", "every-12-hours", "gpu-every-4-hours")


@pytest.fixture(autouse=True)
def _usage(sim: Sim) -> None:
    sim.reset(world="usage")


def created(sim: Sim, name: str) -> list[str]:
    return [backup["created_at"] for backup in sim.known(name)["backups"]]


@pytest.mark.parametrize(
    ("name", "a_day", "days"),
    [
        ("every-4-hours", 6, 7),
        ("every-6-hours", 4, 14),
        ("every-12-hours", 2, 30),
        ("gpu-every-4-hours", 6, 3),
        ("usage-daily", 1, 30),
    ],
)
def test_backups_are_made_by_the_interval_and_stay_for_the_retention(
    sim: Sim, name: str, a_day: int, days: int
) -> None:
    before = created(sim, name)
    assert len(before) == a_day * days
    sim.advance("2d")
    after = created(sim, name)
    assert len(after) == a_day * days
    assert len(set(after) - set(before)) == 2 * a_day


def test_a_world_can_be_late_by_any_plan(sim: Sim) -> None:
    now = sim.state()["now"]
    assert created(sim, "never-4-hours") == []
    assert max(created(sim, "late-4-hours")) < "2026-03-06T09:30:00Z" < now
    sim.advance("1d")
    assert created(sim, "never-4-hours") == []


@pytest.mark.parametrize("name", POSSIBLE)
@pytest.mark.parametrize("missing", ["retention_period_days", "window_length_hours", "hour"])
def test_only_the_retention_must_be_given(sim: Sim, name: str, missing: str) -> None:
    known = sim.known(name)
    policy = {key: value for key, value in known["policy"].items() if key != missing}
    reply = sim.post(f"/v2/droplets/{known['id']}/actions", {"type": "change_backup_policy", "backup_policy": policy})
    if missing == "retention_period_days":
        sim.refused(reply, 422, f"retention_period_days is required for plan {policy['plan']}")
    else:
        assert reply.status_code == 201


def test_what_backups_cost_follows_the_plan(sim: Sim) -> None:
    sizes = {size["slug"]: size["price_monthly"] for size in sim.read("/v2/sizes?per_page=200")["sizes"]}
    droplets = {droplet["name"]: droplet for droplet in sim.state()["droplets"]}
    assert droplets.pop("plan-of-tomorrow")["backups_cost"] is None
    assert droplets["basic-daily"]["backups_cost"] == pytest.approx(0.3 * sizes["s-1vcpu-1gb"])
    assert droplets["basic-weekly"]["backups_cost"] == pytest.approx(0.2 * sizes["s-1vcpu-1gb"])
    for name, droplet in droplets.items():
        if not name.startswith("basic"):
            stored = sum(backup["size_gigabytes"] for backup in droplet["backups"])
            assert droplet["backups_cost"] == pytest.approx(PRICES[droplet["policy"]["plan"]] * stored, abs=1e-4)
    sim.done(droplets["basic-daily"]["id"], "disable_backups")
    assert sim.known("basic-daily")["backups_cost"] == 0
