# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks that are measured. To add a scenario, add an entry to SCENARIOS."""

from dataclasses import dataclass, field

UNLIMITED = "1000000/60"
"""Requests a minute: the time that the API's limits add can be computed, and is not measured."""

DROPLETS = ("/v2/droplets", {})
GPUS = ("/v2/droplets", {"type": "gpus"})
POLICIES = ("/v2/droplets/backups/policies", {})
IMAGES = ("/v2/images", {"private": "true"})

ENABLE = {"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": 4}}
"""The request of the loops and the floor for a Droplet without backups."""


@dataclass(frozen=True)
class Scenario:
    """One task over the whole account.

    `module` and `options` are the task, which selects all Droplets. `drift` is the share of Droplets that have no
    backups at the start; the others have seven daily ones. `lists` are the lists that have to be read, as (path,
    query): the floor reads each of their pages once, and writes once to each Droplet that drifts. With `backups_too`
    the loops read the backups of each Droplet as well as its policy. With `newest_only` the floor reads only as many
    pages of images as hold one for each Droplet, if there are more Droplets than fit on one page.
    """

    title: str
    module: str
    options: dict = field(default_factory=lambda: {"all": True})
    drift: float = 0.0
    lists: tuple = (DROPLETS, GPUS, POLICIES)
    backups_too: bool = False
    newest_only: bool = False


RULES = [
    {"name": "moved", "match": {"tags_any": ["role:old"]}, "exempt": True, "reason": "Moved away."},
    {"name": "databases", "match": {"tags_all": ["env:prod", "role:db"]}, "plan": "daily", "hour": [0, 4]},
    {"name": "gpu", "match": {"gpu": True}, "exempt": True, "reason": "Nothing to keep."},
    {"name": "far", "match": {"regions": ["sgp1"], "names": ["web-*"]}, "plan": "daily"},
    {"name": "web", "match": {"names": ["web-*"]}, "plan": "daily"},
    {"name": "rest", "match": {"all": True}, "plan": "daily", "hour": [0, 4, 8, 12, 16, 20]},
]
"""Six rules, of which two match nothing."""


SCENARIOS = {
    "no_drift": Scenario("nothing to change", "droplet_backups"),
    "info": Scenario(
        "info with ages",
        "droplet_backups_info",
        lists=(DROPLETS, GPUS, POLICIES, IMAGES),
        backups_too=True,
        newest_only=True,
    ),
    "info_all": Scenario(
        "info with all backups",
        "droplet_backups_info",
        {"all": True, "include": ["policies", "backups", "cost"]},
        lists=(DROPLETS, GPUS, POLICIES, IMAGES),
        backups_too=True,
    ),
    "drift": Scenario("30 % changed", "droplet_backups", drift=0.3),
    "rules": Scenario("six rules, nothing to change", "backup_policies", {"policies": RULES}),
    "rules_drift": Scenario("six rules, 30 % changed", "backup_policies", {"policies": RULES}, drift=0.3),
}


def world(droplets, drift):
    """The account that a scenario starts from, for the simulator."""
    plain = {"region": ["nyc3", "ams3", "sgp1", "fra1"], "size": "s-2vcpu-4gb", "age": "300d", "tags": ["env:prod"]}
    drifting = round(droplets * drift)
    groups = [
        {
            **plain,
            "name": "web-#####",
            "count": droplets - drifting,
            "policy": {"plan": "daily", "hour": [0, 4, 8, 12, 16, 20]},
        },
        {**plain, "name": "new-#####", "count": drifting},
    ]
    return {"start": "2026-03-11T09:30:00Z", "droplets": [group for group in groups if group["count"]]}
