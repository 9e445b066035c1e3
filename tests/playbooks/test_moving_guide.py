# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example in the guide to moving in that is ours works as it stands, and what the others use is explained.

Recipes for roles hold in any kind of play.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import moving
from ansible_collections.lifeboat.digitalocean.tests.playbooks.conftest import finished, surroundings
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import commands, fenced, yaml_blocks
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.simulator import ROOT
from ansible_collections.lifeboat.digitalocean.tests.unit.test_collection import options

STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}


def blocks(page):
    return yaml_blocks((ROOT / "docs" / page).read_text())


PAGE = (ROOT / "docs" / "moving.md").read_text()
EXAMPLES = [yaml.safe_load(block) for block in blocks("moving.md") if "lifeboat.digitalocean." in block]
FILES = [example for example in EXAMPLES if isinstance(example, dict)]
TASKS = [example for example in EXAMPLES if example not in FILES]
OTHERS = [yaml.safe_load(block) for block in blocks("moving.md") if "lifeboat.digitalocean." not in block]
OTHER_FILES = [example for example in OTHERS if isinstance(example, dict)]
COMMANDS = [words for language, text in fenced(PAGE) if language == "shell" for words in commands(text)]
ROLES = [
    example
    for page in ("backups.md", "keep.md", "policies.md")
    for example in map(yaml.safe_load, blocks(page))
    if isinstance(example, list) and example[0].get("delegate_to")
]


@pytest.fixture(name="account")
def _account(sim, tmp_path):
    """Two databases and a web server, of which one has backups; their ids by name."""
    world = tmp_path / "world.yml"
    droplets = [
        {"name": "db-01", "tags": ["role:db", "env:prod"], "policy": {"plan": "daily", "hour": 4}},
        {"name": "db-02", "tags": ["role:db", "env:prod"]},
        {"name": "web", "tags": ["k3s-demo", "env:prod"]},
    ]
    world.write_text(json.dumps({"droplets": droplets}))
    sim.reset(world=str(world))
    sim.advance(3 * 86400)
    return {droplet["name"]: key for key, droplet in sim.state().droplets.items()}


def listed(sim, folder, example):
    source = folder / "digital_ocean.yml"
    source.write_text(yaml.safe_dump(example))
    environ = surroundings(sim, folder, {**STRICT, "DO_API_TOKEN": sim.token}, True)
    done = finished(["ansible-inventory", "-i", str(source), "--list"], environ, folder)
    assert done.returncode == 0, done.stderr
    assert "no host has" not in done.stderr
    # What ansible-inventory marks as no template is a text.
    told = json.loads(done.stdout, object_hook=lambda data: data.get("__ansible_unsafe", data))
    return told["_meta"]["hostvars"], {name: set(group.get("hosts", ())) for name, group in told.items()}


def test_a_file_of_community_digitalocean(sim, account, tmp_path):
    hosts, groups = listed(sim, tmp_path, FILES[0])
    assert hosts.keys() == account.keys() == groups["region_nyc3"]
    known = hosts["web"]
    assert known["class"] == "basic"
    assert known["ansible_host"] in json.dumps(known["do_networks"])
    assert {f"do_{name}" for name in FILES[0]["attributes"]} < known.keys()


def test_a_file_of_digitalocean_cloud(sim, account, tmp_path):
    hosts, groups = listed(sim, tmp_path, FILES[1])
    assert hosts.keys() == account.keys() == groups["region_nyc3"] == groups["tag_env_prod"]
    assert hosts["web"]["distribution"] == "ubuntu"
    assert "tags" not in hosts["web"]
    assert {*FILES[1]["attributes"], "do_tags"} - {"tags"} < hosts["web"].keys()


