# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes in, the error envelope goes out: no traceback, no 500 that nobody ordered."""

import random
import socket
import ssl

import pytest
import requests
from dosim import routes
from dosim_testing import Sim

HUGE = 10**400


def envelope(answer: requests.Response) -> int:
    assert answer.status_code != 500
    assert 400 <= answer.status_code <= 501
    assert set(answer.json()) == {"id", "message", "request_id"}
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["ratelimit-limit"] == "5000"
    return answer.status_code


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v2",
        "/v2/",
        "/v2//droplets",
        "/v2/droplets//",
        "/v2/droplets/abc",
        "/v2/droplets/-1",
        "/v2/droplets/0",
        "/v2/droplets/1.5",
        "/v2/droplets/1e3",
        "/v2/droplets/" + "9" * 5000,
        "/v2/droplets/%00",
        "/v2/droplets/%ff%fe",
        "/v2/droplets/%F0%9F%92%A9",
        "/v2/droplets/%D9%A1%D9%A2%D9%A3",
        "/v2/droplets/..%2f..%2fetc%2fpasswd",
        "/v2/droplets/1/backups/policies",
        "/v2/droplets/backups/policy",
        "/v2/droplets/backups",
        "/v2/actions/99999999999999999999",
        "/v2/images/%00",
        "/v2/images/" + "x" * 5000,
        "/v2/images/1/2/3",
        "/v1/droplets",
        "/etc/passwd",
    ],
    ids=lambda path: path[:40],
)
def test_odd_paths(sim: Sim, path: str) -> None:
    assert envelope(sim.get(path)) == 404


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-5",
        "page=1.0",
        "page=NaN",
        "page=%00",
        "page=%FF",
        "page=%D9%A1",
        "page=" + "9" * 5000,
        "per_page=0",
        "per_page=1000",
        "per_page=99999999999999999999",
        "per_page=20;drop",
        "type=%00",
    ],
    ids=lambda query: query[:40],
)
def test_odd_queries(sim: Sim, query: str) -> None:
    assert envelope(sim.get(f"/v2/droplets?{query}")) == 422


@pytest.mark.parametrize("query", ["tag_name=%00%FF", "name=%F0%9F%92%A9", "tag_name=" + "x" * 20000, "&&=&a", "page="])
def test_queries_that_are_merely_strange_find_nothing_or_all(sim: Sim, query: str) -> None:
    assert sim.get(f"/v2/droplets?{query}").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods(sim: Sim, method: str) -> None:
    answer = sim.session.request(
        method, f"{sim.ready['api_url']}/v2/droplets", headers={"Authorization": f"Bearer {sim.token}"}
    )
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST, DELETE"
    if method != "HEAD":
        assert envelope(answer) == 405


BODIES = [
    b"",
    b"nothing",
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"12",
    b"NaN",
    b'{"type": NaN}',
    b'{"type": Infinity}',
    b'{"type": "enable_backups",}',
    b"\xff\xfe",
    b'{"type": "\xff"}',
    b'{"type": "\\ud800"}',
    b"\x00" * 100,
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:30]))
def test_what_is_not_a_json_object_is_400(sim: Sim, body: bytes) -> None:
    for path in (f"/v2/droplets/{sim.id('plain-none')}/actions", "/v2/droplets"):
        answer = sim.request("POST", path, data=body, headers={"Content-Type": "application/json"})
        assert envelope(answer) == 400
        assert answer.json()["message"] == "error parsing request body"
    assert sim.known("plain-none")["policy"] is None


def test_a_huge_body_is_413_and_the_connection_lives(sim: Sim) -> None:
    path = f"/v2/droplets/{sim.id('plain-none')}/actions"
    for size in (1_100_000, 30_000_000):
        answer = sim.request("POST", path, data=b'{"type": "' + b"x" * size + b'"}')
        assert envelope(answer) == 413
    assert sim.get("/v2/account").status_code == 200


def test_a_body_where_none_belongs_is_ignored(sim: Sim) -> None:
    assert sim.request("GET", "/v2/account", data=b"\xff" * 1000).status_code == 200


def test_strange_headers(sim: Sim) -> None:
    for value in ("Bearer \xe9\xff", "Bearer " + "x" * 20_000, "\x01"):
        answer = sim.session.get(
            f"{sim.ready['api_url']}/v2/account", headers={"Authorization": value.encode("latin-1")}
        )
        assert answer.status_code in (400, 401)
    assert sim.get("/v2/account", headers={"Host": "\xe9<>\"'"}).status_code in (200, 400)


@pytest.mark.parametrize(
    "raw", [b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET /v2/account HTTP/9.9\r\n\r\n", b"\r\n" * 50]
)
def test_what_is_not_http_harms_nobody(sim: Sim, raw: bytes) -> None:
    context = ssl.create_default_context(cafile=sim.ready["ca_path"])
    port = int(sim.ready["api_url"].rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        wrapped.sendall(raw)
        wrapped.settimeout(1)
        try:
            said = wrapped.recv(4096)
        except TimeoutError:
            said = b""
    assert b"Traceback" not in said
    assert b" 500 " not in said
    assert sim.get("/v2/account").status_code == 200


ATOMS = (None, True, False, 0, -1, 3, 4.5, 1e308, HUGE, "", "daily", "weekly", "SUN", "a\0b", "💩", "x" * 3000, [], {})
KEYS = (
    "type", "backup_policy", "plan", "hour", "weekday", "retention_period_days", "window_length_hours", "name",
    "names", "size", "image", "region", "tags", "backups", "ssh_keys", "volumes", "user_data", "vpc_uuid",
)  # fmt: skip
TYPES = ("enable_backups", "change_backup_policy", "disable_backups", "snapshot", "power_off", "power_on", "convert")
GOOD = {"name": "ok", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3", "backups": True}


def strange(dice: random.Random, depth: int = 0) -> object:
    """A value of any shape."""
    if depth > 3 or dice.random() < 0.6:
        return dice.choice(ATOMS)
    if dice.random() < 0.3:
        return [strange(dice, depth + 1) for _time in range(dice.randrange(4))]
    return {dice.choice(KEYS): strange(dice, depth + 1) for _time in range(dice.randrange(5))}


@pytest.mark.parametrize("seed", range(8))
def test_random_requests(sim: Sim, seed: int) -> None:
    """Every route, with bodies and queries of any shape."""
    dice = random.Random(seed)
    state = sim.state()
    ids = [state["droplets"][0]["id"], state["images"][0]["id"], state["actions"][0]["id"], 1, HUGE, "x", "%00"]
    fills = [(method, template) for template, methods in routes.TABLE.items() for method in methods]
    client, outcomes = Sim(sim.ready), set()
    for _round in range(120):
        method, template = dice.choice(fills)
        path = "/".join(str(dice.choice(ids)) if part[:1] == "{" else part for part in template.split("/"))
        query = "&".join(
            f"{dice.choice(('page', 'per_page', 'tag_name', 'type', 'name'))}={dice.choice(ATOMS)}" for _n in range(2)
        )
        body = strange(dice)
        if isinstance(body, dict) and dice.random() < 0.7:
            body = {**(GOOD if dice.random() < 0.5 else {"type": dice.choice(TYPES)}), **body}
        answer = client.request(method, f"{path}?{query}" if dice.random() < 0.3 else path, json=body)
        outcomes.add(answer.status_code)
        assert answer.status_code != 500, (method, path, body)
        if answer.status_code >= 400 and not (template == "/v2/tags" and "root_causes" in answer.json()):
            envelope(answer)
        sim.advance(dice.choice((0, 1, 3600)))
    assert outcomes >= {200, 404, 422}
