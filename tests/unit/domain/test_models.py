# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads are tolerant: what is new, null or hidden in an answer never breaks a model, and is never mistaken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import (
    Action,
    BackupPolicy,
    BackupState,
    Droplet,
    RestorePoint,
    Size,
    SupportedPolicy,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.time import timestamp
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup

DROPLET = {
    "id": 3164444,
    "name": "web-01",
    "status": "active",
    "created_at": "2026-02-01T10:00:00Z",
    "tags": ["env:prod"],
    "region": {"slug": "nyc3", "name": "New York 3"},
    "size_slug": "s-1vcpu-1gb",
    "size": {"slug": "s-1vcpu-1gb", "price_monthly": 6.0},
    "backup_ids": [7, 8],
    "volume_ids": [],
    "snapshot_ids": [9],
    "features": ["backups"],
    "disk": 25,
    "image": {"id": 63663980, "slug": "ubuntu-24-04-x64"},
    "kernel": {"id": 7515},
    "vpc_uuid": "5a4981aa",
    "networks": {
        "v4": [{"ip_address": "10.1.0.2", "type": "private"}, {"ip_address": "198.18.0.2", "type": "public"}],
        "v6": [{"ip_address": "2001:db8::2", "type": "public"}],
    },
}
SIZE = {"slug": "small", "disk": 25, "price_monthly": 6.0, "regions": ["nyc3"], "available": True}
POLICY = {"plan": "weekly", "weekday": "SUN", "hour": 4, "window_length_hours": 4, "retention_period_days": 28}
RECORD = {"droplet_id": 3164444, "backup_enabled": True, "backup_policy": POLICY}
SUPPORTED = {
    "name": "weekly",
    "possible_window_starts": [0, 4],
    "window_length_hours": 4,
    "retention_period_days": 28,
    "possible_days": ["SUN", "MON"],
}
BACKUP = {"id": 7, "name": "web-01- 2026-02-28", "type": "backup", "created_at": "2026-02-28T04:10:00Z"}
ACTION = {"id": 36, "type": "enable_backups", "status": "in-progress", "resource_id": 1, "resource_type": "droplet"}

MODELS = [
    pytest.param(Droplet, DROPLET, {"id"}, id="Droplet"),
    pytest.param(Size, SIZE, {"slug"}, id="Size"),
    pytest.param(BackupPolicy, POLICY, set(), id="BackupPolicy"),
    pytest.param(BackupState, RECORD, set(), id="BackupState"),
    pytest.param(SupportedPolicy, SUPPORTED, set(), id="SupportedPolicy"),
    pytest.param(RestorePoint, BACKUP, {"id"}, id="RestorePoint"),
    pytest.param(Action, ACTION, {"id"}, id="Action"),
]


@pytest.mark.parametrize(("model", "data", "required"), MODELS)
class TestEveryModel:
    def test_new_fields_are_ignored(self, model, data, required):
        assert required <= data.keys()
        assert model.from_api({**data, "brand_new": {"of": "tomorrow"}}) == model.from_api(data)

    def test_a_field_that_is_null_or_missing_is_read(self, model, data, required):
        for name in data.keys() - required:
            without = {key: value for key, value in data.items() if key != name}
            assert model.from_api({**data, name: None}) == model.from_api(without)

    def test_it_is_a_value(self, model, data, required):
        assert required <= data.keys()
        assert hash(model.from_api(data)) == hash(model.from_api(dict(data)))


def test_a_droplet_is_read():
    assert Droplet.from_api(DROPLET) == Droplet(
        id=3164444,
        name="web-01",
        status="active",
        created_at=datetime(2026, 2, 1, 10, tzinfo=UTC),
        tags=("env:prod",),
        region="nyc3",
        size="s-1vcpu-1gb",
        price_monthly=6.0,
        backup_ids=(7, 8),
        volume_ids=(),
        snapshot_ids=(9,),
        features=("backups",),
        disk=25,
        image=63663980,
        image_slug="ubuntu-24-04-x64",
        kernel=7515,
        vpc_uuid="5a4981aa",
        public_v4="198.18.0.2",
        private_v4="10.1.0.2",
        public_v6="2001:db8::2",
    )


@pytest.mark.parametrize("data", [{"gpu_info": {"count": 1}}, {"size": {"gpu_info": {"count": 1}}}], ids=str)
def test_a_gpu_droplet_tells_of_its_gpu(data):
    assert Droplet.from_api({**DROPLET, **data}).gpu
    assert not Droplet.from_api({**DROPLET, "gpu_info": None}).gpu


def test_a_droplet_that_is_not_up_yet_has_no_addresses():
    new = Droplet.from_api({**DROPLET, "networks": {"v4": [], "v6": []}})
    assert (new.public_v4, new.private_v4, new.public_v6) == (None, None, None)


@pytest.mark.parametrize(("offered", "regions"), [({}, ("nyc3",)), ({"available": False}, ())])
def test_a_size_that_is_not_available_is_offered_nowhere(offered, regions):
    assert Size.from_api({**SIZE, **offered}) == Size("small", 25, 6.0, regions)


@pytest.mark.parametrize("field", ["tags", "backup_ids", "snapshot_ids", "volume_ids"])
def test_hidden_is_not_empty(field):
    without = {key: value for key, value in DROPLET.items() if key != field}
    assert getattr(Droplet.from_api(without), field) is None
    assert getattr(Droplet.from_api({**DROPLET, field: []}), field) == ()


