# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from the API is data, never a template, whatever it looks like; and what the API may do otherwise."""

from __future__ import annotations

import pytest
from dosim.behaviour import SWITCHES

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import TOKEN_VARIABLES
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.inventory import PLUGIN

TEMPLATES = ["{{ 7 * 7 }}", "{% raw %}x{% endraw %}", "{{ lookup('env', 'HOME') }}", "{{ nothing }}"]
TEXTS = [
    *TEMPLATES,
    "späß-東京-🚤",
    "two words",
    "  around  ",
    "it's",
    'a "quote"',
    "back\\slash",
    "tab\tand\nline",
    "[a:c]",
    "web,db",
    "!web",
    "web:&db",
    "-vvv",
    "../../etc",
    "$(id)",
    "*",
    "~.*",
    "@all",
    "%s",
    "null",
    "true",
    "0x10",
    "x" * 300,
]
SHOWN = [text.replace("\t", "\N{REPLACEMENT CHARACTER}").replace("\n", "\N{REPLACEMENT CHARACTER}") for text in TEXTS]
"""The same without what would steer a terminal."""


@pytest.fixture(name="ids")
def _ids(world):
    return world(*({"name": text, "tags": [text], "policy": {"plan": "daily"}} for text in TEXTS))


def templates_of(told):
    """The texts that ansible-inventory does not mark as being no template."""
    found = set()

    def visit(value):
        if isinstance(value, dict) and value.keys() != {"__ansible_unsafe"}:
            list(map(visit, value.values()))
        elif isinstance(value, list):
            list(map(visit, value))
        elif isinstance(value, str):
            found.add(value)

    visit(told.listed["_meta"]["hostvars"])
    return found


def test_names_and_tags_are_as_they_are(ids, inventory):
    told = inventory()
    assert told.failure is None, told
    assert told.by_id == dict(zip(ids, SHOWN, strict=True))
    assert all(known["do_name"] == name for name, known in told.hosts.items())
    assert all(known["do_tags"] == [known["do_name"]] for known in told.hosts.values())
    assert templates_of(told) == set()


def test_nothing_from_the_api_is_a_template_wherever_it_is_used(ids, inventory):
    """Names as groups, addresses, variables and keys; no expression inside is ever evaluated."""
    told = inventory(
        connect_by="name",
        hostnames=["do_tags[0] ~ ''"],
        compose={"copy": "do_name", "joined": "'<' ~ do_tags[0] ~ '>'", "list": "do_tags + [do_name]"},
        groups={"all_here": "do_name == do_tags[0]"},
        keyed_groups=[
            {"key": "do_tags", "prefix": "tag"},
            {"key": "{do_name: do_name}", "prefix": "", "separator": "x"},
        ],
        filters=["do_name | length > 0", "do_tags is not none"],
        strict=True,
    )
    assert told.failure is None, told
    assert told.ids == ids
    for name, known in told.hosts.items():
        assert known["do_name"] == known["ansible_host"] == known["copy"] == name
        assert known["joined"] == f"<{name}>"
        assert known["list"] == [name, name]
    assert templates_of(told) == set()
    assert told.groups["all_here"] == set(SHOWN)
    assert "tag_49" not in told.groups
    assert not [group for group in told.groups if not group.replace("_", "").isalnum()]
    grouped = set().union(*(members for group, members in told.groups.items() if group.startswith("tag_")))
    assert grouped == set(SHOWN)


def test_collisions_of_hostile_names(world, second, both):
    """A host that is called anew keeps its texts as they are."""
    world(*({"name": text, "tags": [text]} for text in TEMPLATES))
    world(*TEMPLATES, of=second)
    told = both({"compose": {"copy": "do_name"}}, {"compose": {"copy": "do_name"}})
    assert {known["do_name"] for known in told.hosts.values()} == set(TEMPLATES)
    assert set(told.hosts) == {f"{known['do_name']}_{known['do_id']}" for known in told.hosts.values()}
    assert len(told.hosts) == 2 * len(TEMPLATES)
    assert templates_of(told) == set()


