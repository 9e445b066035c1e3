# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P1 to P10 together: worlds × verbs × selections × accidents × switches.

Each case holds a check-mode run, the run that meets the accident, the rerun and one more against all promises; what is
checked is in `harness/matrix.py`. The switches of the simulator are combined pairwise into rows, in which every two
positions of two switches meet. `make test` takes a sample in which every two values of world, verb, selection,
accident and row meet, but for what `worth_a_sample` leaves out. With `LIFEBOAT_TRUST=full` every verb meets every
accident in half of the combinations of selection and world (the other half for the next accident), the rows going
round; and without an accident, every verb, selection, world and row meet.
"""

from __future__ import annotations

from itertools import product

import pytest
from dosim.behaviour import SWITCHES

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import faults, verbs, worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.matrix import Case, play
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.pairwise import pairwise
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL

ONE_PAGE = {"image_order": "of no effect on accounts whose images fit on one page: see test_p10_image_order.py"}
ROWS = pairwise({**{key: SWITCHES[key] for key in SWITCHES if key not in ONE_PAGE}, "token": ("everything", "least")})
FACTORS = {
    "world": tuple(worlds.WORLDS),
    "verb": tuple(verbs.BY_NAME),
    "selection": (*verbs.SELECTIONS, *verbs.RULES),
    "accident": tuple(faults.BY_NAME),
    "row": tuple(range(len(ROWS))),
}


def possible(row):
    """A verb that is refused writes nothing, so that nothing can happen to its writes; and nothing is refused any more
    if the Droplet that has the restore points is gone.
    """
    refused = "verb" in row and verbs.BY_NAME[row["verb"]].refused
    accident = faults.BY_NAME[row.get("accident", "first-read-none")]
    return not (refused and (accident.writing_only or accident.effect == "gone"))


def quick(row):
    """Converting every backup of a fleet takes long."""
    long = row.get("world") == "fleet" and row.get("verb", "").endswith("convert_all")
    return possible(row) and not (long and row.get("selection") not in ("id", "name"))


def worth_a_sample(pair):
    """What the sample owes an accident: the world at the edge, all Droplets, and the verb with most steps; one that may
    hit the planning or a write also one Droplet and a rule; one of a write also a verb with one step; no row.
    """
    if "accident" not in pair:
        return True
    place = faults.BY_NAME[pair["accident"]].place
    if "verb" in pair:
        return pair["verb"] == "disable-convert_newest" or (place == "first-write" and pair["verb"] == "weekly")
    if "selection" in pair:
        more = ("id", "rule-all") if place in ("first-read", "first-write") else ()
        return pair["selection"] in ("all", *more)
    return pair.get("world") == "edge"


def chosen():
    if not FULL:
        return pairwise(FACTORS, quick, worth_a_sample)
    names = ("verb", "accident", "selection", "world")
    rows = [dict(zip(names, values, strict=True)) for values in product(*(FACTORS[name] for name in names))]
    rows = [row for row in rows if possible(row)]
    places = {name: list(FACTORS[name]) for name in ("accident", "selection", "world")}
    halved = [row for row in rows if sum(places[name].index(row[name]) for name in places) % 2]
    round_ = [{**row, "row": (number + number // len(ROWS)) % len(ROWS)} for number, row in enumerate(halved)]
    without = [row for row in rows if row["accident"] == "first-read-none"]
    clean = [{**row, "row": number} for row in without for number in FACTORS["row"]]
    return list({tuple(sorted(row.items())): row for row in (*round_, *clean)}.values())


@pytest.mark.parametrize("row", [pytest.param(row, id="/".join(map(str, row.values()))) for row in chosen()])
def test_promises(sim, row):
    """P1 to P8 and P10, whatever happens."""
    play(sim, Case(**_case(row)))


def _case(row):
    switches = tuple(sorted(ROWS[row["row"]].items()))
    return {**{name: row[name] for name in ("world", "verb", "selection", "accident")}, "switches": switches}
