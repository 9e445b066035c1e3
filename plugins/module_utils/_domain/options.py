# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of options that several tasks have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from .errors import InputError


def at_least(options: Mapping[str, Any], name: str, least: float) -> None:
    """Raises InputError if the option is below `least`."""
    if options[name] < least:
        raise InputError(f"{name} {options[name]} is too small: it must be at least {least}.")


def at_most(options: Mapping[str, Any], name: str, most: float) -> None:
    """Raises InputError if the option is above `most`."""
    if options[name] > most:
        raise InputError(f"{name} {options[name]} is too large: it must be at most {most}.")


def no_empty_entry(options: Mapping[str, Any], *names: str) -> None:
    """Raises InputError if one of these options, lists of texts or None, has an entry that says nothing."""
    for name in names:
        if any(not value.strip() for value in options[name] or ()):
            raise InputError(f"{name} has an empty entry.")


def grace_of(options: Mapping[str, Any]) -> timedelta:
    """The option `grace_hours`; raises InputError."""
    if options["grace_hours"] < 0:
        raise InputError(f"grace_hours {options['grace_hours']} is below 0.")
    return timedelta(hours=options["grace_hours"])


def in_variables(message: str, variables: Mapping[str, str]) -> str:
    """`message` of a module, followed by how a playbook calls the options that it names.

    `variables` maps names of options to those of the playbook's variables. An option whose variable is named already
    is not explained again. One that is an English word, such as `before`, counts only with a value behind it.
    """

    def names(option: str) -> bool:
        behind = r"(?![\w-])" if "_" in option else r"(?=:? ?['\d\[]|:)"
        return re.search(rf"(?<![\w-]){re.escape(option)}{behind}", message) is not None

    named = [f"{option} is {variable}" for option, variable in variables.items() if names(option)]
    named = [each for each in named if each.partition(" is ")[2] not in message]
    return f"{message} Here {', '.join(named)}." if named else message
