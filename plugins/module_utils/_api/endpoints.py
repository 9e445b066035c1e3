# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answer of each endpoint that the collection calls must be. An answer that is not so is an error.

Required is what would be misread if it were missing: a list without its key is not empty, a policy that does not say
whether it is on is not off. `Maybe` is what the schema lets be null or missing, what a token without some scope does
not see, and what nothing is concluded from. Fields and values that are not named here may come and go.
https://docs.digitalocean.com/reference/api/digitalocean/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .shapes import (
    COUNT,
    FLAG,
    ID,
    NUMBER,
    NUMERAL,
    TEXT,
    TIME,
    Array,
    Fault,
    Maybe,
    Numbered,
    Record,
    Shape,
    between,
    is_numeral,
)

MOST_ITEMS = 1_000_000
"""More than this in a list that is read as a whole is not believed."""

DEFAULT_PER_PAGE = 20

IDS = Array(ID)
TEXTS = Array(TEXT)
ADDRESSES = Array(Record(type=Maybe(TEXT), ip_address=Maybe(TEXT)))

DROPLET = Record(
    id=ID,
    name=TEXT,
    status=TEXT,
    created_at=TIME,
    features=TEXTS,
    size_slug=TEXT,
    locked=Maybe(FLAG),
    vcpus=Maybe(COUNT),
    memory=Maybe(COUNT),
    disk=Maybe(COUNT),
    tags=Maybe(TEXTS),
    backup_ids=Maybe(IDS),
    snapshot_ids=Maybe(IDS),
    volume_ids=Maybe(TEXTS),
    vpc_uuid=Maybe(TEXT),
    region=Maybe(Record(slug=Maybe(TEXT))),
    size=Maybe(Record(price_monthly=Maybe(NUMBER), gpu_info=Maybe(Record()))),
    gpu_info=Maybe(Record()),
    image=Maybe(Record(id=Maybe(ID), slug=Maybe(TEXT), name=Maybe(TEXT), distribution=Maybe(TEXT))),
    kernel=Maybe(Record(id=COUNT)),
    networks=Maybe(Record(v4=Maybe(ADDRESSES), v6=Maybe(ADDRESSES))),
)


class PolicyRecord(Record):
    """A policy that is on and has no plan would be taken for a plan of no name."""

    def __call__(self, record: object) -> Fault | None:
        if fault := super().__call__(record):
            return fault
        return (".backup_policy.plan", "is missing") if _lacks_plan(record) else None

    def all_fit(self, records: Sequence[Any]) -> bool:
        return super().all_fit(records) and not any(map(_lacks_plan, records))


def _lacks_plan(record: Any) -> bool:
    """Of an object that fits otherwise."""
    shown = record.get("backup_policy")
    return bool(record["backup_enabled"]) and shown is not None and shown.get("plan") is None


# The schema requires nothing of a policy. One that does not say whether it is on would be taken for off.
POLICY = PolicyRecord(
    droplet_id=Maybe(ID),
    backup_enabled=FLAG,
    backup_policy=Maybe(
        Record(
            plan=Maybe(TEXT),
            weekday=Maybe(TEXT),
            hour=Maybe(between(0, 23)),
            window_length_hours=Maybe(between(0, 8784)),
            retention_period_days=Maybe(between(0, 36500)),
        )
    ),
    next_backup_window=Maybe(Record(start=Maybe(TIME), end=Maybe(TIME))),
)

# The schema requires nothing of these: a choice without name or hours could only be refused or believed blindly.
SUPPORTED_POLICY = Record(
    name=TEXT,
    possible_window_starts=Array(between(0, 23)),
    possible_days=Maybe(TEXTS),
    window_length_hours=Maybe(between(0, 8784)),
    retention_period_days=Maybe(between(0, 36500)),
)

