# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments merge, and what they say is checked in sentences."""

from __future__ import annotations

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import TOKEN_VARIABLES
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import arguments as pieces
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.arguments import Arguments
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine import arguments
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import params


@pytest.fixture(autouse=True)
def _no_token_in_the_environment(monkeypatch):
    for name in TOKEN_VARIABLES:
        monkeypatch.delenv(name, raising=False)


class TestMerging:
    LEFT = Arguments({"a": {"type": "str"}, "b": {"type": "str"}}, (("a", "b"),), (("a", "b"),), {"a": "b"})
    RIGHT = Arguments({"c": {"type": "int"}, "b": {"type": "int"}}, (("c", "b"),), (("c",),), {"c": "b"})

    def test_options_and_rules_are_joined(self):
        assert (self.LEFT + self.RIGHT).for_ansible() == {
            "argument_spec": {"a": {"type": "str"}, "b": {"type": "int"}, "c": {"type": "int"}},
            "mutually_exclusive": (("a", "b"), ("c", "b")),
            "required_one_of": (("a", "b"), ("c",)),
            "required_by": {"a": "b", "c": "b"},
        }

    def test_the_parts_stay_as_they_are(self):
        before = dict(self.LEFT.options)
        merged = self.LEFT + self.RIGHT
        merged.options["d"] = {}
        assert self.LEFT.options == before

    def test_no_arguments_add_nothing(self):
        assert self.LEFT + Arguments({}) == self.LEFT


def test_the_token_is_never_logged():
    assert arguments.CONNECTION.options["token"]["no_log"] is True
    assert "default" not in arguments.CONNECTION.options["token"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"droplet_id": [7, 3, 7]}, Selection(ids=(7, 3)), id="ids, each once"),
        pytest.param({"droplet_name": ["b", "a", "b"]}, Selection(names=("b", "a")), id="names, each once"),
        pytest.param({"tag": ["x"]}, Selection(tags=("x",)), id="a tag"),
        pytest.param({"all": True}, Selection(everything=True), id="all"),
        pytest.param(
            {"all": True, "exclude_tag": ["x"], "allow_empty": True},
            Selection(everything=True, exclude_tags=("x",), allow_empty=True),
            id="all without a tag",
        ),
        pytest.param({"droplet_id": []}, Selection(ids=()), id="an empty list stays an empty list"),
        pytest.param({"droplet_name": []}, Selection(names=()), id="no names"),
        pytest.param({"tag": []}, Selection(tags=()), id="no tags"),
    ],
)
def test_a_selection(given, expected):
    assert pieces.selection(params(**given)) == expected


@pytest.mark.parametrize("name", ["droplet_id", "droplet_name", "tag"])
def test_an_empty_list_is_not_all(name):
    selection = pieces.selection(params(**{name: []}))
    assert selection.empty
    assert not selection.everything


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param({"droplet_id": [1, 0]}, "droplet_id 0 is not the id of a Droplet", id="id 0"),
        pytest.param({"droplet_id": [-5]}, "droplet_id -5 is not the id of a Droplet", id="below 0"),
        pytest.param({"droplet_name": ["web", ""]}, "droplet_name has an empty entry", id="an empty name"),
        pytest.param({"tag": [" "]}, "tag has an empty entry", id="a blank tag"),
        pytest.param({"all": True, "exclude_tag": [""]}, "exclude_tag has an empty entry", id="nothing to exclude"),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(given, says):
    with pytest.raises(InputError, match=says):
        pieces.selection(params(**given))


@pytest.mark.parametrize(("given", "seconds"), [(None, 600), (1, 1), (90, 90)])
def test_the_time_for_the_task(given, seconds):
    assert arguments.wait_timeout(params(wait_timeout=given), 600) == seconds


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_time_for_the_task_is_refused(seconds):
    with pytest.raises(InputError, match=rf"wait_timeout {seconds} is too small: it must be at least 1"):
        arguments.wait_timeout(params(wait_timeout=seconds), 600)


def test_an_empty_variable_does_not_hide_the_one_after_it(monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "")
    monkeypatch.setenv("DIGITALOCEAN_ACCESS_TOKEN", "dop_v1_second")
    assert arguments.first_set("token") == "dop_v1_second"
    monkeypatch.delenv("DIGITALOCEAN_ACCESS_TOKEN")
    with pytest.raises(AnsibleFallbackNotFound):
        arguments.first_set("token")
