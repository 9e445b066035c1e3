# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage-based plans, as the guide says: its examples run, and what the API would refuse is asked for beforehand."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import yaml_blocks
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

SECTION = (ROOT / "docs" / "backups.md").read_text("utf-8").partition("## Usage-based plans")[2].partition("\n## ")[0]
EXAMPLES = [
    next(iter(task[0][key] for key in task[0] if key.endswith(".droplet_backups")))
    for task in map(yaml.safe_load, yaml_blocks(SECTION))
]
NEW, LONGER = EXAMPLES
PLANS = {"intra_daily_4h": 7, "intra_daily_6h": 3, "intra_daily_12h": 30}


@pytest.fixture(name="key")
def _key(sim):
    sim.reset(droplets=0)
    (key,) = worlds.create(sim, "db-01", policy=worlds.DAILY, tags=("role:db",))
    sim.advance(9 * worlds.DAY)
    sim.forget()
    return key


def warnings(outcome):
    return str(outcome.result.get("warnings", ()))


def carried_out(run, options):
    """Check mode, the run, and a second run that changes nothing."""
    foreseen, told, again = run(check=True, **options), run(**options), run(**options)
    assert not told.failed, told
    assert foreseen.changed, foreseen
    assert foreseen.diff == told.diff
    assert not again.changed
    assert not again.writes, again
    return told


def test_the_examples_of_the_guide(sim, run, key):
    told = carried_out(run, NEW)
    assert "is not among the supported ones and is sent" in warnings(told)
    wanted = {"plan": "intra_daily_4h", "hour": 0, "window_length_hours": 4, "retention_period_days": 7}
    assert {name: sim.state().policy(key)[name] for name in wanted} == wanted
    carried_out(run, LONGER)
    assert sim.state().policy(key)["retention_period_days"] == 14


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("supported", ["standard", "usage"])
def test_a_retention_is_asked_for_by_check_mode_and_not_by_the_api(sim, run, key, plan, supported):
    sim.behave(supported_policies=supported)
    given = {"droplet_id": key, "plan": plan, "hour": 0, "allow_unlisted_plan": True, "existing_backups": "may_be_lost"}
    for check in (True, False):
        told = run(check=check, **given)
        if supported == "standard":
            assert told.kind == "input", told
            assert "retention_period_days" in told.result["msg"]
            assert not told.writes
        else:
            assert not told.failed, told
    if supported == "standard":
        carried_out(run, {**given, "retention_period_days": PLANS[plan]})


@pytest.mark.parametrize("select", [{"droplet_name": "db-01"}, {"all": True}], ids=str)
@pytest.mark.parametrize("options", [{"hour": 8}, {"retention_period_days": 9}], ids=str)
def test_an_option_without_effect_on_one_that_was_called_for_is_a_warning(sim, run, key, select, options):
    run(**NEW)
    told = run(**select, **options)
    assert not told.failed, told
    assert not told.writes
    assert (f"{next(iter(options))} has no effect on db-01 ({key})" in warnings(told)) == ("all" not in select)
    assert sim.state().policy(key)["retention_period_days"] == 7
