# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every playbook that is shipped runs green in check mode and for real, and a second time without a change."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

PLAYBOOKS = sorted(ROOT.glob("playbooks/*.yml"))


def restore(sim):
    """Unattended: everything that it would ask for."""
    droplet = next(droplet for droplet in sim.state()["droplets"] if droplet["backups"])
    given = {"droplet": droplet["name"], "point": "newest", "incident": "inc-1", "confirm": droplet["name"]}
    return {f"restore_{name}": value for name, value in {**given, "max_age_hours": 200}.items()}


VARIABLES = {"restore": restore}
"""What a playbook has to be given, by its name."""


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_p1_p2_a_shipped_playbook(sim, play, path):
    name = f"lifeboat.digitalocean.{path.stem}"
    before = sim.state().policies()
    given = ["-e", json.dumps(VARIABLES[path.stem](sim))] if path.stem in VARIABLES else []
    told = play(None, "--check", "--diff", *given, playbook=name)
    assert told.status == 0, told.output
    assert sim.state().policies() == before
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]
    done = play(None, *given, playbook=name)
    assert done.status == 0, done.output
    sim.forget()
    again = play(None, *given, playbook=name)
    assert again.status == 0, again.output
    assert re.search(r"changed=0\b", again.output), again.output
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]


def test_restore_without_anything_given_restores_nothing(sim, play):
    """In check mode it says what to give; for real it fails."""
    told = play(None, "--check", playbook="lifeboat.digitalocean.restore")
    assert told.status == 0, told.output
    assert "give restore_droplet, restore_point, restore_incident and restore_confirm" in told.output
    failed = play(None, playbook="lifeboat.digitalocean.restore")
    assert failed.status == 2, failed.output
    assert "restore_droplet (missing) must be a name or an id" in failed.output
    assert not sim.journal()


@pytest.mark.parametrize(
    ("point", "by"),
    [("newest", "id"), ("backup {backup}", "name"), ("snapshot {snapshot}", "id"), ("before {backup_time}", "name")],
)
def test_restore_from_each_kind_of_point(sim, play, point, by):
    droplet = next(droplet for droplet in sim.state()["droplets"] if droplet["backups"])
    body = {"type": "snapshot", "name": "by hand"}
    sim.api("POST", f"droplets/{droplet['id']}/actions", body, status=201)
    droplet = sim.state().droplets[droplet["id"]]
    backup, snapshot = droplet["backups"][-1], droplet["snapshots"][0]
    text = point.format(backup=backup["id"], snapshot=snapshot["id"], backup_time=backup["created_at"])
    expected = snapshot["id"] if point.split()[0] in ("newest", "snapshot") else backup["id"]
    given = {"droplet": droplet[by], "point": text, "incident": "inc-1", "confirm": droplet["name"]}
    variables = {f"restore_{name}": value for name, value in {**given, "max_age_hours": 9999}.items()}
    done = play(None, "-e", json.dumps(variables), playbook="lifeboat.digitalocean.restore")
    assert done.status == 0, done.output
    assert sim.state().droplets[droplet["id"]]["disk_from"] == expected
    assert "Undo the restore of incident inc-1" in done.output
