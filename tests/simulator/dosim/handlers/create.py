# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request that creates Droplets, checked field by field."""

from dataclasses import dataclass
from typing import Any

from dosim.catalogue import PublicImage
from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.handlers import fields
from dosim.services import backups, disks, policies
from dosim.services.droplets import vpc_of
from dosim.store import Droplet, Image
from dosim.wire import Call

MOST_NAMES = 10
LARGEST_USER_DATA = 64 * 1024
_FLAGS = ("backups", "ipv6", "monitoring", "private_networking", "with_droplet_agent", "public_networking")


@dataclass(slots=True, frozen=True)
class CreateRequest:
    """A checked request: everything that it names exists and fits together."""

    names: list[str]
    several: bool
    size: str
    image: int
    region: str
    tags: list[str]
    features: list[str]
    backups: bool
    policy: dict[str, Any] | None

    def droplet(self, cloud: Cloud, name: str) -> Droplet:
        key = cloud.ids.next("droplet")
        policy = None
        if self.backups:
            policy = policies.read(cloud, key, self.policy or {}, default_plan="daily")
        return Droplet(
            id=key,
            name=name,
            size=self.size,
            region=self.region,
            image=self.image,
            created=cloud.second,
            status="new",
            tags=list(self.tags),
            features=list(self.features),
            policy=policy,
        )


def read_request(call: Call) -> CreateRequest:
    """Raises ApiError 400, 403 or 422."""
    body = call.json()
    cloud = call.cloud
    call.require("image:read")
    flags = {key: fields.flag(body, key) for key in _FLAGS}
    names = _names(body)
    size = fields.size(cloud, fields.text(body, "size"), "creation")
    image = fields.image(cloud, body.get("image"), "creation")
    region = _region(cloud, fields.text(body, "region"), size, image)
    disks.refuse_if_too_small(size["disk"], image)
    if len(cloud.store.droplets.rows) + len(names) > cloud.store.account["droplet_limit"]:
        raise ApiError(422, "creating this/these droplet(s) will exceed your droplet limit")
    if flags["backups"]:
        backups.refuse_if_unsupported(cloud, size["slug"])
    _check_others(call, body, region)
    features = {key: flags[key] for key in ("ipv6", "monitoring")}
    features["droplet_agent"] = flags["with_droplet_agent"] is not False
    return CreateRequest(
        names=names,
        several=body.get("names") is not None,
        size=size["slug"],
        image=image.id,
        region=region,
        tags=_tags(call, body),
        features=["private_networking", *(feature for feature, wanted in features.items() if wanted)],
        backups=bool(flags["backups"]),
        policy=_policy(cloud, body, bool(flags["backups"])),
    )


def _names(body: dict[str, Any]) -> list[str]:
    """The names in ``name`` or ``names``; a client in wide use (droplet_kit) sends both, one of them null."""
    name, names = body.get("name"), body.get("names")
    if (name is None) == (names is None):
        raise ApiError(422, "exactly one of name and names is required")
    if names is None:
        names = [name]
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_NAMES:
        raise ApiError(422, f"names must be a list of 1 to {MOST_NAMES} names")
    return [fields.hostname(name) for name in names]


def _region(cloud: Cloud, wanted: str, size: dict[str, Any], image: Image | PublicImage) -> str:
    """The first region with that slug or prefix that has the size and holds the image."""
    regions = [slug for slug, region in cloud.store.catalogue.regions.items() if region["available"]]
    regions = [slug for slug in regions if slug == wanted] or [slug for slug in regions if slug.startswith(wanted)]
    if not regions:
        raise ApiError(422, "You specified an invalid region for Droplet creation.")
    regions = [slug for slug in regions if slug in size["regions"]]
    if not regions:
        raise ApiError(422, "Size is not available in this region.")
    disks.refuse_if_elsewhere(regions, image)
    return next(slug for slug in regions if slug in image.regions)


def _tags(call: Call, body: dict[str, Any]) -> list[str]:
    tags = fields.items(body, "tags", str)
    if tags:
        call.require("tag:create")
    if not all(map(fields.is_tag, tags)):
        raise ApiError(422, "tags may contain letters, numbers, colons, dashes and underscores, at most 255 of them")
    return tags


def _policy(cloud: Cloud, body: dict[str, Any], enabled: bool) -> dict[str, Any] | None:
    policy = body.get("backup_policy")
    if policy is None:
        return None
    if not isinstance(policy, dict):
        raise ApiError(422, "backup_policy must be an object")
    if not enabled:
        if cloud.behaviour["policy_without_backups"] == "reject":
            raise ApiError(422, "backup_policy can only be set when backups are enabled")
        return None
    # The result is not used: a bad one is refused before the first of several Droplets is created.
    policies.read(cloud, 0, policy, default_plan="daily")
    return policy


def _check_others(call: Call, body: dict[str, Any], region: str) -> None:
    """Check the fields that have no visible effect here."""
    if fields.items(body, "ssh_keys", (int, str)):
        call.require("ssh_key:read")
    if fields.items(body, "volumes", str):
        call.require("block_storage:read")
        raise ApiError(422, "volumes: no such volume that is free to be attached")
    if len(fields.text(body, "user_data").encode()) > LARGEST_USER_DATA:
        raise ApiError(422, "user_data may not exceed 64 KiB")
    if vpc := fields.text(body, "vpc_uuid"):
        call.require("vpc:read")
        if vpc != vpc_of(call.cloud, region):
            raise ApiError(422, "vpc_uuid: no such VPC in this region")
