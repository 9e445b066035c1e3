# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other inventories of Droplets call their options and variables, and what these are called here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

OPTIONS = {
    "api_filters": "tag and name",
    "api_token": "token",
    "baseurl": "api_url, without /v2",
    "cache_max_age": "cache_timeout",
    "cache_path": "cache_connection",
    "client_override_options": "api_url",
    "group_variables": "a file in group_vars",
    "oauth_token": "token",
    "pagination": "not needed, since pages are always of 200",
    "timeout": "request_timeout",
    "use_private_network": "connect_by: private_v4",
    "validate_certs": "ca_path, a file with the authority to trust",
    "var_prefix": "prefix",
}
"""Options of other plugins and scripts, with what to use here."""

RECORD = (
    *("id", "name", "memory", "vcpus", "disk", "disk_info", "locked", "status", "kernel", "created_at", "features"),
    *("backup_ids", "next_backup_window", "snapshot_ids", "image", "volume_ids", "size", "size_slug", "networks"),
    *("region", "tags", "vpc_uuid", "gpu_info"),
)
"""The fields of the API's record of a Droplet, after which other plugins name their variables."""

HERE = {
    ("backup_ids",): "backups.count",
    ("gpu_info",): "gpu",
    ("ip_address",): "public_v4",
    ("ipv6_address",): "public_v6",
    ("next_backup_window",): "backups.next_window",
    ("private_ip_address",): "private_v4",
    ("region", "slug"): "region",
    ("size", "disk"): "disk",
    ("size", "memory"): "memory",
    ("size", "price_monthly"): "price",
    ("size", "slug"): "size",
    ("size", "vcpus"): "vcpus",
    ("size_slug",): "size",
    ("volume_ids",): "volumes",
    ("vpc_uuid",): "vpc",
}
"""What is called otherwise here: fields of the API's record, and variables of older scripts."""

OF_AGES = ("newest", "count", "status")
"""What the variable of backups has only if their ages are read."""

OTHER_PREFIX = "do_"
"""What the variables of most other plugins begin with."""


def refusal(unknown: Iterable[str], attributes: Iterable[str], known: Collection[str]) -> str | None:
    """A sentence about `unknown` options and about `attributes` that are not among the `known` ones; None if all is
    well.
    """
    sentences = []
    if names := sorted(unknown):
        sentences.append(f"There is no option {', '.join(names)}.")
        if moved := [f"{name} is {OPTIONS[name]}" for name in names if name in OPTIONS]:
            sentences.append(f"Here {'; '.join(moved)}.")
    if odd := [name for name in attributes if name not in known]:
        sentences.append(f"There is no attribute {', '.join(odd)}.")
        if moved := [f"{name} is {HERE[(name,)]}" for name in odd if (name,) in HERE]:
            sentences.append(f"Here {'; '.join(moved)}.")
        if any(name in RECORD for name in odd):
            sentences.append("With api_records: true, attributes are those of the API's own records.")
    return " ".join(sentences) or None


def missing(path: tuple[str, ...], prefix: str, known: Mapping[str, Collection[str] | None]) -> str | None:
    """What to use instead of the variable or field at `path`, as the end of a sentence; None if it is there.

    `known` are all variables that there are, with the fields that each has: None if any, empty for a single value.
    """
    name, *fields = path
    if name in known:
        shape = known[name]
        if not fields or shape is None or fields[0] in shape or _is_method(fields[0], shape):
            return None
        return _instead((name.removeprefix(prefix), fields[0]), prefix, known)
    bare = name.removeprefix(prefix if prefix and name.startswith(prefix) else OTHER_PREFIX)
    if bare == name and bare not in RECORD and (bare,) not in HERE:
        # A variable of the user's own.
        return None
    return _instead((bare, *fields[:1]), prefix, known)


def _is_method(name: str, shape: Collection[str]) -> bool:
    return any(hasattr(kind, name) for kind in ((dict,) if shape else (str, list, int, float)))


def _instead(path: tuple[str, ...], prefix: str, known: Mapping[str, Collection[str] | None]) -> str:
    field = path[1] if len(path) > 1 else None
    here = HERE.get(path) or HERE.get(path[:1]) or (path[0] if prefix + path[0] in known and field is None else None)
    if path[0] == "backups":
        here = ".".join(path)
    if here:
        variable, _dot, part = here.partition(".")
        if prefix + variable not in known:
            return f"{prefix}{here} needs backup_facts: true"
        if not part or part in (known[prefix + variable] or ()):
            return f"use {prefix}{here}"
        if part in OF_AGES:
            return f"{prefix}{here} needs backup_ages: true"
    if path[0] in RECORD:
        return "api_records: true gives the API's own records, with all their fields"
    if shape := known.get(prefix + path[0]):
        return f"{prefix}{path[0]} has {', '.join(shape)}"
    return f"there are {', '.join(sorted(known))}"
