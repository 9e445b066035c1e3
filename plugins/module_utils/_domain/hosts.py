# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets as hosts of an inventory: what is kept of them, what a host knows, how it is called, its groups.

What is kept is JSON as the API sends it, and no judgement, so that a cache of it can be judged anew at every load.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from .errors import InputError
from .models import BackupState, Droplet, RestorePoint
from .moving import OF_AGES, RECORD
from .newest_backups import KnownBackups
from .options import grace_of, no_empty_entry
from .selection import Selection, finish, idle_exclusions
from .status import OVERDUE, PENDING, UNKNOWN_PLAN, final_status, preliminary_status
from .tags import carries_any
from .time import iso, timestamp

NAMES = ("name", "id", "public_v4", "private_v4", "public_v6")
"""Attributes that a host can be called by."""

ATTRIBUTES = (
    *("id", "name", "status", "locked", "created_at", "region", "size", "price", "vcpus", "memory", "disk", "gpu"),
    *("image", "features", "tags", "networks", "public_v4", "private_v4", "public_v6", "vpc", "volumes"),
)
OF_BACKUPS = ("enabled", "plan", "weekday", "hour", "next_window", "retention_days")

GROUPS = ("backups_enabled", "backups_disabled", "plan_daily", "plan_weekly", "plan_other")
GROUPS_BY_AGE = ("backups_overdue", "backups_pending", "backups_unknown_plan")
FORMAT = 2
"""Of what is kept; another one in a cache is not read."""

MOST_NAMED = 10
"""So many names that clash are told, of thousands."""

_AS_IT_IS = (
    *("id", "name", "status", "locked", "created_at", "size_slug", "vcpus", "memory", "disk", "features", "tags"),
    *("networks", "vpc_uuid", "volume_ids", "backup_ids"),
)
_OF_IMAGE = ("id", "slug", "name", "distribution")


