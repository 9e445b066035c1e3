# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets destroyed with their associated resources."""

from dosim import serialise_groups
from dosim.errors import ApiError
from dosim.handlers import fields
from dosim.handlers.find import find_droplet
from dosim.services import destruction
from dosim.wire import Call, Reply


def listing(call: Call) -> Reply:
    droplet = find_droplet(call)
    return Reply(200, serialise_groups.associated(call.cloud, destruction.associated(call.cloud, droplet), call.scopes))


def selective(call: Call) -> Reply:
    """Without a body, nothing but the Droplet goes."""
    droplet = find_droplet(call)
    destruction.refuse_if_running(call.cloud, droplet.id)
    body = call.json() if call.body else {}
    found = destruction.associated(call.cloud, droplet)
    chosen = {}
    for kind, candidates in found.items():
        keys = fields.items(body, kind, str)
        known = {doomed.id: doomed for doomed in candidates}
        if strangers := [key for key in keys if key not in known]:
            raise ApiError(422, f"{kind}: {strangers[0][:80]} is not associated with this Droplet")
        chosen[kind] = [known[key] for key in dict.fromkeys(keys)]
    destruction.begin(call.cloud, droplet, chosen)
    return Reply(202)


def dangerous(call: Call) -> Reply:
    droplet = find_droplet(call)
    if call.headers.get("x-dangerous", "").lower() != "true":
        raise ApiError(422, "The header X-Dangerous must be true.")
    destruction.begin(call.cloud, droplet, destruction.associated(call.cloud, droplet))
    return Reply(202)


def status(call: Call) -> Reply:
    return Reply(200, serialise_groups.destruction(destruction.last(call.cloud, call.number("droplet_id"))))


def retry(call: Call) -> Reply:
    destruction.retry(call.cloud, call.number("droplet_id"))
    return Reply(202)
