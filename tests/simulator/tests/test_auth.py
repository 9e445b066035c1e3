# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens, scopes, and the fields that a scope shows."""

import pytest
from dosim_testing import Sim

CREATE = {"name": "new", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "TOKEN", "Bearer TOKEN x", "Bearer TOKENx"]
)
def test_without_the_token_there_is_no_way_in(sim: Sim, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.replace("TOKEN", sim.token)}
    for path in ("/v2/droplets", "/v2/nope", "/v2/images/1/account_transfer"):
        answer = sim.session.get(sim.ready["api_url"] + path, headers=headers)
        assert sim.refused(answer, 401) == "Unable to authenticate you."


def test_the_scheme_is_not_case_sensitive(sim: Sim) -> None:
    assert sim.get("/v2/account", headers={"Authorization": f"bearer {sim.token}"}).status_code == 200


def test_a_revoked_token_is_refused_until_a_reset(sim: Sim) -> None:
    assert sim.control("DELETE", f"tokens/{sim.token}") == {"revoked": True}
    sim.refused(sim.get("/v2/account"), 401)
    sim.reset()
    assert sim.get("/v2/account").status_code == 200


def test_a_made_token_does_not_outlive_a_reset(sim: Sim) -> None:
    token = sim.control("POST", "tokens", {"scopes": ["account:read"]})["token"]
    assert sim.get("/v2/account", token=token).status_code == 200
    sim.reset()
    sim.refused(sim.get("/v2/account", token=token), 401)


def calls(sim: Sim) -> dict[tuple[str, str], tuple[dict | None, set[str]]]:
    """Requests with the scopes that they need."""
    known = sim.known("plain-daily")
    droplet, backup = known["id"], known["backups"][0]["id"]
    snapshot = sim.known("with-volumes")["snapshots"][0]["id"]
    return {
        ("GET", "/v2/account"): (None, {"account:read"}),
        ("GET", "/v2/regions"): (None, {"regions:read"}),
        ("GET", "/v2/sizes"): (None, {"sizes:read", "regions:read"}),
        ("GET", "/v2/actions"): (None, {"actions:read"}),
        ("GET", f"/v2/actions/{sim.state()['actions'][0]['id']}"): (None, {"actions:read"}),
        ("GET", "/v2/droplets"): (None, {"droplet:read"}),
        ("GET", "/v2/droplets?tag_name=env:prod"): (None, {"droplet:read", "tag:read"}),
        ("GET", f"/v2/droplets/{droplet}"): (None, {"droplet:read"}),
        ("GET", "/v2/droplets/backups/policies"): (None, {"droplet:read"}),
        ("GET", "/v2/droplets/backups/supported_policies"): (None, {"droplet:read"}),
        ("GET", f"/v2/droplets/{droplet}/backups"): (None, {"droplet:read"}),
        ("GET", f"/v2/droplets/{droplet}/backups/policy"): (None, {"droplet:read"}),
        ("GET", f"/v2/droplets/{droplet}/snapshots"): (None, {"droplet:read"}),
        ("GET", f"/v2/droplets/{droplet}/actions"): (None, {"droplet:read"}),
        ("POST", f"/v2/droplets/{droplet}/actions"): ({"type": "disable_backups"}, {"droplet:update"}),
        ("POST", f"/v2/droplets/{droplet}/actions?"): (
            {"type": "snapshot", "name": "x"},
            {"droplet:update", "image:create"},
        ),
        ("POST", f"/v2/droplets/{droplet}/actions?restore"): (
            {"type": "restore", "image": backup},
            {"droplet:update", "droplet:admin"},
        ),
        ("POST", f"/v2/droplets/{droplet}/actions?rebuild"): (
            {"type": "rebuild", "image": "debian-12-x64"},
            {"droplet:update", "droplet:admin"},
        ),
        ("POST", f"/v2/droplets/{droplet}/actions?password_reset"): (
            {"type": "password_reset"},
            {"droplet:update", "droplet:admin"},
        ),
        ("POST", f"/v2/droplets/{droplet}/actions?resize"): (
            {"type": "resize", "size": "s-2vcpu-4gb"},
            {"droplet:update", "droplet:create"},
        ),
        ("POST", f"/v2/droplets/{droplet}/actions?rename"): ({"type": "rename", "name": "x"}, {"droplet:update"}),
        ("POST", "/v2/droplets/actions?tag_name=role:ci"): (
            {"type": "enable_ipv6"},
            {"droplet:update", "tag:read"},
        ),
        ("POST", "/v2/droplets/actions?tag_name=role:ci&snapshot"): (
            {"type": "snapshot"},
            {"droplet:update", "tag:read", "image:create"},
        ),
        ("POST", "/v2/droplets"): (CREATE, {"droplet:create", "image:read"}),
        ("POST", "/v2/droplets?"): ({**CREATE, "tags": ["a"]}, {"droplet:create", "image:read", "tag:create"}),
        ("DELETE", f"/v2/droplets/{droplet}"): (None, {"droplet:delete"}),
        ("DELETE", "/v2/droplets?tag_name=role:ci"): (None, {"droplet:delete", "tag:read"}),
        ("GET", f"/v2/droplets/{droplet}/kernels"): (None, {"droplet:read"}),
        ("GET", "/v2/images"): (None, {"image:read"}),
        ("GET", "/v2/images?tag_name=x"): (None, {"image:read", "tag:read"}),
        ("GET", f"/v2/images/{backup}"): (None, {"image:read"}),
        ("PUT", f"/v2/images/{backup}"): ({"name": "x"}, {"image:update"}),
        ("DELETE", f"/v2/images/{backup}"): (None, {"image:delete"}),
        ("POST", f"/v2/images/{snapshot}/actions"): ({"type": "transfer", "region": "ams3"}, {"image:update"}),
        ("GET", "/v2/snapshots"): (None, {"snapshot:read"}),
        ("GET", f"/v2/snapshots/{snapshot}"): (None, {"snapshot:read", "block_storage_snapshot:read"}),
        ("DELETE", f"/v2/snapshots/{snapshot}"): (None, {"image:delete", "snapshot:delete"}),
        ("GET", "/v2/tags"): (None, {"tag:read"}),
        ("POST", "/v2/tags"): ({"name": "x"}, {"tag:create"}),
        ("GET", "/v2/tags/role:ci"): (None, {"tag:read"}),
        ("DELETE", "/v2/tags/role:ci"): (None, {"tag:delete"}),
        ("GET", f"/v2/images/{backup}/actions"): (None, {"image:read"}),
        ("POST", f"/v2/images/{backup}/actions"): ({"type": "convert"}, {"image:update"}),
    }


