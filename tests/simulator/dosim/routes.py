# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All routes: the handlers and scopes of those that are served, and what else the API has."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dosim.handlers import account, actions, droplet_actions, droplets, images, policies, snapshots, tags
from dosim.wire import Call, Reply

Handler = Callable[[Call], Reply]


@dataclass(slots=True, frozen=True)
class Route:
    handler: Handler
    scopes: tuple[str, ...]


_SERVED: dict[str, tuple[Handler, str]] = {
    "GET /v2/account": (account.show, "account:read"),
    "GET /v2/account/keys": (account.ssh_keys, "ssh_key:read"),
    "GET /v2/firewalls": (account.firewalls, "firewall:read"),
    "GET /v2/regions": (account.regions, "regions:read"),
    "GET /v2/sizes": (account.sizes, "sizes:read regions:read"),
    "GET /v2/actions": (actions.listing, "actions:read"),
    "GET /v2/actions/{action_id}": (actions.show, "actions:read"),
    "GET /v2/droplets": (droplets.listing, "droplet:read"),
    "POST /v2/droplets": (droplets.create, "droplet:create"),
    "DELETE /v2/droplets": (droplets.delete_by_tag, "droplet:delete"),
    "POST /v2/droplets/actions": (droplet_actions.start_by_tag, "droplet:update"),
    "GET /v2/droplets/backups/policies": (policies.listing, "droplet:read"),
    "GET /v2/droplets/backups/supported_policies": (policies.supported, "droplet:read"),
    "GET /v2/droplets/{droplet_id}": (droplets.show, "droplet:read"),
    "DELETE /v2/droplets/{droplet_id}": (droplets.delete, "droplet:delete"),
    "GET /v2/droplets/{droplet_id}/backups": (droplets.backups, "droplet:read"),
    "GET /v2/droplets/{droplet_id}/backups/policy": (policies.show, "droplet:read"),
    "GET /v2/droplets/{droplet_id}/snapshots": (droplets.snapshots, "droplet:read"),
    "GET /v2/droplets/{droplet_id}/actions": (actions.of_droplet, "droplet:read"),
    "POST /v2/droplets/{droplet_id}/actions": (droplet_actions.start_on_droplet, "droplet:update"),
    "GET /v2/droplets/{droplet_id}/actions/{action_id}": (actions.one_of_droplet, "droplet:read"),
    "GET /v2/droplets/{droplet_id}/kernels": (droplets.kernels, "droplet:read"),
    "GET /v2/images": (images.listing, "image:read"),
    "GET /v2/images/{image_id}": (images.show, "image:read"),
    "PUT /v2/images/{image_id}": (images.update, "image:update"),
    "DELETE /v2/images/{image_id}": (images.delete, "image:delete"),
    "GET /v2/images/{image_id}/actions": (actions.of_image, "image:read"),
    "POST /v2/images/{image_id}/actions": (actions.start_on_image, "image:update"),
    "GET /v2/images/{image_id}/actions/{action_id}": (actions.one_of_image, "image:read"),
    "GET /v2/snapshots": (snapshots.listing, "snapshot:read"),
    "GET /v2/snapshots/{snapshot_id}": (snapshots.show, "snapshot:read block_storage_snapshot:read"),
    "DELETE /v2/snapshots/{snapshot_id}": (snapshots.delete, "image:delete snapshot:delete"),
    "GET /v2/tags": (tags.listing, "tag:read"),
    "POST /v2/tags": (tags.create, "tag:create"),
    "GET /v2/tags/{tag_id}": (tags.show, "tag:read"),
    "DELETE /v2/tags/{tag_id}": (tags.delete, "tag:delete"),
    "POST /v2/tags/{tag_id}/resources": (tags.assign, "tag:create"),
    "DELETE /v2/tags/{tag_id}/resources": (tags.unassign, "tag:delete"),
}
BEYOND_SCHEMA = frozenset({"/v2/account/keys", "/v2/firewalls"})
"""Routes that are not in the excerpt of the schema."""

