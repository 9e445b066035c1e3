# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list is whole, or it is an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import paging
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import IncompleteListError


class Account:
    """A list operation of the API: `items` by page; `events` change them, one after each answer."""

    def __init__(self, items, *events, as_map=False):
        self.items = list(items)
        self.events = list(events)
        self.as_map = as_map
        self.asked = []

    def list(self, page, per_page, **filters):
        self.asked.append((page, filters))
        assert per_page == 200
        part = self.items[(page - 1) * per_page : page * per_page]
        root = {str(item["id"]): item for item in part} if self.as_map else part
        answer = {"things": root, "links": {}, "meta": {"total": len(self.items)}}
        if self.events:
            self.events.pop(0)(self.items)
        return answer


class Client:
    """One thread, which is one of the orders that many threads can come in."""

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


def things(count, first=1):
    return [{"id": key} for key in range(first, first + count)]


def whole(account, **filters):
    return paging.whole(Client, account.list, "things", **filters)


def pages(account):
    return [page for page, _filters in account.asked]


def delete_first(items):
    del items[0]


def add_one(items):
    items.append({"id": max(item["id"] for item in items) + 1})


def insert_copy(items):
    """The newest comes first, and pushes the last of a page to the next page, so that it is seen twice."""
    items.insert(0, {"id": max(item["id"] for item in items) + 1})


@pytest.mark.parametrize(
    ("count", "requests"), [(0, 1), (1, 1), (199, 1), (200, 1), (201, 2), (400, 2), (401, 3), (1000, 5)]
)
@pytest.mark.parametrize("as_map", [False, True], ids=["array", "map"])
def test_a_quiet_list_is_read_once(count, requests, as_map):
    account = Account(things(count), as_map=as_map)
    found = whole(account)
    assert [int(key) for key in found] == list(range(1, count + 1))
    assert all(found[key] == {"id": int(key)} for key in found)
    assert pages(account) == list(range(1, requests + 1))


def test_filters_go_with_every_page():
    account = Account(things(201))
    whole(account, tag_name="web")
    assert account.asked == [(1, {"tag_name": "web"}), (2, {"tag_name": "web"})]


@pytest.mark.parametrize("as_map", [False, True], ids=["array", "map"])
def test_what_is_made_of_an_item_is_kept_in_its_place(as_map):
    account = Account(things(201), as_map=as_map)
    found = paging.whole(Client, account.list, "things", make=lambda item: -item["id"], tag_name="web")
    assert {int(key): made for key, made in found.items()} == {key: -key for key in range(1, 202)}
    assert account.asked == [(1, {"tag_name": "web"}), (2, {"tag_name": "web"})]


@pytest.mark.parametrize(
    ("count", "event"),
    [
        pytest.param(401, delete_first, id="one of an earlier page deleted"),
        pytest.param(201, delete_first, id="the last page emptied by a deletion"),
        pytest.param(400, add_one, id="one more page by a new one"),
        pytest.param(401, insert_copy, id="one seen on two pages"),
        pytest.param(401, list.clear, id="all deleted"),
    ],
)
def test_a_list_that_changed_while_it_was_read_is_read_again(count, event):
    account = Account(things(count), event)
    found = whole(account)
    assert list(found) == [item["id"] for item in account.items]
    assert pages(account).count(1) == 2


def test_nothing_is_missed_because_another_one_was_deleted_meanwhile():
    """Without reading again, number 201 would have moved to the page that was read already."""
    account = Account(things(401), delete_first)
    assert 201 in whole(account)


@given(st.integers(0, 650), st.lists(st.none() | st.floats(0, 1, exclude_max=True), max_size=12))
def test_deletions_never_make_anything_else_be_missed(count, places):
    """After each answer one item is deleted, at a place from 0 (first) to 1 (last), or none."""

    def delete(place):
        return lambda items: items and place is not None and items.pop(int(place * len(items)))

    account = Account(things(count), *map(delete, places))
    try:
        found = whole(account)
    except IncompleteListError:
        assert pages(account).count(1) == paging.ATTEMPTS
        return
    assert {item["id"] for item in account.items} <= set(found)


def test_a_list_that_never_holds_still_is_refused():
    account = Account(things(401), *[delete_first] * 50)
    with pytest.raises(IncompleteListError, match="The list of things changed each of the 4 times"):
        whole(account)
    assert pages(account).count(1) == paging.ATTEMPTS


def test_a_page_that_is_known_is_not_read_twice():
    account = Account(things(401))
    first = paging.fetch(account.list, "things")
    assert len(paging.whole(Client, account.list, "things", first)) == 401
    assert pages(account) == [1, 2, 3]


def test_a_first_page_from_before_a_change_is_read_again():
    account = Account(things(401), delete_first)
    first = paging.fetch(account.list, "things")
    assert len(paging.whole(Client, account.list, "things", first)) == 400
    assert pages(account) == [1, 2, 3, 1, 2]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"things": things(1), "meta": {"total": 2}}, id="fewer than the total"),
        pytest.param({"things": things(2), "meta": {"total": 1}}, id="more than the total"),
        pytest.param({"things": [{"id": 1}, {"id": 1}], "meta": {"total": 2}}, id="the same twice"),
    ],
)
def test_a_list_that_cannot_be_proven_whole_is_refused(body):
    with pytest.raises(IncompleteListError):
        paging.whole(Client, lambda **_query: body, "things")


def test_a_total_that_is_not_true_costs_a_few_requests():
    """A list that promises a million and shows one full page."""
    asked = []

    def operation(page, per_page):
        asked.append(page)
        return {"things": things(per_page if page == 1 else 0), "meta": {"total": 10**6}}

    with pytest.raises(IncompleteListError):
        paging.whole(Client, operation, "things")
    assert len(asked) == paging.ATTEMPTS * (1 + paging.AHEAD)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"things": [], "meta": {"total": 0}}, id="empty"),
        pytest.param({"things": {}, "meta": {"total": 0}}, id="empty map"),
    ],
)
def test_an_empty_list_is_whole(body):
    assert paging.whole(Client, lambda **_query: body, "things") == {}


@pytest.mark.parametrize(("total", "count"), [(0, 1), (1, 1), (200, 1), (201, 2), (10000, 50)])
def test_the_number_of_pages(total, count):
    assert paging.Page((), total).pages == count
