# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML example of the README and of the pages about policies runs as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.tests.playbooks.conftest import finished, surroundings
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import yaml_blocks
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

PAGES = [ROOT / "README.md", ROOT / "docs" / "policies.md", *sorted(ROOT.glob("roles/*/README.md"))]
APPLY = "lifeboat.digitalocean.apply_policies"
RULES = ("-e", f"@{ROOT / 'docs' / 'examples' / 'policies.yml'}")
README = (ROOT / "README.md").read_text()
(REQUIREMENTS,) = (block for block in yaml_blocks(README) if block.startswith("collections:"))
(INVENTORY,) = (block for block in yaml_blocks(README) if block.startswith("plugin:"))
EXAMPLES = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(yaml_blocks(page.read_text()), 1)
    if block not in (REQUIREMENTS, INVENTORY)
]


def test_the_collection_installs_as_the_readme_says(sim, tmp_path):
    """From the tarball, which `requirements.yml` names; and nothing names an address that is nobody's."""
    environ = surroundings(sim, tmp_path, {"ANSIBLE_COLLECTIONS_PATH": tmp_path / "there"}, False)
    build = ["ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(tmp_path / "files")]
    assert finished(build, environ, tmp_path).returncode == 0
    (tmp_path / "requirements.yml").write_text(REQUIREMENTS)
    install = ["ansible-galaxy", "collection", "install", "-r", "requirements.yml"]
    done = finished(install, environ, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    there = tmp_path / "there" / "ansible_collections" / "lifeboat" / "digitalocean"
    assert (there / "docs" / "moving.md").exists()
    assert (there / "playbooks" / "quickstart.yml").exists()
    told = json.loads((there / "MANIFEST.json").read_text())["collection_info"]
    assert not [name for name in ("repository", "documentation", "homepage", "issues") if told[name]]


def test_the_inventory_file_of_the_readme(sim: Any, tmp_path: Path) -> None:
    """It shows who is overdue, by the command below it."""
    (command,) = re.findall(r"`(ansible-inventory .*)`", README)
    (tmp_path / "my.droplets.yml").write_text(INVENTORY)
    sim.reset(world="fleet")
    done = finished(command.split(), surroundings(sim, tmp_path, {}, True), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "legacy-erp" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example(sim, play, tmp_path, block):
    example = yaml.safe_load(block)
    (tmp_path / "vars.yml").write_text(block)
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    named = {droplet["name"]: {"do_id": droplet["id"]} for droplet in sim.state()["droplets"]}
    (tmp_path / "hosts.yml").write_text(json.dumps({"droplets": {"hosts": named, "vars": local}}))
    hosts = ("-i", str(tmp_path / "hosts.yml"))
    rules = () if "backup_policy_rules" in block else RULES
    if isinstance(example, dict):
        runs = {"plays": None, "playbook": APPLY, "options": ("-e", f"@{tmp_path / 'vars.yml'}")}
    elif "hosts" in example[0]:
        runs = {"plays": example, "playbook": None, "options": rules}
    else:
        where = "droplets" if "delegate_to" in block else "localhost"
        runs = {"plays": [{"hosts": where, "gather_facts": False, "tasks": example}], "playbook": None}
        runs["options"] = (*hosts, *rules)
    done = play(runs["plays"], *runs["options"], playbook=runs["playbook"])
    assert done.status == 0, done.output
    assert {"/v2/droplets", "/v2/droplets/backups/policies"} <= {entry["route"] for entry in sim.journal()}


def test_the_role_s_page_tells_of_every_variable():
    role = ROOT / "roles" / "backup_policy"
    spec = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    page = (role / "README.md").read_text()
    table = set(re.findall(r"`(backup_policy_\w+)`", page.partition("## Variables")[2].partition("## What it does")[0]))
    assert table == set(spec)
    assert {name: option["default"] for name, option in spec.items() if "default" in option} == defaults
