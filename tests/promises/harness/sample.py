# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a product of cases is run: all of it with LIFEBOAT_TRUST=full, else a part that is spread over it."""

from __future__ import annotations

import os
from itertools import product

FULL = os.environ.get("LIFEBOAT_TRUST") == "full"


def one_in(number, *factors):
    """The product of `factors`, or each `number`-th case of it; each value of each factor stays in."""
    cases = list(product(*factors))
    if FULL:
        return cases
    chosen = dict.fromkeys(cases[::number])
    for position, factor in enumerate(factors):
        for turn, value in enumerate(factor):
            with_value = [case for case in cases if case[position] == value]
            if not any(case[position] == value for case in chosen):
                chosen[with_value[turn % len(with_value)]] = None
    return list(chosen)
