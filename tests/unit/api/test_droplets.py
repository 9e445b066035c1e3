# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Droplets are GPU Droplets, and whether tags are shown at all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import droplets
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import ScopeError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet


class Client:
    """Droplet 1 is in the plain list, 2 in that of GPU Droplets, and 3 in both. No Droplet shows `gpu_info`."""

    def __init__(self):
        self.do = SimpleNamespace(droplets=SimpleNamespace(list=self.list))
        self.asked = []

    def list(self, page, per_page, **filters):
        assert (page, per_page) == (1, 200)
        self.asked.append(filters)
        if "tag_name" in filters:
            raise ScopeError("The token may not.", status=403)
        ids = (2, 3) if filters else (1, 3)
        return {"droplets": [{"id": key, "name": f"web-{key}"} for key in ids], "meta": {"total": 2}}

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


def test_what_the_list_of_gpu_droplets_shows_is_one():
    found = droplets.chosen(Client(), Selection(everything=True))
    assert {one.id: one.gpu for one in found} == {1: False, 2: True, 3: True}


def test_tags_that_nobody_shows_are_asked_for():
    client = Client()
    with pytest.raises(ScopeError):
        droplets.prove_tags_are_shown(client, ("env:prod", "role:db"), [droplet(1), droplet(2, tags=None)])
    assert client.asked == [{"tag_name": "env:prod"}]


@pytest.mark.parametrize(
    ("tags", "found"),
    [((), [droplet(1)]), (("a",), []), (("a",), [droplet(1), droplet(2, tags=("b",))])],
    ids=["no tag matters", "no Droplet", "one Droplet shows its own"],
)
def test_nothing_is_asked_where_there_is_nothing_to_prove(tags, found):
    client = Client()
    droplets.prove_tags_are_shown(client, tags, found)
    assert client.asked == []
