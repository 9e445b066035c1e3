# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: droplets
short_description: Droplets as hosts, with facts about their backups
version_added: 0.1.0
author:
  - Lifeboat maintainers (@lifeboat)
description:
  - Reads the Droplets of an account into the inventory, with their addresses, properties and backup facts, and makes
    groups by the backup facts.
  - It reads files whose names end in C(droplets), C(digitalocean), C(digital_ocean), C(do_hosts) or C(lifeboat), and
    C(.yml) or C(.yaml).
  - No two Droplets ever share a host. See O(same_names).
  - The inventory is complete, or it is an error. Ansible continues without an inventory source that failed, unless its
    setting C(INVENTORY_ANY_UNPARSED_IS_FAILED) is on.
  - It takes one request for each 200 Droplets, and one for each 200 GPU Droplets but at least one; with O(backup_facts)
    one for each 200 policies; with O(backup_ages) one for each 200 images, or for more than 200 Droplets only as many
    of these as have the newest backups, if the API sorts images by age; and up to two more for each Droplet whose
    newest backup is missing or too old.
  - It needs a token with the scopes C(droplet:read), C(image:read) for O(backup_ages), and C(tag:read) for O(tag),
    O(exclude_tag) and the attribute V(tags).
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [lifeboat.digitalocean.droplets]
  tag:
    description: Only Droplets that carry any of these tags, ignoring case. The API filters by them.
    type: list
    elements: str
    default: []
  exclude_tag:
    description:
      - Leave out Droplets that carry any of these tags, ignoring case.
      - A warning names each of these tags that no Droplet carries.
    type: list
    elements: str
    default: []
  name:
    description: Only Droplets with any of these names, ignoring case. The API filters by them.
    type: list
    elements: str
    default: []
  region:
    description: Only Droplets in any of these regions, by slug.
    type: list
    elements: str
    default: []
  gpu:
    description: Whether to include GPU Droplets, which the API lists separately, or only them.
    type: str
    choices: [include, only, exclude]
    default: include
  filters:
    description:
      - Only Droplets for which all these Jinja2 expressions are true, written as in C(when). They can use all variables
        of the host, including those that O(attributes) leaves out.
      - An expression that uses an undefined variable is an error; no host is left out because of it.
    type: list
    elements: str
    default: []
  hostnames:
    description:
      - The name of a host is the first of these that has a value for the Droplet.
      - V(name), V(id), V(public_v4), V(private_v4), V(public_v6), or a Jinja2 expression over the host's variables.
      - If none has a value, it is the Droplet's name.
    type: list
    elements: str
    default: [name]
  same_names:
    description:
      - What to do if several Droplets would be the same host, in this file or together with another file of this
        plugin, or if a Droplet has the name of a group or of the machine that Ansible runs on.
      - V(rename) calls each of them by its name, C(_) and its id, with a warning, so that the bare name means none of
        them. V(fail) makes it an error.
    type: str
    choices: [rename, fail]
    default: rename
  connect_by:
    description:
      - Which address to use as C(ansible_host). A Droplet without that address gets no C(ansible_host).
    type: str
    choices: [public_v4, private_v4, public_v6, name]
    default: public_v4
  prefix:
    description: The beginning of the names of all variables of a host.
    type: str
    default: do_
  attributes:
    description:
      - Which attributes of a Droplet become variables. Their names are these, with O(prefix) before them.
      - V(price) is in USD a month, V(disk) in GiB, V(memory) in MiB, V(volumes) are the ids of attached volumes,
        V(vpc) is a UUID, V(image) has C(id), C(slug), C(name) and C(distribution). What the token may not read is null.
      - Left out, these are V(id), V(name), V(status), V(locked), V(created_at), V(region), V(size), V(price), V(vcpus),
        V(memory), V(disk), V(gpu), V(image), V(features), V(tags), V(networks), V(public_v4), V(private_v4),
        V(public_v6), V(vpc) and V(volumes), and with O(api_records) also all fields of the API's record. There are no
        others.
    type: list
    elements: str
  api_records:
    description:
      - Set the fields of the API's own record of each Droplet as variables, such as C(size_slug), C(vpc_uuid), and
        C(region) and C(size) with everything in them. Other inventory plugins for Droplets use these names, so that
        expressions written for those keep working.
      - A field replaces the attribute of the same name, V(region), V(size) and V(image). Without a O(prefix), C(tags)
        is called C(do_tags), because Ansible reserves the name C(tags).
      - It makes hosts several times as large.
    type: bool
    default: false
    version_added: 0.1.0
  backup_facts:
    description:
      - Set how each Droplet is backed up as the variable C(backups), with O(prefix) before it. It has C(enabled),
        C(plan), C(weekday), C(hour) (UTC), C(next_window) with C(start) and C(end), and C(retention_days).
    type: bool
    default: true
  backup_ages:
    description:
      - Add facts about the backups themselves to the same variable. C(newest) with C(id), C(time) and C(age_hours);
        C(count); and C(status), which is V(protected), V(pending), V(overdue), V(unprotected) or V(unknown_plan) as in
        M(lifeboat.digitalocean.droplet_backups_info).
      - If the token may not read them, they are null, with a warning. Needs O(backup_facts).
    type: bool
    default: false
  grace_hours:
    description: How many hours a backup may be late, beyond the end of its window, before it counts as overdue.
    type: float
    default: 2
  backup_groups:
    description:
      - The groups of hosts to make, even if no host is in them. If left out, all groups for which the facts are read.
      - V(plan_other) is for hosts whose backups are on with a plan that is neither daily nor weekly.
        V(backups_unknown_plan) is for hosts with the status V(unknown_plan). V(backups_overdue), V(backups_pending) and
        V(backups_unknown_plan) need O(backup_ages), all others O(backup_facts).
    type: list
    elements: str
    choices: [backups_enabled, backups_disabled, plan_daily, plan_weekly, plan_other, backups_overdue, backups_pending,
      backups_unknown_plan]
  backup_groups_prefix:
    description: The beginning of the names of these groups.
    type: str
    default: ""
  transform_invalid_group_chars:
    description:
      - What to do with characters other than letters, digits and C(_) in the names of groups that are made from tags,
        regions and other values.
      - V(always) replaces each of them by C(_), and a warning says what was renamed. V(silently) does so without the
        warning. V(never) and V(ignore) keep names as they are; with V(never), which is the default of Ansible's own
        setting, Ansible warns about such names.
      - If it is left out of the file, Ansible's own setting is used if it is set.
    type: str
    choices: [always, silently, never, ignore]
    default: always
    env:
      - name: ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS
    ini:
      - section: defaults
        key: force_valid_group_names
