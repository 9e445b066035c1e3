# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer is of the shape that its endpoint has, or it is an error that names endpoint and field."""

from __future__ import annotations

import ast
import copy
import inspect
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydo.operations import _operations as pydo_operations

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import endpoints, pipeline
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.endpoints import TABLE, Endpoint
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.shapes import (
    COUNT,
    ID,
    LARGEST,
    NUMBER,
    NUMERAL,
    TIME,
    Array,
    Maybe,
    Numbered,
    Record,
    Shape,
    Value,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import errors
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import answer

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
NAMES = [f"{endpoint.method} {endpoint.template}" for endpoint in TABLE]
PLACES = {"droplet_id": "7", "action_id": "7", "image_id": "7", "snapshot_id": "7", "tag_id": "web"}
MISSING = object()
OF_EACH_TYPE = (True, 7, 7.5, "7", [7], {"7": 7})

STRICTER = {
    "GET /v2/droplets/backups/policies": {
        "policies",  # a list without its key is not empty
        "policies{}.backup_enabled",  # what does not say that it is on would count as off
    },
    "GET /v2/droplets/{droplet_id}/backups/policy": {"policy", "policy.backup_enabled"},
    "GET /v2/droplets/backups/supported_policies": {
        "supported_policies",
        "supported_policies[].name",  # a plan without a name, or without hours, could be neither chosen nor checked
        "supported_policies[].possible_window_starts",
    },
    # A kernel without its id would be no kernel.
    "GET /v2/droplets": {"droplets", "droplets[].kernel.id"},
    "GET /v2/droplets/{droplet_id}": {"droplet", "droplet.kernel.id"},
    "GET /v2/droplets/{droplet_id}/backups": {"backups"},
    "GET /v2/droplets/{droplet_id}/snapshots": {"snapshots"},
    "GET /v2/snapshots": {"snapshots"},
    "GET /v2/snapshots/{snapshot_id}": {"snapshot"},
    # Without a type a backup would not count as one, without a time it has no age, without regions it would be copied
    # again, without a name it would not be found.
    "GET /v2/images": {f"images[].{name}" for name in ("id", "type", "name", "created_at", "regions")},
    "GET /v2/images/{image_id}": {f"image.{name}" for name in ("id", "type", "name", "created_at", "regions")},
    "PUT /v2/images/{image_id}": {f"image.{name}" for name in ("id", "type", "name", "created_at", "regions")},
    # Without id, status and type nothing can be known of an action.
    **{
        f"GET /v2/{path}": {root, *(f"{root}{each}.{name}" for name in ("id", "status", "type"))}
        for path, root, each in (
            ("actions", "actions", "[]"),
            ("actions/{action_id}", "action", ""),
            ("droplets/{droplet_id}/actions", "actions", "[]"),
            ("droplets/{droplet_id}/actions/{action_id}", "action", ""),
            ("images/{image_id}/actions", "actions", "[]"),
        )
    },
    "POST /v2/droplets/{droplet_id}/actions": {"action", "action.id", "action.status", "action.type"},
    # Of several Droplets, nothing else says which one an action is for.
    "POST /v2/droplets/actions": {
        "actions",
        *(f"actions[].{name}" for name in ("id", "status", "type", "resource_id")),
    },
    # The Droplet that was made, and the action that makes it, are told by nothing else.
    "POST /v2/droplets": {"links.actions", "links.actions[].id"},
    "GET /v2/tags": {"tags", "tags[].name"},
    "GET /v2/tags/{tag_id}": {"tag", "tag.name"},
    "POST /v2/tags": {"tag", "tag.name"},
}
"""What the table requires although the schema lets it be missing or null, and why."""

UNDOCUMENTED = {"backups[].tags", "backups[].public", "snapshots[].tags", "snapshots[].public"}
"""What only some images of a Droplet show, as any image does; it is read if it is there."""

BARE = ("GET /v2/images/{image_id}/actions/{action_id}", "POST /v2/images/{image_id}/actions")
"""The schema has these without their key; its own examples have it."""


def url(endpoint: Endpoint) -> str:
    return endpoint.template.format(**PLACES)


def sample(shape: Shape | Maybe) -> Any:
    """A value that fits, with every field that there is."""
    if isinstance(shape, Maybe):
        return sample(shape.shape)
    if isinstance(shape, Record):
        return {name: sample(field) for name, field in shape.fields.items()}
    if isinstance(shape, Array):
        return [sample(shape.item)]
    if isinstance(shape, Numbered):
        return {"7": sample(shape.item)}
    return next(value for value in (7, "7", "2026-03-11T09:30:00Z", True) if shape(value) is None)


def good(endpoint: Endpoint) -> Any:
    body = sample(endpoint.shape)
    if endpoint.paged:
        body["meta"]["total"] = 1
    return body


def nodes(shape: Shape | Maybe, path: tuple = ()) -> Iterator[tuple[tuple, Shape, bool]]:
    """Each field of a sample, as `(path of keys, shape, whether it may be null or missing)`."""
    optional = isinstance(shape, Maybe)
    bare = shape.shape if isinstance(shape, Maybe) else shape
    if path:
        yield path, bare, optional
    if isinstance(bare, Record):
        for name, field in bare.fields.items():
            yield from nodes(field, (*path, name))
    elif isinstance(bare, Array):
        yield from nodes(bare.item, (*path, 0))
    elif isinstance(bare, Numbered):
        yield from nodes(bare.item, (*path, "7"))


def changed(body: Any, path: tuple, value: Any) -> Any:
    """A copy of `body` with another value at `path`, or none."""
    body = copy.deepcopy(body)
    parent = body
    for key in path[:-1]:
        parent = parent[key]
    if value is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return body


def place(path: tuple) -> str:
    """A path as a message names it."""
    text = ""
    for number, key in enumerate(path):
        inside = isinstance(key, int) or key == "7"
        text += f"[{key}]" if inside else f".{key}" if number else key
    return text


def of_another_type(shape: Shape, value: Any) -> bool:
    if isinstance(shape, Value):
        return type(value) not in shape.types
    return not isinstance(value, dict if isinstance(shape, Record | Numbered) else list)


def wrong_bodies(endpoint: Endpoint) -> Iterator[tuple[str, Any]]:
    """`(place of the fault, body)` for each field of an endpoint and each way to be wrong."""
    body = good(endpoint)
    for path, shape, optional in nodes(endpoint.shape):
        values = [value for value in OF_EACH_TYPE if of_another_type(shape, value)]
        if not optional:
            values.append(None)
            if not isinstance(path[-1], int) and path[-1] != "7":
                values.append(MISSING)
        for value in values:
            yield place(path), changed(body, path, value)


def judged(endpoint: Endpoint, body: Any) -> errors.LifeboatError | None:
    return pipeline.error_from_response(answer(endpoint.status, body, endpoint.method, url(endpoint)))


WITH_BODY = [endpoint for endpoint in TABLE if endpoint.shape]
each_with_body = pytest.mark.parametrize("endpoint", WITH_BODY, ids=lambda one: f"{one.method} {one.template}")


@each_with_body
def test_a_good_answer_is_taken(endpoint: Endpoint) -> None:
    assert judged(endpoint, good(endpoint)) is None


@each_with_body
def test_what_may_be_null_or_missing_may(endpoint: Endpoint) -> None:
    body = good(endpoint)
    for path, _shape, optional in nodes(endpoint.shape):
        if optional and path[-2:] != ("backup_policy", "plan"):
            assert judged(endpoint, changed(body, path, None)) is None
            assert judged(endpoint, changed(body, path, MISSING)) is None


@each_with_body
def test_what_nobody_knows_is_no_fault(endpoint: Endpoint) -> None:
    body = good(endpoint)
    for path, shape, _optional in nodes(endpoint.shape):
        if isinstance(shape, Record):
            assert judged(endpoint, changed(body, (*path, "added_later"), [None, {"x": 1}])) is None
        if isinstance(shape, Value) and shape.types == {str} and shape.fits is None and path[-1] != "name":
            assert judged(endpoint, changed(body, path, "a-word-of-tomorrow")) is None


@each_with_body
def test_every_wrong_body_is_an_error_that_names_endpoint_and_field(endpoint: Endpoint) -> None:
    count = 0
    for where, body in wrong_bodies(endpoint):
        problem = judged(endpoint, body)
        assert isinstance(problem, errors.InvalidAnswerError), (where, body)
        assert f"{endpoint.method} {url(endpoint)} is wrong: `{where}` " in problem.message
        count += 1
    assert count >= 7


@each_with_body
def test_a_look_by_columns_finds_the_same_faults(endpoint: Endpoint) -> None:
    """Among good bodies, at any place, and alone."""
    body = good(endpoint)
    assert endpoint.shape.all_fit([])
    assert endpoint.shape.all_fit([body, body])
    for where, wrong in wrong_bodies(endpoint):
        for bodies in ([wrong], [wrong, body], [body, wrong]):
            assert not endpoint.shape.all_fit(bodies), (where, wrong)
    for path, _shape, optional in nodes(endpoint.shape):
        if optional:
            for bare in (changed(body, path, value) for value in (None, MISSING)):
                assert endpoint.shape.all_fit([body, bare]) == (endpoint.shape(bare) is None), path


BORDERS = {
    ID: (0, 1, LARGEST, LARGEST + 1, -1, 10**400),
    COUNT: (-1, 0, LARGEST, LARGEST + 1, 10**400),
    NUMBER: (-0.5, 0, 0.0, 1.5, 1e300, 10**400, math.inf, -math.inf, math.nan),
    NUMERAL: ("", "0", "7" * 19, "7" * 20, "-7", "\N{ARABIC-INDIC DIGIT SEVEN}"),
    TIME: ("2026-03-11T09:30:00Z", "2026-02-30T00:00:00Z", "2026-03-11T09:30:00", "0001-01-01T00:00:00Z", "soon"),
}


@pytest.mark.parametrize(("shape", "value"), [(shape, value) for shape, values in BORDERS.items() for value in values])
def test_a_value_at_the_border_is_judged_alike_alone_and_among_others(shape: Value, value: Any) -> None:
    fits = shape(value) is None
    true = next(other for other in BORDERS[shape] if shape(other) is None)
    assert shape.all_fit([value]) == shape.all_fit([true, value]) == shape.all_fit([value, true]) == fits


def test_what_is_allowed_at_the_border() -> None:
    allowed = {shape.word: [value for value in values if shape(value) is None] for shape, values in BORDERS.items()}
    assert list(allowed.values()) == [
        [1, LARGEST],
        [0, LARGEST],
        [0, 0.0, 1.5],
        ["0", "7" * 19],
        ["2026-03-11T09:30:00Z"],
    ]


@each_with_body
@pytest.mark.parametrize("body", [None, [], "text", 7, True, {}, {"message": "all is well"}], ids=repr)
def test_a_body_of_something_else_is_an_error(endpoint: Endpoint, body: Any) -> None:
    problem = judged(endpoint, json.dumps(body))
    assert isinstance(problem, errors.InvalidAnswerError)
    assert f"The answer to {endpoint.method} {url(endpoint)} is " in problem.message


@pytest.mark.parametrize("endpoint", TABLE, ids=NAMES)
@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 206, 226, 299])
def test_a_success_that_is_not_documented_is_an_error(endpoint: Endpoint, status: int) -> None:
    body = good(endpoint) if endpoint.shape else b""
    problem = pipeline.error_from_response(answer(status, body, endpoint.method, url(endpoint)))
    if status == endpoint.status:
        assert problem is None
    else:
        assert isinstance(problem, errors.InvalidAnswerError)
        assert f"has the status {status} and should have {endpoint.status}" in problem.message


