# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P1 to P10 together: worlds × verbs × selections × accidents × switches.

Each case holds a check-mode run, the run that meets the accident, the rerun and one more against all promises; what is
checked is in `harness/matrix.py`. The switches of the simulator are combined pairwise into rows, in which every two
positions of two switches meet. `make test` takes a sample in which every two values of world, verb, selection and
accident meet, and every row all of these but the accidents; with `LIFEBOAT_TRUST=full` every world, verb, selection and
accident meet, the rows going round.
"""

from __future__ import annotations

import os
from itertools import product

import pytest
from ansible_collections.lifeboat.digitalocean.tests.promises.harness import faults, verbs, worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.matrix import Case, play
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.pairwise import pairwise
from dosim.behaviour import SWITCHES

ROWS = pairwise({**SWITCHES, "token": ("everything", "least")})
FACTORS = {
    "world": tuple(worlds.WORLDS),
    "verb": tuple(verbs.BY_NAME),
    "selection": verbs.SELECTIONS,
    "accident": tuple(faults.BY_NAME),
    "row": tuple(range(len(ROWS))),
}


def possible(row):
    """A verb that is refused writes nothing, so that nothing can happen to its writes; and nothing is refused any more
    where the Droplet that has the restore points is gone.
    """
    refused = "verb" in row and verbs.BY_NAME[row["verb"]].refused
    accident = faults.BY_NAME[row.get("accident", "first-read-none")]
    return not (refused and (accident.writing_only or accident.effect == "gone"))


def chosen():
    if os.environ.get("LIFEBOAT_TRUST") != "full":
        return pairwise(FACTORS, possible, apart=("accident", "row"))
    names = ("verb", "accident", "selection", "world")
    rows = [dict(zip(names, values, strict=True)) for values in product(*(FACTORS[name] for name in names))]
    rows = [row for row in rows if possible(row)]
    round_ = [{**row, "row": (number + number // len(ROWS)) % len(ROWS)} for number, row in enumerate(rows)]
    clean = [{**row, "row": number} for row in rows if row["accident"] == "first-read-none" for number in FACTORS["row"]]
    return list({tuple(sorted(row.items())): row for row in (*round_, *clean)}.values())


@pytest.mark.parametrize("row", [pytest.param(row, id="/".join(map(str, row.values()))) for row in chosen()])
def test_promises(sim, row):
    """P1 to P8 and P10, whatever happens."""
    play(sim, Case(**_case(row)))


def _case(row):
    switches = tuple(sorted(ROWS[row["row"]].items()))
    return {**{name: row[name] for name in ("world", "verb", "selection", "accident")}, "switches": switches}
