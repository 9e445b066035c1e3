# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_backups_info`: what is read for which selection, and what is reported of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    InputError,
    ScopeError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupPolicy, BackupState
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.newest_backups import KnownBackups
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_backups_info import (
    DEFAULT_PARTS,
    SMALL_FLEET,
    DropletBackupsInfo,
    Request,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, OFF, backup, droplet, on

READER = DropletBackupsInfo()
ALL = Selection(everything=True)
TAGGED = Selection(tags=("env:prod",))
DAILY = on("daily", 8)
GRACE = timedelta(hours=2)


def asks(selection=ALL, parts=tuple(DEFAULT_PARTS)):
    return Request(selection, frozenset(parts), GRACE)


def read(request, known):
    return READER.read(request, Facts(known=known), NOW)


def lacking(request, known):
    with pytest.raises(Missing) as missing:
        read(request, known)
    return missing.value.needs


def account(count, states=None, first=1):
    """Facts of an account with Droplets that have one backup each, numbered like their Droplet."""
    droplets = tuple(droplet(key, backup_ids=(key,)) for key in range(first, first + count))
    states = states or {one.id: DAILY for one in droplets}
    return droplets, {needs.WholeAccount(): (droplets, states, NOW), needs.Fleet(TAGGED): (droplets, states)}


class TestWhatIsRead:
    def test_without_ages_two_lists(self):
        assert lacking(asks(parts=["policies"]), {}) == (needs.Fleet(ALL),)
        assert lacking(asks(parts=[]), {}) == (needs.Selected(ALL),)
        assert lacking(asks(TAGGED), {}) == (needs.Fleet(TAGGED),)

    @pytest.mark.parametrize("parts", [DEFAULT_PARTS, ["policies", "backups"]], ids=str)
    def test_all_of_a_small_account_also_tells_orphans(self, parts):
        assert lacking(asks(parts=parts), {}) == (needs.WholeAccount(),)
        droplets, known = account(SMALL_FLEET)
        assert lacking(asks(parts=parts), known) == (needs.OwnImages(),)
        known[needs.OwnImages()] = ()
        assert lacking(asks(parts=parts), known) == (needs.FleetBackups.of(droplets),)

    def test_of_a_large_account_only_the_newest(self):
        droplets, known = account(SMALL_FLEET + 1)
        assert lacking(asks(), known) == (needs.NewestBackups.of(droplets),)
        assert lacking(asks(TAGGED), known) == (needs.NewestBackups.of(droplets),)
        assert lacking(asks(parts=["policies", "backups"]), known) == (needs.OwnImages(),)
        assert lacking(asks(TAGGED, ["policies", "backups"]), known) == (needs.FleetBackups.of(droplets),)

    def test_all_backups_of_those_whose_plan_is_priced_by_their_size(self):
        states = dict.fromkeys(range(1, SMALL_FLEET + 2), DAILY)
        states |= {2: on("intra_daily_4h", 0, retention=3), 3: on("daily", 0, retention=30), 4: on("hourly"), 5: OFF}
        droplets, known = account(SMALL_FLEET + 1, states)
        assert lacking(asks(), known) == (needs.NewestBackups.of(droplets, {2, 3}),)
        assert lacking(asks(parts=["policies", "newest"]), known) == (needs.NewestBackups.of(droplets),)

    def test_the_log_of_those_alone_that_look_late(self):
        droplets, known = account(3)
        known[needs.Fleet(TAGGED)] = (droplets, {1: DAILY, 2: DAILY, 3: OFF})
        backups = {1: KnownBackups(1, (backup(1),)), 2: KnownBackups(1, (backup(2, days=3),)), 3: KnownBackups(0)}
        known[needs.FleetBackups.of(droplets)] = backups
        assert lacking(asks(TAGGED), known) == (needs.PolicyChangedAt(droplets[1]),)


class TestWhatIsReported:
    @pytest.fixture(name="known")
    def _known(self):
        droplets, known = account(2)
        known[needs.OwnImages()] = (backup(1), backup(2, days=3), backup(7, days=9))
        known[needs.FleetBackups.of(droplets)] = {
            1: KnownBackups.all_of([backup(1)]),
            2: KnownBackups.all_of([backup(2, days=3), backup(12, days=9)]),
        }
        known[needs.PolicyChangedAt(droplets[1])] = NOW - timedelta(days=60)
        return known

    def test_a_small_account(self, known):
        found = read(asks(), known)
        assert found.warnings == ()
        first, second = found.result["droplets"]
        assert first == {
            "id": 1,
            "name": "web-01",
            "volumes": None,
            "enabled": True,
            "policy": {"plan": "daily", "hour": 8, "window_length_hours": 4, "retention_period_days": 7},
            "next_window": None,
            "backups": [first["newest"]],
            "newest": {
                "id": 1,
                "name": "web-01- 2026-03-02",
                "created_at": "2026-03-02T12:00:00Z",
                "age_hours": 0.0,
                "size_gigabytes": 1.0,
            },
            "backup_count": 1,
            "status": "protected",
            "monthly_cost": 7.2,
        }
        assert (second["status"], second["newest"]["id"], second["backup_count"]) == ("overdue", 2, 2)
        assert [one["id"] for one in second["backups"]] == [2, 12]
        assert [one["id"] for one in found.result["orphaned_backups"]] == [7]
        assert found.result["summary"] == {
            "matched": 2,
            "status": {"protected": 1, "pending": 0, "overdue": 1, "unprotected": 0, "unknown_plan": 0},
            "status_unknown": 0,
            "oldest_newest": {"id": 2, "name": "web-02", "age_hours": 72.0},
            "monthly_cost": 14.4,
            "monthly_cost_unknown": 0,
            "orphaned_backups": 1,
        }

    def test_a_large_account(self):
        count = SMALL_FLEET + 1
        usage = on("intra_daily_4h", 0, retention=3)
        droplets, known = account(count, {key: usage if key <= 2 else DAILY for key in range(1, count + 1)})
        newest = {one.id: KnownBackups(7, (backup(one.id),)) for one in droplets}
        newest[1] = KnownBackups(2, (backup(1), backup(1001, days=0.1, size=2.5)))
        known[needs.NewestBackups.of(droplets, {1, 2})] = newest
        found = read(asks(), known).result
        assert "orphaned_backups" not in found
        assert "orphaned_backups" not in found["summary"]
        first, second, third = found["droplets"][:3]
        assert "backups" not in first
        assert (first["newest"]["id"], first["backup_count"], third["backup_count"]) == (1, 2, 7)
        assert first["monthly_cost"] == round(0.01 * 3.5, 2)
        assert second["monthly_cost"] == "unknown", "not all of its sizes are known"

    def test_without_image_read_there_are_no_ages(self, known):
        known[needs.OwnImages()] = ScopeError("The token may not do that.", status=403)
        found = read(asks(), known)
        assert ["image:read" in warning for warning in found.warnings] == [True, True]
        assert found.result["orphaned_backups"] is None
        assert found.result["summary"]["orphaned_backups"] is None
        assert [entry["status"] for entry in found.result["droplets"]] == [None, None]
        assert not any("backups" in entry or "newest" in entry for entry in found.result["droplets"])

    def test_exclusions_leave_out_droplets_and_not_their_backups(self, known):
        droplets, states, since = known[needs.WholeAccount()]
        tagged = (replace(droplets[0], tags=("spare",)), droplets[1])
        known[needs.WholeAccount()] = (tagged, states, since)
        known[needs.FleetBackups.of(tagged[1:])] = known[needs.FleetBackups.of(tagged)]
        found = read(asks(replace(ALL, exclude_tags=("SPARE", "other"))), known)
        assert [entry["id"] for entry in found.result["droplets"]] == [2]
        assert [one["id"] for one in found.result["orphaned_backups"]] == [7]
        assert len(found.warnings) == 1
        assert "'other' leaves out nobody" in found.warnings[0]

    def test_one_that_was_deleted_meanwhile_is_left_out_if_it_was_only_described(self):
        droplets, known = account(2)
        known[needs.Fleet(TAGGED)] = (droplets, {1: DAILY})
        known[needs.FleetBackups.of(droplets[:1])] = {1: KnownBackups.all_of([backup(1)])}
        assert [entry["id"] for entry in read(asks(TAGGED), known).result["droplets"]] == [1]
        by_id = Selection(ids=(1, 2))
        known[needs.Fleet(by_id)] = (droplets, {1: DAILY})
        with pytest.raises(SelectionError, match="deleted while it was read"):
            read(asks(by_id), known)

    def test_a_policy_that_the_api_hides(self):
        droplets, known = account(1, {1: BackupState(True)})
        known[needs.FleetBackups.of(droplets)] = {1: KnownBackups.all_of([backup(1)])}
        (entry,) = read(asks(TAGGED), known).result["droplets"]
        assert (entry["enabled"], entry["policy"], entry["status"]) == (True, None, "unknown_plan")
        assert entry["monthly_cost"] == "unknown"


def test_cost_needs_policies():
    params = {"include": ["cost", "newest"], "grace_hours": 2}
    with pytest.raises(InputError, match="cost needs policies"):
        READER.request(params)


def test_the_next_window_is_shown():
    window = (NOW, NOW + timedelta(hours=4))
    state = BackupState(True, BackupPolicy("daily", hour=12), window)
    assert state.next_window_record == {"start": "2026-03-02T12:00:00Z", "end": "2026-03-02T16:00:00Z"}
    assert OFF.next_window_record is None
