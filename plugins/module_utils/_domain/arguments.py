# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of argument specifications that merge, each with the rules that belong to it, and what they give.

The options are described in the documentation fragments of the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .names import checked_id
from .options import no_empty_entry
from .selection import Selection

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Arguments:
    """Options and the rules between them; `+` merges two."""

    options: dict[str, dict[str, Any]]
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_by: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __add__(self, other: Arguments) -> Arguments:
        return Arguments(
            {**self.options, **other.options},
            self.mutually_exclusive + other.mutually_exclusive,
            self.required_one_of + other.required_one_of,
            {**self.required_by, **other.required_by},
        )

    def for_ansible(self) -> dict[str, Any]:
        """The keyword arguments of AnsibleModule."""
        return {
            "argument_spec": self.options,
            "mutually_exclusive": self.mutually_exclusive,
            "required_one_of": self.required_one_of,
            "required_by": self.required_by,
        }


_LISTS: dict[str, dict[str, Any]] = {
    "droplet_id": {"type": "list", "elements": "int"},
    "droplet_name": {"type": "list", "elements": "str"},
    "tag": {"type": "list", "elements": "str"},
    "exclude_tag": {"type": "list", "elements": "str"},
    "allow_empty": {"type": "bool", "default": False},
}

DROPLETS = Arguments(
    {**_LISTS, "all": {"type": "bool", "choices": [True]}},
    mutually_exclusive=(("droplet_id", "droplet_name", "tag", "all"),),
    required_one_of=(("droplet_id", "droplet_name", "tag", "all"),),
)

SOME_DROPLETS = Arguments(
    _LISTS,
    mutually_exclusive=(("droplet_id", "droplet_name", "tag"),),
    required_one_of=(("droplet_id", "droplet_name", "tag"),),
)
"""The same without `all`."""

ONE_DROPLET = Arguments(
    {"droplet_id": {"type": "int"}, "droplet_name": {"type": "str"}},
    mutually_exclusive=(("droplet_id", "droplet_name"),),
    required_one_of=(("droplet_id", "droplet_name"),),
)

POINTS = ("backup_id", "snapshot_id", "newest", "before", "snapshot_name")
"""The options of which exactly one says which restore point is meant."""

RESTORE_POINT = Arguments(
    {
        "backup_id": {"type": "int"},
        "snapshot_id": {"type": "int"},
        "newest": {"type": "bool", "choices": [True]},
        "before": {"type": "str"},
        "snapshot_name": {"type": "str"},
        "max_age_hours": {"type": "float"},
    },
    mutually_exclusive=(POINTS,),
    required_one_of=(POINTS,),
)
"""What `RestorePointSelector.from_options` takes."""

BACKUPS = Arguments(
    {
        "plan": {"type": "str"},
        "weekday": {"type": "list", "elements": "str"},
        "hour": {"type": "list", "elements": "int"},
        "window_length_hours": {"type": "int"},
        "retention_period_days": {"type": "int"},
        "existing_backups": {"type": "str", "choices": ["may_be_lost", "convert_newest", "convert_all"]},
        "allow_unlisted_plan": {"type": "bool", "default": False},
    }
)
"""What `DesiredPolicy.from_options` takes, besides `state`."""


def selection(params: Mapping[str, Any]) -> Selection:
    """The Selection of a task; raises InputError."""
    for droplet_id in params["droplet_id"] or ():
        checked_id("droplet_id", droplet_id)
    no_empty_entry(params, "droplet_name", "tag", "exclude_tag")
    return Selection(
        ids=_distinct(params["droplet_id"]),
        names=_distinct(params["droplet_name"]),
        tags=_distinct(params["tag"]),
        everything=bool(params.get("all")),
        exclude_tags=_distinct(params["exclude_tag"]) or (),
        allow_empty=params["allow_empty"],
    )


def one_droplet(params: Mapping[str, Any]) -> Selection:
    """The Selection of a task about one Droplet; raises InputError."""
    listed = {name: params[name] if params[name] is None else [params[name]] for name in ("droplet_id", "droplet_name")}
    return selection({"tag": None, "exclude_tag": None, "allow_empty": False, **listed})


def _distinct(values: Iterable[Value] | None) -> tuple[Value, ...] | None:
    return None if values is None else tuple(dict.fromkeys(values))
