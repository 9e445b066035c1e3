# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes that a JSON value can be held against. What a shape does not name is ignored.

A shape is a function of a value that returns None when the value fits, else `(where, what)`: where in the value the
first fault is (`[3].size.price_monthly`, empty for the value itself), and what is wrong there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from .._domain.models import timestamp

NOTHING = type(None)
LARGEST = 2**63 - 1
"""What an integer of the API can be at most."""

Fault = tuple[str, str]
Shape = Callable[[object], "Fault | None"]

KINDS = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
    NOTHING: "null",
}


@dataclass(frozen=True, slots=True)
class Value:
    """A value of one of the Python `types`, named `word` in a sentence, that `fits` (None: any of these types)."""

    types: frozenset
    word: str
    fits: Callable[[object], bool] | None = None

    def __call__(self, value: object) -> Fault | None:
        if type(value) not in self.types:
            return "", f"is {kind(value)} and should be {self.word}"
        if self.fits is not None and not self.fits(value):
            return "", f"should be {self.word}"
        return None


@dataclass(frozen=True, slots=True)
class Maybe:
    """A field that may be null or missing."""

    shape: Shape


class Record:
    """An object with these fields, each a shape or Maybe(shape)."""

    def __init__(self, **fields: Shape | Maybe) -> None:
        self.fields = fields
        self._quick = [(name, *_quick(shape)) for name, shape in fields.items()]

    def __call__(self, record: object) -> Fault | None:
        if not isinstance(record, dict):
            return "", f"is {kind(record)} and should be an object"
        # Most of what is read passes here: a page has thousands of fields.
        for name, types, further in self._quick:
            value = record.get(name)
            if type(value) not in types:
                return self._fault(record, name)
            if further is not None and value is not None and (fault := further(value)):
                return f".{name}{fault[0]}", fault[1]
        return None

    def _fault(self, record: dict, name: str) -> Fault:
        if name not in record:
            return f".{name}", "is missing"
        shape = self.fields[name]
        where, what = (shape.shape if isinstance(shape, Maybe) else shape)(record[name])
        return f".{name}{where}", what


class Array:
    """A list of `least` items or more of one shape. If `key` is given, no two items have the same value of it."""

    def __init__(self, item: Shape, key: str | None = None, least: int = 0) -> None:
        self.item = item
        self.key = key
        self.least = least
        self._types = item.types if isinstance(item, Value) and item.fits is None else None

    def __call__(self, items: object) -> Fault | None:
        if not isinstance(items, list):
            return "", f"is {kind(items)} and should be a list"
        if self._types is not None and self._types.issuperset(map(type, items)):
            return None
        for number, item in enumerate(items):
            if fault := self.item(item):
                return f"[{number}]{fault[0]}", fault[1]
        if self.key is not None and len({item[self.key] for item in items}) < len(items):
            return "", f"has two items of the same {self.key}"
        if len(items) < self.least:
            return "", "is empty"
        return None


class Numbered:
    """An object whose keys are ids as text, and whose values are records; one that tells the `key` has that id."""

    def __init__(self, item: Shape, key: str) -> None:
        self.item = item
        self.key = key

    def __call__(self, items: object) -> Fault | None:
        if not isinstance(items, dict):
            return "", f"is {kind(items)} and should be an object"
        for name, item in items.items():
            if not is_numeral(name):
                return "", "has a key that is not an id"
            if fault := self.item(item):
                return f"[{name}]{fault[0]}", fault[1]
            if item.get(self.key) is not None and str(item[self.key]) != name:
                return f"[{name}].{self.key}", f"is {item[self.key]}"
        return None


def kind(value: object) -> str:
    """What a value of JSON is, in words."""
    return KINDS.get(type(value), "something else")


def between(least: int, most: int) -> Value:
    return Value(frozenset((int,)), f"an integer from {least} to {most}", lambda value: least <= value <= most)


def is_numeral(text: str) -> bool:
    """True for an id written as text."""
    return text.isascii() and text.isdigit() and len(text) < 20


def _is_number(value: float) -> bool:
    return isfinite(value) and 0 <= value < LARGEST


def _quick(shape: Shape | Maybe) -> tuple[frozenset, Shape | None]:
    """The types that a field's value may have, and what is to be looked at besides."""
    if isinstance(shape, Maybe):
        types, further = _quick(shape.shape)
        return types | {NOTHING}, further
    if isinstance(shape, Value):
        return shape.types, None if shape.fits is None else shape
    return frozenset((dict if isinstance(shape, Record | Numbered) else list,)), shape


TEXT = Value(frozenset((str,)), "text")
FLAG = Value(frozenset((bool,)), "true or false")
ID = Value(frozenset((int,)), "an id", lambda value: 0 < value <= LARGEST)
NUMERAL = Value(frozenset((str,)), "an id as text", is_numeral)
COUNT = between(0, LARGEST)
NUMBER = Value(frozenset((int, float)), "a number of 0 or more", _is_number)
TIME = Value(frozenset((str,)), "a time like 2026-03-11T09:30:00Z", lambda text: timestamp(text) is not None)
