# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What DigitalOcean has and the simulator has not: 501 with a sentence, or the empty lists that clients start with."""

import re

import pytest
from dosim import routes
from dosim_testing import Sim

SERVICES = {
    "/v2/kubernetes/clusters": "kubernetes",
    "/v2/databases": "databases",
    "/v2/databases/9cc10173-e9ea-4176-9dbc-a4cee4c4ff30/users": "databases",
    "/v2/load_balancers?per_page=200": "load_balancers",
    "/v2/reserved_ips/203.0.113.7/actions": "reserved_ips",
    "/v2/reserved_ipv6": "reserved_ipv6",
    "/v2/floating_ips": "floating_ips",
    "/v2/domains/example.com/records": "domains",
    "/v2/vpcs": "vpcs",
    "/v2/vpc_peerings": "vpc_peerings",
    "/v2/projects/default": "projects",
    "/v2/monitoring/alerts": "monitoring",
    "/v2/apps": "apps",
    "/v2/droplets/autoscale": "droplets/autoscale",
    "/v2/droplets/autoscale/0d3db13e-a604-4944-9827-7ec2642d32ac/members": "droplets/autoscale",
    "/v2/registry/": "registry",
    "/v2/certificates": "certificates",
    "/v2/cdn/endpoints": "cdn",
    "/v2/customers/my/balance": "customers",
    "/v2/functions/namespaces": "functions",
    "/v2/1-clicks?type=droplet": "1-clicks",
    "/v2/uptime/checks": "uptime",
    "/v2/account/keys/512190": "account/keys",
    "/v2/firewalls/bb4b2611-3d72-467b-8602-280330ecd65c": "firewalls",
}
CHANGES = [("POST", "/v2/account/keys"), ("POST", "/v2/firewalls"), ("POST", "/v2/kubernetes/clusters")]


def test_a_route_that_is_not_modelled_says_so(sim: Sim) -> None:
    """Also if what its path names is there."""
    known = sim.known("with-volumes")
    names = {"droplet_id": known["id"], "image_id": known["snapshots"][0]["id"], "volume_id": known["volumes"][0]}
    for template, methods in routes.TABLE.items():
        for method, route in methods.items():
            if route is None:
                path = re.sub(r"\{(\w+)\}", lambda found: str(names.get(found[1], 12)), template)
                sim.refused(sim.request(method, path), 501, f"The simulator does not model {method} {template}.")


@pytest.mark.parametrize("path", SERVICES)
def test_a_service_that_is_not_modelled_says_so(sim: Sim, path: str) -> None:
    sim.refused(sim.get(path), 501, f"The simulator does not model {SERVICES[path]}: ")


@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_so_do_requests_that_would_change_it(sim: Sim, method: str, path: str) -> None:
    sim.refused(sim.request(method, path, json={"name": "x"}), 501, "does not model")


@pytest.mark.parametrize("path", ["/v2/nothing", "/v2/kubernetesque", "/v2/domain", "/v2", "/v2/droplets/1/autoscale"])
def test_what_digitalocean_has_not_either_is_not_found(sim: Sim, path: str) -> None:
    sim.refused(sim.get(path), 404)


@pytest.mark.parametrize(
    ("path", "key", "scope"),
    [("/v2/account/keys", "ssh_keys", "ssh_key:read"), ("/v2/firewalls", "firewalls", "firewall:read")],
)
def test_lists_that_clients_need_to_start_are_empty(sim: Sim, path: str, key: str, scope: str) -> None:
    assert sim.read(f"{path}?per_page=200") == {key: [], "links": {}, "meta": {"total": 0}}
    assert sim.read(f"{path}/") == sim.read(path)
    poor = sim.control("POST", "tokens", {"scopes": ["droplet:read"]})["token"]
    sim.refused(sim.get(path, token=poor), 403)
    rich = sim.control("POST", "tokens", {"scopes": [scope]})["token"]
    assert sim.get(path, token=rich).status_code == 200
