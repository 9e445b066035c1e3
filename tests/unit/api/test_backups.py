# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore points are read for each Droplet, whatever happens to another one meanwhile; what was a backup is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import backups
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.images import Lists
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import NotFoundError, ScopeError
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, droplet, snapshot


class Client:
    """Droplets 1 and 3 have a backup and a snapshot each; Droplet 2 was deleted.

    `listed` are the snapshots in the account's list, as `(id, Droplet id)`; None if the token may not read it.
    """

    def __init__(self, listed=None, pages=1):
        self.listed, self.pages, self.asked = listed, pages, []
        operations = {
            f"list_{kind}": lambda droplet_id, page, per_page, kind=kind: self.answer(kind, droplet_id, page, per_page)
            for kind in ("backups", "snapshots")
        }
        self.do = SimpleNamespace(
            droplets=SimpleNamespace(**operations), snapshots=SimpleNamespace(list=self.list_snapshots)
        )

    def list_snapshots(self, page, per_page, resource_type):
        assert (per_page, resource_type) == (200, "droplet")
        self.asked.append(f"list {page}")
        if self.listed is None:
            raise ScopeError("The token may not do GET /v2/snapshots.", status=403)
        items = [{"id": str(key), "name": "x", "resource_id": str(of), "tags": []} for key, of in self.listed]
        return {"snapshots": items, "meta": {"total": len(items) if self.pages == 1 else 200 * self.pages}}

    def answer(self, kind, droplet_id, page, per_page):
        assert (page, per_page) == (1, 200)
        self.asked.append(droplet_id)
        if droplet_id == 2:
            raise NotFoundError("There is no such thing.", status=404)
        found = {"id": droplet_id * 10, "name": "x", "type": kind[:-1], "created_at": "2026-03-01T04:00:00Z"}
        return {kind: [found], "meta": {"total": 1}}

    @staticmethod
    def map(function, items):
        return [function(item) for item in items]


def test_one_that_was_deleted_has_no_backups_and_the_others_keep_theirs():
    client = Client()
    first = backups.backups_of(client, [droplet(1), droplet(2)], Lists(client))
    assert {key: [point.id for point in points] for key, points in first.items()} == {1: [10], 2: []}


def test_one_that_was_deleted_has_no_snapshots_and_the_others_keep_theirs():
    """The images of each are read if the token may not read the list, or if the list has more pages."""
    for client in (Client(), Client(listed=[], pages=4)):
        found = backups.snapshots_of(client, [droplet(1), droplet(2), droplet(3)])
        assert {key: [point.type for point in points] for key, points in found.items()} == {
            1: ["snapshot"],
            2: [],
            3: ["snapshot"],
        }
        assert client.asked == ["list 1", 1, 2, 3]


def test_many_are_looked_for_in_the_list_of_the_account():
    client = Client(listed=[(10, 1), (11, 1), (30, 3), (99, 9)])
    found = backups.snapshots_of(client, [droplet(1), droplet(2), droplet(3)])
    assert {key: [point.id for point in points] for key, points in found.items()} == {1: [10, 11], 2: [], 3: [30]}
    assert client.asked == ["list 1"]
    assert found[1][0].tags == ()


def test_a_few_are_asked_for_their_own():
    client = Client(listed=[])
    assert [point.id for point in backups.snapshots_of(client, [droplet(1)])[1]] == [10]
    assert client.asked == [1]


class Log:
    """The logs of Droplet 1 and of images; `read` are the paths that were asked for."""

    def __init__(self, droplet_log=(), image_logs=()):
        self.read = []
        self.do = SimpleNamespace(
            droplet_actions=SimpleNamespace(list=self.of_droplet), image_actions=SimpleNamespace(list=self.of_image)
        )
        self.droplet_log, self.image_logs = droplet_log, dict(image_logs)

    def of_droplet(self, droplet_id, page, per_page):
        assert (page, per_page) == (1, 200)
        self.read.append(f"droplet {droplet_id}")
        if self.droplet_log is None:
            raise NotFoundError("There is no such thing.", status=404)
        items = [
            {"id": number, "type": kind, "status": "completed", "started_at": at.isoformat()}
            for number, (kind, at) in enumerate(self.droplet_log, 1)
        ]
        return {"actions": items, "meta": {"total": len(items)}}

    def of_image(self, image_id):
        self.read.append(f"image {image_id}")
        kinds = self.image_logs.get(image_id, ())
        return {"actions": [{"id": 1, "type": kind, "status": "completed"} for kind in kinds]}

    map = staticmethod(Client.map)


AT = NOW - timedelta(days=1)
UNNAMED = replace(snapshot(21, 1), name="web-01-2026-03-01")


@pytest.mark.parametrize(
    ("client", "found", "read"),
    [
        (Log([("backup", AT)]), True, ["droplet 1"]),
        (Log([("snapshot", AT)], {21: ["convert"]}), False, ["droplet 1"]),
        (Log([("backup", NOW)], {21: ["convert"]}), True, ["droplet 1", "image 21"]),
        (Log([("reboot", AT)], {21: ["transfer"]}), False, ["droplet 1", "image 21"]),
        (Log(None, {21: ["convert"]}), True, ["droplet 1", "image 21"]),
    ],
    ids=["the Droplet's log says so", "it says otherwise", "the image's log says so", "nobody says so", "Droplet gone"],
)
def test_what_was_a_backup_is_told_by_the_logs(client, found, read):
    assert backups.find_converted(client, [(droplet(1), (UNNAMED,))]) == ({21} if found else set())
    assert client.read == read


def test_what_was_a_backup_is_told_by_the_name_that_backups_have_without_a_request():
    client = Log()
    assert backups.find_converted(client, [(droplet(1), (snapshot(21, 1),))]) == {21}
    assert client.read == []
    assert backups.find_converted(client, []) == set()
