# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_action_info`: which action or which part of a log is read, and what is reported of it."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError, NotFoundError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_action_info import DropletActionInfo
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, droplet

READER = DropletActionInfo()
LEFT_OUT = dict.fromkeys(READER.arguments.options) | {"limit": 200, "wait": False}
SINCE = "2026-03-01T00:00:00Z"
RESTART = Action(9, "reboot", "completed", 1, "droplet", NOW, NOW, "nyc3")


def read(known, **params):
    return READER.read(READER.request({**LEFT_OUT, **params}), Facts(known=known), NOW)


def lacking(known, **params):
    with pytest.raises(Missing) as missing:
        read(known, **params)
    return missing.value.needs


def log(droplet_id=None, types=None, statuses=None, since=None, limit=200):
    return needs.LogSearch(droplet_id, types, statuses, since, limit)


def test_the_log_of_the_account_or_of_a_droplet_is_searched():
    assert lacking({}) == (log(),)
    assert lacking({}, type=["reboot"], status=["errored"], limit=3) == (log(None, ("reboot",), ("errored",), None, 3),)
    selected = needs.Selected(Selection(ids=(1,)))
    assert lacking({}, droplet_id=1) == (selected,)
    assert lacking({selected: (droplet(1),)}, droplet_id=1) == (log(1),)


@pytest.mark.parametrize("wait", [False, True])
def test_one_action_is_read_by_its_id(wait):
    need = needs.ActionById(9, None, wait)
    assert lacking({}, action_id=9, wait=wait) == (need,)
    found = read({need: RESTART}, action_id=9, wait=wait)
    assert found.result["complete"] is True
    assert found.result["actions"] == [
        {
            "id": 9,
            "type": "reboot",
            "status": "completed",
            "started_at": "2026-03-02T12:00:00Z",
            "completed_at": "2026-03-02T12:00:00Z",
            "resource_type": "droplet",
            "resource_id": 1,
            "region": "nyc3",
        }
    ]


def test_an_action_that_there_is_not_is_named():
    with pytest.raises(NotFoundError, match="There is no action 9 in this account"):
        read({needs.ActionById(9, None): NotFoundError("no such thing", status=404)}, action_id=9)
    known = {
        needs.Selected(Selection(ids=(1,))): (droplet(1),),
        needs.ActionById(9, 1): NotFoundError("no such thing", status=404),
    }
    with pytest.raises(NotFoundError, match=r"There is no action 9 of Droplet web-01 \(1\)"):
        read(known, action_id=9, droplet_id=1)


@pytest.mark.parametrize(
    ("complete", "params", "warning"),
    [
        (True, {}, None),
        (False, {"limit": 1}, None),
        (False, {}, "not searched to its beginning"),
        (False, {"limit": 1, "since": SINCE}, "more than 1 such actions"),
        (True, {"limit": 1, "since": SINCE}, None),
    ],
)
def test_a_search_that_ended_early_says_so(complete, params, warning):
    (need,) = lacking({}, **params)
    found = read({need: ((RESTART,), complete)}, **params)
    assert found.result["complete"] is complete
    assert len(found.warnings) == (warning is not None)
    assert (warning or "") in "".join(found.warnings)


@pytest.mark.parametrize(
    ("action", "expected"),
    [(RESTART, True), (Action(1, "reboot", "errored"), False), (Action(1, "rename", "completed"), False)],
)
def test_a_need_matches_types_and_statuses(action, expected):
    assert log(None, ("reboot",), ("completed",)).matches(action) is expected
    assert log().matches(action)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"action_id": 9, "type": ["reboot"]}, "type chooses among many actions"),
        ({"wait": True}, "give its action_id"),
        ({"limit": 0}, "limit 0 is too small"),
        ({"since": "yesterday"}, "since 'yesterday' is not a time"),
    ],
)
def test_mistakes(params, message):
    with pytest.raises(InputError, match=message):
        READER.request({**LEFT_OUT, **params})
