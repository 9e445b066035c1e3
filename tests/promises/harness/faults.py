# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The accidents of a run: where they happen, what happens, and how the run may end then."""

from __future__ import annotations

from dataclasses import dataclass

GET, POST = {"method": "GET"}, {"method": "POST"}
PLACES = {
    "first-read": GET,
    "second-read": {**GET, "after": 1},
    "look-for-running": {**GET, "path": "actions"},
    "poll": {**GET, "path": "actions", "after": 1},
    "verify": {**GET, "path": "backups/polic", "after": 1},
    "first-write": POST,
}
"""Where in a run; the last four are met only if something is written."""

ALWAYS = (("times", 0),)
BEFORE_PLANNING = ("first-read", "second-read")


@dataclass(frozen=True)
class Accident:
    """`effect` is an effect of the simulator, or "gone" (the Droplet is deleted just before), "pending" (somebody else
    powers it off just before) or "revoked" (the token is revoked just before).

    `ends` says how the run must end: "well", or with one of these failures, or either for what may be overtaken.
    """

    name: str
    place: str
    effect: object
    match: tuple = ()
    ends: tuple = ("well",)

    @property
    def writing_only(self):
        return self.place not in BEFORE_PLANNING

    @property
    def before_planning(self):
        return self.place in BEFORE_PLANNING

    @property
    def is_for_one(self):
        """True if it must meet the subject, and not just any Droplet."""
        return self.effect in ("gone", "pending")

    def order(self, sim, target):
        """Order it against the Droplet `target`; the hooks for the run that is to meet it."""
        match = {**PLACES[self.place], **dict(self.match)}
        if self.effect == "revoked":
            return {"before_request": Revocation(sim, match)}
        effect = self.effect
        if self.is_for_one:
            if self.place == "first-write":
                match["path"] = f"/droplets/{target}/actions"
            first = {"method": "DELETE", "path": f"/v2/droplets/{target}"}
            if self.effect == "pending":
                first = {"method": "POST", "path": f"/v2/droplets/{target}/actions", "body": {"type": "power_off"}}
            effect = {"first": first}
        sim.fault(effect, **match)
        return {}


class Revocation:
    """A hook that revokes the token in use just before the request of a match."""

    def __init__(self, sim, match):
        self._sim = sim
        self._match = match
        self._left = match.get("after", 0)
        self.met = False

    def __call__(self, _number, request):
        if self.met or request.method != self._match["method"] or self._match.get("path", "") not in request.url:
            return
        if self._left:
            self._left -= 1
            return
        self.met = True
        self._sim.revoke(self._sim.tokens[-1])


def _lost(statuses, done):
    word = "done" if done else "not-done"
    yield from ((f"{status}-{word}", {"status": status, "carried_out": done}) for status in statuses)
    yield f"drop-{word}", {"drop": True, "carried_out": done}


FIVES = (500, 502, 503, 504)
LIMITS = (
    ("429-retry-after", {"status": 429, "retry_after": 20}),
    ("429-no-retry-after", {"status": 429, "reset_in": 30}),
)
READ = (*LIMITS, *_lost(FIVES, False), *_lost(FIVES, True), ("truncated", {"truncate": True}))
WRITE = (*READ, ("truncated-not-done", {"truncate": True, "carried_out": False}))

CLEAN = Accident("none", "first-read", None)


def _table():
    yield CLEAN
    for place in PLACES:
        reading = place != "first-write"
        for name, effect in READ if reading else WRITE:
            yield Accident(name, place, effect)
        unverified = ("not_converged",) if place == "verify" else ()
        yield Accident("revoked", place, "revoked", ends=("authentication", *unverified))
        gone = ("well", "selection", "not_found", "not_converged")
        yield Accident("gone", place, "gone", ends=gone)
        if place in ("second-read", "look-for-running", "first-write"):
            yield Accident("pending", place, "pending")
    yield Accident("503-always", "first-read", {"status": 503}, ALWAYS, ("unreachable",))
    yield Accident("truncated-always", "second-read", {"truncate": True}, ALWAYS, ("unreachable",))
    yield Accident("drop-always", "look-for-running", {"drop": True}, ALWAYS, ("unreachable", "wait_timeout"))
    yield Accident("502-always", "poll", {"status": 502}, ALWAYS, ("wait_timeout", "unreachable"))
    yield Accident("504-always", "verify", {"status": 504}, ALWAYS, ("not_converged", "unreachable"))
    yield Accident("429-hour", "second-read", {"status": 429, "reset_in": 3000}, (), ("rate_limit",))
    yield Accident("429-hour", "first-write", {"status": 429, "reset_in": 3000}, (), ("rate_limit",))
    yield Accident("500-twice-not-done", "first-write", {"status": 500}, (("times", 2),))
    yield Accident("429-thrice", "first-write", {"status": 429, "retry_after": 1}, (("times", 3),))
    yield Accident("504-always-not-done", "first-write", {"status": 504}, ALWAYS, ("outcome_unknown",))
    yield Accident("drop-always-done", "first-write", {"drop": True, "carried_out": True}, ALWAYS)
    yield Accident("errored", "first-write", {"action": "errored"}, (), ("action_failed",))
    yield Accident("stuck", "first-write", {"action": "stuck"}, (), ("wait_timeout",))
    yield Accident("403", "first-write", {"status": 403}, (), ("scope",))
    yield Accident("422", "first-write", {"status": 422}, (), ("api",))
    yield Accident("html", "first-write", {"status": 502, "body": "<html>Bad Gateway</html>", "carried_out": True})


ACCIDENTS = tuple(_table())
BY_NAME = {f"{accident.place}-{accident.name}": accident for accident in ACCIDENTS}
assert len(BY_NAME) == len(ACCIDENTS)
