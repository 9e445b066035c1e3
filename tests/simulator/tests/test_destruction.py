# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets destroyed by tag, or with what goes with them; and who lives on the same server."""

import pytest
from dosim_testing import Sim

PENDING = "Droplet already has a pending event."
BLOCKED = "there are currently blocking events processing for one or more of the droplets"


def path(droplet: int, *more: str) -> str:
    return "/".join((f"/v2/droplets/{droplet}/destroy_with_associated_resources", *more))


def dangerous(sim: Sim, droplet: int):
    return sim.delete(path(droplet, "dangerous"), headers={"X-Dangerous": "true"})


def status(sim: Sim, droplet: int) -> dict:
    return sim.read(path(droplet, "status"))


def names(sim: Sim) -> set[str]:
    return {droplet["name"] for droplet in sim.state()["droplets"]}


def test_every_member_of_a_tag_is_destroyed(sim: Sim) -> None:
    before = names(sim)
    reply = sim.delete("/v2/droplets?tag_name=role:ci")
    assert (reply.status_code, reply.content) == (204, b"")
    assert names(sim) == before - {"twin", "powered-off"}
    assert [row["type"] for row in sim.read("/v2/actions?per_page=3")["actions"]] == ["destroy"] * 3
    assert sim.read("/v2/tags/role:ci")["tag"]["resources"]["count"] == 0


def test_a_busy_member_saves_all_of_a_tag(sim: Sim) -> None:
    before = sim.state()["droplets"]
    sim.refused(sim.delete("/v2/droplets?tag_name=env:staging"), 422, BLOCKED)
    assert sim.state()["droplets"] == before
    sim.behave(by_tag_blocked="skip")
    assert sim.delete("/v2/droplets?tag_name=env:staging").status_code == 204
    left = [row["name"] for row in sim.state()["droplets"] if "env:staging" in row["tags"]]
    assert left == ["busy-snapshot", "busy-daily"]


def test_destroying_by_tag_wants_a_tag(sim: Sim) -> None:
    before = names(sim)
    for query in ("", "?tag_name=", "?tag=role:ci", "?name=twin"):
        sim.refused(sim.delete(f"/v2/droplets{query}"), 422, "tag_name is required")
    for tag in ("nothing", "%00", "x" * 5000):
        sim.refused(sim.delete(f"/v2/droplets?tag_name={tag}"), 404)
    assert names(sim) == before


def test_associated_resources_are_snapshots_and_volumes(sim: Sim) -> None:
    known = sim.known("with-volumes")
    found = sim.read(path(known["id"]))
    assert set(found) == {"reserved_ips", "floating_ips", "snapshots", "volumes", "volume_snapshots"}
    (snapshot,) = known["snapshots"]
    cost = f"{snapshot['size_gigabytes'] * 0.06:.2f}"
    assert found["snapshots"] == [{"id": str(snapshot["id"]), "name": "by-hand", "cost": cost}]
    assert [volume["id"] for volume in found["volumes"]] == known["volumes"]
    assert {volume["cost"] for volume in found["volumes"]} == {"10.00"}
    assert found["reserved_ips"] == found["floating_ips"] == found["volume_snapshots"] == []
    nothing = sim.read(path(sim.id("untagged")))
    assert not any(nothing.values())


def test_a_token_sees_only_the_resources_that_it_may_read(sim: Sim) -> None:
    token = sim.control("POST", "tokens", {"scopes": ["droplet:read", "image:read"]})["token"]
    assert set(sim.read(path(sim.id("with-volumes")), token=token)) == {"snapshots"}


def test_everything_goes_with_the_droplet(sim: Sim) -> None:
    known = sim.known("with-volumes")
    droplet, snapshot = known["id"], known["snapshots"][0]["id"]
    reply = dangerous(sim, droplet)
    assert (reply.status_code, reply.content) == (202, b"")
    running = status(sim, droplet)
    assert running["droplet"] == {"id": str(droplet), "name": "with-volumes"}
    assert ("completed_at" in running, running["failures"]) == (False, 0)
    sim.refused(sim.post(path(droplet, "retry")), 409)
    sim.refused(dangerous(sim, droplet), 409)
    sim.refused(sim.delete(path(droplet, "selective")), 409)
    sim.refused(sim.post(f"/v2/droplets/{droplet}/actions", {"type": "snapshot"}), 422, PENDING)
    sim.advance(1)
    done = status(sim, droplet)
    assert done["failures"] == 0
    gone = [done["droplet"], *done["resources"]["snapshots"], *done["resources"]["volumes"]]
    assert {item["destroyed_at"] for item in gone} == {done["completed_at"]}
    assert len(gone) == 4
    sim.refused(sim.get(f"/v2/droplets/{droplet}"), 404)
    sim.refused(sim.get(f"/v2/images/{snapshot}"), 404)
    assert sim.read("/v2/actions?per_page=1")["actions"][0]["type"] == "destroy"
    sim.advance("40d")
    assert status(sim, droplet) == done


