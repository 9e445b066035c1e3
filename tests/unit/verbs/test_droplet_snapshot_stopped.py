# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops a Droplet, and what has it on again, by its power, its tag and what a run has done."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import DropletAction, Tag, Untag
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_snapshot.stopped import (
    MARK,
    Stop,
    kinds,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet

STOPPING = ["mark", "shutdown", "power_off"]
STARTING = ["power_on", "unmark"]


def stop(status="active", tags=(), timeout=60, wanted=True, done=()):
    return Stop(droplet(tags=tags, status=status), timeout, wanted, frozenset(done))


def types(steps):
    return [step.type or {Tag: "mark", Untag: "unmark"}[type(step)] for step in steps]


@pytest.mark.parametrize(
    ("given", "before", "after"),
    [
        pytest.param({}, STOPPING, STARTING, id="it is on"),
        pytest.param({"timeout": 0}, ["mark", "power_off"], STARTING, id="without a shutdown"),
        pytest.param({"status": "off"}, [], [], id="somebody else has stopped it"),
        pytest.param({"wanted": False}, [], [], id="nothing to stop it for"),
        pytest.param({"tags": (MARK,)}, STOPPING[1:], STARTING, id="marked, and killed then"),
        pytest.param({"tags": ("Lifeboat:Stopped",)}, STOPPING[1:], STARTING, id="marked in another spelling"),
        pytest.param({"tags": (MARK,), "status": "off"}, [], STARTING, id="stopped, and killed then"),
        pytest.param({"tags": (MARK,), "status": "off", "wanted": False}, [], STARTING, id="to be powered on"),
        pytest.param({"tags": (MARK,), "wanted": False}, [], STARTING[1:], id="on again, and killed then"),
        pytest.param({"status": "new"}, [], [], id="it is not up yet"),
        pytest.param({"done": ("mark",)}, STOPPING[1:], STARTING, id="marked by this run"),
        pytest.param({"done": ("mark", "shutdown")}, STOPPING[2:], STARTING, id="it did not shut down"),
        pytest.param({"done": ("mark", "shutdown"), "status": "off"}, [], STARTING, id="it did"),
        pytest.param(
            {"done": (*STOPPING, "power_on"), "status": "off", "wanted": False}, [], STARTING[1:], id="on, unseen"
        ),
        pytest.param(
            {"done": (*STOPPING, *STARTING), "tags": (MARK,), "wanted": False}, [], [], id="all done, tag still shown"
        ),
    ],
)
def test_what_is_left_to_do(given, before, after):
    found = stop(**given)
    assert (types(found.before()), types(found.after())) == (before, after)


def test_the_tag_is_taken_off_in_the_spelling_that_it_has():
    assert stop(tags=("Lifeboat:Stopped",)).after()[-1] == Untag("Lifeboat:Stopped", "droplet", 1)
    assert stop().after()[-1] == Untag(MARK, "droplet", 1)


def test_a_shutdown_has_its_time():
    _mark, shutdown, _off = stop(timeout=7).before()
    assert (shutdown.settle_seconds, shutdown.observable) == (7, False)


def test_what_a_run_has_done():
    done = [Tag(MARK, "droplet", 1), DropletAction("power_off"), Untag(MARK, "droplet", 1), Tag("keep", "image", 7)]
    assert kinds(done) == {"mark", "power_off", "unmark"}


@pytest.mark.parametrize(
    ("given", "minutes", "note"),
    [
        ({}, 9, "it is shut down, or powered off after 60 s, for the snapshot, and powered on again after it: it is"),
        ({}, 9, "it is down for up to 9 minutes"),
        ({"timeout": 0}, None, "it is powered off for the snapshot, and powered on again after it: it is down for as"),
        ({"tags": (MARK,), "status": "off"}, 9, "an earlier run has stopped it: it is powered on again"),
    ],
)
def test_the_outage_is_told(given, minutes, note):
    assert note in stop(**given).note(minutes)
    assert stop(status="off").note(9) is None
