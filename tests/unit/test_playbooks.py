# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks and their page: every variable is described, with its default, and errors are said in variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = {path.stem: path for path in sorted(ROOT.glob("playbooks/*.yml"))}
PAGE = (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")
ELSEWHERE = {"apply_policies": "backup_policy_", "audit_policies": "backup_policy_"}
"""The variables of a role are on the role's page."""


def described(name):
    """Variable → default, as the page has them."""
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    (section,) = (each for each in sections if name in each.partition("\n")[0].split(", "))
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE))


def given(name):
    """Variable → default of those that a user may give; None for those without one that the file tells."""
    text = PLAYBOOKS[name].read_text(encoding="utf-8")
    (play,) = yaml.safe_load(text)
    prompts = {prompt["name"]: None for prompt in play.get("vars_prompt", ())}
    own = {key: value for key, value in play.get("vars", {}).items() if not key.startswith("ansible_")}
    computed = {key for key, value in own.items() if "{{" in str(value)}
    asked = dict.fromkeys(re.findall(r"\{\{ (\w+) \| default\(|that: (\w+) is defined", text))
    asked = {key: None for pair in asked for key in pair if key and not key.startswith("ansible_")}
    return {**prompts, **asked, **own}, computed


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_variable_is_on_the_page_with_its_default(name):
    variables, computed = given(name)
    page = described(name)
    assert variables.keys() - page.keys() <= computed, "not on the page"
    assert page.keys() <= variables.keys(), "on the page, but in no playbook"
    for variable, default in variables.items():
        if variable not in computed and default not in (None, ""):
            said = re.fullmatch(r"`(.*)`", page[variable])
            assert said, (variable, page[variable])
            assert yaml.safe_load(said[1]) == default, variable


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_task_that_can_fail_explains_its_options(name):
    """A block around each module that changes things or selects, whose rescue names the playbook's variables."""
    (play,) = yaml.safe_load(PLAYBOOKS[name].read_text(encoding="utf-8"))
    variables, _computed = given(name)
    explained = 0
    for task in play["tasks"]:
        module = next((key for key in task if key.startswith("lifeboat.digitalocean.")), None)
        takes = [value for value in (task.get(module) or {}).values() if "{{" in str(value)] if module else []
        assert not takes, f"{task['name']} takes variables, and its errors would name options only"
        # What comes before it in a rescue only shows something.
        for rescue in task.get("rescue", ())[-1:]:
            names = rescue["vars"]["variables"]
            (inner,) = (value for each in task["block"] for key, value in each.items() if key.startswith("lifeboat."))
            assert set(names) <= set(inner) | {"droplet_id"}, task["name"]
            assert set(names.values()) <= variables.keys(), task["name"]
            explained += 1
    assert explained or name in ELSEWHERE
