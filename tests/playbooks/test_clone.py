# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `clone` in check mode, for real, and once more; and a play that goes on with the new host."""

from __future__ import annotations

import re

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds

NAME = "lifeboat.digitalocean.clone"


def backed_up(sim):
    sim.reset(droplets=0)
    (key,) = worlds.create(sim, "web-01", policy=worlds.DAILY)
    sim.advance(3 * worlds.DAY)
    sim.forget()
    return key


def said(told):
    """The message of the last task."""
    return " ".join(re.findall(r'"msg": "(.*)"', told.output))


def writes(sim):
    return [entry["path"] for entry in sim.journal() if entry["method"] != "GET"]


def test_p1_p2_a_clone_of_the_newest(sim, play):
    key = backed_up(sim)
    options = ("-e", "clone_source_name=web-01")
    told = play(None, "--check", "--diff", *options, playbook=NAME)
    assert told.status == 0, told.output
    assert writes(sim) == []
    newest = max(sim.state().droplets[key]["backups"], key=lambda point: point["created_at"])
    assert f"web-01-clone would be made from backup {newest['id']} of {newest['created_at']}" in said(told), told.output
    assert "web-01-clone: absent → " in told.output
    assert f" → s-1vcpu-1gb in nyc3 from image {newest['id']} ({newest['name']}), no" in told.output
    done = play(None, "--diff", *options, playbook=NAME)
    assert done.status == 0, done.output
    assert writes(sim) == ["/v2/droplets"]
    assert re.search(r"web-01-clone is made from backup .* USD a month; its address is 198\.", said(done)), done.output
    again = play(None, *options, playbook=NAME)
    assert again.status == 0, again.output
    assert "changed=0" in again.output
    assert "web-01-clone was made from backup" in said(again)
    assert writes(sim) == ["/v2/droplets"]


def test_a_clone_by_id_with_everything_said(sim, play):
    key = backed_up(sim)
    oldest = min(sim.state().droplets[key]["backups"], key=lambda point: point["created_at"])["id"]
    given = {"clone_name": "audit", "clone_backup_id": str(oldest), "clone_size": "s-2vcpu-4gb", "clone_region": "nyc3"}
    options = [part for name, value in given.items() for part in ("-e", f"{name}={value}")]
    done = play(None, *options, "-e", '{"clone_tags": ["env:audit"], "clone_backups": true}', playbook=NAME)
    assert done.status == 0, done.output
    (made,) = [droplet for droplet in sim.state()["droplets"] if droplet["name"] == "audit"]
    assert (made["disk_from"], made["size"], made["policy"]["plan"]) == (oldest, "s-2vcpu-4gb", "daily")
    assert {"env:audit", f"lifeboat:from:{oldest}", f"lifeboat:source:{key}"} >= {*made["tags"]}


def test_nothing_named_is_nothing_made(sim, play):
    backed_up(sim)
    told = play(None, playbook=NAME)
    assert told.status == 0, told.output
    assert "Droplets with a backup: web-01 (" in said(told)
    assert writes(sim) == []
    assert "/v2/droplets/backups/policies" not in {entry["route"] for entry in sim.journal()}
