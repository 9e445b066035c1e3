# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what plans lack, for many plans together: pages when many targets need something, single reads when few do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from .._domain import needs
from .._domain.errors import LifeboatError, SelectionError
from .._domain.facts import Facts, Missing, Need
from .._domain.models import Action, Droplet
from .._domain.quota import FEW
from .._domain.selection import Selection
from . import actions, backups, droplets, gone, images, newest, regions, sizes, statuses, tags, wait
from .client import Client
from .images import Lists

T = TypeVar("T")

Known = Mapping[Any, Any]
"""Facts by need, a LifeboatError for what could not be read."""


def answer(client: Client, question: Callable[[Facts], T]) -> T:
    """What `question` returns once all that it asks `facts` for has been read; raises what it raises."""
    (found,) = answers(client, [question])
    return value_of(found)


def value_of(found: T | Exception) -> T:
    """One of the `answers`; raises it if it is an error."""
    if isinstance(found, Exception):
        raise found
    return found


class Round(Lists):
    """What is read for several who ask together.

    With `as_before` what a task has read before is read in the same way, by the list in which it was found: a list may
    show later what was done than a read by id, and the next run goes by the list.
    """

    def __init__(self, client: Client, as_before: bool) -> None:
        super().__init__(client)
        self.as_before = as_before


def answers(client: Client, questions: Sequence[Callable[[Facts], T]], as_before: bool = False) -> list[T | Exception]:
    """What each of `questions` returns or raises; what several of them lack is read for all of them together.

    `as_before` is that of the Round.
    """
    facts, lists = Facts(client.lag_tolerance, read_at=client.budget.spent), Round(client, as_before)
    found: list[T | Exception] = []
    while True:
        found = [_attempt(question, facts) for question in questions]
        missing = dict.fromkeys(need for one in found if isinstance(one, Missing) for need in one.needs)
        if not missing:
            return found
        _read(client, lists, facts, list(missing))


def _attempt(question: Callable[[Facts], T], facts: Facts) -> T | Exception:
    try:
        return question(facts)
    except Exception as error:  # pylint: disable=broad-except
        # It is raised, or reported for the one target that it is about, by who asked.
        return error


def _read(client: Client, lists: Round, facts: Facts, missing: Sequence[Need[Any]]) -> None:
    """Add the facts that are missing, one kind of need after the other, in the order in which they were asked for."""
    by_kind: dict[type[Need[Any]], list[Need[Any]]] = {}
    for need in missing:
        by_kind.setdefault(type(need), []).append(need)
    for kind, asked in by_kind.items():
        began = client.budget.spent
        try:
            known = READERS[kind](client, lists, asked)
        except LifeboatError as error:
            known = dict.fromkeys(asked, error)
        # A single read may have been repeated until it was answered: then its last attempt counts.
        facts.add(known, client.meter.sent_at if len(asked) == 1 else began)


Reader = Callable[[Client, Round, Sequence[Any]], Known]


def _each(read: Callable[[Client, Any], Any]) -> Reader:
    """A reader that asks for each need by itself; one that fails does not keep the others from being read."""

    def attempt(client: Client, need: Any) -> Any:
        try:
            return read(client, need)
        except LifeboatError as error:
            return error

    def read_all(client: Client, _lists: Round, asked: Sequence[Any]) -> Known:
        return dict(zip(asked, client.map(lambda need: attempt(client, need), asked), strict=True))

    return read_all


def _of_droplets(read: Callable[[Client, Sequence[Droplet], Lists], Mapping[int, Any]]) -> Reader:
    """A reader of something that each Droplet has, by its id."""

    def read_all(client: Client, lists: Round, asked: Sequence[Any]) -> Known:
        found = read(client, [need.droplet for need in asked], lists)
        return {need: found[need.droplet.id] for need in asked}

    return read_all


def _selected(client: Client, lists: Round, asked: Sequence[needs.Selected]) -> Known:
    found = _as_before(client, asked) if lists.as_before else _by_ids(client, asked)
    read_each = _each(lambda client, need: tuple(droplets.chosen(client, need.selection)))
    return {**found, **read_each(client, lists, [need for need in asked if need not in found])}


