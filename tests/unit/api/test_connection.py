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
        pytest.param({"validate_certs": False}, "validate_certs: false is refused: .* set ca_path", id="unverified"),
        pytest.param({"ca_path": "/nowhere/ca.pem"}, "ca_path '/nowhere/ca.pem' is not a file", id="no such file"),
    ],
)
def test_a_connection_that_cannot_work_is_refused_before_anything_is_sent(given, says):
    with pytest.raises(InputError, match=says) as caught:
        Connection.from_options(params(**given))
    assert TOKEN not in caught.value.message


@pytest.mark.parametrize(
    "name",
    [
        *("DO_TOKEN", "DIGITAL_OCEAN_TOKEN", "DIGITALOCEAN_API_TOKEN", "DIGITALOCEAN_KEY", "DO_PAT", "TF_VAR_do_token"),
        *("DIGITALOCEAN_API_V2_TOKEN", "DO_AUTH_TOKEN", "DIGITAL_OCEAN_API_KEY", "OAUTH_TOKEN", "do_token"),
    ],
)
def test_a_variable_that_looks_like_the_token_s_is_named(monkeypatch, name):
    monkeypatch.setenv(name, OTHER)
    with pytest.raises(InputError, match=f"{name} is set, but not read; if it holds the token, give it as") as caught:
        Connection.from_options(params(token=None))
    assert OTHER not in caught.value.message


def test_several_that_look_like_it_are_all_named(monkeypatch):
    for name in ("DO_TOKEN", "DIGITALOCEAN_API_TOKEN"):
        monkeypatch.setenv(name, OTHER)
    with pytest.raises(InputError, match="DIGITALOCEAN_API_TOKEN and DO_TOKEN are set, but not read; if one of them"):
        Connection.from_options(params(token=None))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("DO_TOKEN", ""), ("GITHUB_TOKEN", "x"), ("DO_SPACES_KEY", "x"), ("DO_SSH_KEY", "x"), ("DOMAIN_KEY", "x")),
        *(("DO_SSH_PRIVATE_KEY", "x"), ("DIGITALOCEAN_API_URL", "x"), ("TF_VAR_token", "x")),
    ],
)
def test_other_variables_are_not_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as caught:
        Connection.from_options(params(token=None))
    assert caught.value.message.endswith("where the task runs.")


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
        *(
            pytest.param(
                {"DO_API_TOKEN": TOKEN, name: OTHER},
                TOKEN,
                [f"DO_API_TOKEN and {name} hold different tokens; DO_API_TOKEN is used."],
                id=name,
            )
            for name in ("DO_API_KEY", "DO_OAUTH_TOKEN")
        ),
    ],
)
def test_variables_that_hold_different_tokens_are_told_without_the_tokens(monkeypatch, environment, token, warned):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = token_warnings(token)
    assert told == warned
    assert not any(value and value in sentence for value in environment.values() for sentence in told)
