# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one action does to Droplets, which of them need it, and what is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from .._domain import arguments, names, needs
from .._domain.confirmation import unconfirmed
from .._domain.errors import InputError, NotConvergedError, RefusedError
from .._domain.facts import Facts
from .._domain.models import Action, Droplet, RestorePoint, Size
from .._domain.plan import ActionByTag, Change, Doubt, Plan, Step
from .._domain.plan import DropletAction as ActionStep
from .._domain.selection import Selection
from .._domain.snapshots import SCRATCH_DISK, unlisted, unlisted_doubt
from .._domain.tags import spelling
from .._domain.text import listed, some
from .._domain.verb import Record, Verb

POWER = {"power_on": "active", "power_off": "off", "shutdown": "off"}
"""The status that a type of action leads to."""

FEATURES = {"enable_ipv6": "ipv6", "enable_private_networking": "private_networking"}
"""What a type of action adds to a Droplet's features."""

UNSEEN = ("reboot", "power_cycle", "rebuild", "password_reset")
"""What no state shows afterwards, so that only the log of actions says whether it was done."""

OPTIONS = {
    "new_name": ("rename",),
    "size": ("resize",),
    "disk": ("resize",),
    "image": ("rebuild",),
    "kernel": ("change_kernel",),
    "snapshot_name": ("snapshot",),
    "confirm": ("rebuild", "resize", "password_reset"),
    "shutdown_timeout": ("shutdown",),
    "power_off_after_timeout": ("shutdown",),
    "by_tag": ("power_on", "power_off", "power_cycle", "shutdown", "snapshot", "enable_ipv6"),
}
"""The types that an option belongs to."""

REQUIRED = ("new_name", "size", "image", "kernel", "snapshot_name")
"""Options that their types cannot do without."""

SAFER = {
    "restore": "droplet_restore",
    "enable_backups": "droplet_backups",
    "disable_backups": "droplet_backups",
    "change_backup_policy": "droplet_backups",
}
"""What another module does, and guards."""

HIDEABLE = ("disk", "kernel")
"""What the API may leave out of a Droplet, which is then not known."""

SHUTDOWN_TIMEOUT = 120
"""Seconds that a Droplet has to shut down, unless the task says otherwise."""

