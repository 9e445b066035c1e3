# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account in memory, just enough of one to see where a plan leads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupState
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import ConvertBackup, DisableBackups
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_backups as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, OFF, SUPPORTED, droplet

NEW_ID = 1000


def is_done(change):
    """True if a Change that was planned again has nothing left, so that its task is over."""
    return not (change.steps or change.wait_for or change.doubt or change.skipped)


class AccountFacts(Facts):
    """The facts of an account: what is asked for is read at once, and listed in `read`."""

    def __init__(self, account):
        super().__init__()
        self.account = account
        self.read = []

    def require(self, *asked):
        for need in asked:
            try:
                super().require(need)
            except Missing:
                self.read.append(need)
                self.add({need: self.fact(need)}, 0.0)

    def fact(self, need):
        account = self.account
        if isinstance(need, needs.SupportedPolicies):
            return account.supported
        if isinstance(need, needs.TagsReadable):
            return True
        backups, snapshots = (tuple(of.get(need.droplet.id, ())) for of in (account.backups, account.snapshots))
        facts = {
            needs.Backups: backups,
            needs.Converted: snapshots if account.converted_shows else (),
            needs.Remaining: (backups, snapshots),
        }
        return facts[type(need)]


@dataclass
class Account:
    """Dicts by Droplet id. `new_id`: converting gives another id; `deletes`: disabling deletes backups at once.

    `converted_shows`: the API tells which snapshots were backups.
    """

    states: dict
    backups: dict = field(default_factory=dict)
    snapshots: dict = field(default_factory=dict)
    supported: tuple = SUPPORTED
    new_id: bool = False
    deletes: bool = False
    converted_shows: bool = True

    verb = plans.DropletBackups()

    @property
    def facts(self):
        """Facts that read from the account what they are asked for."""
        return AccountFacts(self)

    def observe(self, request):
        """What a plan goes by: the Droplets and their states, then what it turns out to need."""
        meant = [key for key in self.states if key in (request.selection.ids or self.states)]
        seen = plans.observed(request, [droplet(key) for key in meant], dict(self.states))
        return plans.complete(request, seen, self.facts, NOW, request.progress)

    def plan(self, request):
        return plans.plan(request, self.observe(request), NOW)

    def again(self, change, done=None):
        """The Change of the same Droplet, planned again after the steps `done`: all of them if that is left out."""
        (found,) = self.plan(self.verb.resume(change, change.steps if done is None else done, ())).changes
        return found

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
