# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The records of one account, and the indexes over them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from dosim.catalogue import Catalogue, PublicImage


@dataclass(slots=True, frozen=True)
class Policy:
    """A backup policy in force; hours are UTC."""

    plan: str
    hour: int
    weekday: str | None = None
    window_hours: int = 4
    retention_days: int = 7


@dataclass(slots=True)
class Droplet:
    """One Droplet. ``views`` holds its serialised forms until something about it changes.

    ``disk`` is in GiB, and less than its size's after a resize that left the disk alone. ``image`` is what the API
    shows, ``disk_from`` the image that the disk was last written from. ``kernel`` is None if it is internal.
    ``host_keys`` stands for the SSH host keys on the disk: another number is another set of them.
    """

    id: int
    name: str
    size: str
    region: str
    image: int
    created: int
    status: str = "active"
    tags: list[str] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    networks: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"v4": [], "v6": []})
    volumes: list[str] = field(default_factory=list)
    vpc: str = ""
    gpu: bool = False
    disk: int = 0
    disk_from: int = 0
    host_keys: int = 0
    kernel: int | None = None
    policy: Policy | None = None
    window: tuple[int, int] | None = None
    schedule: int = 0
    backup_waiting: bool = False
    backups_fail: bool = False
    backups: list[int] = field(default_factory=list)
    snapshots: list[int] = field(default_factory=list)
    pending: list["Action"] = field(default_factory=list)
    views: dict[object, bytes] = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class Image:
    """A backup or snapshot. ``origin`` is the id of its Droplet, which the API never shows.

    ``named_after`` is the Droplet's name at the time of a backup, whose own name is made of it and the date. It is None
    for snapshots, and for a backup that was renamed.
    """

    id: int
    name: str
    kind: str
    origin: int
    distribution: str
    regions: list[str]
    created: int
    min_disk: int
    gigabytes: float
    expires: int | None = None
    named_after: str | None = None
    host_keys: int = 0
    tags: list[str] = field(default_factory=list)
    pending: list["Action"] = field(default_factory=list)


@dataclass(slots=True)
class Tag:
    """``name`` is the canonical spelling; ``last`` the id of each kind of resource that was tagged last."""

    name: str
    last: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Action:
    """``held_by`` is the fault that keeps it from ending; ``outcome`` what it will end as."""

    id: int
    kind: str
    resource_type: str
    resource: int
    region: str
    started: int
    due: float
    completed: int | None = None
    status: str = "in-progress"
    outcome: str = "completed"
    held_by: int | None = None
    args: dict[str, Any] = field(default_factory=dict)


class Identified(Protocol):
    """A record that a table can hold."""

    id: int


Record = TypeVar("Record", bound=Identified)
Derived = TypeVar("Derived")


class Table(Generic[Record]):
    """Records by id, with derived lists that live until the membership changes."""

    def __init__(self) -> None:
        self.rows: dict[int, Record] = {}
        self._derived: dict[object, Any] = {}

    def add(self, record: Record) -> Record:
        self.rows[record.id] = record
        self._derived.clear()
        return record

    def remove(self, key: int) -> Record:
        self._derived.clear()
        return self.rows.pop(key)

    def __getitem__(self, key: int) -> Record:
        """A record that is known to exist, such as the owner of an action that has just ended."""
        return self.rows[key]

    def get(self, key: int) -> Record | None:
        return self.rows.get(key)

    def changed(self) -> None:
        """Forget the derived lists, because a field that they sort or filter by has changed."""
        self._derived.clear()

    def derived(self, name: object, build: Callable[[Iterable[Record]], Derived]) -> Derived:
        if name not in self._derived:
            self._derived[name] = build(self.rows.values())
        found: Derived = self._derived[name]
        return found


class Store:
    """Everything one account owns."""

    def __init__(self, catalogue: Catalogue, account: dict[str, Any]) -> None:
        self.catalogue = catalogue
        self.account = account
        self.droplets: Table[Droplet] = Table()
        self.images: Table[Image] = Table()
        self.actions: dict[int, Action] = {}
        self.log: list[Action] = []
        self.log_of: dict[tuple[str, int], list[Action]] = defaultdict(list)
        self.tags: dict[str, Tag] = {}
        self._shown_by: dict[int, set[int]] = defaultdict(set)

    def tag(self, name: str) -> Tag:
        """The tag of that name in any spelling, created if there is none: the first spelling is the canonical one."""
        return self.tags.setdefault(name.lower(), Tag(name))

    def show_image(self, droplet: Droplet, key: int) -> None:
        """Make this image the one that a Droplet shows as its own."""
        self._shown_by[droplet.image].discard(droplet.id)
        droplet.image = key
        self._shown_by[key].add(droplet.id)
        droplet.views.clear()

    def image_changed(self, key: int) -> None:
        """Forget the serialised forms of the Droplets that show this image."""
        for droplet_id in self._shown_by.get(key, ()):
            if droplet := self.droplets.get(droplet_id):
                droplet.views.clear()

    def log_action(self, action: Action) -> Action:
        self.actions[action.id] = action
        self.log.append(action)
        self.log_of[action.resource_type, action.resource].append(action)
        return action

    def order_log(self) -> None:
        """Sort the log by time, and renumber its actions in that order."""
        self.log.sort(key=lambda action: action.started)
        for key, action in zip(sorted(self.actions), self.log, strict=True):
            action.id = key
        self.actions = {action.id: action for action in self.log}
        for actions in self.log_of.values():
            actions.sort(key=lambda action: action.id)

    def order_images(self) -> None:
        """Renumber the images in the order of their creation, as an account gets its ids over the years."""
        images = sorted(self.images.rows.values(), key=lambda image: (image.created, image.id))
        renamed: dict[int, int] = {}
        for key, image in zip(sorted(self.images.rows), images, strict=True):
            renamed[image.id], image.id = key, key
        self.images.rows = {image.id: image for image in images}
        self.images.changed()
        for droplet in self.droplets.rows.values():
            droplet.backups = [renamed[key] for key in droplet.backups]
            droplet.snapshots = [renamed[key] for key in droplet.snapshots]

    def any_image(self, key: int | str) -> Image | PublicImage | None:
        """A public image by id or slug, or an own one by id."""
        return self.catalogue.images.get(key) or (self.images.get(key) if isinstance(key, int) else None)

    def actions_of(self, resource_type: str, key: int) -> list[Action]:
        return self.log_of.get((resource_type, key), [])
