# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effect of rules for a whole account, in the simulator's own terms. Nothing here is taken from the collection."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass
from itertools import product

from dosim.catalogue import load

from . import invariants, journal, verbs

PRICES = {slug: size["price_monthly"] for slug, size in load().sizes.items()}
SHARES = {"weekly": 0.2, "daily": 0.3}


def takes(match, droplet):
    """Whether a Droplet of the simulator's state fits a rule's `match`."""
    tags = {tag.lower() for tag in droplet["tags"]}
    checks = {
        "tags_any": lambda wanted: tags & {tag.lower() for tag in wanted},
        "tags_all": lambda wanted: {tag.lower() for tag in wanted} <= tags,
        "names": lambda globs: any(fnmatch.filter([droplet["name"]], glob) for glob in globs),
        "regions": lambda wanted: droplet["region"] in wanted,
        "droplet_ids": lambda wanted: droplet["id"] in wanted,
        "gpu": lambda wanted: droplet["gpu"] == wanted,
        "all": lambda _wanted: True,
    }
    return all(checks[key](wanted) for key, wanted in match.items())


def cost(droplet, policy):
    """USD a month, None if it is not known."""
    if policy is None:
        return 0
    share = SHARES.get(policy["plan"])
    return None if share is None else round(PRICES[droplet["size"]] * share, 2)


def costs(droplets, before, after):
    """A `monthly_cost` over Droplets, `before` and `after` being policies by id."""
    pairs = [(cost(droplet, before[droplet["id"]]), cost(droplet, after[droplet["id"]])) for droplet in droplets]
    return {
        "before": round(sum(one or 0 for one, _other in pairs), 2),
        "after": round(sum(other or 0 for _one, other in pairs), 2),
        "unknown": sum(None in pair for pair in pairs),
    }


