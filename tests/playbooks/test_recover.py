# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Droplet that was deleted is brought back: the playbook step by step, and every example of the guide in turn."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import yaml_blocks
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

NAME = "lifeboat.digitalocean.recover_deleted"
GUIDE = (ROOT / "docs" / "recover.md").read_text(encoding="utf-8")
BLOCKS = yaml_blocks(GUIDE)


@pytest.fixture(name="gone")
def _gone(sim):
    """web-01, which had a backup on each of three days and was deleted; its id."""
    sim.reset(droplets=0)
    sim.behave(droplet_delete_backups="keep")
    (key,) = worlds.create(sim, "web-01", policy=worlds.DAILY, size="s-2vcpu-4gb")
    worlds.create(sim, "web-02", policy=worlds.DAILY)
    sim.advance(3 * worlds.DAY)
    sim.api("DELETE", f"droplets/{key}", status=204)
    sim.advance(3600)
    sim.forget()
    return key


def newest(sim, key):
    own = [image for image in sim.state()["images"] if image["droplet_id"] == key]
    return max(own, key=lambda image: image["created_at"])


def said(told):
    return " ".join(re.findall(r'"msg": "(.*)"', told.output))


def writes(sim):
    return [entry for entry in sim.journal() if entry["method"] != "GET"]


def test_step_by_step(sim, play, gone):
    told = play(None, playbook=NAME)
    assert told.status == 0, told.output
    assert f"web-01 (3, the newest {newest(sim, gone)['id']} of" in said(told)
    assert "web-02" not in said(told)
    assert writes(sim) == []
    kept = play(None, "-e", "recover_deleted_droplet=web-01", playbook=NAME)
    assert kept.status == 0, kept.output
    assert "set its size with -e recover_deleted_size=SLUG" in said(kept)
    assert newest(sim, gone)["type"] == "snapshot"
    sized = ("-e", "recover_deleted_droplet=web-01", "-e", "recover_deleted_size=s-2vcpu-4gb")
    made = play(None, *sized, playbook=NAME)
    assert made.status == 0, made.output
    assert f"web-01 is made from snapshot {newest(sim, gone)['id']}" in said(made)
    (back,) = [droplet for droplet in sim.state()["droplets"] if droplet["name"] == "web-01"]
    assert (back["disk_from"], back["size"]) == (newest(sim, gone)["id"], "s-2vcpu-4gb")
    sim.forget()
    again = play(None, *sized, playbook=NAME)
    assert again.status == 0, again.output
    assert "changed=0" in again.output
    assert writes(sim) == []


def test_a_name_that_nobody_had_is_an_error_in_the_playbook_s_words(sim, play, gone):
    told = play(None, "-e", "recover_deleted_droplet=web-03", "-e", "recover_deleted_size=s-1vcpu-1gb", playbook=NAME)
    assert told.status == 2, told.output
    assert "backups of Droplets that are gone and were named web-01" in " ".join(told.output.split())
    assert newest(sim, gone)["type"] == "backup"
    assert writes(sim) == []


def test_every_example_of_the_guide(sim, play, gone):
    """One after the other, as they stand there."""
    tasks = [task for block in BLOCKS for task in yaml.safe_load(block)]
    assert len(tasks) >= 4
    told = play([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}])
    assert told.status == 0, told.output
    (back,) = [droplet for droplet in sim.state()["droplets"] if droplet["name"] == "web-01"]
    assert back["disk_from"] == newest(sim, gone)["id"]
    assert newest(sim, gone)["name"].startswith("keep-web-01-")
