# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts: what is missing is named once, what was read is returned, and what failed is raised for all who ask."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import SelectionError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing, together
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet

ONE, TWO, THREE = (needs.DropletById(key) for key in (1, 2, 3))


def missing(question) -> tuple:
    with pytest.raises(Missing) as raised:
        question()
    return raised.value.needs


def test_what_was_not_read_is_missing_each_need_once():
    facts = Facts(known={ONE: droplet(1)})
    assert missing(lambda: facts.get(TWO)) == (TWO,)
    assert missing(lambda: facts.each([ONE, TWO, THREE, TWO])) == (TWO, THREE)
    assert missing(lambda: facts.require(ONE, needs.Sizes(), TWO)) == (needs.Sizes(), TWO)


def test_what_was_read_is_returned_in_the_order_asked_for():
    facts = Facts()
    facts.add({ONE: droplet(1), TWO: None}, 3.5)
    facts.require(ONE, TWO)
    assert facts.each(iter([TWO, ONE])) == [None, droplet(1)]
    assert facts.read_at == 3.5


def test_a_read_that_has_failed_fails_for_all_who_ask_with_an_error_of_their_own():
    error = SelectionError("No Droplet has the id 1.", droplet=1)
    facts = Facts(known={ONE: error, TWO: None})
    raised = []
    for _asker in range(2):
        with pytest.raises(SelectionError, match="No Droplet has the id 1") as caught:
            facts.get(ONE)
        raised.append(caught.value)
    assert raised[0] is not raised[1]
    assert error not in raised
    assert [each.droplet for each in raised] == [1, 1]
    assert facts.get(TWO) is None


def test_together_names_what_all_of_them_lack():
    facts = Facts(known={ONE: droplet(1)})
    questions = [lambda need=need: facts.get(need) for need in (TWO, ONE, THREE, TWO)]
    assert missing(lambda: together(questions)) == (TWO, THREE)
    facts.add({TWO: None, THREE: None}, 0.0)
    assert together(questions) == [None, droplet(1), None, None]


def test_together_raises_what_is_wrong_before_more_is_read():
    def wrong():
        raise SelectionError("It is wrong.")

    with pytest.raises(SelectionError):
        together([lambda: Facts().get(ONE), wrong])
