# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory through Ansible's own commands, as a user calls them."""

from __future__ import annotations

import json

import pytest

from ansible_collections.lifeboat.digitalocean.tests.playbooks.conftest import finished, surroundings

PLUGIN = "lifeboat.digitalocean.droplets"


@pytest.fixture(name="command")
def _command(sim, tmp_path):
    """`command(name, argument, …, environ={}, **options)` runs it on an inventory file with these options."""

    def run(name, *arguments, environ=None, file="my.droplets.yml", **options):
        path = tmp_path / file
        path.write_text(json.dumps({"plugin": PLUGIN, **options}))
        found = surroundings(sim, tmp_path, {"ANSIBLE_INVENTORY_UNPARSED_WARNING": "True", **(environ or {})}, True)
        done = finished([name, "-i", str(path), *arguments], found, tmp_path)
        assert sim.token.removeprefix("dop_v1_") not in done.stdout + done.stderr, "the token is in the output"
        return done

    return run


def test_list_graph_and_host(sim, command):
    done = command("ansible-inventory", "--list")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    names = {droplet["name"]: key for key, droplet in sim.state().droplets.items()}
    assert {name: known["do_id"] for name, known in told["_meta"]["hostvars"].items()} == names
    assert not done.stderr
    graph = command("ansible-inventory", "--graph", "plan_daily").stdout
    assert graph.count("|--") == 2
    host = json.loads(command("ansible-inventory", "--host", min(names)).stdout)
    assert host["do_id"] == names[min(names)]


def test_environment_and_nothing_else_is_needed(sim, command):
    """The connection comes from the environment; nothing but `plugin` is in the file."""
    done = command("ansible-inventory", "--list", "--yaml")
    assert done.stdout.count("do_id:") == 6
    assert len(sim.journal()) == 3


@pytest.mark.parametrize("failed", ["True", "False"])
def test_a_source_that_failed(sim, command, failed):
    """A warning, or an error if Ansible's setting makes it one."""
    revoked = sim.make_token("droplet:read")
    sim.revoke(revoked)
    environ = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": failed, "DIGITALOCEAN_TOKEN": revoked}
    done = command("ansible-inventory", "--list", environ=environ)
    assert (done.returncode != 0) == (failed == "True"), done.stderr
    assert "token" in done.stderr
    assert "do_id" not in done.stdout


def test_half_an_inventory_is_none(sim, command):
    """The connection is dropped on a later page, again and again."""
    sim.reset(droplets=201)
    sim.fault({"status": 422}, path="^/v2/droplets$", after=1, times=0)
    done = command("ansible-inventory", "--list", environ={"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True"})
    assert done.returncode != 0
    assert "do_id" not in done.stdout


def test_it_can_be_enabled_by_its_name(command):
    """And then no other plugin reads the file."""
    environ = {"ANSIBLE_INVENTORY_ENABLED": PLUGIN}
    done = command("ansible-inventory", "--list", environ=environ, nonsense=1)
    assert "There is no option nonsense" in done.stderr
    assert "yaml" not in done.stderr


def test_a_file_of_another_name(command):
    done = command("ansible-inventory", "--list", file="servers.yml")
    assert "its name ends in none of" in done.stderr
    assert "do_id" not in done.stdout


def test_of_a_file_of_others_nothing_is_said_unless_asked_for(sim, tmp_path):
    """A plugin that is enabled by its name gets every file."""
    source = tmp_path / "servers.yml"
    source.write_text("# plugin: lifeboat.digitalocean.droplets\nall: {hosts: {web: {}}}\n")
    (tmp_path / "ansible.cfg").write_text(f"[inventory]\nenable_plugins = {PLUGIN}, yaml\n")
    environ = surroundings(sim, tmp_path, {"ANSIBLE_CONFIG": tmp_path / "ansible.cfg"}, True)
    done = finished(["ansible-inventory", "-i", str(source), "--list", "-vvv"], environ, tmp_path)
    assert done.returncode == 0, done.stderr
    assert '"web"' in done.stdout
    assert "its name ends in none of" in done.stdout
    assert "its name ends in none of" not in done.stderr


