# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user says about the way to the API is checked before anything is sent."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import (
    TOKEN_VARIABLES,
    Connection,
    token_warnings,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import params

TOKEN = params()["token"]
OTHER = "dop_v1_" + "f" * 64


@pytest.fixture(autouse=True)
def _no_token_in_the_environment(monkeypatch):
    for name in TOKEN_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_a_connection(tmp_path):
    given = params(
        api_url="https://api.example.com",
        ca_path=str(tmp_path),
        request_timeout=5,
        concurrency=2,
        burst_limit="9/3",
        lag_tolerance=0,
    )
    assert Connection.from_options(given) == Connection(TOKEN, "https://api.example.com", str(tmp_path), 5, 2, "9/3", 0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param({"token": None}, "There is no token: set token, or DIGITALOCEAN_TOKEN", id="no token"),
        pytest.param({"token": ""}, "There is no token", id="an empty token"),
        pytest.param({"token": TOKEN + "\n"}, "The token has a space, a line break", id="a line break behind"),
        pytest.param({"token": "dop v1"}, "The token has a space, a line break", id="a space within"),
        pytest.param({"token": "dop_v1_é"}, "or another character that no token has", id="a letter with an accent"),
        pytest.param({"request_timeout": 0}, "request_timeout 0 is too small", id="no time for a request"),
        pytest.param({"concurrency": -1}, "concurrency -1 is too small: it must be at least 1", id="less than one"),
        pytest.param({"lag_tolerance": -1}, "lag_tolerance -1 is too small: it must be at least 0", id="below nothing"),
        pytest.param({"ca_path": "/nowhere/ca.pem"}, "ca_path '/nowhere/ca.pem' is not a file", id="no such file"),
    ],
)
def test_a_connection_that_cannot_work_is_refused_before_anything_is_sent(given, says):
    with pytest.raises(InputError, match=says) as caught:
        Connection.from_options(params(**given))
    assert TOKEN not in caught.value.message


@pytest.mark.parametrize(
    ("environment", "token", "warned"),
    [
        pytest.param({}, TOKEN, [], id="nothing set"),
        pytest.param({"DIGITALOCEAN_TOKEN": TOKEN}, TOKEN, [], id="one set"),
        pytest.param({"DIGITALOCEAN_TOKEN": TOKEN, "DO_API_TOKEN": TOKEN}, TOKEN, [], id="two that agree"),
        pytest.param({"DIGITALOCEAN_TOKEN": TOKEN, "DO_API_TOKEN": ""}, TOKEN, [], id="an empty one"),
        pytest.param({"DIGITALOCEAN_TOKEN": TOKEN, "DO_API_TOKEN": OTHER}, "own", [], id="the task has its own"),
        pytest.param(
            {"DIGITALOCEAN_TOKEN": TOKEN, "DO_API_TOKEN": OTHER},
            TOKEN,
            ["DIGITALOCEAN_TOKEN and DO_API_TOKEN hold different tokens; DIGITALOCEAN_TOKEN is used."],
            id="two that differ",
        ),
        pytest.param(
            {"DIGITALOCEAN_TOKEN": TOKEN, "DIGITALOCEAN_ACCESS_TOKEN": OTHER, "DO_API_TOKEN": "third"},
            TOKEN,
            [
                "DIGITALOCEAN_TOKEN and DIGITALOCEAN_ACCESS_TOKEN and DO_API_TOKEN hold different tokens; "
                "DIGITALOCEAN_TOKEN is used."
            ],
            id="three that differ",
        ),
    ],
)
def test_variables_that_hold_different_tokens_are_told_without_the_tokens(monkeypatch, environment, token, warned):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = token_warnings(token)
    assert told == warned
    assert not any(value and value in sentence for value in environment.values() for sentence in told)
