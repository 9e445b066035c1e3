# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applier where the simulated API cannot lead it: an API that says "completed" and has not done it, and surprises.

Everything else about it is tested against the simulator.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.limits import Budget
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    AuthenticationError,
    UnexpectedError,
    UnreachableError,
    WaitTimeoutError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.apply import apply
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.job import State
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._engine.one_by_one import STALE_AFTER
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_backups as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import Clock
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, OFF, backup, on, wanted
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import Account


class Api:
    """The operations that the applier uses. Every action completes at once; whether it has an effect is the test's."""

    def __init__(self):
        self.sent = []
        self.log = []
        self.refuse = {}
        self.stale_after = None
        self.droplet_actions = SimpleNamespace(post=self.on_droplet, list=self.of_droplet, get=self.get)
        self.image_actions = SimpleNamespace(post=self.on_image, list=self.of_image, get=self.get)
        self.actions = SimpleNamespace(list=self.of_account, get=self.get)

    def on_droplet(self, droplet_id, body, stale_after=None):
        self.stale_after = stale_after
        return self.begin("droplet", droplet_id, body)

    def on_image(self, image_id, body):
        return self.begin("image", image_id, body)

    def begin(self, kind, key, body):
        if key in self.refuse:
            raise self.refuse[key]
        self.sent.append((body["type"], key))
        action = {
            "id": len(self.log) + 1,
            "type": body["type"],
            "status": "in-progress",
            "resource_id": key,
            "resource_type": kind,
            "started_at": NOW.isoformat(),
        }
        self.log.append({**action, "status": "completed"})
        return {"action": action}

    def of_account(self, page, per_page):
        assert (page, per_page) == (1, 200)
        return {"actions": self.log[::-1], "meta": {"total": len(self.log)}}

    def of_droplet(self, droplet_id, page, per_page):
        assert (page, per_page) == (1, 200)
        found = [action for action in self.log[::-1] if action["resource_id"] == droplet_id]
        return {"actions": found, "meta": {"total": len(found)}}

    def of_image(self, image_id):
        return {"actions": [action for action in self.log if action["resource_id"] == image_id]}

    def get(self, action_id, **_resource):
        return {"action": self.log[action_id - 1]}


class Client:
    """A client of one thread, whose time moves when it sleeps."""

    def __init__(self, seconds=600):
        self.clock = Clock()
        self.budget = Budget(seconds, self.clock)
        self.meter = SimpleNamespace(sent_at=0.0)
        self.do = Api()
        self.refused = set()
        self.lag_tolerance = timedelta(seconds=60)
        self.sleep = self.clock.sleep

    def now(self):
        return NOW + timedelta(seconds=self.budget.spent)

    def map(self, function, items):
        return [function(item) for item in items]


class Fleet(Account):
    """An account that can be slow to show what was done: `lag` looks after the work still see the state before."""

    lag = 0
    broken = None

    def look_again(self, client):
        if self.broken:
            raise self.broken
        for kind, key in client.do.sent:
            if kind != "convert" and self.lag == 0:
                self.states[key] = on("daily", 4) if kind == "enable_backups" else OFF
        self.lag = max(0, self.lag - 1)


class FleetVerb(plans.DropletBackups):
    """The verb over a Fleet, which is looked at again once for all that are planned together."""

    def __init__(self, fleet, client):
        self.fleet, self.client, self.facts = fleet, client, None

    def plan(self, request, facts, now):
        if facts is not self.facts:
            self.facts = facts
            self.fleet.look_again(self.client)
        return plans.plan(request, self.fleet.observe(request), now)


def run(fleet, request, client):
    plan = fleet.plan(request)
    return apply(client, FleetVerb(fleet, client), request, plan, wait=True)


ENABLE = wanted(plan="daily", hours=(4,))


@pytest.mark.parametrize("lag", [0, 1, 3])
def test_an_api_that_lags_is_looked_at_again(lag):
    client, fleet = Client(), Fleet({1: OFF, 2: OFF})
    fleet.lag = lag
    jobs = run(fleet, ENABLE, client)
    assert [job.state for job in jobs] == [State.DONE, State.DONE]
    assert client.do.sent == [("enable_backups", 1), ("enable_backups", 2)]
    assert sum(client.clock.slept) == pytest.approx(0.2 + sum([0, 1, 2, 4][: lag + 1]))


