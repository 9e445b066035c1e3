# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong answers: every way × every route that is served, through the whole application, without sockets."""

import json
import time
import zlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import pytest
from dosim import control, wrong
from dosim.transport import Answer
from dosim_inprocess import SERVED, Account, Told, true_answers
from dosim_testing import Sim
from starlette.datastructures import Headers

YEAR = 365 * 24 * 60
LIST, SINGLE = ("GET", "/v2/droplets"), ("GET", "/v2/droplets/{droplet_id}")


@pytest.fixture(scope="module", name="account")
def _account() -> Account:
    return Account()


@pytest.fixture(name="truth")
def _truth() -> dict[tuple[str, str], Told]:
    return true_answers()


def first(told: Told) -> Any:
    """The first record, or the only one."""
    inner = told.root
    if isinstance(inner, list):
        return inner[0]
    return next(iter(inner.values())) if "meta" in told.json else inner


def has_items(true: Told) -> bool:
    return bool(true.body) and wrong.root_of(true.json) is not None and "meta" in true.json and bool(true.root)


def is_list(true: Told) -> bool:
    return bool(true.body) and "meta" in true.json


def has_root(true: Told) -> bool:
    return bool(true.body) and wrong.root_of(true.json) is not None


def always(_true: Told) -> bool:
    return True


def speaks(true: Told) -> bool:
    return bool(true.body)


def has_record(true: Told) -> bool:
    if not has_root(true):
        return False
    record = first(true) if true.root else None
    return isinstance(record, dict) and bool({"id", "droplet_id", "slug", "name"} & {*record})


def in_a_list(true: Told) -> bool:
    return has_items(true) or (has_root(true) and isinstance(true.root, list) and bool(true.root))


def has_names(true: Told) -> bool:
    return any(f'"{key}":"' in true.body.decode() and f'"{key}":""' not in true.body.decode() for key in wrong.NAMED)


def unpacked_is_huge(true: Told, told: Told) -> bool:
    unpacked = zlib.decompressobj(31)
    head = unpacked.decompress(told.body)
    return len(told.body) < 2**20 and json.loads(head) == true.json and told.headers["content-encoding"] == "gzip"


def minutes(told: Told) -> int:
    return int(parsedate_to_datetime(told.headers["date"]).timestamp()) // 60


def same(true: Told, told: Told, status: int) -> bool:
    return (told.status, told.body) == (status, true.body)


def total(true: Told, told: Told, value: Any) -> bool:
    return told.json["meta"]["total"] == value and told.root == true.root


