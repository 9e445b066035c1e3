# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hosts of the inventory are called: no two Droplets share one, in one file or in several."""

from __future__ import annotations

import pytest

BY_TAG = [{"key": "do_tags", "prefix": "", "separator": ""}]


def test_several_of_one_name_all_become_name_and_id(world, inventory):
    first, second, alone, other = world("twin", "twin", "alone", "Twin")
    told = inventory()
    names = {first: f"twin_{first}", second: f"twin_{second}", alone: "alone", other: "Twin"}
    assert told.by_id == names, told
    assert told.warnings == [
        f"Each of these names stands for more than one thing: twin ({first}, {second}). "
        "The hosts are called by name and id."
    ]
    assert told.groups["backups_disabled"] == set(names.values())


def test_same_names_fail(world, inventory):
    first, second, _alone = world("twin", "twin", "alone")
    told = inventory(same_names="fail")
    assert told.failure == (
        f"Each of these names stands for more than one thing: twin ({first}, {second}). "
        "Use hostnames to tell them apart, or same_names: rename."
    )
    assert not told.hosts


def test_same_names_fail_where_all_differ(world, inventory):
    world("one", "two")
    assert set(inventory(same_names="fail").hosts) == {"one", "two"}


def test_of_thousands_a_few_are_named(world, inventory):
    world(*(f"twin-{number:02}" for number in range(12) for _twice in range(2)))
    told = inventory()
    assert len(told.hosts) == 24
    assert "twin-09" in told.warnings[0]
    assert "twin-10" not in told.warnings[0]
    assert "2 more" in told.warnings[0]


def test_two_accounts(world, second, both):
    """The name of the first file's host is its own no longer; it keeps its variables and its groups."""
    tagged = {"name": "twin", "tags": ["env:prod"], "policy": {"plan": "daily"}}
    one, alone = world(tagged, "alone")
    other, _more = world("twin", "more", of=second)
    told = both({"keyed_groups": BY_TAG, "compose": {"of": "'first'"}}, {"compose": {"of": "'second'"}})
    assert set(told.hosts) == {f"twin_{one}", f"twin_{other}", "alone", "more"}, told
    assert told.by_id[alone] == "alone"
    for key, of in ((one, "first"), (other, "second")):
        known = told.hosts[f"twin_{key}"]
        assert known["do_id"] == key
        assert known["of"] == of
        assert known["ansible_host"] == known["do_public_v4"]
    assert told.groups["env_prod"] == {f"twin_{one}"}
    assert told.groups["backups_enabled"] == {f"twin_{one}"}
    assert told.groups["backups_disabled"] == {f"twin_{other}", "alone", "more"}
    assert any(f"twin ({other})" in warning for warning in told.warnings)


def test_two_accounts_that_may_not_share(world, second, both):
    """The first file is whole, the second is not there."""
    world("twin", "alone")
    world("more", "twin", of=second)
    told = both({}, {"same_names": "fail"})
    assert set(told.hosts) == {"twin", "alone"}, told
    assert "stands for more than one thing: twin" in told.failure


def test_three_files_of_two_accounts(world, second, both):
    (one,) = world("twin")
    two, three = world("twin", "twin", of=second)
    told = both({}, {}, {})
    assert set(told.hosts) == {f"twin_{key}" for key in (one, two, three)}, told


def test_a_renamed_host_takes_no_other_name(world, second, both):
    """Whose name and id is what another host is called already."""
    one, other = world("twin", "other")
    two = world("twin", of=second)[0]
    told = both({"hostnames": [f"'twin_{one}' if do_id == {other} else do_name"]}, {})
    assert told.ids == sorted([one, other, two]), told
    assert len(told.hosts) == 3, told
    assert "twin" not in told.hosts


def test_the_same_account_twice(world, inventory):
    """A Droplet in two files is one host, in the groups of both."""
    key, _other = world({"name": "web", "tags": ["a"]}, "other")
    told = inventory.each({"tag": ["a"], "groups": {"first": True}}, {"groups": {"second": True}})
    assert told.by_id[key] == "web"
    assert not told.warnings
    assert told.groups["first"] == {"web"}
    assert told.groups["second"] == {"web", "other"}


@pytest.mark.parametrize("whole", [0, 1], ids=["whole-first", "whole-second"])
def test_a_part_and_the_whole_of_one_account(world, inventory, whole):
    """In the part, a name is one Droplet's, in the whole it is not."""
    one, two = world({"name": "web", "tags": ["a"]}, "web")
    files = [{}, {"tag": ["a"]}]
    told = inventory.each(files[whole], files[1 - whole])
    assert told.by_id == {one: f"web_{one}", two: f"web_{two}"}
    assert len(told.hosts) == 2, told


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "all", "ungrouped", "backups_enabled", "plan_other", "backups_disabled"]
)
def test_called_like_what_ansible_or_the_plugin_knows(world, inventory, name):
    key, other = world(name, "other")
    told = inventory()
    assert told.by_id == {key: f"{name}_{key}", other: "other"}, told
    assert told.groups["backups_disabled"] == {f"{name}_{key}", "other"}
    assert len(told.warnings) == 1
    assert f"{name} ({key})" in told.warnings[0]
    assert f"{name} ({key})" in inventory(same_names="fail").failure


