# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the simulator's journal: which requests a module sent, and in which order."""

from __future__ import annotations

import re

_ACTIONS = re.compile(r"/v2/(droplets|images)/(\d+)/actions")
_IMAGE = re.compile(r"/v2/(?:images|snapshots)/(\d+)")
_TAGGED = re.compile(r"/v2/tags/([^/]+)/resources")


def writes(requests):
    return [entry for entry in requests if entry["method"] != "GET"]


def reads(requests):
    return [entry for entry in requests if entry["method"] == "GET"]


def line(entry):
    """One request, for the message of a failing test."""
    fault = f" fault {entry['fault']}" if entry["fault"] else ""
    done = " carried out" if entry["carried_out"] and entry["method"] != "GET" else ""
    query = f"?{entry['query']}" if entry["query"] else ""
    asked = f"{entry['n']:4} {entry['method']} {entry['path']}{query} {entry['body'] or ''}"
    return f"{asked} → {entry['status']}{done}{fault}"


def purpose(entry):
    """What a write is for: `("droplets" or "images", id, action type or method)`, `("tag", its name)`, `("tagging", its
    name, ids)`, or method and path for any other.
    """
    path, body = entry["path"], entry["body"] or {}
    if found := _ACTIONS.fullmatch(path):
        return (found[1], int(found[2]), body.get("type"))
    if found := _IMAGE.fullmatch(path):
        return ("images", int(found[1]), entry["method"])
    if path == "/v2/tags":
        return ("tag", body.get("name"))
    if found := _TAGGED.fullmatch(path):
        return ("tagging", found[1], *(resource["resource_id"] for resource in body.get("resources", ())))
    return (entry["method"], path)


def _looks_at(read, purpose_):
    """Whether a GET shows the effect of a write: its object, the object's lists, or a list that contains it."""
    kind, path = purpose_[0], read["path"]
    if purpose_ == ("POST", "/v2/droplets/actions"):
        return path == "/v2/actions" or bool(re.fullmatch(r"/v2/droplets/\d+/actions", path))
    if path == "/v2/actions" or re.fullmatch(r"/v2/actions/\d+", path):
        return True
    if kind == "droplets":
        own = re.match(rf"/v2/droplets/{purpose_[1]}(/(actions|backups)(/|$)|$)", path)
        return bool(own) or path in ("/v2/droplets", "/v2/droplets/backups/policies")
    listed = path in ("/v2/images", "/v2/snapshots") or re.fullmatch(r"/v2/droplets/\d+/(backups|snapshots)", path)
    if kind == "images":
        own = re.match(rf"/v2/images/{purpose_[1]}(/actions(/|$)|$)", path)
        return bool(own or listed)
    if kind in ("tag", "tagging"):
        # What has a tag shows it.
        return bool(re.fullmatch(r"/v2/(droplets|images|snapshots)(/\d+)?", path))
    return path == purpose_[1]


def _seen(read, blind):
    return read["status"] == 200 and read["fault"] not in blind


def never_twice(requests, faults=()):
    """P3: no write is repeated for the same purpose before a GET has read the effect of the first.

    A write that was answered 429 was not carried out, and may be repeated as it is; so may putting a tag on something
    that was answered 404, because either may be too new. A GET whose answer was lost, cut
    off or an error has read nothing.
    """
    blind = {
        fault["id"]
        for fault in faults
        if any(kind in effect for effect in fault["effect"] for kind in ("drop", "truncate", "status"))
    }
    unseen = {}
    for entry in requests:
        if entry["method"] != "GET":
            assert purpose(entry) not in unseen, "P3: sent again without a look:\n" + "\n".join(map(line, requests))
            too_new = entry["status"] == 404 and purpose(entry)[0] == "tagging"
            if entry["status"] != 429 and not too_new:
                unseen[purpose(entry)] = entry
        elif _seen(entry, blind):
            unseen = {key: write for key, write in unseen.items() if not _looks_at(entry, key)}


def carried_out(requests):
    """Purpose → how many writes for it were carried out, whatever the answer was."""
    counts = {}
    for entry in writes(requests):
        if entry["carried_out"]:
            counts[purpose(entry)] = counts.get(purpose(entry), 0) + 1
    return counts