def test_each_call_needs_its_scopes_and_no_more(sim: Sim) -> None:
    for (method, path), (body, scopes) in calls(sim).items():
        sim.reset()
        sim.behave(ipv6_when_on="accept")
        for missing in scopes:
            token = sim.control("POST", "tokens", {"scopes": sorted(scopes - {missing})})["token"]
            answer = sim.request(method, path, token=token, json=body)
            assert sim.refused(answer, 403) == "You do not have permission to perform this action."
        token = sim.control("POST", "tokens", {"scopes": sorted(scopes)})["token"]
        answer = sim.request(method, path, token=token, json=body)
        assert answer.status_code in (200, 201, 202, 204), (method, path, answer.text)


FIELDS = {
    "image:read": {"backup_ids": [], "snapshot_ids": [], "image": {}},
    "tag:read": {"tags": []},
    "block_storage:read": {"volume_ids": []},
    "vpc:read": {"vpc_uuid": ""},
}


@pytest.mark.parametrize("missing", FIELDS)
@pytest.mark.parametrize("reading", ["omit", "empty"])
def test_a_missing_scope_hides_fields_of_a_droplet(sim: Sim, missing: str, reading: str) -> None:
    sim.behave(missing_scope_fields=reading)
    scopes = sorted({"droplet:read", "sizes:read", "regions:read", *FIELDS} - {missing})
    token = sim.control("POST", "tokens", {"scopes": scopes})["token"]
    droplet = sim.id("with-volumes")
    whole = sim.read(f"/v2/droplets/{droplet}")["droplet"]
    shown = sim.read(f"/v2/droplets/{droplet}", token=token)["droplet"]
    for field, empty in FIELDS[missing].items():
        assert whole[field] != empty
        if reading == "omit":
            assert field not in shown
        else:
            assert shown.pop(field) == empty
    assert shown == {key: value for key, value in whole.items() if key not in FIELDS[missing]}


def test_other_fields_that_a_scope_hides(sim: Sim) -> None:
    token = sim.control("POST", "tokens", {"scopes": ["regions:read", "account:read"]})["token"]
    assert "sizes" not in sim.read("/v2/regions", token=token)["regions"][0]
    assert "droplet_limit" not in sim.read("/v2/account", token=token)["account"]
    assert sim.read("/v2/account")["account"]["droplet_limit"] == 25000
