# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that were written for another inventory plugin: what does not hold here is told, with what holds."""

from __future__ import annotations

import pytest

TAGGED = ({"name": "web", "tags": ["k3s-demo", "role:db"], "policy": {"plan": "daily"}}, {"name": "db", "tags": []})
PUBLIC = "do_networks.v4 | selectattr('type', 'eq', 'public')"
BY_TAG = [{"key": "do_tags", "prefix": "tag"}]
BARE = [{"key": "do_tags", "prefix": "", "separator": ""}]
TRANSFORM = "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS"
RENAMED = "Groups are renamed, because Ansible calls some of their characters invalid: "
SENTENCES = {
    "do_size_slug": "use do_size",
    "do_vpc_uuid": "use do_vpc",
    "do_region.slug": "use do_region",
    "do_image['regions']": "api_records: true gives",
    "do_size.price_monthly": "use do_price",
    "do_size.description": "api_records: true gives",
    "do_kernel": "api_records: true gives",
    "do_ip_address": "use do_public_v4",
    "region.slug": "use do_region",
    "size_slug": "use do_size",
    "status": "use do_status",
    "do_next_backup_window.start": "use do_backups.next_window",
    "do_backups.newest": "do_backups.newest needs backup_ages: true",
    "do_backups.nothing": "do_backups has enabled, plan,",
    "do_regoin": "there are do_backups, do_created_at,",
}
"""What there is to use instead of what no host has."""


def written(option):
    """All those expressions in one option; what the option is then."""
    numbered = {f"mine_{number}": expression for number, expression in enumerate(SENTENCES)}
    return {
        "compose": {name: f"{expression} | string" for name, expression in numbered.items()},
        "groups": {name: f"{expression} == 'x'" for name, expression in numbered.items()},
        "keyed_groups": [{"key": expression, "prefix": "x"} for expression in SENTENCES],
        "filters": [f"do_id > 0 or {expression} == 'x'" for expression in SENTENCES],
        "hostnames": ["name", *SENTENCES],
    }[option]


@pytest.mark.parametrize("option", ["compose", "groups", "keyed_groups", "filters", "hostnames"])
def test_what_no_host_has_is_told_once_with_what_there_is(world, inventory, option):
    world(*TAGGED)
    told = inventory(**{option: written(option)})
    assert len(told.hosts) == 2, told
    assert len(told.warnings) == len(SENTENCES)
    for expression, instead in SENTENCES.items():
        name = expression.replace("['", ".").removesuffix("']")
        sentence = f"{option} uses {name}, which no host has: {instead}"
        assert any(warning.startswith(sentence) for warning in told.warnings), sentence


FINE = [
    *("do_size_slug is defined", "do_size_slug | default(do_size)", "do_vpc_uuid is defined and do_vpc_uuid == 'x'"),
    *("do_region.slug | d(do_region)", "do_region.upper()", "do_tags | select('match', 'do_size_slug') | list"),
    *("'do_size_slug' in do_tags", "inventory_hostname", "do_image.slug", "do_networks.v4", "do_backups.next_window"),
    *("do_networks['v4'][0]['type']", "lookup('env', 'HOME')", "(", ""),
]


def test_what_may_be_missing_or_is_there_is_not_told_of(world, inventory):
    world(*TAGGED)
    groups = {f"mine_{number}": expression and f"{expression} == 'x'" for number, expression in enumerate(FINE)}
    told = inventory(groups=groups)
    assert not told.warnings
    assert len(told.hosts) == 2


def test_a_name_of_one_s_own_is_not_told_of(world, inventory):
    """Made by compose, or given by another file or on the command line."""
    world(*TAGGED)
    assert not inventory(compose={"do_class": "do_size"}, groups={"mine": "do_class == 'x'"}).warnings
    static = inventory.folder / "hosts.ini"
    static.write_text("[prod]\nweb do_rack=7\n")
    told = inventory.run(static, inventory.write({"groups": {"mine": "do_rack == 7"}}))
    assert told.groups["mine"] == {"web"}
    assert not told.warnings
    assert not inventory(
        "-e", "do_stage=x", use_extra_vars=True, compose={"mine": "do_stage"}, groups={"yours": "do_stage == 'x'"}
    ).warnings


def test_a_filter_that_fails_is_an_error_beside_the_warning(world, inventory):
    world(*TAGGED)
    told = inventory(filters=["do_region.slug == 'nyc3'"])
    assert "do_region.slug == 'nyc3'" in told.failure
    assert "filters uses do_region.slug, which no host has: use do_region." in told.warnings