@pytest.mark.parametrize(("theirs", "ours"), [*zip(OTHER_FILES, FILES, strict=False)], ids=lambda file: file["plugin"])
def test_a_file_of_another_plugin(sim: Any, tmp_path: Path, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Each of its options is the same here, or is on the page and in the error of a file that still has it."""
    others = theirs.keys() - ours.keys()
    assert others
    assert all(theirs[option] == ours[option] for option in theirs.keys() & ours.keys() - {"plugin"})
    assert [option for option in others if f"`{option}`" not in PAGE] == []
    source = tmp_path / "digital_ocean.yml"
    source.write_text(yaml.safe_dump({**theirs, "plugin": ours["plugin"]}))
    environ = surroundings(sim, tmp_path, STRICT, True)
    done = finished(["ansible-inventory", "-i", str(source), "--list"], environ, tmp_path)
    assert done.returncode != 0, done.stdout
    said = " ".join(done.stderr.split())
    assert f"There is no option {', '.join(sorted(others))}." in said
    assert [option for option in others if f"{option} is {moving.OPTIONS[option]}" not in said] == []


def test_a_task_of_another_collection() -> None:
    """Its module is in the table, and the module here has all its options."""
    (((theirs, given),),) = (example[0].items() for example in OTHERS if isinstance(example, list))
    table = re.search(rf"^\| `{theirs.rpartition('.')[2]}`.* \| `(\w+)` \|$", PAGE, re.MULTILINE)
    assert table
    assert given.keys() <= options(table[1])


def test_each_command_of_doctl_has_a_task() -> None:
    used = {
        "enable-backups": "droplet_backups",
        "disable-backups": "droplet_backups",
        "backups": "droplet_backups_info",
        "power-off": "droplet_action",
        "snapshot": "droplet_snapshot",
    }
    (tasks,) = (example for example in TASKS if len(example) > 2)
    called = [key.rpartition(".")[2] for task in tasks for key in task if "." in key]
    assert [used[words[3]] for words in COMMANDS if words[0] == "doctl"] == called


def test_the_groups_of_the_script(sim, account, tmp_path):
    hosts, groups = listed(sim, tmp_path, FILES[2])
    (address,) = (name for name, known in hosts.items() if known["do_name"] == "web")
    assert hosts[address]["do_ip_address"] == hosts[address]["ansible_host"] == address
    record = hosts[address]["do_image"]
    for group in ("digital_ocean", "region_nyc3", "status_active", "env:prod", f"image_{record['slug']}"):
        assert groups[group] == hosts.keys()
    (command,) = (words for words in COMMANDS if words[0] == "ansible")
    assert groups[command[command.index("-m") - 1]] == hosts.keys()
    size = hosts[address]["do_size_slug"]
    for group in ("web", str(account["web"]), "k3s-demo"):
        assert groups[group] == {address}
    assert address in groups[f"size_{size}"]
    assert address in groups[f"distro_{record['distribution']}"]


def test_patterns_for_names_that_are_kept(sim, account, tmp_path):
    source = tmp_path / "digital_ocean.yml"
    source.write_text(yaml.safe_dump(FILES[2]))
    environ = surroundings(sim, tmp_path, STRICT, True)
    done = finished(["ansible", "-i", str(source), "~^env.prod$:&k3s-demo", "--list-hosts"], environ, tmp_path)
    assert "hosts (1)" in done.stdout, done.stderr
    assert account


def test_the_page_has_three_files():
    assert len(FILES) == 3, "each of the three has a test above"


def test_the_table_of_options_is_what_the_error_says():
    for option in ("api_token", "oauth_token", "baseurl", "var_prefix", "timeout", "pagination", "validate_certs"):
        assert re.search(rf"^\| .*`{option}\b", PAGE, re.MULTILINE)
        assert option in moving.OPTIONS
    for option in ("api_filters", "use_private_network", "cache_path", "cache_max_age", "group_variables"):
        assert f"`{option}`" in PAGE
        assert option in moving.OPTIONS


def test_the_tasks(sim, account, play):
    plays = []
    # The one that compares the age comes first: the snapshots of the others would be new enough for it.
    for example in sorted(TASKS, key=lambda example: "{time}" not in json.dumps(example)):
        if "hosts" in example[0]:
            plays += example
        else:
            given = {"new_droplet_name": "web", "made": {"changed": True}}
            plays.append({"name": "x", "hosts": "localhost", "gather_facts": False, "vars": given, "tasks": example})
    done = play(plays)
    assert done.status == 0, done.output
    droplets = {droplet["name"]: droplet for droplet in sim.state()["droplets"]}
    assert droplets["db-01"]["policy"] is None
    assert droplets["db-01"]["status"] == "off"
    assert droplets["web"]["policy"]["plan"] == "daily"
    for name in ("db-01", "db-02"):
        assert [one for one in droplets[name]["snapshots"] if one["name"].startswith(f"nightly-{name}-20")]
    assert any(re.fullmatch(r"db-01-[0-9-]{10}-[0-9:]{8}", one["name"]) for one in droplets["db-01"]["snapshots"])
    assert account


def test_in_check_mode_right_after_a_task_that_made_nothing(account, play):
    (example,) = (tasks for tasks in TASKS if "new_droplet_name" in json.dumps(tasks))
    assert "new_droplet_name" in (ROOT / "docs" / "backups.md").read_text()
    making = {"name": "x", "ansible.builtin.debug": {"msg": "x"}, "register": "made", "changed_when": True}
    given = {"new_droplet_name": "brand-new"}
    plays = [{"name": "x", "hosts": "localhost", "gather_facts": False, "vars": given, "tasks": [making, *example]}]
    done = play(plays, "--check")
    assert done.status == 0, done.output
    assert "skipped=1" in done.output
    assert account


def test_recipes_for_roles_in_any_play(sim, account, play, tmp_path):
    """Called by id, with a play that becomes another user, and each host for itself: one host reports the change."""
    assert len(ROLES) == 5
    tasks = [{**task, "name": f"{number} {task['name']}"} for number, (task,) in enumerate(ROLES)]
    once = [task["name"] for task in tasks if "ansible_play_hosts[0]" in task.get("when", "")]
    assert len(once) == 3
    hosts = {str(key): {"do_id": key, "ansible_connection": "local"} for key in account.values()}
    source = tmp_path / "hosts.json"
    source.write_text(json.dumps({"all": {"hosts": hosts}}))
    nobody = {"ansible_become_exe": str(tmp_path / "no-such-program")}
    example = {"hosts": "all", "gather_facts": False, "become": True, "vars": nobody, "strategy": "free"}
    done = play([{"name": "x", **example, "tasks": tasks}], "-i", str(source))
    assert done.status == 0, done.output
    assert all(droplet["policy"] for droplet in sim.state()["droplets"])
    assert all(len(droplet["snapshots"]) == 1 for droplet in sim.state()["droplets"])
    for name in once:
        part = "".join(text for text in re.split(r"^TASK \[", done.output, flags=re.MULTILINE) if text.startswith(name))
        assert len(re.findall(r"^(?:ok|changed): ", part, re.MULTILINE)) == 1, part
        assert len(re.findall(r"^skipping: ", part, re.MULTILINE)) == len(hosts) - 1, part
