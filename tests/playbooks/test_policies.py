# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role `backup_policy` and its playbooks: what an operator reads, and what makes an audit fail."""

from __future__ import annotations

import json

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

APPLY, AUDIT = (f"lifeboat.digitalocean.{name}_policies" for name in ("apply", "audit"))
EXAMPLES = ROOT / "docs" / "examples"
RULES = ("-e", f"@{EXAMPLES / 'policies.yml'}")
EVERYTHING = {"name": "everything", "match": {"all": True}, "state": "enabled"}


def given(*rules, **variables):
    """Options of ansible-playbook that set the role's variables."""
    told = {"backup_policy_rules": rules, **{f"backup_policy_{key}": value for key, value in variables.items()}}
    return "-e", json.dumps(told)


def findings(done):
    """The list in the sentence of a failed audit, its first line included."""
    lines = done.output.partition("[ERROR]: Task failed: Action failed: ")[2].splitlines()
    return [lines[0], *(line[2:] for line in lines[1:] if line.startswith("- "))] if lines else []


def writes(sim):
    return [entry for entry in sim.journal() if entry["method"] != "GET"]


def droplet(sim, **wanted):
    """The first Droplet whose policy or lack of one, `plan`, is so; as the simulator reports it."""
    return next(one for one in sim.state()["droplets"] if (one["policy"] or {}).get("plan") == wanted["plan"])


def test_audit_drift_by_hand(sim, play):
    """A window that was moved by hand is one finding with the old and the new window."""
    moved = droplet(sim, plan="daily")
    rule = {"name": "all at their hour", "match": {"all": True}, "plan": "daily", "existing_backups": "may_be_lost"}
    assert play(None, *given({**rule, "hour": [moved["policy"]["hour"]]}), playbook=APPLY).status == 0
    by_hand = {"type": "change_backup_policy", "backup_policy": {"plan": "weekly", "weekday": "SUN", "hour": 12}}
    sim.api("POST", f"droplets/{moved['id']}/actions", by_hand, status=201)
    sim.forget()
    done = play(None, *given({**rule, "hour": [moved["policy"]["hour"]]}), playbook=AUDIT)
    assert done.status == 2
    [headline, line] = findings(done)
    assert headline == "1 finding: 1 drift"
    start = f"{moved['name']} ({moved['id']}): not as rule 'all at their hour' wants it: weekly on SUN at 12:00 UTC, "
    assert line.startswith(start)
    assert f" → daily at {moved['policy']['hour']:02d}:00 UTC, " in line
    assert "changed=0 " in done.output
    assert not writes(sim)


@pytest.mark.parametrize("covered", [True, False] if FULL else [False])
def test_audit_an_unprotected_newcomer(sim, play, covered):
    """A Droplet that was made since is a finding, whether a rule would enable its backups or no rule matches it."""
    known = [one["id"] for one in sim.state()["droplets"]]
    rule = EVERYTHING if covered else {**EVERYTHING, "match": {"droplet_ids": known}}
    assert play(None, *given(rule), playbook=APPLY).status == 0
    wanted = {"name": "newcomer", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}
    made = sim.api("POST", "droplets", wanted, status=202)["droplet"]["id"]
    sim.forget()
    done = play(None, *given(rule), playbook=AUDIT)
    assert done.status == 2
    [headline, line] = findings(done)
    assert headline == ("1 finding: 1 drift, 1 unprotected" if covered else "1 finding: 1 unprotected")
    reason = "rule 'everything' wants daily at " if covered else "no rule covers it"
    assert line.startswith(f"newcomer ({made}): has no backups; {reason}")
    assert not writes(sim)


def test_audit_overdue_droplets(sim, play):
    """Two Droplets of the fleet whose backups fail are overdue; one that waits for its first window is not."""
    sim.reset(world="fleet")
    late = ("mail-prod-01", "legacy-erp")
    rules = [
        {"name": "watched", "match": {"names": [*late, "shop-eu-01"]}, "state": "enabled"},
        {"name": "others", "match": {"all": True}, "exempt": True, "reason": "Not looked at here."},
    ]
    done = play(None, *given(*rules), playbook=AUDIT)
    assert done.status == 2
    headline, *lines = findings(done)
    assert headline == "2 findings: 2 overdue"
    assert [line.split()[0] for line in lines] == list(late)
    assert all("is overdue, its newest backup is " in line for line in lines)
    assert '"status: ' in done.output


