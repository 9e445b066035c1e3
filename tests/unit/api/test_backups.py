# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points are read for each Droplet, whatever happens to another one meanwhile."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import backups
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import NotFoundError, ScopeError
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet


class Client:
    """Droplets 1 and 3 have a backup and a snapshot each; Droplet 2 was deleted."""

    def __init__(self):
        operations = {
            f"list_{kind}": lambda droplet_id, page, per_page, kind=kind: self.answer(kind, droplet_id, page, per_page)
            for kind in ("backups", "snapshots")
        }
        self.do = SimpleNamespace(droplets=SimpleNamespace(**operations), images=SimpleNamespace(list=self.images))

    @staticmethod
    def images(**_filters):
        raise ScopeError("The token may not read images.", status=403)

    @staticmethod
    def answer(kind, droplet_id, page, per_page):
        assert (page, per_page) == (1, 200)
        if droplet_id == 2:
            raise NotFoundError("There is no such thing.", status=404)
        found = {"id": droplet_id * 10, "name": "x", "type": kind[:-1], "created_at": "2026-03-01T04:00:00Z"}
        return {kind: [found], "meta": {"total": 1}}

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


def test_one_that_was_deleted_has_no_backups_and_the_others_keep_theirs():
    first = backups.backups_of(Client(), [droplet(1), droplet(2)])
    assert {key: [point.id for point in points] for key, points in first.items()} == {1: [10], 2: []}


def test_one_that_was_deleted_has_no_snapshots_and_the_others_keep_theirs():
    found = backups.snapshots_of(Client(), [droplet(1), droplet(2), droplet(3)])
    assert {key: [point.type for point in points] for key, points in found.items()} == {
        1: ["snapshot"],
        2: [],
        3: ["snapshot"],
    }


class LargeAccount(Client):
    """Its list of images takes more pages than there are Droplets."""

    @staticmethod
    def images(page, per_page, **_filters):
        assert page == 1
        item = {"id": 999, "name": "x", "type": "snapshot"}
        return {"images": [item], "meta": {"total": per_page * 20}}


def test_what_no_list_was_read_for_is_asked_for_and_not_taken_for_none():
    stale = [droplet(key, snapshot_ids=(), backup_ids=()) for key in (1, 3, 4)]
    found = backups.snapshots_of(LargeAccount(), stale)
    assert {key: [point.id for point in points] for key, points in found.items()} == {1: [10], 3: [30], 4: [40]}