Held = tuple[Callable[[Told], bool], Callable[[Told, Told], bool]]
HELD: dict[str, Held] = {
    # What a way spoils, and that it did, in words of its own: (true answer) and (true answer, wrong answer).
    "body_empty_object": (speaks, lambda _true, told: told.body == b"{}"),
    "body_message": (speaks, lambda _true, told: list(told.json) == ["message"]),
    "body_null": (speaks, lambda _true, told: told.body == b"null"),
    "body_text": (speaks, lambda _true, told: isinstance(told.json, str)),
    "body_array": (speaks, lambda true, told: told.json == [true.json]),
    "root_null": (has_root, lambda _true, told: told.root is None),
    "root_text": (has_root, lambda _true, told: isinstance(told.root, str)),
    "root_number": (has_root, lambda _true, told: isinstance(told.root, int)),
    "root_swapped": (has_root, lambda true, told: {type(true.root), type(told.root)} == {dict, list}),
    "root_renamed": (has_root, lambda true, told: {*true.json} - {*told.json} == {wrong.root_of(true.json)}),
    "meta_missing": (is_list, lambda true, told: "meta" not in told.json and told.root == true.root),
    "meta_null": (is_list, lambda _true, told: told.json["meta"] is None),
    "meta_text": (is_list, lambda _true, told: isinstance(told.json["meta"], str)),
    "total_missing": (is_list, lambda true, told: told.json["meta"] == {} and told.root == true.root),
    "total_absurd": (is_list, partial(total, value=10**8)),
    "total_text": (is_list, partial(total, value="odd")),
    "total_negative": (is_list, partial(total, value=-1)),
    "total_null": (is_list, partial(total, value=None)),
    "total_fraction": (is_list, partial(total, value=1.5)),
    "total_too_small": (
        is_list,
        lambda true, told: total(true, told, max(0, true.json["meta"]["total"] - 1)),
    ),
    "item_null": (in_a_list, lambda true, told: first(told) is None and len(told.root) == len(true.root)),
    "item_text": (in_a_list, lambda _true, told: isinstance(first(told), str)),
    "item_list": (in_a_list, lambda _true, told: isinstance(first(told), list)),
    "item_twice": (
        in_a_list,
        lambda true, told: (
            (list(told.root.values()) if isinstance(told.root, dict) else told.root)[-1] == first(true)
            and len(told.root) == len(true.root) + 1
            and (not is_list(true) or told.json["meta"]["total"] == true.json["meta"]["total"] + 1)
        ),
    ),
    "id_missing": (has_record, lambda true, told: len(first(told)) == len(first(true)) - 1),
    "id_endless": (has_record, lambda _true, told: b"9" * 5000 in told.body),
    "status_200": (lambda true: true.status != 200, partial(same, status=200)),
    "status_202": (lambda true: true.status != 202, partial(same, status=202)),
    "status_203": (always, partial(same, status=203)),
    "status_206": (always, lambda true, told: same(true, told, 206) and "content-range" in told.headers),
    "status_299": (always, partial(same, status=299)),
    "status_200_empty": (always, lambda _true, told: (told.status, told.body) == (200, b"")),
    "not_json": (speaks, lambda _true, told: told.body.startswith(b"<html>")),
    "not_utf8": (speaks, lambda _true, told: b"\xff\xfe" in told.body),
    "deep": (speaks, lambda _true, told: told.body.count(b"{") == 100_000),
    "cut": (speaks, lambda true, told: len(told.body) == len(true.body) // 2),
    "bomb": (speaks, unpacked_is_huge),
    "control_characters": (has_names, lambda _true, told: b"\\u001b[2J" in told.body and b"\\u0000" in told.body),
    "ratelimit_text": (always, lambda _true, told: told.headers["ratelimit-remaining"] == "soon"),
    "ratelimit_huge": (always, lambda _true, told: len(told.headers["ratelimit-reset"]) == 30),
    "ratelimit_negative": (always, lambda _true, told: told.headers["ratelimit-limit"] == "-5"),
    "ratelimit_fraction": (always, lambda _true, told: told.headers["ratelimit-limit"] == "nan"),
    "ratelimit_missing": (always, lambda _true, told: not any(key.startswith("ratelimit") for key in told.headers)),
    "date_missing": (always, lambda _true, told: "date" not in told.headers),
    "date_garbage": (always, lambda _true, told: told.headers["date"] == "half past nine"),
    "date_1970": (always, lambda _true, told: "1970" in told.headers["date"]),
    "date_2100": (always, lambda _true, told: "2100" in told.headers["date"]),
    "date_10_minutes_early": (always, lambda true, told: minutes(told) - minutes(true) in (-10, -9)),
    "date_10_minutes_late": (always, lambda true, told: minutes(told) - minutes(true) in (10, 11)),
    "date_1_year_early": (always, lambda true, told: minutes(true) - minutes(told) in (YEAR - 1, YEAR)),
    "date_1_year_late": (always, lambda true, told: minutes(told) - minutes(true) in (YEAR, YEAR + 1)),
}


def test_every_way_is_held() -> None:
    assert {*HELD, "field"} == set(wrong.names())


@pytest.mark.parametrize("way", HELD)
def test_every_way_on_every_route(account: Account, truth: dict[tuple[str, str], Told], way: str) -> None:
    """If there is something to spoil it is spoiled in that way; the request is carried out."""
    applies, held = HELD[way]
    met = 0
    account.reset()
    for route in SERVED:
        told, entry, spoiled = account.spoiled(route, wrong=way)
        true = truth[route]
        assert spoiled is applies(true), (route, told.body[:200])
        assert entry["carried_out"] is True
        if route[0] != "GET":
            account.reset()
        if spoiled:
            assert held(true, told), (route, told.status, told.body[:300])
            met += 1
        else:
            assert told.status == true.status
    assert met >= 2


@pytest.mark.parametrize("instead", [*wrong.OTHERS, "missing"])
def test_every_field_of_every_route(truth: dict[tuple[str, str], Told], instead: str) -> None:
    """Each field that an answer has can be of each other type, or missing; all else stays true."""
    met = 0
    for route, true in truth.items():
        for path, _container, _key in wrong.fields_of(json.loads(true.body or b"null")):
            answer = Answer(true.status, true.body, {})
            assert wrong.spoil({"wrong": "field", "field": path, "as": instead}, answer), (route, path)
            told = Told(answer.status, Headers({}), answer.body)
            found = {inner: container[key] for inner, container, key in wrong.fields_of(told.json)}
            assert (path not in found) if instead == "missing" else found[path] == wrong.OTHERS[instead]
            others = {inner for inner, *_rest in wrong.fields_of(true.json) if not inner.startswith(path)}
            assert others <= set(found)
            met += 1
    assert met > 400


def test_a_field_is_of_the_first_item(account: Account) -> None:
    account.reset()
    told, entry, spoiled = account.spoiled(LIST, wrong="field", field="droplets[].region.slug", **{"as": "number"})
    assert (spoiled, entry["carried_out"], told.status) == (True, True, 200)
    assert [droplet["region"]["slug"] == 7 for droplet in told.root] == [True, False, False]
    policies = ("GET", "/v2/droplets/backups/policies")
    enabled = {"field": "policies{}.backup_enabled", "as": "null"}
    told, _entry, spoiled = account.spoiled(policies, wrong="field", **enabled)
    assert (spoiled, first(told)["backup_enabled"]) == (True, None)
    told, _entry, spoiled = account.spoiled(SINGLE, wrong="field", field="droplet.colour", **{"as": "null"})
    assert (spoiled, told.root["id"]) == (False, account.droplet)


@pytest.mark.parametrize("way", ["body_null", "root_null", "status_202", "date_1970"])
def test_a_wrong_answer_to_what_was_not_carried_out(account: Account, way: str) -> None:
    account.reset()
    route = ("POST", "/v2/droplets/{droplet_id}/actions")
    before = len(control.state(account.simulator)["actions"])
    _told, entry, _spoiled = account.spoiled(route, wrong=way, carried_out=False)
    assert entry["carried_out"] is False
    assert len(control.state(account.simulator)["actions"]) == before
    _told, entry, spoiled = account.spoiled(route, wrong=way)
    assert (entry["carried_out"], spoiled) == (True, True)
    assert len(control.state(account.simulator)["actions"]) == before + 1


def test_refusals_are_spoiled_too(account: Account) -> None:
    account.simulator.faults.add({"effect": {"wrong": "control_characters"}})
    told = account.ask("GET", "/v2/droplets/1")
    assert (told.status, "\x1b[2J" in told.json["message"]) == (404, True)
    account.simulator.faults.add({"effect": {"wrong": "field", "field": "message", "as": "object"}})
    assert account.ask("GET", "/v2/droplets/1").json["message"] == {"odd": 1}


def test_a_bomb_is_small_and_unpacks_to_hundreds_of_megabytes(sim: Sim) -> None:
    sim.fault({"wrong": "bomb"}, times=0)
    with sim.get("/v2/account", stream=True) as answer:
        size = sum(len(piece) for piece in answer.iter_content(2**20))
    assert size > wrong.BOMB_BYTES
    with sim.get("/v2/account", stream=True) as answer:
        assert int(answer.headers["content-length"]) < 2**20


def test_the_names_can_be_asked_for(sim: Sim) -> None:
    assert sim.control("GET", "wrong") == {"wrong": wrong.names()}


def test_a_slow_answer_comes_at_its_pace_and_whole(sim: Sim) -> None:
    true = sim.get("/v2/account").content
    sim.fault({"slow": len(true) * 2})
    begun = time.monotonic()
    told = sim.get("/v2/account")
    assert told.content == true
    assert 0.3 <= time.monotonic() - begun < 5


def test_a_slow_answer_can_be_wrong_or_a_refusal(sim: Sim) -> None:
    sim.fault({"slow": 1000}, {"wrong": "body_null"})
    assert sim.get("/v2/account").content == b"null"
    sim.fault({"slow": 1000}, {"status": 503})
    assert sim.get("/v2/account").status_code == 503


def test_a_slow_answer_ends_when_the_client_hangs_up(account: Account) -> None:
    """A byte a minute would take days."""
    account.reset()
    account.simulator.faults.add({"effect": {"slow": 1 / 60}})
    begun = time.monotonic()
    told = account.ask("GET", "/v2/droplets", hangs_up_after=0.2)
    assert time.monotonic() - begun < 5
    assert (told.status, told.body) == (200, b"")