@pytest.mark.parametrize("setting", ["ignore", "always"])
def test_ansible_s_own_setting_for_names_of_groups(sim, command, tmp_path, setting):
    """It counts if the file says nothing; what Ansible renames all the same cannot be kept."""
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\nforce_valid_group_names = {setting}\n")
    environ = {"ANSIBLE_CONFIG": tmp_path / "ansible.cfg"}
    given = {"transform_invalid_group_chars": "never"} if setting == "always" else {}
    groups = [{"key": "'k3s-demo'", "prefix": "", "separator": ""}]
    done = command("ansible-inventory", "--list", environ=environ, keyed_groups=groups, **given)
    assert ('"k3s-demo"' in done.stdout) == (setting == "ignore"), done.stdout
    told = " ".join(done.stderr.split())
    if setting == "ignore":
        assert not told
    else:
        assert "never cannot hold, because Ansible's own setting of that name is always" in told
    assert sim


def test_a_cache_on_disk(sim, command, tmp_path):
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    counts = []
    for arguments in ((), (), ("--flush-cache",)):
        done = command("ansible-inventory", "--list", *arguments, **cache)
        assert done.stdout.count('"do_id"') == 6
        counts.append(len(sim.journal()))
    assert counts == [3, 3, 6]
    assert sim.token not in "".join(path.read_text() + path.name for path in (tmp_path / "cache").iterdir())


def test_a_play_uses_what_the_inventory_tells(sim, command, tmp_path):
    """Groups as hosts, variables as they are: what a Droplet is called is never a template in a play."""
    names = ["{{ 7 * 7 }}", "{{ lookup('pipe', 'touch pwned') }}", "plain"]
    world = tmp_path / "world.yml"
    world.write_text(json.dumps({"droplets": [{"name": n, "tags": [n], "policy": {"plan": "daily"}} for n in names]}))
    sim.reset(world=str(world))
    tasks = [
        {"name": "Tell", "ansible.builtin.debug": {"msg": "<{{ do_name }}|{{ do_tags[0] }}|{{ copy }}|{{ late }}>"}},
        {
            "name": "Hold",
            "ansible.builtin.assert": {"that": "do_name == inventory_hostname"},
        },
    ]
    play = {
        "name": "Test",
        "hosts": "plan_daily",
        "gather_facts": False,
        "vars": {"late": "{{ do_name }}"},
        "tasks": tasks,
    }
    path = tmp_path / "play.yml"
    path.write_text(json.dumps([play]))
    options = {"compose": {"copy": "do_name", "ansible_connection": "'local'"}}
    done = command("ansible-playbook", str(path), "-v", **options)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        assert f"<{name}|{name}|{name}|{name}>" in done.stdout
    assert not list(tmp_path.rglob("pwned"))


def test_a_refresh_in_a_play_asks_again(sim, command, tmp_path):
    """`meta: refresh_inventory` sees what has changed, and nobody's name is taken by the earlier load."""
    tasks = [
        {
            "name": "Delete one",
            "ansible.builtin.uri": {
                "url": "{{ lookup('env', 'DIGITALOCEAN_API_URL') }}/v2/droplets/{{ gone }}",
                "ca_path": "{{ lookup('env', 'DIGITALOCEAN_CA_PATH') }}",
                "headers": {"Authorization": "Bearer {{ lookup('env', 'DIGITALOCEAN_TOKEN') }}"},
                "method": "DELETE",
                "status_code": 204,
            },
        },
        {"name": "Look again", "ansible.builtin.meta": "refresh_inventory"},
        {"name": "Tell", "ansible.builtin.debug": {"msg": "<{{ groups['all'] | sort | join(' ') }}>"}},
    ]
    path = tmp_path / "play.yml"
    path.write_text(json.dumps([{"name": "Test", "hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    droplets = sim.state().droplets
    gone = min(droplets)
    done = command("ansible-playbook", str(path), "-e", f"gone={gone}")
    assert done.returncode == 0, done.stdout + done.stderr
    left = sorted(droplet["name"] for key, droplet in droplets.items() if key != gone)
    assert f"<{' '.join(left)}>" in done.stdout.replace("\\n", " ")


def test_documentation_is_found(sim, tmp_path):
    shown = finished(["ansible-doc", "-t", "inventory", PLUGIN], surroundings(sim, tmp_path, {}, False), tmp_path)
    assert shown.returncode == 0, shown.stderr
    for option in ("backup_ages", "same_names", "cache_plugin", "keyed_groups", "DIGITALOCEAN_TOKEN"):
        assert option in shown.stdout
