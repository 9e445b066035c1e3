# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task tells: the result, the diff and the sentence of a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._domain.plan import Change, Plan
from .job import Job, State

LIST_ALL_UP_TO = 200
"""More Droplets than this are listed only if something happened to them, unless the user asks for all."""


def diff(plan: Plan[Any], describe: Callable[[dict[str, Any]], str]) -> dict[str, str]:
    """Ansible's diff of a plan: `name (id): before → after`, one line for each Droplet that changes, by ascending id.

    Ansible prints a `prepared` diff as it is. One with `before` and `after` becomes, for a fleet, a wall of old lines
    and then a wall of new ones. When there are rules, each that changes something has a line above its Droplets.
    """
    lines = []
    for rule in plan.rules or (None,):
        changed = [change for change in plan.changing if change.rule == rule]
        if rule is not None and changed:
            lines.append(f"{rule}:\n")
        indent = "" if rule is None else "  "
        lines += [
            f"{indent}{change.target}: {describe(change.before)} → {describe(change.after)}\n" for change in changed
        ]
    return {"prepared": "".join(lines)}


def droplets(
    plan: Plan[Any], jobs: Sequence[Job] | None, extras: Mapping[int, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """An entry for each Droplet, by ascending id. `jobs` is None in check mode; `extras` are further keys by id."""
    by_id = {job.key: job for job in jobs or ()}
    entries = [_entry(change, by_id.get(change.target.id), jobs is None) for change in plan.changes]
    for change, entry in zip(plan.changes, entries, strict=True):
        if plan.rules is not None:
            entry["rule"] = change.rule
        further = dict(extras.get(entry["id"], {}))
        if notes := [*entry.get("notes", ()), *further.pop("notes", ())]:
            entry["notes"] = notes
        entry.update(further)
    return entries


def listed(entries: list[dict[str, Any]], everything: bool) -> list[dict[str, Any]]:
    """Those of the `entries` that a result lists."""
    if everything or len(entries) <= LIST_ALL_UP_TO:
        return entries
    return [entry for entry in entries if entry["changed"] or "error" in entry or "not_tried" in entry]


def summary(plan: Plan[Any], jobs: Sequence[Job] | None) -> dict[str, int]:
    """Counts of Droplets: matched, changed, unchanged, failed, not_tried."""
    matched = len(plan.changes)
    counts = {"changed": len(plan.changing), "failed": 0, "not_tried": 0}
    if jobs is not None:
        counts = {
            name: sum(job.state is state for job in jobs)
            for name, state in (("failed", State.FAILED), ("not_tried", State.NOT_TRIED))
        }
        by_id = {job.key: job for job in jobs if job.state is State.DONE}
        counts["changed"] = sum(change.target.id in by_id and _did(by_id[change.target.id]) for change in plan.changing)
    return {"matched": matched, "unchanged": matched - sum(counts.values()), **counts}


def failure_sentence(plan: Plan[Any], jobs: Sequence[Job]) -> str:
    """What the operator reads when something failed: the first reasons, and the counts."""
    failed = [job for job in jobs if job.state is State.FAILED]
    not_tried = [job for job in jobs if job.state is State.NOT_TRIED]
    if len(plan.changes) == 1:
        return _message((failed or not_tried)[0])
    counts = summary(plan, jobs)
    reasons = " ".join(_reason(job) for job in (failed or not_tried[:1])[:3])
    more = f" {len(failed) - 3} more failed." if len(failed) > 3 else ""
    return (
        f"Of {counts['matched']} Droplets {counts['changed']} are changed, {counts['unchanged']} were as wanted, "
        f"{len(failed)} failed and {len(not_tried)} were not tried. {reasons}{more}"
    )


def _message(job: Job) -> str:
    """Why a Job that failed or was not tried did not get further."""
    return job.error.message if job.error else ""


def _reason(job: Job) -> str:
    message = _message(job)
    name = str(job.change.target)
    return message if name in message else f"{name}: {message}"


def _did(job: Job) -> bool:
    """Whether a Job did something: what a closer look shows to be as wanted already is no change."""
    return bool(job.actions or job.done) or (job.state is State.DONE and job.attempted)


def _entry(change: Change[Any], job: Job | None, planned: bool) -> dict[str, Any]:
    changed = bool(change.steps) and (planned or (job is not None and _did(job)))
    if job and job.state is State.DONE and not changed:
        # What an earlier run has done may have shown later than the plan was made.
        change = replace(job.change, before=job.change.after)
    entry = {
        "id": (job.change if job else change).target.id,
        "name": change.target.name,
        "before": change.before or None,
        "after": change.after,
        "changed": changed,
        "actions": [],
        **change.extra_result,
    }
    notes = [*change.notes, *(job.notes if job else ())]
    if notes:
        entry["notes"] = notes
    if job:
        entry["actions"] = [
            {"id": action.id, "type": action.type, "status": action.status} for action in job.actions.values()
        ]
        if job.state is not State.DONE:
            entry["after"] = None if job.actions or job.done or job.outcome_unknown else change.before
        if job.state is State.FAILED:
            entry["error"] = _message(job)
        if job.state is State.NOT_TRIED:
            entry["not_tried"] = True
    return entry
