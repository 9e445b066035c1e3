# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
from itertools import count
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import wire

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture
def connected():
    """Both ends of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Every look at the clock finds it a second later."""
    seconds = count()
    monkeypatch.setattr(wire, "time", SimpleNamespace(perf_counter=lambda: float(next(seconds))))


def drip(response, theirs):
    """How many bytes of the body arrive, sent one by one, each of them at once."""
    response.begin()
    for received in range(100):
        theirs.sendall(b"x")
        try:
            response.read(1)
        except TimeoutError:
            return received
    return 100


@pytest.mark.parametrize("connection", [wire._Http, wire._Https])
class TestATimeOut:
    def test_it_is_for_the_whole_answer(self, connection, connected):
        ours, theirs = connected
        ours.settimeout(4.5)
        theirs.sendall(HEAD)
        # The head takes the first of four seconds.
        assert drip(connection.response_class(ours), theirs) == 3

    def test_a_silent_server_has_what_is_left(self, connection, connected):
        ours, theirs = connected
        ours.settimeout(4.5)
        theirs.sendall(HEAD)
        connection.response_class(ours).begin()
        assert ours.gettimeout() == 3.5

    def test_without_one_the_answer_takes_what_it_takes(self, connection, connected):
        ours, theirs = connected
        theirs.sendall(HEAD)
        assert drip(connection.response_class(ours), theirs) == 100
