# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which scopes writes need."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import plan as plans
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import scopes
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import BackupPolicy
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import (
    ActionByTag,
    Change,
    DropletAction,
    Plan,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet

STEPS = {
    plans.EnableBackups(BackupPolicy("daily")): ["droplet:update"],
    plans.DisableBackups(): ["droplet:update"],
    plans.ConvertBackup(7): ["image:update"],
    plans.TransferImage(7, "ams3"): ["image:update"],
    plans.RenameImage(7, "x"): ["image:update"],
    plans.DeleteSnapshot(7): ["image:delete", "snapshot:delete"],
    plans.Tag("a", "droplet", 1): ["droplet:update", "tag:create"],
    plans.Tag("a", "image", 7): ["image:update", "tag:create"],
    plans.Untag("a", "droplet", 1): ["droplet:update", "tag:delete"],
}


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_of_a_step(step):
    assert scopes.of_steps([step]) == STEPS[step]


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("power_off", ["droplet:update"]),
        ("snapshot", ["droplet:update", "image:create"]),
        ("restore", ["droplet:admin", "droplet:update"]),
        ("rebuild", ["droplet:admin", "droplet:update"]),
        ("resize", ["droplet:create", "droplet:update"]),
    ],
)
def test_of_an_action(kind, needed):
    assert scopes.of_steps([DropletAction(kind)]) == needed


def test_of_a_creation():
    step = plans.CreateDroplet({"name": "x", "image": 7, "tags": ["a"], "ssh_keys": []})
    assert scopes.of_steps([step]) == ["droplet:create", "image:read", "tag:create"]


def change(*kinds, key=1):
    return Change(droplet(key), None, {}, {}, tuple(DropletAction(kind) for kind in kinds))


def test_of_a_plan_all_of_them_once():
    plan = Plan((change("power_off", "snapshot"), change("restore", key=2), change(key=3)))
    assert scopes.of_plan(plan) == ["droplet:admin", "droplet:update", "image:create"]
    assert scopes.of_plan(Plan()) == []
    by_tag = Plan((change("snapshot"),), by_tag=ActionByTag("a", DropletAction("snapshot")))
    assert scopes.of_plan(by_tag) == ["droplet:update", "image:create", "tag:read"]


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (("power_off", "snapshot", "power_on"), True),
        (("snapshot", "restore"), True),
        (("power_off",), False),
        (("snapshot",), False),
        ((), False),
    ],
)
def test_what_would_be_found_out_too_late_is_said_before(kinds, told):
    sentence = scopes.missed_too_late(Plan((change(*kinds),)))
    assert bool(sentence) == told
    assert not told or ", ".join(scopes.of_plan(Plan((change(*kinds),)))) in sentence