@dataclass(frozen=True, slots=True)
class InventoryOptions:
    """What an inventory is to hold. Droplets with any of `tags`, of any of `names`, or all if both are empty.

    `gpu` is "include", "only" or "exclude"; `grace` as in `_domain/status.py`; `groups` are among GROUPS and
    GROUPS_BY_AGE; `prefix` begins the names of variables; `api_records` to tell the API's own records.
    """

    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    gpu: str = "include"
    backup_facts: bool = True
    backup_ages: bool = False
    grace: timedelta = timedelta(hours=2)
    groups: tuple[str, ...] = GROUPS
    prefix: str = ""
    exclude_tags: tuple[str, ...] = ()
    api_records: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> InventoryOptions:
        """From the options of the inventory; raises InputError."""
        no_empty_entry(options, "tag", "name", "region", "exclude_tag")
        if not (options["prefix"] + "id").isidentifier() or not options["prefix"].isascii():
            raise InputError(f"prefix {options['prefix']!r} cannot begin the name of a variable.")
        backup_facts, backup_ages = options["backup_facts"], options["backup_ages"]
        if backup_ages and not backup_facts:
            raise InputError("backup_ages: true needs backup_facts: true.")
        told = GROUPS * backup_facts + GROUPS_BY_AGE * backup_ages
        groups = told if options["backup_groups"] is None else options["backup_groups"]
        for group in groups:
            if group not in told:
                needed = "backup_ages" if group in GROUPS_BY_AGE else "backup_facts"
                raise InputError(f"backup_groups has {group}, which needs {needed}: true.")
        return cls(
            tags=tuple(options["tag"]),
            names=tuple(options["name"]),
            regions=tuple(options["region"]),
            gpu=options["gpu"],
            backup_facts=backup_facts,
            backup_ages=backup_ages,
            grace=grace_of(options),
            groups=tuple(groups),
            prefix=options["prefix"],
            exclude_tags=tuple(options["exclude_tag"]),
            api_records=options["api_records"],
        )

    @property
    def fetched(self) -> list[Any]:
        """All that decides what is fetched, as a list for JSON."""
        grace = self.grace.total_seconds() if self.backup_ages else None
        proves_tags = bool(self.exclude_tags)
        selected = [*map(sorted, (self.tags, self.names)), self.gpu]
        return [FORMAT, *selected, self.backup_facts, self.backup_ages, grace, proves_tags, self.api_records]

    def keep(self, data: Mapping[str, Any], gpu: bool = False) -> dict[str, Any]:
        """What is `kept` of a Droplet's JSON object, with all of it if the API's own records are asked for."""
        found = kept(data, gpu)
        if self.api_records:
            # Without a prefix, they stand beside the variables that steer Ansible.
            found["record"] = {
                name: value for name, value in data.items() if name.isidentifier() and not name.startswith("ansible_")
            }
        return found

    def variable(self, attribute: str) -> str:
        """What the variable for an attribute is called. None is called `tags`, a word that Ansible keeps for itself,
        if it has the API's own name.
        """
        if self.api_records and not self.prefix and attribute == "tags":
            return "do_tags"
        return self.prefix + attribute

    @property
    def known(self) -> dict[str, tuple[str, ...] | None]:
        """The variables that all hosts have, with their fields: None if any, empty for a single value."""
        shapes: dict[str, tuple[str, ...] | None] = dict.fromkeys(ATTRIBUTES, ())
        shapes |= {"image": _OF_IMAGE, "networks": ("v4", "v6")}
        if self.api_records:
            shapes |= dict.fromkeys(RECORD)
        if self.backup_facts:
            shapes["backups"] = OF_BACKUPS + OF_AGES * self.backup_ages
        return {self.variable(name): shape for name, shape in shapes.items()}

    @property
    def everything(self) -> bool:
        return not self.tags and not self.names

    def named(self, kept: Mapping[str, Any]) -> bool:
        """True if a Droplet's name is asked for; capitals do not count, as in the API."""
        return not self.names or (kept.get("name") or "").lower() in {name.lower() for name in self.names}

    def tagged(self, kept: Mapping[str, Any]) -> bool:
        """True if a Droplet has one of the tags that are asked for; capitals do not count, as in the API."""
        return not self.tags or carries_any(kept.get("tags"), self.tags)

    def in_region(self, host: Host) -> bool:
        """True if a host is in one of the regions that are asked for."""
        return not self.regions or host.droplet.region in self.regions

    def after_exclusions(self, hosts_: Sequence[Host]) -> tuple[list[Host], tuple[str, ...]]:
        """The hosts that remain, and sentences about tags to exclude by that none of them carries.

        Raises SelectionError if the tags are hidden from the token.
        """
        selection = Selection(everything=True, exclude_tags=self.exclude_tags, allow_empty=True)
        droplets = [host.droplet for host in hosts_]
        left = {droplet.id for droplet in finish(selection, droplets)}
        return [host for host in hosts_ if host.droplet.id in left], idle_exclusions(selection, droplets)


@dataclass(frozen=True, slots=True)
class Host:
    """A Droplet, the `variables` that tell of it, and the `groups` that it is in."""

    droplet: Droplet
    variables: dict[str, Any]
    groups: tuple[str, ...] = ()


