# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md documents every option, route and switch, and nothing else; its commands, bodies and worlds work."""

import json
import re
import shlex
from pathlib import Path

import pytest
from dosim import routes, worldfile, wrong
from dosim.behaviour import LAGS, SWITCHES
from dosim.cli import _parser, settings_of
from dosim.faults import KINDS, Faults
from dosim.simulator import Simulator
from dosim_inprocess import Account

HERE = Path(__file__).parent
TEXT = (HERE.parent / "README.md").read_text(encoding="utf-8")


def test_every_route_is_in_the_table_with_tests_that_exist() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/v2/\S+)` \| (served|501) \| (.+) \|$", TEXT, re.MULTILINE)
    told = {(method, template): word == "served" for method, template, word, _files in rows}
    ours = {
        (method, template): route is not None
        for template, methods in routes.TABLE.items()
        for method, route in methods.items()
    }
    assert told == ours
    assert len(rows) == len(told)
    for _method, template, _word, files in rows:
        # The clients have names of their own for what they call.
        for file in set(re.findall(r"`(\w+)`", files)) - {"test_clients"}:
            text = (HERE / f"{file}.py").read_text(encoding="utf-8")
            word = re.findall(r"[a-z_]{4,}", re.sub(r"\{\w+\}", "", template))[-1]
            assert word in text or "routes.TABLE" in text, (template, file)


def test_every_switch_is_in_the_table_with_its_values() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+` ?)+) \| (.+) \| (.+) \|$", TEXT, re.MULTILINE)
    assert {key: tuple(re.findall(r"`(\w+)`", values)) for key, values, _meaning, _source in rows} == SWITCHES
    assert [key for key, *_rest in rows] == sorted(SWITCHES)


def test_every_lag_is_in_the_table() -> None:
    assert tuple(re.findall(r"^\| `(lag_\w+)` \| .+ \|$", TEXT, re.MULTILINE)) == LAGS


def test_every_wrong_way_is_in_the_table() -> None:
    table = TEXT.partition("### Wrong answers")[2].partition("## Routes")[0]
    rows = re.findall(r"^\| ((?:`\w+` ?)+) \| .+ \|$", table, re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(wrong.names())


def test_every_option_is_in_the_table() -> None:
    table = TEXT.partition("## Command line")[2].partition("A mistake is")[0]
    options = {option for action in _parser()._actions for option in action.option_strings}
    assert set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE)) == options - {"-h", "--help"}


@pytest.mark.parametrize("command", re.findall(r"^    python tests/simulator (.+)$", TEXT, re.MULTILINE))
def test_a_command_starts_the_simulator(command: str) -> None:
    assert Simulator(settings_of(shlex.split(command))).cloud.store.droplets.rows


def test_the_calls_of_the_control_plane_work_one_after_the_other() -> None:
    block = TEXT.partition("## Control plane")[2].partition("```\n")[2].partition("```")[0]
    account = Account()
    answers = []
    for line in block.splitlines():
        method, path, *body = line.split(" ", 2)
        answers.append((line, account.ask(method, path, json.loads(body[0]) if body else None).status))
    assert len(answers) > 5
    assert [(line, status) for line, status in answers if status not in (200, 201)] == []


def test_every_effect_of_a_fault_is_in_the_table_and_is_accepted() -> None:
    table = TEXT.partition("### Faults")[2].partition("### Wrong answers")[0]
    effects = [json.loads(text) for text in re.findall(r"^\| `(\{.+?\})` \|", table, re.MULTILINE)]
    for effect in effects:
        Faults().add({"effect": effect})
    assert {kind for effect in effects for kind in effect} == set(KINDS)


@pytest.fixture
def example(tmp_path: Path) -> worldfile.WorldFile:
    """The world that the README shows, with one entry of Droplets that has every key."""
    text = TEXT.partition("## Worlds")[2].partition("```yaml\n")[2].partition("```")[0]
    file = tmp_path / "world.yml"
    file.write_text(text, encoding="utf-8")
    return worldfile.load(file)


def test_every_key_of_a_world_is_in_the_example(example: worldfile.WorldFile) -> None:
    (droplet,) = example.droplets
    assert set(droplet) == set(worldfile.DROPLET_KEYS)
    assert set(droplet["policy"]) == set(worldfile.POLICY_KEYS)


@pytest.mark.parametrize("key", worldfile.DROPLET_KEYS)
def test_each_key_of_the_example_is_accepted(example: worldfile.WorldFile, key: str) -> None:
    (droplet,) = example.droplets
    # Not all at once: a deleted Droplet cannot be busy.
    example.droplets = [{"name": "web-##", "policy": droplet["policy"], key: droplet[key]}]
    simulator = Simulator(settings_of(["--droplets", "0"]))
    example.fill(simulator.cloud)
    assert simulator.cloud.store.images.rows
