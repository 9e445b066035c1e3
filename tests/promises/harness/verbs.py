# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task can ask of `droplet_backups`, and what that means in the simulator's own terms.

Nothing here is taken from the collection: it is a second reading of what the options promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

RETENTION = {"daily": 7, "weekly": 28}
STANDARD = tuple(RETENTION)
USAGE = (*STANDARD, "intra_daily_4h", "intra_daily_6h", "intra_daily_12h")


def instant(text):
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Verb:
    """One set of options, without the selection."""

    name: str
    options: tuple
    refused: bool = False
    """True if it would put restore points at risk without the user's consent."""

    @property
    def params(self):
        params = dict(self.options)
        return {**params, "max_disable": 1000} if params.get("state") == "disabled" else params

    @property
    def disables(self):
        return dict(self.options).get("state") == "disabled"

    @property
    def existing(self):
        return dict(self.options).get("existing_backups")

    @property
    def converts(self):
        return (self.existing or "").startswith("convert")

    def _allowed(self, name):
        value = dict(self.options).get(name)
        return value if value is None or isinstance(value, tuple) else (value,)

    def leaves_alone(self, policy, listed):
        """An unknown plan is left as it is unless the user names one."""
        return not self.disables and policy and not self._allowed("plan") and policy["plan"] not in listed

    def met(self, policy):
        """Whether a Droplet with `policy` (None: off) is as the task requires, by the options that are set."""
        if self.disables or policy is None:
            return self.disables and policy is None
        return all(
            self._allowed(name) is None or policy.get(name) in self._allowed(name)
            for name in ("plan", "weekday", "hour")
        )

    def reached(self, before, after, listed=STANDARD):
        """A sentence about what is wrong with `after` for a Droplet that was `before`, or None."""
        if self.leaves_alone(before, listed) or self.met(before):
            return None if after == before else f"should be as it was, {before}, and is {after}"
        if not self.met(after):
            return f"is {after}, which is not what was asked for"
        if self.disables:
            return None
        if self._allowed("plan") is None and after["plan"] != (before["plan"] if before else "daily"):
            return f"went from {before} to {after}, although no plan was asked for"
        if before:
            for name in ("hour", "weekday"):
                left_out = self._allowed(name) is None
                comparable = name == "hour" or before["plan"] == after["plan"]
                if left_out and comparable and before.get(name) != after.get(name):
                    return f"went from {before} to {after}, although {name} was left out"
        return None

    def at_risk(self, droplet, now):
        """The backups of a Droplet (of the simulator's state) that this task may cost."""
        policy = droplet["policy"]
        if policy is None or self.met(policy):
            return []
        if self.disables:
            return droplet["backups"]
        keeps = RETENTION.get((self._allowed("plan") or (policy["plan"],))[0], policy["retention_period_days"])
        if keeps >= policy["retention_period_days"]:
            return []
        return [b for b in droplet["backups"] if (now - instant(b["created_at"])).total_seconds() > keeps * 86400]


def _daily(existing=None, hour=(("hour", (0, 4, 20)),)):
    return (("plan", "daily"), *hour, *([("existing_backups", existing)] if existing else []))


def _disable(existing=None):
    return (("state", "disabled"), *([("existing_backups", existing)] if existing else []))


VERBS = (
    Verb("enable", (("state", "enabled"),)),
    Verb("enable-window", (("state", "enabled"), ("hour", (12, 20)))),
    Verb("weekly", (("plan", "weekly"), ("weekday", ("SAT", "MON")), ("hour", (4, 8)))),
    Verb("hour", (("hour", (12,)),)),
    Verb("daily-refused", _daily(), refused=True),
    Verb("daily-may_be_lost", _daily("may_be_lost", hour=())),
    Verb("daily-convert_newest", _daily("convert_newest")),
    Verb("daily-convert_all", _daily("convert_all")),
    Verb("disable-refused", _disable(), refused=True),
    Verb("disable-may_be_lost", _disable("may_be_lost")),
    Verb("disable-convert_newest", _disable("convert_newest")),
    Verb("disable-convert_all", _disable("convert_all")),
)
BY_NAME = {verb.name: verb for verb in VERBS}

SELECTIONS = ("id", "name", "several", "names", "tag", "all")

RULES = ("rule-id", "rule-names", "rule-tag", "rule-all")
"""Selections as a rule of `backup_policies` makes them, which leaves the rest of the account unmatched."""


def task(state, verb, selection):
    """`(module, options, ids)`: the task that applies `verb` to a selection with the subject."""
    options, ids = select(state, verb, selection.removeprefix("rule-"))
    if selection not in RULES:
        return "droplet_backups", {**options, **verb.params}, ids
    ((key, value),) = options.items()
    names = {"droplet_id": "droplet_ids", "droplet_name": "names", "tag": "tags_any", "all": "all"}
    match = {names[key]: value if key == "all" or isinstance(value, list) else [value]}
    if verb.disables and selection == "rule-all":
        # A rule that disables is refused with "all", so all regions are named instead.
        match = {"regions": sorted({droplet["region"] for droplet in state["droplets"]})}
    rules = [{"name": verb.name, "match": match, **dict(verb.options)}]
    guard = {"unmatched": "ignore", "on_unknown_plan": "enforce", "max_disable": verb.params.get("max_disable", 0)}
    return "backup_policies", {"policies": rules, **guard}, ids


def subject(state, verb):
    """The Droplet of a case: one that differs from what `verb` requires, with most restore points at risk."""
    now = instant(state["now"])
    names = [droplet["name"] for droplet in state["droplets"]]
    fit = [
        droplet
        for droplet in state["droplets"]
        if not verb.met(droplet["policy"])
        and not verb.leaves_alone(droplet["policy"], STANDARD)
        and not droplet["gpu"]
        and not droplet["pending"]
        and names.count(droplet["name"]) == 1
        and droplet["tags"]
        and not (verb.name == "enable" and droplet["policy"])
        and not (verb.name == "hour" and not droplet["policy"])
    ]
    return max(fit, key=lambda droplet: (len(verb.at_risk(droplet, now)), droplet["id"]))


def select(state, verb, selection):
    """`(options, ids)` of a selection that has the subject in it."""
    target = subject(state, verb)
    names = [droplet["name"] for droplet in state["droplets"]]
    others = [
        droplet
        for droplet in state["droplets"]
        if droplet["id"] != target["id"] and names.count(droplet["name"]) == 1
    ]
    several = [others[-1], target, *others[:2]]
    if selection == "id":
        return {"droplet_id": target["id"]}, {target["id"]}
    if selection == "name":
        return {"droplet_name": target["name"]}, {target["id"]}
    if selection == "several":
        return {"droplet_id": [d["id"] for d in several]}, {d["id"] for d in several}
    if selection == "names":
        return {"droplet_name": [d["name"] for d in several]}, {d["id"] for d in several}
    if selection == "tag":
        tag = target["tags"][-1]
        return {"tag": tag}, {d["id"] for d in state["droplets"] if tag in d["tags"]}
    assert selection == "all"
    return {"all": True}, set(state.droplets)
