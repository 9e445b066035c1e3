# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fenced block of the guides is run: by the test of its page, or here, in check mode or, to restore, for real.

Lines that are indented by four spaces are no fenced blocks. Of these, the commands that run a playbook are held to
name one that exists, and variables that it has.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.tests.playbooks import (
    test_documentation,
    test_inventory_guide,
    test_moving_guide,
    test_recover,
)
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import fenced
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

RESTORE = "docs/restore.md"
GUIDES = [f"docs/{name}.md" for name in ("clone", "keep", "actions", "results", "backups", "disable")]
# Each task costs most of a second, so the daily run takes a short page beside the one to restoring.
DAILY = ["docs/results.md"]
ON = {"plan": "daily", "hour": 4}
DROPLETS = [
    {"name": "db-01", "tags": ["role:db"], "policy": ON, "size": "s-2vcpu-4gb"},
    {"name": "web-01", "policy": ON},
    {"name": "scratch-1", "tags": ["scratch"], "policy": ON},
    {"name": "old-blog", "policy": ON},
    {"name": "bare"},
]


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each of its fenced blocks."""
    return fenced((ROOT / page).read_text(encoding="utf-8"))


def examples(page: str) -> list[Any]:
    return [yaml.safe_load(text) for language, text in blocks(page) if language == "yaml"]


def for_hosts(example: Any) -> bool:
    """Tasks that each host runs are tried in several kinds of plays, by the test of the guide to moving in."""
    return "delegate_to" in example[0]


def run_by_tests(page: str) -> list[Any]:
    """The examples of `page` that a test runs, as that test has them."""
    if page in GUIDES:
        roles = [example for example in test_moving_guide.ROLES if example in examples(page)]
        return [example for example in examples(page) if not for_hosts(example)] + roles
    if page == RESTORE:
        return examples(page)[:2]
    return {
        "docs/inventory.md": [yaml.safe_load(text) for text in test_inventory_guide.FILES] + test_inventory_guide.PLAYS,
        "docs/moving.md": test_moving_guide.FILES + test_moving_guide.TASKS,
        "docs/recover.md": [yaml.safe_load(text) for text in test_recover.BLOCKS],
    }.get(page) or [
        yaml.safe_load(param.values[0]) for param in test_documentation.EXAMPLES if str(param.id).startswith(f"{page}-")
    ]


def test_every_fenced_block_of_every_page_is_run() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")]
    found = sorted(str(page.relative_to(ROOT)) for page in pages if "```" in page.read_text(encoding="utf-8"))
    assert {*GUIDES, RESTORE} < set(found)
    for page in found:
        other = [text for language, text in blocks(page) if language != "yaml"]
        assert len(other) == (3 if page == RESTORE else 0), f"{page}: a block that is no YAML, and not run: {other}"
        told = sorted(json.dumps(example, default=str) for example in examples(page))
        ran = sorted(json.dumps(example, default=str) for example in run_by_tests(page))
        assert told == ran, page


def test_every_command_names_a_playbook_and_its_variables() -> None:
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md")]:
        text = re.sub(r"\n {5,}", " ", page.read_text(encoding="utf-8"))
        for name, line in re.findall(r"ansible-playbook lifeboat\.digitalocean\.(\w+)(.*)", text):
            playbook = ROOT / "playbooks" / f"{name}.yml"
            assert playbook.exists(), f"{page.name}: {name}"
            given = re.findall(r"-e (\w+)=", line) + re.findall(r'[{,] *"(\w+)":', line)
            told = playbook.read_text(encoding="utf-8") + (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")
            missing = [variable for variable in given if variable not in told]
            assert not missing, f"{page.name}: {name} has no {missing}"


def account(sim: Any, folder: Path) -> None:
    """Five Droplets, of which four have backups of three days."""
    world = folder / "world.yml"
    world.write_text(json.dumps({"droplets": DROPLETS}))
    sim.reset(world=str(world))
    sim.advance(3 * 86400)


def alike(text: str) -> str:
    """Without what differs between two accounts: numbers, dates and the breaks of lines."""
    return re.sub(r"\d[\d.:TZ-]*", "N", " ".join(text.split()))


def test_the_guide_to_restoring(sim: Any, play: Any, tmp_path: Path) -> None:
    """Its commands, what they say, and both of its tasks: the disk is brought back, and then as it was before."""
    account(sim, tmp_path)
    page = (ROOT / RESTORE).read_text(encoding="utf-8")
    listing, looking, sample = (text for language, text in blocks(RESTORE) if language != "yaml")
    for command in (listing, looking):
        options = re.search(r"-e '(\{.*\})'", command, re.DOTALL)
        assert options
        flags = ("--check", "--diff") if "--check" in command else ()
        told = play(None, *flags, "-e", json.dumps(json.loads(options[1])), playbook="lifeboat.digitalocean.restore")
        assert told.status == 0, told.output
    assert alike(sample) in alike(told.output), told.output
    assert {entry["method"] for entry in sim.journal()} == {"GET"}

    content = "{{ {'there': restored} | to_json }}"
    where = "{{ lookup('env', 'RESULTS') }}/results.json"
    write = {"name": "Write", "ansible.builtin.copy": {"content": content, "dest": where, "mode": "0600"}}
    there, back = examples(RESTORE)
    told = play([{"name": "x", "hosts": "localhost", "gather_facts": False, "tasks": [*there, write, *back]}])
    assert told.status == 0, told.output
    done = told.results["there"]
    (droplet,) = (one for one in sim.state()["droplets"] if one["name"] == "db-01")
    assert droplet["disk_from"] == done["safety_snapshot"]["id"]
    (line,) = re.findall(r"^    (ansible localhost .*)$", page, re.MULTILINE)
    assert alike(line) == alike(done["undo_command"])
    for mark in re.findall(r"^    (lifeboat:restore:\S+)", page, re.MULTILINE):
        assert alike(mark) in map(alike, droplet["tags"])


@pytest.mark.parametrize("page", GUIDES if FULL else DAILY)
def test_the_examples_of_a_guide(sim: Any, play: Any, tmp_path: Path, page: str) -> None:
    account(sim, tmp_path)
    role = tmp_path / "roles" / "upgrade" / "tasks"
    role.mkdir(parents=True)
    look = {"lifeboat.digitalocean.droplet_backups_info": {"all": True}, "name": "Look", "delegate_to": "localhost"}
    (role / "main.yml").write_text(json.dumps([look]))
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(json.dumps({"web": {"hosts": {"web-01": None}, "vars": local}}))

    plays, ran = [], []
    for _language, text in blocks(page):
        example = yaml.safe_load(text)
        if for_hosts(example):
            continue
        ran.append(text)
        if "hosts" in example[0]:
            plays += [{**one, "gather_facts": False} for one in example]
            continue
        given = {"new_droplet_name": "bare", "made": {"changed": True}}
        plays.append({"name": page, "hosts": "localhost", "gather_facts": False, "vars": given, "tasks": example})
    told = play(
        plays,
        "--check",
        "-i",
        str(hosts),
        "-e",
        json.dumps({"vault_digitalocean_token": sim.token}),
        environ={"ANSIBLE_PIPELINING": "true"},
    )
    assert told.status == 0, told.output

    said = re.findall(r"^TASK \[(.*?)\]", told.output, re.MULTILINE)
    wanted = {name for text in ran for name in re.findall(r"^ *- name: (.*)$", text, re.MULTILINE)}
    assert wanted - set(said) <= {"Give the database more memory"}, "only this block has no line of its own"
    assert {entry["method"] for entry in sim.journal()} == {"GET"}
