# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what plans lack: together for all of them, each kind in its turn, and one failure does not hide the rest."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import read
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.limits import Budget
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    NotFoundError,
    ScopeError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Need
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Droplet
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.time import iso
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import Clock
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW


class Client:
    """An account of `count` Droplets, all with the same few backups; `asked` are the requests."""

    def __init__(self, count=5):
        self.count, self.asked, self.broken = count, [], set()
        self.clock = Clock()
        self.budget, self.lag_tolerance = Budget(600, self.clock), timedelta(seconds=60)
        self.meter = SimpleNamespace(sent_at=0.0)
        self.policy_page = {}
        self.do = SimpleNamespace(
            droplets=SimpleNamespace(
                get=self.get,
                list=self.list,
                list_backups=None,
                get_backup_policy=self.policy,
                list_backup_policies=self.policies,
            ),
            images=SimpleNamespace(list=self.images),
            actions=SimpleNamespace(list=self.log),
        )

    def note(self, what):
        self.asked.append(what)
        self.clock.time += 1
        self.meter.sent_at = self.budget.spent
        if what in self.broken:
            raise ScopeError(f"The token may not read {what}.", status=403)

    def record(self, key):
        return {"id": key, "name": f"web-{key:02d}", "backup_ids": []}

    def get(self, droplet_id):
        self.note(f"droplet {droplet_id}")
        if droplet_id > self.count:
            raise NotFoundError("There is no such thing.", status=404)
        return {"droplet": self.record(droplet_id)}

    def list(self, page, per_page, **_filters):
        self.note(f"droplets {page}")
        keys = range(1 + (page - 1) * per_page, 1 + min(page * per_page, self.count))
        return {"droplets": [self.record(key) for key in keys], "meta": {"total": self.count}}

    def policy(self, droplet_id):
        self.note(f"policy {droplet_id}")
        return {"policy": {"backup_enabled": False}}

    def policies(self, page, per_page):
        self.note(f"policies {page}")
        keys = range(1 + (page - 1) * per_page, 1 + min(page * per_page, self.count))
        return {"policies": {str(key): {"backup_enabled": False} for key in keys}, "meta": {"total": self.count}}

    def images(self, **_filters):
        self.note("images")
        return {"images": [], "meta": {"total": 0}}

    def log(self, **_filters):
        self.note("log")
        begun = {"type": "create", "status": "in-progress", "resource_type": "droplet", "started_at": iso(NOW)}
        records = [{"id": key, "resource_id": of, **begun} for key, of in ((8, None), (7, 2), (6, 9))]
        return {"actions": records, "meta": {"total": len(records)}}

    @staticmethod
    def now():
        return NOW

    def warn(self, sentence):
        raise AssertionError(sentence)

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


def selected(*ids):
    return needs.Selected(Selection(ids=ids))


def plans(client, *wanted):
    """The facts of several plans that need one thing each."""
    return read.answers(client, [lambda facts, need=need: facts.get(need) for need in wanted])


@pytest.mark.parametrize(
    ("ids", "asked"),
    [
        pytest.param((1, 2), ["droplet 1", "droplet 2"], id="few one by one"),
        pytest.param((1, 2, 3), ["droplets 1"], id="many by pages"),
    ],
)
def test_the_targets_of_many_plans_are_read_together(ids, asked):
    client = Client()
    found = plans(client, *map(selected, ids))
    assert [[droplet.id for droplet in each] for each in found] == [[key] for key in ids]
    assert client.asked == asked


def test_states_and_droplets_of_many_plans():
    client = Client(count=400)
    found = plans(client, *(needs.Fleet(Selection(ids=(key,))) for key in range(1, 301)))
    assert [droplets[0].id for droplets, _states in found] == [*range(1, 301)]
    assert all(droplets[0].id in states for droplets, states in found)
    assert client.asked == ["droplets 1", "droplets 2", "policies 1", "policies 2"]


@pytest.mark.parametrize("others", [(), (3, 4)], ids=["of a few", "of many"])
def test_one_that_does_not_exist_is_the_error_of_its_own_plan(others):
    gone, first, *rest = plans(Client(count=4), *(selected(key) for key in (9, 1, *others)))
    assert isinstance(gone, SelectionError)
    assert "No Droplet has the id 9" in gone.message
    assert gone.droplet == 9
    assert [each[0].id for each in (first, *rest)] == [1, *others]


def test_a_list_that_fails_fails_for_all_and_is_not_read_again():
    client = Client()
    client.broken = {"droplets 1"}
    found = plans(client, *(selected(key) for key in (1, 2, 3)))
    assert [type(each) for each in found] == [ScopeError] * 3
    assert client.asked == ["droplets 1"]


def test_what_depends_on_what_was_read_is_read_next_and_the_same_list_only_once():
    client = Client()

    def question(key):
        def plan(facts):
            (droplet,) = facts.get(selected(key))
            backups = facts.get(needs.Backups(droplet))
            return droplet.id, backups, facts.get(needs.OwnImage(77 + key))

        return plan

    assert read.answers(client, [question(key) for key in (1, 2, 3)]) == [(key, (), None) for key in (1, 2, 3)]
    assert client.asked == ["droplets 1", "images"]


def test_nothing_is_remembered_from_one_round_to_the_next():
    client = Client()
    for _round in range(2):
        plans(client, needs.DropletById(1))
    assert client.asked == ["droplet 1", "droplet 1"]


def test_the_time_of_reading_is_when_the_last_read_began():
    client = Client()

    def question(facts):
        droplet = facts.get(needs.DropletById(1))
        facts.get(needs.State(droplet.id))
        return facts.read_at

    assert read.answer(client, question) == 2.0
    (_one, several, _more) = read.answers(
        client, [lambda facts, key=key: (facts.get(needs.DropletById(key)), facts.read_at)[1] for key in (1, 2, 3)]
    )
    assert several == 2.0


def test_a_surprise_in_one_plan_is_its_own():
    def breaks(_facts):
        return 1 // 0

    found = read.answers(Client(), [breaks, lambda facts: facts.get(needs.DropletById(1))])
    assert isinstance(found[0], ZeroDivisionError)
    assert isinstance(found[1], Droplet)
    with pytest.raises(ZeroDivisionError):
        read.answer(Client(), breaks)


def test_a_creation_whose_droplet_the_api_leaves_null_does_not_show_yet():
    client = Client()
    made, unseen = read.answer(client, lambda facts: facts.get(needs.DropletsMadeLately(frozenset())))
    assert ([droplet.id for droplet in made], sorted(action.id for action in unseen)) == ([2], [6, 8])
    assert client.asked == ["log", "droplets 1", "droplet 9"]


def test_every_need_has_a_reader():
    kinds = {kind for kind in vars(needs).values() if isinstance(kind, type) and issubclass(kind, Need)} - {Need}
    assert kinds == set(read.READERS)
