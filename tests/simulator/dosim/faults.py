# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: wrong answers and accidents for requests that match."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from dosim import wrong
from dosim.errors import ControlError
from dosim.strict import boolean, number, only, text, whole

ENDINGS = ("status", "drop", "truncate", "wrong")
_ALSO = {"status": ("retry_after", "reset_in", "body"), "wrong": ("field", "as")}
KINDS = (*ENDINGS, "delay", "slow", "action", "first")
DONE_UNLESS_SAID = ("truncate", "wrong")


@dataclass(slots=True)
class Fault:
    """One fault. It is live until it was hit ``times`` times; 0 means for ever. ``spoiled`` counts the answers that a
    wrong way found something to spoil in.
    """

    id: int
    match: dict[str, Any]
    effects: list[dict[str, Any]]
    pattern: re.Pattern[str] | None
    seen: int = 0
    hits: int = 0
    spoiled: int = 0
    first_statuses: list[int] = field(default_factory=list)

    def applies(self, method: str, path: str) -> bool:
        if self.match["times"] and self.hits >= self.match["times"]:
            return False
        wanted = self.match.get("method")
        return (wanted is None or wanted == method) and (self.pattern is None or bool(self.pattern.search(path)))

    def effect(self, *kinds: str) -> dict[str, Any] | None:
        return next((effect for effect in self.effects if any(kind in effect for kind in kinds)), None)

    @property
    def carried_out(self) -> bool:
        """Whether the request reaches the model; a mere delay does not keep it from there."""
        ending = self.effect(*ENDINGS)
        return ending is None or ending["carried_out"]

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "match": self.match,
            "effect": self.effects,
            "hits": self.hits,
            "spoiled": self.spoiled,
            "first_statuses": self.first_statuses,
        }


class Faults:
    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._numbers = count(1)

    def add(self, body: dict[str, Any]) -> int:
        """Add a fault. Raises ControlError that says what is wrong with it."""
        only(body, "fault", "match", "effect")
        match, pattern = _match(body.get("match", {}))
        effects = body.get("effect")
        effects = effects if isinstance(effects, list) else [effects]
        if not effects:
            raise ControlError("effect must be an effect or a list of at least one")
        effects = [_effect(effect) for effect in effects]
        kinds = [next(kind for kind in KINDS if kind in effect) for effect in effects]
        if len(set(kinds)) < len(kinds):
            raise ControlError("a fault has each kind of effect at most once")
        if sum(kind in ENDINGS for kind in kinds) > 1:
            raise ControlError("a fault ends in at most one of status, drop, truncate and wrong")
        fault = Fault(next(self._numbers), match, effects, pattern)
        self._faults[fault.id] = fault
        return fault.id

    def take(self, method: str, path: str) -> Fault | None:
        """The oldest live fault that fits, counted as hit unless it still lets matches pass."""
        for fault in self._faults.values():
            if fault.applies(method, path):
                fault.seen += 1
                if fault.seen > fault.match["after"]:
                    fault.hits += 1
                    return fault
        return None

    def remove(self, key: int) -> bool:
        return self._faults.pop(key, None) is not None

    def ids(self) -> list[int]:
        return list(self._faults)

    def as_list(self) -> list[dict[str, Any]]:
        return [fault.as_dict() for fault in self._faults.values()]


def _match(given: Any) -> tuple[dict[str, Any], re.Pattern[str] | None]:
    only(given, "match", "method", "path", "times", "after")
    match: dict[str, Any] = {"times": whole(given, "times", 1), "after": whole(given, "after", 0)}
    if "method" in given:
        match["method"] = text(given, "method").upper()
    pattern = None
    if "path" in given:
        path = match["path"] = text(given, "path")
        try:
            pattern = re.compile(path)
        except re.error as error:
            raise ControlError(f"match.path is not a regular expression: {error}") from None
    return match, pattern


def _effect(given: Any) -> dict[str, Any]:
    """Check one effect and fill its defaults."""
    kinds = [kind for kind in KINDS if isinstance(given, dict) and kind in given]
    if len(kinds) != 1:
        raise ControlError(f"an effect is an object with exactly one of {', '.join(KINDS)}")
    kind = kinds[0]
    if kind == "first":
        only(given, "effect", "first")
        return {"first": _first(given["first"])}
    if kind == "action":
        only(given, "effect", "action")
        if given["action"] not in ("errored", "stuck"):
            raise ControlError("action must be 'errored' or 'stuck'")
        return {"action": given["action"]}
    if kind == "slow":
        only(given, "effect", "slow")
        if not number(given, "slow"):
            raise ControlError("slow must be more than 0 bytes per second")
        return {"slow": given["slow"]}
    only(given, "effect", kind, "carried_out", *_ALSO.get(kind, ()))
    effect = {**given, "carried_out": boolean(given, "carried_out", kind in DONE_UNLESS_SAID)}
    if kind == "status":
        if not 200 <= whole(given, "status") <= 599:
            raise ControlError("status must be from 200 to 599")
        for key in ("retry_after", "reset_in"):
            if key in given:
                number(given, key)
    elif kind == "delay":
        number(given, "delay")
    elif kind == "wrong":
        wrong.check(given)
    elif given[kind] is not True:
        raise ControlError(f"{kind} must be true")
    return effect


def _first(given: Any) -> dict[str, Any]:
    only(given, "first", "method", "path", "body")
    first = {"method": text(given, "method").upper(), "path": text(given, "path"), "body": given.get("body")}
    if not first["path"].startswith("/v2/"):
        raise ControlError("first.path must begin with /v2/")
    return first