OLD = {
    "api_token": "token",
    "oauth_token": "token",
    "baseurl": "api_url, without /v2",
    "var_prefix": "prefix",
    "api_filters": "tag and name",
    "timeout": "request_timeout",
    "pagination": "not needed",
    "client_override_options": "api_url",
    "use_private_network": "connect_by: private_v4",
}


@pytest.mark.parametrize("option", OLD)
def test_an_option_of_another_plugin(sim, inventory, option):
    told = inventory(**{option: "x"})
    assert f"There is no option {option}. Here {option} is {OLD[option]}" in told.failure, told
    assert not sim.journal()


def test_all_of_them_are_told_at_once(inventory):
    told = inventory(**dict.fromkeys(OLD, "x"), attributes=["id", "size_slug", "kernel"], validate_certs=False, typo=1)
    for option, here in OLD.items():
        assert f"{option} is {here}" in told.failure
    assert "validate_certs is ca_path" in told.failure
    assert "typo" in told.failure
    assert "There is no attribute size_slug, kernel. Here size_slug is size. With api_records: true" in told.failure


class TestRecords:
    """The API's own record under the names that other plugins use."""

    @pytest.mark.parametrize("prefix", ["do_", "", "x_"])
    def test_it_is_whole(self, world, sim, inventory, prefix):
        keys = world(*TAGGED)
        told = inventory(api_records=True, prefix=prefix)
        assert not told.failure, told
        for key in keys:
            record = sim.api("GET", f"droplets/{key}")["droplet"]
            known = told.hosts[record["name"]]
            for field, value in record.items():
                variable = "do_tags" if (prefix, field) == ("", "tags") else prefix + field
                assert known[variable] == value, field
            assert known[f"{prefix}public_v4"] == known["ansible_host"]
            assert known[f"{prefix}price"] == record["size"]["price_monthly"]
            assert known[f"{prefix}backups"]["enabled"] is (record["name"] == "web")
            assert ("tags" in known) == (prefix == "t")

    def test_a_file_of_another_plugin_holds_with_its_options_renamed(self, world, inventory):
        world(*TAGGED)
        told = inventory(
            api_records=True,
            attributes=["id", "name", "region", "size", "size_slug", "image", "networks", "tags"],
            keyed_groups=[{"key": "do_region.slug", "prefix": "region"}, {"key": "do_size_slug", "prefix": "size"}],
            groups={"ubuntu": "'Ubuntu' in do_image.distribution"},
            filters=["do_region.slug == 'nyc3'"],
            compose={
                "ansible_host": f"{PUBLIC} | map(attribute='ip_address') | first",
                "class": "do_size.description | lower",
            },
            backup_facts=False,
            transform_invalid_group_chars="silently",
        )
        assert not told.warnings
        assert told.groups["region_nyc3"] == told.groups["size_s_1vcpu_1gb"] == told.groups["ubuntu"] == {"web", "db"}
        variables = {"id", "name", "region", "size", "size_slug", "image", "networks", "tags"}
        assert set(told.hosts["web"]) == {"ansible_host", "class", *(f"do_{name}" for name in variables)}
        assert told.hosts["web"]["class"] == "basic"

    def test_nothing_in_it_is_a_template(self, world, inventory):
        world({"name": "{{ 7 * 7 }}", "tags": ["{{ nothing }}"]})
        told = inventory(api_records=True, compose={"copy": "do_name"})
        ((name, known),) = told.hosts.items()
        assert name == known["do_name"] == known["copy"] == "{{ 7 * 7 }}"

    def test_a_cache_of_the_one_is_not_that_of_the_other(self, world, inventory, tmp_path):
        world(*TAGGED)
        cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
        assert "do_size_slug" not in inventory(**cache).hosts["web"]
        first = inventory(**cache, api_records=True)
        assert first.hosts["web"]["do_size_slug"]
        again = inventory(**cache, api_records=True)
        assert not again.requests
        assert again.hosts == first.hosts

    def test_what_it_has_and_lacks(self, world, inventory):
        world(*TAGGED)
        told = inventory(api_records=True, groups={"a": "do_size_slug == 'x'", "b": "do_slug == 'x'"})
        (warning,) = told.warnings
        assert warning.startswith("groups uses do_slug, which no host has: there are do_backup_ids,")
        assert "There is no attribute slug" in inventory(api_records=True, attributes=["slug"]).failure

    def test_a_field_that_steers_ansible_is_left_out(self, world, sim, inventory):
        (key,) = world("x")
        droplet = {**sim.api("GET", f"droplets/{key}")["droplet"], "ansible_connection": "local", "a b": 1}
        sim.fault(
            {"status": 200, "body": {"droplets": [droplet], "links": {}, "meta": {"total": 1}}}, path="^/v2/droplets$"
        )
        known = inventory(api_records=True, prefix="").hosts["x"]
        assert "ansible_connection" not in known
        assert "a b" not in known