extends_documentation_fragment:
  - lifeboat.digitalocean.connection
  - lifeboat.digitalocean.connection.environment
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - O(token), O(api_url), O(tag), O(exclude_tag), O(name) and O(region) may be Jinja2 templates, such as a lookup.
  - The cache keeps the API's answers and their time. Ages, statuses and groups are computed from it at every load, so
    that a backup becomes overdue in time although the answers are cached. The token is not in the cache, and a cache
    that was filled with another token or O(api_url) is not used.
  - Text from the API is never evaluated as a template.
  - The guide C(docs/inventory.md), which is part of the collection, has recipes, costs and what can go wrong;
    C(docs/moving.md) is for files that were written for another plugin.
"""

EXAMPLES = r"""
# my.droplets.yml: the whole account; the token comes from DIGITALOCEAN_TOKEN
plugin: lifeboat.digitalocean.droplets

---
# incident.droplets.yml: the databases, with the groups backups_overdue and backups_pending
plugin: lifeboat.digitalocean.droplets
tag: role:db
backup_ages: true

---
# production in two regions by private address, groups by tag and size, and answers that are cached for ten minutes
plugin: lifeboat.digitalocean.droplets
token: "{{ lookup('ansible.builtin.file', '/etc/lifeboat/token') }}"
tag: env:prod
exclude_tag: backup:exempt
region: [fra1, ams3]
filters:
  - do_status == 'active'
