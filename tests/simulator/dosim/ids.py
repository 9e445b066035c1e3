# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifiers and every other arbitrary choice, all drawn from the seed."""

import hashlib
import random
import uuid

_BASES = {"droplet": 440_000_000, "image": 170_000_000, "action": 2_200_000_000}


def stable(*parts: object) -> int:
    """A 64-bit number that depends on the parts alone, the same in every run."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def stable_uuid(*parts: object) -> str:
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest, version=4))


class Ids:
    """Ascending ids with gaps, as an account that shares its number space with others sees them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._last = {kind: base + stable(seed, kind) % 1_000_000 for kind, base in _BASES.items()}
        self._gaps = random.Random(seed)
        self._requests = random.Random(f"{seed} requests")

    def next(self, kind: str) -> int:
        self._last[kind] += 1 + self._gaps.randrange(9)
        return self._last[kind]

    def request(self) -> str:
        """A request id, from a stream of its own, so that reads do not change the ids of the model."""
        return str(uuid.UUID(int=self._requests.getrandbits(128), version=4))


def token_from(*parts: object) -> str:
    """A personal access token in the API's form."""
    return "dop_v1_" + hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()