def _as_before(client: Client, asked: Sequence[needs.Selected]) -> dict[Any, tuple[Droplet, ...] | SelectionError]:
    """The facts of selections of Droplets that were read before."""
    known = {need: need.selection.known for need in asked if need.selection.known is not None}
    existing = {droplet.id: droplet for droplet in droplets.read_again(client, list(known.values()))}
    return {need: _finished(client, need.selection, existing) for need in known}


def _by_ids(client: Client, asked: Sequence[needs.Selected]) -> dict[Any, tuple[Droplet, ...] | SelectionError]:
    """The facts of selections by id without anything to exclude, if there are more than a few: read together."""
    plain = [need for need in asked if need.selection.ids and not need.selection.exclude_tags]
    if len(plain) <= FEW:
        return {}
    existing = droplets.existing_by_id(client, [key for need in plain for key in need.selection.ids or ()])
    return {need: _finished(client, need.selection, existing) for need in plain}


def _finished(
    client: Client, selection: Selection, existing: dict[int, Droplet]
) -> tuple[Droplet, ...] | SelectionError:
    """What remains of a selection by id, out of the Droplets that exist, or its error."""
    try:
        return tuple(droplets.finish(client, selection, droplets.of_ids(selection, existing)))
    except SelectionError as error:
        return error


def _fleet(client: Client, need: needs.Fleet) -> tuple[tuple[Droplet, ...], needs.States]:
    found, states = backups.fleet(client, need.selection)
    return tuple(found), states


def _fleets(client: Client, lists: Round, asked: Sequence[needs.Fleet]) -> Known:
    if lists.as_before:
        # What a task about policies may have changed is not in the list of Droplets.
        known = {need: need.selection.known for need in asked if need.selection.known is not None}
        states = backups.states_by_id(client, {droplet.id for droplet in known.values()}, as_before=True)
        others = _fleets_anew(client, lists, [need for need in asked if need not in known])
        return {**others, **{need: ((droplet,), states) for need, droplet in known.items()}}
    return _fleets_anew(client, lists, asked)


def _fleets_anew(client: Client, lists: Round, asked: Sequence[needs.Fleet]) -> Known:
    if len(asked) <= FEW:
        return _each(_fleet)(client, lists, asked)
    selected = _selected(client, lists, [needs.Selected(need.selection) for need in asked])
    ids = {droplet.id for found in selected.values() if isinstance(found, tuple) for droplet in found}
    states = backups.states_by_id(client, ids)
    return {
        needs.Fleet(need.selection): found if isinstance(found, LifeboatError) else (found, states)
        for need, found in selected.items()
    }


def _whole_account(client: Client, _need: needs.WholeAccount) -> tuple[tuple[Droplet, ...], needs.States, datetime]:
    began = client.budget.spent
    found, states = backups.everyone(client, Selection(everything=True))
    # Only an answer tells the server's time.
    return tuple(found), states, client.now() - timedelta(seconds=client.budget.spent - began)


def _fleet_backups(client: Client, lists: Round, asked: Sequence[needs.FleetBackups]) -> Known:
    return {need: newest.all_backups(client, need.droplets, lists) for need in asked}


def _newest_backups(client: Client, lists: Round, asked: Sequence[needs.NewestBackups]) -> Known:
    return {need: newest.newest_backups(client, need.droplets, need.whole, lists) for need in asked}


def _policies_changed_at(client: Client, _lists: Round, asked: Sequence[needs.PolicyChangedAt]) -> Known:
    found = statuses.policies_changed_at(client, [need.droplet for need in asked])
    return {need: found[need.droplet.id] for need in asked}


def _droplets_by_id(client: Client, _lists: Round, asked: Sequence[needs.DropletById]) -> Known:
    existing = droplets.existing_by_id(client, [need.id for need in asked])
    return {need: existing.get(need.id) for need in asked}


def _states(client: Client, lists: Round, asked: Sequence[needs.State]) -> Known:
    states = backups.states_by_id(client, {need.droplet for need in asked}, lists.as_before)
    return {need: states.get(need.droplet) for need in asked}


def _were_backups(client: Client, _lists: Round, asked: Sequence[needs.WereBackups]) -> Known:
    found = backups.find_converted(client, [(need.droplet, need.snapshots) for need in asked])
    return {need: found.intersection(point.id for point in need.snapshots) for need in asked}


