# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests against a simulator process: start one, talk to it, hold its answers against the official schema."""

import contextlib
import copy
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import referencing
import requests
from dosim import catalogue, routes, schedule
from referencing.jsonschema import DRAFT202012

PROGRAM = Path(__file__).parent


class Sim:
    """A client of one simulator process. ``schema`` checks every answer of the API that no fault can have made."""

    def __init__(self, ready: dict[str, Any], schema: "Schema | None" = None) -> None:
        self.ready = ready
        self.schema = schema
        self.session = requests.Session()
        self.session.trust_env = False  # REQUESTS_CA_BUNDLE would win over the next line
        self.session.verify = ready["ca_path"]
        self.token = ready["token"]

    def request(self, method: str, path: str, token: str | None = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token}", **options.pop("headers", {})}
        response = self.session.request(method, self.ready["api_url"] + path, headers=headers, timeout=30, **options)
        whole = token in (None, self.token)  # with fewer scopes, fields that the schema requires are left out
        if self.schema and whole and path.startswith("/v2/") and not self.faults():
            self.schema.check(method, path.partition("?")[0], response)
        return response

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    def read(self, path: str, **options: Any) -> Any:
        """The body of a GET that must succeed."""
        response = self.get(path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control-plane call that must succeed."""
        response = self.session.request(method, f"{self.ready['api_url']}/_sim/{path}", json=body, timeout=30)
        assert response.status_code in (200, 201), response.text
        return response.json()

    def reset(self, **body: Any) -> None:
        self.control("POST", "reset", body)

    def behave(self, **switches: str) -> None:
        self.control("PUT", "behaviour", switches)

    def advance(self, how_long: str | float) -> str:
        now: str = self.control("POST", "clock", {"advance": how_long})["now"]
        return now

    def set_clock(self, moment: str) -> None:
        self.control("POST", "clock", {"set": moment})

    def fault(self, *effects: dict[str, Any], **match: Any) -> int:
        key: int = self.control("POST", "faults", {"match": match, "effect": list(effects)})["id"]
        return key

    def faults(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "faults")["faults"]
        return found

    def journal(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.control("GET", "journal")["requests"]
        return requests

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.control("GET", "state")
        return state

    def known(self, name: str) -> dict[str, Any]:
        """What the simulator knows about the Droplet of that name."""
        droplets: list[dict[str, Any]] = self.state()["droplets"]
        return next(droplet for droplet in droplets if droplet["name"] == name)

    def id(self, name: str) -> int:
        key: int = self.known(name)["id"]
        return key

    def act(self, droplet: int, kind: str, **args: Any) -> dict[str, Any]:
        """Order a Droplet action that must be taken; the action as the answer shows it."""
        response = self.post(f"/v2/droplets/{droplet}/actions", {"type": kind, **args})
        assert response.status_code == 201, response.text
        action: dict[str, Any] = response.json()["action"]
        return action

    def done(self, droplet: int, kind: str, **args: Any) -> dict[str, Any]:
        """The same, until it has ended."""
        action = self.act(droplet, kind, **args)
        self.advance(2)
        ended: dict[str, Any] = self.read(f"/v2/actions/{action['id']}")["action"]
        return ended

    def policy(self, droplet: int) -> dict[str, Any]:
        policy: dict[str, Any] = self.read(f"/v2/droplets/{droplet}/backups/policy")["policy"]
        return policy

    def refused(self, response: requests.Response, status: int, words: str = "") -> str:
        """The message of a refusal, which must be an error envelope of that status."""
        assert response.status_code == status, response.text
        body = response.json()
        assert set(body) == {"id", "message", "request_id"}
        assert body["request_id"] == response.headers["x-request-id"]
        message: str = body["message"]
        assert words in message
        return message


def try_switch(sim: Sim, switch: str, value: str, case: Callable[[Sim, str], None]) -> None:
    """Turn a switch after its world was read, since it holds for what was answered before, too; then its case."""
    for path in ("/v2/droplets?per_page=200", "/v2/droplets?type=gpus", "/v2/droplets/backups/policies?per_page=200"):
        sim.read(path)
    sim.behave(**{switch: value})
    assert sim.control("GET", "behaviour")[switch] == value
    case(sim, value)


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A simulator process and its ready line; it must end with 0 when it is told to."""
    command = [sys.executable, str(PROGRAM), *arguments]
    with tempfile.TemporaryFile("w+") as errors:
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert program.stdout is not None
            line = program.stdout.readline()
            errors.seek(0)
            assert line, errors.read()
            yield program, json.loads(line)
        finally:
            program.send_signal(signal.SIGTERM)
            rest, _nothing = program.communicate(timeout=60)
        errors.seek(0)
        said = errors.read()
    complaints = [line for line in said.splitlines() if "Invalid HTTP request received." not in line]
    assert (program.returncode, rest, complaints) == (0, "", [])


_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Not in the schema: the account's two are told by a client, a backup's three by the schema's own example.
# The schema misspells a tag's images.
_BEYOND_SCHEMA = {
    "$.tag.resources": {"images"},
    "$.tags[].resources": {"images"},
    "$.account": {"reserved_ip_limit", "volume_limit"},
    "$.backups[]": {"distribution", "slug", "public"},
}
_WRAPPED = {
    ("POST", "/v2/images/{image_id}/actions"): "the schema has the bare action, its example and every client wrap it",
    ("GET", "/v2/images/{image_id}/actions/{action_id}"): "the same",
}


class Schema:
    """The official OpenAPI 3.0 document, as JSON Schema; ``checked`` collects the routes that were looked at."""

    def __init__(self, file: Path) -> None:
        document = json.loads(file.read_text(encoding="utf-8"))
        schemas = document["components"]["schemas"]
        # Newer regions are missing from the enumeration of slugs, and usage-based plans from that of plans, to which
        # a world adds one that nobody knows yet.
        schemas["region_slug"]["enum"] += catalogue.load().regions
        schemas["droplet_backup_policy"]["properties"]["plan"]["enum"] += [*schedule.USAGE, "continuous"]
        self.document = _as_json_schema(document)
        self.registry = referencing.Registry().with_resource("urn:api", DRAFT202012.create_resource(self.document))
        self.formats = jsonschema.FormatChecker(())
        self.formats.checks("date-time")(lambda value: not isinstance(value, str) or bool(_STAMP.fullmatch(value)))
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}
        self.checked: set[tuple[str, str, int]] = set()

    def check(self, method: str, path: str, response: requests.Response) -> None:
        """Fail with what the schema would not have."""
        found = routes.match(path)
        if response.status_code >= 400 or found is None:
            body = response.json()
            # Only a tag's bad name is refused in a shape of its own.
            pointer = f"/components/schemas/{'error_with_root_causes' if 'root_causes' in body else 'error'}"
            assert "root_causes" not in body or (method, path.rstrip("/")) == ("POST", "/v2/tags")
        else:
            if found[0] not in self.document["paths"]:
                return  # one that only clients' start needs; test_unmodelled looks at it
            operation = self.document["paths"][found[0]][method.lower()]
            declared = operation["responses"][str(response.status_code)]
            pointer = declared["$ref"].removeprefix("#")
            content = self._at(pointer).get("content")
            self.checked.add((method, found[0], response.status_code))
            if content is None:
                assert response.content == b""
                return
            pointer, body = f"{pointer}/content/application~1json/schema", response.json()
            if (method, found[0]) in _WRAPPED:
                assert set(body) == {"action"}
                body = body["action"]
        for header in ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"):
            assert response.headers[header].isdigit()
        problems = [f"{error.json_path}: {error.message}" for error in self._validator(pointer).iter_errors(body)]
        problems += self._unknown(self._at(pointer), body, "$")
        assert not problems, f"{method} {path}: {problems[:5]}"

    def _validator(self, pointer: str) -> jsonschema.Draft202012Validator:
        if pointer not in self._validators:
            self._validators[pointer] = jsonschema.Draft202012Validator(
                {"$ref": f"urn:api#{pointer}"}, registry=self.registry, format_checker=self.formats
            )
        return self._validators[pointer]

    def _at(self, pointer: str) -> Any:
        value = self.document
        for part in pointer.strip("/").split("/"):
            value = value[part.replace("~1", "/").replace("~0", "~")]
        return value

    def _alternatives(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A schema and all that it is composed of."""
        if "$ref" in schema:
            yield from self._alternatives(self._at(schema["$ref"].removeprefix("#")))
            return
        yield schema
        for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
            yield from self._alternatives(part)

    def _unknown(self, schema: dict[str, Any], body: Any, path: str) -> list[str]:
        """Keys that the schema does not know. It forbids none, so a misspelt one would pass otherwise."""
        parts = list(self._alternatives(schema))
        found = []
        if isinstance(body, list):
            for part in parts:
                if "items" in part:
                    found += [problem for item in body for problem in self._unknown(part["items"], item, f"{path}[]")]
        elif isinstance(body, dict) and any("properties" in part for part in parts):
            known = {key: value for part in parts for key, value in part.get("properties", {}).items()}
            free = next((part["additionalProperties"] for part in parts if "additionalProperties" in part), None)
            for key, value in body.items():
                inner = known.get(key, free)
                if inner is None and key not in _BEYOND_SCHEMA.get(path, ()):
                    found.append(f"{path}: unknown key {key}")
                elif isinstance(inner, dict):
                    found += self._unknown(inner, value, f"{path}.{key}")
        return found


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` in JSON Schema's terms."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _as_json_schema(value) for key, value in node.items()}
    if node.get("nullable") is True:
        plain = copy.copy(node)
        plain.pop("nullable")
        return {"anyOf": [plain, {"type": "null"}]}
    return node
