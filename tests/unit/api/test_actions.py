# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of actions are read from the newest, whichever way the API sorts them, and no further than is asked for."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import actions
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    ScopeError,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW

ORDERS = ("newest_first", "oldest_first")


class Account:
    """`count` actions, ids from 1, one a minute until NOW, on Droplets 1, 2 and 3 in turn; every tenth a snapshot."""

    def __init__(self, count, order="newest_first", scopes=("actions:read",)):
        self.log = [
            {
                "id": key,
                "type": "reboot" if key % 10 else "snapshot",
                "status": "completed",
                "resource_type": "droplet",
                "resource_id": 1 + key % 3,
                "started_at": (NOW - timedelta(minutes=count - key)).isoformat(),
            }
            for key in range(1, count + 1)
        ]
        self.order, self.scopes = order, scopes
        self.pages = []
        self.refused = set()
        self.do = SimpleNamespace(
            actions=SimpleNamespace(list=self.of_account), droplet_actions=SimpleNamespace(list=self.of_droplet)
        )

    def of_account(self, page, per_page):
        if "actions:read" not in self.scopes:
            raise ScopeError("The token may not.", status=403)
        return self.page(self.log, page, per_page)

    def of_droplet(self, droplet_id, page, per_page):
        return self.page([one for one in self.log if one["resource_id"] == droplet_id], page, per_page)

    def page(self, log, page, per_page):
        self.pages.append(page)
        log = log if self.order == "oldest_first" else log[::-1]
        return {"actions": log[(page - 1) * per_page : page * per_page], "meta": {"total": len(log)}}

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


def ids(found):
    return [action.id for action in found]


def everything(_action):
    return True


@pytest.mark.parametrize("order", ORDERS)
class TestNewest:
    @pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 400, 401, 1000])
    @pytest.mark.parametrize("limit", [1, 200, 201, 5000])
    def test_the_latest_are_told_the_newest_first_and_whether_there_are_more(self, order, count, limit):
        found, complete = actions.newest(Account(count, order), everything, limit)
        assert ids(found) == list(range(count, 0, -1))[:limit]
        assert complete is (count <= limit)

    @pytest.mark.parametrize("minutes", [0, 1, 150, 199, 200, 201, 777, 998])
    def test_since_a_time(self, order, minutes):
        account = Account(1000, order)
        found, complete = actions.newest(account, everything, 5000, NOW - timedelta(minutes=minutes))
        assert ids(found) == list(range(1000, 999 - minutes, -1))
        assert complete
        assert len(account.pages) <= minutes // 200 + 1 + (3 if order == "oldest_first" else 1)

    def test_no_more_is_read_than_that_takes(self, order):
        account = Account(10_000, order)
        actions.newest(account, everything, 150)
        assert account.pages == ([1] if order == "newest_first" else [1, 50, 49])

    def test_a_search_for_what_is_rare_ends(self, order):
        account = Account(10_000, order)
        found, complete = actions.newest(account, lambda action: action.type == "rebuild", 5)
        assert (found, complete) == ([], False)
        assert len(account.pages) <= actions.MOST_SEARCHED + 2

    def test_a_search_goes_as_far_back_as_it_is_told(self, order):
        account = Account(10_000, order)
        found, complete = actions.newest(account, lambda action: action.id == 3, 5, NOW - timedelta(days=30))
        assert (ids(found), complete) == ([3], True)
        assert len(account.pages) == 50

    def test_only_what_fits_counts(self, order):
        found, complete = actions.newest(Account(1000, order), lambda action: action.type == "snapshot", 3)
        assert (ids(found), complete) == ([1000, 990, 980], False)

    def test_of_one_droplet(self, order):
        found, complete = actions.newest(Account(1000, order), everything, 3, droplet_id=2)
        assert (ids(found), complete) == ([1000, 997, 994], False)


@pytest.mark.parametrize("order", ORDERS)
class TestSince:
    MOMENT = NOW - timedelta(minutes=250)

    @pytest.mark.parametrize("scopes", [("actions:read",), ()], ids=["account", "each"])
    @pytest.mark.parametrize("wanted", [[1], [1, 2]])
    def test_what_has_begun_since_by_droplet(self, order, scopes, wanted):
        account = Account(1000, order, scopes)
        begun = actions.since(account, wanted, self.MOMENT)
        assert begun.keys() == {*wanted}
        for key in wanted:
            assert ids(begun[key]) == [one for one in range(1000, 749, -1) if 1 + one % 3 == key]

    def test_the_log_of_the_account_is_asked_for_once(self, order):
        account = Account(1000, order, ())
        actions.since(account, [1, 2], self.MOMENT)
        asked = len(account.pages)
        actions.since(account, [1, 2], self.MOMENT)
        assert account.refused == {account.do.actions.list}
        assert len(account.pages) == 2 * asked


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("count", [1, 200, 201, 399, 601])
def test_the_latest_of_a_droplet_are_200_at_least(order, count):
    account = Account(3 * count, order)
    latest = ids(actions.of_droplet(account, 1))
    own = [one["id"] for one in account.log if one["resource_id"] == 1][::-1]
    assert latest == own[: len(latest)]
    assert len(latest) >= min(count, 200)
