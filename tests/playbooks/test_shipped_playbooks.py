# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shipped playbook succeeds in check mode and for real, and a second time without a change."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from ansible_collections.lifeboat.digitalocean.tests.playbooks.conftest import finished, surroundings
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

PLAYBOOKS = sorted(ROOT.glob("playbooks/*.yml"))
FIRST = {"audit_policies": "apply_policies"}
"""An audit passes once the rules have been applied; `test_policies` has audits that fail."""


def rules(_sim):
    return ("-e", f"@{ROOT / 'docs' / 'examples' / 'policies.yml'}")


def extra(**variables):
    """Variables for a Droplet of the simulator that has backups; `NAME` stands for it."""

    def options(sim):
        name = next(droplet["name"] for droplet in sim.state()["droplets"] if droplet["backups"])
        return ("-e", json.dumps(variables).replace("NAME", name))

    return options


def deleted(sim):
    """A Droplet that has backups is deleted, and brought back."""
    sim.behave(droplet_delete_backups="keep")
    droplet = next(droplet for droplet in sim.state()["droplets"] if droplet["backups"])
    sim.api("DELETE", f"droplets/{droplet['id']}", status=204)
    sim.advance(120)
    sim.forget()
    return ("-e", f"recover_deleted_droplet={droplet['name']}", "-e", f"recover_deleted_size={droplet['size']}")


OPTIONS = {
    "apply_policies": rules,
    "audit_policies": rules,
    "keep_backup": extra(keep_backup_droplet=["NAME"], keep_backup_tags=["keep"]),
    "disable_backups": extra(disable_backups_droplet=["NAME"]),
    "recover_deleted": deleted,
    "restore": extra(
        restore_droplet="NAME",
        restore_point="newest",
        restore_incident="inc-1",
        restore_confirm="NAME",
        restore_max_age_hours=200,
    ),
}
"""The variables that a playbook requires."""

CHANGING = ("keep_backup", "disable_backups", "restore", "recover_deleted")
BY_SELECTION = ("keep_backup", "disable_backups")


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_p1_p2_a_shipped_playbook(sim, play, path):
    name = f"lifeboat.digitalocean.{path.stem}"
    options = OPTIONS.get(path.stem, lambda _sim: ())(sim)
    if path.stem in FIRST:
        first = play(None, *options, playbook=f"lifeboat.digitalocean.{FIRST[path.stem]}")
        assert first.status == 0, first.output
        sim.forget()
    before = sim.state().policies()
    told = play(None, *options, "--check", "--diff", playbook=name)
    assert told.status == 0, told.output
    assert sim.state().policies() == before
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]
    done = play(None, *options, playbook=name)
    assert done.status == 0, done.output
    if path.stem in CHANGING:
        assert re.search(r"changed=[1-9]", told.output), told.output
        assert re.search(r"changed=[1-9]", done.output), done.output
    sim.forget()
    again = play(None, *options, playbook=name)
    assert again.status == 0, again.output
    assert re.search(r"changed=0\b", again.output), again.output
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]


@pytest.mark.parametrize("name", BY_SELECTION)
def test_a_playbook_that_needs_to_know_which_droplets_says_so(sim, play, name):
    told = play(None, playbook=f"lifeboat.digitalocean.{name}")
    assert told.status != 0
    assert f"{name}_droplet" in told.output
    assert f"{name}_tag" in told.output
    assert not sim.journal()


def test_keep_backup_by_tag(sim, play):
    """The Droplets of the tag that have no backup are named, and do not fail it."""
    extra = json.dumps({"keep_backup_tag": ["env:prod", "env:staging"]})
    done = play(None, "-e", extra, playbook="lifeboat.digitalocean.keep_backup")
    assert done.status == 0, done.output
    kept = [droplet for droplet in sim.state()["droplets"] if droplet["snapshots"]]
    assert kept
    told = f"Droplets selected: {len(sim.state().droplets)}. Backups that are converted: {len(kept)}."
    assert told in " ".join(done.output.split()), done.output


def test_restore_without_anything_given_restores_nothing(sim, play):
    """In check mode it shows which variables to set; for real it fails."""
    told = play(None, "--check", playbook="lifeboat.digitalocean.restore")
    assert told.status == 0, told.output
    assert "Set restore_droplet, restore_point, restore_incident and restore_confirm" in told.output
    failed = play(None, playbook="lifeboat.digitalocean.restore")
    assert failed.status == 2, failed.output
    assert "restore_droplet (missing) must be a name or an id" in failed.output
    assert not sim.journal()


@pytest.mark.parametrize(
    ("point", "by"),
    [
        ("newest", "id"),
        ("backup {backup}", "name"),
        ("snapshot {snapshot}", "id"),
        ("named by hand", "id"),
        ("before {backup_time}", "name"),
    ],
)
def test_restore_from_each_kind_of_point(sim, play, point, by):
    droplet = next(droplet for droplet in sim.state()["droplets"] if droplet["backups"])
    body = {"type": "snapshot", "name": "by hand"}
    sim.api("POST", f"droplets/{droplet['id']}/actions", body, status=201)
    droplet = sim.state().droplets[droplet["id"]]
    backup, snapshot = droplet["backups"][-1], droplet["snapshots"][0]
    text = point.format(backup=backup["id"], snapshot=snapshot["id"], backup_time=backup["created_at"])
    expected = snapshot["id"] if point.split()[0] in ("newest", "snapshot", "named") else backup["id"]
    given = {"droplet": droplet[by], "point": text, "incident": "inc-1", "confirm": droplet["name"]}
    variables = {f"restore_{name}": value for name, value in {**given, "max_age_hours": 9999}.items()}
    done = play(None, "-e", json.dumps(variables), playbook="lifeboat.digitalocean.restore")
    assert done.status == 0, done.output
    assert sim.state().droplets[droplet["id"]]["disk_from"] == expected
    assert "Undo the restore of incident inc-1" in done.output


def test_restore_lists_and_its_undo_is_one_line_for_a_shell(sim, play, tmp_path):
    """The line is in the output as it can be pasted."""
    droplet = next(droplet for droplet in sim.state()["droplets"] if droplet["backups"])
    key, name = droplet["id"], droplet["name"]
    options = json.dumps({"restore_droplet": name, "restore_point": "list"})
    listed = play(None, "-e", options, playbook="lifeboat.digitalocean.restore")
    assert listed.status == 0, listed.output
    assert all(f'"id": {backup["id"]}' in listed.output for backup in droplet["backups"])
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]
    point = f"backup {droplet['backups'][-1]['id']}"
    options = {"droplet": name, "point": point, "incident": "inc-1", "confirm": name}
    variables = json.dumps({f"restore_{option}": value for option, value in options.items()})
    done = play(None, "-e", variables, playbook="lifeboat.digitalocean.restore")
    assert done.status == 0, done.output
    (line,) = re.findall(r'"undo_command": "(.*)"', done.output)
    safety = sim.state().droplets[key]["snapshots"][-1]["id"]
    assert f"snapshot_id={safety}" in line
    back = finished(shlex.split(line), surroundings(sim, tmp_path, {}, connected=True), tmp_path)
    assert back.returncode == 0, back.stdout
    assert sim.state().droplets[key]["disk_from"] == safety
