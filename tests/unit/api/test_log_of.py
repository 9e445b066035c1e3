# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far back a Droplet's log of actions is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import actions
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.time import timestamp
from ansible_collections.lifeboat.digitalocean.tests.unit.account import PAGE, Account

HOUR = 3600


@pytest.fixture(name="account_of", scope="module")
def _account_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Account]]:
    """`account_of(total)` has a Droplet with that many actions, one in each of the last hours, the newest just now."""
    made = []

    @cache
    def account_of(total: int) -> Account:
        account = Account(tmp_path_factory.mktemp("world"), {"name": "web"})
        made.append(account)
        for _number in range(total - len(account.state()["actions"])):
            account.advance(HOUR)
            account.api("POST", f"droplets/{account.id('web')}/actions", {"type": "reboot"}, status=201)
        return account

    yield account_of
    for account in made:
        account.stop()


@pytest.mark.parametrize(
    ("total", "newest_first", "hours", "found", "pages"),
    [
        (3, True, 100, 3, [1]),
        (3, False, 100, 3, [1]),
        (1, True, 1, 1, [1]),
        (450, True, 100, 200, [1]),
        (450, True, 199.5, 400, [1, 2]),
        (450, True, 250, 400, [1, 2]),
        (450, True, 99999, 450, [1, 2, 3]),
        (450, True, None, 200, [1]),
        (450, False, 20, 250, [1, 3, 2]),
        (450, False, 100, 250, [1, 3, 2]),
        (450, False, 99999, 450, [1, 3, 2]),
        (450, False, None, 250, [1, 3, 2]),
    ],
)
def test_back_to_a_moment_and_the_newest_first(
    account_of: Callable[[int], Account],
    total: int,
    newest_first: bool,
    hours: float | None,
    found: int,
    pages: list[int],
) -> None:
    account = account_of(total)
    account.behave(list_order="newest_first" if newest_first else "oldest_first")
    account.forget()
    now = timestamp(account.now())
    with account.client() as client:
        told = actions.log_of(client, account.id("web"), None if hours is None else now - timedelta(hours=hours))
    newest = sorted((action["id"] for action in account.state()["actions"]), reverse=True)
    assert len(newest) == total
    assert [action.id for action in told] == newest[:found]
    assert [entry["query"] for entry in account.journal()] == [f"{PAGE}{page}" for page in pages]


def test_an_action_knows_whose_it_is(account_of: Callable[[int], Account]) -> None:
    account = account_of(3)
    with account.client() as client:
        action, *_earlier = actions.log_of(client, account.id("web"), timestamp(account.now()))
    assert (action.resource_type, action.resource_id) == ("droplet", account.id("web"))
