# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets by name and by restore point, those of the list of their own among them; sizes by slug."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import droplets, sizes
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import ScopeError

PLAIN = (
    {"id": 3, "name": "Web", "backup_ids": [30], "snapshot_ids": []},
    {"id": 1, "name": "web", "backup_ids": [10, 11], "snapshot_ids": [12]},
    {"id": 2, "name": "db", "backup_ids": [], "snapshot_ids": []},
)
GPU = (
    {"id": 4, "name": "web", "backup_ids": [], "snapshot_ids": [40]},
    {"id": 5, "name": "train", "backup_ids": [], "snapshot_ids": []},
)


class Client:
    """A list of Droplets and one of GPU Droplets; `included` shows the latter in lists by name as well."""

    def __init__(self, included=False):
        self.included = included
        self.asked = []
        self.do = SimpleNamespace(
            droplets=SimpleNamespace(list=self.list), sizes=SimpleNamespace(list=self.sizes)
        )

    def list(self, page, per_page, **filters):
        assert (page, per_page) == (1, 200)
        self.asked.append(filters)
        found = GPU if filters.get("type") == "gpus" else PLAIN
        if name := filters.get("name"):
            everyone = PLAIN + GPU if self.included else PLAIN
            found = [droplet for droplet in everyone if droplet["name"].lower() == name.lower()]
        return {"droplets": list(found), "meta": {"total": len(found)}}

    @staticmethod
    def sizes(page, per_page):
        assert (page, per_page) == (1, 200)
        return {"sizes": [{"slug": "a", "disk": 25}, {"slug": "b"}], "meta": {"total": 2}}

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


@pytest.mark.parametrize("included", [False, True])
def test_all_of_a_name_are_found_however_it_is_spelled(included):
    client = Client(included)
    assert [droplet.id for droplet in droplets.list_by_name(client, "web")] == [1, 3, 4]
    assert client.asked == [{"type": "gpus"}, {"name": "web"}]


def test_several_names_share_the_list_of_gpu_droplets():
    client = Client()
    assert [droplet.id for droplet in droplets.list_by_name(client, "DB", "train")] == [2, 5]
    assert len(client.asked) == 3


@pytest.mark.parametrize(("image", "key"), [(11, 1), (12, 1), (30, 3), (40, 4), (99, None)])
def test_the_droplet_that_an_image_was_taken_of(image, key):
    found = droplets.owner_of_image(Client(), image)
    assert (found and found.id) == key


@pytest.mark.parametrize("hidden", ["backup_ids", "snapshot_ids"])
def test_no_image_is_nobodys_while_a_droplet_hides_its_own(monkeypatch, hidden):
    lacking = {**PLAIN[2]}
    del lacking[hidden]
    monkeypatch.setitem(globals(), "PLAIN", (*PLAIN[:2], lacking))
    assert droplets.owner_of_image(Client(), 40).id == 4
    with pytest.raises(ScopeError, match=f"GET /v2/droplets does not tell the {hidden} of Droplet db"):
        droplets.owner_of_image(Client(), 99)


def test_sizes_by_slug():
    assert {slug: size.disk for slug, size in sizes.sizes(Client()).items()} == {"a": 25, "b": None}


def test_sizes_that_the_token_may_not_read():
    def refuse(**_about):
        raise ScopeError("The token may not do that.")

    client = Client()
    client.do.sizes.list = refuse
    with pytest.raises(ScopeError):
        sizes.sizes(client)