def test_only_what_is_chosen_goes_with_the_droplet(sim: Sim) -> None:
    known = sim.known("with-volumes")
    droplet, snapshot = known["id"], known["snapshots"][0]["id"]
    reply = sim.delete(path(droplet, "selective"), json={"volumes": known["volumes"][:1], "snapshots": None})
    assert reply.status_code == 202
    sim.advance(1)
    done = status(sim, droplet)["resources"]
    assert ([volume["id"] for volume in done["volumes"]], done["snapshots"]) == (known["volumes"][:1], [])
    sim.refused(sim.get(f"/v2/droplets/{droplet}"), 404)
    assert sim.read(f"/v2/snapshots/{snapshot}")["snapshot"]["resource_id"] == str(droplet)


@pytest.mark.parametrize("body", [None, {}, {"snapshots": []}], ids=str)
def test_nothing_chosen_is_the_droplet_alone(sim: Sim, body: object) -> None:
    known = sim.known("with-volumes")
    assert sim.delete(path(known["id"], "selective"), json=body).status_code == 202
    sim.advance(1)
    assert "with-volumes" not in names(sim)
    assert sim.read("/v2/snapshots")["meta"]["total"] == 1


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"snapshots": "1"}, 422, "snapshots must be a list"),
        ({"snapshots": [1]}, 422, "snapshots must be a list"),
        ({"volumes": [True]}, 422, "volumes must be a list"),
        ({"snapshots": ["1"]}, 422, "snapshots: 1 is not associated with this Droplet"),
        ({"volumes": ["x" * 9000]}, 422, "is not associated"),
        ({"reserved_ips": ["1"]}, 422, "reserved_ips: 1 is not associated"),
        ([], 400, "error parsing request body"),
        ("x", 400, "error parsing request body"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_choice_destroys_nothing(sim: Sim, body: object, code: int, words: str) -> None:
    before = sim.state()["droplets"]
    droplet = sim.id("with-volumes")
    sim.refused(sim.delete(path(droplet, "selective"), json=body), code, words)
    sim.refused(sim.get(path(droplet, "status")), 404)
    assert sim.state()["droplets"] == before


@pytest.mark.parametrize("value", [None, "", "false", "1", "yes"])
def test_what_is_dangerous_must_be_said_to_be(sim: Sim, value: str | None) -> None:
    droplet = sim.id("with-volumes")
    headers = {} if value is None else {"X-Dangerous": value}
    sim.refused(sim.delete(path(droplet, "dangerous"), headers=headers), 422, "X-Dangerous must be true")
    sim.advance(1)
    assert "with-volumes" in names(sim)


def test_a_busy_droplet_is_not_destroyed(sim: Sim) -> None:
    droplet = sim.id("busy-snapshot")
    sim.refused(dangerous(sim, droplet), 422, PENDING)
    sim.refused(sim.delete(path(droplet, "selective"), json={}), 422, PENDING)
    sim.refused(sim.get(path(droplet, "status")), 404)


def test_a_failed_destruction_is_told_and_can_be_retried(sim: Sim) -> None:
    known = sim.known("with-volumes")
    droplet = known["id"]
    sim.fault({"action": "errored"}, method="DELETE")
    assert dangerous(sim, droplet).status_code == 202
    sim.advance(1)
    sim.control("DELETE", "faults")
    failed = status(sim, droplet)
    assert (failed["failures"], "completed_at" in failed) == (3, True)
    assert "error_message" in failed["droplet"]
    assert sim.known("with-volumes")["snapshots"] == known["snapshots"]
    assert sim.post(path(droplet, "retry")).status_code == 202
    sim.refused(sim.post(path(droplet, "retry")), 409)
    sim.advance(1)
    done = status(sim, droplet)
    assert (done["failures"], "error_message" in done["droplet"], "with-volumes" in names(sim)) == (0, False, False)


def test_what_was_busy_is_left_over_for_a_retry(sim: Sim) -> None:
    known = sim.known("with-volumes")
    droplet, snapshot = known["id"], known["snapshots"][0]["id"]
    held = sim.fault({"action": "stuck"}, path="images")
    assert sim.post(f"/v2/images/{snapshot}/actions", {"type": "transfer", "region": "ams3"}).status_code == 201
    assert dangerous(sim, droplet).status_code == 202
    sim.advance(1)
    partly = status(sim, droplet)
    assert (partly["failures"], "destroyed_at" in partly["droplet"]) == (1, True)
    assert partly["resources"]["snapshots"][0]["error_message"] == "Image already has a pending event."
    sim.control("DELETE", f"faults/{held}")
    assert sim.post(path(droplet, "retry")).status_code == 202
    assert status(sim, droplet)["failures"] == 0
    sim.refused(sim.get(f"/v2/snapshots/{snapshot}"), 404)


def test_there_is_no_status_and_no_retry_without_a_destruction(sim: Sim) -> None:
    for droplet in (sim.id("plain-none"), 1):
        sim.refused(sim.get(path(droplet, "status")), 404)
        sim.refused(sim.post(path(droplet, "retry")), 404)
    for more in ((), ("selective",), ("dangerous",)):
        sim.refused(sim.request("DELETE" if more else "GET", path(1, *more)), 404)


def test_neighbours_share_a_server_and_know_each_other(sim: Sim) -> None:
    sim.reset(droplets=450)
    groups = sim.read("/v2/reports/droplet_neighbors_ids")["neighbor_ids"]
    assert len(groups) > 10
    members = [key for group in groups for key in group]
    assert len(members) == len(set(members))
    regions = {droplet["id"]: droplet["region"] for droplet in sim.state()["droplets"]}
    for group in groups[:10]:
        assert len({regions[key] for key in group}) == 1
        for key in group:
            found = sim.read(f"/v2/droplets/{key}/neighbors")
            assert set(found) == {"droplets"}
            assert [droplet["id"] for droplet in found["droplets"]] == [other for other in group if other != key]
    alone = next(key for key in regions if key not in members)
    assert sim.read(f"/v2/droplets/{alone}/neighbors") == {"droplets": []}
    assert sim.read("/v2/reports/droplet_neighbors_ids")["neighbor_ids"] == groups
    assert sim.delete(f"/v2/droplets/{groups[0][0]}").status_code == 204
    left = [group for group in (groups[0][1:], *groups[1:]) if len(group) > 1]
    assert sorted(sim.read("/v2/reports/droplet_neighbors_ids")["neighbor_ids"]) == sorted(left)


def test_kernels_are_listed_for_droplets_of_before_2017(sim: Sim, tmp_path) -> None:
    world = tmp_path / "legacy.yml"
    world.write_text("droplets: [{name: old, legacy: true, age: 4000d}, {name: new}]")
    sim.reset(world=str(world))
    first = sim.read(f"/v2/droplets/{sim.id('old')}/kernels?per_page=2")
    assert (len(first["kernels"]), first["meta"]["total"]) == (2, 3)
    assert "next" in first["links"]["pages"]
    assert 7515 in [kernel["id"] for kernel in first["kernels"]]
    assert sim.read(f"/v2/droplets/{sim.id('new')}/kernels")["kernels"] == []


def test_there_are_no_firewalls(sim: Sim) -> None:
    found = sim.read(f"/v2/droplets/{sim.id('plain-none')}/firewalls")
    assert found == {"firewalls": [], "links": {}, "meta": {"total": 0}}
    for what in ("kernels", "firewalls", "neighbors"):
        sim.refused(sim.get(f"/v2/droplets/1/{what}"), 404)


def test_a_backup_that_waited_for_a_destruction_is_not_taken(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    held = sim.fault({"action": "stuck"}, method="DELETE")
    assert sim.delete(path(droplet, "selective"), json={}).status_code == 202
    sim.set_clock("2026-03-12T07:59:59Z")  # the minute of the backup has passed, its window is open
    sim.control("DELETE", f"faults/{held}")
    sim.advance(0)
    assert "destroyed_at" in status(sim, droplet)["droplet"]
    log = [action for action in sim.state()["actions"] if action["resource_id"] == droplet]
    assert [action["type"] for action in log if action["started_at"] >= "2026-03-11T09:30:00Z"] == ["destroy"]