def test_audit_spares_what_is_exempt_and_what_is_to_be_off(sim, play):
    """Droplets without backups, on purpose: by an exemption, and by a rule that disables."""
    off = [one["id"] for one in sim.state()["droplets"] if one["policy"] is None]
    assert len(off) == 2
    rules = [
        {"name": "exempt", "match": {"droplet_ids": off[:1]}, "exempt": True, "reason": "Built anew."},
        {"name": "off", "match": {"droplet_ids": off[1:]}, "state": "disabled"},
        EVERYTHING,
    ]
    done = play(None, *given(*rules, fail_on_unmatched=True), playbook=AUDIT)
    assert done.status == 0, done.output


def test_audit_lists_all_although_the_run_would_be_refused(sim, play):
    """More to disable than allowed, and restore points at risk: an audit sends nothing, so it names them all."""
    on = [one for one in sim.state()["droplets"] if one["policy"]]
    rules = [
        {"name": "off", "match": {"droplet_ids": [one["id"] for one in on]}, "state": "disabled"},
        {"name": "rest", "match": {"all": True}, "exempt": "yes", "reason": "Not looked at here."},
    ]
    audit = play(None, *given(*rules), playbook=AUDIT)
    assert findings(audit)[0] == "4 findings: 4 drift"
    refused = play(None, *given(*rules), playbook=APPLY)
    assert refused.status == 2
    assert "max_disable: 0 allows" in refused.output
    assert not writes(sim)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "backup_policy_rules"),
        (given({"name": "x", "match": {}}), "Rule 'x': match is empty"),
        (given({"name": "x", "match": {"all": True}, "hours": 4}), "hours"),
        (given(EVERYTHING, on_unknown_plan="guess"), "backup_policy_on_unknown_plan"),
    ],
)
@pytest.mark.parametrize("playbook", [APPLY, AUDIT])
def test_wrong_rules_are_refused_before_the_account_is_read(sim, play, options, sentence, playbook):
    done = play(None, *options, playbook=playbook)
    assert done.status == 2
    assert sentence in done.output
    # Only the request of the preflight was sent.
    assert {entry["route"] for entry in sim.journal()} <= {"/v2/droplets/backups/supported_policies"}


def test_a_missing_scope_is_named(sim, play):
    """Without image:read an audit does not know ages, and fails."""
    told = given(EVERYTHING)
    assert play(None, *told, playbook=APPLY).status == 0
    for scopes, sentence in (
        (["image:read"], "It needs the scope droplet:read"),
        (["droplet:read"], "the token lacks the scope image:read"),
    ):
        token = {"DIGITALOCEAN_TOKEN": sim.make_token(*scopes)}
        done = play(None, *told, playbook=AUDIT, environ=token)
        assert done.status == 2, done.output
        assert sentence in done.output


def test_facts_for_later_roles(play):
    """The facts that the README promises are there after the role, in a play of one's own, also if the audit failed."""
    audit = {"backup_policy_audit_only": True, "backup_policy_rules": [EVERYTHING]}
    role = {"name": "lifeboat.digitalocean.backup_policy"}
    names = ("result", "status", "findings", "summary")
    told = "{{ {" + ", ".join(f"'{name}': backup_policy_{name}" for name in names) + "} | to_json }}"
    write = {"content": told, "dest": "{{ lookup('env', 'RESULTS') }}/results.json", "mode": "0600"}
    tasks = [
        {
            "block": [{"ansible.builtin.include_role": role, "vars": audit}],
            "rescue": [{"ansible.builtin.copy": write}],
        }
    ]
    done = play([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}], "-vvv")
    facts = done.results
    assert facts["result"]["summary"]["changed"] == len(facts["findings"]) == 2, done.output
    assert facts["status"]["summary"]["status"]["unprotected"] == 2
    assert facts["summary"][0] == "2 findings: 2 drift, 2 unprotected"
    assert [set(one["kinds"]) for one in facts["findings"]] == [{"drift", "unprotected"}] * 2


def accounts(folder, sim, **tokens):
    """The inventory that is shipped, made for one simulator: each account has its own token."""
    text = (EXAMPLES / "accounts.yml").read_text()
    (folder / "accounts.yml").write_text(text)
    return ("-i", str(folder / "accounts.yml"), "-e", "policies_hosts=accounts"), {
        "PRODUCTION_TOKEN": tokens["production"],
        "STAGING_TOKEN": tokens["staging"],
        "DIGITALOCEAN_API_URL": sim.api_url,
        "DIGITALOCEAN_CA_PATH": sim.ca_path,
    }