@dataclass
class Expectation:
    """What `policies` require of the State `before`; `listed` are the plans that the API lists."""

    policies: list
    before: object
    unknown: str
    listed: tuple

    def __post_init__(self):
        day = self.before["now"][:10]
        self.owners = {
            key: next(
                (
                    rule["name"]
                    for rule in self.policies
                    if takes(rule["match"], droplet) and rule.get("expires", day) >= day
                ),
                None,
            )
            for key, droplet in self.before.droplets.items()
        }
        self.verbs = {
            rule["name"]: verbs.Verb(rule["name"], tuple(self._options(rule)))
            for rule in self.policies
            if not rule.get("exempt")
        }
        self.left_alone = {
            key
            for key, name in self.owners.items()
            if name in self.verbs and self._spared(self.verbs[name], self.before.policy(key))
        }

    @staticmethod
    def _options(rule):
        for key, value in rule.items():
            if key not in ("name", "match"):
                yield key, tuple(value) if isinstance(value, list) else value

    def _spared(self, verb, policy):
        if policy is None or policy["plan"] in self.listed or verb.met(policy):
            return False
        plan = dict(verb.options).get("plan")
        return plan != policy["plan"] if self.unknown == "leave" else plan is None and not verb.disables

    def of(self, name):
        """The ids of the Droplets that a rule decides about."""
        return {key for key, owner in self.owners.items() if owner == name}

    def check_policies(self, after, failed=()):
        """Each Droplet is as its rule requires, what a rule leaves out is kept, and no other Droplet was changed."""
        for key, name in self.owners.items():
            old, new = self.before.policy(key), after.policy(key)
            if name not in self.verbs or key in self.left_alone or key in failed:
                assert new == old, f"Droplet {key} of {name!r} should be as it was, {old}, and is {new}"
                invariants.check_kept(self.before.droplets[key]["backups"], after, key)
            else:
                wrong = self.verbs[name].reached(old, new, self.listed)
                assert wrong is None, f"Droplet {key} of {name!r} {wrong}"
        for name, verb in self.verbs.items():
            ids = self.of(name) - self.left_alone - set(failed)
            invariants.check_restore_points(verb, self.before, after, ids)

    def check_spread(self, after, failed=()):
        """The Droplets of a rule that could not stay are spread as evenly as those that could allow."""
        for rule in self.policies:
            ids = self.of(rule["name"])
            if "plan" not in rule or "hour" not in rule or ids & set(failed):
                continue
            allowed = list(product(rule.get("weekday", [None]), rule["hour"]))
            verb = self.verbs[rule["name"]]
            stay = {key for key in ids if key in self.left_alone or verb.met(self.before.policy(key))}
            load = Counter(dict.fromkeys(allowed, 0))
            load.update(window(self.before.policy(key)) for key in stay)
            for _moved in ids - stay:
                emptiest = min(allowed, key=load.__getitem__)
                load[emptiest] += 1
            found = Counter(window(after.policy(key)) for key in ids)
            assert sorted(found[one] for one in allowed) == sorted(load[one] for one in allowed), (rule, found)

    def check_result(self, outcome, after, failed=()):
        """What a run, or check mode before it, reports about rules, unmatched and exempt Droplets, and cost."""
        told = outcome.result
        droplets, policies = self.before.droplets, after.policies()
        assert [rule["name"] for rule in told["rules"]] == [rule["name"] for rule in self.policies]
        for rule, given in zip(told["rules"], self.policies, strict=True):
            ids = self.of(rule["name"])
            works = not given.get("exempt")
            counts = {
                "matched": len(ids),
                "failed": len(ids & set(failed)),
                "changed": sum(self.before.policy(key) != policies[key] for key in ids),
                "not_tried": 0,
                "left_alone": len(ids & self.left_alone),
            }
            rest = ("changed", "failed", "left_alone")
            counts["compliant"] = len(ids) - sum(counts[name] for name in rest) if works else 0
            assert {name: rule[name] for name in counts} == counts, outcome
            assert rule["monthly_cost"] == costs([droplets[key] for key in ids], self.before.policies(), policies)
            assert works == ("reason" not in rule)
        named = [{"id": key, "name": droplets[key]["name"]} for key in sorted(self.of(None))]
        assert told["unmatched"] == named, outcome
        spared = [(key, droplets[key]["name"], self.owners[key]) for key in sorted(self.left_alone - set(failed))]
        assert [(one["id"], one["name"], one["rule"]) for one in told["left_alone"]] == spared, outcome
        assert len(told["unknown_cost"]) == told["monthly_cost"]["unknown"], outcome
        reasons = {rule["name"]: rule["reason"] for rule in self.policies if rule.get("exempt")}
        assert [(one["id"], one["rule"], one["reason"]) for one in told["exempt"]] == [
            (key, name, reasons[name]) for key, name in sorted(self.owners.items()) if name in reasons
        ]
        assert told["monthly_cost"] == costs(droplets.values(), self.before.policies(), policies)
        assert {key: entry["rule"] for key, entry in outcome.droplets.items()} == self.owners

    def check_diff(self, outcome, changed):
        """Rules in their order, each that changes something above its Droplets, these by ascending id."""
        expected = []
        for rule in self.policies:
            ids = sorted(self.of(rule["name"]) & changed)
            expected += [f"{rule['name']}:"] * bool(ids)
            expected += [f"  {self.before.droplets[key]['name']} ({key})" for key in ids]
        lines = outcome.diff["prepared"].splitlines()
        assert [line if line.endswith(":") else line.split(": ")[0] for line in lines] == expected, outcome
        assert all(line.endswith(":") or " → " in line for line in lines), outcome


def window(policy):
    return (policy.get("weekday"), policy["hour"])


def at_most_one_write_each(outcome):
    """At most one write for the policy of a Droplet, apart from conversions, and none by tag."""
    assert not [entry for entry in outcome.writes if "tag_name" in (entry["query"] or "")]
    sent = Counter(
        purpose for entry in outcome.writes if (purpose := journal.purpose(entry))[0] == "droplets"
    )
    assert max(sent.values(), default=1) == 1, outcome