AS_WELL = "needs nothing; as it carries the tag, the API may send it the action as well, or refuse all because of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for. `shutdown_timeout` in seconds; `done` are the types that this run has carried out.

    `unlisted_until` is when it no longer waits for a snapshot that the Droplet has and no list shows; None if it has
    met none. `shutdown_ended` is when the Droplet had been asked to shut down (UTC), None if that is not known.
    """

    type: str
    selection: Selection
    new_name: str | None = None
    size: str | None = None
    disk: bool = False
    image: int | str | None = None
    kernel: int | None = None
    snapshot_name: str | None = None
    confirm: str | None = None
    expected_count: int | None = None
    shutdown_timeout: int = SHUTDOWN_TIMEOUT
    power_off_after_timeout: bool = False
    by_tag: bool = False
    done: frozenset[str] = frozenset()
    unlisted_until: datetime | None = None
    shutdown_ended: datetime | None = None

    @property
    def irreversible(self) -> str | None:
        """What this does that needs `confirm`, in words; None if it does not."""
        words = {
            "rebuild": "rebuild wipes the disk, and that cannot be undone",
            "password_reset": "password_reset replaces the root password, and that cannot be undone",
            "resize": "resize with disk: true enlarges the disk, and that cannot be undone" if self.disk else None,
        }
        return words.get(self.type)

    @property
    def goal(self) -> Record:
        """What it leads to, in the keys of `before` and `after`; `disk` is added if it is known."""
        if self.type in POWER:
            return {"status": POWER[self.type]}
        if self.type in FEATURES:
            return {FEATURES[self.type]: True}
        goals: dict[str, Record] = {
            "rename": {"name": self.new_name},
            "resize": {"size": self.size},
            "change_kernel": {"kernel": self.kernel},
            "snapshot": {"snapshot": self.snapshot_name},
            "rebuild": {"image": self.image, "action": self.type},
        }
        return goals.get(self.type, {"action": self.type})

    @property
    def arguments(self) -> Record:
        """What its request says besides the type."""
        given: dict[str, Record] = {
            "rename": {"name": self.new_name},
            "resize": {"size": self.size, "disk": self.disk},
            "rebuild": {"image": self.image},
            "change_kernel": {"kernel": self.kernel},
            "snapshot": {"name": self.snapshot_name},
        }
        return given.get(self.type, {})

    @property
    def tag(self) -> str:
        """The one tag of the selection, with `by_tag`."""
        tags: tuple[str, ...] = self.selection.tags or ()
        (tag,) = tags
        return tag


@dataclass(frozen=True, slots=True)
class Observed:
    """The Droplets by ascending id, and what the type of action needs besides.

    `snapshots` are by the ids of Droplets and `sizes` by slug, empty if they are not needed; `image` is what `rebuild`
    puts on the disk, None if there is no such image. What is read may be late by `lag`.
    """

    droplets: tuple[Droplet, ...]
    snapshots: dict[int, tuple[RestorePoint, ...]] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    image: RestorePoint | None = None
    lag: timedelta = timedelta()


def request(selection: Selection, params: Mapping[str, Any]) -> Request:
    """The Request in a task's `params`; raises InputError."""
    kind = params["type"]
    if kind in SAFER:
        raise InputError(f"type: {kind} is not for this module; lifeboat.digitalocean.{SAFER[kind]} does it safely.")
    for option, kinds in OPTIONS.items():
        if params[option] not in (None, False) and kind not in kinds:
            raise InputError(f"{option} does not belong to type: {kind}, but to {listed(kinds)}. Leave it out.")
        if params[option] is None and option in REQUIRED and kind in kinds:
            raise InputError(f"type: {kind} needs {option}.")
    for option, least in (("kernel", 1), ("shutdown_timeout", 1), ("expected_count", 0)):
        if params[option] is not None and params[option] < least:
            raise InputError(f"{option} {params[option]} is too small: it must be at least {least}.")
    if params["new_name"] is not None:
        names.droplet_name("new_name", params["new_name"])
    if params["snapshot_name"] is not None:
        names.snapshot_name("snapshot_name", params["snapshot_name"])
    if params["by_tag"]:
        _check_by_tag(selection, params)
    given = {option: params[option] for option in (*OPTIONS, "expected_count")}
    given["image"] = _image(params["image"])
    given["shutdown_timeout"] = params["shutdown_timeout"] or SHUTDOWN_TIMEOUT
    return Request(type=kind, selection=selection, **given)


def needs_sizes(request: Request, droplets: Iterable[Droplet]) -> bool:
    """True if it depends on the sizes whether `droplets` can be resized."""
    return request.type == "resize" and any(request.disk or droplet.size != request.size for droplet in droplets)


def look(request: Request, facts: Facts) -> Observed:
    """The Droplets, and what the type of action needs besides."""
    droplets = _chosen(request, facts)
    wanted = list(map(needs.Snapshots, droplets)) if request.type == "snapshot" else []
    snapshots = dict(zip([need.droplet.id for need in wanted], facts.each(wanted), strict=True))
    return Observed(
        droplets,
        snapshots=snapshots,
        sizes=facts.get(needs.Sizes()) if needs_sizes(request, droplets) else {},
        image=None if request.image is None else facts.get(needs.Image(request.image)),
        lag=facts.lag,
    )


def _chosen(request: Request, facts: Facts) -> tuple[Droplet, ...]:
    """The Droplets of the selection; one that was to be renamed may have its new name by now."""
    selection = request.selection
    if request.new_name is not None and selection.names and len(selection.names) == 1:
        if found := facts.get(needs.Selected(replace(selection, allow_empty=True))):
            return found
        if renamed := facts.get(needs.DropletRenamedTo(request.new_name)):
            return (renamed,)
    return facts.get(needs.Selected(selection))


def plan(request: Request, observed: Observed, now: datetime) -> Plan[Request]:
    """The Plan for `request`; raises InputError or RefusedError before anything is sent."""
    _guard_number(request, observed.droplets)
    question = None
    if observed.droplets and (request.irreversible or request.confirm is not None):
        question = unconfirmed(request.irreversible or request.type, observed.droplets[0], request.confirm)
    changes = tuple(_change(request, observed, droplet, now) for droplet in observed.droplets)
    needed = [change for change in changes if change.steps]
    if not request.by_tag or not needed:
        return Plan(changes, confirmation_required=question)
    changes = tuple(change if change.steps else replace(change, notes=(*change.notes, AS_WELL)) for change in changes)
    (action,) = (step for step in needed[0].steps if isinstance(step, ActionStep))
    # The API looks the tag up by itself, perhaps in its own spelling only.
    spelled = spelling(request.tag, needed[0].target.tags or ()) or request.tag
    return Plan(changes, by_tag=ActionByTag(spelled, action))


