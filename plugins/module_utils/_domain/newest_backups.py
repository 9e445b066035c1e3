# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the newest backup of each Droplet of a large fleet in as few pages of the list of images as it takes.

An image does not say of which Droplet it is, but each Droplet lists the ids of its backups, and ids are handed out as
time goes by. So only the image with the greatest of these ids is needed, and if the list of images is sorted, all of
them are near one of its ends. The API promises neither order. Both are checked on all pages that are read; if one of
them does not hold, every page is read, and the times of the images decide.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from .models import Droplet, RestorePoint
from .quota import FEW, PER_PAGE
from .retention import newest_first

AT_ONCE = timedelta(hours=1)
"""Backups of several Droplets that are made at the same time may get their ids in another order than their times. Two
backups of one Droplet are hours apart."""

MOST_AT_ONCE = 64
"""So many pages are read before it is looked at what they have."""

FIRST_PAGE, LAST_PAGE = "first page", "last page"


@dataclass(frozen=True, slots=True)
class KnownBackups:
    """How many backups a Droplet has, and those of them that were read, newest first: all, or only the newest."""

    count: int
    points: tuple[RestorePoint, ...] = ()

    @classmethod
    def all_of(cls, points: Collection[RestorePoint]) -> KnownBackups:
        """All backups of a Droplet, in any order."""
        return cls(len(points), tuple(newest_first(points)))

    @property
    def newest(self) -> RestorePoint | None:
        return self.points[0] if self.points else None

    @property
    def whole(self) -> bool:
        """Whether all of them were read."""
        return len(self.points) == self.count


class Stamp(NamedTuple):
    """What tells the place of an image in a list."""

    id: int
    created_at: datetime | None
    is_backup: bool


def newest_end(pages: Mapping[int, Sequence[Stamp]]) -> str | None:
    """At which page of a list its newest images are, by those of its pages that were read.

    None if the list is in no order, or if backups do not have their ids in the order of their times.
    """
    # A list that moves on while it is read shows an image on two pages.
    images = list({stamp.id: stamp for number in sorted(pages) for stamp in pages[number]}.values())
    if not _rise(stamp.created_at for stamp in sorted(images) if stamp.is_backup):
        return None
    for end, ordered in ((LAST_PAGE, images), (FIRST_PAGE, images[::-1])):
        if ordered == sorted(images) or _rise(stamp.created_at for stamp in ordered if stamp.is_backup):
            return end
    return None


def _rise(moments: Iterable[datetime | None]) -> bool:
    """Whether each moment is later than those before it, or earlier by no more than AT_ONCE; False if one is None."""
    latest = None
    for moment in moments:
        if moment is None or (latest is not None and moment < latest - AT_ONCE):
            return False
        latest = moment if latest is None else max(latest, moment)
    return True


