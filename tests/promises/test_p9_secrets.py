# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P9: the token is in no output, TLS is verified, plain http is for this machine, redirects are not followed.

That the token is in no result is asserted for each run of each test, in `harness/module.py`.
"""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import TOKEN_VARIABLES
from ansible_collections.lifeboat.digitalocean.tests.promises.harness import verbs
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner


def task(sim):
    target = next(key for key, policy in sim.state().policies().items() if policy is None)
    return {"droplet_id": target, "plan": "weekly", "weekday": "SAT", "hour": 4}


def test_p9_an_echoed_token_is_masked(sim, run):
    """The API, or a proxy, repeats the token in an error: it does not reach the result."""
    for status in (401, 403, 404, 422, 500):
        body = {"id": "oops", "message": f"Bearer {sim.token} was not understood"}
        fault = sim.fault({"status": status, "body": body}, times=0)
        told = run(**task(sim))
        assert told.failed
        sim.delete_fault(fault)


def test_p9_a_token_that_is_not_accepted(sim, run):
    other = sim.make_token("droplet:read")
    sim.revoke(other)
    told = run(token=other, **task(sim))
    assert told.kind == "authentication", told
    assert len(told.requests) == 1


@pytest.mark.parametrize(
    ("verb", "selection", "missing"),
    [
        ("weekly", "id", "droplet:read"),
        ("weekly", "id", "droplet:update"),
        ("weekly", "tag", "tag:read"),
        ("disable-convert_newest", "id", "image:update"),
    ],
)
def test_p9_a_403_names_the_scope_that_is_missing(sim, run, verb, selection, missing):
    options, _ids = verbs.select(sim.state(), verbs.BY_NAME[verb], selection)
    scopes = {"droplet:read", "droplet:update", "tag:read", "image:read", "image:update"} - {missing}
    told = run(token=sim.make_token(*sorted(scopes)), **options, **verbs.BY_NAME[verb].params)
    assert told.kind == "scope", told
    assert missing in told.result["msg"], told


@pytest.mark.usefixtures("tls")
def test_p9_tls_is_verified(sim):
    """Without the simulator's own authority nothing is sent, and the sentence says what to set."""
    before = len(sim.journal())
    told = Runner(sim, reaches=False)(**task(sim), ca_path=None)
    assert told.kind == "unreachable", told
    assert "ca_path" in told.result["msg"]
    assert len(sim.journal()) == before


@pytest.mark.parametrize("url", ["http://api.digitalocean.com", "http://192.0.2.1:80", "ftp://localhost", "localhost"])
def test_p9_plain_http_only_to_this_machine(sim, run, url):
    told = run(**task(sim), api_url=url)
    assert told.kind == "input", told
    assert not told.requests


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_p9_redirects_are_not_followed(sim, run, method, status):
    """A simulator cannot send a Location header; that the status alone ends the run is what is seen here."""
    sim.fault({"status": status}, method=method, times=0)
    before = sim.state()
    told = run(**task(sim))
    assert told.kind == "api", told
    assert sim.state().policies() == before.policies()


def test_p9_no_token_at_all(sim, monkeypatch):
    for name in TOKEN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    sim.tokens.append("x" * 20)
    told = Runner(sim)._run({"droplet_id": 1, "api_url": sim.api_url})
    assert told[1] == 1
    assert "There is no token" in told[0]