def test_what_completed_without_effect_is_a_failure_and_not_sent_again():
    client, fleet = Client(), Fleet({1: OFF})
    fleet.lag = 99
    (job,) = run(fleet, ENABLE, client)
    assert job.state is State.FAILED
    assert isinstance(job.error, WaitTimeoutError)
    assert "it shows disabled" in job.error.message
    assert "instead of daily at 04:00 UTC" in job.error.message
    assert "Run the task again" in job.error.message
    assert (job.error.droplet, job.error.action) == (1, 1)
    assert client.budget.left <= 0
    assert client.do.sent == [("enable_backups", 1)]


def test_a_conversion_that_completed_without_effect_leaves_backups_on():
    client, fleet = Client(), Fleet({1: on("daily", 4)}, {1: [backup(11, 1)]})
    (job,) = run(fleet, wanted(enabled=False, existing_backups="convert_newest"), client)
    assert job.state is State.FAILED
    assert isinstance(job.error, WaitTimeoutError)
    assert "action 1 (convert) has completed, and its effect does not show yet" in job.error.message
    assert "Nothing more was sent for it." in job.error.message
    assert job.error.action == 1
    assert client.do.sent == [("convert", 11)]


def test_what_cannot_be_verified_is_not_called_done():
    class Unreadable(Fleet):
        def look_again(self, _client):
            raise UnreachableError("No answer came.")

    (job,) = run(Unreadable({1: OFF}), ENABLE, Client())
    assert job.state is State.FAILED
    assert "what was done could not be verified: No answer came." in job.error.message
    assert job.actions != {}


def test_a_surprise_on_one_droplet_does_not_hide_what_was_done_to_the_others():
    client, fleet = Client(), Fleet({1: OFF, 2: OFF, 3: OFF})
    client.do.refuse[2] = ZeroDivisionError("division by zero")
    jobs = run(fleet, ENABLE, client)
    assert [job.state for job in jobs] == [State.DONE, State.FAILED, State.DONE]
    assert isinstance(jobs[1].error, UnexpectedError)
    assert jobs[1].error.droplet == 2


def test_what_is_sent_between_two_steps_was_planned_just_before():
    """Under the rate limit the last of thousands is sent long after the first, and a backup may be made meanwhile."""
    keys = (1, 2, 3, 4)
    client = Client()
    fleet = Fleet(dict.fromkeys(keys, on("daily", 4)), {key: [backup(10 + key, 1)] for key in keys})
    planned, ages, seconds = {}, [], {"convert": 0, "disable_backups": 20}
    begin = client.do.begin

    class Verb(FleetVerb):
        def plan(self, request, facts, now):
            planned[request.selection.ids[0]] = client.clock.time
            return super().plan(request, facts, now)

    def slowly(kind, key, body):
        if body["type"] == "disable_backups":
            ages.append(client.clock.time - planned[key])
        client.clock.time += seconds[body["type"]]
        if body["type"] == "convert":
            fleet.backups[key - 10], (point,) = [], fleet.backups[key - 10]
            fleet.snapshots[key - 10] = [replace(point, type="snapshot")]
        return begin(kind, key, body)

    client.do.begin = slowly
    request = wanted(enabled=False, existing_backups="convert_all", max_disable=4)
    jobs = apply(client, Verb(fleet, client), request, fleet.plan(request), wait=True)
    assert [job.state for job in jobs] == [State.DONE] * 4
    assert client.do.sent == [("convert", key + 10) for key in keys] + [("disable_backups", key) for key in keys]
    assert len(ages) == 4
    assert max(ages) <= STALE_AFTER


def test_what_all_would_meet_ends_the_task_and_the_rest_is_not_tried():
    client, fleet = Client(), Fleet({1: OFF, 2: OFF, 3: OFF})
    client.do.refuse[2] = AuthenticationError("The API does not accept the token.", status=401)
    jobs = run(fleet, ENABLE, client)
    assert [job.state for job in jobs] == [State.DONE, State.FAILED, State.NOT_TRIED]
    assert (jobs[1].error.droplet, jobs[2].error.droplet) == (2, 3)
    assert jobs[2].error.message == "The API does not accept the token."
    assert client.do.sent == [("enable_backups", 1)]


def test_nothing_is_begun_after_the_end_of_the_time():
    client, fleet = Client(seconds=0), Fleet({1: OFF})
    (job,) = run(fleet, ENABLE, client)
    assert job.state is State.NOT_TRIED
    assert client.do.sent == []
    assert "The time of 0 s is over for Droplet web-01 (1)" in job.error.message


def test_an_empty_plan_reads_nothing():
    fleet = Fleet({1: on("daily", 4)})
    fleet.broken = AssertionError("read although nothing was to be done")
    client = Client()
    assert apply(client, FleetVerb(fleet, client), ENABLE, Account(fleet.states).plan(ENABLE), wait=True) == []