def test_a_droplet_is_named_with_its_id():
    assert str(Droplet.from_api(DROPLET)) == "web-01 (3164444)"
    assert str(Droplet(None, "web-02")) == "web-02"
    assert str(Droplet(3164444, "")) == "[deleted] (3164444)"


def test_a_snapshot_of_the_list_of_snapshots_knows_its_droplet():
    data = {
        "id": "6372321",
        "name": "before-upgrade",
        "created_at": "2026-02-28T04:10:00Z",
        "regions": ["nyc3", "ams3"],
        "min_disk_size": 25,
        "size_gigabytes": 2.34,
        "resource_id": "3164444",
        "resource_type": "droplet",
        "tags": None,
    }
    assert RestorePoint.from_snapshot(data) == RestorePoint(
        id=6372321,
        name="before-upgrade",
        type="snapshot",
        created_at=datetime(2026, 2, 28, 4, 10, tzinfo=UTC),
        size_gigabytes=2.34,
        regions=("nyc3", "ams3"),
        min_disk_size=25,
        droplet_id=3164444,
        tags=(),
    )
    del data["tags"]
    assert RestorePoint.from_snapshot(data).tags is None
    assert RestorePoint.from_snapshot({**data, "resource_id": None, "tags": ["keep"]}).droplet_id is None
    assert str(RestorePoint.from_snapshot(data)) == "snapshot 6372321 (before-upgrade)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-02-28T04:10:00Z", datetime(2026, 2, 28, 4, 10, tzinfo=UTC), id="as the API writes"),
        pytest.param("2026-02-28T06:10:00+02:00", datetime(2026, 2, 28, 4, 10, tzinfo=UTC), id="with an offset"),
        pytest.param("2026-02-28T04:10:00", None, id="without a zone"),
        pytest.param("2026-02-28", None, id="a day"),
        pytest.param("0001-01-01T00:00:00+02:00", None, id="out of range in UTC"),
        pytest.param("yesterday", None, id="words"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
        pytest.param(1772251800, None, id="a number"),
    ],
)
def test_timestamp(text, expected):
    assert timestamp(text) == expected


@given(st.text() | st.none() | st.integers() | st.datetimes().map(lambda moment: moment.isoformat()))
def test_a_timestamp_can_always_be_compared_and_shown(text):
    moment = timestamp(text)
    assert moment is None or moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(RECORD, BackupState(True, BackupPolicy("weekly", "SUN", 4, 4, 28)), id="weekly"),
        pytest.param(
            {"backup_enabled": True, "backup_policy": {"plan": "daily", "weekday": "", "hour": 0}},
            BackupState(True, BackupPolicy("daily", None, 0)),
            id="daily, with an empty weekday",
        ),
        pytest.param(
            {"backup_enabled": True, "backup_policy": {"plan": "intra_daily_4h", "hour": 0}},
            BackupState(True, BackupPolicy("intra_daily_4h", None, 0)),
            id="a plan that nobody here knows",
        ),
        pytest.param({"droplet_id": 1, "backup_enabled": False}, BackupState(False), id="off"),
        pytest.param({**RECORD, "backup_enabled": False}, BackupState(False), id="off, with a policy left over"),
        pytest.param({"droplet_id": 1, "backup_enabled": True}, BackupState(True), id="on, policy not shown"),
        pytest.param({"backup_enabled": True, "backup_policy": {}}, BackupState(True), id="on, policy empty"),
    ],
)
def test_the_state_of_backups(record, expected):
    assert BackupState.from_api(record) == expected


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        pytest.param(BackupPolicy("daily", None, 0), {"plan": "daily", "hour": 0}, id="midnight is an hour"),
        pytest.param(BackupPolicy("weekly", "SUN", 4, 4, 28), POLICY, id="all fields"),
    ],
)
def test_a_policy_is_sent_with_the_fields_that_are_set(policy, sent):
    assert policy.to_api() == sent


@given(
    st.builds(
        BackupPolicy,
        st.text(min_size=1),
        st.none() | st.text(min_size=1),
        st.none() | st.integers(),
        st.none() | st.integers(),
        st.none() | st.integers(),
    )
)
def test_what_is_sent_reads_back_as_the_same_policy(policy):
    assert BackupPolicy.from_api(policy.to_api()) == policy


@pytest.mark.parametrize(
    ("days", "limit", "older"),
    [(6.9, 7, False), (7, 7, False), (7.1, 7, True), (None, 7, True)],
    ids=["younger", "as old", "older", "of unknown age"],
)
def test_older_than(days, limit, older):
    assert backup(1, days).older_than(limit, NOW) is older


def test_a_snapshot_id_is_a_number_also_where_the_api_sends_a_string():
    assert RestorePoint.from_api({**BACKUP, "id": "6372321"}).id == 6372321


@pytest.mark.parametrize(
    ("status", "in_progress", "errored"),
    [
        ("in-progress", True, False),
        ("completed", False, False),
        ("errored", False, True),
        ("of tomorrow", True, False),
    ],
)
def test_an_action_is_judged_by_its_status(status, in_progress, errored):
    action = Action.from_api({**ACTION, "status": status, "completed_at": None})
    assert (action.in_progress, action.errored) == (in_progress, errored)
    assert action.ended == (status in ("completed", "errored"))
    over = Action.from_api({**ACTION, "status": status, "completed_at": "2026-03-02T12:00:00Z"})
    assert over.in_progress == (status == "in-progress")
