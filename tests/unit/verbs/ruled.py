# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account in memory under rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.backup_policies import verb as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import Account


def asked(*policies, **options):
    """A Request of these rules."""
    left_out = {"unmatched": "report", "on_unknown_plan": "leave", "max_disable": 0, "allow_empty": False}
    assert not options.keys() - left_out.keys()
    return plans.request({"policies": list(policies), **left_out, **options})


@dataclass
class Ruled(Account):
    """`droplets` is a dict of id to Droplet."""

    droplets: dict = field(default_factory=dict)
    now: object = NOW
    verb = plans.BackupPolicies()

    def observe(self, request):
        meant = request.selection.ids or self.droplets
        found = [self.droplets[key] for key in self.droplets if key in meant]
        seen = plans.observed(request, found, dict(self.states), self.now)
        return plans.complete(request, seen, self.facts, self.now)

    def plan(self, request):
        return plans.plan(request, self.observe(request), self.now)

    def tell(self, request):
        """What the rules of a check-mode run tell."""
        plan = self.plan(request)
        entries = [
            {
                "id": change.target.id,
                "name": change.target.name,
                "before": change.before,
                "after": change.after,
                "changed": bool(change.steps),
            }
            for change in plan.changes
        ]
        return plans.tell(request, plan, entries, self.now.date())

    def with_droplet(self, droplet, state):
        """The same account with one Droplet more."""
        return replace(
            self, droplets={**self.droplets, droplet.id: droplet}, states={**self.states, droplet.id: state}
        )


def account(*droplets_and_states, **fields):
    """An account of `(Droplet, BackupState)` pairs."""
    return Ruled(
        states={droplet.id: state for droplet, state in droplets_and_states},
        droplets={droplet.id: droplet for droplet, _state in droplets_and_states},
        **fields,
    )
