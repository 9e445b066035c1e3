# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection: where it may go, and what the threads of a task share."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.client import Client
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import Connection, checked_url
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError

TOKEN = "dop_v1_" + "5" * 64


@pytest.fixture
def client():
    with Client(Connection(TOKEN, concurrency=4), 60) as opened:
        yield opened


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://api.digitalocean.com", "https://api.digitalocean.com"),
        ("https://api.digitalocean.com/", "https://api.digitalocean.com"),
        ("https://api.example.com:8443", "https://api.example.com:8443"),
        ("https://192.0.2.1", "https://192.0.2.1"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LOCALHOST:8080", "http://LOCALHOST:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://api.example.com?", "https://api.example.com"),
        ("https://api.example.com/#", "https://api.example.com"),
    ],
)
def test_an_address_is_accepted(url, checked):
    assert checked_url(url) == checked


@pytest.mark.parametrize(
    "url",
    [
        "http://api.digitalocean.com",
        "HTTP://api.digitalocean.com",
        "http://192.0.2.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://0.0.0.0",
        "http://[::2]",
    ],
)
def test_plain_http_is_only_for_this_machine(url):
    with pytest.raises(InputError, match="would send the token unencrypted"):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.digitalocean.com",
        "ftp://api.digitalocean.com",
        "https://",
        "https:///v2",
        "file:///etc/passwd",
        "https://[::1",
        "https://api.example.com:99999",
        "https://api.example.com:port",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(InputError, match="is not an address"):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v2",
        "https://api.example.com?page=1",
        "https://api.example.com#part",
        "https://me@api.example.com",
        "https://:secret@api.example.com",
        "http://localhost@example.com",
        "http://me:secret@localhost",
    ],
)
def test_more_than_scheme_host_and_port_is_refused(url):
    with pytest.raises(InputError, match="has more than scheme, host and port") as caught:
        checked_url(url)
    assert "secret" not in caught.value.message


def test_the_token_does_not_show_itself():
    assert TOKEN not in repr(Connection(TOKEN))
    assert TOKEN not in str(Connection(TOKEN))


@pytest.mark.parametrize(
    "connection",
    [
        pytest.param(Connection(TOKEN, api_url="http://example.com"), id="an address that is refused"),
        pytest.param(Connection(TOKEN, burst_limit="much"), id="a burst limit that is no limit"),
    ],
)
def test_bad_input_is_an_input_error(connection):
    with pytest.raises(InputError):
        Client(connection, 60)


def test_nothing_was_counted_before_the_first_request(client):
    assert client.requests == {"reads": 0, "writes": 0}


def test_the_order_of_results_is_that_of_the_items(client):
    assert client.map(lambda number: number * number, range(50)) == [number * number for number in range(50)]


def test_no_more_threads_than_the_concurrency(client):
    at_once, most, lock, met = 0, 0, threading.Lock(), threading.Barrier(4, timeout=10)

    def one(_number):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        met.wait()
        with lock:
            at_once -= 1

    client.map(one, range(16))
    assert most == 4


def test_the_first_error_is_raised_when_all_have_ended(client):
    ended = []

    def one(number):
        if number in (1, 3):
            raise InputError(f"number {number}")
        ended.append(number)

    with pytest.raises(InputError, match="number 1"):
        client.map(one, range(8))
    assert sorted(ended) == [0, 2, 4, 5, 6, 7]


def test_threads_do_not_wait_for_each_others_threads(client):
    """Sixteen that each map sixteen more would never end, were all of the four threads waiting."""
    sums = client.map(lambda number: sum(client.map(lambda other: other * number, range(16))), range(16))
    assert sums == [120 * number for number in range(16)]


def test_what_does_not_change_is_asked_once(client):
    asked = []

    def ask(asking):
        asked.append(asking)
        return len(asked)

    assert [client.once(ask), client.once(ask)] == [1, 1]
    assert asked == [client]