_POINT: dict[str, Shape] = {"name": TEXT, "created_at": TIME, "regions": TEXTS, "size_gigabytes": Maybe(NUMBER)}
OWN_IMAGE = Record(id=ID, type=TEXT, min_disk_size=Maybe(COUNT), tags=Maybe(TEXTS), public=Maybe(FLAG), **_POINT)
"""In the lists of a Droplet's backups and snapshots, and among all images."""

SNAPSHOT = Record(id=NUMERAL, resource_id=NUMERAL, min_disk_size=Maybe(COUNT), tags=Maybe(TEXTS), **_POINT)

_ACTION: dict[str, Shape] = {
    "id": ID,
    "status": TEXT,
    "type": TEXT,
    "started_at": Maybe(TIME),
    "completed_at": Maybe(TIME),
    "resource_type": Maybe(TEXT),
    "region_slug": Maybe(TEXT),
}
# The schema requires nothing of an action. Without id, status and type nothing can be known of it.
ACTION = Record(resource_id=Maybe(ID), **_ACTION)
# Nothing else says which of the Droplets that carry the tag it is for.
ACTION_BY_TAG = Record(resource_id=ID, **_ACTION)

# What is tagged, only a token that may see it is told.
TAG = Record(name=TEXT, resources=Maybe(Record(droplets=Maybe(Record(last_tagged_uri=Maybe(TEXT))))))
SIZE = Record(slug=TEXT, disk=Maybe(COUNT), price_monthly=Maybe(NUMBER), regions=TEXTS, available=Maybe(FLAG))
REGION = Record(slug=TEXT, available=Maybe(FLAG))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What `method` on the path `template` answers: its `status`, and the `shape` of its body, None for no body.

    `paged` is the key of a list with a total, and `whole` is True if that list must be read to its end.
    """

    method: str
    template: str
    status: int
    shape: Record | None = None
    paged: str | None = None
    whole: bool = False

    def fault(self, url: str, body: Mapping[str, Any]) -> Fault | None:
        """The first fault in a body; the place begins with the name of a field."""
        if self.shape is None:
            return None
        if fault := self.shape(body):
            return fault[0].lstrip("."), fault[1]
        if self.paged:
            return self._misplaced(self.paged, url, len(body[self.paged]), body["meta"]["total"])
        return self._mistaken(self.shape, url, body)

    def _mistaken(self, shape: Record, url: str, body: Mapping[str, Any]) -> Fault | None:
        """One thing was asked for by its id, and it is another."""
        asked = urlsplit(url).path.rpartition("/")[2]
        for root, record in body.items() if self.template.endswith("_id}") and is_numeral(asked) else ():
            if root in shape.fields and str(record["id"]) != asked:
                return f"{root}.id", f"is {record['id']}"
        return None

    def _misplaced(self, root: str, url: str, count: int, total: int) -> Fault | None:
        """A page that has more or fewer items under the key `root` than its total leaves for it."""
        if self.whole and total > MOST_ITEMS:
            return "meta.total", f"is {total}, and nobody has so many"
        asked = parse_qs(urlsplit(url).query)
        size, number = (int(asked.get(name, [default])[0]) for name, default in _PAGE.items())
        left = max(0, min(size, total - (number - 1) * size))
        if count == left or not (self.whole or (left and not count)):
            return None
        return root, f"has {count} items on page {number}, and by its total of {total} there should be {left}"


_PAGE = {"per_page": DEFAULT_PER_PAGE, "page": 1}
_META = Record(total=COUNT)


def _list(template: str, root: str, item: Shape, key: str = "id", whole: bool = True) -> Endpoint:
    fields: dict[str, Shape] = {root: Array(item, key), "meta": _META}
    return Endpoint("GET", template, 200, Record(**fields), root, whole)


def _one(method: str, template: str, status: int, root: str, item: Shape) -> Endpoint:
    return Endpoint(method, template, status, Record(**{root: item}))


TABLE = (
    # A Droplet without backups may be in the map of policies or not, so that its total is no proof of anything.
    Endpoint(
        "GET",
        "/v2/droplets/backups/policies",
        200,
        Record(policies=Numbered(POLICY, "droplet_id"), meta=_META),
        "policies",
    ),
    # Neither this list nor the answer to an action by tag has a total.
    _one("GET", "/v2/droplets/backups/supported_policies", 200, "supported_policies", Array(SUPPORTED_POLICY, "name")),
    Endpoint("POST", "/v2/droplets/actions", 201, Record(actions=Array(ACTION_BY_TAG, "id"))),
    _list("/v2/droplets", "droplets", DROPLET),
    _one("GET", "/v2/droplets/{droplet_id}", 200, "droplet", DROPLET),
    Endpoint(
        "POST",
        "/v2/droplets",
        202,
        Record(droplet=Record(id=ID), links=Record(actions=Array(Record(id=ID), least=1))),
    ),
    _one("GET", "/v2/droplets/{droplet_id}/backups/policy", 200, "policy", POLICY),
    _list("/v2/droplets/{droplet_id}/backups", "backups", OWN_IMAGE),
    _list("/v2/droplets/{droplet_id}/snapshots", "snapshots", OWN_IMAGE),
    _list("/v2/droplets/{droplet_id}/actions", "actions", ACTION, whole=False),
    _one("GET", "/v2/droplets/{droplet_id}/actions/{action_id}", 200, "action", ACTION),
    _one("POST", "/v2/droplets/{droplet_id}/actions", 201, "action", ACTION),
    _list("/v2/actions", "actions", ACTION, whole=False),
    _one("GET", "/v2/actions/{action_id}", 200, "action", ACTION),
    _list("/v2/images", "images", OWN_IMAGE),
    _one("GET", "/v2/images/{image_id}", 200, "image", OWN_IMAGE),
    _one("PUT", "/v2/images/{image_id}", 200, "image", OWN_IMAGE),
    # The schema has these three bare; its examples and every client have them under their key.
    _list("/v2/images/{image_id}/actions", "actions", ACTION, whole=False),
    _one("GET", "/v2/images/{image_id}/actions/{action_id}", 200, "action", ACTION),
    _one("POST", "/v2/images/{image_id}/actions", 201, "action", ACTION),
    _list("/v2/snapshots", "snapshots", SNAPSHOT),
    _one("GET", "/v2/snapshots/{snapshot_id}", 200, "snapshot", SNAPSHOT),
    Endpoint("DELETE", "/v2/snapshots/{snapshot_id}", 204),
    _list("/v2/sizes", "sizes", SIZE, key="slug"),
    _list("/v2/regions", "regions", REGION, key="slug"),
    _list("/v2/tags", "tags", Record(name=TEXT), key="name"),
    _one("GET", "/v2/tags/{tag_id}", 200, "tag", TAG),
    _one("POST", "/v2/tags", 201, "tag", Record(name=TEXT)),
    Endpoint("POST", "/v2/tags/{tag_id}/resources", 204),
    Endpoint("DELETE", "/v2/tags/{tag_id}/resources", 204),
)


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"{(\w+)}", lambda name: r"\d+" if name[1] in _NUMBERS else "[^/]+", template))


_NUMBERS = ("droplet_id", "action_id")
"""In a path; an image may be asked for by its slug, and a tag by its name."""
_PATTERNS: dict[str, list[tuple[re.Pattern[str], Endpoint]]] = {
    method: [] for method in ("GET", "POST", "PUT", "DELETE")
}
for _endpoint in TABLE:
    _PATTERNS[_endpoint.method].append((_pattern(_endpoint.template), _endpoint))


def of(method: str, path: str) -> Endpoint:
    """The Endpoint that a request goes to; raises LookupError for one that is not in the table."""
    for pattern, endpoint in _PATTERNS[method]:
        if pattern.fullmatch(path):
            return endpoint
    raise LookupError(f"{method} {path} is not in the table of endpoints")
