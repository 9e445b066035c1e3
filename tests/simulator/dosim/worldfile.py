# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""World files: a fleet described in YAML. README.md says which keys there are."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from dosim import history, schedule, yamlfile
from dosim.clock import duration, instant
from dosim.cloud import Cloud
from dosim.errors import ControlError
from dosim.ids import stable_uuid
from dosim.store import Droplet, Policy
from dosim.strict import boolean, only, text, whole

START = "2026-03-11T09:30:00Z"
ACCOUNT: dict[str, Any] = {
    "droplet_limit": 25000,
    "floating_ip_limit": 25,
    "reserved_ip_limit": 25,
    "volume_limit": 500,
    "email": "ops@lifeboat.example",
    "name": "Lifeboat Operations",
    "uuid": "7d3a3bb85e0c4d5f9f5c2a9d1c0e4b6a7f8d9e0c",
    "email_verified": True,
    "status": "active",
    "status_message": "",
    "team": {"uuid": "2c1f8e7b6a5d4c3b2a190817263544536271809f", "name": "Lifeboat"},
}
DROPLET_KEYS = (
    "name", "count", "size", "region", "image", "tags", "features", "status", "age", "policy",
    "newest_backup_age", "disabled_for", "deleted_for", "failing", "snapshots", "volumes", "busy", "legacy",
)  # fmt: skip
OLDEST = 20 * 365 * schedule.DAY
BUSY_WITH = ("snapshot", "power_on", "power_off", "disable_backups")
POLICY_KEYS = ("plan", "hour", "weekday", "window_length_hours", "retention_period_days")
Value = TypeVar("Value")


@dataclass(slots=True)
class WorldFile:
    """A file that was read; its Droplets are checked as they are entered."""

    path: Path
    start: int
    account: dict[str, Any] = field(default_factory=dict)
    droplets: list[Any] = field(default_factory=list)

    def fill(self, cloud: Cloud) -> None:
        """Raises ControlError."""
        for number, entry in enumerate(self.droplets, 1):
            try:
                _enter_all(cloud, entry)
            except ControlError as error:
                raise ControlError(f"world {self.path}: Droplet entry {number}: {error}") from None
        limit = cloud.store.account["droplet_limit"]
        if len(cloud.store.droplets.rows) > limit:
            raise ControlError(f"world {self.path}: more Droplets than the account's droplet_limit of {limit}")


