# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of argument specifications that merge, each with the rules that belong to it.

The options are described in the documentation fragments of the same names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from ansible.module_utils.basic import AnsibleFallbackNotFound

from .._api.client import Connection
from .._domain.errors import InputError
from .._domain.names import checked_id
from .._domain.selection import Selection

TOKEN_VARIABLES = ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN", "DO_API_TOKEN")


def first_set(*names):
    """The value of the first environment variable that is set and not empty, as a fallback of an option."""
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


@dataclass(frozen=True, slots=True)
class Arguments:
    """Options and the rules between them; `+` merges two."""

    options: dict
    mutually_exclusive: tuple = ()
    required_one_of: tuple = ()
    required_by: dict = field(default_factory=dict)

    def __add__(self, other):
        return Arguments(
            {**self.options, **other.options},
            self.mutually_exclusive + other.mutually_exclusive,
            self.required_one_of + other.required_one_of,
            {**self.required_by, **other.required_by},
        )

    def for_ansible(self):
        """The keyword arguments of AnsibleModule."""
        return {
            "argument_spec": self.options,
            "mutually_exclusive": self.mutually_exclusive,
            "required_one_of": self.required_one_of,
            "required_by": self.required_by,
        }


CONNECTION = Arguments(
    {
        "token": {"type": "str", "no_log": True, "fallback": (first_set, list(TOKEN_VARIABLES))},
        "api_url": {
            "type": "str",
            "default": "https://api.digitalocean.com",
            "fallback": (first_set, ["DIGITALOCEAN_API_URL"]),
        },
        "ca_path": {"type": "path", "fallback": (first_set, ["DIGITALOCEAN_CA_PATH"])},
        "request_timeout": {"type": "int", "default": 30},
        "concurrency": {"type": "int", "default": 8},
        "burst_limit": {"type": "str", "default": "250/60"},
    }
)

_LISTS = {
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

RESTORE_POINT = Arguments(
    {
        "backup_id": {"type": "int"},
        "snapshot_id": {"type": "int"},
        "newest": {"type": "bool", "choices": [True]},
        "before": {"type": "str"},
        "max_age_hours": {"type": "float"},
    },
    mutually_exclusive=(("backup_id", "snapshot_id", "newest", "before"),),
    required_one_of=(("backup_id", "snapshot_id", "newest", "before"),),
)
"""What `Wanted.from_options` takes."""

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
"""What `Wish.from_options` takes, besides `state`."""

WAITING = Arguments({"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int"}})

REPORT = Arguments({"report": {"type": "str", "choices": ["changed", "all"], "default": "changed"}})


def connection(params):
    """The Connection of a task; raises InputError."""
    if not params["token"]:
        raise InputError(f"There is no token: set token, or {TOKEN_VARIABLES[0]} where the task runs.")
    if not all(33 <= ord(character) <= 126 for character in params["token"]):
        raise InputError("The token has a space, a line break or another character that no token has. Check token.")
    if params["ca_path"] and not os.access(params["ca_path"], os.R_OK):
        raise InputError(f"ca_path {params['ca_path']!r} is not a file that can be read where the task runs.")
    for name in ("request_timeout", "concurrency"):
        _at_least(params, name, 1)
    fields = ("token", "api_url", "ca_path", "request_timeout", "concurrency", "burst_limit")
    return Connection(**{name: params[name] for name in fields})


def selection(params):
    """The Selection of a task; raises InputError."""
    for droplet_id in params["droplet_id"] or ():
        checked_id("droplet_id", droplet_id)
    for name in ("droplet_name", "tag", "exclude_tag"):
        if any(not value.strip() for value in params[name] or ()):
            raise InputError(f"{name} has an empty entry.")
    return Selection(
        ids=_distinct(params["droplet_id"]),
        names=_distinct(params["droplet_name"]),
        tags=_distinct(params["tag"]),
        everything=bool(params.get("all")),
        exclude_tags=_distinct(params["exclude_tag"]) or (),
        allow_empty=params["allow_empty"],
    )


def one_droplet(params):
    """The Selection of a task about one Droplet; raises InputError."""
    listed = {name: params[name] if params[name] is None else [params[name]] for name in ("droplet_id", "droplet_name")}
    return selection({"tag": None, "exclude_tag": None, "allow_empty": False, **listed})


def wait_timeout(params, default):
    """Seconds for the whole task, `default` where it has no such option or it is left out; raises InputError."""
    if params.get("wait_timeout") is None:
        return default
    _at_least(params, "wait_timeout", 1)
    return params["wait_timeout"]


def token_warnings(params):
    """A sentence for each variable that holds another token than the one in use, so that none is taken by mistake."""
    others = {name: os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)}
    if len(set(others.values())) < 2 or params["token"] not in others.values():
        return []
    used = next(name for name, value in others.items() if value == params["token"])
    differing = [name for name, value in others.items() if value != params["token"]]
    return [f"{used} and {' and '.join(differing)} hold different tokens; {used} is used."]


def _at_least(params, name, least):
    if params[name] < least:
        raise InputError(f"{name} {params[name]} is too small: it must be at least {least}.")


def _distinct(values):
    return None if values is None else tuple(dict.fromkeys(values))
