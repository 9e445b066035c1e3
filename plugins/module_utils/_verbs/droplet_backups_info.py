# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `droplet_backups_info` reports: one record for each Droplet, a summary, and the backups of Droplets gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from .._domain import arguments, needs, orphans
from .._domain.cost import is_priced_by_size, monthly_backup_cost
from .._domain.errors import InputError, ScopeError
from .._domain.facts import Facts
from .._domain.models import BackupPolicy, BackupState, Droplet, RestorePoint
from .._domain.newest_backups import KnownBackups
from .._domain.options import grace_of
from .._domain.reader import Reader, Reading
from .._domain.selection import Selection, finish, idle_exclusions, still_there
from .._domain.status import PENDING, STATUSES, final_status, preliminary_status
from .._domain.time import iso

SMALL_FLEET = 200
"""For up to so many Droplets all backups are reported if their newest ones are asked for."""

PARTS = ["policies", "newest", "backups", "cost", "supported_policies"]
DEFAULT_PARTS = ["policies", "newest", "cost"]
NO_AGES = "The token lacks the scope image:read: ages of backups are not told, nor the status that depends on them."
NO_ORPHANS = "The token does not show which backups Droplets have (scope image:read): none can be called orphaned."

Record = dict[str, Any]

ARGUMENTS = arguments.DROPLETS + arguments.Arguments(
    {
        "grace_hours": {"type": "float", "default": 2},
        "include": {"type": "list", "elements": "str", "choices": PARTS, "default": DEFAULT_PARTS},
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """`parts` are those of PARTS that are to be reported."""

    selection: Selection
    parts: frozenset[str]
    grace: timedelta

    @property
    def with_ages(self) -> bool:
        return not self.parts.isdisjoint(("newest", "backups"))

    def with_all_backups(self, droplets: Sequence[Droplet]) -> bool:
        """Whether all backups of these Droplets are reported, and not only the newest ones."""
        return self.with_ages and ("backups" in self.parts or len(droplets) <= SMALL_FLEET)

    def with_orphans(self, droplets: Sequence[Droplet]) -> bool:
        """Whether orphaned backups are reported, for which all Droplets and all images have to be read."""
        return self.selection.everything and "policies" in self.parts and self.with_all_backups(droplets)


@dataclass(frozen=True, slots=True)
class Seen:
    """The selected Droplets and their BackupStates by id, which are empty if they were not read.

    `account` are all Droplets and when reading them began; None if only some were read.
    """

    droplets: Sequence[Droplet]
    states: Mapping[int, BackupState]
    account: tuple[Sequence[Droplet], datetime] | None = None
    warnings: tuple[str, ...] = ()


class DropletBackupsInfo(Reader[Request]):
    """How Droplets are backed up."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        grace = grace_of(params)
        if "cost" in params["include"] and "policies" not in params["include"]:
            raise InputError("include: cost needs policies as well, because the plan decides what backups cost.")
        return Request(arguments.selection(params), frozenset(params["include"]), grace)

    def read(self, request: Request, facts: Facts, now: datetime) -> Reading:
        seen = _droplets(request, facts)
        warnings = [*seen.warnings]
        backups, orphaned = None, None
        try:
            orphaned = _orphaned(request, seen, facts)
            backups = _backups(request, seen, facts)
        except ScopeError:
            warnings.append(NO_AGES)
        statuses = _statuses(request, seen, backups, facts, now)
        plans = facts.get(needs.SupportedPolicies()) if "supported_policies" in request.parts else None
        records = [
            _record(
                droplet,
                state=seen.states.get(droplet.id),
                backups=None if backups is None else backups[droplet.id],
                status=statuses.get(droplet.id),
                request=request,
                listed=request.with_all_backups(seen.droplets),
                now=now,
            )
            for droplet in seen.droplets
        ]
        result: Record = {"droplets": records, "summary": summary(records)}
        if request.with_orphans(seen.droplets):
            if orphaned is None:
                warnings.append(NO_ORPHANS)
            result["orphaned_backups"] = None if orphaned is None else orphans.report(orphaned, now)
            result["summary"]["orphaned_backups"] = None if orphaned is None else len(orphaned)
        if plans is not None:
            result["supported_policies"] = [asdict(plan) for plan in plans]
        return Reading(result, tuple(warnings))


def _droplets(request: Request, facts: Facts) -> Seen:
    selection = request.selection
    if "policies" not in request.parts:
        selected = facts.get(needs.Selected(selection))
        return Seen(selected, {})
    if not (selection.everything and request.with_ages):
        found, states = facts.get(needs.Fleet(selection))
        return Seen(still_there(selection, found, states), states)
    everyone, states, since = facts.get(needs.WholeAccount())
    needs.prove_tags_are_shown(selection.exclude_tags, everyone, facts)
    left = still_there(selection, finish(selection, everyone), states)
    return Seen(left, states, (everyone, since), idle_exclusions(selection, everyone))


def _orphaned(request: Request, seen: Seen, facts: Facts) -> Sequence[RestorePoint] | None:
    """The orphaned backups; None if they are not reported or cannot be told. Raises ScopeError."""
    if seen.account is None or not request.with_orphans(seen.droplets):
        return None
    everyone, since = seen.account
    images = facts.get(needs.OwnImages())
    return orphans.orphaned(images, everyone, since, facts.lag)


def _backups(request: Request, seen: Seen, facts: Facts) -> Mapping[int, KnownBackups] | None:
    """What is known of the Droplets' backups; None if they are not asked for. Raises ScopeError."""
    if not request.with_ages:
        return None
    if request.with_all_backups(seen.droplets):
        return facts.get(needs.FleetBackups.of(seen.droplets))
    ids = [droplet.id for droplet in seen.droplets] if "cost" in request.parts else []
    return facts.get(needs.NewestBackups.of(seen.droplets, [key for key in ids if is_priced_by_size(seen.states[key])]))


def _statuses(
    request: Request, seen: Seen, backups: Mapping[int, KnownBackups] | None, facts: Facts, now: datetime
) -> dict[int, str | None]:
    """The status of each Droplet by id, None if it depends on backups that were not read; empty without policies."""
    if "policies" not in request.parts:
        return {}
    first = {
        droplet.id: preliminary_status(
            seen.states[droplet.id], backups[droplet.id].points if backups else (), request.grace, now
        )
        for droplet in seen.droplets
    }
    late = [droplet for droplet in seen.droplets if backups is not None and first[droplet.id] == PENDING]
    moments = facts.each(needs.PolicyChangedAt(droplet) for droplet in late)
    since = dict(zip((droplet.id for droplet in late), moments, strict=True))
    return {
        key: final_status(found, seen.states[key].policy, backups is not None, since.get(key), request.grace, now)
        for key, found in first.items()
    }


def _record(
    droplet: Droplet,
    state: BackupState | None,
    backups: KnownBackups | None,
    status: str | None,
    request: Request,
    listed: bool,
    now: datetime,
) -> Record:
    """A Droplet's record. `state` and `backups` are None if they were not read, `status` if it is not known.

    `listed` says whether to report all backups.
    """
    record: Record = {"id": droplet.id, "name": droplet.name}
    record["volumes"] = None if droplet.volume_ids is None else list(droplet.volume_ids)
    if state is not None:
        record["enabled"] = state.enabled
        record["policy"] = state.policy and _policy(state.policy)
        record["next_window"] = state.next_window and _window(*state.next_window)
    if backups is not None:
        if listed:
            record["backups"] = [_backup(point, now) for point in backups.points]
        newest = backups.newest
        record["newest"] = newest and _backup(newest, now)
        record["backup_count"] = backups.count
    if state is not None:
        record["status"] = status
        if "cost" in request.parts:
            points = backups.points if backups and backups.whole else None
            cost = monthly_backup_cost(droplet.price_monthly, state, points)
            record["monthly_cost"] = "unknown" if cost is None else cost
    return record


# Thousands of Droplets have few policies and windows: one object for all that are equal, which nobody changes.
@lru_cache(maxsize=1024)
def _policy(policy: BackupPolicy) -> Record:
    return policy.to_api()


@lru_cache(maxsize=1024)
def _window(start: datetime, end: datetime) -> Record:
    return {"start": iso(start), "end": iso(end)}


def _backup(point: RestorePoint, now: datetime) -> Record:
    return {
        "id": point.id,
        "name": point.name,
        "created_at": iso(point.created_at),
        "age_hours": point.age_hours(now),
        "size_gigabytes": point.size_gigabytes,
    }


def summary(records: Sequence[Record]) -> Record:
    """Counts by status, the age of the oldest newest backup, and what all backups cost a month as far as known."""
    told: Record = {"matched": len(records)}
    if any("status" in record for record in records):
        counted = Counter(record["status"] for record in records)
        told["status"] = {status: counted[status] for status in STATUSES}
        told["status_unknown"] = counted[None]
    aged = [record for record in records if (record.get("newest") or {}).get("age_hours") is not None]
    if any("newest" in record for record in records):
        oldest = max(aged, key=lambda record: record["newest"]["age_hours"], default=None)
        told["oldest_newest"] = oldest and {
            "id": oldest["id"],
            "name": oldest["name"],
            "age_hours": oldest["newest"]["age_hours"],
        }
    costs = [record["monthly_cost"] for record in records if "monthly_cost" in record]
    if costs:
        told["monthly_cost"] = round(sum(cost for cost in costs if cost != "unknown"), 2)
        told["monthly_cost_unknown"] = costs.count("unknown")
    return told