KEYED = [
    endpoint
    for endpoint in WITH_BODY
    if any(isinstance(shape, Array) and shape.key for *_path, shape, _maybe in nodes(endpoint.shape))
]


@pytest.mark.parametrize("endpoint", KEYED, ids=lambda one: f"{one.method} {one.template}")
def test_the_same_thing_twice_is_an_error(endpoint: Endpoint) -> None:
    (root,) = [path for path, shape, _optional in nodes(endpoint.shape) if isinstance(shape, Array) and shape.key]
    body = changed(good(endpoint), root, good(endpoint)[root[0]] * 2)
    if endpoint.paged:
        body["meta"]["total"] = 2
    problem = judged(endpoint, body)
    assert "has two items of the same" in problem.message
    assert not endpoint.shape.all_fit([body])


PAGED = [endpoint for endpoint in TABLE if endpoint.paged]


@pytest.mark.parametrize("endpoint", PAGED, ids=lambda one: one.template)
@pytest.mark.parametrize("total", [-1, 10**30, 1.0, "1", None])
def test_a_total_is_a_number_that_can_be(endpoint: Endpoint, total: Any) -> None:
    problem = judged(endpoint, changed(good(endpoint), ("meta", "total"), total))
    assert "`meta.total`" in problem.message


@pytest.mark.parametrize("endpoint", [one for one in PAGED if one.whole], ids=lambda one: one.template)
@pytest.mark.parametrize("total", [0, 2, 10**8])
def test_a_list_that_is_read_whole_has_what_its_total_says(endpoint: Endpoint, total: int) -> None:
    problem = judged(endpoint, changed(good(endpoint), ("meta", "total"), total))
    assert isinstance(problem, errors.InvalidAnswerError)


