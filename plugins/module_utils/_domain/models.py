# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API speaks of, as frozen values.

Each `from_api` takes the JSON object as the API sends it, reads what it knows and ignores the rest:
a field, plan or image type that appears tomorrow is no reason to fail today.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from .time import iso, timestamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Droplet:
    """One Droplet. Fields that the token may not read are None, so that "hidden" is never taken for "empty".

    `id` is None for one that is still to be made or not told, `name` empty for one that is gone. `price_monthly` is in
    USD, `disk` in GiB; `image` is the id of the image that it shows, `image_slug` that image's slug, `kernel` the id of
    a legacy kernel; `public_v4`, `private_v4` and `public_v6` are addresses.
    https://docs.digitalocean.com/reference/api/digitalocean/#tag/Droplets
    """

    id: int
    name: str
    status: str | None = None
    created_at: datetime | None = None
    tags: tuple[str, ...] | None = None
    region: str | None = None
    size: str | None = None
    price_monthly: float | None = None
    backup_ids: tuple[int, ...] | None = None
    volume_ids: tuple[str, ...] | None = None
    gpu: bool = False
    snapshot_ids: tuple[int, ...] | None = None
    features: tuple[str, ...] = ()
    disk: int | None = None
    image: int | None = None
    image_slug: str | None = None
    kernel: int | None = None
    vpc_uuid: str | None = None
    public_v4: str | None = None
    private_v4: str | None = None
    public_v6: str | None = None
    listed: bool = field(default=False, compare=False)
    """Whether it was read from a list, which may be later than what is read of it alone."""

    @classmethod
    def from_list(cls, data: Mapping[str, Any]) -> Droplet:
        """From a list of Droplets."""
        return cls.from_api(data, listed=True)

    @classmethod
    def from_api(cls, data: Mapping[str, Any], listed: bool = False) -> Droplet:
        size, image, networks = data.get("size") or {}, data.get("image") or {}, data.get("networks") or {}
        return cls(
            id=data["id"],
            name=data.get("name") or "",
            status=_shared(data.get("status")),
            created_at=timestamp(data.get("created_at")),
            tags=_shared(_tuple(data.get("tags"))),
            region=_shared((data.get("region") or {}).get("slug")),
            size=_shared(data.get("size_slug")),
            price_monthly=size.get("price_monthly"),
            backup_ids=_tuple(data.get("backup_ids")),
            volume_ids=_tuple(data.get("volume_ids")),
            gpu=bool(data.get("gpu_info") or size.get("gpu_info")),
            snapshot_ids=_tuple(data.get("snapshot_ids")),
            features=_shared(_tuple(data.get("features"))) or (),
            disk=data.get("disk"),
            image=image.get("id"),
            image_slug=_shared(image.get("slug")),
            kernel=(data.get("kernel") or {}).get("id"),
            vpc_uuid=_shared(data.get("vpc_uuid")),
            public_v4=_address(networks.get("v4"), "public"),
            private_v4=_address(networks.get("v4"), "private"),
            public_v6=_address(networks.get("v6"), "public"),
            listed=listed,
        )

    def __str__(self) -> str:
        name = self.name or "[deleted]"
        return name if self.id is None else f"{name} ({self.id})"


@dataclass(frozen=True, slots=True)
class BackupPolicy:
    """When a Droplet is backed up and for how long backups are kept; None if a field does not apply or is not known.

    `hour` is the start of the window in UTC; `window_length_hours` in hours; `retention_period_days` in days.
    """

    plan: str
    weekday: str | None = None
    hour: int | None = None
    window_length_hours: int | None = None
    retention_period_days: int | None = None

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> BackupPolicy:
        return cls(
            plan=data.get("plan") or "",
            weekday=data.get("weekday") or None,
            hour=data.get("hour"),
            window_length_hours=data.get("window_length_hours"),
            retention_period_days=data.get("retention_period_days"),
        )

    def to_api(self) -> dict[str, str | int]:
        """The `backup_policy` of a request: the fields that are set."""
        fields = ("plan", "weekday", "hour", "window_length_hours", "retention_period_days")
        return {field: getattr(self, field) for field in fields if getattr(self, field) is not None}


@dataclass(frozen=True, slots=True)
class BackupState:
    """Whether a Droplet's backups are on, and their policy (None when off, or when the API shows none).

    `next_window` is the start and the end.
    """

    enabled: bool
    policy: BackupPolicy | None = None
    next_window: tuple[datetime, datetime] | None = field(default=None, compare=False)

    @property
    def next_window_record(self) -> dict[str, str | None] | None:
        """The next window for a result, as `start` and `end`; None if there is none."""
        return self.next_window and {"start": iso(self.next_window[0]), "end": iso(self.next_window[1])}

    @classmethod
    def from_api(cls, record: Mapping[str, Any]) -> BackupState:
        """From a policy record, as in `GET /v2/droplets/backups/policies` and `.../{id}/backups/policy`.

        The record decides, not the Droplet's `features`: on usage-based plans the two have been seen to differ.
        """
        enabled = bool(record.get("backup_enabled"))
        policy = record.get("backup_policy")
        window = record.get("next_backup_window") or {}
        start, end = timestamp(window.get("start")), timestamp(window.get("end"))
        return cls(
            enabled,
            policy=_shared(BackupPolicy.from_api(policy)) if enabled and policy else None,
            next_window=_shared((start, end)) if start and end else None,
        )