def _remaining(client: Client, lists: Round, asked: Sequence[needs.Remaining]) -> Known:
    left, kept = backups.remaining_restore_points(client, [(need.droplet, need.points) for need in asked], lists)
    return {need: (left[need.droplet.id], kept[need.droplet.id]) for need in asked}


def _own_images(client: Client, lists: Round, asked: Sequence[needs.OwnImage]) -> Known:
    found = images.those(client, [need.id for need in asked], lists)
    return {need: found[need.id] for need in asked}


def _tagged(client: Client, lists: Round, asked: Sequence[needs.Tagged]) -> Known:
    found = images.those(client, [need.point.id for need in asked if need.point.tags is None], lists)
    known = {}
    for need in asked:
        image = found.get(need.point.id)
        shown = need.point.tags is not None
        known[need] = need.point if shown else replace(need.point, tags=(image and image.tags) or ())
    return known


def _image_logs(client: Client, _lists: Round, asked: Sequence[needs.ImageLog]) -> Known:
    logs = actions.of_images(client, [need.image for need in asked])
    return {need: tuple(logs[need.image]) for need in asked}


def _log_search(client: Client, need: needs.LogSearch) -> tuple[tuple[Action, ...], bool]:
    found, complete = actions.newest(client, need.matches, need.limit, need.since, need.droplet)
    return tuple(found), complete


def _action(client: Client, need: needs.ActionById) -> Action:
    find = wait.ended if need.ended else actions.get
    return find(client, need.id, need.droplet)


def _tags_readable(client: Client, need: needs.TagsReadable) -> bool:
    droplets.prove_tags_can_be_read(client, need.tag)
    return True


def _image_tags_readable(client: Client, need: needs.ImageTagsReadable) -> bool:
    images.prove_tags_can_be_read(client, need.tag)
    return True


READERS: dict[type[Need[Any]], Reader] = {
    needs.Selected: _selected,
    needs.Fleet: _fleets,
    needs.WholeAccount: _each(_whole_account),
    needs.AllDroplets: _each(lambda client, _need: tuple(droplets.everyone(client))),
    needs.DropletsNamed: _each(lambda client, need: droplets.list_by_name(client, *need.names)),
    needs.DropletById: _droplets_by_id,
    needs.DropletRenamedTo: _each(lambda client, need: droplets.renamed_to(client, need.name)),
    needs.DropletsMadeLately: _each(lambda client, need: droplets.made_lately(client, need.known)),
    needs.LastTagged: _each(lambda client, need: tags.last_droplet(client, need.tag)),
    needs.OwnerOfImage: _each(lambda client, need: droplets.owner_of_image(client, need.image)),
    needs.State: _states,
    needs.SupportedPolicies: _each(lambda client, _need: client.once(backups.supported_policies)),
    needs.Backups: _of_droplets(backups.backups_of),
    needs.FleetBackups: _fleet_backups,
    needs.NewestBackups: _newest_backups,
    needs.PolicyChangedAt: _policies_changed_at,
    needs.Snapshots: _of_droplets(backups.snapshots_of),
    needs.Converted: _of_droplets(backups.converted_of),
    needs.WereBackups: _were_backups,
    needs.Remaining: _remaining,
    needs.Image: _each(lambda client, need: images.get(client, need.key)),
    needs.OwnImage: _own_images,
    needs.OwnImages: lambda _client, lists, asked: dict.fromkeys(asked, tuple((lists.images() or {}).values())),
    needs.AllSnapshots: lambda _client, lists, asked: dict.fromkeys(asked, lists.snapshots()),
    needs.Tagged: _tagged,
    needs.TagsReadable: _each(_tags_readable),
    needs.ImageTagsReadable: _each(_image_tags_readable),
    needs.WhatIsLeft: _each(lambda client, _need: gone.account(client)),
    needs.Log: _each(lambda client, need: actions.log_of(client, need.droplet, need.since)),
    needs.LatestActions: _each(lambda client, need: tuple(actions.of_droplet_if_there(client, need.droplet))),
    needs.LogSearch: _each(_log_search),
    needs.ActionById: _each(_action),
    needs.ImageLog: _image_logs,
    needs.Sizes: _each(lambda client, _need: client.once(sizes.sizes)),
    needs.Regions: _each(lambda client, _need: client.once(regions.known)),
}
"""How each need is read."""