def test_from_a_cache_it_is_no_template_either(ids, inventory, tmp_path):
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = inventory(**cache)
    told = inventory(**cache)
    assert not told.requests
    assert told.hosts == first.hosts
    assert templates_of(told) == set()
    assert ids


@pytest.mark.parametrize("text", ["env:prod&tag_name=web", "späß", "a b", "{{ 7 * 7 }}", "a/b?c&d", "%41"])
def test_what_is_asked_for_is_sent_as_it_is(world, inventory, text):
    key, _other = world({"name": text, "tags": [text]}, {"name": "web", "tags": ["web", "env:prod", "A", "49"]})
    raw = "{% raw %}" + text + "{% endraw %}" if "{{" in text else text
    for option in ("tag", "name"):
        told = inventory(**{option: [raw]})
        assert told.ids == [key], (option, str(told))


def test_a_name_that_the_api_leaves_out(world, sim, inventory):
    """The id is a name too."""
    (key,) = world("x")
    droplet = sim.api("GET", f"droplets/{key}")["droplet"]
    body = {"droplets": [{**droplet, "name": ""}], "links": {}, "meta": {"total": 1}}
    sim.fault({"status": 200, "body": body}, path="^/v2/droplets$", after=0)
    assert inventory().by_id == {key: str(key)}


@pytest.mark.parametrize("variable", TOKEN_VARIABLES)
def test_the_token_from_the_environment(sim, inventory, variable):
    path = inventory.write({"token": None, "api_url": None, "ca_path": None})
    connection = {"DIGITALOCEAN_API_URL": sim.api_url, "DIGITALOCEAN_CA_PATH": sim.ca_path}
    told = inventory.run(path, environ={**connection, variable: sim.token})
    assert len(told.hosts) == 6, told
    assert not told.warnings


@pytest.mark.parametrize("first", TOKEN_VARIABLES[:-1])
def test_an_empty_variable_is_as_none(sim, inventory, first):
    path = inventory.write({"token": None})
    told = inventory.run(path, environ={first: "", TOKEN_VARIABLES[-1]: sim.token})
    assert len(told.hosts) == 6, told


def test_two_tokens_in_the_environment(sim, inventory):
    """The first in the order is taken, and a warning says so."""
    path = inventory.write({"token": None})
    other = sim.make_token("image:read")
    told = inventory.run(path, environ={"DIGITALOCEAN_TOKEN": sim.token, "DO_API_TOKEN": other})
    assert len(told.hosts) == 6, told
    assert told.warnings == ["DIGITALOCEAN_TOKEN and DO_API_TOKEN hold different tokens; DIGITALOCEAN_TOKEN is used."]
    assert "droplet:read" in inventory.run(path, environ={"DIGITALOCEAN_ACCESS_TOKEN": other}).failure


def test_token_and_address_may_be_templates(sim, inventory):
    path = inventory.write({"token": "{{ lookup('env', 'MINE') }}", "api_url": "{{ lookup('env', 'WHERE') }}"})
    told = inventory.run(path, environ={"MINE": sim.token, "WHERE": sim.api_url})
    assert len(told.hosts) == 6, told


@pytest.mark.parametrize("option", ["token", "api_url", "tag", "name", "region"])
@pytest.mark.parametrize("template", ["{{ 7 * 7 }}", "{{ ['a'] }}", "{{ {} }}"])
def test_a_template_that_makes_no_text(sim, inventory, option, template):
    """It would mean nothing, and so nobody."""
    told = inventory(**{option: template})
    assert told.failure == f"{option} has a template that makes something else than a text."
    assert not sim.journal()


@pytest.mark.parametrize("option", ["token", "api_url", "tag", "name", "region"])
def test_a_template_over_what_there_is_not(sim, inventory, option):
    told = inventory(**{option: "{{ my_nothing }}"})
    assert "my_nothing" in told.failure
    assert not sim.journal()


@pytest.mark.parametrize("verbosity", ["-vvv", "-vvvvv"])
def test_p9_no_token_with_any_verbosity(sim, inventory, verbosity):
    """That it is in no output is asserted for every run."""
    assert len(inventory(verbosity, backup_ages=True).hosts) == 6
    assert inventory(verbosity, filters=["nothing"]).failure
    assert inventory(verbosity, token=sim.make_token()).failure


