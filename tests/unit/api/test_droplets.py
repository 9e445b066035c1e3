# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets by name and by restore point, which of them have a GPU, whether tags are shown at all; sizes by slug."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import droplets, sizes
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import ScopeError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Droplet
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.tests.unit.account import Account
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet

GPU = {"size": "gpu-h100x1-80gb", "region": "nyc2"}
BACKED_UP = {"policy": {"plan": "daily"}, "age": "5d"}
SNAPSHOT = {"snapshots": [{"name": "by hand", "age": "1d"}]}
WORLD: tuple[dict[str, Any], ...] = (
    {"name": "db"},
    {"name": "web", **BACKED_UP, **SNAPSHOT},
    {"name": "Web", **BACKED_UP},
    {"name": "train", **GPU},
    {"name": "WEB", **GPU, **SNAPSHOT},
)


@pytest.fixture(name="account", scope="module")
def _account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    account = Account(tmp_path_factory.mktemp("world"), *WORLD)
    yield account
    account.stop()


@pytest.fixture(autouse=True)
def _fresh(account: Account) -> None:
    account.reset()


@pytest.mark.parametrize("filtered", ["absent", "included"])
def test_all_of_a_name_are_found_however_it_is_spelled(account: Account, filtered: str) -> None:
    account.behave(gpu_in_filtered_lists=filtered)
    with account.client() as client:
        found = [one.id for one in droplets.list_by_name(client, "web")]
    assert found == sorted(account.id(name) for name in ("web", "Web", "WEB"))
    assert sorted(account.asked) == ["GET droplets?name=web", "GET droplets?type=gpus"]


def test_several_names_share_the_list_of_gpu_droplets(account: Account) -> None:
    with account.client() as client:
        found = [one.name for one in droplets.list_by_name(client, "DB", "train")]
    assert sorted(found) == ["db", "train"]
    assert sorted(account.asked) == ["GET droplets?name=DB", "GET droplets?name=train", "GET droplets?type=gpus"]


@pytest.mark.parametrize(
    ("name", "kind"), [("web", "backups"), ("web", "snapshots"), ("Web", "backups"), ("WEB", "snapshots")]
)
def test_the_droplet_that_an_image_was_taken_of(account: Account, name: str, kind: str) -> None:
    image = account.state().droplets[account.id(name)][kind][-1]["id"]
    with account.client() as client:
        found = droplets.owner_of_image(client, image)
    assert found is not None
    assert found.name == name


def test_an_image_of_nobody(account: Account) -> None:
    with account.client() as client:
        assert droplets.owner_of_image(client, 99) is None


@pytest.mark.parametrize("hidden", ["backup_ids", "snapshot_ids"])
def test_no_image_is_nobodys_while_a_droplet_hides_its_own(account: Account, hidden: str) -> None:
    """The first of each list hides them."""
    image = account.state().droplets[account.id("WEB")]["snapshots"][0]["id"]
    account.fault({"wrong": "field", "field": f"droplets[].{hidden}", "as": "missing"}, path="^/v2/droplets$", times=0)
    with account.client() as client:
        found = droplets.owner_of_image(client, image)
        assert found is not None
        assert found.name == "WEB"
        with pytest.raises(ScopeError, match=f"GET /v2/droplets does not tell the {hidden} of Droplet "):
            droplets.owner_of_image(client, 99)


def test_what_the_list_of_gpu_droplets_shows_is_one(account: Account) -> None:
    """The first of them does not show what GPU it has."""
    account.fault({"wrong": "field", "field": "droplets[].gpu_info", "as": "missing"}, path="^/v2/droplets$", times=0)
    with account.client() as client:
        found = droplets.chosen(client, Selection(everything=True))
    assert {one.name for one in found if one.gpu} == {"train", "WEB"}
    (fault,) = account.faults()
    assert fault["spoiled"] == 1


def test_tags_that_nobody_shows_are_asked_for(account: Account) -> None:
    with account.client("droplet:read") as client, pytest.raises(ScopeError):
        droplets.prove_tags_are_shown(client, ("prod", "db"), [droplet(1), droplet(2, tags=None)])
    assert account.asked == ["GET droplets?tag_name=prod"]


@pytest.mark.parametrize(
    ("tags", "found"),
    [((), [droplet(1)]), (("a",), []), (("a",), [droplet(1), droplet(2, tags=("b",))])],
    ids=["no tag matters", "no Droplet", "one Droplet shows its own"],
)
def test_nothing_is_asked_if_there_is_nothing_to_prove(
    account: Account, tags: tuple[str, ...], found: list[Droplet]
) -> None:
    with account.client("droplet:read") as client:
        droplets.prove_tags_are_shown(client, tags, found)
    assert account.asked == []


def test_sizes_by_slug(account: Account) -> None:
    """The first of them does not show its disk."""
    account.fault({"wrong": "field", "field": "sizes[].disk", "as": "missing"}, path="/sizes")
    with account.client() as client:
        found = sizes.sizes(client)
    assert [found[slug].disk for slug in ("s-1vcpu-512mb-10gb", "s-1vcpu-1gb")] == [None, 25]


def test_sizes_that_the_token_may_not_read(account: Account) -> None:
    with account.client("droplet:read") as client, pytest.raises(ScopeError):
        sizes.sizes(client)