@pytest.mark.parametrize("endpoint", PAGED, ids=lambda one: one.template)
def test_an_empty_page_of_a_list_that_is_not_empty_is_an_error(endpoint: Endpoint) -> None:
    empty = {} if endpoint.paged == "policies" else []
    problem = judged(endpoint, {endpoint.paged: empty, "meta": {"total": 3}})
    assert f"`{endpoint.paged}` has 0 items on page 1, and by its total of 3 there should be 3" in problem.message


def test_a_log_that_grows_while_it_is_read_is_no_error() -> None:
    (log,) = [endpoint for endpoint in TABLE if endpoint.template == "/v2/actions"]
    assert judged(log, changed(good(log), ("meta", "total"), 10**8)) is None


@pytest.mark.parametrize("count", [0, 199, 200])
def test_the_place_of_a_page_is_in_its_address(count: int) -> None:
    (droplets,) = [endpoint for endpoint in TABLE if (endpoint.method, endpoint.template) == ("GET", "/v2/droplets")]
    record = good(droplets)["droplets"][0]
    items = [{**record, "id": key + 1} for key in range(count)]
    path = "/v2/droplets?page=3&per_page=200"
    problem = pipeline.error_from_response(
        answer(200, {"droplets": items, "meta": {"total": 400 + count}}, "GET", path)
    )
    assert problem is None
    problem = pipeline.error_from_response(
        answer(200, {"droplets": items, "meta": {"total": 401 + count}}, "GET", path)
    )
    assert (problem is None) == (count == 200)