class TestGroupNames:
    """What becomes of `-`, `.` and `:` in names of groups."""

    @pytest.mark.parametrize(
        ("options", "environ"),
        [
            pytest.param({}, {}, id="by default"),
            pytest.param({"transform_invalid_group_chars": "always"}, {}, id="by the file"),
            pytest.param({}, {TRANSFORM: "always"}, id="by Ansible's setting"),
            pytest.param({"transform_invalid_group_chars": "always"}, {TRANSFORM: "never"}, id="the file counts"),
        ],
    )
    def test_always(self, world, inventory, options, environ):
        world(*TAGGED)
        told = inventory.run(inventory.write({"keyed_groups": BY_TAG, **options}), environ=environ)
        assert told.groups["tag_k3s_demo"] == told.groups["tag_role_db"] == {"web"}
        (warning,) = told.warnings
        assert warning.startswith(f"{RENAMED}tag_k3s-demo to tag_k3s_demo, tag_role:db to tag_role_db.")

    @pytest.mark.parametrize("of_the_file", [True, False])
    def test_silently(self, world, inventory, of_the_file):
        world(*TAGGED)
        options = {"transform_invalid_group_chars": "silently"} if of_the_file else {}
        environ = {} if of_the_file else {TRANSFORM: "silently"}
        told = inventory.run(inventory.write({"keyed_groups": BY_TAG, **options}), environ=environ)
        assert told.groups["tag_k3s_demo"] == {"web"}
        assert not told.warnings

    @pytest.mark.parametrize("of_the_file", [True, False])
    @pytest.mark.parametrize("position", ["never", "ignore"])
    def test_never_and_ignore(self, world, inventory, position, of_the_file):
        world(*TAGGED)
        options = {"transform_invalid_group_chars": position} if of_the_file else {}
        environ = {} if of_the_file else {TRANSFORM: position}
        told = inventory.run(inventory.write({"keyed_groups": BARE, **options}), environ=environ)
        assert told.groups["k3s-demo"] == told.groups["role:db"] == {"web"}
        assert "k3s_demo" not in told.groups
        assert RENAMED not in told.errors

    def test_group_vars_of_such_a_name_are_found(self, world, inventory):
        world(*TAGGED)
        folder = inventory.folder / "group_vars"
        folder.mkdir()
        (folder / "k3s-demo.yml").write_text("of_the_group: here\n")
        told = inventory(keyed_groups=BARE, transform_invalid_group_chars="ignore")
        assert told.hosts["web"]["of_the_group"] == "here"
        assert "of_the_group" not in inventory(keyed_groups=BARE).hosts["web"]

    def test_two_that_become_one_are_told_of_together(self, world, inventory):
        world({"name": "web", "tags": ["a-b"]}, {"name": "db", "tags": ["a:b"]})
        told = inventory(keyed_groups=BY_TAG)
        assert told.groups["tag_a_b"] == {"web", "db"}
        assert f"{RENAMED}tag_a-b and tag_a:b to tag_a_b." in told.warnings[0]

    def test_of_many_the_first_are_told(self, world, inventory):
        world({"name": "web", "tags": [f"a-{number:02}" for number in range(15)]})
        (warning,) = inventory(keyed_groups=BY_TAG).warnings
        assert "tag_a-09 to tag_a_09, 5 more." in warning
        assert "a-10" not in warning

    def test_groups_and_parents_of_any_kind(self, world, inventory):
        world(*TAGGED)
        told = inventory(
            groups={"all-here": "true"},
            keyed_groups=[{"key": "do_region", "prefix": "at", "separator": ".", "parent_group": "the-regions"}],
            backup_groups_prefix="do-",
            backup_groups=["plan_daily"],
            transform_invalid_group_chars="ignore",
        )
        assert told.groups["all-here"] == told.groups["at.nyc3"] == {"web", "db"}
        assert told.parents["the-regions"] == {"at.nyc3"}
        assert told.groups["do-plan_daily"] == {"web"}
