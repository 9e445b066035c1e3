# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P10: each switch of the simulator alone, in every position, with every verb and selection (pairs: the matrix)."""

from __future__ import annotations

import pytest
from dosim.behaviour import SWITCHES

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import matrix, verbs
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import one_in

DEFAULTS = {key: values[0] for key, values in SWITCHES.items()}
POSITIONS = [(key, value) for key, values in SWITCHES.items() for value in values[1:]]


@pytest.mark.parametrize(("changed", "verb"), one_in(7, POSITIONS, verbs.BY_NAME), ids=str)
def test_p10_alone(sim, changed, verb):
    switch, position = changed
    selection = verbs.SELECTIONS[(POSITIONS.index(changed) + list(verbs.BY_NAME).index(verb)) % 6]
    switches = {**DEFAULTS, switch: position, "token": "everything"}
    matrix.play(sim, matrix.Case("edge", verb, selection, "first-read-none", tuple(sorted(switches.items()))))


@pytest.mark.parametrize(
    ("hidden", "verb", "selection"), one_in(7, ("omit", "empty"), verbs.BY_NAME, verbs.SELECTIONS)
)
def test_p10_least_scopes_are_enough(sim, selection, verb, hidden):
    """A token with only the scopes that the documentation names."""
    switches = {**DEFAULTS, "missing_scope_fields": hidden, "token": "least"}
    matrix.play(sim, matrix.Case("edge", verb, selection, "first-read-none", tuple(sorted(switches.items()))))
