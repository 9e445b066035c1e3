# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Droplets a task is about. Nothing here ever turns "none" into "all"."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass

from . import tags as tagging
from .errors import SelectionError
from .models import Droplet


@dataclass(frozen=True, slots=True)
class Selection:
    """Droplets by id, by name, by tag (any of) or all of them; exactly one of the four is not None/False."""

    ids: tuple[int, ...] | None = None
    names: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    everything: bool = False
    exclude_tags: tuple[str, ...] = ()
    allow_empty: bool = False
    known: Droplet | None = None
    """The one Droplet that is meant, as it was read before; None if none was read, or if there are several."""

    @classmethod
    def of(cls, droplet: Droplet) -> Selection:
        """That one Droplet, which was read before."""
        return cls(ids=(droplet.id,), known=droplet)

    def __str__(self) -> str:
        if self.ids is not None:
            text = "droplet_id " + _listed(self.ids)
        elif self.names is not None:
            text = "droplet_name " + _listed(self.names)
        elif self.tags is not None:
            text = "tag " + _listed(self.tags)
        else:
            text = "all"
        return text + (f" without tag {_listed(self.exclude_tags)}" if self.exclude_tags else "")

    @property
    def by_description(self) -> bool:
        """True if Droplets are described (tag, all) rather than called one by one."""
        return self.tags is not None or self.everything

    @property
    def empty(self) -> bool:
        """True if the selection is an empty list, which can match nothing."""
        return not (self.ids or self.names or self.tags or self.everything)


def exactly_ids(ids: Iterable[int], droplets: Iterable[Droplet]) -> list[Droplet]:
    """The Droplets with these ids; SelectionError names each id that is missing."""
    by_id = {droplet.id: droplet for droplet in droplets}
    ids = list(ids)
    missing = [wanted for wanted in ids if wanted not in by_id]
    if missing:
        raise SelectionError(
            f"No Droplet has the id {_listed(missing)}. Check the id and that the token belongs to the right account.",
            droplet=missing[0],
        )
    return [by_id[wanted] for wanted in ids]


def exactly_names(names: Iterable[str], droplets: Collection[Droplet]) -> list[Droplet]:
    """One Droplet for each name, letter for letter; SelectionError if a name fits none or more than one."""
    found: list[Droplet] = []
    for name in names:
        same = [droplet for droplet in droplets if droplet.name == name]
        if len(same) > 1:
            ids = _listed(sorted(droplet.id for droplet in same))
            raise SelectionError(f"{len(same)} Droplets are named {name!r}: ids {ids}. Say which one with droplet_id.")
        if not same:
            near = sorted({droplet.name for droplet in droplets if droplet.name.lower() == name.lower()})
            hint = f" There is {_listed(near)}: write it exactly so." if near else ""
            raise SelectionError(f"No Droplet is named {name!r}.{hint}")
        found += same
    return found


def with_any_tag(tags: Collection[str], droplets: Iterable[Droplet]) -> list[Droplet]:
    """The Droplets that carry at least one of `tags`, in any spelling."""
    return [droplet for droplet in droplets if tagging.carries_any(droplet.tags, tags)]


def idle_exclusions(selection: Selection, droplets: Collection[Droplet]) -> tuple[str, ...]:
    """A sentence for each tag to exclude by that none of the selected `droplets` carries: it may be a typing error."""
    return tuple(
        f"exclude_tag {tag!r} leaves out nobody: no selected Droplet carries it. Check how it is written."
        for tag in tagging.distinct(selection.exclude_tags)
        if droplets and not with_any_tag([tag], droplets)
    )


def finish(selection: Selection, droplets: Iterable[Droplet]) -> list[Droplet]:
    """What remains after `exclude_tags`, each Droplet once, sorted by id.

    Raises SelectionError if nothing is left and `allow_empty` is not set, and if the tags to exclude by are
    hidden from the token.
    """
    unique = {droplet.id: droplet for droplet in droplets}
    if selection.exclude_tags:
        hidden = [droplet for droplet in unique.values() if droplet.tags is None]
        if hidden:
            raise SelectionError(
                f"exclude_tag cannot be applied: the token may not read the tags of Droplet {hidden[0]} "
                "(GET /v2/droplets does not tell them). Give it the scope tag:read.",
                droplet=hidden[0].id,
            )
        excluded = {droplet.id for droplet in with_any_tag(selection.exclude_tags, unique.values())}
        unique = {key: droplet for key, droplet in unique.items() if key not in excluded}
    if not unique and not selection.allow_empty:
        raise SelectionError(f"No Droplet matches {selection}. Set allow_empty: true if that is fine.")
    return [unique[key] for key in sorted(unique)]


def still_there(selection: Selection, droplets: Collection[Droplet], known: Container[int]) -> list[Droplet]:
    """The Droplets whose id is among `known` (read after them); SelectionError if one that was called for is not.

    One that a tag or `all` described, and that was deleted since, is no longer meant.
    """
    gone = [droplet for droplet in droplets if droplet.id not in known]
    if gone and not selection.by_description:
        raise SelectionError(f"Droplet {gone[0]} was deleted while it was read.", droplet=gone[0].id)
    return [droplet for droplet in droplets if droplet.id in known]


def _listed(values: Iterable[int | str]) -> str:
    return ", ".join(repr(value) if isinstance(value, str) else str(value) for value in values) or "[]"
