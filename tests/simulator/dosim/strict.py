# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strict reading of control-plane bodies: everything wrong is a ControlError with a sentence."""

import math
from typing import Any, overload

from dosim.errors import ControlError

_MISSING = object()


def only(given: Any, what: str, *keys: str) -> None:
    """``given`` is an object with no keys but these."""
    if not isinstance(given, dict):
        raise ControlError(f"{what} must be a JSON object")
    if unknown := [key for key in given if key not in keys]:
        raise ControlError(f"{what} has an unknown key {unknown[0]!r}; the keys are {', '.join(keys) or 'none'}")


def _value(given: dict[str, Any], key: str, default: Any) -> Any:
    value = given.get(key, default)
    if value is _MISSING:
        raise ControlError(f"{key} is missing")
    return value


@overload
def text(given: dict[str, Any], key: str) -> str: ...


@overload
def text(given: dict[str, Any], key: str, default: None) -> str | None: ...


def text(given: dict[str, Any], key: str, default: Any = _MISSING) -> str | None:
    value = _value(given, key, default)
    if value is not default and not (isinstance(value, str) and value):
        raise ControlError(f"{key} must be a text")
    checked: str | None = value
    return checked


@overload
def whole(given: dict[str, Any], key: str, default: int = ...) -> int: ...


@overload
def whole(given: dict[str, Any], key: str, default: None) -> int | None: ...


def whole(given: dict[str, Any], key: str, default: Any = _MISSING) -> int | None:
    value = _value(given, key, default)
    if value is not default and not (isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53):
        raise ControlError(f"{key} must be a whole number, 0 or more")
    checked: int | None = value
    return checked


def number(given: dict[str, Any], key: str) -> float:
    value = _value(given, key, _MISSING)
    fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not (fits and 0 <= value <= 1e9):
        raise ControlError(f"{key} must be a number of seconds, 0 or more")
    return float(value)


def boolean(given: dict[str, Any], key: str, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise ControlError(f"{key} must be true or false")
    return value