def narrowed(request: Request, droplet: Droplet, doubt: Doubt | None = None) -> Request:
    """`request` for one Droplet; `doubt` is what keeps it from being sent."""
    return replace(
        request,
        selection=Selection.of(droplet),
        confirm=None,
        expected_count=None,
        by_tag=False,
        unlisted_until=doubt.until if doubt else None,
    )


def resumed(change: Change[Request], done: Sequence[Step], own: Sequence[Action]) -> Request:
    """The request of `change` after the steps `done`, by the actions that this run has begun."""
    request = change.request
    kinds = frozenset(step.type for step in done if isinstance(step, ActionStep))
    target = change.target
    if "rename" in kinds and request.new_name is not None:
        # A list is asked for by the name.
        target = replace(target, name=request.new_name)
    ended = [action.completed_at for action in own if action.type == "shutdown" and action.completed_at]
    return replace(request, selection=Selection.of(target), done=kinds, shutdown_ended=max(ended, default=None))


def tell(request: Request, plan: Plan[Request]) -> Record:
    """The key `by_tag` of a result: which Droplets carry the tag, and which of them need the action (ids)."""
    if not request.by_tag:
        return {}
    members, needing = ([change.target.id for change in changes] for changes in (plan.changes, plan.changing))
    return {"by_tag": {"tag": request.tag, "type": request.type, "members": members, "needing": needing}}


def describe(shown: Mapping[str, Any]) -> str:
    """One line for people from a `before` or `after`: "size s-1vcpu-1gb, disk 25 GiB, 6.00 USD a month"."""
    return ", ".join(_described(name, value) for name, value in shown.items())


def _described(name: str, value: Any) -> str:
    if name == "disk":
        return f"disk {value} GiB"
    if name == "monthly_cost":
        return "unknown cost" if value == "unknown" else f"{value:.2f} USD a month"
    if value is None or isinstance(value, bool):
        value = {None: "none", True: "on", False: "off"}[value]
    return f"{name} {value}"


def _check_by_tag(selection: Selection, params: Mapping[str, Any]) -> None:
    if selection.tags is None or len(selection.tags) != 1 or selection.exclude_tags:
        raise InputError(
            "by_tag: true needs exactly one tag and no exclude_tag: the API looks up by itself who carries the tag."
        )
    if params["power_off_after_timeout"]:
        raise InputError(
            "power_off_after_timeout is for each Droplet by itself, and by_tag: true sends one request for all: leave "
            "one of them out."
        )


def _image(text: str | None) -> int | str | None:
    """The id of an image as a number, a slug as it is."""
    return int(text) if text and text.isascii() and text.isdigit() else text


def _guard_number(request: Request, droplets: Sequence[Droplet]) -> None:
    """Raises RefusedError if it is not the number of Droplets that this may be sent to."""
    number = len(droplets)
    matched = f"the selection matches {number} Droplets, {some(droplets)}" if number else "the selection matches none"
    if number > 1 and request.irreversible:
        raise RefusedError(f"{request.irreversible}, so it takes one Droplet, and {matched}. Nothing was sent.")
    if number > 1 and request.confirm is not None:
        raise RefusedError(f"confirm names one Droplet, and {matched}. Nothing was sent.")
    if request.expected_count is not None and request.expected_count != number:
        raise RefusedError(f"expected_count is {request.expected_count}, and {matched}. Nothing was sent.")
    if request.expected_count is None and number > 1:
        raise RefusedError(
            f"{matched[0].upper()}{matched[1:]}. Nothing was sent: to send {request.type} to all of them, set "
            f"expected_count: {number}."
        )


