# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the result of a run with the simulator's state."""

from __future__ import annotations

from . import journal
from .verbs import instant

SHOWN = ("plan", "weekday", "hour")


def shows(told, policy):
    """True if a `before` or `after` of a result shows `policy` (None: off)."""
    if policy is None:
        return told["state"] == "disabled"
    return told["state"] == "enabled" and all(told.get(name) == policy.get(name) for name in SHOWN)


def check_result(outcome, before, after, gone=()):
    """P7: each entry, the counts and `changed` of a real run agree with the State `after` it, whatever happened."""
    entries = outcome.droplets
    if "droplets" not in outcome.result:
        assert outcome.failed, outcome
        assert not outcome.writes, f"P7: a run that wrote says nothing about what it did\n{outcome}"
        return
    policies, old = after.policies(), before.policies()
    written = {purpose[1] for purpose in journal.carried_out(outcome.requests) if purpose[0] == "droplets"}
    sent = {journal.purpose(entry)[1] for entry in outcome.writes if journal.purpose(entry)[0] == "droplets"}
    converted = converts_by_droplet(outcome, before)
    counts = {"changed": 0, "unchanged": 0, "failed": 0, "not_tried": 0}
    for key, entry in entries.items():
        assert shows(entry["before"], old[key]), f"P7: Droplet {key} was {old[key]}, told {entry['before']}\n{outcome}"
        if "error" in entry:
            counts["failed"] += 1
            assert len(entry["error"]) > 10
        elif entry.get("not_tried"):
            counts["not_tried"] += 1
            assert not (written | sent) & {key}, f"P7: {key} is said not to be tried, and was written to\n{outcome}"
            assert not converted.get(key), f"P7: {key} is said not to be tried, and was converted for\n{outcome}"
        else:
            counts["changed" if entry["changed"] else "unchanged"] += 1
            if key not in gone:
                assert entry["changed"] == bool(key in written or converted.get(key)), f"P7: {key}\n{outcome}"
        told = entry["after"]
        if told is not None and key not in gone:
            assert shows(told, policies[key]), f"P7: {key} is {policies[key]}, told {told}\n{outcome}"
        for action in entry["actions"]:
            real = after.action(action["id"])
            assert real["type"] == action["type"], outcome
    summary = outcome.result["summary"]
    if len(entries) == summary["matched"]:
        assert summary == {"matched": len(entries), **counts}, f"P7: counted {counts}, told {summary}\n{outcome}"
    assert outcome.failed == bool(summary["failed"] or summary["not_tried"]), outcome
    assert outcome.changed == any(entry["changed"] for entry in entries.values()), outcome


def converts_by_droplet(outcome, before):
    """Droplet id → how many of its backups this run had converted."""
    owner = {image["id"]: image["droplet_id"] for image in before["images"]}
    counts = {}
    for purpose, number in journal.carried_out(outcome.requests).items():
        if purpose[0] == "images":
            counts[owner[purpose[1]]] = counts.get(owner[purpose[1]], 0) + number
    return counts


UNANSWERED = ("image_destroy",)
"""Types of actions that are in no answer to the request that began them."""


def check_reported(outcome, before, after, others=(), answer_lost=False):
    """P7: whatever a task of any module reports was so, and of what it has begun only a lost answer may be missing.

    Nobody else was at work; `others` are types of actions that go on by themselves. `answer_lost` says that the answer
    to the write that met a fault was lost.
    """
    carried_out = [entry for entry in outcome.writes if entry["carried_out"]]
    if "droplets" not in outcome.result:
        assert outcome.failed, outcome
        assert not carried_out, f"P7: a run that wrote says nothing about what it did\n{outcome}"
        check_untouched(before, after, ids=())
        return
    entries = outcome.result["droplets"]
    assert outcome.changed == any(entry["changed"] for entry in entries), f"P7: changed\n{outcome}"
    assert carried_out or not outcome.changed, f"P7: changed is told, and nothing was written\n{outcome}"
    told = {action["id"]: action for entry in entries for action in entry["actions"]}
    for key, action in told.items():
        real = after.action(key)
        assert action["type"] == real["type"], f"P7: {action} is {real}\n{outcome}"
        assert action["status"] in ("in-progress", real["status"]), f"P7: {action} is {real}\n{outcome}"
    begun = [action for action in after.actions_since(before) if action["type"] not in (*others, *UNANSWERED)]
    unseen = [action for action in begun if action["id"] not in told]
    lost = [entry for entry in carried_out if answer_lost and entry["fault"] is not None]
    by_tag = any("tag_name" in (entry["query"] or "") for entry in lost)
    assert by_tag or len(unseen) <= len(lost), f"P7: {unseen} were begun and not reported\n{outcome}"
    check_untouched(before, after, {entry["id"] for entry in entries})


