# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets as hosts: what is kept of them, what they know at which time, and that no two are one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import hosts
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.hosts import HostNames, InventoryOptions
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Droplet
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.newest_backups import KnownBackups
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.time import iso
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup

HOUR = timedelta(hours=1)
HERE = NOW + timedelta(days=200)
"""The time of this machine, whose clock is wrong."""

DATA = {
    "id": 7,
    "name": "web-01",
    "status": "active",
    "locked": False,
    "created_at": "2026-01-01T00:00:00Z",
    "memory": 1024,
    "vcpus": 1,
    "disk": 25,
    "features": ["backups"],
    "tags": ["env:prod"],
    "volume_ids": ["v-1"],
    "vpc_uuid": "u-1",
    "backup_ids": [11],
    "size_slug": "s-1vcpu-1gb",
    "size": {"slug": "s-1vcpu-1gb", "price_monthly": 6.0, "regions": ["nyc3"] * 20},
    "region": {"slug": "nyc3", "name": "New York 3", "sizes": ["s-1vcpu-1gb"] * 100},
    "image": {"id": 3, "slug": "ubuntu", "name": "24.04", "distribution": "Ubuntu", "regions": ["nyc3"] * 20},
    "networks": {
        "v4": [{"ip_address": "10.0.0.7", "type": "private"}, {"ip_address": "198.18.0.7", "type": "public"}],
        "v6": [{"ip_address": "2001:db8::7", "type": "public"}],
    },
    "next_backup_window": None,
    "something_new": {"of": "tomorrow"},
}
DAILY = {
    "droplet_id": 7,
    "backup_enabled": True,
    "backup_policy": {"plan": "daily", "hour": 8, "window_length_hours": 4, "retention_period_days": 7},
    "next_backup_window": {"start": "2026-03-03T08:00:00Z", "end": "2026-03-03T12:00:00Z"},
}
OFF = {"droplet_id": 7, "backup_enabled": False}
AGED = InventoryOptions(backup_ages=True, groups=(*hosts.GROUPS, *hosts.GROUPS_BY_AGE))


def options(**given_):
    left_out = {
        "tag": [], "exclude_tag": [], "name": [], "region": [], "gpu": "include", "backup_facts": True,
        "backup_ages": False, "grace_hours": 2.0, "prefix": "do_", "backup_groups": None, "api_records": False,
    }  # fmt: skip
    return {**left_out, **given_}


def facts(policy=None, points=(), set_at=None, **fields):
    """Facts that were fetched at NOW; `points` is None if the token may not read backups."""
    backups = None if points is None else {7: KnownBackups.all_of(points)}
    record = hosts.kept({**DATA, **fields})
    return json.loads(
        json.dumps(hosts.facts(NOW, HERE, [record], {7: policy or DAILY}, backups, {7: set_at} if set_at else {}))
    )


def host(found, wanted=AGED, now=NOW):
    (one,) = hosts.hosts(found, wanted, now)
    return one


