# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to agree between files of the collection does agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.plugins.doc_fragments import connection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.client import USER_AGENT
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import TOKEN_VARIABLES
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import hosts
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Droplet

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "lifeboat.digitalocean"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
PLANS = sorted(
    path.stem
    for path in (ROOT / "plugins" / "module_utils" / "_verbs").iterdir()
    if path.suffix == ".py" or (path.is_dir() and path.stem != "__pycache__")
)
FRAGMENTS = {path.stem for path in (ROOT / "plugins" / "doc_fragments").glob("*.py")}
SCOPE = re.compile(r"C\(([a-z_]+:[a-z]+)\)")


def loaded(*path):
    return yaml.safe_load(ROOT.joinpath(*path).read_text(encoding="utf-8"))


def documents(module):
    """A module's DOCUMENTATION, EXAMPLES and RETURN, as YAML."""
    texts = constants("modules", f"{module}.py")
    return [yaml.safe_load(texts[name]) for name in ("DOCUMENTATION", "EXAMPLES", "RETURN")]


def options(module: str) -> set[str]:
    """The names of a module's options, with those of the fragments that it extends."""
    documentation, _examples, _returned = documents(module)
    known = set(documentation.get("options", ()))
    for fragment in documentation["extends_documentation_fragment"]:
        source = ast.parse((ROOT / "plugins" / "doc_fragments" / f"{fragment.split('.')[-1]}.py").read_text())
        text = next(node.value.value for node in ast.walk(source) if isinstance(node, ast.Assign))
        known |= set(yaml.safe_load(text)["options"])
    return known


def constants(*path):
    """The texts that a file of `plugins` gives names to, by name."""
    return {
        node.targets[0].id: node.value.value
        for node in ast.parse(ROOT.joinpath("plugins", *path).read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


def prose(value):
    """All text in a piece of documentation."""
    if isinstance(value, dict):
        return " ".join(prose(part) for part in value.values())
    if isinstance(value, list):
        return " ".join(prose(part) for part in value)
    return str(value)


def test_the_action_group_all_holds_every_module():
    assert loaded("meta", "runtime.yml")["action_groups"]["all"] == MODULES
    assert MODULES


def test_the_user_agent_tells_the_version():
    assert f"{COLLECTION}/{loaded('galaxy.yml')['version']}" == USER_AGENT


def test_the_oldest_ansible_is_the_same_everywhere():
    oldest = loaded("meta", "runtime.yml")["requires_ansible"]
    assert oldest.startswith(">=2.19")
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert f"ansible-core{oldest}".removesuffix(".0") in required.splitlines()


@pytest.mark.parametrize("module", MODULES)
class TestEveryModule:
    def test_it_documents_itself_under_its_name(self, module):
        documentation, _examples, _returned = documents(module)
        assert documentation["module"] == module
        assert documentation["version_added"]

    def test_its_examples_are_tasks_that_call_it_by_its_full_name(self, module):
        _documentation, examples, _returned = documents(module)
        called = {key for task in examples for key in task if "." in key}
        assert f"{COLLECTION}.{module}" in called
        assert {name.removeprefix(f"{COLLECTION}.") for name in called if name.startswith(COLLECTION)} <= {*MODULES}
        assert all(task.get("name") for task in examples)

    def test_its_examples_use_options_that_it_has(self, module):
        _documentation, examples, _returned = documents(module)
        for task in examples:
            assert set(task.get(f"{COLLECTION}.{module}") or ()) <= options(module)

    def test_its_fragments_exist(self, module):
        documentation, _examples, _returned = documents(module)
        used = documentation["extends_documentation_fragment"]
        assert all(name.startswith(f"{COLLECTION}.") for name in used)
        assert {name.removeprefix(f"{COLLECTION}.") for name in used} <= FRAGMENTS
        assert {f"{COLLECTION}.connection", f"{COLLECTION}.attributes"} <= set(used)

    def test_it_names_the_scopes_that_a_token_needs(self, module):
        documentation, _examples, _returned = documents(module)
        named = set(SCOPE.findall(prose(documentation["description"])))
        assert "droplet:read" in named
        if not module.endswith("_info"):
            assert any(not scope.endswith(":read") for scope in named)

    def test_it_says_what_it_returns(self, module):
        _documentation, _examples, returned = documents(module)
        assert returned
        assert all({"description", "returned", "type"} <= value.keys() for value in returned.values())


def test_every_fragment_is_used():
    used = {
        name.split(".")[-1] for module in MODULES for name in documents(module)[0]["extends_documentation_fragment"]
    }
    assert used == FRAGMENTS


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_has_a_module_and_tests_of_its_name(plan):
    assert plan in MODULES
    assert (ROOT / "tests" / "unit" / "verbs" / f"test_{plan}.py").is_file()


class TestTheInventory:
    """What its documentation says beside what its layers know.

    It is read and not imported: with it, Ansible would take this process for one that runs plays.
    """

    TEXTS = constants("inventory", "droplets.py")
    OPTIONS = yaml.safe_load(TEXTS["DOCUMENTATION"])["options"]

    def test_every_attribute_can_be_chosen_and_all_are_by_default(self):
        described = self.OPTIONS["attributes"]["description"]
        (listed,) = (text for text in described if text.startswith("Left out"))
        assert list(hosts.ATTRIBUTES) == list(hosts.attributes({}, Droplet(1, "web")))
        assert re.findall(r"V\((\w+)\)", listed) == list(hosts.ATTRIBUTES)

    def test_what_a_host_is_called_or_reached_by_is_an_attribute(self):
        assert set(hosts.NAMES) < set(hosts.ATTRIBUTES)
        assert {f"V({name})" for name in hosts.NAMES} <= set(re.findall(r"V\(\w+\)", prose(self.OPTIONS["hostnames"])))
        assert set(self.OPTIONS["connect_by"]["choices"]) == set(hosts.NAMES) - {"id"}

    def test_its_groups(self):
        assert self.OPTIONS["backup_groups"]["choices"] == [*hosts.GROUPS, *hosts.GROUPS_BY_AGE]

    def test_of_several_variables_that_hold_a_token_the_same_counts_as_for_modules(self):
        """Ansible takes the last one that is set, a module the first."""
        tokens = yaml.safe_load(connection.ModuleDocFragment.ENVIRONMENT)["options"]["token"]["env"]
        assert [entry["name"] for entry in reversed(tokens)] == list(TOKEN_VARIABLES)

    def test_its_examples_are_whole_files_with_options_that_it_has(self):
        known = {*self.OPTIONS, *yaml.safe_load(connection.ModuleDocFragment.DOCUMENTATION)["options"]}
        known |= {"compose", "groups", "keyed_groups", "strict"}
        known |= {"cache", "cache_plugin", "cache_connection", "cache_timeout"}
        for example in yaml.safe_load_all(self.TEXTS["EXAMPLES"]):
            assert example["plugin"] == f"{COLLECTION}.droplets"
            assert set(example) <= known
