# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `droplet_from_backup` does: pure, the same for check mode and for the real run.

A Droplet that it made is known by its name and by its tags (`provenance.py`). What is there is looked at first:
nothing about images and sizes needs to be known, or to be there any more, once the Droplet is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..._domain import arguments, gone, needs
from ..._domain import tags as tagging
from ..._domain.cost import monthly_backup_cost
from ..._domain.desired_policy import DesiredPolicy, offer_of, resolve_policies
from ..._domain.errors import (
    ActionFailedError,
    InputError,
    NotConvergedError,
    RefusedError,
    ScopeError,
    SelectionError,
)
from ..._domain.facts import Facts, Need
from ..._domain.models import Action, BackupPolicy, BackupState, Droplet, RestorePoint, Size, SupportedPolicy
from ..._domain.names import checked_id, droplet_name, tag_name
from ..._domain.plan import Awaited, Change, CreateDroplet, Doubt, Plan, Step
from ..._domain.restore_points import RestorePointSelector, resolve, too_old
from ..._domain.text import listed
from ..._domain.time import iso
from ..._domain.verb import Record, Verb
from ..._domain.windows import any_hour
from . import placement, provenance
from .provenance import Origin

LARGEST_USER_DATA = 64 * 1024
FEATURES = ("ipv6", "monitoring")
AS_GIVEN = ("vpc_uuid", *FEATURES, "user_data")
"""Options that go into the request as they are."""

POLICY_PARTS = ("plan", "weekday", "hour", "window_length_hours", "retention_period_days")
ABSENT: Record = {"state": "absent", "monthly_cost": 0.0}
_NO_ADDRESS = "none of its addresses shows yet in the networks that GET /v2/droplets tells"


