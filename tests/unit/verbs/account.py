# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account in memory, just enough of one to see where a plan leads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupState
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import ConvertBackup, DisableBackups
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_backups as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, OFF, SUPPORTED, droplet

NEW_ID = 1000


@dataclass
class Account:
    """Dicts by Droplet id. `new_id`: converting gives another id; `deletes`: disabling deletes backups at once."""

    states: dict
    backups: dict = field(default_factory=dict)
    snapshots: dict = field(default_factory=dict)
    supported: tuple = SUPPORTED
    new_id: bool = False
    deletes: bool = False

    def observe(self, request):
        """What a module would have read: the Droplets and their states, then what the plan turns out to need."""
        seen = plans.observed(request, [droplet(key) for key in self.states], dict(self.states))
        return self.complete(seen, lambda seen: plans.needs(request, seen, NOW))

    def complete(self, seen, needs):
        """`seen` with all that `needs(seen)` names."""
        for _dummy in range(4):
            missing = needs(seen)
            if not missing:
                return seen
            seen = seen.adding(
                supported=self.supported if missing.supported else seen.supported,
                backups={found.id: tuple(self.backups.get(found.id, ())) for found in missing.backups},
                converted={found.id: tuple(self.snapshots.get(found.id, ())) for found in missing.converted},
            )
        raise AssertionError(f"there is no end to what has to be read: {missing}")

    def reread(self, changes):
        """What a module reads after the work."""
        keys = [change.target.id for change in changes]
        return plans.Observed(
            tuple(change.target for change in changes),
            {key: self.states[key] for key in keys if key in self.states},
            None,
            {key: tuple(self.backups.get(key, ())) for key in keys},
            {key: tuple(self.snapshots.get(key, ())) for key in keys},
        )

    def plan(self, request):
        return plans.plan(request, self.observe(request), NOW)

    def carry_out(self, plan):
        for change in plan.changing:
            for step in change.steps:
                self.take(change.target.id, step)

    def take(self, key, step):
        """One step as DigitalOcean takes it."""
        if isinstance(step, ConvertBackup):
            point = next(found for found in self.backups[key] if found.id == step.image_id)
            self.backups[key] = [found for found in self.backups[key] if found is not point]
            made = replace(point, type="snapshot", id=point.id + NEW_ID if self.new_id else point.id)
            self.snapshots.setdefault(key, []).append(made)
        elif isinstance(step, DisableBackups):
            self.states[key] = OFF
            if self.deletes:
                self.backups[key] = []
        else:
            offer = next((offer for offer in self.supported if offer.plan == step.policy.plan), None)
            filled = {
                name: getattr(offer, name)
                for name in plans.PLAN_DEFAULTED
                if offer and getattr(step.policy, name) is None
            }
            self.states[key] = BackupState(True, replace(step.policy, **filled))
