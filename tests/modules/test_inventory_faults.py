# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory when something goes wrong: it is whole or it is an error, and says what to do."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds

EFFECTS = {
    "500": {"status": 500},
    "503": {"status": 503, "retry_after": 1},
    "429": {"status": 429, "retry_after": 3},
    "429-hourly": {"status": 429, "reset_in": 500},
    "dropped": {"drop": True},
    "cut-off": {"truncate": True},
}
PATHS = ["^/v2/droplets$", "policies", "^/v2/images"]
ACCIDENTS = [*((effect, PATHS[0]) for effect in EFFECTS), *(("dropped", path) for path in PATHS[1:])]
TAGGED = {"tag": ["env:prod", "env:staging"]}


@pytest.fixture(name="pages")
def _pages(sim):
    """An account whose lists have two pages."""
    sim.reset(droplets=210)
    return sorted(sim.state().droplets)


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize(("effect", "path"), ACCIDENTS)
def test_an_accident_on_any_page_is_got_over(sim, pages, inventory, effect, path, after):
    """A read is asked again, a limit waited for."""
    sim.fault(EFFECTS[effect], method="GET", path=path, after=after)
    told = inventory(backup_ages=path == PATHS[2], attributes=["id"])
    assert told.failure is None, told
    assert told.ids == pages


def test_a_limit_that_lasts_longer_than_anybody_waits(sim, inventory):
    sim.fault({"status": 429, "reset_in": 3000}, method="GET", path="policies")
    start = sim.now()
    told = inventory()
    assert "hourly limit frees up at" in told.failure, told
    assert not told.hosts
    assert sim.now() < start[:14] + "32"


@pytest.mark.parametrize(("effect", "path"), ACCIDENTS)
def test_an_accident_that_stays_is_an_error(sim, pages, inventory, effect, path):
    """Never half an inventory: what was read before is not told either."""
    sim.fault(EFFECTS[effect], method="GET", path=path, after=1, times=0)
    told = inventory(backup_ages=path == PATHS[2])
    assert told.failure, told
    assert not told.hosts
    assert pages


@pytest.mark.parametrize("page", range(4))
@pytest.mark.parametrize("meanwhile", ["deleted", "created"])
@pytest.mark.parametrize(("order", "options"), [("id", {}), ("newest_first", {}), ("newest_first", TAGGED)], ids=str)
def test_p5_no_droplet_is_missed_while_the_list_moves(sim, pages, inventory, options, meanwhile, page, order):
    """One is deleted, or made, before the n-th page is read: every other one is a host, exactly once."""
    sim.behave(droplet_order=order)
    first = {"method": "DELETE", "path": f"/v2/droplets/{pages[100]}"}
    if meanwhile == "created":
        body = {"name": "newcomer", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}
        first = {"method": "POST", "path": "/v2/droplets", "body": {**body, "tags": ["env:prod"]}}
    sim.fault({"first": first}, method="GET", path="^/v2/droplets", after=page)
    told = inventory(**options, attributes=["id"])
    assert told.failure is None, told
    assert len(told.ids) == len(set(told.ids))
    stayed = set(pages) & set(sim.state().droplets)
    missed = stayed - set(told.ids)
    assert not missed, f"P5: {missed} missed"


@pytest.mark.parametrize("gpu", ["include", "exclude"])
def test_one_deleted_and_one_made_between_two_pages(sim, pages, inventory, gpu):
    """The total stays as it was; whoever has a policy and was not listed is asked for."""
    earlier = sim.api("GET", "droplets?per_page=200&page=1&asked")
    sim.api("DELETE", f"droplets/{pages[0]}", status=204)
    (newcomer,) = worlds.create(sim, "newcomer")
    sim.fault({"status": 200, "body": earlier}, path="^/v2/droplets$")
    told = inventory(gpu=gpu, attributes=["id"])
    assert told.failure is None, told
    assert told.ids == [*pages[1:], newcomer]
    assert f"/v2/droplets/{pages[200]}?" in told.asked