@dataclass(frozen=True, slots=True)
class Made:
    """What a Droplet is made with; `policy` is None if its backups are as they may be."""

    tags: tuple[str, ...]
    policy: BackupPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for: a Droplet `name` from `wanted`, of the Droplet `source_id` or `source_name` if any.

    None is "left out". `options` are further fields of the request that creates it. `backups` is the DesiredPolicy for
    its backups, None if they stay off. `planned` is the Change to carry on with, once there is one, and `made` what the
    Droplet is made with, None if it was there before.
    """

    name: str
    wanted: RestorePointSelector
    source_id: int | None = None
    source_name: str | None = None
    size: str | None = None
    region: str | None = None
    tags: tuple[str, ...] = ()
    options: Record = field(default_factory=dict, repr=False)
    backups: DesiredPolicy | None = None
    wait: bool = True
    planned: Change[Any] | None = None
    made: Made | None = None

    @property
    def known(self) -> int | None:
        """The id of the Droplet that this run has made or found; None as long as there is none."""
        return self.planned.target.id if self.planned else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the Droplets that it is about."""
        return (self.name,) if self.source_name is None else (self.name, self.source_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What has been read: `named` are the Droplets of the names in the request, in any capitalisation.

    Of a Droplet that is there `state` is known, while it is new its `history`, and the `image` that it was made from.
    For one to be made it is the image that was named by its id, or else the `source` and its restore `points`, which
    are `left` of it if it is gone. `sizes` are by slug, None if the token may not read them. `unseen` are
    creations in the account's log whose Droplet does not show yet, all of them younger than `lag`, by which what is
    read may be late.
    """

    named: tuple[Droplet, ...] = ()
    state: BackupState | None = None
    history: tuple[Action, ...] = ()
    source: Droplet | None = None
    points: tuple[RestorePoint, ...] = ()
    left: gone.Source | None = None
    image: RestorePoint | None = None
    sizes: dict[str, Size] | None = None
    supported: tuple[SupportedPolicy, ...] = ()
    unseen: tuple[Action, ...] = ()
    lag: timedelta = timedelta()


def request(params: Mapping[str, Any]) -> Request:
    """The Request in a task's `params`; raises InputError."""
    for name in ("size", "region", "vpc_uuid", "source_droplet_name"):
        if params[name] is not None and not params[name].strip():
            raise InputError(f"{name} is empty: leave it out, or say what is meant.")
    if len((params["user_data"] or "").encode()) > LARGEST_USER_DATA:
        raise InputError("user_data has more than 64 KiB, which is the most that DigitalOcean takes.")
    wanted = RestorePointSelector.from_options(params)
    _check_source(params, wanted)
    options = {name: params[name] for name in AS_GIVEN if params[name] is not None}
    if params["ssh_keys"]:
        options["ssh_keys"] = [int(key) if key.isdecimal() else key for key in params["ssh_keys"]]
    return Request(
        name=droplet_name("name", params["name"]),
        wanted=wanted,
        source_id=params["source_droplet_id"],
        source_name=params["source_droplet_name"],
        size=params["size"],
        region=params["region"],
        tags=_checked_tags(params["tags"] or ()),
        options=options,
        backups=_wish(params),
        wait=params["wait"],
    )


def look(request: Request, facts: Facts, now: datetime) -> Observed:
    """The Droplets of that name; only if it has to be made, what it can be made from, and the sizes."""
    named = facts.get(needs.DropletsNamed(request.names))
    seen = Observed(named=named, lag=facts.lag)
    found = there(request, named)
    if found is None:
        made, unseen = facts.get(needs.DropletsMadeLately(frozenset(droplet.id for droplet in named)))
        seen = replace(seen, named=(*named, *made), unseen=unseen)
        found = there(request, seen.named)
    if request.known is not None and request.known not in [droplet.id for droplet in seen.named]:
        # It was found before, by another way than the lists.
        seen = _with(seen, facts.get(needs.DropletById(request.known)))
        found = there(request, seen.named)
    if found is not None:
        return _as_it_is(request, seen, found, facts)
    if request.planned is not None:
        return seen
    supported = facts.get(needs.SupportedPolicies()) if request.backups else ()
    seen = _origin(request, replace(seen, sizes=_sizes_if_allowed(facts), supported=supported), facts)
    found = _last_made(request, seen, facts, now)
    return _as_it_is(request, _with(seen, found), found, facts) if found else seen


def _sizes_if_allowed(facts: Facts) -> dict[str, Size] | None:
    try:
        return facts.get(needs.Sizes())
    except ScopeError:
        return None


def _last_made(request: Request, seen: Observed, facts: Facts, now: datetime) -> Droplet | None:
    """The Droplet of the name wanted, if it is the last that was made from the image; else None.

    An earlier run may have made it just now, and neither list nor log may show it yet. Raises ScopeError if the token
    may not read tags, by which it is known.
    """
    key = facts.get(needs.LastTagged(provenance.tag_of(chosen(request, seen, now).id)))
    last = None if key is None else facts.get(needs.DropletById(key))
    return last if last and last.name == request.name else None


def _with(seen: Observed, droplet: Droplet | None) -> Observed:
    return replace(seen, named=(*seen.named, *filter(None, [droplet])))


def _as_it_is(request: Request, seen: Observed, droplet: Droplet, facts: Facts) -> Observed:
    if request.known is None:
        needs.prove_tags_are_shown([provenance.FROM], [droplet], facts)
    own = request.planned is not None
    image = None if own else next(iter(Origin.of(droplet).images), None)
    new, backups = droplet.status == "new", not own or bool(request.made and request.made.policy)
    asked: list[Need[Any]] = [needs.State(droplet.id)] if backups else []
    asked += [needs.LatestActions(droplet.id)] if new else []
    asked += [] if image is None else [needs.Image(image)]
    facts.require(*asked)
    return replace(
        seen,
        state=facts.get(needs.State(droplet.id)) if backups else None,
        history=facts.get(needs.LatestActions(droplet.id)) if new else (),
        image=None if image is None else facts.get(needs.Image(image)),
    )


def _origin(request: Request, seen: Observed, facts: Facts) -> Observed:
    if request.wanted.id is not None:
        image = facts.get(needs.Image(request.wanted.id))
        if image and lacks_source(request, image):
            return replace(seen, image=image, source=facts.get(needs.OwnerOfImage(image.id)))
        return replace(seen, image=image)
    key = source_id(request, seen.named)
    source = None if key is None else facts.get(needs.DropletById(key))
    if source is None:
        left = left_of_source(request, seen.named, facts.get(needs.WhatIsLeft()))
        return replace(seen, source=left.droplet, points=left.points, left=left)
    facts.require(needs.Backups(source), needs.Snapshots(source))
    return replace(seen, source=source, points=(*facts.get(needs.Backups(source)), *facts.get(needs.Snapshots(source))))


def there(request: Request, named: Iterable[Droplet]) -> Droplet | None:
    """The one Droplet among `named` that has the name wanted, or None.

    Raises SelectionError if there are two, NotConvergedError if this run has made one of them.
    """
    same = [droplet for droplet in named if droplet.name == request.name]
    if len(same) > 1 and request.planned:
        ids = listed(droplet.id for droplet in same)
        raise NotConvergedError(f"another of this name was made meanwhile: ids {ids}; none was deleted")
    if len(same) > 1:
        raise SelectionError(
            f"{len(same)} Droplets are named {request.name!r}: ids {listed(droplet.id for droplet in same)}. Which one "
            "is meant cannot be told, so none was made, changed or deleted. Delete or rename what is not needed.",
            droplet=same[0].id,
        )
    return next(iter(same), None)


def source_id(request: Request, named: Iterable[Droplet]) -> int | None:
    """The id of the Droplet whose restore points are meant; None if one is named by its id, or if nobody has the name.

    One that was made from a Droplet of its own name, which is gone, is not its source. Raises SelectionError.
    """
    name = request.source_name
    if name is None:
        return request.source_id
    same = [droplet for droplet in named if droplet.name == name]
    if len(same) > 1:
        ids = listed(droplet.id for droplet in same)
        raise SelectionError(f"{len(same)} Droplets are named {name!r}: ids {ids}. Say which with source_droplet_id.")
    if not same or (name == request.name and _is_of_one_gone(name, same[0])):
        return None
    return same[0].id


def left_of_source(request: Request, named: Iterable[Droplet], account: gone.Account) -> gone.Source:
    """What is left of the Droplet that is meant, which is gone; raises SelectionError."""
    name, whose, found = request.source_name, f"has the id {request.source_id}", None
    if name is not None:
        found, whose = gone.by_name(account, name), f"is named {name!r}"
    elif request.source_id is not None:
        found = gone.by_id(account, request.source_id)
    if late := [each for each in account.droplets if each.id == request.source_id or each.name == name]:
        raise SelectionError(
            f"Droplet {late[0]} did not show at first, and does now: the API was behind. Run the task again.",
            droplet=late[0].id,
        )
    if found:
        return found
    if near := [droplet for droplet in named if name and droplet.name.lower() == name.lower()]:
        raise SelectionError(f"No Droplet {whose}. There is {listed(near)}: write the name exactly so.")
    raise SelectionError(f"{gone.nothing_left(whose, account)} A restore point can be named by its id.")


def _is_of_one_gone(name: str | None, droplet: Droplet) -> bool:
    """True if `droplet` was made from a restore point of a Droplet of that name that was gone."""
    return name is not None and provenance.name_in_a_tag(name) in Origin.of(droplet).names


def lacks_source(request: Request, image: RestorePoint) -> bool:
    """True if what the request leaves out depends on the Droplet that `image` was taken of."""
    return request.size is None or (request.region is None and len(image.regions) != 1)


def plan(request: Request, observed: Observed, now: datetime) -> Plan[Request]:
    """The Plan for `request`; raises an error of `_domain.errors` before anything is sent."""
    droplet, planned = there(request, observed.named), request.planned
    if planned is None and droplet is not None:
        return Plan((_narrowed(request, _existing(request, observed, droplet, now)),))
    if planned is None:
        change, made = _creation(request, observed, now)
        change = _narrowed(request, replace(change, doubt=_doubt(observed, now)), made)
        return Plan((change,), tuple(_warnings(request, observed, made)))
    if droplet is not None and request.known in (None, droplet.id):
        return Plan((_made(request, planned, observed, droplet, now),))
    # What was found once and is there no more was deleted meanwhile, and is not made again.
    again = replace(planned, request=request, doubt=_doubt(observed, now))
    return Plan((again,) if planned.target.id is None else ())


def _narrowed(request: Request, change: Change[Request], made: Made | None = None) -> Change[Request]:
    """`change` with the request for what was chosen: a backup made or a source deleted meanwhile does not change it."""
    decided = RestorePointSelector(backup_id=change.after["image"])
    narrowed = replace(request, planned=change, made=made, wanted=decided, source_id=None, source_name=None)
    return replace(change, request=narrowed)


def _doubt(observed: Observed, now: datetime) -> Doubt | None:
    """What keeps the Droplet from being made: one that was begun just now and does not show may be the same."""
    latest = max(observed.unseen, key=lambda action: (action.started_at or now, action.id), default=None)
    if latest is None:
        return None
    why = f"action {latest.id} (create) has begun a Droplet, and what it is called does not show yet"
    return Doubt(min(latest.started_at or now, now) + observed.lag, why, latest)


def resumed(change: Change[Request]) -> Request:
    """The request of `change`, whose Droplet may be known by now."""
    planned = change.request.planned
    return replace(change.request, planned=planned and replace(planned, target=change.target))


def _unfinished(request: Request, observed: Observed, droplet: Droplet) -> str | None:
    """What a Droplet lacks that this run has made or waited for, as a sentence; None if the next run finds it up."""
    if not droplet.listed:
        return "the list of Droplets does not show it yet"
    if droplet.status != "active":
        return f"its creation has ended, and its status is {droplet.status!r} instead of 'active'"
    if request.made and (lacking := _lacks(request.made, droplet, observed.state)):
        return lacking
    return None if any(_networks(droplet).values()) else _NO_ADDRESS


def describe(shown: Mapping[str, Any]) -> str:
    """One line for people: "s-1vcpu-1gb in nyc3 from image 118 (web-01- 2026-03-11), no backups, 6.00 USD a month"."""
    if shown["state"] == "absent":
        return "absent"
    parts = [f"{shown['size']} in {shown['region']} from image {shown['image']} ({shown['image_name']})"]
    parts += [f"{name} {'on' if shown[name] else 'off'}" for name in FEATURES if name in shown]
    parts += [f"VPC {shown['vpc_uuid']}"] if "vpc_uuid" in shown else []
    parts += [f"tags {listed(shown['tags'])}"] if "tags" in shown else []
    policy = shown["backups"]
    if policy["state"] == "disabled":
        parts.append("no backups")
    else:
        weekday = f" on {policy['weekday']}" if "weekday" in policy else ""
        hour = f" at {policy['hour']:02d}:00 UTC" if "hour" in policy else ""
        parts.append(f"backups {policy.get('plan') or 'on'}{weekday}{hour}")
    cost = shown["monthly_cost"]
    return listed([*parts, "cost unknown" if cost == "unknown" else f"{cost:.2f} USD a month"])


def _check_source(params: Mapping[str, Any], wanted: RestorePointSelector) -> None:
    given = [name for name in ("source_droplet_id", "source_droplet_name") if params[name] is not None]
    if wanted.id is None and not given:
        raise InputError(
            "newest, before and snapshot_name go by a Droplet: set source_droplet_id or source_droplet_name."
        )
    if wanted.id is not None and given:
        raise InputError(
            f"{given[0]} goes with newest, before and snapshot_name; {wanted} is named by its id, so leave it out."
        )
    checked_id("source_droplet_id", params["source_droplet_id"])


def _checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    for tag in tags:
        tag_name("tags", tag)
        if provenance.reserved(tag):
            raise InputError(f"tags {tag!r} is one that this module sets by itself: leave it out.")
    return tagging.distinct(tags)


def _wish(params: Mapping[str, Any]) -> DesiredPolicy | None:
    """What is wanted of the backups of the new Droplet, None if they stay off; raises InputError."""
    policy = params["backup_policy"]
    if params["backups"] is False and policy:
        raise InputError("backups: false leaves no policy, so backup_policy cannot be set with it.")
    if not (params["backups"] or policy):
        return None
    given = dict.fromkeys(POLICY_PARTS) | (policy or {})
    several = {name: None if given[name] is None else [given[name]] for name in ("weekday", "hour")}
    unlisted = params["allow_unlisted_plan"]
    return DesiredPolicy.from_options(
        {**given, **several, "state": "enabled", "allow_unlisted_plan": unlisted, "existing_backups": None}
    )


def _existing(request: Request, observed: Observed, droplet: Droplet, now: datetime) -> Change[Request]:
    """The Change of a Droplet that is there: none, if it is the one that was made; raises RefusedError if it is not."""
    image = _same_origin(request, observed, droplet)
    known = observed.image if observed.image and observed.image.id == image else None
    point = known or RestorePoint(image, None, None)  # type: ignore[arg-type]  # the result shows that they are unknown
    new = droplet.status == "new"
    if not new and (why := _outside(request.wanted, image, known, now)):
        raise RefusedError(
            f"There is a Droplet {droplet} already, which was made from {why}. Choose another name, or rename or "
            "delete that one first: this module does neither.",
            droplet=droplet.id,
        )
    running = _creation_of(observed, droplet, image)
    wait_for = Awaited(running, point.size_gigabytes) if running and request.wait else None
    until = (droplet.created_at or now) + observed.lag
    doubt: Doubt | None = None
    if request.wait and new and not running:
        doubt = Doubt(until, "it is not up yet, and the action that makes it does not show yet")
    elif request.wait and droplet.status == "active" and not any(_networks(droplet).values()):
        doubt = Doubt(until, _NO_ADDRESS)
    state = observed.state or BackupState(False)
    shown = _shown(droplet.size, droplet.region, point, droplet.price_monthly, state)
    return Change(
        droplet,
        request,
        shown,
        shown,
        notes=tuple(_differences(request, observed, droplet)) if not new else () if wait_for else ("it is not up yet",),
        wait_for=wait_for,
        doubt=doubt if doubt and now < doubt.until else None,
        extra_result={"restore_point": _told(point, now), "networks": None if new else _networks(droplet)},
    )


def _made(
    request: Request, planned: Change[Any], observed: Observed, droplet: Droplet, now: datetime
) -> Change[Request]:
    """The Change of the Droplet that this run has made or waits for."""
    # The tags of the one that is known by its id may show late.
    image = planned.after["image"] if request.known else _same_origin(request, observed, droplet)
    running = _creation_of(observed, droplet, image)
    why = None if running else _unfinished(request, observed, droplet)
    return Change(
        droplet,
        request,
        planned.after,
        planned.after,
        wait_for=Awaited(running) if running else None,
        doubt=Doubt(now + timedelta(seconds=1), why) if why else None,
        extra_result={"networks": _networks(droplet)},
    )


def _creation_of(observed: Observed, droplet: Droplet, image: int) -> Action | None:
    """The action that makes a new Droplet, as long as it is in progress; raises ActionFailedError."""
    creations = [action for action in observed.history if action.type == "create"]
    if droplet.status == "new" and any(action.errored for action in creations):
        raise ActionFailedError(
            f"Droplet {droplet} was made from image {image} and never came up: its creation ended as errored. Delete "
            "it in the control panel, for this collection deletes no Droplet, then run the task again.",
            droplet=droplet.id,
        )
    return next((action for action in creations if action.in_progress), None)


def _same_origin(request: Request, observed: Observed, droplet: Droplet) -> int:
    """The id of the image that `droplet` was made from; raises RefusedError or SelectionError if it is another one."""
    made, wanted = Origin.of(droplet), source_id(request, observed.named)
    if not made.images:
        why = f"was not made by this module: it has no tag {provenance.FROM}…"
    elif request.wanted.id is not None:
        if request.wanted.id in made.images:
            return request.wanted.id
        why = f"was made from image {made.images[0]}, not from {request.wanted}"
    else:
        name = request.source_name
        if wanted in made.sources or (wanted is None and _is_of_one_gone(name, droplet)):
            return made.images[0]
        if wanted is None and made.sources and not made.names:
            raise SelectionError(
                f"No Droplet is named {name!r}. {droplet} was made from Droplet {made.sources[0]}: if that is the one, "
                f"set source_droplet_id: {made.sources[0]}.",
                droplet=droplet.id,
            )
        whose = f"of Droplet {made.sources[0]}" if made.sources else "whose Droplet was not known"
        why = f"was made from image {made.images[0]} {whose}, not from one of Droplet {wanted or name}"
    raise RefusedError(
        f"There is a Droplet {droplet} already, which {why}. Choose another name, or rename or delete that one first: "
        "this module does neither.",
        droplet=droplet.id,
    )


def _outside(wanted: RestorePointSelector, image: int, point: RestorePoint | None, now: datetime) -> str | None:
    """Why a Droplet that is there is not what is wanted, by the restore point that it was made from; or None.

    `point` is None if the image is gone, so that its name and time are not known any more.
    """
    limits = [name for name in ("before", "snapshot_name", "max_age_hours") if getattr(wanted, name) is not None]
    if point is None and limits:
        instead = "leave max_age_hours out" if wanted.id is not None else f"name it by backup_id: {image} alone"
        return (
            f"image {image}, which is gone by now: nothing tells whether it fits {listed(limits)}. If that Droplet is "
            f"the one, {instead}"
        )
    if point is None:
        return None
    made = f"{point} of {iso(point.created_at)}" if point.created_at else f"{point} of an unknown time"
    if wanted.id is None and limits and not wanted.describes(point):
        return f"{made}, and that is not {wanted}"
    if told := too_old(wanted, point, now):
        return f"{made}: it is {told}"
    return None


def _creation(request: Request, observed: Observed, now: datetime) -> tuple[Change[Request], Made]:
    """The Change of a Droplet that is to be made, and what it is made with."""
    point, source = chosen(request, observed, now), observed.source
    region = placement.region(request.region, point, source)
    size = placement.size(request.size, observed.sizes, point, region, source)
    policy = _policy(request, observed.supported)
    gone_name = source.name if source and observed.left else None
    tags = (*provenance.tags(point.id, source.id if source else None, gone_name), *request.tags)
    body: Record = {"name": request.name, "size": size.slug, "region": region, "image": point.id, "tags": list(tags)}
    body |= request.options
    if policy:
        body |= {"backups": True, "backup_policy": policy.to_api()}
    after = _shown(size.slug, region, point, size.price_monthly, BackupState(bool(policy), policy))
    after |= {name: request.options[name] for name in ("vpc_uuid", *FEATURES) if name in request.options}
    if request.tags:
        after["tags"] = list(request.tags)
    change = Change(
        _to_be_made(request),
        request,
        ABSENT,
        after,
        (CreateDroplet(body, point.size_gigabytes),),
        extra_result={"restore_point": _told(point, now), "networks": None},
    )
    return change, Made(tags, policy)


def _to_be_made(request: Request) -> Droplet:
    return Droplet(None, request.name)  # type: ignore[arg-type]  # it gets its id when it is made


def chosen(request: Request, observed: Observed, now: datetime) -> RestorePoint:
    """What to make the Droplet from; raises SelectionError, InputError or RefusedError."""
    wanted, image = request.wanted, observed.image
    if wanted.id is None and observed.source is not None:
        point = resolve(wanted, observed.points, observed.source, now)
        if observed.left:
            gone.prove_newest(wanted, point, observed.left)
        return point
    if image is None:
        raise SelectionError(f"There is no {wanted}: it has expired, was deleted, or belongs to another account.")
    kind = "snapshot" if wanted.backup_id is None else "backup"
    if image.public or image.type not in ("backup", "snapshot"):
        what = "a public image" if image.public or image.type == "base" else f"an image of type {image.type!r}"
        raise RefusedError(
            f"Image {image.id} ({image.name}) is {what}, no restore point: name a backup or a snapshot of a Droplet."
        )
    if image.type != kind:
        raise InputError(f"Image {image.id} ({image.name}) is a {image.type}: name it with {image.type}_id.")
    if told := too_old(wanted, image, now):
        raise RefusedError(f"The {image} is {told}. Raise it, or name a younger one.")
    return image


def _policy(request: Request, supported: Sequence[SupportedPolicy]) -> BackupPolicy | None:
    """The policy to create it with, if any; raises InputError.

    If no hour is wanted it follows from the name, since there is no id yet that it could follow from.
    """
    desired = request.backups
    if desired is None:
        return None
    target = _to_be_made(request)
    policy = resolve_policies(desired, (target,), (target,), {target.id: BackupState(False)}, supported)[target.id]
    offer = offer_of(supported, policy.plan)
    if desired.hours is None and offer and offer.hours:
        policy = replace(policy, hour=any_hour(request.name, offer.hours))
    return policy


def _warnings(request: Request, observed: Observed, made: Made) -> Iterator[str]:
    if made.policy and offer_of(observed.supported, made.policy.plan) is None:
        yield f"Plan {made.policy.plan!r} is not among the supported ones and is sent because of allow_unlisted_plan."
    if observed.sizes is None:
        yield "The token may not read sizes (scopes sizes:read and regions:read): whether the size fits is not checked."
    for droplet in observed.named:
        if droplet.name.lower() == request.name.lower():
            yield f"There is a Droplet {droplet} too, whose name differs from {request.name!r} by capitals alone."


def _differences(request: Request, observed: Observed, droplet: Droplet) -> Iterator[str]:
    """Sentences about what was asked for and is otherwise on a Droplet that is there, and stays so."""
    has: Record = {"size": droplet.size, "region": droplet.region, "vpc_uuid": droplet.vpc_uuid or None}
    has |= {name: name in droplet.features for name in FEATURES}
    asked = {"size": request.size, "region": request.region, **request.options}
    for name, value in has.items():
        if None not in (value, asked.get(name)) and asked[name] != value:
            yield f"left as it is: {name} is {_word(value)}, wanted is {_word(asked[name])}"
    if missing := tagging.missing(request.tags, droplet.tags):
        yield f"left as it is: it lacks the tags {listed(missing)}"
    if request.backups and observed.state and not request.backups.matches(observed.state):
        found = listed(_shown_backups(observed.state).values())
        yield f"left as it is: backups are {found}, which is not what is wanted; droplet_backups changes them"


def _word(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _lacks(made: Made, droplet: Droplet, state: BackupState | None) -> str | None:
    """What a new Droplet lacks of what it was `made` with, as a sentence, or None."""
    if made.tags and droplet.tags is None:
        return f"GET /v2/droplets does not tell its tags, and it should have {listed(made.tags)}"
    if missing := tagging.missing(made.tags, droplet.tags):
        return f"it lacks the tags {listed(missing)}"
    if made.policy is None:
        return None
    if state and state.enabled and state.policy is None:
        return f"GET /v2/droplets/{droplet.id}/backups/policy does not tell its backup_policy, which is asked for"
    actual = state.policy.to_api() if state and state.policy else {}
    lacking = [f"{name} {value}" for name, value in made.policy.to_api().items() if actual.get(name) != value]
    where = f"GET /v2/droplets/{droplet.id}/backups/policy"
    return f"its backups are not as asked for: {listed(lacking)} (told by {where})" if lacking else None


def _shown(
    size: str | None, region: str | None, point: RestorePoint, price: float | None, state: BackupState
) -> Record:
    """`before` or `after` of a Droplet that is there; `price` in USD a month."""
    backups = monthly_backup_cost(price, state)
    cost = "unknown" if price is None or backups is None else round(price + backups, 2)
    shown: Record = {"state": "present", "size": size, "region": region, "image": point.id, "image_name": point.name}
    return {**shown, "backups": _shown_backups(state), "monthly_cost": cost}


def _shown_backups(state: BackupState) -> Record:
    if not state.enabled:
        return {"state": "disabled"}
    policy = state.policy.to_api() if state.policy else {}
    return {"state": "enabled", **{name: policy[name] for name in ("plan", "weekday", "hour") if name in policy}}


def _told(point: RestorePoint, now: datetime) -> Record:
    return {
        "id": point.id,
        "name": point.name,
        "type": point.type,
        "created_at": iso(point.created_at),
        "age_hours": point.age_hours(now),
    }


def _networks(droplet: Droplet) -> Record:
    return {name: getattr(droplet, name) for name in ("public_v4", "private_v4", "public_v6")}


_POLICY = {
    "plan": {"type": "str"},
    "weekday": {"type": "str"},
    "hour": {"type": "int"},
    "window_length_hours": {"type": "int"},
    "retention_period_days": {"type": "int"},
}
ARGUMENTS = arguments.RESTORE_POINT + arguments.Arguments(
    {
        "name": {"type": "str", "required": True},
        "source_droplet_id": {"type": "int"},
        "source_droplet_name": {"type": "str"},
        "size": {"type": "str"},
        "region": {"type": "str"},
        "vpc_uuid": {"type": "str"},
        "ssh_keys": {"type": "list", "elements": "str", "no_log": False},
        "tags": {"type": "list", "elements": "str"},
        "user_data": {"type": "str", "no_log": True},
        "monitoring": {"type": "bool"},
        "ipv6": {"type": "bool"},
        "backups": {"type": "bool"},
        "backup_policy": {"type": "dict", "options": _POLICY},
        "allow_unlisted_plan": {"type": "bool", "default": False},
    },
    mutually_exclusive=(("source_droplet_id", "source_droplet_name"),),
)


class DropletFromBackup(Verb[Request]):
    """A new Droplet from a restore point."""

    arguments = ARGUMENTS

    def request(self, params: Mapping[str, Any]) -> Request:
        return request(params)

    def plan(self, request: Request, facts: Facts, now: datetime) -> Plan[Request]:
        return plan(request, look(request, facts, now), now)

    def resume(self, change: Change[Request], _done: Sequence[Step], _own: Sequence[Action]) -> Request:
        return resumed(change)

    def describe(self, shown: Record) -> str:
        return describe(shown)
