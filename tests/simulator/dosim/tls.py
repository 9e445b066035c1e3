# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own certificate, in a given folder or a temporary one."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(slots=True, frozen=True)
class Certificate:
    ca: Path
    server: Path
    key: Path


def certificate(folder: Path | None, names: list[str]) -> Certificate:
    """The certificate in ``folder``, created if missing; None means a private temporary folder. Raises OSError."""
    folder = Path(tempfile.mkdtemp(prefix="dosim-")) if folder is None else folder
    found = Certificate(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    if not (found.ca.exists() and found.server.exists() and found.key.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="DigitalOcean API simulator")
        leaf = authority.issue_cert(*NAMES, *names)
        authority.cert_pem.write_to_path(found.ca)
        found.key.touch(mode=0o600)
        leaf.private_key_pem.write_to_path(found.key)
        chain = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
        found.server.write_bytes(chain)
    return found
