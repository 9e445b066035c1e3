# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.sharing import (
    FRESH,
    SharedReads,
    askers,
    shared,
    taking_from,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    InvalidAnswerError,
    ScopeError,
    UnreachableError,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import Clock


class List:
    """A list of the API: returns how often it was read, after it has failed with each of `errors`."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.reads = 0

    def __call__(self):
        self.reads += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.reads


@pytest.fixture(name="clock")
def _clock():
    return Clock()


@pytest.fixture(name="reads")
def _reads(clock):
    return SharedReads(40, clock)


def test_outside_of_a_round_each_reads_for_itself():
    listed = List()
    assert [shared("droplets", listed), shared("droplets", listed)] == [1, 2]
    assert askers(1) == 1


def test_within_a_round_one_reads_for_all(reads):
    listed, other = List(), List()

    def plan(_target):
        with taking_from(reads):
            return shared("droplets", listed), shared("images", other), askers(1), askers(100), askers(0)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(plan, range(40))) == {(1, 1, 40, 100, 0)}


def test_after_the_round_nothing_is_remembered(reads):
    listed = List()
    with taking_from(reads):
        shared("droplets", listed)
    assert shared("droplets", listed) == 2


def test_what_is_too_old_is_read_again(reads, clock):
    listed = List()
    began = clock()
    with taking_from(reads):
        shared("droplets", listed)
        clock.sleep(FRESH)
        assert shared("droplets", listed) == 1
        assert reads.oldest == began
        clock.sleep(0.1)
        assert shared("droplets", listed) == 2
        assert reads.oldest == pytest.approx(began + 0.1)


@pytest.mark.parametrize(
    "error",
    [
        ScopeError("The token lacks image:read.", status=403),
        InvalidAnswerError("The answer to GET /v2/images is wrong."),
        UnreachableError("No answer came to GET /v2/images."),
    ],
    ids=lambda error: error.kind,
)
def test_what_went_wrong_went_wrong_for_all(reads, clock, error):
    listed = List(error)

    def tries_for_long():
        clock.sleep(2 * FRESH)
        return listed()

    with taking_from(reads):
        for _asker in range(3):
            with pytest.raises(type(error), match=re.escape(error.message)) as raised:
                shared("images", tries_for_long)
            assert raised.value is not error
        assert listed.reads == 1
        clock.sleep(FRESH + 1)
        assert shared("images", listed) == 2


def test_an_error_that_is_returned_is_returned_to_all(reads):
    error = ScopeError("The token lacks tag:create.", status=403)
    with taking_from(reads):
        assert [shared("tag", lambda: error) for _asker in range(2)] == [error, error]