def _change(request: Request, observed: Observed, droplet: Droplet, now: datetime) -> Change[Request]:
    before = _shown(request, droplet, observed)
    goal = request.goal
    if request.disk:
        goal["disk"] = _size(request, observed).disk
    reached = request.type in request.done if request.type in UNSEEN else _reached(goal, before)
    coming_up = request.type == "power_on" and droplet.status == "new"
    stays = Change(droplet, narrowed(request, droplet), before, before)
    if reached or coming_up:
        return stays
    if request.type in request.done and (doubt := _not_shown_yet(request, observed, droplet, goal, before, now)):
        return replace(stays, doubt=doubt)
    if why := _impossible(request, droplet, observed):
        raise RefusedError(f"Droplet {droplet}: {why}", droplet=droplet.id)
    after = {**before, **goal}
    if request.type == "resize":
        after["monthly_cost"] = _cost(_size(request, observed).price_monthly)
    visible: frozenset[datetime | None] | None = None
    doubt = None
    if request.type == "snapshot":
        points = observed.snapshots.get(droplet.id, ())
        visible = frozenset(point.created_at for point in points)
        if ids := unlisted(droplet, points):
            doubt = unlisted_doubt(ids, request.unlisted_until or now + observed.lag)
    steps, notes = _steps(request, droplet, observed), _notes(request, droplet)
    request = narrowed(request, droplet, doubt)
    return Change(droplet, request, before, after, steps, notes, visible=visible, doubt=doubt)


def _not_shown_yet(
    request: Request, observed: Observed, droplet: Droplet, goal: Record, shown: Record, now: datetime
) -> Doubt | None:
    """What is waited for once the action of this run has completed; None if there is something left to be sent.

    Raises NotConvergedError if a Droplet has stayed on after its shutdown.
    """
    if request.type == "shutdown":
        return _going_down(request, observed, droplet, now)
    hidden = [name for name in goal if name in HIDEABLE and shown[name] is None]
    if not hidden:
        return None
    where = "GET /v2/droplets" if droplet.listed else f"GET /v2/droplets/{droplet.id}"
    why = f"the API reports the {request.type} as completed, but {where} does not show its {hidden[0]}"
    return Doubt(now + timedelta(seconds=1), why)


def _going_down(request: Request, observed: Observed, droplet: Droplet, now: datetime) -> Doubt | None:
    """A shutdown only asks the system on the Droplet, which takes its time: None if that is over."""
    time = timedelta(seconds=request.shutdown_timeout)
    until = (request.shutdown_ended or now) + time
    if now < until:
        return Doubt(until, "it has been asked to shut down, and is not off yet")
    if request.power_off_after_timeout:
        return None
    why = (
        f"it is still {droplet.status} {request.shutdown_timeout} s after its shutdown, which only asks the system on "
        "it. Shut it down from inside, give it a longer shutdown_timeout, or set power_off_after_timeout: true, which "
        "is like pulling the plug"
    )
    # The list may be late by the lag.
    if now < until + observed.lag:
        return Doubt(until + observed.lag, why)
    raise NotConvergedError(why)


def _notes(request: Request, droplet: Droplet) -> tuple[str, ...]:
    """What else the user has to know or to do."""
    if request.type == "resize" and droplet.status != "off":
        return (f"resizing powers it down by itself, {_downtime(request, droplet)}; see to it that it is on again",)
    if request.type == "enable_ipv6":
        return ("the operating system on it has to be configured for the new address as well",)
    return (SCRATCH_DISK,) if request.type == "snapshot" and droplet.gpu else ()


def _downtime(request: Request, droplet: Droplet) -> str:
    if not request.disk:
        return "for a moment that nobody tells beforehand"
    most = f", up to {droplet.disk} minutes" if droplet.disk else ""
    return f"for about one minute for each GB on its disk{most}"


def _shown(request: Request, droplet: Droplet, observed: Observed) -> Record:
    """`before` of a Droplet, or `after` once it is carried out: the keys that this type changes."""
    kind = request.type
    if kind in POWER:
        return {"status": droplet.status}
    if kind in FEATURES:
        return {FEATURES[kind]: FEATURES[kind] in droplet.features}
    if kind == "rename":
        return {"name": droplet.name}
    if kind == "resize":
        return {"size": droplet.size, "disk": droplet.disk, "monthly_cost": _cost(droplet.price_monthly)}
    if kind == "change_kernel":
        return {"kernel": droplet.kernel}
    if kind == "snapshot":
        named = any(point.name == request.snapshot_name for point in observed.snapshots.get(droplet.id, ()))
        return {"snapshot": request.snapshot_name if named else None}
    if kind == "rebuild":
        return {"image": droplet.image_slug or droplet.image, "action": None}
    return {"action": None}


def _reached(goal: Record, shown: Record) -> bool:
    return all(shown[name] == value for name, value in goal.items())