@pytest.mark.parametrize(
    "template",
    [
        *("/v2/droplets/{droplet_id}", "/v2/actions/{action_id}", "/v2/images/{image_id}"),
        *("/v2/droplets/{droplet_id}/actions/{action_id}", "/v2/images/{image_id}/actions/{action_id}"),
    ],
)
def test_another_thing_than_the_one_asked_for_is_an_error(template: str) -> None:
    (endpoint,) = [one for one in TABLE if (one.method, one.template) == ("GET", template)]
    (root,) = endpoint.shape.fields
    problem = judged(endpoint, changed(good(endpoint), (root, "id"), 8))
    assert f"`{root}.id` is 8" in problem.message


def test_a_policy_of_another_droplet_is_an_error() -> None:
    body = good(TABLE[0])
    assert (
        "`policies[7].droplet_id` is 8" in judged(TABLE[0], changed(body, ("policies", "7", "droplet_id"), 8)).message
    )
    assert "not an id" in judged(TABLE[0], {**body, "policies": {"web": body["policies"]["7"]}}).message


@pytest.mark.parametrize("plan", [None, MISSING])
def test_a_policy_that_is_on_has_a_plan(plan: object) -> None:
    path = ("policies", "7", "backup_policy", "plan")
    body = changed(good(TABLE[0]), path, plan)
    assert "`policies[7].backup_policy.plan` is missing" in judged(TABLE[0], body).message
    assert judged(TABLE[0], changed(body, ("policies", "7", "backup_enabled"), False)) is None


def operations() -> set[tuple[str, str]]:
    """`(group, operation)` of each operation of pydo that the collection names."""
    found = set()
    for path in PLUGINS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            group = node.value if isinstance(node, ast.Attribute) else None
            if isinstance(group, ast.Attribute) and getattr(group.value, "attr", None) == "do":
                found.add((group.attr, node.attr))
    # Told by the kind of restore point: see backups._own_of_each.
    return found | {("droplets", "list_backups"), ("droplets", "list_snapshots")}