class HostNames:
    """Whose host each name is, over all files of one inventory. Names are told by the ids of Droplets.

    A name that several Droplets wished for stays nobody's, so that it never means one of them.
    """

    def __init__(self) -> None:
        self._owners: dict[str, tuple[str, int] | None] = {}

    def names(self, source: str, wished: Mapping[int, str], reserved: Iterable[str]) -> dict[int, str]:
        """A name of its own for each Droplet, made of the one `wished` for.

        If a name is wished for twice, `reserved`, or that of another Droplet, which may be of another `source` (the
        URL of an API), the id comes behind it.
        """
        names, taken = dict(wished), set(reserved)
        while True:
            times = Counter(names.values())
            clashing = [
                key
                for key, name in names.items()
                if times[name] > 1 or name in taken or self._owners.get(name, (source, key)) != (source, key)
            ]
            if not clashing:
                return names
            taken.update(names[key] for key in clashing)
            names.update({key: f"{names[key]}_{key}" for key in clashing})

    def shadowed_by(self, groups: Collection[str]) -> dict[int, str]:
        """The names of those earlier hosts that are called like one of `groups`, which came later."""
        return {owner[1]: name for name, owner in self._owners.items() if owner and name in groups}

    def claim(
        self, source: str, wished: Mapping[int, str], names: Mapping[int, str], groups: Collection[str] = ()
    ) -> list[tuple[str, str]]:
        """Write the `names` down. Returns `(old, new)` for each earlier host that shares its name with one of these, or
        with one of `groups`.
        """
        self._owners.update({name: (source, key) for key, name in names.items()})
        lost = {wish for key, wish in wished.items() if wish != names[key]}
        renamed = []
        for old in sorted(lost.union(self.shadowed_by(groups).values())):
            if owner := self._owners.get(old):
                new = f"{old}_{owner[1]}"
                while new in groups or self._owners.get(new, owner) != owner:
                    new = f"{new}_{owner[1]}"
                renamed.append((old, new))
                self._owners[new] = owner
            self._owners[old] = None
        return renamed


def kept(data: Mapping[str, Any], gpu: bool = False) -> dict[str, Any]:
    """What is kept of a Droplet's JSON object, which `Droplet.from_api` reads as well; `gpu` if it surely is one.

    The rest is the larger part, and the same for all Droplets of a size, an image or a region.
    """
    size, image = (data.get(name) or {} for name in ("size", "image"))
    found = {name: data[name] for name in _AS_IT_IS if name in data}
    found["region"] = {"slug": (data.get("region") or {}).get("slug")}
    found["size"] = {"price_monthly": size.get("price_monthly")}
    found["gpu_info"] = bool(gpu or data.get("gpu_info") or size.get("gpu_info"))
    found["image"] = {name: image.get(name) for name in _OF_IMAGE} if image else None
    return found


def facts(
    now: datetime,
    clock: datetime,
    droplets: Iterable[Mapping[str, Any]],
    policies: Mapping[int, Mapping[str, Any]] | None = None,
    backups: Mapping[int, KnownBackups] | None = None,
    set_at: Mapping[int, datetime | None] | None = None,
    warnings: Iterable[str] = (),
) -> dict[str, Any]:
    """All that was fetched, as JSON: `now` is the API's time and `clock` that of this machine.

    `droplets` are `kept`; the keys of the others are the ids of Droplets. What was not fetched is None.
    """
    return {
        "format": FORMAT,
        "now": now.isoformat(),
        "clock": clock.isoformat(),
        "droplets": list(droplets),
        "policies": None if policies is None else {str(key): record for key, record in policies.items()},
        "backups": None
        if backups is None
        else {str(key): {"count": known.count, "newest": _kept(known.newest)} for key, known in backups.items()},
        "set_at": {str(key): iso(moment) for key, moment in (set_at or {}).items()},
        "warnings": list(warnings),
    }


def _kept(point: RestorePoint | None) -> dict[str, Any] | None:
    """What is kept of a backup, which `RestorePoint.from_api` reads."""
    return None if point is None else {"id": point.id, "type": point.type, "created_at": iso(point.created_at)}


def usable(found: Any) -> TypeGuard[dict[str, Any]]:
    """True for facts as they are written today."""
    return isinstance(found, dict) and found.get("format") == FORMAT


def time_of(found: Mapping[str, Any], clock: datetime) -> datetime:
    """The API's time now (UTC), from when `found` was fetched and how long ago that is by `clock`."""
    passed = clock - datetime.fromisoformat(found["clock"])
    return datetime.fromisoformat(found["now"]) + max(passed, timedelta())