def _steps(request: Request, droplet: Droplet, observed: Observed) -> tuple[Step, ...]:
    """What is left to be sent to a Droplet that is not as wanted."""
    kind = request.type
    if kind == "shutdown":
        # Only the log says whether it was sent: that the Droplet stays on may be its own doing.
        asked = ActionStep(kind, observable=False, settle_seconds=request.shutdown_timeout)
        steps: tuple[Step, ...] = () if kind in request.done else (asked,)
        return (*steps, ActionStep("power_off")) if request.power_off_after_timeout else steps
    gigabytes: float | None = {"snapshot": droplet.disk, "resize": droplet.disk}.get(kind)
    if kind == "rebuild" and observed.image:
        gigabytes = observed.image.size_gigabytes
    return (ActionStep(kind, request.arguments, kind not in UNSEEN, gigabytes),)


def _impossible(request: Request, droplet: Droplet, observed: Observed) -> str | None:
    """A sentence that says why the API could not do it to this Droplet as it is, or None."""
    kind = request.type
    if kind in ("reboot", "power_cycle") and droplet.status == "off" and not request.by_tag:
        return f"it is off, and {kind} is for one that is on. Use type: power_on, or leave it out of the selection."
    if kind == "change_kernel" and droplet.kernel is None:
        return "it has no kernel of its own to choose: since March 2017 the kernel comes with the image."
    if kind == "resize":
        return _unfit_size(_size(request, observed), droplet)
    return _unfit_image(request.image, observed.image, droplet) if kind == "rebuild" else None


def _unfit_size(size: Size, droplet: Droplet) -> str | None:
    if size.disk is not None and droplet.disk is not None and size.disk < droplet.disk:
        return (
            f"its disk has {droplet.disk} GiB, that of size {size.slug} has {size.disk} GiB, and a disk never becomes "
            "smaller. Choose a size with a disk as large as its own."
        )
    if size.slug != droplet.size and droplet.region not in (None, *size.regions):
        return f"size {size.slug} is not offered in its region {droplet.region}. Choose another size."
    return None


def _unfit_image(name: int | str | None, image: RestorePoint | None, droplet: Droplet) -> str | None:
    if image is None:
        return f"there is no image {name!r} to rebuild it from. Give the id or the slug of one."
    if droplet.region is not None and droplet.region not in image.regions:
        return f"image {name!r} is not in its region {droplet.region}. Copy it there first, or choose another one."
    if image.min_disk_size is not None and droplet.disk is not None and image.min_disk_size > droplet.disk:
        return f"image {name!r} needs a disk of {image.min_disk_size} GiB, and its own has {droplet.disk} GiB."
    return None


def _size(request: Request, observed: Observed) -> Size:
    size = None if request.size is None else observed.sizes.get(request.size)
    if size is None:
        raise InputError(f"size {request.size!r} is not among the {len(observed.sizes)} sizes that the API lists.")
    return size


def _cost(price_monthly: float | None) -> float | str:
    return "unknown" if price_monthly is None else price_monthly


ARGUMENTS = arguments.SOME_DROPLETS + arguments.Arguments(
    {
        "type": {
            "type": "str",
            "required": True,
            "choices": [
                *("power_on", "power_off", "shutdown", "reboot", "power_cycle", "rename", "resize", "rebuild"),
                *("password_reset", "enable_ipv6", "enable_private_networking", "change_kernel", "snapshot"),
                *SAFER,
            ],
        },
        "new_name": {"type": "str"},
        "size": {"type": "str"},
        "disk": {"type": "bool", "default": False},
        "image": {"type": "str"},
        "kernel": {"type": "int"},
        "snapshot_name": {"type": "str"},
        "shutdown_timeout": {"type": "int"},
        "power_off_after_timeout": {"type": "bool", "default": False},
        "confirm": {"type": "str"},
        "expected_count": {"type": "int"},
        "by_tag": {"type": "bool", "default": False},
    }
)


class DropletAction(Verb[Request]):
    """One action of the API for each Droplet that needs it."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        return request(arguments.selection(params), params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan[Request]:
        return plan(request, look(request, facts), now)

    def resume(self, change: Change[Request], done: Sequence[Step], own: Sequence[Action]) -> Request:
        return resumed(change, done, own)

    def joined(self, request: Request, droplet: Droplet) -> Change[Request]:
        note = f"got the tag {request.tag!r} after the Droplets were read"
        return Change(droplet, narrowed(request, droplet), {}, request.goal, notes=(note,))

    def summary(self, request: Request, plan: Plan[Request], _entries: Sequence[Record], _now: datetime) -> Record:
        return tell(request, plan)

    def describe(self, shown: Record) -> str:
        return describe(shown)
