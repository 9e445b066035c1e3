# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pages of the list of images are read to find the newest backup of each Droplet."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import RestorePoint
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.newest_backups import (
    AT_ONCE,
    FIRST_PAGE,
    LAST_PAGE,
    KnownBackups,
    NewestSearch,
    Stamp,
    newest_end,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.quota import PER_PAGE
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, backup, droplet

ORDERS = {
    "oldest_first": lambda images: sorted(images, key=lambda image: image.id),
    "newest_first": lambda images: sorted(images, key=lambda image: image.id, reverse=True),
    "shuffled": lambda images: random.Random(3).sample(images, len(images)),
}


def fleet(count, keep=7, every=1.0):
    """That many Droplets with `keep` backups, one each in `every` days, at a minute of its own: Droplets and images."""
    stamps = sorted(
        (NOW - timedelta(days=every * back + every * key / count), key) for key in range(count) for back in range(keep)
    )
    images = [
        RestorePoint(1000 + number, f"web-{key}", "backup", moment, 1.0) for number, (moment, key) in enumerate(stamps)
    ]
    owned = {key: [] for key in range(count)}
    for image, (_moment, key) in zip(images, stamps, strict=True):
        owned[key].append(image.id)
    return [droplet(key + 1, backup_ids=tuple(owned[key])) for key in range(count)], images


def pages_of(images):
    chunks = [images[begin : begin + PER_PAGE] for begin in range(0, len(images), PER_PAGE)] or [[]]
    return dict(enumerate(chunks, 1))


def run(search, images):
    """Play the search to its end; the numbers of the pages that it has read."""
    pages, read = pages_of(images), []
    while numbers := search.next_pages():
        assert not set(numbers) & set(read), "a page is read twice"
        for number in numbers:
            search.add(number, pages.get(number, []), len(pages))
        read += numbers
    return read


def truth(droplets, images):
    """The newest backup of each Droplet, by the times of all images."""
    known = {image.id: image for image in images if image.type == "backup"}

    def age(image):
        return image.created_at, image.id

    return {
        one.id: max((known[key] for key in one.backup_ids), key=age, default=None)
        for one in droplets
        if one.backup_ids is not None and all(key in known for key in one.backup_ids)
    }


def assert_true(search, droplets, images):
    expected = truth(droplets, images)
    counts = {one.id: len(one.backup_ids) for one in droplets if one.backup_ids is not None}
    for key, known in search.found.items():
        assert (known.newest, known.count) == (expected[key], counts[key])
    assert sorted([*search.found, *search.missing]) == sorted(one.id for one in droplets)


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
@pytest.mark.parametrize(("keep", "every"), [(7, 1.0), (4, 7.0)], ids=["daily", "weekly"])
def test_in_order_only_the_pages_with_the_newest_are_read(order, keep, every):
    droplets, images = fleet(1000, keep, every)
    search = NewestSearch(droplets)
    read = run(search, ORDERS[order](images))
    assert search.missing == []
    assert_true(search, droplets, images)
    assert len(read) == 1000 // PER_PAGE + 1, "the newest fill five pages, and one more shows that this is the end"


def test_without_order_all_pages_are_read_and_the_times_decide():
    droplets, images = fleet(400)
    search = NewestSearch(droplets)
    read = run(search, ORDERS["shuffled"](images))
    assert sorted(read) == list(range(1, 400 * 7 // PER_PAGE + 1))
    assert search.missing == []
    assert_true(search, droplets, images)


@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_ids_that_are_no_times_are_noticed(order):
    """Each Droplet got the ids of its backups in a row, so that the greatest are spread over the whole list."""
    droplets, images = fleet(300)
    owned = sorted((one.id, key) for one in droplets for key in one.backup_ids)
    times = {image.id: image.created_at for image in images}
    renumbered = {old: 5000 + number for number, (_owner, old) in enumerate(owned)}
    images = [replace(image, id=renumbered[image.id], created_at=times[image.id]) for image in images]
    droplets = [replace(one, backup_ids=tuple(renumbered[key] for key in one.backup_ids)) for one in droplets]
    search = NewestSearch(droplets)
    read = run(search, ORDERS[order](images))
    assert len(read) == len(pages_of(images))
    assert_true(search, droplets, images)


def test_a_greatest_id_that_is_not_the_newest_is_noticed():
    droplets, images = fleet(400)
    first, second = sorted(droplets[0].backup_ids)[-2:]
    known = {image.id: image for image in images}
    swapped = {
        first: replace(known[first], created_at=known[second].created_at),
        second: replace(known[second], created_at=known[first].created_at),
    }
    images = [swapped.get(image.id, image) for image in images]
    search = NewestSearch(droplets)
    run(search, ORDERS["newest_first"](images))
    assert search.missing == []
    assert_true(search, droplets, images)
    assert search.found[1].newest.id == first


def test_backups_of_one_hour_may_have_their_ids_in_any_order():
    droplets, images = fleet(1000)
    dice = random.Random(5)
    images = [replace(image, created_at=image.created_at - dice.random() * AT_ONCE) for image in images]
    search = NewestSearch(droplets)
    assert len(run(search, ORDERS["oldest_first"](images))) <= 1000 // PER_PAGE + 2
    assert_true(search, droplets, images)


def test_a_few_droplets_whose_newest_is_old_are_not_searched_for_to_the_end():
    droplets, images = fleet(1000)
    late = {key for one in droplets[:3] for key in sorted(one.backup_ids)[1:]}
    images = [image for image in images if image.id not in late]
    droplets = [replace(one, backup_ids=one.backup_ids[:1]) if one.id <= 3 else one for one in droplets]
    search = NewestSearch(droplets)
    assert len(run(search, ORDERS["newest_first"](images))) <= 8
    assert search.missing == [1, 2, 3]
    assert_true(search, droplets, images)


def test_an_image_that_the_list_does_not_show_yet_leaves_its_droplet_missing():
    droplets, images = fleet(400)
    hidden = max(droplets[7].backup_ids)
    search = NewestSearch(droplets)
    run(search, ORDERS["newest_first"]([image for image in images if image.id != hidden]))
    assert search.missing == [8]


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_listed_as_a_snapshot_is_no_backup(order):
    droplets, images = fleet(400)
    converted = max(droplets[7].backup_ids)
    images = [replace(image, type="snapshot") if image.id == converted else image for image in images]
    search = NewestSearch(droplets)
    run(search, ORDERS[order](images))
    assert search.missing == [8]
    assert_true(search, droplets, images)


@pytest.mark.parametrize("order", ORDERS)
def test_all_backups_of_a_droplet_are_found_if_they_are_asked_for(order):
    droplets, images = fleet(400)
    search = NewestSearch(droplets, whole=[3, 5])
    run(search, ORDERS[order](images))
    for key in (3, 5):
        known = search.found.get(key)
        assert key in search.missing or (
            known.whole and {image.id for image in known.points} == {*droplets[key - 1].backup_ids}
        )
    assert_true(search, droplets, images)


def test_hidden_ids_are_missing_and_no_ids_are_no_backups():
    search = NewestSearch([droplet(1, backup_ids=None), droplet(2, backup_ids=())])
    assert run(search, [backup(9)]) == [1], "the first page tells whether the token may read the list"
    assert search.missing == [1]
    assert search.found == {2: KnownBackups(0)}


@pytest.mark.parametrize("absurd", [40, 10**8])
def test_a_total_that_is_not_true_costs_two_pages(absurd):
    droplets, images = fleet(400)
    search = NewestSearch(droplets)
    search.add(1, images[:PER_PAGE], absurd)
    assert list(search.next_pages()) == [absurd]
    search.add(absurd, [], absurd)
    assert search.broken
    assert list(search.next_pages()) == []


def test_a_page_that_is_not_full_ends_the_search():
    droplets, images = fleet(400)
    search = NewestSearch(droplets)
    search.add(1, images[:199], 14)
    assert search.broken


def stamps(*moments, first=1, step=1, kind=True):
    return [
        Stamp(first + step * number, None if hours is None else NOW + timedelta(hours=hours), kind)
        for number, hours in enumerate(moments)
    ]


@pytest.mark.parametrize(
    ("pages", "end"),
    [
        ({1: stamps(0, 24), 9: stamps(48, 72, first=8)}, LAST_PAGE),
        ({1: stamps(72, 48, first=9, step=-1), 9: stamps(24, 0, first=3, step=-1)}, FIRST_PAGE),
        ({1: stamps(0, 24, first=5), 9: stamps(48, 72)}, None),
        ({1: stamps(0, 24), 2: stamps(24, 48, first=2), 9: stamps(72, first=8)}, LAST_PAGE),
        ({1: stamps(0, -0.9, 0.1)}, LAST_PAGE),
        ({1: stamps(0, -1.1)}, None),
        ({1: stamps(0, None)}, None),
        ({1: stamps(None, 72, 0, kind=False), 9: stamps(24, first=8)}, LAST_PAGE),
        ({1: [*stamps(72, first=9), *stamps(0, first=4)], 2: stamps(48, first=6)}, None),
    ],
    ids=["rising", "falling", "ids fall", "an image on two pages", "within the hour", "times fall", "no time",
         "snapshots have any time", "neither"],
)  # fmt: skip
def test_where_the_newest_are(pages, end):
    assert newest_end(pages) == end


@given(st.data())
def test_whatever_the_order_the_newest_is_found_or_asked_for(data):
    """Any order, gaps, snapshots between, times that do not follow the ids."""
    count = data.draw(st.integers(1, 40), "Droplets")
    keep = data.draw(st.integers(0, 30), "backups")
    droplets, images = fleet(count, keep)
    dice = random.Random(data.draw(st.integers(0, 99), "seed"))
    if data.draw(st.booleans(), "damaged times"):
        images = [replace(image, created_at=image.created_at - dice.random() * timedelta(days=9)) for image in images]
    lost = {image.id for image in images if dice.random() < data.draw(st.sampled_from([0, 0.1]), "lost")}
    listed = ORDERS[data.draw(st.sampled_from([*ORDERS]), "order")]([one for one in images if one.id not in lost])
    search = NewestSearch(droplets, whole=data.draw(st.sets(st.integers(1, count), max_size=3), "whole"))
    run(search, listed)
    assert_true_or_within_the_hour(search, droplets, images)


def assert_true_or_within_the_hour(search, droplets, images):
    """Of one Droplet's backups within AT_ONCE of each other, which no schedule makes, any may be the newest."""
    known = {image.id: image for image in images}
    for one in droplets:
        if one.id in search.found and one.backup_ids:
            newest = max(known[key].created_at for key in one.backup_ids)
            assert newest - search.found[one.id].newest.created_at <= AT_ONCE
    assert sorted([*search.found, *search.missing]) == sorted(one.id for one in droplets)
