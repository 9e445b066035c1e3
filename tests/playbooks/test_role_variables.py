# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each variable of the role `backup_policy` is proved by the state of two simulated accounts.

Each host of the inventory has other variables and rules for other Droplets, so that one run tries all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import Simulator

APPLY, AUDIT = (f"lifeboat.digitalocean.{name}_policies" for name in ("apply", "audit"))
Variables = dict[str, Any]
ON = {"plan": "daily", "hour": 4}
USAGE = {"plan": "hourly", "hour": 0}


@pytest.fixture(name="empty")
def _empty() -> Iterator[Simulator]:
    """The simulator of another account, with another certificate authority and no Droplet."""
    simulator = Simulator("--droplets", "0", "--seed", "2")
    yield simulator
    simulator.stop()


def rule(tag: str, **options: Any) -> Variables:
    return {"name": tag, "match": {"tags_any": [tag]}, **options}


def inventory(sim: Simulator, folder: Path, **hosts: Variables) -> tuple[str, ...]:
    """Options of ansible-playbook for these hosts, on the account of `sim` unless one has its own connection."""
    account = {"token": sim.token, "api_url": sim.api_url, "ca_path": sim.ca_path}
    given = {
        name: {f"backup_policy_{variable}": value for variable, value in {**account, **variables}.items()}
        for name, variables in hosts.items()
    }
    path = folder / "hosts.yml"
    path.write_text(json.dumps({"accounts": {"hosts": given}}))
    return ("-i", str(path), "-e", "policies_hosts=accounts")


def outcomes(told: Any) -> dict[str, str]:
    """Host → what the summary of the accounts says of it, in one line."""
    (lines,) = re.findall(r'"msg": \[\n(.*?)\n *\]\n', told.output.partition("Summarize the accounts")[2], re.DOTALL)
    return dict(json.loads(line.strip().rstrip(",")).split(": ", 1) for line in lines.splitlines())


def failed(told: Any) -> set[str]:
    """The hosts that the recap counts as failed."""
    return set(re.findall(r"^(\w+) +: .* failed=[1-9]", told.output, re.MULTILINE))


def world(sim: Any, folder: Path, *droplets: Variables) -> dict[str, int]:
    """Make an account of these entries of a world file, each with a tag that is its name; ids by name."""
    path = folder / "world.yml"
    path.write_text(json.dumps({"droplets": [{"tags": [entry["name"]], "policy": ON, **entry} for entry in droplets]}))
    sim.reset(world=str(path))
    return {one["name"]: one["id"] for one in sim.state()["droplets"]}


def hours(sim: Any) -> dict[str, Any]:
    """Droplet name → the hour of its backups, None if they are off."""
    return {one["name"]: one["policy"] and one["policy"]["hour"] for one in sim.state()["droplets"]}