def test_a_list_that_never_holds_still_is_an_error(sim, pages, inventory):
    """Another Droplet is deleted before each page."""
    for key in pages[:40]:
        sim.fault({"first": {"method": "DELETE", "path": f"/v2/droplets/{key}"}}, path="^/v2/droplets$")
    told = inventory(concurrency=1)
    assert "changed each of the 4 times" in told.failure, told
    assert not told.hosts
    sim.clear_faults()


def test_a_token_that_is_not_accepted(sim, inventory):
    other = sim.make_token("droplet:read")
    sim.revoke(other)
    told = inventory(token=other)
    assert "token" in told.failure, told
    assert len(told.requests) == 1
    assert not told.hosts


@pytest.mark.parametrize("scopes", [[], ["image:read"]], ids=str)
def test_a_token_that_may_not_read_droplets(sim, inventory, scopes):
    told = inventory(token=sim.make_token(*scopes))
    assert "droplet:read" in told.failure, told
    assert not told.hosts


@pytest.mark.parametrize("hidden", ["omit", "empty"])
@pytest.mark.parametrize("count", [3, 6])
def test_without_image_read_there_are_no_ages_and_a_warning(sim, inventory, count, hidden):
    """The rest of the inventory is there; nothing is told of backups that was not read."""
    sim.reset(droplets=count)
    sim.behave(missing_scope_fields=hidden)
    told = inventory(backup_ages=True, token=sim.make_token("droplet:read", "tag:read"))
    assert told.failure is None, told
    assert told.ids == sorted(sim.state().droplets)
    assert len([warning for warning in told.warnings if "image:read" in warning]) == 1, told.warnings
    for key, policy in sim.state().policies().items():
        known = told.hosts[told.by_id[key]]["do_backups"]
        assert (known["newest"], known["count"]) == (None, None)
        assert known["status"] == (None if policy else "unprotected")
        assert known["plan"] == (policy and policy["plan"])
    assert told.groups["backups_overdue"] == told.groups["backups_pending"] == set()


def test_the_own_lists_of_few_droplets_need_no_more_than_droplet_read(sim, inventory):
    sim.reset(droplets=2)
    told = inventory(backup_ages=True, token=sim.make_token("droplet:read"))
    assert not told.warnings, told
    assert {known["do_id"]: known["do_backups"]["count"] for known in told.hosts.values()} == {
        key: len(droplet["backups"]) for key, droplet in sim.state().droplets.items()
    }


@pytest.mark.parametrize("hidden", ["omit", "empty"])
def test_the_least_scope_is_enough(sim, inventory, hidden):
    """What the token may not read is empty; who is in which group is told all the same."""
    sim.reset(world="awkward")
    whole = inventory()
    sim.behave(missing_scope_fields=hidden)
    told = inventory(token=sim.make_token("droplet:read"))
    assert told.groups == whole.groups
    assert told.ids == whole.ids
    assert not any(
        known[name] for known in told.hosts.values() for name in ("do_tags", "do_image", "do_volumes", "do_vpc")
    )
    assert not [warning for warning in told.warnings if "scope" in warning]


def test_tls_is_verified(sim, inventory):
    told = inventory(ca_path=None)
    assert "ca_path" in told.failure, told
    assert not told.requests
    assert sim


@pytest.mark.parametrize("body", [{"droplets": None}, {}, "no JSON", {"droplets": [{"name": "x"}]}, []], ids=str)
def test_an_answer_that_makes_no_sense(sim, inventory, body):
    """An error in a sentence; or nothing, if the API says that there is none."""
    sim.fault({"status": 200, "body": body}, path="^/v2/droplets$", times=0)
    told = inventory()
    assert not told.hosts
    assert "Traceback" not in told.errors


def test_p9_a_token_that_the_api_repeats(sim, inventory):
    """That it is in no output is asserted for every run."""
    for status in (401, 403, 422, 500):
        sim.fault({"status": status, "body": {"id": "x", "message": f"Bearer {sim.token} is not known"}}, times=0)
        assert inventory("-vvvv").failure
        sim.clear_faults()
