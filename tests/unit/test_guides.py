# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the guides is a block of a known kind, and every command in them uses what exists.

The tests in `tests/playbooks` run the blocks of YAML.
"""

from __future__ import annotations

import argparse
import configparser
import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
import yaml

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import TOKEN_VARIABLES
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.guides import commands, fenced, indented, pages
from ansible_collections.lifeboat.digitalocean.tests.unit.test_collection import options
from ansible_collections.lifeboat.digitalocean.tests.unit.test_playbooks import PLAYBOOKS, ROOT, described

COLLECTION = "lifeboat.digitalocean."
MOVING = "docs/moving.md"
PAGES = pages(ROOT)
BLOCKS = [(page, language, text) for page, content in PAGES.items() for language, text in fenced(content)]
COMMANDS = [
    pytest.param(page, words, id=f"{page}: {' '.join(words)}")
    for page, language, text in BLOCKS
    if language in ("shell", "crontab")
    for words in commands(text)
]
INI = [text for _page, language, text in BLOCKS if language == "ini"]
FILES = {path.name for path in ROOT.glob("docs/examples/*.yml")} | {
    title for _page, _language, text in BLOCKS for title in re.findall(r"\A# (\S+\.yml)$", text, re.MULTILINE)
}
"""The files that commands can take: examples of their own, and blocks that begin with a name."""

NOT_OURS = {"doctl", "xargs", "…"}
"""Programs that one moves from."""


def test_no_example_is_without_a_fence() -> None:
    assert {page: lines for page, content in PAGES.items() if (lines := indented(content))} == {}


def test_every_block_is_of_a_kind_that_tests_know() -> None:
    """The test of the guide to restoring compares its texts with what the collection reports."""
    assert {language for _page, language, _text in BLOCKS} == {"yaml", "shell", "crontab", "ini", "text"}
    assert [page for page, language, _text in BLOCKS if language == "text"] == ["docs/restore.md"] * 2


@pytest.mark.parametrize("page", ["before\n\n    code\n", "1. a\n\n       b\n", "before\n\n\tcode\n"])
def test_a_block_without_a_fence_is_found(page: str) -> None:
    assert len(indented(page)) == 1


@pytest.mark.parametrize("page", ["1. a\n\n   b\n", "before\n    goes on\n", "```yaml\n\n    code\n```\n"])
def test_what_is_no_such_block(page: str) -> None:
    assert indented(page) == []


@pytest.mark.parametrize("page", ["```yaml title\na\n```\n", "```yaml\na\n", "~~~yaml\na\n~~~\n"])
def test_a_fence_that_the_tests_would_overlook(page: str) -> None:
    with pytest.raises(ValueError, match="A fence"):
        fenced(page)


def test_commands_are_told_apart() -> None:
    text = "a 'b\nc' && d # e\n15 22 * * *  f | g\n"
    assert commands(text) == [["a", "b\nc"], ["d"], ["f"], ["g"]]
    with pytest.raises(ValueError, match="A quotation"):
        commands("a 'b\nc\n")


@pytest.mark.parametrize(("page", "words"), COMMANDS)
def test_a_command_uses_what_exists(page: str, words: list[str]) -> None:
    program, *arguments = words
    if program in NOT_OURS:
        assert page == MOVING
    else:
        CHECKS[program](arguments)


def make(arguments: list[str]) -> None:
    target, *variables = arguments
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^\.PHONY: {target}$", makefile, re.MULTILINE), target
    for variable in variables:
        name, _equals, value = variable.partition("=")
        assert (target, name) == ("bench", "ARGS"), "the options of this target are not known here"
        assert set(re.findall(r"--[a-z-]+|[a-z]+_[a-z]+|inventory", value)) <= options_of_bench(), value


@functools.cache
def options_of_bench() -> set[str]:
    """Its options, and the scenarios that one of them chooses from."""
    path = os.pathsep.join(str(ROOT / "tests" / folder) for folder in ("bench", "tools"))
    command = [sys.executable, "tests/bench", "--help"]
    environ = {**os.environ, "PYTHONPATH": path}
    told = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"--[a-z-]+|[a-z_]+", told))


def export(arguments: list[str]) -> None:
    """Variables that the collection reads, or that an example looks up."""
    looked_up = [text for _page, language, text in BLOCKS if language == "yaml"]
    looked_up += [path.read_text(encoding="utf-8") for path in ROOT.glob("docs/examples/*.yml")]
    known = {*TOKEN_VARIABLES, *re.findall(r"lookup\('ansible\.builtin\.env', '(\w+)'\)", "\n".join(looked_up))}
    assert {argument.partition("=")[0] for argument in arguments} <= known


def ansible_playbook(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("playbook")
    parser.add_argument("-e", action="append", default=[])
    parser.add_argument("-i", action="append", default=[])
    for flag in ("--check", "--diff"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_args(arguments)
    if not given.playbook.startswith(COLLECTION):
        assert Path(given.playbook).name in FILES
        return
    name = given.playbook.removeprefix(COLLECTION)
    assert name in PLAYBOOKS
    assert set(given.i) <= FILES
    for extra in given.e:
        if extra.startswith("@"):
            assert Path(extra).name.removeprefix("@") in FILES
        else:
            values = json.loads(extra) if extra.startswith("{") else {extra.partition("=")[0]}
            assert set(values) <= described(name).keys()


def ansible_inventory(arguments: list[str]) -> None:
    """The test of the guide to the inventory runs them."""
    given = [argument for argument in arguments if argument.endswith(".yml")]
    assert given
    assert all(name.endswith(".droplets.yml") for name in given)


def ansible(arguments: list[str]) -> None:
    """One module; or with the script that one moves from, a group that the test of that guide looks up."""
    if arguments[:2] == ["-i", "digital_ocean.py"]:
        assert "digital_ocean.py" in PAGES[MOVING]
        return
    place, _m, module, _a, given = arguments
    assert (place, _m, _a) == ("localhost", "-m", "-a")
    assert {word.partition("=")[0] for word in given.split()} <= options(module.removeprefix(COLLECTION))


def ansible_galaxy(arguments: list[str]) -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    folder = re.search(r"--output-path (\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert folder
    assert arguments == ["collection", "install", f"{folder[1]}/{galaxy['namespace']}-{galaxy['name']}-*.tar.gz"]


def pip(arguments: list[str]) -> None:
    assert arguments == ["install", "-r", "requirements.txt"]
    assert (ROOT / "requirements.txt").is_file()


def read(arguments: list[str]) -> None:
    """The shell's `.`, with the file that the guide describes."""
    (file,) = arguments
    assert f"`{file}` says `export DIGITALOCEAN_TOKEN=" in PAGES["docs/policies.md"]


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "make": make,
    "export": export,
    "ansible-playbook": ansible_playbook,
    "ansible-inventory": ansible_inventory,
    "ansible": ansible,
    "ansible-galaxy": ansible_galaxy,
    "pip": pip,
    ".": read,
}


@pytest.mark.parametrize("text", INI)
def test_settings_of_ansible_are_known_to_it(text: str) -> None:
    known = yaml.safe_load(resources.files("ansible.config").joinpath("base.yml").read_text(encoding="utf-8"))
    names = {(entry["section"], entry["key"]) for setting in known.values() for entry in setting.get("ini", ())}
    parsed = configparser.ConfigParser()
    parsed.read_string(text)
    given = {(section, option) for section in parsed.sections() for option in parsed.options(section)}
    assert given
    assert given <= names
