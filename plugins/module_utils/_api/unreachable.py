# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why no answer came: what the exceptions of a failed request mean, and which option to look at."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Cause:
    """A sentence for the user. `passing` is True if another try may succeed."""

    sentence: str
    passing: bool


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and all that it was raised from, the outermost first."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = getattr(error, "inner_exception", None) or error.__cause__ or error.__context__


def cause_of(error: BaseException, url: str, ca_path: str | None) -> Cause | None:
    """The Cause of a request to `url` that failed with `error`; None if nothing more is known than that it failed."""
    links = list(chain(error))
    said = " ".join(str(link) for link in links)
    parts = urlsplit(url)
    address = f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}"
    if "ProxyError" in said or any(type(link).__name__ == "ProxyError" for link in links):
        return Cause(
            f"The proxy on the way to {address} does not answer. Check the variables https_proxy and no_proxy.", True
        )
    if certificate := _certificate(said, address, ca_path):
        return Cause(certificate, False)
    if any(isinstance(link, socket.gaierror) for link in links) or "NameResolutionError" in said:
        return Cause(f"The name {parts.hostname} cannot be resolved. Check api_url and the network.", True)
    if any(isinstance(link, ConnectionRefusedError) for link in links):
        return Cause(f"Nothing listens at {address}: the connection was refused. Check api_url.", True)
    return None


def _certificate(said: str, address: str, ca_path: str | None) -> str | None:
    if "CA certificate" in said or "NO_CERTIFICATE_OR_CRL_FOUND" in said or "no certificate or crl found" in said:
        return f"ca_path {ca_path!r} holds no certificate in PEM format. Check ca_path."
    if "WRONG_VERSION_NUMBER" in said or "RECORD_LAYER_FAILURE" in said or "HTTP_REQUEST" in said:
        return f"{address} does not speak TLS. Check api_url: is its port one for plain http?"
    if "CERTIFICATE_VERIFY_FAILED" not in said:
        return None
    if "has expired" in said:
        return f"The certificate of {address} has expired. Renew it, or check the clock where the task runs."
    if "not yet valid" in said:
        return f"The certificate of {address} is not valid yet. Check the clock where the task runs."
    if "ostname mismatch" in said or "IP address mismatch" in said or "is not valid for" in said:
        return f"The certificate of {address} is for another host. Check the host in api_url."
    source = f"ca_path {ca_path!r} does not hold" if ca_path else "The system does not know"
    return (
        f"The certificate of {address} is signed by an unknown authority. {source} the authority's certificate: set "
        "ca_path to a file that does."
    )
