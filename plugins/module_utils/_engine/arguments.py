# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that all modules have: the connection, waiting and the length of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleFallbackNotFound

from .._api.connection import API_URL, from_environment
from .._domain.arguments import Arguments
from .._domain.options import at_least


def first_set(option: str) -> str:
    """What the environment says about `option`, as its fallback."""
    found = from_environment(option)
    if found is None:
        raise AnsibleFallbackNotFound
    return found


CONNECTION = Arguments(
    {
        "token": {"type": "str", "no_log": True, "fallback": (first_set, ["token"])},
        "api_url": {
            "type": "str",
            "default": API_URL,
            "fallback": (first_set, ["api_url"]),
        },
        "ca_path": {"type": "path", "fallback": (first_set, ["ca_path"])},
        "validate_certs": {"type": "bool", "default": True},
        "request_timeout": {"type": "int", "default": 30},
        "concurrency": {"type": "int", "default": 8},
        "burst_limit": {"type": "str", "default": "250/60"},
        "lag_tolerance": {"type": "int", "default": 60},
    }
)

READING = Arguments({"wait_timeout": {"type": "int", "default": 600}})
"""The time of a module that only reads."""

WAITING = Arguments({"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int"}})

REPORT = Arguments({"report": {"type": "str", "choices": ["changed", "all"], "default": "changed"}})


def wait_timeout(params: Mapping[str, Any], default: float) -> float:
    """Seconds for the whole task, `default` if it has no such option or it is left out; raises InputError."""
    seconds: int | None = params.get("wait_timeout")
    if seconds is None:
        return default
    at_least(params, "wait_timeout", 1)
    return seconds