# Known to the API and answered 501 here.
_UNSERVED = """
    GET    /v2/droplets/{droplet_id}/firewalls
    GET    /v2/droplets/{droplet_id}/neighbors
    GET    /v2/reports/droplet_neighbors_ids
    GET    /v2/droplets/{droplet_id}/destroy_with_associated_resources
    DELETE /v2/droplets/{droplet_id}/destroy_with_associated_resources/selective
    DELETE /v2/droplets/{droplet_id}/destroy_with_associated_resources/dangerous
    GET    /v2/droplets/{droplet_id}/destroy_with_associated_resources/status
    POST   /v2/droplets/{droplet_id}/destroy_with_associated_resources/retry
    POST   /v2/images
    POST   /v2/images/{image_id}/account_transfer
    POST   /v2/images/{image_id}/account_transfer/accept
    POST   /v2/images/{image_id}/account_transfer/cancel
    POST   /v2/images/{image_id}/account_transfer/decline
    GET    /v2/volumes
    POST   /v2/volumes
    DELETE /v2/volumes
    POST   /v2/volumes/actions
    GET    /v2/volumes/snapshots/{snapshot_id}
    DELETE /v2/volumes/snapshots/{snapshot_id}
    GET    /v2/volumes/{volume_id}
    DELETE /v2/volumes/{volume_id}
    GET    /v2/volumes/{volume_id}/actions
    POST   /v2/volumes/{volume_id}/actions
    GET    /v2/volumes/{volume_id}/actions/{action_id}
    GET    /v2/volumes/{volume_id}/snapshots
    POST   /v2/volumes/{volume_id}/snapshots
"""


def _build() -> dict[str, dict[str, Route | None]]:
    """Templates with their methods; None is a route that is not modelled."""
    table: dict[str, dict[str, Route | None]] = {}
    for name, (handler, scopes) in _SERVED.items():
        method, template = name.split()
        table.setdefault(template, {})[method] = Route(handler, tuple(scopes.split()))
    for line in _UNSERVED.strip().splitlines():
        method, template = line.split()
        table.setdefault(template, {})[method] = None
    return table


# Real services that have nothing to do with backups, by the beginnings of their paths.
_ELSEWHERE = (
    "1-clicks", "account/keys", "add-ons", "agents", "apps", "auth", "billing", "byoip_prefixes", "cdn",
    "certificates", "customers", "databases", "dedicated-inferences", "domains", "droplets/autoscale", "firewalls",
    "floating_ips", "functions", "gen-ai", "invoices", "kubernetes", "load_balancers", "monitoring", "nfs",
    "partner_network_connect", "projects", "registries", "registry", "reserved_ips", "reserved_ipv6", "security",
    "spaces", "uptime", "vector-databases", "vpc_nat_gateways", "vpc_peerings", "vpcs",
)  # fmt: skip
TABLE = _build()
_SERVICE = re.compile(f"/v2/({'|'.join(map(re.escape, _ELSEWHERE))})(/.*)?")
_PATTERNS = [
    (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), template) for template in TABLE if "{" in template
]


def elsewhere(method: str, path: str) -> str | None:
    """The service that a request is for, if it is none that the simulator has."""
    found = _SERVICE.fullmatch(path)
    return found[1] if found and method not in TABLE.get(path.removesuffix("/"), {}) else None


def match(path: str) -> tuple[str, dict[str, str]] | None:
    """The template that a path follows, and its parameters. Literal templates win over patterns.

    One slash at the end is allowed: a client in wide use (python-digitalocean) sends it.
    """
    path = path.removesuffix("/")
    if path in TABLE:
        return path, {}
    for pattern, template in _PATTERNS:
        if found := pattern.fullmatch(path):
            return template, found.groupdict()
    return None