def test_the_shipped_inventory(sim, play, tmp_path):
    """One account's token is not in the environment: no other token is used, and the other account is done."""
    options, environ = accounts(tmp_path, sim, production=sim.token, staging="")
    environ["DIGITALOCEAN_TOKEN"] = "a token that must not be used instead"
    done = play(None, *options, *RULES, playbook=APPLY, environ=environ)
    assert done.status == 2
    assert "There is no token" in done.output
    assert '"production: 6 Droplets: ' in done.output
    assert '"staging: not done: There is no token' in done.output
    assert sim.token not in done.output
    assert [one["policy"]["plan"] for one in sim.state()["droplets"] if "role:db" in one["tags"]]
    again = play(None, *options, *RULES, playbook=AUDIT, environ=environ)
    assert '"production: no findings"' in again.output
    assert again.status == 2


@pytest.mark.parametrize("playbook", [APPLY, AUDIT])
def test_several_accounts_do_not_share_a_token(sim, play, tmp_path, playbook):
    """A host without a token of its own would work on whichever account the environment names."""
    (tmp_path / "hosts.yml").write_text(json.dumps({"accounts": {"hosts": {"one": {}, "two": {}}}}))
    options = ("-i", str(tmp_path / "hosts.yml"), "-e", "policies_hosts=accounts")
    done = play(None, *options, *given(EVERYTHING), playbook=playbook)
    assert done.status == 2
    assert "Set backup_policy_token for one." in done.output
    assert "Set backup_policy_token for two." in done.output
    assert sim.journal() == []


def test_several_accounts_that_all_fail_have_a_line_each(sim, play, tmp_path):
    options, environ = accounts(tmp_path, sim, production="dop_v1_revoked_long_ago", staging="")
    for playbook in (APPLY, AUDIT) if FULL else (APPLY,):
        done = play(None, *options, *RULES, playbook=playbook, environ=environ)
        assert done.status == 2
        assert '"production: not done: The API does not accept the token' in done.output
        assert "staging: not done: There is no token" in done.output


@pytest.mark.parametrize("playbook", [APPLY, AUDIT] if FULL else [AUDIT])
def test_without_rules_it_says_how_to_give_them(sim, play, playbook):
    done = play(None, playbook=playbook)
    assert done.status == 2
    assert "There are no rules for localhost: write backup_policy_rules into a file" in " ".join(done.output.split())
    assert "-e @policies.yml" in done.output
    assert sim.journal() == []


def test_an_error_names_the_variables_of_the_role(sim, play):
    on = droplet(sim, plan="daily")
    off = {"name": "off", "match": {"droplet_ids": [on["id"]]}, "state": "disabled", "existing_backups": "may_be_lost"}
    done = play(None, *given(off), playbook=APPLY)
    assert done.status == 2
    assert "Here max_disable is backup_policy_max_disable." in " ".join(done.output.split())
    assert not writes(sim)


def test_the_shipped_files_agree():
    """What `-e @policies.yml` sets would silently win over an account's own variable of the same name."""
    shared = yaml.safe_load((EXAMPLES / "policies.yml").read_text())
    group = yaml.safe_load((EXAMPLES / "accounts.yml").read_text())["accounts"]
    for own in (group["vars"], *group["hosts"].values()):
        assert own.keys().isdisjoint(shared)


def test_of_many_findings_the_first_fifty_are_shown(sim, play):
    """All of them are counted in an account of more Droplets than a result lists if nothing happened to them."""
    sim.reset(droplets=210)
    others = sum(
        (one["policy"] or {}).get("weekday") != "SUN" or one["policy"]["hour"] != 20 for one in sim.state()["droplets"]
    )
    assert 200 < others < 210
    weekly = {"name": "all", "match": {"all": True}, "plan": "weekly", "weekday": "SUN", "hour": 20}
    done = play(None, *given(weekly), playbook=AUDIT)
    assert done.status == 2
    headline, *lines = findings(done)
    assert headline.startswith(f"{others} findings: {others} drift")
    assert len(lines) == 51
    assert lines[-1] == f"{others - 50} more: all of them are in the fact backup_policy_findings"
