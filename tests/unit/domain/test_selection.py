# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A selection means exactly what it says, and none never means all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import selection as choose
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import SelectionError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet

WEB = droplet(2, "web")
TWIN_A, TWIN_B = droplet(9, "twin"), droplet(4, "twin")
FLEET = [WEB, TWIN_A, TWIN_B, droplet(7, "Db-01"), droplet(8, "db-02")]

ids = st.lists(st.integers(1, 30), max_size=12)
tags = st.lists(st.sampled_from(["a", "b", "c"]), max_size=3)
fleets = st.lists(
    st.builds(droplet, st.integers(1, 30), tags=tags.map(tuple)), max_size=12, unique_by=lambda found: found.id
)


def keys(droplets):
    return [found.id for found in droplets]


def test_ids_are_found_in_the_order_they_were_asked_for():
    assert keys(choose.exactly_ids([7, 2], FLEET)) == [7, 2]


def test_every_missing_id_is_named():
    with pytest.raises(SelectionError, match=r"No Droplet has the id 5, 6\.") as caught:
        choose.exactly_ids([2, 5, 6], FLEET)
    assert caught.value.droplet == 5


def test_names_are_found_letter_for_letter():
    assert keys(choose.exactly_names(["db-02", "web"], FLEET)) == [8, 2]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        pytest.param("gone", r"^No Droplet is named 'gone'\.$", id="missing"),
        pytest.param("db-01", r"No Droplet is named 'db-01'\. There is 'Db-01': write it exactly so\.", id="near"),
        pytest.param("we", r"^No Droplet is named 'we'\.$", id="only the beginning of a name"),
        pytest.param("web ", r"^No Droplet is named 'web '\.$", id="with a space behind"),
        pytest.param(
            "twin", r"2 Droplets are named 'twin': ids 4, 9\. Say which one with droplet_id\.", id="ambiguous"
        ),
    ],
)
def test_a_name_that_fits_none_or_two_is_refused(name, says):
    with pytest.raises(SelectionError, match=says):
        choose.exactly_names(["web", name], FLEET)


def test_names_that_differ_in_capitals_only_are_listed_in_order():
    fleet = [droplet(key, name) for key, name in enumerate(("wEb", "Web", "WEB", "weB"), 1)]
    with pytest.raises(SelectionError, match="There is 'WEB', 'Web', 'wEb', 'weB': write it exactly so"):
        choose.exactly_names(["web"], fleet)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(["a"], [1, 2], id="one tag"),
        pytest.param(["a", "b"], [1, 2, 3], id="any of two"),
        pytest.param(["A"], [1, 2], id="capitals do not count"),
        pytest.param([], [], id="no tag matches nothing"),
    ],
)
def test_tags_mean_any_of_them(asked, found):
    fleet = [droplet(1, tags=("a",)), droplet(2, tags=("a", "b")), droplet(3, tags=("b",)), droplet(4, tags=None)]
    assert keys(choose.with_any_tag(asked, fleet)) == found


@pytest.mark.parametrize(
    ("excluded", "idle"),
    [
        pytest.param(("a",), [], id="one that somebody carries"),
        pytest.param(("A",), [], id="in another spelling"),
        pytest.param(("a", "noone", "NoOne", "x"), ["noone", "x"], id="each that nobody carries, once"),
        pytest.param((), [], id="nothing is excluded"),
    ],
)
def test_a_tag_to_exclude_by_that_nobody_carries_is_told(excluded, idle):
    selection = Selection(everything=True, exclude_tags=excluded)
    told = choose.idle_exclusions(selection, [droplet(1, tags=("a", "b")), droplet(2)])
    assert [sentence.split("'")[1] for sentence in told] == idle
    assert choose.idle_exclusions(selection, []) == ()


@given(fleets, tags)
def test_the_result_is_distinct_sorted_and_free_of_what_was_excluded(fleet, excluded):
    selection = Selection(everything=True, exclude_tags=tuple(excluded), allow_empty=True)
    expected = sorted(found.id for found in fleet if not set(found.tags) & set(excluded))
    assert keys(choose.finish(selection, fleet + fleet[::-1])) == expected


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        pytest.param(Selection(ids=()), "droplet_id []", id="no ids"),
        pytest.param(Selection(names=()), "droplet_name []", id="no names"),
        pytest.param(Selection(tags=()), "tag []", id="no tags"),
        pytest.param(Selection(tags=("x", "y")), "tag 'x', 'y'", id="tags of nobody"),
        pytest.param(Selection(everything=True), "all", id="all of an empty account"),
        pytest.param(Selection(everything=True, exclude_tags=("z",)), "all without tag 'z'", id="all are excluded"),
    ],
)
def test_a_selection_that_matches_nothing_is_an_error_unless_allowed(selection, words):
    fleet = [droplet(1, tags=("z",))] if selection.exclude_tags else []
    with pytest.raises(SelectionError) as caught:
        choose.finish(selection, fleet)
    assert caught.value.message == f"No Droplet matches {words}. Set allow_empty: true if that is fine."
    assert choose.finish(replace(selection, allow_empty=True), fleet) == []


@pytest.mark.parametrize("fields", [{"ids": ()}, {"names": ()}, {"tags": ()}], ids=str)
def test_an_empty_list_is_empty_and_not_a_description_of_all(fields):
    selection = Selection(**fields)
    assert selection.empty
    assert not selection.everything


@pytest.mark.parametrize(
    ("selection", "described"),
    [
        pytest.param(Selection(ids=(1,)), False, id="by id"),
        pytest.param(Selection(names=("web",)), False, id="by name"),
        pytest.param(Selection(tags=("a",)), True, id="by tag"),
        pytest.param(Selection(everything=True), True, id="all"),
    ],
)
def test_only_tags_and_all_describe(selection, described):
    assert selection.by_description is described
    assert not selection.empty


def test_hidden_tags_are_not_taken_for_no_tags():
    fleet = [droplet(1, tags=("a",)), droplet(2, "dark", tags=None), droplet(3, "darker", tags=None)]
    with pytest.raises(SelectionError, match=r"may not read the tags of Droplet dark \(2\).*tag:read") as caught:
        choose.finish(Selection(everything=True, exclude_tags=("b",)), fleet)
    assert caught.value.droplet == 2


def test_hidden_tags_do_not_matter_where_nothing_is_excluded():
    assert keys(choose.finish(Selection(everything=True), [droplet(2, tags=None), droplet(1)])) == [1, 2]


@pytest.mark.parametrize("selection", [Selection(ids=(1, 2, 3)), Selection(names=("web-01", "web-02", "web-03"))])
def test_one_that_was_called_for_and_is_deleted_meanwhile_is_an_error(selection):
    fleet = [droplet(1), droplet(2), droplet(3)]
    with pytest.raises(SelectionError, match=r"Droplet web-02 \(2\) was deleted while it was read") as caught:
        choose.still_there(selection, fleet, {1})
    assert caught.value.droplet == 2
    assert choose.still_there(selection, fleet, {1, 2, 3}) == fleet


def test_one_that_was_described_and_is_deleted_meanwhile_is_not_meant():
    assert keys(choose.still_there(Selection(everything=True), [droplet(1), droplet(2)], {2, 9})) == [2]


@given(ids, fleets)
def test_ids_are_all_there_or_refused(asked, fleet):
    there = {found.id for found in fleet}
    if set(asked) <= there:
        assert keys(choose.exactly_ids(asked, fleet)) == asked
    else:
        with pytest.raises(SelectionError):
            choose.exactly_ids(asked, fleet)
