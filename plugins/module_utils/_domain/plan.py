# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what a task is about to do, decided before anything is sent.

`Plan(changes)` → `Change(target, request, before, after, steps)` → a closed set of steps. `before` and `after` hold
what the user can set, and cost; a diff is made of them and of nothing else, so that check mode and the real run agree.

A plan is what remains to be done. `request` of a Change is that of the task, narrowed to its target and with what was
decided for it; planning it again from what is read then gives the next step, and in the end nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from .models import Action, BackupPolicy, Droplet

R = TypeVar("R")

SECONDS_PER_GIB = 180
"""Of work on an image, for time-outs and forecasts: DigitalOcean says 1 to 3 minutes for each GB that is used."""


class Step:
    """One write. The steps below are all there are.

    `type` is the API's name of the action that it starts, None for a request that is done with its answer. `arguments`
    are what the request says besides. Work on an image has its size in `size_gigabytes` (GiB, or None).
    """

    __slots__ = ()
    type: str | None = None
    observable: bool = True
    """True if the state shows that it was carried out. If it does not, the log of actions is all there is."""
    retryable: bool = True
    """False if a lost answer is never followed by another try, should the state show nothing of it."""
    settle_seconds: float = 0
    """How many seconds after the end of its action the state may take to show it, for the time that a task takes."""
    requires_fresh_state: bool = False
    """True if it must not be sent on the strength of what was read a while ago."""

    @property
    def creates(self) -> bool:
        """True if carrying it out twice makes two of something."""
        return False

    @property
    def arguments(self) -> dict[str, Any]:
        return {}


class ImageStep(Step):
    """An action on the image `image_id`, not on the Droplet."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class EnableBackups(Step):
    """`enable_backups` with its policy."""

    policy: BackupPolicy
    type = "enable_backups"

    @property
    def arguments(self) -> dict[str, Any]:
        return {"backup_policy": self.policy.to_api()}


@dataclass(frozen=True, slots=True)
class ChangeBackupPolicy(EnableBackups):
    """`change_backup_policy` to a whole policy."""

    type = "change_backup_policy"


@dataclass(frozen=True, slots=True)
class DisableBackups(Step):
    """`disable_backups`."""

    type = "disable_backups"


@dataclass(frozen=True, slots=True)
class DropletAction(Step):
    """Any other action on the Droplet: `type` and its arguments, as `POST /v2/droplets/{id}/actions` takes them.

    With `requires_fresh_state`, whose action it is counts: one of its type that is already running is waited for and
    never taken for this one, and it is sent only as long as what was read is fresh.
    """

    type: str
    given: dict[str, Any] = field(default_factory=dict)
    observable: bool = True
    size_gigabytes: float | None = None
    settle_seconds: float = 0
    requires_fresh_state: bool = False

    @property
    def arguments(self) -> dict[str, Any]:
        return self.given

    @property
    def creates(self) -> bool:
        return self.type == "snapshot"


@dataclass(frozen=True, slots=True)
class ActionByTag:
    """A DropletAction that one request sends to all Droplets that carry `tag`, which the API looks up by itself."""

    tag: str
    action: DropletAction


@dataclass(frozen=True, slots=True)
class ConvertBackup(ImageStep):
    """`convert` of a backup image, so that it becomes a snapshot that does not expire."""

    image_id: int
    size_gigabytes: float | None = None
    type = "convert"
    creates = True


@dataclass(frozen=True, slots=True)
class TransferImage(ImageStep):
    """`transfer` of a snapshot: a copy of it in one more region. `image_id` is None while there is none to copy yet."""

    image_id: int | None
    region: str
    size_gigabytes: float | None = None
    type = "transfer"

    @property
    def arguments(self) -> dict[str, Any]:
        return {"region": self.region}


@dataclass(frozen=True, slots=True)
class RenameImage(Step):
    """`PUT /v2/images/{id}` with a new name."""

    image: int
    name: str


@dataclass(frozen=True, slots=True)
class DeleteSnapshot(Step):
    """`DELETE /v2/snapshots/{id}`."""

    image: int


@dataclass(frozen=True, slots=True)
class Tag(Step):
    """Put a tag, made if there is none, on a resource: `kind` "droplet" or "image", and its id (None: not made yet).

    The name is None as long as it depends on an action that has not begun.
    """

    name: str | None
    kind: str
    resource: int | None


@dataclass(frozen=True, slots=True)
class Untag(Step):
    """Take a tag, in the spelling that it has there, off a resource: `kind` "droplet" or "image", and its id."""

    name: str
    kind: str
    resource: int


@dataclass(frozen=True, slots=True)
class CreateDroplet(Step):
    """`POST /v2/droplets` with this body."""

    given: dict[str, Any]
    size_gigabytes: float | None = None
    type = "create"
    retryable = False
    creates = True

    @property
    def arguments(self) -> dict[str, Any]:
        return self.given


@dataclass(frozen=True, slots=True)
class Awaited:
    """An action in progress, and the size (GiB, or None) of the image that it works on."""

    action: Action
    size_gigabytes: float | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something is missing, and may have been made just now: until then (UTC) it is waited for and not made again.

    `why` is a part of a sentence. `action` is the one that may have made it, None if none is known.
    """

    until: datetime
    why: str
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Change(Generic[R]):
    """What remains to be done for one Droplet. No steps means that it is as it should be, or is left alone."""

    target: Droplet
    request: R
    """The request of this Droplet alone, with what was decided for it, from which it is planned again."""
    before: dict[str, Any]
    after: dict[str, Any]
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: bool = False
    """True if it is not as wanted, and stays so on purpose."""
    rule: str | None = None
    """The name of the rule that it follows, if there are rules."""
    wait_for: Awaited | None = None
    """What must have ended before anything is sent; then the Droplet is planned again. Without steps: to be refused."""
    extra_result: dict[str, Any] = field(default_factory=dict)
    """Further keys of its entry in the result, none of which is part of the diff."""
    visible: frozenset[datetime | int | None] | None = None
    """What the lists show of the things that actions like its first step make: the ids of images, and the times that
    snapshots bear. None if nothing could be made twice."""
    doubt: Doubt | None = None
    """Why nothing is sent yet, if what was read may lag behind."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[R]):
    """Changes by ascending Droplet id, those without steps included; `warnings` are sentences for the user.

    `rules` are the names of the rules in their order, None if a task has none. `deferred_failure` is a sentence that
    fails the task once all changes are done. `confirmation_required` is one that refuses it before anything is sent,
    and of which check mode only warns. `by_tag` is sent instead of the steps of the changes, all of which it carries
    out.
    """

    changes: tuple[Change[R], ...] = ()
    warnings: tuple[str, ...] = ()
    rules: tuple[str, ...] | None = None
    deferred_failure: str | None = None
    confirmation_required: str | None = None
    by_tag: ActionByTag | None = None

    def with_added(self, changes: Iterable[Change[R]]) -> Plan[R]:
        """The same, with `changes` of further Droplets that turned out to be meant as well."""
        known = {change.target.id for change in self.changes}
        further = [change for change in changes if change.target.id not in known]
        return replace(self, changes=tuple(sorted([*self.changes, *further], key=lambda change: change.target.id)))

    @property
    def changing(self) -> tuple[Change[R], ...]:
        """The changes that have something to send."""
        return tuple(change for change in self.changes if change.steps)

    @property
    def pending(self) -> tuple[Change[R], ...]:
        """The changes that have something to send or to wait for."""
        return tuple(change for change in self.changes if change.steps or change.wait_for or change.doubt)
