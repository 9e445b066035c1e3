# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far back a Droplet's log of actions is read."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import actions
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.time import iso
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW


class Client:
    """Droplet 1 had an action in each of the last hours, the newest just now; `read` are the pages asked for."""

    def __init__(self, total, newest_first):
        hours = range(total) if newest_first else range(total - 1, -1, -1)
        self.items = [self.item(total - hour, hour) for hour in hours]
        self.read = []
        self.do = SimpleNamespace(droplet_actions=SimpleNamespace(list=self.page))

    @staticmethod
    def item(key, hour):
        return {"id": key, "type": "reboot", "status": "completed", "started_at": iso(NOW - timedelta(hours=hour))}

    def page(self, droplet_id, page, per_page):
        assert droplet_id == 1
        self.read.append(page)
        return {"actions": self.items[(page - 1) * per_page : page * per_page], "meta": {"total": len(self.items)}}


@pytest.mark.parametrize(
    ("total", "newest_first", "hours", "found", "pages"),
    [
        (3, True, 100, 3, [1]),
        (3, False, 100, 3, [1]),
        (0, True, 1, 0, [1]),
        (450, True, 100, 200, [1]),
        (450, True, 199, 400, [1, 2]),
        (450, True, 250, 400, [1, 2]),
        (450, True, 9999, 450, [1, 2, 3]),
        (450, True, None, 200, [1]),
        (450, False, 20, 250, [1, 3, 2]),
        (450, False, 100, 250, [1, 3, 2]),
        (450, False, 9999, 450, [1, 3, 2]),
        (450, False, None, 250, [1, 3, 2]),
    ],
)
def test_back_to_a_moment_and_the_newest_first(total, newest_first, hours, found, pages):
    client = Client(total, newest_first)
    told = actions.log_of(client, 1, None if hours is None else NOW - timedelta(hours=hours))
    assert [action.id for action in told] == list(range(total, total - found, -1))
    assert client.read == pages


def test_an_action_knows_whose_it_is():
    (action,) = actions.log_of(Client(1, True), 1, NOW)
    assert (action.resource_type, action.resource_id) == ("droplet", 1)