def test_apply(sim: Any, empty: Simulator, play: Any, tmp_path: Path) -> None:
    names = ("web", "api", "late", "off", "out", "stays")
    ids = world(
        sim, tmp_path, *[{"name": name} for name in names], *[{"name": f"usage_{end}", "policy": USAGE} for end in "ab"]
    )
    daily = {"plan": "daily", "hour": 8, "existing_backups": "may_be_lost"}
    disabled = {"state": "disabled", "existing_backups": "may_be_lost"}
    other = {"token": empty.token, "api_url": empty.api_url, "ca_path": empty.ca_path}
    sim.fault({"action": "stuck"}, method="POST", path=f"/droplets/{ids['late']}/actions")
    hosts = inventory(
        sim,
        tmp_path,
        left={"rules": [rule("usage_a", **daily)]},
        enforced={"rules": [rule("usage_b", **daily)], "on_unknown_plan": "enforce"},
        two={"rules": [rule("off", **disabled), rule("out", **disabled)], "max_disable": 2},
        none={"rules": [rule("stays", **disabled)]},
        strict={"rules": [rule("web", **daily)], "fail_on_unmatched": True},
        lenient={"rules": [rule("api", **daily)]},
        short={"rules": [rule("late", **daily)], "wait_timeout": 4},
        bare={"rules": [rule("web", **daily)], "allow_empty": True, **other},
        barred={"rules": [rule("web", **daily)], **other},
    )
    done = play(None, *hosts, playbook=APPLY, connected=False)
    assert failed(done) == {"none", "strict", "short", "barred"}, done.output
    assert hours(sim) == {
        "web": 8,
        "api": 8,
        "late": 4,
        "off": None,
        "out": None,
        "stays": 4,
        "usage_a": 0,
        "usage_b": 8,
    }
    text = " ".join(done.output.split())
    for variable in ("wait_timeout", "max_disable", "allow_empty"):
        assert f"Here {variable} is backup_policy_{variable}." in text
    # What no rule matches is named, and fails the run only if it is to.
    others = [name for name in ids if name != "web"]
    assert outcomes(done)["strict"] == outcomes(done)["lenient"] == "8 Droplets: 1 changed, 7 without a rule"
    named = ", ".join(f"{name} ({ids[name]})" for name in others)
    assert f'"msg": "7 Droplets match no rule: {named}. Add a rule for what is to become of them."' in done.output
    assert empty.journal()[0]["route"] == "/v2/droplets/backups/supported_policies"
    assert {entry["method"] for entry in empty.journal()} == {"GET"}


def test_audit(sim: Any, empty: Simulator, play: Any, tmp_path: Path) -> None:
    """Nothing is written, and no request is made only to see whether the token is accepted."""
    world(
        sim,
        tmp_path,
        {"name": "usage", "policy": USAGE},
        {"name": "stale", "newest_backup_age": "3d"},
        {"name": "free"},
    )
    before = sim.state().policies()
    exempt = {"exempt": True, "reason": "Not looked at here."}
    rest = {"name": "rest", "match": {"all": True}, **exempt}
    all_but_free = {"name": "all but free", "match": {"names": ["usage", "stale"]}, **exempt}
    enabled = {"state": "enabled"}
    other = {"token": empty.token, "api_url": empty.api_url, "ca_path": empty.ca_path}
    hosts = inventory(
        sim,
        tmp_path,
        known={"rules": [rule("usage", **enabled), rest]},
        accepted={"rules": [rule("usage", **enabled), rest], "accept_unknown_plans": True},
        enforced={"rules": [rule("usage", plan="daily"), rest], "on_unknown_plan": "enforce"},
        late={"rules": [rule("stale", **enabled), rest]},
        patient={"rules": [rule("stale", **enabled), rest], "grace_hours": 60},
        strict={"rules": [all_but_free], "fail_on_unmatched": True},
        lenient={"rules": [all_but_free]},
        bare={"rules": [rest], "allow_empty": True, **other},
        barred={"rules": [rest], **other},
    )
    done = play(None, *hosts, "--diff", playbook=AUDIT, connected=False)
    assert outcomes(done) == {
        "known": "1 finding: 1 unknown_plan",
        "accepted": "no findings",
        "enforced": "1 finding: 1 drift, 1 unknown_plan",
        "late": "1 finding: 1 overdue",
        "patient": "no findings",
        "strict": "1 finding: 1 unmatched",
        "lenient": "no findings",
        "bare": "no findings",
        "barred": "not done: No Droplet matches all. Set allow_empty: true if that is fine.",
    }
    assert failed(done) == {"known", "enforced", "late", "strict", "barred"}
    assert "changed=1" not in done.output
    assert "match no rule" not in done.output, "the findings tell it if it is one"
    assert sim.state().policies() == before
    sent = [*sim.journal(), *empty.journal()]
    assert {entry["method"] for entry in sent} == {"GET"}
    assert "/v2/droplets/backups/supported_policies" not in {entry["route"] for entry in empty.journal()}
