# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Droplet in memory, with its log of actions: just enough to see where the plans of a restore lead."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import ApiError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.journal import (
    Completed,
    Intent,
    safety_name,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action, RestorePoint
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import Tag
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.restore_points import RestorePointSelector
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore import verb as plans
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_restore.incidents import (
    DISK_WRITES,
    Seen,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet, on, snapshot

REFUSAL = ApiError("The API refuses it.", status=422)
HOUR = timedelta(hours=1)
HAND_MADE = replace(snapshot(12, days=2.5), name="by hand")
POINTS = (backup(11, days=3), HAND_MADE, backup(13, days=1.25, size=3.0))
SAFETY = "lifeboat-before-restore.inc-1.web-01"

RESTORED = Action(100, "restore", "completed", 1, "droplet", NOW + HOUR, NOW + 2 * HOUR)
REBUILT = replace(RESTORED, type="rebuild")
OLD = replace(RESTORED, id=90, started_at=NOW - timedelta(days=2))
LATER = replace(RESTORED, id=110, started_at=NOW + 5 * HOUR)


def types(change):
    """The types of its steps."""
    return [step.type or "tag" for step in change.steps]


def intent(incident="inc-1", image=13, at=NOW, was_on=True):
    """A mark, as a tag."""
    return Intent(incident, image, at, was_on).tag


def done(incident="inc-1", image=13, action=100):
    """A mark, as a tag."""
    return Completed(incident, image, action).tag


def safety(at=NOW + timedelta(minutes=1), key=300, incident="inc-1"):
    """A safety snapshot."""
    return replace(snapshot(key), name=safety_name(incident, "web-01"), created_at=at, size_gigabytes=3.0)


def wanted(incident="inc-1", confirm="web-01", safety_snapshot=True, stop_first=False, **point):
    """A Request; the newest restore point where none is named."""
    point = point or {"newest": True, "max_age_hours": 48}
    return plans.Request(
        Selection(ids=(1,)), RestorePointSelector(**point), incident, confirm, safety_snapshot, stop_first
    )


@dataclass
class Machine:
    """Droplet 1. Each action takes ten minutes, an order is refused by an assertion where it cannot be meant."""

    tags: list = field(default_factory=list)
    status: str = "active"
    points: list = field(default_factory=lambda: list(POINTS))
    log: list = field(default_factory=list)
    state: object = field(default_factory=lambda: on("daily", 4))
    now: datetime = NOW
    disk_from: int = 0
    last: object = None
    """The Change of `run` in which nothing was left."""
    takes_snapshots: bool = True
    """Whether `restore` takes snapshots, or backups only."""

    def seen(self):
        one = droplet(tags=tuple(self.tags), status=self.status, volume_ids=(), disk=25)
        return Seen(one, self.state, tuple(self.points), tuple(self.log[::-1]))

    def plan(self, request):
        return plans.plan(request, self.seen(), self.now)

    def change(self, request):
        (change,) = self.plan(request).changes
        return change

    def again(self, first, done, own=()):
        """The Change `first` planned again after the steps `done`; `own` are the actions of this run."""
        return self.change(plans.resumed(first.request, done, own))

    def act(self, kind, image=None, name=None, outcome="completed"):
        """An action from beginning to end, of whoever; an outcome of "in-progress" is begun only."""
        action = Action(100 + len(self.log), kind, outcome, 1, "droplet", self.now)
        if outcome == "in-progress":
            self.log.append(action)
            return action
        began, self.now = self.now, self.now + timedelta(minutes=10)
        self.log.append(replace(action, completed_at=self.now))
        if outcome == "completed":
            self._effect(kind, image, name, began)
        return self.log[-1]

    def end(self, outcome="completed", image=None, name=None):
        """The action in progress ends."""
        running = self.log[-1]
        assert running.in_progress
        self.now += timedelta(minutes=10)
        self.log[-1] = replace(running, status=outcome, completed_at=self.now)
        if outcome == "completed":
            self._effect(running.type, image, name, running.started_at)

    def _effect(self, kind, image, name, began):
        if kind in ("power_on", "power_off"):
            self.status = "off" if kind == "power_off" else "active"
        elif kind == "snapshot":
            self.points.append(RestorePoint(200 + len(self.points), name, "snapshot", began, 3.0))
        elif kind in DISK_WRITES:
            point = next(point for point in self.points if point.id == image)
            assert point.type == "snapshot" or kind == "restore", "the API would refuse it"
            self.disk_from = image

    def take(self, step, outcome="completed"):
        """One step of a plan."""
        if isinstance(step, Tag):
            assert step.name, "a mark was written before it could be known"
            self.tags.append(step.name)
            self.now += timedelta(seconds=1)
        else:
            assert step.type not in ("power_on", "power_off") or (step.type == "power_on") == (self.status == "off")
            self.act(step.type, step.arguments.get("image"), step.arguments.get("name"), outcome)

    def run(self, request, most=20):
        """A whole run, planned again after each step; the types of its steps."""
        change = self.change(request)
        done = []
        while change.steps:
            assert len(done) < most, "it does not come to an end"
            if self.refuses(change.steps[0]):
                other = plans.otherwise(change, change.steps[0], REFUSAL)
                change = self.change(plans.resumed(other, done, ()))
            assert change.steps[0].type != "rebuild" or not self.takes_snapshots, "there is a better way"
            self.take(change.steps[0])
            done.append(change.steps[0])
            change = self.again(change, done)
        self.last = change
        return [step.type or "tag" for step in done]

    def refuses(self, step):
        """Whether the API would answer 422."""
        image = next((point for point in self.points if point.id == step.arguments.get("image")), None)
        return step.type == "restore" and image.type == "snapshot" and not self.takes_snapshots

    def completed(self):
        return [action for action in self.log if action.type in DISK_WRITES and action.completed]
