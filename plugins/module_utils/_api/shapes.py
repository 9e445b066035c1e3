# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes that a JSON value can be held against. What a shape does not name is ignored.

A shape is a function of a value that returns None when the value fits, else `(where, what)`: where in the value the
first fault is (`[3].size.price_monthly`, empty for the value itself), and what is wrong there.

Nearly all that is read fits, and a page has ten thousand values. So a list is first looked at by columns: `all_fit`
takes one field of all its items at a time, in loops that are not Python's. Only a list that does not fit is gone
through item by item, for the place of its first fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Protocol

from .._domain.time import timestamp

NOTHING = type(None)
LARGEST = 2**63 - 1
"""What an integer of the API can be at most."""

Fault = tuple[str, str]


class Shape(Protocol):
    def __call__(self, value: object, /) -> Fault | None: ...

    def all_fit(self, values: Sequence[Any], /) -> bool:
        """Whether each of these values fits."""


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
    """A value of one of the Python `types`, named `word` in a sentence.

    `fits` tells of one or more values of these types whether they are allowed (None: all are).
    """

    types: frozenset[type]
    word: str
    fits: Callable[[Sequence[Any]], bool] | None = None

    def __call__(self, value: object) -> Fault | None:
        if type(value) not in self.types:
            return "", f"is {kind(value)} and should be {self.word}"
        if self.fits is not None and not self.fits((value,)):
            return "", f"should be {self.word}"
        return None

    def all_fit(self, values: Sequence[Any]) -> bool:
        return self.types.issuperset(map(type, values)) and (self.fits is None or not values or self.fits(values))


@dataclass(frozen=True, slots=True)
class Maybe:
    """A field that may be null or missing."""

    shape: Shape

    def __call__(self, value: object) -> Fault | None:
        return None if value is None else self.shape(value)

    def all_fit(self, values: Sequence[Any]) -> bool:
        return self.shape.all_fit([value for value in values if value is not None] if None in values else values)


class Record:
    """An object with these fields, each a shape or Maybe(shape)."""

    def __init__(self, **fields: Shape) -> None:
        self.fields = fields

    def __call__(self, record: object) -> Fault | None:
        if not isinstance(record, dict):
            return "", f"is {kind(record)} and should be an object"
        for name, shape in self.fields.items():
            if fault := shape(record.get(name)):
                return f".{name}{fault[0]}", fault[1] if name in record else "is missing"
        return None

    def all_fit(self, records: Sequence[Any]) -> bool:
        return _are(dict, records) and all(
            shape.all_fit([*map(dict.get, records, repeat(name))]) for name, shape in self.fields.items()
        )


class Array:
    """A list of `least` items or more of one shape. If `key` is given, no two items have the same value of it."""

    def __init__(self, item: Shape, key: str | None = None, least: int = 0) -> None:
        self.item = item
        self.key = key
        self.least = least

    def __call__(self, items: object) -> Fault | None:
        if not isinstance(items, list):
            return "", f"is {kind(items)} and should be a list"
        if not self.item.all_fit(items):
            for number, item in enumerate(items):
                if fault := self.item(item):
                    return f"[{number}]{fault[0]}", fault[1]
        if self.key is not None and len({item[self.key] for item in items}) < len(items):
            return "", f"has two items of the same {self.key}"
        if len(items) < self.least:
            return "", "is empty"
        return None

    def all_fit(self, lists: Sequence[Any]) -> bool:
        if self.key is not None or self.least:
            return not any(map(self, lists))
        return _are(list, lists) and self.item.all_fit([*chain.from_iterable(lists)])


class Numbered:
    """An object whose keys are ids as text, and whose values are records; one that tells the `key` has that id."""

    def __init__(self, item: Shape, key: str) -> None:
        self.item = item
        self.key = key

    def __call__(self, items: object) -> Fault | None:
        if not isinstance(items, dict):
            return "", f"is {kind(items)} and should be an object"
        all_fit = self.item.all_fit([*items.values()])
        for name, item in items.items():
            if not is_numeral(name):
                return "", "has a key that is not an id"
            if not all_fit and (fault := self.item(item)):
                return f"[{name}]{fault[0]}", fault[1]
            if item.get(self.key) is not None and str(item[self.key]) != name:
                return f"[{name}].{self.key}", f"is {item[self.key]}"
        return None

    def all_fit(self, maps: Sequence[Any]) -> bool:
        return not any(map(self, maps))


def kind(value: object) -> str:
    """What a value of JSON is, in words."""
    return KINDS.get(type(value), "something else")


def between(least: int, most: int) -> Value:
    return Value(frozenset((int,)), f"an integer from {least} to {most}", _within(least, most))


def is_numeral(text: str) -> bool:
    """True for an id written as text."""
    return text.isascii() and text.isdigit() and len(text) < 20


def _within(least: int, most: int) -> Callable[[Sequence[Any]], bool]:
    return lambda numbers: least <= min(numbers) and max(numbers) <= most


def _are(wanted: type, values: Iterable[Any]) -> bool:
    """Whether all of these values are of one type."""
    return {wanted}.issuperset(map(type, values))


TEXT = Value(frozenset((str,)), "text")
FLAG = Value(frozenset((bool,)), "true or false")
ID = Value(frozenset((int,)), "an id", _within(1, LARGEST))
NUMERAL = Value(frozenset((str,)), "an id as text", lambda texts: all(map(is_numeral, texts)))
COUNT = between(0, LARGEST)
# Not by `min` and `max`, for which the place of a NaN matters.
NUMBER = Value(frozenset((int, float)), "a number of 0 or more", lambda ones: all(0 <= one < LARGEST for one in ones))
TIME = Value(frozenset((str,)), "a time like 2026-03-11T09:30:00Z", lambda texts: None not in map(timestamp, texts))
