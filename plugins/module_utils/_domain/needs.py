# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a plan can ask for, each with the type of its fact. `_api/read.py` reads them.

A fact is what the API shows when it is read, which may be late by `Facts.lag`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from .facts import Facts, Need
from .gone import Account
from .models import Action, BackupState, Droplet, RestorePoint, Size, SupportedPolicy
from .newest_backups import KnownBackups
from .selection import Selection

Points = tuple[RestorePoint, ...]
States = dict[int, BackupState]


@dataclass(frozen=True, slots=True)
class Selected(Need[tuple[Droplet, ...]]):
    """The Droplets of a selection, sorted by id; SelectionError if it matches nothing or a Droplet does not exist."""

    selection: Selection


@dataclass(frozen=True, slots=True)
class Fleet(Need[tuple[tuple[Droplet, ...], States]]):
    """The same with their BackupStates by Droplet id; a Droplet that was deleted meanwhile has none."""

    selection: Selection


@dataclass(frozen=True, slots=True)
class WholeAccount(Need[tuple[tuple[Droplet, ...], States, datetime]]):
    """All Droplets, their BackupStates by id, and when reading them began.

    The policies are the proof that no Droplet is missing. One that was deleted meanwhile has no state.
    """


@dataclass(frozen=True, slots=True)
class AllDroplets(Need[tuple[Droplet, ...]]):
    """All Droplets of the account, unsorted."""


@dataclass(frozen=True, slots=True)
class DropletsNamed(Need[tuple[Droplet, ...]]):
    """All Droplets of these names in any capitalisation, sorted by id."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DropletById(Need[Droplet | None]):
    """One Droplet, or None if it does not exist."""

    id: int


@dataclass(frozen=True, slots=True)
class DropletRenamedTo(Need[Droplet | None]):
    """The one Droplet of this name, if its log shows that it was renamed; else None."""

    name: str


@dataclass(frozen=True, slots=True)
class DropletsMadeLately(Need[tuple[tuple[Droplet, ...], tuple[Action, ...]]]):
    """`(Droplets, creations)` of the last `lag_tolerance` by the account's log, without those `known` (ids).

    The second are the actions whose Droplet does not show yet. Both are empty if the token may not read the log.
    """

    known: frozenset[int]


@dataclass(frozen=True, slots=True)
class LastTagged(Need[int | None]):
    """The id of the Droplet that was given this tag last; None if there is none. ScopeError without tag:read."""

    tag: str


@dataclass(frozen=True, slots=True)
class OwnerOfImage(Need[Droplet | None]):
    """The Droplet among whose backups and snapshots an image is; ScopeError if a Droplet hides its own."""

    image: int


@dataclass(frozen=True, slots=True)
class State(Need[BackupState | None]):
    """Whether a Droplet's backups are on, and how; None if it does not exist."""

    droplet: int


@dataclass(frozen=True, slots=True)
class SupportedPolicies(Need[tuple[SupportedPolicy, ...]]):
    """The plans that the account can choose."""


@dataclass(frozen=True, slots=True)
class Backups(Need[Points]):
    """The backups of a Droplet; none if it does not exist."""

    droplet: Droplet


@dataclass(frozen=True, slots=True)
class FleetBackups(Need[Mapping[int, KnownBackups]]):
    """All backups of many Droplets, by the id of the Droplet; ScopeError if the token may not list images."""

    ids: tuple[int, ...]
    droplets: tuple[Droplet, ...] = field(compare=False, repr=False)

    @classmethod
    def of(cls, droplets: Iterable[Droplet]) -> Self:
        asked = tuple(droplets)
        return cls(tuple(droplet.id for droplet in asked), asked)


@dataclass(frozen=True, slots=True)
class NewestBackups(Need[Mapping[int, KnownBackups]]):
    """The newest backup of each of many Droplets, and all backups of those whose ids are in `whole`; as above."""

    ids: tuple[int, ...]
    whole: frozenset[int]
    droplets: tuple[Droplet, ...] = field(compare=False, repr=False)

    @classmethod
    def of(cls, droplets: Iterable[Droplet], whole: Collection[int] = ()) -> Self:
        asked = tuple(droplets)
        return cls(tuple(droplet.id for droplet in asked), frozenset(whole), asked)


@dataclass(frozen=True, slots=True)
class PolicyChangedAt(Need[datetime | None]):
    """When a Droplet's policy was set, by its latest actions or else its creation; None if nothing tells."""

    droplet: Droplet


