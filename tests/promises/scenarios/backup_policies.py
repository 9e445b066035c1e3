# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One scenario of `backup_policies`: two rules that switch on, change, and switch off with the newest backup kept."""

from __future__ import annotations

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.scenarios import Scenario
from ansible_collections.lifeboat.digitalocean.tests.promises.scenarios.droplet_backups import disabled_with_newest_kept

RULES = [
    {"name": "retired", "match": {"names": ["alpha"]}, "state": "disabled", "existing_backups": "convert_newest"},
    {"name": "all others", "match": {"all": True}, "plan": "daily", "hour": [4], "existing_backups": "may_be_lost"},
]


def fleet(sim):
    """One to switch off, one to switch on, one to change, and one that is as the rules want it."""
    worlds.create(sim, "alpha", policy=worlds.WEEKLY)
    worlds.create(sim, "bravo")
    worlds.create(sim, "charlie", policy=worlds.WEEKLY)
    worlds.create(sim, "delta", policy={"plan": "daily", "hour": 4})
    sim.advance(16 * worlds.DAY)
    return {"policies": RULES, "max_disable": 1}


def as_the_rules_want(before, after, _options):
    (alpha,) = (key for key, droplet in before.droplets.items() if droplet["name"] == "alpha")
    for key, policy in after.policies().items():
        if key != alpha and (policy is None or (policy["plan"], policy["hour"]) != ("daily", 4)):
            return f"the policy of Droplet {key} is {policy}"
    return disabled_with_newest_kept(before, after, {"droplet_id": alpha})


SCENARIOS = (
    Scenario(
        "switch-on-off-and-change",
        "backup_policies",
        world=fleet,
        wrong=as_the_rules_want,
        scopes=("droplet:read", "droplet:update", "tag:read", "image:read", "image:update"),
        most={"convert": 1, "disable_backups": 1, "enable_backups": 1, "change_backup_policy": 1},
        gives_up=True,
    ),
)
