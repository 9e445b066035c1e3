# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the guide to the inventory works as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.tests.playbooks.conftest import finished, surroundings
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import commands, fenced, yaml_blocks
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

PLUGIN = {"plugin": "lifeboat.digitalocean.droplets"}
PAGE = (ROOT / "docs" / "inventory.md").read_text()
BLOCKS = yaml_blocks(PAGE)
FILES = [block for block in BLOCKS if isinstance(yaml.safe_load(block), dict)]
PLAYS = [yaml.safe_load(block) for block in BLOCKS if block not in FILES]
COMMANDS = [
    words
    for language, text in fenced(PAGE)
    if language == "shell"
    for words in commands(text)
    if words[0] == "ansible-inventory"
]
(SETTINGS,) = (text for language, text in fenced(PAGE) if language == "ini")
STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}


@pytest.fixture(name="look")
def _look(sim, tmp_path):
    """`look(text, environ={})` writes an inventory file and returns the output of `ansible-inventory --list`."""

    def look(text, **environ):
        source = written(tmp_path, text)
        environ = surroundings(sim, tmp_path, {**STRICT, **environ}, True)
        done = finished(["ansible-inventory", "-i", str(source), "--list"], environ, tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return look


def written(folder, text):
    source = folder / "my.droplets.yml"
    source.write_text(text)
    return source


def test_the_page_has_examples_of_both():
    assert len(FILES) >= 6
    assert len(PLAYS) == 2, "each of the two has a test below"


@pytest.mark.parametrize("text", FILES, ids=lambda text: next(iter(yaml.safe_load(text))))
def test_a_file_or_a_part_of_one(sim, look, text):
    sim.reset(world="fleet")
    whole = text if "plugin" in yaml.safe_load(text) else f"{json.dumps(PLUGIN)[1:-1]}\n{text}"
    told = look(whole, SHOP_TOKEN=sim.token)
    assert len(told["_meta"]["hostvars"]) > 40


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("settings", ["", SETTINGS], ids=["by auto", "by name"])
def test_a_command(sim: Any, tmp_path: Path, command: list[str], settings: str) -> None:
    """With each file as the page has it; with its settings of Ansible, and without any."""
    titled = {text.partition("\n")[0].removeprefix("# "): text for text in FILES}
    for name in command:
        if name.endswith(".yml"):
            (tmp_path / name).write_text(titled.get(name, json.dumps({**PLUGIN, "filters": ["false"]})))
    (tmp_path / "ansible.cfg").write_text(settings)
    environ = {**STRICT, "SHOP_TOKEN": sim.token, "ANSIBLE_CONFIG": tmp_path / "ansible.cfg"}
    done = finished(command, surroundings(sim, tmp_path, environ, True), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "@backups_enabled:" in done.stdout
    assert all(droplet["name"] in done.stdout for droplet in sim.state()["droplets"])


def test_the_play_for_the_morning_names_who_is_overdue(sim, play, tmp_path):
    sim.reset(world="fleet")
    source = written(tmp_path, json.dumps({**PLUGIN, "backup_ages": True}))
    (example,) = (play_ for play_ in PLAYS if play_[0]["name"] == "Fail for each overdue Droplet")
    done = play(example, "-i", str(source), environ=STRICT)
    assert done.status == 2, done.output
    assert re.search(r"legacy-erp: the newest backup is of 20\d\d-", done.output), done.output


@pytest.mark.parametrize("options", [{}, {"hostnames": ["id"], "backup_ages": False}], ids=["overdue", "by id"])
def test_the_play_that_takes_snapshots(sim, play, tmp_path, options):
    """With any names of hosts."""
    sim.reset(world="fleet")
    text = f"{json.dumps(PLUGIN)[1:-1]}\n" + next(text for text in FILES if "prefix: tag" in text)
    source = written(tmp_path, json.dumps({**yaml.safe_load(text), "backup_ages": True, **options}))
    (example,) = (play_ for play_ in PLAYS if play_[0]["name"].startswith("Take a snapshot"))
    group = "backups_overdue" if options.get("backup_ages", True) else "backups_enabled"
    plays = json.loads(json.dumps(example).replace("backups_overdue", group))
    before = sim.state().droplets
    done = play(plays, "-i", str(source), environ=STRICT)
    assert done.status == 0, done.output
    after = sim.state().droplets
    chosen = {key for key, droplet in before.items() if "role:db" in droplet["tags"] and droplet["policy"]}
    if group == "backups_overdue":
        chosen = {key for key in chosen if before[key]["name"] == "legacy-erp"}
    assert chosen
    assert {key for key in after if len(after[key]["snapshots"]) > len(before[key]["snapshots"])} == chosen