ENDS = "its name ends in none of droplets.yml, droplets.yaml, digitalocean.yml,"


@pytest.mark.parametrize("name", ["servers.yml", "my.droplet.yml", "do-hosts.yaml"])
def test_a_file_of_another_name_is_left_alone_and_told_of(sim, inventory, name):
    path = inventory.write({}, name=name)
    told = inventory.run(path)
    assert not told.hosts
    assert not told.requests
    (warning,) = (text for text in told.warnings if ENDS in text)
    assert warning.startswith(f"{PLUGIN} leaves {path} alone:")
    assert warning.endswith("Rename the file.")
    assert sim


@pytest.mark.parametrize("content", ["plugin: {}\n", "---\n'plugin' : '{}'\n", 'tag: [a]\nplugin: "{}"  # ours\n'])
def test_a_file_in_yaml_of_another_name_is_told_of(inventory, content):
    path = inventory.folder / "servers.yml"
    path.write_text(content.format(PLUGIN))
    assert any(ENDS in text for text in inventory.run(path).warnings)


@pytest.mark.parametrize("name", ["droplets.json", "droplets.yml.bak", "droplets"])
def test_of_a_file_that_ansible_keeps_from_plugins_nothing_is_said(sim, inventory, name):
    told = inventory.run(inventory.write({}, name=name))
    assert not told.hosts
    assert not told.requests
    assert sim


@pytest.mark.parametrize(
    "name",
    [
        *("droplets.yml", "a.digitalocean.yaml", "lifeboat.yml", "eu_droplets.yaml"),
        *("do_hosts.yml", "do_hosts.yaml", "digital_ocean.yml", "shop_digital_ocean.yaml"),
    ],
)
def test_a_file_of_its_name(sim, inventory, name):
    assert len(inventory.run(inventory.write({}, name=name)).hosts) == 6
    assert sim


READS = [
    "backups_order",
    "droplet_order",
    "extra_fields",
    "gpu_in_filtered_lists",
    "gpu_in_policies",
    "locked_during_events",
    "policies_map_order",
    "supported_policies",
    "tag_case",
    "usage_plan_features",
    "page_out_of_range",
    "list_order",
]


def look(inventory, its_own=None):
    """Hosts and groups for all ways to select, with all that can be told, but the attribute `its_own`."""
    asked = [{"backup_ages": True}, {"tag": ["env:prod"]}, {"name": ["gpu-daily", "twin"]}, {"gpu": "only"}]
    found = [inventory(**options) for options in asked]
    assert not [one.failure for one in found if one.failure]
    for known in (known for one in found for known in one.hosts.values()):
        known.pop(its_own, None)
        if known["do_backups"].get("newest"):
            # It gets older while the test runs.
            del known["do_backups"]["newest"]["age_hours"]
    return [(one.hosts, one.groups) for one in found]


@pytest.fixture(scope="module", name="kept")
def _kept():
    """What the tests of this file keep for each other."""
    return []


@pytest.fixture(name="usual")
def _usual(sim, inventory, kept):
    """What is told with all switches as they are by default; looked at once."""
    sim.reset(world="awkward")
    if not kept:
        kept.extend(look(inventory))
    assert [len(hosts) for hosts, _groups in kept] == [16, 9, 3, 2]
    return kept


@pytest.mark.parametrize(("switch", "position"), [(key, value) for key in READS for value in SWITCHES[key][1:]])
def test_p10_either_reading_of_the_api(usual, sim, inventory, switch, position):
    """The inventory is the same, but for what the switch itself is about."""
    sim.behave(**{switch: position})
    its_own = {"locked_during_events": "do_locked", "usage_plan_features": "do_features"}.get(switch)
    expected = [
        ({name: {k: v for k, v in known.items() if k != its_own} for name, known in hosts.items()}, groups)
        for hosts, groups in usual
    ]
    assert look(inventory, its_own) == expected
