# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Droplet by its id: P1, P2 and P3 in their plainest form."""

from __future__ import annotations

import pytest


def first(sim, wanted):
    return next(key for key, policy in sim.state().policies().items() if (policy or {}).get("plan") == wanted)


WEEKLY = {"plan": "weekly", "weekday": ["SAT"], "hour": [4]}
LOST = [{"status": status, "carried_out": done} for status in (500, 502, 503, 504) for done in (False, True)]
LOST += [{"drop": True, "carried_out": done} for done in (False, True)]


def test_p1_p2_enable_one(sim, run):
    target = first(sim, None)
    told = run(check=True, droplet_id=target, **WEEKLY)
    assert sim.state().policy(target) is None
    done = run(droplet_id=target, **WEEKLY)
    assert done.changed
    assert (told.changed, told.diff) == (done.changed, done.diff)
    policy = sim.state().policy(target)
    assert (policy["plan"], policy["weekday"], policy["hour"]) == ("weekly", "SAT", 4)
    again = run(droplet_id=target, **WEEKLY)
    assert not again.changed
    assert not again.writes
    assert len(again.reads) == 2
    assert again.diff == {"before": "", "after": ""}


@pytest.mark.parametrize("effect", LOST, ids=str)
def test_p3_a_lost_answer_is_looked_after(sim, run, effect):
    target = first(sim, None)
    sim.fault(effect, method="POST")
    done = run(droplet_id=target, **WEEKLY)
    assert not done.failed, done
    assert len(done.writes) == (1 if effect["carried_out"] else 2)
    assert sim.state().policy(target)["plan"] == "weekly"
