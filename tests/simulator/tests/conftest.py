# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulator process for all tests, reset for each; every answer is held against the official schema."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dosim_testing import Schema, Sim, process


@pytest.fixture(scope="session")
def schema() -> Schema | None:
    file = os.environ.get("DIGITALOCEAN_OPENAPI")
    return Schema(Path(file)) if file else None


@pytest.fixture(scope="session")
def shared(schema: Schema | None) -> Iterator[Sim]:
    with process("--world", "awkward", "--http-port", "0") as (_program, ready):
        yield Sim(ready, schema)


@pytest.fixture
def sim(shared: Sim) -> Sim:
    """World ``awkward``, every action of one second, freshly reset."""
    shared.reset()
    shared.session.cookies.clear()
    return shared
