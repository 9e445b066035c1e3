# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that get no answer, over real sockets of this machine: the sentence says why, and what to look at."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.client import Client
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.connection import Connection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import UnreachableError

OURS, THEIRS = trustme.CA(), trustme.CA()
NOW = datetime.now(UTC)
SECONDS = 2
"""The time of a task: enough for a few tries."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"supported_policies": []}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.answered += 1

    def log_message(self, *_args):
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    answered = 0

    def handle_error(self, *_args):
        """A handshake that fails is what the test is about."""


@contextlib.contextmanager
def listening(certificate=None):
    """A server on a free port of loopback, with TLS if there is a certificate: the server."""
    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(name="ca")
def _ca(tmp_path):
    path = tmp_path / "ca.pem"
    OURS.cert_pem.write_to_path(str(path))
    return str(path)


def problem(url, ca_path=None):
    """The sentence of a request that fails."""
    connection = Connection("dop_v1_" + "0" * 64, url, ca_path)
    with Client(connection, SECONDS) as client, pytest.raises(UnreachableError) as caught:
        client.do.droplets.list_supported_backup_policies()
    return caught.value.message


CERTIFICATES = {
    "expired": (OURS.issue_cert("127.0.0.1", not_after=NOW - timedelta(days=1)), "has expired. Renew it"),
    "early": (OURS.issue_cert("127.0.0.1", not_before=NOW + timedelta(days=1)), "is not valid yet. Check the clock"),
    "other-host": (OURS.issue_cert("api.example.org"), "is for another host. Check the host in api_url."),
    "unknown-authority": (THEIRS.issue_cert("127.0.0.1"), "is signed by an unknown authority. ca_path"),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_what_is_wrong_with_a_certificate(ca, name):
    certificate, expected = CERTIFICATES[name]
    with listening(certificate) as server:
        said = problem(f"https://127.0.0.1:{server.server_port}", ca)
        assert f"The certificate of 127.0.0.1:{server.server_port} {expected}" in said
        assert server.answered == 0


def test_an_authority_that_the_system_does_not_know():
    with listening(OURS.issue_cert("127.0.0.1")) as server:
        said = problem(f"https://127.0.0.1:{server.server_port}")
    assert "signed by an unknown authority. The system does not know the authority's certificate: set ca_path" in said


def test_a_ca_path_without_a_certificate(tmp_path):
    empty = tmp_path / "ca.pem"
    empty.write_text("no certificate")
    with listening(OURS.issue_cert("127.0.0.1")) as server:
        said = problem(f"https://127.0.0.1:{server.server_port}", str(empty))
    assert f"ca_path {str(empty)!r} holds no certificate in PEM format" in said


def test_a_port_without_tls(ca):
    with listening() as server:
        said = problem(f"https://127.0.0.1:{server.server_port}", ca)
        assert f"127.0.0.1:{server.server_port} does not speak TLS. Check api_url" in said
        assert server.answered == 0


def test_a_port_where_nothing_listens():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        said = problem(f"http://127.0.0.1:{port}")
    assert f"Nothing listens at 127.0.0.1:{port}: the connection was refused. Check api_url." in said


def test_a_name_that_nobody_knows():
    assert "The name api.invalid cannot be resolved. Check api_url and the network." in problem("https://api.invalid")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("variable", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
def test_no_proxy_is_asked_for_this_machine(monkeypatch, ca, host, variable):
    with listening() as proxy, listening(OURS.issue_cert("127.0.0.1", "localhost")) as server:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.server_port}")
        connection = Connection("dop_v1_" + "0" * 64, f"https://{host}:{server.server_port}", ca)
        with Client(connection, SECONDS) as client:
            client.do.droplets.list_supported_backup_policies()
        assert (proxy.answered, server.answered) == (0, 1)


def test_a_proxy_that_does_not_answer_is_named(monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{unused.getsockname()[1]}")
        said = problem("https://api.invalid")
    assert "The proxy on the way to api.invalid:443 does not answer. Check the variables https_proxy" in said