hostnames: [name]
connect_by: private_v4
keyed_groups:
  - key: do_tags
    prefix: tag
  - key: do_size
    prefix: size
compose:
  ansible_user: "'root'"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/lifeboat
cache_timeout: 600
"""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.inventory.group import Group
from ansible.module_utils.basic import missing_required_lib
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import dependencies, facts
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import (
    API_URL,
    Connection,
    from_environment,
    token_warnings,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import hosts, moving
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, LifeboatError
from ansible_collections.lifeboat.digitalocean.plugins.plugin_utils import expressions

ENDINGS = tuple(
    f"{name}.{kind}"
    for name in ("droplets", "digitalocean", "digital_ocean", "do_hosts", "lifeboat")
    for kind in ("yml", "yaml")
)
_MEANT = re.compile(r"""^[\s{,]*["']?plugin["']?\s*:\s*["']?lifeboat\.digitalocean\.droplets\b""", re.MULTILINE)
"""What says in YAML or JSON that a file is for this plugin."""

TEMPLATED = ("token", "api_url", "tag", "exclude_tag", "name", "region")
TRANSFORM = "transform_invalid_group_chars"
KEPT = ("never", "ignore")
"""Values of it that leave names of groups as they are."""

ATTEMPTS = 5
"""To find names that no group has, since groups may be made of names."""

_REGISTERS: WeakKeyDictionary[Group, hosts.HostNames] = WeakKeyDictionary()
"""By the group `all` of an inventory, its `hosts.HostNames` for all files of this plugin.

The inventory itself is another wrapper for each file.
"""


def _beginning(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(100_000)


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "lifeboat.digitalocean.droplets"

    def verify_file(self, path: str) -> bool:
        if not super().verify_file(path):
            return False
        if path.endswith(ENDINGS):
            return True
        sentence = f"{self.NAME} leaves {path} alone: its name ends in none of {', '.join(ENDINGS)}."
        # If this plugin is enabled by its name, it is asked about the files of all others too.
        meant = os.path.isfile(path) and _MEANT.search(_beginning(path))
        (self.display.warning if meant else self.display.vvv)(f"{sentence} Rename the file." if meant else sentence)
        return False

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        if dependencies.MISSING:
            raise AnsibleParserError(missing_required_lib("pydo"))
        super().parse(inventory, loader, path, cache)
        config = self._read_config_data(path)
        self._group_names: dict[str, str] = {}
        try:
            self._check(config)
            self._fill(path, config, cache)
        except LifeboatError as error:
            raise AnsibleParserError(error.message) from None

    def _check(self, config: Mapping[str, Any]) -> None:
        """Raises InputError for options and attributes that there are not, and for group names that cannot be kept."""
        # Ansible would leave out what it does not know, and a filter with a typing error would filter nothing.
        unknown = set(config) - set(self._options)
        if not self.get_option("validate_certs"):
            unknown.add("validate_certs")
        records = self.get_option("api_records")
        attributes = self.get_option("attributes") or ()
        known = {*hosts.ATTRIBUTES, *(moving.RECORD * records)}
        if refusal := moving.refusal(unknown, attributes, known):
            raise InputError(f"{refusal} See ansible-doc -t inventory {self.NAME}.")
        wanted, ansible = self.get_option(TRANSFORM), constants.TRANSFORM_INVALID_GROUP_CHARS
        if wanted in KEPT and ansible not in KEPT:
            raise InputError(
                f"{TRANSFORM}: {wanted} cannot hold, because Ansible's own setting of that name is {ansible}, and "
                "Ansible renames every group. Set that one, or leave the option out."
            )

    def _warn_of_missing(self, wanted: hosts.InventoryOptions) -> None:
        """A warning for each variable in an expression that no host has, although it may be meant to have it.

        Ansible leaves out a variable or a group whose expression fails, without a word, unless `strict` is on.
        """
        made = set(self.get_option("compose") or ())
        others = set(self._vars) if self.get_option("use_extra_vars") else set()
        for host in self.inventory.hosts.values():
            others.update(host.vars)
        keyed = [entry for entry in self.get_option("keyed_groups") or () if isinstance(entry, dict)]
        used = {
            "filters": (self.get_option("filters"), others),
            "hostnames": (set(self.get_option("hostnames")).difference(hosts.NAMES), others),
            "compose": ((self.get_option("compose") or {}).values(), others),
            "groups": ((self.get_option("groups") or {}).values(), others | made),
            "keyed_groups": ([entry.get("key") for entry in keyed], others | made),
        }
        for option, (texts, there) in used.items():
            for path in dict.fromkeys(path for text in texts for path in expressions.paths(text)):
                instead = None if path[0] in there else moving.missing(path, wanted.prefix, wanted.known)
                if instead:
                    self.display.warning(f"{option} uses {'.'.join(path)}, which no host has: {instead}.")

    def _fill(self, path: str, config: Mapping[str, Any], cache: bool) -> None:
        given = self._options | {name: self._templated(name) for name in TEMPLATED}
        # Ansible takes the last variable that is set, even if it is empty.
        given |= {
            name: from_environment(name) or default
            for name, default in (("token", None), ("api_url", API_URL), ("ca_path", None))
            if not given[name] and name not in config
        }
        wanted = hosts.InventoryOptions.from_options(given)
        self._warn_of_missing(wanted)
        connection = Connection.from_options(given)
        clock = datetime.now(UTC)
        found = self._facts(self.get_cache_key(path), cache, connection, wanted, clock)
        for warning in (*token_warnings(connection.token), *found["warnings"]):
            self.display.warning(warning)
        every = hosts.hosts(found, wanted, hosts.time_of(found, clock))
        left, warnings = wanted.after_exclusions([host for host in every if wanted.in_region(host)])
        for warning in warnings:
            self.display.warning(warning)
        told = [host for host in left if self._passes(host)]
        groups = {name: self._sanitize_group_name(given["backup_groups_prefix"] + name) for name in wanted.groups}
        self._add_all(connection.api_url, told, groups, wanted)
        self._warn_of_renamed()

    def _sanitize_group_name(self, name: str) -> str:
        if name not in self._group_names:
            kept = self.get_option(TRANSFORM) in KEPT
            self._group_names[name] = name if kept else super()._sanitize_group_name(name)
        return self._group_names[name]

    def _warn_of_renamed(self) -> None:
        renamed = hosts.renamed(self._group_names)
        if renamed and self.get_option(TRANSFORM) == "always":
            self.display.warning(
                f"Groups are renamed, because Ansible calls some of their characters invalid: {renamed}. "
                f"{TRANSFORM}: never keeps such names; silently renames them without this warning."
            )

    def _templated(self, name: str) -> Any:
        given = self.get_option(name)
        value = self.templar.template(given)
        if not all(text is None or isinstance(text, str) for text in (value if isinstance(given, list) else [value])):
            raise InputError(f"{name} has a template that makes something else than a text.")
        return value

    def _facts(
        self, place: str, cache: bool, connection: Connection, wanted: hosts.InventoryOptions, clock: datetime
    ) -> dict[str, Any]:
        """The facts from the cache, if it has them and may be asked, else from the API."""
        cached, key = self.get_option("cache"), f"{place}_{facts.cache_key(connection, wanted)}"
        found = self._cache.get(key) if cached and cache else None
        if hosts.usable(found):
            return found
        found = facts.fetch(connection, wanted, clock)
        if cached:
            self._cache[key] = found
        return found

    def _evaluate(self, option: str, expression: str, host: hosts.Host) -> Any:
        try:
            return self._compose(expression, host.variables)
        except AnsibleError as error:
            raise AnsibleParserError(f"{option}: {expression!r} fails for Droplet {host.droplet}: {error}") from error

    def _passes(self, host: hosts.Host) -> bool:
        for expression in self.get_option("filters"):
            passes = self._evaluate("filters", expression, host)
            if not isinstance(passes, bool):
                raise AnsibleParserError(f"filters: {expression!r} is neither true nor false, but {passes!r}.")
            if not passes:
                return False
        return True

    def _wish(self, host: hosts.Host) -> str:
        """The name that a host is to have if nobody else wants it."""
        prefix = self.get_option("prefix")
        for preference in self.get_option("hostnames"):
            known = preference in hosts.NAMES
            value = host.variables[prefix + preference] if known else self._evaluate("hostnames", preference, host)
            if value not in (None, ""):
                return str(value)
        return host.droplet.name or str(host.droplet.id)

    def _add_all(
        self, api_url: str, told: Sequence[hosts.Host], groups: Mapping[str, str], wanted: hosts.InventoryOptions
    ) -> None:
        """Add all hosts or, after an error, none. One that is called as a group is by the end, is called anew."""
        register = _REGISTERS.setdefault(self.inventory.groups["all"], hosts.HostNames())
        wished = {host.droplet.id: self._wish(host) for host in told}
        groups = {name: self.inventory.add_group(group) for name, group in groups.items()}
        before, clashes, reserved = set(self.inventory.hosts), set(self.inventory.groups), set(constants.LOCALHOST)
        try:
            for _attempt in range(ATTEMPTS):
                self._remove_all_but(before)
                reserved |= clashes
                names = register.names(api_url, wished, reserved)
                if shared := hosts.shared(wished, names):
                    self._refuse_or_warn(shared)
                self._add(told, names, groups, wanted)
                clashes = self.inventory.groups.keys() & set(names.values())
                if not clashes:
                    break
            else:
                raise InputError(f"Whatever hosts are called, there is a group of that name: {min(clashes)}.")
            made = set(self.inventory.groups)
            if shadowed_by := register.shadowed_by(made):
                self._refuse_or_warn(hosts.shared(shadowed_by, {}))
            for old, new in register.claim(api_url, wished, names, made):
                self._rename(old, new)
        except Exception:
            self._remove_all_but(before)
            raise

    def _refuse_or_warn(self, shared: str) -> None:
        sentence = f"Each of these names stands for more than one thing: {shared}."
        if self.get_option("same_names") == "fail":
            raise InputError(f"{sentence} Use hostnames to tell them apart, or same_names: rename.")
        self.display.warning(f"{sentence} The hosts are called by name and id.")

    def _add(
        self,
        told: Sequence[hosts.Host],
        names: Mapping[int, str],
        groups: Mapping[str, str],
        wanted: hosts.InventoryOptions,
    ) -> None:
        """First all hosts with their variables, then their groups, which may be made of them."""
        strict, compose, prefix = (self.get_option(name) for name in ("strict", "compose", "prefix"))
        attributes = self.get_option("attributes")
        shown = None if attributes is None else {wanted.variable(name) for name in (*attributes, "backups")}
        for host in told:
            name = self.inventory.add_host(names[host.droplet.id])
            known = {key: value for key, value in host.variables.items() if shown is None or key in shown}
            if address := host.variables[prefix + self.get_option("connect_by")]:
                known["ansible_host"] = address
            # Set through the inventory, each value would be copied and marked with this file, which takes twice as long
            # as all the rest.
            for key, value in known.items():
                self.inventory.hosts[name].set_variable(key, value)
            self._set_composite_vars(compose, host.variables, name, strict)
        for host in told:
            name, variables = names[host.droplet.id], host.variables
            for group in host.groups:
                if group in groups:
                    self.inventory.add_child(groups[group], name)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)

    def _rename(self, old: str, new: str) -> None:
        """A host of another file, that has a name for itself alone from now on."""
        host = self.inventory.hosts[old]
        self.inventory.add_host(new)
        for key, value in host.vars.items():
            self.inventory.set_variable(new, key, value)
        for group in host.get_groups():
            # Parents of its groups are among them.
            if old in group.host_names:
                self.inventory.add_child(group.name, new)
        self.inventory.remove_host(host)

    def _remove_all_but(self, names: set[str]) -> None:
        for name in set(self.inventory.hosts) - names:
            self.inventory.remove_host(self.inventory.hosts[name])
