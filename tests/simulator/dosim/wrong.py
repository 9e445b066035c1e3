# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong answers: ways in which the answer to any request can be wrong although its status says success.

A way takes the true answer and spoils it. One that has nothing to spoil (a total in an answer without ``meta``) leaves
the answer as it is.
"""

import gzip
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import orjson

from dosim.errors import ControlError
from dosim.transport import Answer

ENVELOPE = ("links", "meta")
ABSURD_TOTAL = 10**8
CONTROL_CHARACTERS = "\x1b[2J\x1b]0;owned\x07\r\n\x00\x9b31m\u202e"
NAMED = ("name", "message", "error", "description", "error_message")
DEEP = 100_000
DIGITS = 5000
BOMB_BYTES = 400 * 1024 * 1024
_BOMB_MEMBER = 16 * 1024 * 1024
OTHERS: dict[str, Any] = {"null": None, "text": "odd", "number": 7, "object": {"odd": 1}, "list": ["odd"]}
"""What a field can be instead, by the name of its JSON type."""

Spoil = Callable[[Answer], bool]
Body = dict[str, Any]
WAYS: dict[str, Spoil] = {}


def _way(name: str) -> Callable[[Spoil], Spoil]:
    def register(spoil: Spoil) -> Spoil:
        WAYS[name] = spoil
        return spoil

    return register


def _on_body(name: str) -> Callable[[Callable[[Body], Any]], Callable[[Body], Any]]:
    """Register a way that changes a JSON object or returns another body; NotImplemented means nothing to spoil."""

    def register(change: Callable[[Body], Any]) -> Callable[[Body], Any]:
        def spoil(answer: Answer) -> bool:
            body = parsed(answer)
            if not isinstance(body, dict):
                return False
            changed = change(body)
            if changed is NotImplemented:
                return False
            answer.body = orjson.dumps(body if changed is body else changed)
            return True

        WAYS[name] = spoil
        return change

    return register


def parsed(answer: Answer) -> Any:
    return orjson.loads(answer.body) if answer.body else None


def root_of(body: Body) -> str | None:
    """The key that holds what was asked for; None for an error, and for a body with several keys."""
    keys = [key for key in body if key not in ENVELOPE]
    return keys[0] if len(keys) == 1 else None


def _items(body: Body) -> tuple[Any, Any] | None:
    """The container of an answer's records and the place of the first one in it."""
    root = root_of(body)
    inner = body.get(root) if root else None
    if isinstance(inner, list) and inner:
        return inner, 0
    if isinstance(inner, dict) and "meta" in body and inner:
        return inner, next(iter(inner))
    return None


def _fixed(name: str, value: Any) -> None:
    _on_body(name)(lambda _body: value)


_fixed("body_empty_object", {})
_fixed("body_message", {"message": "Everything is fine."})
_fixed("body_null", None)
_fixed("body_text", "ok")
_on_body("body_array")(lambda body: [body])


def _root(name: str, other: Callable[[Any], Any]) -> None:
    def change(body: Body) -> Any:
        root = root_of(body)
        if root is None:
            return NotImplemented
        body[root] = other(body[root])
        return body

    _on_body(name)(change)


_root("root_null", lambda _inner: None)
_root("root_text", lambda _inner: "odd")
_root("root_number", lambda _inner: 7)
_root("root_swapped", lambda inner: [inner] if isinstance(inner, dict) else {"odd": inner})


@_on_body("root_renamed")
def _renamed(body: Body) -> Any:
    root = root_of(body)
    if root is None:
        return NotImplemented
    return {f"{root}_v3" if key == root else key: value for key, value in body.items()}


@_on_body("meta_missing")
def _no_meta(body: Body) -> Any:
    return body if body.pop("meta", None) is not None else NotImplemented


def _meta(name: str, change: Callable[[Body], Any]) -> None:
    def spoil(body: Body) -> Any:
        if "meta" not in body:
            return NotImplemented
        change(body)
        return body

    _on_body(name)(spoil)


def _total(name: str, value: Any) -> None:
    _meta(name, lambda body: body["meta"].update(total=value))


