# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host of the inventory knows, how it is called and reached, and the groups that are made of it."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner

DROPLETS = [
    {"name": "web", "features": ["ipv6"], "tags": ["env:prod", "role:web"], "policy": {"plan": "daily", "hour": 4}},
    {"name": "old", "legacy": True, "tags": ["env:prod"], "policy": {"plan": "weekly", "weekday": "SUN", "hour": 8}},
    {"name": "usage", "policy": {"plan": "intra_daily_4h", "hour": 0}},
    {"name": "bare", "volumes": 1, "status": "off", "size": "s-2vcpu-4gb", "image": "debian-12-x64"},
]
ALL = {
    *("id", "name", "status", "locked", "created_at", "region", "size", "price", "vcpus", "memory", "disk", "gpu"),
    *("image", "features", "tags", "networks", "public_v4", "private_v4", "public_v6", "vpc", "volumes"),
}


@pytest.fixture(name="ids")
def _ids(world):
    return world(*DROPLETS)


def address(droplet, family, kind):
    return next((net["ip_address"] for net in droplet["networks"][family] if net["type"] == kind), None)


def as_told(droplet):
    """What the API's own answer for a Droplet comes to, without a prefix."""
    same = ("id", "name", "status", "locked", "created_at", "vcpus", "memory", "disk", "features", "tags", "networks")
    return {name: droplet[name] for name in same} | {
        "region": droplet["region"]["slug"],
        "size": droplet["size_slug"],
        "price": droplet["size"]["price_monthly"],
        "gpu": False,
        "image": {name: droplet["image"][name] for name in ("id", "slug", "name", "distribution")},
        "public_v4": address(droplet, "v4", "public"),
        "private_v4": address(droplet, "v4", "private"),
        "public_v6": address(droplet, "v6", "public"),
        "vpc": droplet["vpc_uuid"],
        "volumes": droplet["volume_ids"],
    }


def test_attributes_are_what_the_api_tells(sim, ids, inventory):
    told = inventory()
    for key in ids:
        droplet = as_told(sim.api("GET", f"droplets/{key}")["droplet"])
        known = told.hosts[droplet["name"]]
        assert {name: value for name, value in known.items() if name not in ("do_backups", "ansible_host")} == {
            f"do_{name}": value for name, value in droplet.items()
        }
        assert known["ansible_host"] == droplet["public_v4"]
    assert told.hosts["web"]["do_public_v6"]
    assert told.hosts["old"]["do_private_v4"] is None
    assert told.hosts["bare"]["do_volumes"]
    assert set(as_told(sim.api("GET", f"droplets/{ids[0]}")["droplet"])) == ALL


@pytest.mark.parametrize("chosen", [["id", "tags"], [], ["public_v4"]], ids=str)
def test_attributes_and_prefix(ids, inventory, chosen):
    told = inventory(attributes=chosen, prefix="my_", backup_facts=False)
    assert {key for known in told.hosts.values() for key in known} == {"ansible_host", *(f"my_{n}" for n in chosen)}
    assert len(told.hosts) == len(ids)


def test_an_empty_prefix(ids, inventory):
    told = inventory(prefix="", attributes=["id", "region"], compose={"two": "region ~ id"})
    assert set(told.hosts["web"]) == {"id", "region", "backups", "ansible_host", "two"}
    assert told.hosts["web"]["two"] == f"nyc3{ids[0]}"


@pytest.mark.parametrize("connect_by", ["public_v4", "private_v4", "public_v6", "name"])
def test_connect_by(ids, inventory, connect_by):
    told = inventory(connect_by=connect_by)
    assert len(told.hosts) == len(ids)
    for known in told.hosts.values():
        assert known.get("ansible_host") == known[f"do_{connect_by}"]
        assert ("ansible_host" in known) == (known[f"do_{connect_by}"] is not None)
    if connect_by in ("private_v4", "public_v6"):
        assert len([known for known in told.hosts.values() if "ansible_host" in known]) in (1, 3)


def test_connect_by_an_attribute_that_is_not_told(ids, inventory):
    told = inventory(connect_by="private_v4", attributes=["id"])
    assert told.hosts["web"]["ansible_host"].startswith("10.")
    assert ids


@pytest.mark.parametrize("single", ["name", "id", "public_v4"])
def test_hostnames(ids, inventory, single):
    told = inventory(hostnames=[single])
    assert len(told.hosts) == len(ids)
    assert {name: str(known[f"do_{single}"]) for name, known in told.hosts.items()} == {n: n for n in told.hosts}