class NewestSearch:
    """The search for the newest backup of each of `droplets`, and for all backups of those whose ids are in `whole`.

    `next_pages` says which pages to read, and `add` takes each of them. The search ends when everything is found, or
    when asking for the rest one by one takes fewer requests.
    """

    def __init__(self, droplets: Iterable[Droplet], whole: Collection[int] = ()) -> None:
        self._whole = frozenset(whole)
        self._points: dict[int, tuple[RestorePoint, ...]] = {}
        """By Droplet: the newest backup seen, or all that were seen for a Droplet in `whole`."""
        self._counts: dict[int, int] = {}
        self._left: dict[int, int] = {}
        """How many backups of a Droplet were not seen yet."""
        self._greatest: dict[int, int] = {}
        self._seen: set[int] = set()
        """The ids of the backups that were."""
        owners: dict[int, int] = {}
        self._incomplete: set[int] = set()
        self._hidden: list[int] = []
        self._pages, self._read = 1, set[int]()
        self._asked, self._incomplete_before = 0, 0
        self._stamps: dict[int, list[Stamp]] = {}
        self._end: str | None = FIRST_PAGE
        self._inverted = False
        """Whether the greatest id of a Droplet was not that of its newest backup."""
        self.broken = False
        """Whether a page was not as full as the total says: then no number of a page can be relied on."""
        for droplet in droplets:
            if droplet.backup_ids is None:
                self._hidden.append(droplet.id)
                continue
            ids = set(droplet.backup_ids)
            self._points[droplet.id] = ()
            self._counts[droplet.id] = self._left[droplet.id] = len(ids)
            if ids:
                owners.update(dict.fromkeys(ids, droplet.id))
                self._greatest[droplet.id] = max(ids)
                self._incomplete.add(droplet.id)
        # A large fleet has tens of thousands of backups, for which a dict takes several times as much memory.
        self._ids = sorted(owners)
        self._owners = [owners[key] for key in self._ids]

    @property
    def found(self) -> dict[int, KnownBackups]:
        """The Droplets of which everything is found, by id."""
        return {
            key: KnownBackups(self._counts[key], points)
            for key, points in self._points.items()
            if key not in self._incomplete
        }

    @property
    def missing(self) -> list[int]:
        """The ids of the others: the list does not show their backups, or they do not say which these are."""
        return sorted([*self._hidden, *self._incomplete])

    def next_pages(self) -> Sequence[int]:
        """The numbers of the pages to read next; none at the end of the search."""
        if not self._read:
            return (1,)
        self._check_order()
        if self.broken or not self._incomplete:
            return ()
        if self._pages not in self._read:
            # Which end of the list has the newest is seen by both.
            return (self._pages,)
        unread = [number for number in range(1, self._pages + 1) if number not in self._read]
        if self._is_better_asked_one_by_one(len(unread)):
            return ()
        if self._end == LAST_PAGE:
            unread.reverse()
        chosen = unread[: MOST_AT_ONCE if self._end is None else min(MOST_AT_ONCE, self._least_pages())]
        self._asked, self._incomplete_before = len(chosen), len(self._incomplete)
        return chosen

    def _is_better_asked_one_by_one(self, unread: int) -> bool:
        """Whether a request for each Droplet is cheaper than the pages that may have what is missing."""
        lacking = len(self._incomplete)
        if self._end is None:
            return lacking <= unread
        useful = not self._asked or self._incomplete_before - lacking >= self._asked
        return lacking <= min(unread, FEW) or (lacking <= unread and not useful)

    def _least_pages(self) -> int:
        """How many pages it takes at least to hold what is missing."""
        images = sum(self._left[key] if key in self._whole else 1 for key in self._incomplete)
        return max(1, -(-images // PER_PAGE))

    def add(self, number: int, images: Sequence[RestorePoint], pages: int) -> None:
        """Take page `number` of a list of so many `pages`. Pages that are read together may come in any order."""
        if not self._read:
            self._pages = pages
        self._read.add(number)
        is_last = number >= self._pages
        self.broken = self.broken or not (len(images) == PER_PAGE or (is_last and (images or number == 1)))
        for image in images:
            self._take(image)
        if self._end is not None:
            self._stamps[number] = [Stamp(image.id, image.created_at, image.type == "backup") for image in images]

    def _check_order(self) -> None:
        """Find out at which end the newest images are; if there is none, all backups of all Droplets are wanted."""
        if self._end is not None:
            self._end = None if self._inverted else newest_end(self._stamps)
            if self._end is None:
                self._stamps.clear()
                self._incomplete = {key for key, left in self._left.items() if left}

    def _owner(self, image: int) -> int | None:
        """The id of the Droplet whose backup an image is."""
        place = bisect_left(self._ids, image)
        return self._owners[place] if place < len(self._ids) and self._ids[place] == image else None

    def _take(self, image: RestorePoint) -> None:
        key = self._owner(image.id)
        if image.type != "backup" or key is None or image.id in self._seen:
            return
        self._seen.add(image.id)
        self._left[key] -= 1
        points = newest_first([*self._points[key], image])
        newest = points[0]
        self._points[key] = tuple(points) if key in self._whole else (newest,)
        greatest_seen = self._greatest[key] in self._seen
        if self._left[key] == 0 or (greatest_seen and self._end is not None and key not in self._whole):
            self._incomplete.discard(key)
        self._inverted = self._inverted or (greatest_seen and newest.id != self._greatest[key])