_meta("meta_null", lambda body: body.update(meta=None))
_meta("meta_text", lambda body: body.update(meta="odd"))
_meta("total_missing", lambda body: body["meta"].pop("total"))
_total("total_absurd", ABSURD_TOTAL)
_total("total_text", "odd")
_total("total_negative", -1)
_total("total_null", None)
_total("total_fraction", 1.5)
_meta("total_too_small", lambda body: body["meta"].update(total=max(0, body["meta"]["total"] - 1)))


def _item(name: str, change: Callable[[Any, Any], None]) -> None:
    def spoil(body: Body) -> Any:
        found = _items(body)
        if found is None:
            return NotImplemented
        change(*found)
        return body

    _on_body(name)(spoil)


def _set(value: Any) -> Callable[[Any, Any], None]:
    return lambda container, place: container.__setitem__(place, value)


_item("item_null", _set(None))
_item("item_text", _set("odd"))
_item("item_list", _set(["odd"]))


@_on_body("item_twice")
def _twice(body: Body) -> Any:
    """Repeat the first record at the end, and count it in the total."""
    found = _items(body)
    if found is None:
        return NotImplemented
    container, place = found
    if isinstance(container, list):
        container.append(container[place])
    else:
        container[f"0{place}"] = container[place]
    if isinstance(body.get("meta"), dict):
        body["meta"]["total"] += 1
    return body


def _id_key(record: Any) -> str | None:
    keys = ("id", "droplet_id", "slug", "name")
    return next((key for key in keys if isinstance(record, dict) and key in record), None)


def _record(body: Body) -> Any:
    """The first record of a list, or the only one."""
    found = _items(body)
    if found is not None:
        container, place = found
        return container[place]
    root = root_of(body)
    return body[root] if root and "meta" not in body else None


@_on_body("id_missing")
def _no_id(body: Body) -> Any:
    record = _record(body)
    key = _id_key(record)
    if key is None:
        return NotImplemented
    del record[key]
    return body


@_way("id_endless")
def _endless_id(answer: Answer) -> bool:
    """Replace the id by one with more digits than common parsers accept."""
    body = parsed(answer)
    record: Any = _record(body) if isinstance(body, dict) else None
    key = _id_key(record)
    if key is None:
        return False
    record[key] = "@@"
    answer.body = orjson.dumps(body).replace(b'"@@"', b"9" * DIGITS, 1)
    return True


def _status(status: int) -> None:
    @_way(f"status_{status}")
    def spoil(answer: Answer) -> bool:
        if answer.status == status or answer.status >= 300:
            return False
        answer.status = status
        if status == 206:
            answer.headers["content-range"] = f"bytes 0-{max(0, len(answer.body) - 1)}/{len(answer.body) + 1000}"
        return True


for _number in (200, 202, 203, 206, 299):
    _status(_number)


@_way("status_200_empty")
def _empty(answer: Answer) -> bool:
    """Answer 200 without a body."""
    if answer.status >= 300 or (answer.status == 200 and not answer.body):
        return False
    answer.status, answer.body = 200, b""
    return True


def _raw(name: str, change: Callable[[bytes], bytes]) -> None:
    @_way(name)
    def spoil(answer: Answer) -> bool:
        if not answer.body:
            return False
        answer.body = change(answer.body)
        return True


