# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's cache: it saves requests, tells the truth about ages, and gives nobody another account's hosts."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.worlds import DAY

NOW = datetime.now(UTC)


@pytest.fixture(name="cached")
def _cached(tmp_path):
    """The options of a cache on disk."""
    connection = str(tmp_path / "cache")
    return {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": connection}


def kept(tmp_path):
    """What the cache has: file name → text."""
    return {path.name: path.read_text() for path in (tmp_path / "cache").iterdir()}


@pytest.mark.parametrize("options", [{}, {"backup_ages": True}, {"backup_facts": False}, {"gpu": "only"}], ids=str)
def test_a_hit_makes_no_request_and_tells_the_same(sim, inventory, cached, options):
    sim.reset(world="awkward")
    path = inventory.write({**cached, **options})
    first, again = inventory.run(path, clock=NOW), inventory.run(path, clock=NOW)
    assert first.requests
    assert not again.requests, again
    assert again.hosts == first.hosts
    assert again.groups == first.groups
    assert again.warnings == first.warnings


def test_flush_cache_asks_again(sim, inventory, cached):
    path = inventory.write(cached)
    inventory.run(path)
    sim.api("DELETE", f"droplets/{min(sim.state().droplets)}", status=204)
    assert len(inventory.run(path).hosts) == 6
    told = inventory.run(path, args=("--flush-cache",))
    assert told.requests
    assert len(told.hosts) == 5
    # What was asked is kept from then on.
    told = inventory.run(path)
    assert not told.requests
    assert len(told.hosts) == 5


def test_a_cache_that_is_too_old_is_not_read(inventory, cached):
    path = inventory.write({**cached, "cache_timeout": 1})
    assert inventory.run(path).requests
    for file in (inventory.folder / "cache").iterdir():
        os.utime(file, (0, 0))
    assert inventory.run(path).requests


def test_without_a_cache_nothing_is_kept(inventory, tmp_path):
    assert inventory().requests
    assert inventory().requests
    assert not (tmp_path / "cache").exists()


def test_time_goes_on_while_it_is_kept(world, inventory, cached):
    """From what was protected then, an old cache tells that it is overdue by now, and how old it is."""
    world(
        {"name": "daily", "policy": {"plan": "daily", "hour": 4}},
        {"name": "weekly", "policy": {"plan": "weekly", "weekday": "MON", "hour": 4}},
        {"name": "off"},
        {"name": "born", "age": "2h", "policy": {"plan": "daily", "hour": 16}},
    )
    path = inventory.write({**cached, "backup_ages": True})

    def look(days):
        told = inventory.run(path, clock=NOW + timedelta(days=days))
        backups = {name: known["do_backups"] for name, known in told.hosts.items()}
        overdue = told.groups["backups_overdue"]
        assert overdue == {name for name, one in backups.items() if one["status"] == "overdue"}
        assert told.groups["backups_pending"] == {name for name, one in backups.items() if one["status"] == "pending"}
        return told, backups

    told, first = look(0)
    assert told.requests
    status = {name: one["status"] for name, one in first.items()}
    assert status == {"daily": "protected", "weekly": "protected", "off": "unprotected", "born": "pending"}
    told, later = look(3)
    assert not told.requests, told
    status = {name: one["status"] for name, one in later.items()}
    assert status == {"daily": "overdue", "weekly": "protected", "off": "unprotected", "born": "overdue"}
    assert later["daily"]["newest"]["age_hours"] == pytest.approx(first["daily"]["newest"]["age_hours"] + 72, abs=0.11)
    assert later["daily"]["newest"]["time"] == first["daily"]["newest"]["time"]
    _told, latest = look(9)
    assert latest["weekly"]["status"] == "overdue"
    # A clock that was put back makes nothing younger.
    assert look(-5)[1] == first


def test_the_api_s_time_counts_and_not_this_machine_s(sim, world, inventory, cached):
    """However wrong this machine's clock is, it only tells how long ago the API was asked."""
    world({"name": "daily", "policy": {"plan": "daily", "hour": 4}})
    sim.advance(DAY)
    path = inventory.write({**cached, "backup_ages": True})
    wrong = datetime(1999, 1, 1, tzinfo=UTC)
    assert inventory.run(path, clock=wrong).hosts["daily"]["do_backups"]["status"] == "protected"
    later = inventory.run(path, clock=wrong + timedelta(days=2))
    assert later.hosts["daily"]["do_backups"]["status"] == "overdue"
    assert not later.requests


def test_another_account_gets_other_hosts(sim, inventory, cached, tmp_path):
    """Another token, or another address, in the same file: what is kept is not theirs."""
    path = inventory.write(cached)
    inventory.run(path)
    other = sim.make_token("droplet:read")
    told = inventory.run(inventory.write({**cached, "token": other}))
    assert told.requests
    assert {known["do_tags"] for known in told.hosts.values()} == {None}
    assert inventory.run(inventory.write({**cached, "api_url": "https://localhost:1", "request_timeout": 1})).failure
    alias = sim.api_url.replace("127.0.0.1", "localhost")
    assert alias != sim.api_url
    assert inventory.run(inventory.write({**cached, "api_url": alias})).requests
    assert not inventory.run(inventory.write(cached)).requests
    assert len(kept(tmp_path)) == 3


def test_a_token_that_was_revoked_opens_no_account_but_its_own_cache(sim, inventory, cached):
    wrong = sim.make_token("droplet:read")
    sim.revoke(wrong)
    inventory.run(inventory.write(cached))
    told = inventory.run(inventory.write({**cached, "token": wrong}))
    assert told.failure
    assert not told.hosts


@pytest.mark.parametrize(
    "options",
    [
        {"tag": ["env:prod"]},
        {"name": ["web-00001"]},
        {"gpu": "only"},
        {"gpu": "exclude"},
        {"backup_facts": False},
        {"backup_ages": True},
        {"backup_ages": True, "grace_hours": 5},
    ],
    ids=str,
)
def test_what_is_fetched_otherwise_is_kept_apart(inventory, cached, options):
    inventory.run(inventory.write({**cached, "backup_ages": "grace_hours" in options}))
    fresh = inventory.run(inventory.write({"cache": False, **options}))
    told = inventory.run(inventory.write({**cached, **options}))
    assert told.requests
    assert set(told.hosts) == set(fresh.hosts)
    assert told.groups == fresh.groups


@pytest.mark.parametrize(
    "options",
    [
        {"region": ["nyc3"]},
        {"prefix": "x_"},
        {"filters": ["do_id is odd"]},
        {"connect_by": "name"},
        {"hostnames": ["id"]},
    ],
    ids=str,
)
def test_what_is_only_told_otherwise_comes_from_the_same_cache(inventory, cached, options):
    inventory.run(inventory.write(cached))
    fresh = inventory.run(inventory.write({"cache": False, **options}))
    told = inventory.run(inventory.write({**cached, **options}))
    assert not told.requests
    assert told.hosts == fresh.hosts


def test_p9_no_token_is_kept(sim, inventory, cached, tmp_path):
    inventory.run(inventory.write({**cached, "backup_ages": True}))
    found = kept(tmp_path)
    assert len(found) == 1
    for name, text in found.items():
        assert sim.token.removeprefix("dop_v1_") not in name + text
        assert "Authorization" not in text


def test_a_cache_that_does_not_fit_is_read_anew(inventory, cached, tmp_path):
    """What another version has written, or what is no inventory at all."""
    path = inventory.write(cached)
    inventory.run(path)
    for text in ('{"format": 0}', "[]", "null", '{"droplets": []}'):
        for file in (tmp_path / "cache").iterdir():
            # As Ansible wraps what it keeps.
            file.write_text(json.dumps({"__payload__": text}))
        told = inventory.run(path)
        assert told.requests, f"{text} {told}"
        assert len(told.hosts) == 6


def test_what_failed_is_not_kept(sim, inventory, cached, tmp_path):
    path = inventory.write(cached)
    fault = sim.fault({"status": 500}, method="GET", path="policies", times=0)
    assert inventory.run(path).failure
    assert not (tmp_path / "cache").exists() or not kept(tmp_path)
    sim.delete_fault(fault)
    assert len(inventory.run(path).hosts) == 6


def test_missing_ages_are_told_from_the_cache_too(sim, inventory, cached):
    path = inventory.write({**cached, "token": sim.make_token("droplet:read"), "backup_ages": True})
    for _twice in range(2):
        assert [warning for warning in inventory.run(path).warnings if "image:read" in warning]