def hosts(found: Mapping[str, Any], wanted: InventoryOptions, now: datetime) -> Iterator[Host]:
    """The hosts in the facts `found`, by ascending id."""
    aged = found["backups"] is not None
    for record in sorted(found["droplets"], key=lambda record: record["id"]):
        droplet = Droplet.from_api(record)
        told = attributes(record, droplet) | record.get("record", {})
        variables = {wanted.variable(name): value for name, value in told.items()}
        key = str(droplet.id)
        if not wanted.backup_facts:
            yield Host(droplet, variables)
            continue
        state = BackupState.from_api(found["policies"][key])
        backups = found["backups"][key] if aged else None
        newest = RestorePoint.from_api(backups["newest"]) if backups and backups["newest"] else None
        status = None
        if wanted.backup_ages:
            # When the policy was set is known of those alone that were late when they were fetched: others are overdue.
            since = timestamp(found["set_at"].get(key))
            first = preliminary_status(state, (newest,) if newest else (), wanted.grace, now)
            status = final_status(first, state.policy, aged, since, wanted.grace, now)
        variables[f"{wanted.prefix}backups"] = _backups(state)
        if wanted.backup_ages:
            count = backups["count"] if backups else None
            variables[f"{wanted.prefix}backups"] |= _ages(newest, count, status, now)
        yield Host(droplet, variables, groups(state, status))


def attributes(record: Mapping[str, Any], droplet: Droplet) -> dict[str, Any]:
    """The attributes of a `kept` Droplet, by name; what the token may not read is None."""
    return {
        "id": droplet.id,
        "name": droplet.name,
        "status": droplet.status,
        "locked": record.get("locked"),
        "created_at": iso(droplet.created_at),
        "region": droplet.region,
        "size": droplet.size,
        "price": droplet.price_monthly,
        "vcpus": record.get("vcpus"),
        "memory": record.get("memory"),
        "disk": droplet.disk,
        "gpu": droplet.gpu,
        "image": record.get("image"),
        "features": record.get("features"),
        "tags": record.get("tags"),
        "networks": record.get("networks"),
        "public_v4": droplet.public_v4,
        "private_v4": droplet.private_v4,
        "public_v6": droplet.public_v6,
        "vpc": droplet.vpc_uuid,
        "volumes": record.get("volume_ids"),
    }


def groups(state: BackupState, status: str | None) -> tuple[str, ...]:
    """The names of the groups that a Droplet is in, among GROUPS and GROUPS_BY_AGE."""
    if not state.enabled:
        return ("backups_disabled",)
    plan = state.policy.plan if state.policy else None
    found = ["backups_enabled", f"plan_{plan}" if plan in ("daily", "weekly") else "plan_other"]
    if status in (OVERDUE, PENDING, UNKNOWN_PLAN):
        found.append(f"backups_{status}")
    return tuple(found)


def shared(wished: Mapping[int, str], names: Mapping[int, str]) -> str:
    """The names that several wished for, or that were taken, with the ids of who wished, as text; empty: none."""
    clashing: dict[str, list[int]] = {}
    for key, name in wished.items():
        if names.get(key) != name:
            clashing.setdefault(name, []).append(key)
    told = [f"{name} ({', '.join(map(str, keys))})" for name, keys in sorted(clashing.items())]
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return ", ".join(told[:MOST_NAMED] + more)


def renamed(names: Mapping[str, str]) -> str:
    """Those of `names`, group names by the one they were made of, that are another name, as text; empty: none."""
    made: dict[str, list[str]] = {}
    for old, new in names.items():
        if old != new:
            made.setdefault(new, []).append(old)
    told = [f"{' and '.join(sorted(old))} to {new}" for new, old in sorted(made.items())]
    more = [f"{len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return ", ".join(told[:MOST_NAMED] + more)


def _backups(state: BackupState) -> dict[str, Any]:
    policy = state.policy
    return {
        "enabled": state.enabled,
        "plan": policy and policy.plan,
        "weekday": policy and policy.weekday,
        "hour": policy and policy.hour,
        "next_window": state.next_window_record,
        "retention_days": policy and policy.retention_period_days,
    }


def _ages(newest: RestorePoint | None, count: int | None, status: str | None, now: datetime) -> dict[str, Any]:
    """What is added with `backup_ages`; `count` is None if the backups were not read."""
    shown = None
    if newest is not None:
        shown = {"id": newest.id, "time": iso(newest.created_at), "age_hours": newest.age_hours(now)}
    return {"newest": shown, "count": count, "status": status}