class TestWanted:
    @pytest.mark.parametrize(
        ("given_", "groups"),
        [
            ({}, hosts.GROUPS),
            ({"backup_ages": True}, hosts.GROUPS + hosts.GROUPS_BY_AGE),
            ({"backup_facts": False}, ()),
            ({"backup_groups": []}, ()),
            ({"backup_groups": ["plan_daily"]}, ("plan_daily",)),
            ({"backup_ages": True, "backup_groups": ["backups_overdue"]}, ("backups_overdue",)),
        ],
    )
    def test_groups(self, given_, groups):
        assert InventoryOptions.from_options(options(**given_)).groups == groups

    @pytest.mark.parametrize(
        ("given_", "says"),
        [
            ({"backup_groups": ["backups_overdue"]}, "backups_overdue, which needs backup_ages: true"),
            ({"backup_groups": ["plan_daily"], "backup_facts": False}, "plan_daily, which needs backup_facts: true"),
            ({"backup_ages": True, "backup_facts": False}, "backup_ages: true needs backup_facts: true"),
            ({"tag": [" "]}, "tag has an empty entry"),
            ({"name": ["web", ""]}, "name has an empty entry"),
            ({"region": [""]}, "region has an empty entry"),
            ({"grace_hours": -1.0}, "grace_hours -1.0 is below 0"),
            ({"prefix": "do-"}, "prefix 'do-' cannot begin the name of a variable"),
            ({"prefix": "1"}, "prefix '1' cannot"),
            ({"prefix": "é"}, "prefix 'é' cannot"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, given_, says):
        with pytest.raises(InputError, match=says):
            InventoryOptions.from_options(options(**given_))

    def test_what_is_fetched_tells_two_apart_that_ask_for_different_things(self):
        same = InventoryOptions.from_options(options(tag=["b", "a"], region=["nyc3"], grace_hours=5))
        assert same.fetched == InventoryOptions.from_options(options(tag=["a", "b"], backup_groups=[])).fetched
        others = [
            {"tag": ["a"]}, {"name": ["a"]}, {"gpu": "only"}, {"backup_facts": False}, {"backup_ages": True},
            {"backup_ages": True, "grace_hours": 3},
        ]  # fmt: skip
        asked = [json.dumps(InventoryOptions.from_options(options(**given_)).fetched) for given_ in ({}, *others)]
        assert len(set(asked)) == len(asked)

    def test_a_name_is_a_whole_name_whatever_its_capitals(self):
        wanted = InventoryOptions(names=("Web-01",))
        assert wanted.named(DATA)
        assert not wanted.named({**DATA, "name": "web-011"})
        assert not wanted.named({**DATA, "name": None})


class TestKept:
    def test_it_is_json_and_the_same_droplet(self):
        record = json.loads(json.dumps(hosts.kept(DATA)))
        whole, kept = Droplet.from_api(DATA), Droplet.from_api(record)
        # What only an action needs is not kept.
        assert kept == replace(whole, snapshot_ids=None)
        assert len(json.dumps(record)) < len(json.dumps(DATA)) / 2

    @pytest.mark.parametrize("hidden", ["tags", "volume_ids", "vpc_uuid", "backup_ids", "image"])
    def test_what_the_token_may_not_read_stays_unknown(self, hidden):
        data = {name: value for name, value in DATA.items() if name != hidden}
        assert Droplet.from_api(hosts.kept(data)) == replace(Droplet.from_api(data), snapshot_ids=None)

    @pytest.mark.parametrize(
        ("data", "asked", "gpu"),
        [
            (DATA, False, False),
            (DATA, True, True),
            ({**DATA, "gpu_info": {"count": 1}}, False, True),
            ({**DATA, "size": {**DATA["size"], "gpu_info": {"count": 1}}}, False, True),
        ],
    )
    def test_a_gpu_droplet_is_known_as_one(self, data, asked, gpu):
        assert Droplet.from_api(hosts.kept(data, gpu=asked)).gpu is gpu


class TestTime:
    @pytest.mark.parametrize(
        ("passed", "expected"), [(timedelta(), NOW), (HOUR, NOW + HOUR), (-HOUR, NOW), (timedelta(days=30), None)]
    )
    def test_the_time_of_the_api_goes_on_with_the_clock_of_this_machine(self, passed, expected):
        assert hosts.time_of(facts(), HERE + passed) == (expected or NOW + passed)

    @pytest.mark.parametrize("found", [None, {}, [], "text", {"format": 0}, {"format": None}])
    def test_facts_of_another_kind_are_not_used(self, found):
        assert not hosts.usable(found)
        assert hosts.usable(facts())


class TestHosts:
    def test_a_host_tells_all_that_there_is(self):
        told = host(facts(points=[backup(11, days=0.5), backup(12, days=1.5)])).variables
        assert told == {
            "id": 7,
            "name": "web-01",
            "status": "active",
            "locked": False,
            "created_at": "2026-01-01T00:00:00Z",
            "region": "nyc3",
            "size": "s-1vcpu-1gb",
            "price": 6.0,
            "vcpus": 1,
            "memory": 1024,
            "disk": 25,
            "gpu": False,
            "image": {"id": 3, "slug": "ubuntu", "name": "24.04", "distribution": "Ubuntu"},
            "features": ["backups"],
            "tags": ["env:prod"],
            "networks": DATA["networks"],
            "public_v4": "198.18.0.7",
            "private_v4": "10.0.0.7",
            "public_v6": "2001:db8::7",
            "vpc": "u-1",
            "volumes": ["v-1"],
            "backups": {
                "enabled": True,
                "plan": "daily",
                "weekday": None,
                "hour": 8,
                "next_window": {"start": "2026-03-03T08:00:00Z", "end": "2026-03-03T12:00:00Z"},
                "retention_days": 7,
                "newest": {"id": 11, "time": iso(NOW - 12 * HOUR), "age_hours": 12.0},
                "count": 2,
                "status": "protected",
            },
        }

    def test_without_facts_there_is_nothing_of_backups(self):
        found = hosts.facts(NOW, HERE, [hosts.kept(DATA)])
        one = host(found, InventoryOptions(backup_facts=False, groups=()))
        assert "backups" not in one.variables
        assert one.groups == ()

    def test_without_ages_the_state_alone_is_told(self):
        told = host(facts(), InventoryOptions()).variables["backups"]
        assert sorted(told) == ["enabled", "hour", "next_window", "plan", "retention_days", "weekday"]

    @pytest.mark.parametrize(
        ("policy", "status", "groups"),
        [
            (DAILY, None, ("backups_enabled", "plan_daily")),
            (OFF, "unprotected", ("backups_disabled",)),
            (
                {**DAILY, "backup_policy": {"plan": "intra_daily_4h"}},
                None,
                ("backups_enabled", "plan_other"),
            ),
            ({**DAILY, "backup_policy": None}, None, ("backups_enabled", "plan_other")),
        ],
    )
    def test_where_backups_may_not_be_read_their_ages_are_unknown(self, policy, status, groups):
        one = host(facts(policy, points=None))
        assert one.groups == groups
        told = one.variables["backups"]
        assert (told["status"], told["newest"], told["count"]) == (status, None, None)

    @pytest.mark.parametrize(
        ("hours", "status"),
        [(0, "protected"), (17.9, "protected"), (18.1, "overdue"), (24 * 30, "overdue")],
    )
    def test_as_time_passes_what_was_protected_is_overdue(self, hours, status):
        """A daily backup is good for 24 hours, its window of 4 and the grace of 2."""
        now = NOW + hours * HOUR
        one = host(facts(points=[backup(11, days=0.5)]), now=now)
        assert one.variables["backups"]["status"] == status
        assert one.variables["backups"]["newest"]["age_hours"] == round(12 + hours, 1)
        assert ("backups_overdue" in one.groups) == (status == "overdue")

    @pytest.mark.parametrize(("hours", "status"), [(0, "pending"), (25.9, "pending"), (26.1, "overdue")])
    def test_what_waits_for_its_first_backup_is_overdue_once_its_window_is_over(self, hours, status):
        """Set at NOW, which is noon; the window opens at 8 the next day, is 4 hours long, and the grace is 2."""
        one = host(facts(set_at=NOW), now=NOW + hours * HOUR)
        assert one.variables["backups"]["status"] == status
        assert f"backups_{status}" in one.groups

    def test_hosts_come_by_id(self):
        records = [hosts.kept({**DATA, "id": key}) for key in (9, 7, 8)]
        found = hosts.facts(NOW, HERE, records, dict.fromkeys((7, 8, 9), DAILY))
        assert [one.droplet.id for one in hosts.hosts(found, InventoryOptions(), NOW)] == [7, 8, 9]


WISHES = st.dictionaries(st.integers(1, 12), st.sampled_from(["a", "a_1", "a_1_2", "b", "localhost"]), max_size=8)


class TestNames:
    @pytest.mark.parametrize(
        ("wished", "names"),
        [
            ({1: "a", 2: "b"}, {1: "a", 2: "b"}),
            ({1: "a", 2: "a"}, {1: "a_1", 2: "a_2"}),
            ({1: "a", 2: "a", 3: "a_1"}, {1: "a_1_1", 2: "a_2", 3: "a_1_3"}),
            ({1: "localhost", 2: "b"}, {1: "localhost_1", 2: "b"}),
            ({1: "a", 2: "A"}, {1: "a", 2: "A"}),
            ({1: "a_3", 2: "a_3", 3: "a", 4: "a"}, {1: "a_3_1", 2: "a_3_2", 3: "a_3_3", 4: "a_4"}),
            ({}, {}),
        ],
    )
    def test_one_name_for_each(self, wished, names):
        assert HostNames().names("here", wished, {"localhost"}) == names

    @given(WISHES, WISHES, st.booleans())
    def test_no_two_droplets_of_an_inventory_are_one_host(self, first, second, same_api):
        register, hosts_of = HostNames(), {}
        for source, wished in (("one", first), ("one" if same_api else "two", second)):
            names = register.names(source, wished, {"localhost"})
            assert len(set(names.values())) == len(names)
            assert "localhost" not in names.values()
            for old, new in register.claim(source, wished, names):
                assert new not in hosts_of
                hosts_of[new] = hosts_of.pop(old)
            for key, name in names.items():
                assert hosts_of.setdefault(name, (source, key)) == (source, key)

    def test_the_host_of_another_file_gets_a_new_name_and_the_bare_one_is_nobodys(self):
        register = HostNames()
        for source, key, renamed in (("one", 1, []), ("two", 2, [("a", "a_1")]), ("three", 3, [])):
            wished = {key: "a"}
            names = register.names(source, wished, ())
            assert names == {key: "a" if key == 1 else f"a_{key}"}
            assert register.claim(source, wished, names) == renamed

    def test_the_same_droplet_in_two_files_is_one_host(self):
        register = HostNames()
        for _file in range(2):
            names = register.names("one", {1: "a"}, ())
            assert names == {1: "a"}
            assert register.claim("one", {1: "a"}, names) == []

    def test_what_clashes_is_told_by_name(self):
        wished = {1: "a", 2: "a", 3: "b"}
        assert hosts.shared(wished, HostNames().names("here", wished, ())) == "a (1, 2)"
        assert hosts.shared({3: "b"}, {3: "b"}) == ""
        many = {number: f"n{number:02}" for number in range(12)}
        told = hosts.shared(many, {number: f"x{number}" for number in many})
        assert told.endswith("n08 (8), n09 (9), 2 more")