def test_hostnames_in_order_of_preference(ids, inventory):
    """The first that has a value; if none has one, the name."""
    told = inventory(hostnames=["public_v6", "private_v4", "id"])
    known = {known["do_name"]: (name, known) for name, known in told.hosts.items()}
    assert known["web"][0] == known["web"][1]["do_public_v6"]
    assert known["bare"][0] == known["bare"][1]["do_private_v4"]
    assert known["old"][0] == str(ids[1])
    assert set(inventory(hostnames=["public_v6"]).hosts) == {known["web"][0], "old", "usage", "bare"}


def test_hostnames_by_expression(ids, inventory):
    told = inventory(hostnames=["do_volumes | first | default('')", "do_region ~ '-' ~ do_name"], attributes=["id"])
    assert {name for name in told.hosts if not name.startswith("nyc3-")} == {told.by_id[ids[3]]}
    assert "nyc3-web" in told.hosts
    failed = inventory(hostnames=["do_nmae"])
    assert "hostnames: 'do_nmae' fails" in failed.failure
    assert not failed.hosts


def test_backup_facts(sim, ids, inventory):
    """As the API tells them, one by one."""
    told = inventory()
    for key in ids:
        policy = sim.api("GET", f"droplets/{key}/backups/policy")["policy"]
        given = policy["backup_policy"] if policy["backup_enabled"] else {}
        assert told.hosts[told.by_id[key]]["do_backups"] == {
            "enabled": policy["backup_enabled"],
            "plan": given.get("plan"),
            "weekday": given.get("weekday"),
            "hour": given.get("hour"),
            "next_window": policy.get("next_backup_window"),
            "retention_days": given.get("retention_period_days"),
        }
    assert told.groups == {
        "ungrouped": set(),
        "backups_enabled": {"web", "old", "usage"},
        "backups_disabled": {"bare"},
        "plan_daily": {"web"},
        "plan_weekly": {"old"},
        "plan_other": {"usage"},
    }


def test_without_backup_facts(ids, inventory):
    told = inventory(backup_facts=False)
    assert len(told.hosts) == len(ids)
    assert not [key for known in told.hosts.values() for key in known if "backup" in key]
    assert told.groups == {"ungrouped": set(told.hosts)}


@pytest.mark.parametrize("name", ["fleet", "awkward"])
def test_backup_ages_are_those_of_the_module(sim, inventory, name):
    """Another way through the collection comes to the same, for every awkward Droplet."""
    sim.reset(world=name)
    module = Runner(sim, "droplet_backups_info")(all=True).droplets
    told = inventory(backup_ages=True)
    assert told.ids == sorted(module)
    for known in told.hosts.values():
        entry, backups = module[known["do_id"]], known["do_backups"]
        assert backups["status"] == entry["status"]
        assert backups["count"] == len(entry["backups"])
        newest = entry["newest"] and {
            "id": entry["newest"]["id"],
            "time": entry["newest"]["created_at"],
            "age_hours": pytest.approx(entry["newest"]["age_hours"], abs=0.11),
        }
        assert backups["newest"] == newest
        assert backups["enabled"] == entry["enabled"]
    for status in ("overdue", "pending"):
        expected = {told.by_id[key] for key, entry in module.items() if entry["status"] == status}
        assert expected
        assert told.groups[f"backups_{status}"] == expected


def test_grace_hours(world, inventory):
    (key,) = world({"name": "late", "policy": {"plan": "daily"}, "newest_backup_age": "3d", "failing": True})
    for grace, status in ((2, "overdue"), (47.5, "overdue"), (100, "protected")):
        told = inventory(backup_ages=True, grace_hours=grace)
        assert told.hosts["late"]["do_backups"]["status"] == status, grace
        assert (told.groups["backups_overdue"] == {"late"}) == (status == "overdue")
    assert key