@dataclass(frozen=True, slots=True)
class Snapshots(Need[Points]):
    """The snapshots of a Droplet; none if it does not exist."""

    droplet: Droplet


@dataclass(frozen=True, slots=True)
class Converted(Need[Points]):
    """Those snapshots of a Droplet that were backups once."""

    droplet: Droplet


@dataclass(frozen=True, slots=True)
class WereBackups(Need[frozenset[int]]):
    """The ids of those of a Droplet's `snapshots` that were backups once."""

    droplet: Droplet
    snapshots: Points


@dataclass(frozen=True, slots=True)
class Remaining(Need[tuple[Points, Points]]):
    """`(backups, snapshots)`: what is left of a Droplet's restore `points`, as what they are now, and perhaps more."""

    droplet: Droplet
    points: Points


@dataclass(frozen=True, slots=True)
class Image(Need[RestorePoint | None]):
    """One image by its id or slug, public ones included; None if it does not exist."""

    key: int | str


@dataclass(frozen=True, slots=True)
class OwnImage(Need[RestorePoint | None]):
    """One of the account's own images by its id; None if it does not exist."""

    id: int


@dataclass(frozen=True, slots=True)
class OwnImages(Need[Points]):
    """All of the account's own images."""


@dataclass(frozen=True, slots=True)
class AllSnapshots(Need[Points]):
    """All snapshots of Droplets, those of Droplets that are gone included."""


@dataclass(frozen=True, slots=True)
class Tagged(Need[RestorePoint]):
    """A restore point with its tags, which a list may not show; without tags if it does not exist any more."""

    point: RestorePoint


@dataclass(frozen=True, slots=True)
class TagsReadable(Need[bool]):
    """True if the token may read the tags of Droplets; asked with one of them. ScopeError if not."""

    tag: str


@dataclass(frozen=True, slots=True)
class ImageTagsReadable(Need[bool]):
    """The same of the tags of images."""

    tag: str


@dataclass(frozen=True, slots=True)
class WhatIsLeft(Need[Account]):
    """What can show what is left of Droplets that are gone."""


@dataclass(frozen=True, slots=True)
class Log(Need[tuple[Action, ...]]):
    """The actions of a Droplet, newest first, as far back as `since`, or its latest if that is None."""

    droplet: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LatestActions(Need[tuple[Action, ...]]):
    """The latest actions of a Droplet, newest first; none if it does not exist."""

    droplet: int


@dataclass(frozen=True, slots=True)
class LogSearch(Need[tuple[tuple[Action, ...], bool]]):
    """`(actions, complete)`: up to `limit` actions of these types and statuses, newest first, and if these are all.

    From the log of a Droplet, or None for the account's. Only those that have begun at `since` or later; if that is
    None, the search ends after a number of pages. Types and statuses are None if all count.
    """

    droplet: int | None
    types: tuple[str, ...] | None
    statuses: tuple[str, ...] | None
    since: datetime | None
    limit: int

    def matches(self, action: Action) -> bool:
        """Whether it has one of the types and one of the statuses."""
        return (self.types is None or action.type in self.types) and (
            self.statuses is None or action.status in self.statuses
        )


@dataclass(frozen=True, slots=True)
class ActionById(Need[Action]):
    """One action of the account or, with its id, of a Droplet; NotFoundError if there is none.

    If it is to have `ended`, it is waited for: ActionFailedError if it ends as errored, WaitTimeoutError.
    """

    id: int
    droplet: int | None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class ImageLog(Need[tuple[Action, ...]]):
    """The latest actions of an image; none if it does not exist."""

    image: int


@dataclass(frozen=True, slots=True)
class Sizes(Need[dict[str, Size]]):
    """All sizes by slug; ScopeError if the token may not read them."""


@dataclass(frozen=True, slots=True)
class Regions(Need[frozenset[str] | None]):
    """The slugs of all regions, also of those closed for new Droplets; None if the token may not read them."""


def prove_tags_are_shown(tags: Sequence[str], droplets: Iterable[Droplet], facts: Facts) -> None:
    """A token without tag:read may see empty tags, and then none of `tags` would be found.

    Raises ScopeError in that case, and Missing if it has to be asked.
    """
    if tags and droplets and not any(droplet.tags for droplet in droplets):
        facts.get(TagsReadable(tags[0]))
