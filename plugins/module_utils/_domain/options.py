# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of options that several tasks have."""

from __future__ import annotations

from datetime import timedelta

from .errors import InputError


def at_least(options, name, least):
    """Raises InputError where the option is below `least`."""
    if options[name] < least:
        raise InputError(f"{name} {options[name]} is too small: it must be at least {least}.")


def no_empty_entry(options, *names):
    """Raises InputError where one of these options, lists of texts or None, has an entry that says nothing."""
    for name in names:
        if any(not value.strip() for value in options[name] or ()):
            raise InputError(f"{name} has an empty entry.")


def grace_of(options):
    """The option `grace_hours` as a timedelta; raises InputError."""
    if options["grace_hours"] < 0:
        raise InputError(f"grace_hours {options['grace_hours']} is below 0.")
    return timedelta(hours=options["grace_hours"])
