# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of YAML in the guides is run: by the test of its page, or here, in check mode or, to restore, for real.

`tests/unit/test_guides.py` checks the commands and settings.
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
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import commands, fenced, pages, yaml_blocks
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT

RESTORE = "docs/restore.md"
GUIDES = [f"docs/{name}.md" for name in ("clone", "keep", "actions", "results", "backups", "disable")]
# Each task takes most of a second, so the daily run has only a short page and the guide to restoring.
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
    if page == "README.md":
        others = [yaml.safe_load(text) for text in (test_documentation.REQUIREMENTS, test_documentation.INVENTORY)]
        return others + run_in_plays(page)
    return {
        "docs/inventory.md": [yaml.safe_load(text) for text in test_inventory_guide.FILES] + test_inventory_guide.PLAYS,
        "docs/moving.md": test_moving_guide.FILES + test_moving_guide.TASKS + test_moving_guide.OTHERS,
        "docs/recover.md": [yaml.safe_load(text) for text in test_recover.BLOCKS],
    }.get(page) or run_in_plays(page)


def run_in_plays(page: str) -> list[Any]:
    """Those that the test of the README and of the pages about policies runs."""
    params = [param for param in test_documentation.EXAMPLES if str(param.id).startswith(f"{page}-")]
    return [yaml.safe_load(param.values[0]) for param in params]


def test_every_example_of_every_page_is_run() -> None:
    found = [page for page, text in pages(ROOT).items() if yaml_blocks(text)]
    assert {*GUIDES, RESTORE} < set(found)
    for page in found:
        shown = sorted(json.dumps(example, default=str) for example in examples(page))
        ran = sorted(json.dumps(example, default=str) for example in run_by_tests(page))
        assert shown == ran, page


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
    listing, looking, undoing = (text for language, text in blocks(RESTORE) if language == "shell")
    sample, marks = (text for language, text in blocks(RESTORE) if language == "text")
    for ((_program, playbook, *options),) in (commands(listing), commands(looking)):
        told = play(None, *options, playbook=playbook)
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
    assert alike(undoing) == alike(done["undo_command"])
    for mark in marks.splitlines():
        assert alike(mark.split()[0]) in map(alike, droplet["tags"])


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
    for text in yaml_blocks((ROOT / page).read_text(encoding="utf-8")):
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