def test_backup_groups(ids, inventory):
    """Those that are asked for, whether any host is in them or not, with their prefix."""
    told = inventory(backup_groups=["plan_daily", "backups_overdue"], backup_groups_prefix="bk ", backup_ages=True)
    assert told.groups == {
        "ungrouped": {"old", "usage", "bare"},
        "bk_plan_daily": {"web"},
        "bk_backups_overdue": set(),
    }
    assert inventory(backup_groups=[]).groups == {"ungrouped": {"web", "old", "usage", "bare"}}
    assert ids


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"backup_groups": ["backups_overdue"]}, "backup_groups has backups_overdue, which needs backup_ages: true."),
        ({"backup_groups": ["plan_other", "backups_pending"]}, "has backups_pending, which needs backup_ages: true."),
        ({"backup_facts": False, "backup_groups": ["plan_daily"]}, "has plan_daily, which needs backup_facts: true."),
        ({"backup_facts": False, "backup_ages": True}, "backup_ages: true needs backup_facts: true."),
        ({"grace_hours": -1}, "grace_hours -1.0 is below 0."),
        ({"prefix": "my-"}, "prefix 'my-' cannot begin the name of a variable."),
        ({"prefix": "1"}, "prefix '1' cannot begin the name of a variable."),
        ({"nonsense": 1, "taag": ["x"]}, "There is no option nonsense, taag. See ansible-doc -t inventory"),
        ({"gpu": "some"}, "gpu"),
        ({"attributes": ["id", "nonsense"]}, "nonsense"),
        ({"backup_groups": ["plan_monthly"]}, "plan_monthly"),
        ({"same_names": "merge"}, "same_names"),
        ({"connect_by": "id"}, "connect_by"),
        ({"grace_hours": "two"}, "grace_hours"),
        ({"request_timeout": 0}, "request_timeout"),
        ({"concurrency": 0}, "concurrency"),
        ({"burst_limit": "fast"}, "burst_limit"),
        ({"ca_path": "/nowhere/ca.pem"}, "ca_path '/nowhere/ca.pem' is not a file that can be read"),
        ({"api_url": "http://192.0.2.1"}, "would send the token unencrypted"),
        ({"token": None}, "There is no token: set token, or DIGITALOCEAN_TOKEN"),
    ],
    ids=str,
)
def test_what_is_refused(sim, inventory, options, sentence):
    """In a sentence, before anything is asked."""
    told = inventory(**options)
    assert told.failure, told
    assert sentence in told.failure
    assert not told.hosts
    assert not sim.journal()


def test_compose_groups_and_keyed_groups(ids, inventory):
    told = inventory(
        attributes=["id"],
        compose={"ansible_user": "'root'", "where": "do_region | upper", "ansible_host": "do_private_v4"},
        groups={"big": "do_vcpus > 1", "mine": "where == 'NYC3'"},
        keyed_groups=[
            {"key": "do_tags", "prefix": "tag"},
            {"key": "do_backups.plan", "prefix": "by", "default_value": "none", "parent_group": "plans"},
        ],
    )
    assert {known["where"] for known in told.hosts.values()} == {"NYC3"}
    assert told.hosts["web"]["ansible_user"] == "root"
    assert told.hosts["web"]["ansible_host"].startswith("10.")
    assert told.groups["big"] == {"bare"}
    assert told.groups["mine"] == {"web", "old", "usage", "bare"}
    assert told.groups["tag_env_prod"] == {"web", "old"}
    assert told.groups["tag_role_web"] == {"web"}
    assert told.groups["by_none"] == {"bare"}
    assert told.parents["plans"] == {"by_daily", "by_weekly", "by_intra_daily_4h", "by_none"}
    assert ids


STRICT = {
    "compose": {"compose": {"x": "do_volumes[0]"}},
    "groups": {"groups": {"x": "do_volumes[0] == 'v'"}},
    "keyed_groups": {"keyed_groups": [{"key": "do_volumes[0]", "prefix": "v"}]},
}


@pytest.mark.parametrize("kind", STRICT)
def test_strict(ids, inventory, kind):
    """An error in the middle leaves no host; without strict, it is left out if it fails."""
    told = inventory(**STRICT[kind], strict=True)
    assert told.failure, told
    assert not told.hosts
    assert not [name for name, members in told.groups.items() if members]
    assert len(inventory(**STRICT[kind]).hosts) == len(ids)


def test_strict_leaves_what_another_file_has_made(ids, inventory):
    told = inventory.each({"name": ["bare"]}, {**STRICT["compose"], "strict": True})
    assert set(told.hosts) == {"bare"}
    assert told.failure
    assert ids


def test_use_extra_vars(ids, inventory):
    path = inventory.write({"use_extra_vars": True, "filters": ["do_name == wanted"], "compose": {"also": "wanted"}})
    told = inventory.run(path, args=("-e", "wanted=old"))
    assert told.ids == [ids[1]]
    assert told.hosts["old"]["also"] == "old"


def test_leading_separator(ids, inventory):
    keyed = [{"key": "do_region", "prefix": ""}]
    assert "_nyc3" in inventory(keyed_groups=keyed).groups
    assert "nyc3" in inventory(keyed_groups=keyed, leading_separator=False).groups
    assert ids
