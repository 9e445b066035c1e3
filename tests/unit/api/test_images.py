# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of images are read in as few requests as it takes, and put on under the spelling that they have."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import read, regions, steps
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.limits import Budget
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    ApiError,
    NotFoundError,
    ScopeError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import Tag
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import Clock
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import snapshot


class Client:
    """Images 1 to 5, image n with the tag "t<n>"; `pages` of the list of all images."""

    shows_at = 0.0
    """When a tag that was just made can be put on something, on the clock."""

    def __init__(self, pages=1):
        self.pages, self.asked, self.tags, self.tagging = pages, [], {}, threading.Lock()
        self.tag_errors = {}
        self.meter = SimpleNamespace(sent_at=0.0)
        self.do = SimpleNamespace(
            images=SimpleNamespace(get=self.get, list=self.list),
            tags=SimpleNamespace(create=self.create, assign_resources=self.assign, list=self.list_tags),
        )
        self.account = []
        self.spelled, self.refused, self.there = None, None, True
        self.clock = Clock()
        self.budget, self.sleep, self.lag_tolerance = Budget(600, self.clock), self.clock.sleep, timedelta(seconds=60)

    def get(self, image_id):
        self.asked.append(image_id)
        if image_id > 5:
            raise NotFoundError("There is no such thing.", status=404)
        return {"image": self.image(image_id)}

    @staticmethod
    def image(key):
        return {"id": key, "name": "x", "type": "snapshot", "tags": [f"t{key}"]}

    def list(self, page, per_page, private):
        assert (per_page, private) == (200, True)
        self.asked.append(f"list {page}")
        return {"images": [self.image(key) for key in range(1, 6)], "meta": {"total": 5 * (self.pages == 1) or 999}}

    def create(self, body):
        self.asked.append(f"create {body['name']}")
        if self.refused:
            raise self.refused
        return {"tag": {"name": self.spelled or body["name"]}}

    def assign(self, tag_id, body):
        self.asked.append((tag_id, [resource["resource_id"] for resource in body["resources"]]))
        hidden = self.account and tag_id not in self.account
        if not self.there or hidden or self.clock.time < self.shows_at:
            raise NotFoundError("There is no such thing.", status=404)

    def list_tags(self, page, per_page):
        assert (page, per_page) == (1, 200)
        return {"tags": [{"name": name} for name in self.account], "meta": {"total": len(self.account)}}

    def once(self, function):
        return function(self)

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


def points(*keys):
    return [snapshot(key) for key in keys]


def tagged(client, points):
    """The restore points with their tags, by id."""
    found = read.answer(client, lambda facts: facts.each(needs.Tagged(point) for point in points))
    return {point.id: point.tags for point in found}


@pytest.mark.parametrize(
    ("keys", "pages", "asked"),
    [
        ((1, 2), 1, [1, 2]),
        ((1, 2, 3), 1, ["list 1"]),
        ((1, 2, 3), 5, ["list 1", 1, 2, 3]),
    ],
)
def test_tags_are_told_in_as_few_requests_as_it_takes(keys, pages, asked):
    client = Client(pages)
    assert tagged(client, points(*keys)) == {key: (f"t{key}",) for key in keys}
    assert client.asked == asked


def test_tags_that_are_told_are_not_asked_for_and_one_that_is_gone_has_none():
    client = Client()
    assert tagged(client, [replace(snapshot(1), tags=("known",)), *points(9)]) == {1: ("known",), 9: ()}
    assert client.asked == [9]


def test_a_tag_is_made_once_and_put_on_under_its_own_spelling():
    client = Client()
    client.spelled = "Keep"
    for key in (1, 2):
        assert steps.send(client, 7, Tag("keep", "image", key)) is None
    assert client.asked == ["create keep", ("Keep", ["1"]), ("Keep", ["2"])]


def test_that_there_is_one_already_may_be_refused_and_is_no_failure():
    client = Client()
    client.refused = ApiError("There is one.", status=422)
    steps.send(client, 7, Tag("keep", "image", 1))
    assert client.asked[-1] == ("keep", ["1"])


def test_one_that_is_refused_and_found_in_another_spelling_only_is_put_on_in_that():
    client = Client()
    client.refused, client.account = ApiError("There is one.", status=422), ["other", "Keep"]
    for key in (1, 2):
        steps.send(client, 7, Tag("keep", "image", key))
    assert client.asked == ["create keep", ("keep", ["1"]), ("Keep", ["1"]), ("Keep", ["2"])]


@pytest.mark.parametrize(("there", "status"), [(False, 422), (True, 403)])
def test_a_refusal_that_means_something_else_is_told(there, status):
    client = Client()
    client.there = there
    client.refused = ScopeError("No.", status=403) if status == 403 else ApiError("Not this name.", status=422)
    with pytest.raises(ApiError) as raised:
        steps.send(client, 7, Tag("keep", "image", 1))
    assert (type(raised.value), raised.value.message) == (type(client.refused), client.refused.message)


def test_what_refuses_a_tag_to_one_target_refuses_it_to_all_who_get_it():
    client = Client()
    client.refused = ScopeError("No.", status=403)
    for key in (1, 2):
        with pytest.raises(ScopeError, match="No"):
            steps.send(client, 7, Tag("keep", "image", key))
    assert client.asked == ["create keep"]


def test_an_image_that_is_gone_is_told_as_it_is_once_the_absence_is_old():
    client = Client()
    client.there = False
    with pytest.raises(NotFoundError):
        steps.send(client, 7, Tag("keep", "image", 1))
    assert sum(client.clock.slept) == 60


@pytest.mark.parametrize("refused", [None, ApiError("There is one.", status=422)])
def test_a_tag_that_is_not_there_yet_is_tried_again(refused):
    client = Client()
    client.refused, client.shows_at = refused, client.clock.time + 20
    steps.send(client, 7, Tag("keep", "image", 1))
    assert client.asked == ["create keep", *[("keep", ["1"])] * 6]
    assert client.clock.slept == [1, 2, 4, 8, 10]


def test_regions_also_those_that_are_closed_for_new_droplets():
    def listed(page, per_page):
        assert (page, per_page) == (1, 200)
        return {"regions": [{"slug": "nyc3", "available": True}, {"slug": "nyc2", "available": False}, {"slug": "new"}]}

    def hidden(**_page):
        raise ScopeError("No.", status=403)

    client = SimpleNamespace(do=SimpleNamespace(regions=SimpleNamespace(list=listed)))
    assert regions.known(client) == {"nyc3", "nyc2", "new"}
    client.do.regions.list = hidden
    assert regions.known(client) is None