def test_every_operation_that_the_collection_calls_is_in_the_table() -> None:
    called = set()
    for group, name in operations():
        build = getattr(pydo_operations, f"build_{group}_{name}_request")
        needed = [each.name for each in inspect.signature(build).parameters.values() if each.default is each.empty]
        request = build(**{each: 7 for each in needed if each != "kwargs"})
        called.add(endpoints.of(request.method, request.url.partition("?")[0]))
    assert called == set(TABLE)


def test_no_other_endpoint_is_taken_for_one_of_the_table() -> None:
    for method, path in (("GET", "/v2/account"), ("DELETE", "/v2/droplets/1"), ("GET", "/v2/droplets/1/kernels")):
        with pytest.raises(LookupError, match=f"{method} {path}"):
            endpoints.of(method, path)


class TestSchema:
    """The table against the official schema."""

    @pytest.fixture(name="document")
    def _document(self) -> dict:
        path = os.environ.get("DIGITALOCEAN_OPENAPI")
        if not path:
            pytest.skip("DIGITALOCEAN_OPENAPI does not name the official schema's file")
        return json.loads(Path(path).read_text("utf-8"))

    @pytest.mark.parametrize("endpoint", TABLE, ids=NAMES)
    def test_every_field_is_there_with_its_type_and_required_no_more_than_it_says(
        self, document: dict, endpoint: Endpoint
    ) -> None:
        name = f"{endpoint.method} {endpoint.template}"
        responses = document["paths"][endpoint.template][endpoint.method.lower()]["responses"]
        successes = [int(status) for status in responses if status.startswith("2")]
        assert successes == [endpoint.status]
        response = _resolved(document, responses[str(endpoint.status)])
        assert bool(response.get("content")) == bool(endpoint.shape)
        if endpoint.shape:
            schema = response["content"]["application/json"]["schema"]
            shape = endpoint.shape.fields["action"] if name in BARE else endpoint.shape
            stricter = set(_stricter(document, shape, schema, ""))
            expected = STRICTER.get(name, set())
            assert stricter == ({"id", "status", "type"} if name in BARE else expected)


def _resolved(document: dict, schema: dict) -> dict:
    while "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _merged(document: dict, schema: dict) -> dict:
    """A schema with the parts that it is put together from in one, `required` those of all of them."""
    schema = _resolved(document, schema)
    merged = {**schema, "properties": {}, "required": []}
    for part in (schema, *(_merged(document, each) for each in schema.get("allOf", ()))):
        merged["properties"] = {**merged["properties"], **part.get("properties", {})}
        merged["required"] = [*merged["required"], *part.get("required", ())]
        merged.update(
            {key: part[key] for key in ("type", "items", "additionalProperties", "nullable", "format") if key in part}
        )
    # Of the Droplets that a creation answers with, one alone is made here.
    for part in schema.get("anyOf", schema.get("oneOf", ()))[:1]:
        merged = {**_merged(document, part), **{key: value for key, value in merged.items() if value}}
    return merged


JSON_TYPES = {str: "string", int: "integer", bool: "boolean"}


def _stricter(document: dict, shape: Shape, schema: dict, path: str) -> Iterator[str]:
    """The paths of what the shape requires and the schema does not; asserts that all of it is there with its type."""
    schema = _merged(document, schema)
    if isinstance(shape, Record):
        assert schema.get("type", "object") == "object", path
        for name, field in shape.fields.items():
            where = f"{path}.{name}" if path else name
            if where in UNDOCUMENTED and name not in schema["properties"]:
                continue
            assert name in schema["properties"], f"{where} is not in the schema"
            inner = _merged(document, schema["properties"][name])
            required = name in schema["required"] and not inner.get("nullable")
            if not isinstance(field, Maybe) and not required:
                yield where
            yield from _stricter(document, field.shape if isinstance(field, Maybe) else field, inner, where)
    elif isinstance(shape, Array):
        assert schema["type"] == "array", path
        yield from _stricter(document, shape.item, schema["items"], f"{path}[]")
    elif isinstance(shape, Numbered):
        yield from _stricter(document, shape.item, schema["additionalProperties"], f"{path}{{}}")
    elif float in shape.types:
        assert schema["type"] == "number", path
    else:
        assert schema["type"] == JSON_TYPES[next(iter(shape.types), None)], path
        assert (schema.get("format") == "date-time") == ("2026" in shape.word), path
