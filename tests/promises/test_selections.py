# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selections that mean nothing, or not one thing: refused in words, in check mode too, and never taken to mean all."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import verbs, worlds

NOTHING = {
    "no-such-id": {"droplet_id": 123},
    "one-id-of-two": {"droplet_id": [123, "first"]},
    "no-such-name": {"droplet_name": "nobody"},
    "other-case": {"droplet_name": "BRAVO"},
    "no-such-tag": {"tag": "env:nowhere"},
    "empty-ids": {"droplet_id": []},
    "empty-names": {"droplet_name": []},
    "empty-tags": {"tag": []},
    "all-but-all": {"all": True, "exclude_tag": ["edge:yes"]},
    "ambiguous": {"droplet_name": "twin"},
    "ambiguous-among-others": {"droplet_name": ["alpha", "twin"]},
}
ALLOWED = {"no-such-id", "no-such-name", "other-case", "no-such-tag", "empty-ids", "empty-names", "empty-tags"} | {
    "all-but-all"
}
"""Those that `allow_empty` accepts: they match nothing at all."""


def given(sim, selection):
    first = min(sim.state().droplets)
    return {key: [first if one == "first" else one for one in value] if isinstance(value, list) else value
            for key, value in NOTHING[selection].items()}


@pytest.mark.parametrize("verb", verbs.VERBS, ids=lambda verb: verb.name)
@pytest.mark.parametrize("selection", NOTHING)
def test_p1_nothing_is_not_all(sim, run, selection, verb):
    worlds.edge(sim)
    before = sim.state()
    params = {**given(sim, selection), **verb.params}
    for check in (True, False):
        told = run(check=check, **params)
        assert told.kind == "selection", told
        assert not told.writes, told
    allowed = run(allow_empty=True, **params)
    if selection in ALLOWED:
        assert not allowed.failed, allowed
        assert not allowed.changed, allowed
        assert allowed.result["summary"]["matched"] == 0, allowed
    else:
        assert allowed.kind == "selection", allowed
    assert not allowed.writes
    assert sim.state().policies() == before.policies()


def test_an_ambiguous_name_is_refused_with_both_ids(sim, run):
    worlds.edge(sim)
    ids = [key for key, droplet in sim.state().droplets.items() if droplet["name"] == "twin"]
    told = run(droplet_name="twin", plan="daily")
    assert all(str(key) in told.result["msg"] for key in ids)


@pytest.mark.parametrize("check", [True, False])
def test_all_on_an_empty_account(sim, run, check):
    sim.reset(droplets=0)
    assert run(check=check, all=True).kind == "selection"
    assert not run(check=check, all=True, allow_empty=True).failed


def test_exactly_one_selection(sim, run):
    """Two selections, or none, are refused before anything is asked of the API."""
    first = min(sim.state().droplets)
    for params in ({}, {"droplet_id": first, "all": True}, {"droplet_name": "x", "tag": "y"}, {"all": False}):
        told = run(**params)
        assert told.failed
        assert not told.requests


def test_exclude_tag_leaves_out(sim, run):
    worlds.edge(sim)
    before = sim.state()
    told = run(all=True, exclude_tag="Mixed:Case", plan="daily", hour=[8], existing_backups="may_be_lost")
    assert not told.failed, told
    for key, droplet in sim.state().droplets.items():
        if "Mixed:Case" in droplet["tags"]:
            assert droplet["policy"] == before.policy(key)
            assert key not in told.droplets
        else:
            assert droplet["policy"]["hour"] == 8