def test_a_group_that_is_not_made_is_no_clash(world, inventory):
    world("plan_other", "backups_overdue")
    told = inventory(backup_groups=["plan_daily"])
    assert set(told.hosts) == {"plan_other", "backups_overdue"}
    assert not told.warnings


def test_called_like_a_group_with_a_prefix(world, inventory):
    (key,) = world("x_plan_daily")
    assert inventory(backup_groups_prefix="x_").by_id == {key: f"x_plan_daily_{key}"}


LATER = {
    "keyed": {"keyed_groups": BY_TAG},
    "composed": {"groups": {"prod": "'prod' in do_tags"}},
    "parent": {"keyed_groups": [{"key": "do_tags", "prefix": "tag", "parent_group": "prod"}]},
}


@pytest.mark.parametrize("kind", LATER)
def test_called_like_a_group_that_appears_only_later(world, inventory, kind):
    """The group comes from a Droplet behind the one of its name; variables stay those of the host."""
    named, tagged = world("prod", {"name": "web", "tags": ["prod"]})
    told = inventory(**LATER[kind], compose={"mine": "do_id"})
    assert told.by_id == {named: f"prod_{named}", tagged: "web"}, told
    assert "prod" in told.groups
    assert {name: known["mine"] for name, known in told.hosts.items()} == {f"prod_{named}": named, "web": tagged}
    assert f"prod ({named})" in told.warnings[0]
    failed = inventory(**LATER[kind], same_names="fail")
    assert f"prod ({named})" in failed.failure
    assert not failed.hosts


def test_called_like_a_group_of_an_earlier_file(world, second, both):
    world({"name": "web", "tags": ["prod"]})
    (named,) = world("prod", of=second)
    told = both({"keyed_groups": BY_TAG}, {})
    assert told.by_id[named] == f"prod_{named}", told
    assert told.groups["prod"] == {"web"}


def test_called_like_a_group_of_a_later_file(world, second, both):
    """The host of the first file is called anew, in its groups and with its variables."""
    (named,) = world({"name": "prod", "tags": ["env:x"]})
    world({"name": "web", "tags": ["prod"]}, of=second)
    by_x = [{"key": "do_tags", "prefix": "tag", "parent_group": "tagged"}]
    told = both({"keyed_groups": by_x}, {"keyed_groups": BY_TAG})
    assert told.by_id[named] == f"prod_{named}", told
    assert told.groups["prod"] == {"web"}
    assert told.groups["tag_env_x"] == {f"prod_{named}"}
    assert not told.groups["tagged"]
    assert any(f"prod ({named})" in warning for warning in told.warnings)
    failed = both({"keyed_groups": by_x}, {"keyed_groups": BY_TAG, "same_names": "fail"})
    assert f"prod ({named})" in failed.failure
    assert set(failed.hosts) == {"prod"}


def test_called_like_a_group_of_a_static_inventory(world, inventory):
    (named,) = world("prod")
    static = inventory.folder / "hosts.ini"
    static.write_text("[prod]\ntower\n")
    told = inventory.run(static, inventory.write({}))
    assert told.by_id == {named: f"prod_{named}"}
    assert told.groups["prod"] == {"tower"}


def test_groups_of_the_host_s_own_name_end_in_an_error(world, inventory):
    """Whatever a host is called, a group of that name appears."""
    world("web")
    told = inventory(keyed_groups=[{"key": "inventory_hostname", "prefix": "", "separator": ""}])
    assert told.failure.startswith("Whatever hosts are called, there is a group of that name: web_"), told
    assert not told.hosts


def test_one_expression_for_all(world, inventory):
    first, second = world("one", "two")
    assert inventory(hostnames=["'same'"]).by_id == {first: f"same_{first}", second: f"same_{second}"}


def test_a_name_with_an_id_that_is_another_s_name(world, inventory):
    one, two, three = world("twin", "twin", "other")
    told = inventory(hostnames=[f"'twin_{one}' if do_id == {three} else do_name"])
    assert told.ids == [one, two, three]
    assert len(set(told.by_id.values())) == 3
    assert "twin" not in told.hosts


def test_a_name_that_several_wished_for_stays_nobody_s(world, inventory):
    """Also if it is made of the name and the id of another one."""
    one, two, three, four = world("one", "two", "three", "four")
    told = inventory(hostnames=[f"'twin_{three}' if do_id in [{one}, {two}] else 'twin'"])
    assert told.by_id == {
        one: f"twin_{three}_{one}",
        two: f"twin_{three}_{two}",
        three: f"twin_{three}_{three}",
        four: f"twin_{four}",
    }