def load(path: Path) -> WorldFile:
    """Raises ControlError with one sentence."""
    try:
        document = yamlfile.load(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ControlError(f"world {path} cannot be read: {' '.join(str(error).split())}") from None
    try:
        only(document, "a world", "start", "account", "droplets")
        account, droplets = document.get("account", {}), document.get("droplets", [])
        only(account, "account", *ACCOUNT)
        whole(account, "droplet_limit", ACCOUNT["droplet_limit"])
        if not isinstance(droplets, list):
            raise ControlError("droplets must be a list")
        return WorldFile(path, _read(document, "start", instant, START), account, droplets)
    except ControlError as error:
        raise ControlError(f"world {path}: {error}") from None


def _read(given: dict[str, Any], key: str, reader: Callable[[object], Value], default: object) -> Value:
    try:
        return reader(given.get(key, default))
    except ValueError as error:
        raise ControlError(f"{key}: {error}") from None


def _age(value: object) -> float:
    """A duration that does not lead to before the clock's first years. Raises ValueError."""
    seconds = duration(value)
    if seconds > OLDEST:
        raise ValueError("more than twenty years")
    return seconds


def _one_of(given: dict[str, Any], key: str, allowed: Collection[Value], default: Any) -> Value:
    value = given.get(key, default)
    fits = isinstance(value, (str, int)) and not isinstance(value, bool) and value in allowed
    if not fits:
        raise ControlError(f"{key} must be one of {', '.join(map(str, allowed))}")
    chosen: Value = value
    return chosen


def _bounded(given: dict[str, Any], key: str, default: int, highest: int) -> int:
    value = whole(given, key, default)
    if not 1 <= value <= highest:
        raise ControlError(f"{key} must be from 1 to {highest}")
    return value


def _texts(given: dict[str, Any], key: str) -> list[str]:
    values = given.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ControlError(f"{key} must be a list of texts")
    return values


def _in_turn(value: Any, number: int) -> Any:
    """If a list is given for one value, the Droplets of an entry take its items in turn."""
    return value[number % len(value)] if isinstance(value, list) and value else value


def _enter_all(cloud: Cloud, entry: Any) -> None:
    only(entry, "a Droplet", *DROPLET_KEYS)
    name = text(entry, "name")
    head, mark, rest = name.partition("#")
    tail = rest.lstrip("#")
    width = len(mark + rest) - len(tail)
    for number in range(whole(entry, "count", 1)):
        _enter(cloud, entry, f"{head}{number + 1:0{width}d}{tail}" if mark else name, number)


def _enter(cloud: Cloud, entry: dict[str, Any], name: str, number: int) -> None:
    catalogue = cloud.store.catalogue
    key = cloud.ids.next("droplet")
    policy = _policy(entry, number)
    disabled_for, deleted_for = _read(entry, "disabled_for", _age, 0), _read(entry, "deleted_for", _age, 0)
    age = _read(entry, "age", _age, "200d")
    if deleted_for and ("busy" in entry or deleted_for > age):
        raise ControlError("a Droplet with deleted_for can not be busy, and was made before it was deleted")
    newest = entry.get("newest_backup_age", 0)
    newest = math.inf if newest == "never" else _read(entry, "newest_backup_age", _age, 0)
    slugs = [image.slug for image in catalogue.public_images()]
    legacy = boolean(entry, "legacy", False)
    built_in = ["droplet_agent"] if legacy else ["private_networking", "droplet_agent"]
    droplet = Droplet(
        id=key,
        name=name,
        size=_one_of(entry, "size", catalogue.sizes, "s-1vcpu-1gb"),
        region=_one_of({"region": _in_turn(entry.get("region", "nyc3"), number)}, "region", catalogue.regions, None),
        image=catalogue.images[_one_of(entry, "image", slugs, "ubuntu-24-04-x64")].id,
        created=0,
        status=_one_of(entry, "status", ("active", "off"), "active"),
        tags=_texts(entry, "tags"),
        features=[*built_in, *_texts(entry, "features")],
        volumes=[stable_uuid(cloud.ids.seed, "volume", key, n) for n in range(whole(entry, "volumes", 0))],
        policy=policy,
        kernel=min(catalogue.kernels) if legacy else None,
        backups_fail=boolean(entry, "failing", False),
    )
    history.enter(cloud, droplet, age, newest=max(newest, disabled_for, deleted_for), ended=deleted_for)
    if disabled_for:
        history.disable(cloud, droplet, disabled_for)
    _enter_snapshots(cloud, entry, droplet)
    if deleted_for:
        history.delete(cloud, droplet, deleted_for)
    if "busy" in entry:
        busy = entry["busy"]
        only(busy, "busy", "type", "since", "for")
        kind = _one_of(busy, "type", BUSY_WITH, None)
        history.busy(cloud, droplet, kind, _read(busy, "since", _age, 0), _read(busy, "for", _age, "5m"))


def _enter_snapshots(cloud: Cloud, entry: dict[str, Any], droplet: Droplet) -> None:
    snapshots = entry.get("snapshots", [])
    if not isinstance(snapshots, list):
        raise ControlError("snapshots must be a list")
    for snapshot in snapshots:
        only(snapshot, "a snapshot", "name", "age")
        history.snapshot(cloud, droplet, text(snapshot, "name"), _read(snapshot, "age", _age, "1d"))


def _policy(entry: dict[str, Any], number: int) -> Policy | None:
    given = entry.get("policy")
    if given is None:
        return None
    only(given, "policy", *POLICY_KEYS)
    # A world holds what is there already, so a plan need not be one that a request may ask for.
    given = {name: _in_turn(value, number) for name, value in given.items()}
    plan = text(given, "plan")
    return Policy(
        plan=plan,
        hour=_one_of(given, "hour", schedule.HOURS, 0),
        weekday=_one_of(given, "weekday", schedule.WEEKDAYS, None) if plan == "weekly" or "weekday" in given else None,
        window_hours=_bounded(given, "window_length_hours", 4, schedule.interval_hours(plan)),
        retention_days=_bounded(given, "retention_period_days", schedule.STANDARD.get(plan, 7), 3650),
    )