@dataclass(frozen=True, slots=True)
class SupportedPolicy:
    """One plan that can be chosen. `weekdays` is empty if the plan has none."""

    plan: str
    hours: tuple[int, ...]
    weekdays: tuple[str, ...]
    window_length_hours: int | None
    retention_period_days: int | None

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> SupportedPolicy:
        return cls(
            plan=data.get("name") or "",
            hours=_tuple(data.get("possible_window_starts")) or (),
            weekdays=_tuple(data.get("possible_days")) or (),
            window_length_hours=data.get("window_length_hours"),
            retention_period_days=data.get("retention_period_days"),
        )


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """A backup or a snapshot of a Droplet: `type` is "backup" or "snapshot". `size_gigabytes` is in GiB.

    `regions` are those that hold it; `min_disk_size` (GiB) is the smallest disk that it fits on. `droplet_id` is told
    by the list of snapshots alone, `tags` by that and by an image itself; if they are not told they are None.
    `public` is True for an image that is everybody's, and so no restore point at all.
    """

    id: int
    name: str
    type: str
    created_at: datetime | None = None
    size_gigabytes: float | None = None
    regions: tuple[str, ...] = ()
    min_disk_size: int | None = None
    droplet_id: int | None = None
    tags: tuple[str, ...] | None = None
    public: bool = False

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> RestorePoint:
        return cls(
            id=int(data["id"]),
            name=data.get("name") or "",
            type=data.get("type") or "",
            created_at=timestamp(data.get("created_at")),
            size_gigabytes=data.get("size_gigabytes"),
            regions=_shared(_tuple(data.get("regions"))) or (),
            min_disk_size=data.get("min_disk_size"),
            tags=_tuple(data["tags"] or ()) if "tags" in data else None,
            public=bool(data.get("public")),
        )

    @classmethod
    def from_snapshot(cls, data: Mapping[str, Any]) -> RestorePoint:
        """From `GET /v2/snapshots`, where ids are strings, no `type` is told, but the Droplet it was made of."""
        origin = data.get("resource_id")
        return replace(
            cls.from_api({**data, "type": "snapshot"}),
            droplet_id=int(origin) if origin else None,
        )

    def __str__(self) -> str:
        return f"{self.type} {self.id} ({self.name})"

    def age_hours(self, now: datetime) -> float | None:
        """Hours since it was made, to a tenth; None if the API does not say when that was."""
        return None if self.created_at is None else round((now - self.created_at).total_seconds() / 3600, 1)

    def older_than(self, days: int, now: datetime) -> bool:
        """True when it was made more than `days` days before `now`; an unknown time counts as old."""
        return self.created_at is None or now - self.created_at > timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Size:
    """What a Droplet can be: `disk` in GiB, `price_monthly` in USD, `regions` the slugs of those that offer it now.

    https://docs.digitalocean.com/reference/api/digitalocean/#tag/Sizes
    """

    slug: str
    disk: int | None = None
    price_monthly: float | None = None
    regions: tuple[str, ...] = ()

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> Size:
        return cls(
            slug=data.get("slug") or "",
            disk=data.get("disk"),
            price_monthly=data.get("price_monthly"),
            regions=_tuple(data.get("regions")) or () if data.get("available") is not False else (),
        )


@dataclass(frozen=True, slots=True)
class Action:
    """An action of the API's log. It tells its type and its time, not its arguments."""

    id: int
    type: str
    status: str
    resource_id: int | None = None
    resource_type: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    region: str | None = None

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> Action:
        return cls(
            id=data["id"],
            type=data.get("type") or "",
            status=data.get("status") or "",
            resource_id=data.get("resource_id"),
            resource_type=data.get("resource_type"),
            started_at=timestamp(data.get("started_at")),
            completed_at=timestamp(data.get("completed_at")),
            region=data.get("region_slug"),
        )

    def began_before(self, moment: datetime | None) -> bool:
        """True if it is known to have begun before `moment` (None: before anything)."""
        return moment is not None and self.started_at is not None and self.started_at < moment

    @property
    def ended(self) -> bool:
        """By status alone: `completed_at` has been seen null on completed actions. An unknown status is no end."""
        return self.completed or self.errored

    @property
    def in_progress(self) -> bool:
        """An unknown status is taken for work in progress, unless the action says when it completed."""
        return self.status == "in-progress" or not (self.ended or self.completed_at)

    @property
    def doubt(self) -> str:
        """For a sentence about an action that has not ended: the status that is not known, else empty."""
        if self.status == "in-progress":
            return ""
        return f"Its status is {self.status!r}, which says neither that it has completed nor that it has failed."

    @property
    def completed(self) -> bool:
        return self.status == "completed"

    @property
    def errored(self) -> bool:
        return self.status == "errored"


def _address(interfaces: Iterable[Mapping[str, str]] | None, kind: str) -> str | None:
    """The first address of `kind`, "public" or "private"; None if there is none yet."""
    for each in interfaces or ():
        if each.get("type") == kind:
            return each.get("ip_address")
    return None


@lru_cache(maxsize=1024)
def _shared(value: T) -> T:
    """The same value, as one object for all that are equal: thousands of Droplets have few sizes, regions and tags."""
    return value


def _tuple(values: Iterable[T] | None) -> tuple[T, ...] | None:
    return None if values is None else tuple(values)
