# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of errors: drawn as it is, and each error tells itself in a result."""

from __future__ import annotations

import inspect
import re

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import errors

CLASSES = [found for dummy, found in inspect.getmembers(errors, inspect.isclass) if found.__module__ == errors.__name__]


def drawn():
    """A dict of class name to the name of its parent, from the drawing in the docstring."""
    parents, path = {}, {}
    for line in errors.__doc__.splitlines():
        match = re.match(r"(?P<lead>[\s│├└─]*)(?P<name>\w+Error)\b", line)
        if match:
            depth = len(match["lead"])
            path = {level: name for level, name in path.items() if level < depth}
            parents[match["name"]] = path[max(path)] if path else "Exception"
            path[depth] = match["name"]
    return parents


def test_the_drawing_is_the_tree():
    assert drawn() == {found.__name__: found.__base__.__name__ for found in CLASSES}


def test_every_kind_is_its_own():
    kinds = [found.kind for found in CLASSES]
    assert len(kinds) == len(set(kinds))


def test_only_what_all_droplets_would_meet_is_fatal():
    assert {found.__name__ for found in CLASSES if found.fatal} == {
        "AuthenticationError",
        "ScopeError",
        "RateLimitError",
    }


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_tells_itself_in_a_result(kind):
    error = kind("It is so.", status=422, request_id="abc", droplet=1, action=2)
    assert str(error) == "It is so."
    assert error.as_failure() == {
        "kind": kind.kind,
        "message": "It is so.",
        "status": 422,
        "request_id": "abc",
        "droplet": 1,
        "action": 2,
    }


def test_what_is_known_already_is_not_overwritten():
    error = errors.NotFoundError("Gone.", droplet=1).with_context(droplet=9, action=2)
    assert (error.droplet, error.action) == (1, 2)
