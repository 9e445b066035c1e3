# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, the listeners and the ready line."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from dosim.app import App
from dosim.behaviour import LAGS, SWITCHES
from dosim.clock import instant
from dosim.cloud import Durations
from dosim.errors import ControlError
from dosim.limits import Limits
from dosim.simulator import Settings, Simulator
from dosim.tls import Certificate, certificate

HOST = "127.0.0.1"
KEEP_ALIVE = 75  # seconds; clients keep pooled connections over the pauses of a test
GRACE = 1  # second until open connections are cut at the end


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tests/simulator", description="A stateful simulator of the DigitalOcean API, on loopback only."
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="TLS port; 0 takes a free one")
    add("--http-port", type=int, metavar="N", help="also listen for plain http; 0 takes a free port")
    add("--world", metavar="NAME|FILE", help="a file in tests/simulator/worlds, by name, or any file (default: fleet)")
    add("--droplets", type=int, metavar="N", help="instead of a world: N plain Droplets made from the seed")
    add("--seed", type=int, default=1, help="the seed of every arbitrary choice (default: 1)")
    add("--token", help="the account's token (default: one made from the seed)")
    add("--start", metavar="TIMESTAMP", help="the clock's start, as 2026-03-11T09:30:00Z (default: the world's)")
    add("--tls-dir", type=Path, metavar="DIR", help="where ca.pem, server.pem and server.key are kept and reused")
    add("--tls-name", action="extend", nargs="+", default=[], metavar="NAME", help="another name for the certificate")
    add("--latency-ms", type=float, default=0, help="real milliseconds before each request is looked at")
    add("--action-seconds", default="1", metavar="SECONDS|TYPE=SECONDS,…|real", help="what actions take (default: 1)")
    add("--rate-limit", default="on", metavar="on|off|REQUESTS/SECONDS,…", help="on, the default: 5000/3600,250/60")
    switches = f"switches: {', '.join((*SWITCHES, *LAGS))}"
    add("--behaviour", action="extend", nargs="+", default=[], metavar="KEY=VALUE", help=switches)
    add("--ready-file", type=Path, metavar="FILE", help="also write the ready line there")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    """Raises ControlError."""
    Limits(options.rate_limit)
    if options.token is not None and not re.fullmatch(r"[!-~]{8,}", options.token):
        raise ControlError("--token must be at least 8 printable ASCII characters without a space")
    if not 0 <= options.latency_ms <= 600_000:
        raise ControlError("--latency-ms must be from 0 to 600000")
    try:
        start = None if options.start is None else instant(options.start)
    except ValueError as error:
        raise ControlError(f"--start: {error}; it is written like 2026-03-11T09:30:00Z") from None
    if options.world is not None and options.droplets is not None:
        raise ControlError("--world and --droplets exclude each other")
    behaviour = {}
    for pair in options.behaviour:
        key, separator, value = pair.partition("=")
        if not separator:
            raise ControlError(f"--behaviour: {pair!r} is not KEY=VALUE")
        behaviour[key] = value
    return Settings(
        world=options.world,
        droplets=options.droplets,
        seed=options.seed,
        token=options.token,
        start=start,
        latency=options.latency_ms / 1000,
        durations=Durations.parse(options.action_seconds),
        rate_limit=options.rate_limit,
        behaviour=behaviour,
    )


def settings_of(arguments: list[str]) -> Settings:
    """The settings that these arguments of the command line make. Raises ControlError."""
    return _settings(_parser().parse_args(arguments))


class _Server(uvicorn.Server):
    """A server that leaves signals to the program, which runs several in one loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: App, found: Certificate | None) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            loop="asyncio",
            log_level="warning",
            access_log=False,
            date_header=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
            # From Python 3.12 on, asyncio would wait at the end for connections that clients leave open.
            timeout_graceful_shutdown=GRACE,
            ssl_certfile=None if found is None else str(found.server),
            ssl_keyfile=None if found is None else str(found.key),
        )
    )


def _listen(port: int) -> socket.socket:
    """Raises OSError or OverflowError for a port that cannot be had."""
    # With the protocol said, asyncio sets TCP_NODELAY; without, every small answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(2048)
    return listener


def _announce(ready: dict[str, object], file: Path | None) -> None:
    line = json.dumps(ready)
    if file:
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.write_text(line + "\n", encoding="utf-8")
        draft.replace(file)
    print(line, flush=True)


async def _serve(servers: list[tuple[_Server, socket.socket]], ready: dict[str, object], file: Path | None) -> None:
    def stop() -> None:
        # Requests that a fault holds are cancelled now, which uvicorn would report as their failure.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
        for server, _listener in servers:
            server.should_exit = server.force_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [asyncio.create_task(server.serve(sockets=[listener])) for server, listener in servers]
    while not all(server.started or task.done() for (server, _listener), task in zip(servers, tasks, strict=True)):
        await asyncio.sleep(0.005)
    if all(server.started for server, _listener in servers):
        _announce(ready, file)
    await asyncio.gather(*tasks)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        simulator = Simulator(_settings(options))
        listeners = [_listen(options.port)]
        if options.http_port is not None:
            listeners.append(_listen(options.http_port))
        found = certificate(options.tls_dir, options.tls_name)
    except (ControlError, OSError, OverflowError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    ports = [listener.getsockname()[1] for listener in listeners]
    ready: dict[str, object] = {
        "api_url": f"https://{HOST}:{ports[0]}",
        "http_url": f"http://{HOST}:{ports[1]}" if len(ports) > 1 else None,
        "ca_path": str(found.ca.resolve()),
        "token": simulator.token,
        "pid": os.getpid(),
    }
    app = App(simulator)
    servers = [_server(app, found), _server(app, None)]
    try:
        asyncio.run(_serve(list(zip(servers, listeners, strict=False)), ready, options.ready_file))
    finally:
        if options.tls_dir is None:
            shutil.rmtree(found.ca.parent, ignore_errors=True)
    return 0
