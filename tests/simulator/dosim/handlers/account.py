# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account, regions and sizes."""

from dosim import serialise
from dosim.paging import page
from dosim.wire import Call, Reply


def show(call: Call) -> Reply:
    shape = dict(call.cloud.store.account)
    needs = {"droplet_limit": "droplet:read", "floating_ip_limit": "reserved_ip:read"}
    return Reply(200, {"account": serialise.redact(call.cloud, shape, needs, call.scopes)})


def regions(call: Call) -> Reply:
    slugs = list(call.cloud.store.catalogue.regions)
    return page(call, "regions", slugs, lambda slug: serialise.region(call.cloud, slug, call.scopes))


def firewalls(call: Call) -> Reply:
    """An empty list, for clients that read it when they start."""
    return page(call, "firewalls", [], lambda firewall: firewall)


def ssh_keys(call: Call) -> Reply:
    """An empty list: no key is stored, and any key that a request names counts as known."""
    return page(call, "ssh_keys", [], lambda key: key)


def sizes(call: Call) -> Reply:
    return page(call, "sizes", list(call.cloud.store.catalogue.size_json.values()), lambda size: size)