_raw("not_json", lambda _body: b"<html><title>Welcome</title></html>")
_raw("not_utf8", lambda body: body.replace(b'"', b'"\xff\xfe\xc3', 4))
_raw("deep", lambda _body: b'{"a":' * DEEP + b"1" + b"}" * DEEP)
_raw("cut", lambda body: body[: len(body) // 2])  # announced as long as it is: whole for HTTP, and not for JSON


@_way("bomb")
def _bomb(answer: Answer) -> bool:
    """Compress the true answer together with hundreds of MiB of blanks."""
    if not answer.body:
        return False
    answer.body = gzip.compress(answer.body) + _blanks() * (BOMB_BYTES // _BOMB_MEMBER)
    answer.headers["content-encoding"] = "gzip"
    return True


@lru_cache(maxsize=1)
def _blanks() -> bytes:
    return gzip.compress(b" " * _BOMB_MEMBER)


@_way("control_characters")
def _control(answer: Answer) -> bool:
    """Put control characters into every field that people read."""
    body = parsed(answer)
    if not _soil(body):
        return False
    answer.body = orjson.dumps(body)
    return True


def _soil(node: Any) -> bool:
    if isinstance(node, list):
        soiled = [_soil(item) for item in node]
        return any(soiled)
    if not isinstance(node, dict):
        return False
    found = [_soil(value) for value in node.values()]
    for key in NAMED:
        if isinstance(node.get(key), str) and node[key]:
            node[key] += CONTROL_CHARACTERS
            found.append(True)
    return any(found)


RATE_HEADERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


def _headers(name: str, headers: dict[str, str | None]) -> None:
    @_way(name)
    def spoil(answer: Answer) -> bool:
        answer.headers.update(headers)
        return True


_headers("ratelimit_text", dict.fromkeys(RATE_HEADERS, "soon"))
_headers("ratelimit_huge", dict.fromkeys(RATE_HEADERS, "9" * 30))
_headers("ratelimit_negative", dict.fromkeys(RATE_HEADERS, "-5"))
_headers("ratelimit_fraction", dict.fromkeys(RATE_HEADERS, "nan"))
_headers("ratelimit_missing", dict.fromkeys(RATE_HEADERS))
_headers("date_missing", {"date": None})
_headers("date_garbage", {"date": "half past nine"})
_headers("date_1970", {"date": "Thu, 01 Jan 1970 00:00:00 GMT"})
_headers("date_2100", {"date": "Fri, 01 Jan 2100 00:00:00 GMT"})
DATE_SHIFTS = {
    "date_10_minutes_early": -600,
    "date_10_minutes_late": 600,
    "date_1_year_early": -365 * 86400,
    "date_1_year_late": 365 * 86400,
}
"""Ways in which the ``Date`` header is off, and by how many seconds."""


def check(effect: dict[str, Any]) -> None:
    """Raises ControlError unless the effect names a way."""
    way = effect["wrong"]
    if way == "field":
        if not (isinstance(effect.get("field"), str) and effect["field"]):
            raise ControlError("wrong 'field' needs field, a path such as droplets[].region.slug")
        if effect.get("as") not in (*OTHERS, "missing"):
            raise ControlError(f"as must be one of {', '.join((*OTHERS, 'missing'))}")
    elif not isinstance(way, str) or way not in (*WAYS, *DATE_SHIFTS):
        raise ControlError(f"wrong must be one of {', '.join(names())}")
    elif "field" in effect or "as" in effect:
        raise ControlError("field and as belong to wrong 'field'")


def names() -> list[str]:
    return [*WAYS, *DATE_SHIFTS, "field"]


def spoil(effect: dict[str, Any], answer: Answer) -> bool:
    """Spoil an answer in the way that an effect names; False if there was nothing to spoil."""
    if effect["wrong"] in DATE_SHIFTS:
        answer.date_shift = DATE_SHIFTS[effect["wrong"]]
        return True
    if effect["wrong"] != "field":
        return WAYS[effect["wrong"]](answer)
    body = parsed(answer)
    for path, container, place in fields_of(body):
        if path == effect["field"]:
            if effect["as"] == "missing":
                del container[place]
            else:
                container[place] = OTHERS[effect["as"]]
            answer.body = orjson.dumps(body)
            return True
    return False


def fields_of(node: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every field of a body as (path, container, key), without a list's envelope.

    Of a list, and of a map of records by id, those of its first item: ``droplets[].region.slug``,
    ``policies{}.backup_policy.hour``.
    """
    if isinstance(node, list) and node:
        yield from fields_of(node[0], f"{path}[]")
        return
    if not isinstance(node, dict):
        return
    keys = list(node)
    if keys and all(key.isdecimal() for key in keys):
        yield from fields_of(node[keys[0]], f"{path}{{}}")
        return
    for key in keys:
        if not path and "meta" in node and key in ENVELOPE:
            continue
        inner = f"{path}.{key}" if path else key
        yield inner, node, key
        yield from fields_of(node[key], inner)