BY_THE_CLOCK = ("backups", "next_backup_window", "pending")
"""What changes of a Droplet without anybody's doing; its backups are looked at one by one."""


def check_untouched(before, after, ids, gone=()):
    """Droplets that were not selected are as they were, whole, restore points included."""
    for key, droplet in before.droplets.items():
        if key not in ids and key not in gone:
            old, new = (
                {name: value for name, value in state.items() if name not in BY_THE_CLOCK}
                for state in (droplet, after.droplets[key])
            )
            assert new == old, f"Droplet {key} was not selected, and changed from {old} to {new}"
            check_kept(droplet["backups"], after, key)


def same(point, other):
    """True for a restore point and what it was converted to, which may have another id and another name.

    No two of one Droplet are of the same second, because it is busy while one is made.
    """
    return other["created_at"] == point["created_at"]


def check_kept(points, after, droplet_id):
    """P4: each of these restore points still exists, as backup or as snapshot, unless its date has come."""
    droplet = after.droplets[droplet_id]
    there = [*droplet["backups"], *droplet["snapshots"]]
    now = instant(after["now"])
    for point in points:
        if point["expires_at"] and instant(point["expires_at"]) <= now:
            continue
        lost = f"P4: restore point {point['id']} of {droplet_id} ({point['created_at']}) is lost"
        assert any(same(point, other) for other in there), lost


def check_restore_points(verb, before, after, ids, gone=()):
    """P4: only what the user has given up is lost; there are as many new snapshots as requested, and no more."""
    now = instant(before["now"])
    for key in ids:
        if key in gone:
            continue
        old, new = before.droplets[key], after.droplets[key]
        at_risk = sorted(verb.at_risk(old, now), key=lambda point: (point["created_at"], point["id"]))
        made = len(_converted(old, new))
        to_convert = {"convert_newest": at_risk[-1:], "convert_all": at_risk}.get(verb.existing, [])
        safe = [point for point in old["backups"] if point not in at_risk]
        check_kept(old["snapshots"], after, key)
        if new["policy"] == old["policy"] or not at_risk:
            # Not reached (yet), so nothing may be lost at all; what has been converted is kept.
            check_kept(old["backups"], after, key)
            assert made <= len(to_convert), f"P4: {made} snapshots of {key} instead of at most {len(to_convert)}"
            continue
        check_kept([*safe, *to_convert], after, key)
        assert made == len(to_convert), f"P4: {made} snapshots of {key} instead of {len(to_convert)}"


def _converted(old, new):
    """The snapshots in the Droplet `new` that were backups in `old`."""
    return [point for point in new["snapshots"] if any(same(point, backup) for backup in old["backups"])]


def check_not_doubled(before, after, others=()):
    """P3: no two completed actions of one type on one object, unless they are of somebody else."""
    done = {}
    for action in after.actions_since(before):
        if action["status"] == "completed" and action["type"] not in ("backup", *others):
            key = (action["resource_type"], action["resource_id"], action["type"])
            done[key] = done.get(key, 0) + 1
    doubled = {key: number for key, number in done.items() if number > 1}
    assert not doubled, f"P3: done more than once: {doubled}"
