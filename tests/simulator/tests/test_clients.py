# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that were written for the real API work against the simulator, over verified TLS."""

import digitalocean
import pydo
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from digitalocean.baseapi import BaseAPI
from dosim_testing import Sim

WEEKLY = {"plan": "weekly", "weekday": "FRI", "hour": 12}


@pytest.fixture
def client(sim: Sim) -> pydo.Client:
    return pydo.Client(
        sim.token,
        endpoint=sim.ready["api_url"],
        transport=RequestsTransport(connection_verify=sim.ready["ca_path"]),
        retry_total=0,
    )


class TestPydo:
    """DigitalOcean's own client, generated from the schema."""

    def test_reads(self, sim: Sim, client: pydo.Client) -> None:
        droplets = client.droplets.list(per_page=200)["droplets"]
        gpus = client.droplets.list(type="gpus")["droplets"]
        assert len(droplets) + len(gpus) == len(sim.state()["droplets"])
        assert client.droplets.list(tag_name="role:ci")["meta"]["total"] == 3
        assert client.droplets.list(name="untagged")["droplets"][0]["tags"] == []
        policies = client.droplets.list_backup_policies(per_page=200)["policies"]
        assert set(policies) == {str(droplet["id"]) for droplet in droplets + gpus}
        plans = client.droplets.list_supported_backup_policies()["supported_policies"]
        assert [plan["name"] for plan in plans] == ["weekly", "daily"]
        assert client.account.get()["account"]["status"] == "active"
        assert client.sizes.list(per_page=200)["sizes"][1]["slug"] == "s-1vcpu-1gb"
        assert client.regions.list()["regions"][0]["slug"] == "nyc1"
        assert client.images.list(private=True, per_page=200)["meta"]["total"] == len(sim.state()["images"])

    def test_enable_change_disable(self, sim: Sim, client: pydo.Client) -> None:
        droplet = sim.id("plain-none")

        def order(body: dict) -> str:
            action = client.droplet_actions.post(droplet, body=body)["action"]
            assert action["status"] == "in-progress"
            sim.advance(1)
            client.droplet_actions.get(droplet, action["id"])
            return client.actions.get(action["id"])["action"]["status"]

        assert order({"type": "enable_backups"}) == "completed"
        assert client.droplets.get_backup_policy(droplet)["policy"]["backup_policy"]["plan"] == "daily"
        assert order({"type": "change_backup_policy", "backup_policy": WEEKLY}) == "completed"
        policy = client.droplets.get_backup_policy(droplet)["policy"]["backup_policy"]
        assert policy == {**WEEKLY, "window_length_hours": 4, "retention_period_days": 28}
        assert order({"type": "disable_backups"}) == "completed"
        assert client.droplets.get_backup_policy(droplet)["policy"] == {"droplet_id": droplet, "backup_enabled": False}
        log = [action["type"] for action in client.droplet_actions.list(droplet)["actions"]]
        assert log == ["disable_backups", "change_backup_policy", "enable_backups", "create"]

    def test_backups_and_convert(self, sim: Sim, client: pydo.Client) -> None:
        droplet = sim.id("plain-daily")
        newest = client.droplets.list_backups(droplet)["backups"][0]
        action = client.image_actions.post(newest["id"], body={"type": "convert"})["action"]
        sim.advance(1)
        assert client.image_actions.get(newest["id"], action["id"])["action"]["status"] == "completed"
        assert client.droplets.list_snapshots(droplet)["snapshots"][0]["id"] == newest["id"]
        assert client.images.get(newest["id"])["image"]["type"] == "snapshot"

    def test_create_snapshot_and_destroy(self, sim: Sim, client: pydo.Client) -> None:
        body = {
            "name": "by-pydo",
            "size": "s-1vcpu-1gb",
            "image": "ubuntu-24-04-x64",
            "region": "nyc3",
            "backups": True,
        }
        droplet = client.droplets.create(body=body)["droplet"]["id"]
        sim.advance(1)
        assert client.droplets.get(droplet)["droplet"]["status"] == "active"
        client.droplet_actions.post(droplet, body={"type": "snapshot", "name": "kept"})
        sim.advance(1)
        assert client.droplets.destroy(droplet) is None
        assert client.droplets.get(droplet)["id"] == "not_found"

    def test_every_droplet_action(self, sim: Sim, client: pydo.Client) -> None:
        sim.behave(ipv6_when_on="accept")
        known = sim.known("plain-daily")
        droplet, backup = known["id"], known["backups"][0]["id"]
        for body in (
            {"type": "restore", "image": backup},
            {"type": "rebuild", "image": "debian-12-x64"},
            {"type": "resize", "size": "s-2vcpu-4gb", "disk": True},
            {"type": "rename", "name": "by-pydo"},
            {"type": "reboot"},
            {"type": "power_cycle"},
            {"type": "password_reset"},
            {"type": "enable_ipv6"},
            {"type": "shutdown"},
        ):
            action = client.droplet_actions.post(droplet, body=body)["action"]
            sim.advance(1)
            assert client.actions.get(action["id"])["action"]["status"] == "completed"
        shown = client.droplets.get(droplet)["droplet"]
        assert (shown["name"], shown["disk"], shown["status"]) == ("by-pydo", 80, "off")

    def test_orders_and_deletion_by_tag(self, sim: Sim, client: pydo.Client) -> None:
        actions = client.droplet_actions.post_by_tag(tag_name="role:ci", body={"type": "enable_backups"})["actions"]
        assert len(actions) == 3
        sim.advance(1)
        assert client.droplets.destroy_by_tag(tag_name="role:ci") is None
        assert client.droplets.list(tag_name="role:ci")["droplets"] == []

    def test_images_and_snapshots(self, sim: Sim, client: pydo.Client) -> None:
        (snapshot,) = client.snapshots.list(resource_type="droplet")["snapshots"]
        assert client.snapshots.get(snapshot["id"])["snapshot"] == snapshot
        key = int(snapshot["id"])
        assert client.images.update(key, body={"name": "new"})["image"]["name"] == "new"
        client.image_actions.post(key, body={"type": "transfer", "region": "fra1"})
        sim.advance(1)
        assert client.images.get(key)["image"]["regions"] == ["nyc3", "fra1"]
        backup = sim.known("plain-daily")["backups"][0]["id"]
        # What the schema declares, this client returns as data: 404 everywhere, and here 400.
        assert client.snapshots.get(backup)["message"] == "the resource is not a snapshot"
        assert client.images.delete(backup) is None
        assert client.snapshots.delete(snapshot["id"]) is None
        assert client.snapshots.list()["snapshots"] == []

    def test_tags(self, sim: Sim, client: pydo.Client) -> None:
        droplet = sim.id("untagged")
        body = {"resources": [{"resource_id": str(droplet), "resource_type": "droplet"}]}
        assert client.tags.create(body={"name": "fresh"})["tag"]["resources"]["count"] == 0
        client.tags.assign_resources("fresh", body=body)
        assert client.tags.get("fresh")["tag"]["resources"]["droplets"]["count"] == 1
        assert client.droplets.list(tag_name="fresh")["droplets"][0]["id"] == droplet
        client.tags.unassign_resources("fresh", body=body)
        client.tags.delete("fresh")
        assert "fresh" not in [tag["name"] for tag in client.tags.list(per_page=200)["tags"]]

    def test_errors(self, sim: Sim, client: pydo.Client) -> None:
        droplet = sim.id("busy-snapshot")
        with pytest.raises(HttpResponseError) as refused:
            client.droplet_actions.post(droplet, body={"type": "enable_backups"})
        assert refused.value.status_code == 422
        assert refused.value.error.message == "Droplet already has a pending event."
        sim.control("DELETE", f"tokens/{sim.token}")
        with pytest.raises(ClientAuthenticationError):
            client.droplets.list()


@pytest.fixture
def manager(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> digitalocean.Manager:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sim.ready["ca_path"])
    plain = BaseAPI.__init__

    def elsewhere(self: BaseAPI, *args: object, **options: object) -> None:
        plain(self, *args, **options)
        self.end_point = sim.ready["api_url"] + "/v2/"

    monkeypatch.setattr(BaseAPI, "__init__", elsewhere)
    return digitalocean.Manager(token=sim.token)


class TestPythonDigitalocean:
    """The oldest community client."""

    def test_reads(self, sim: Sim, manager: digitalocean.Manager) -> None:
        ours = {droplet["name"]: droplet for droplet in sim.state()["droplets"] if not droplet["gpu"]}
        assert {droplet.name for droplet in manager.get_all_droplets()} == set(ours)
        tagged = manager.get_all_droplets(tag_name="role:ci")
        assert [droplet.name for droplet in tagged] == ["twin", "twin", "powered-off"]
        droplet = manager.get_droplet(ours["plain-daily"]["id"])
        assert (droplet.status, len(droplet.backup_ids), droplet.size_slug) == ("active", 7, "s-1vcpu-1gb")
        assert droplet.ip_address.startswith("198.")
        assert manager.get_account().email == sim.state()["account"]["email"]
        assert "nyc3" in [region.slug for region in manager.get_all_regions()]
        assert 6.0 in [size.price_monthly for size in manager.get_all_sizes()]

    def test_it_follows_the_links_of_many_pages(self, sim: Sim, manager: digitalocean.Manager) -> None:
        sim.reset(droplets=450)
        droplets = manager.get_all_droplets()
        assert len({droplet.id for droplet in droplets}) == 450

    def test_enable_disable_snapshot_and_power(self, sim: Sim, manager: digitalocean.Manager) -> None:
        droplet = manager.get_droplet(sim.id("plain-none"))
        for order in (droplet.enable_backups, droplet.power_off, droplet.power_on, droplet.disable_backups):
            assert order()["action"]["status"] == "in-progress"
            sim.advance(1)
        droplet.take_snapshot("by hand")
        sim.advance(1)
        assert [manager.get_image(image.id).name for image in droplet.load().get_snapshots()] == ["by hand"]
        droplet = droplet.load()
        assert {action.status for action in droplet.get_actions()} == {"completed"}
        types = [action.type for action in droplet.get_actions()]
        assert types == ["snapshot", "disable_backups", "power_on", "power_off", "enable_backups", "create"]

    def test_convert_is_its_image_action(self, sim: Sim, manager: digitalocean.Manager) -> None:
        backup = sim.known("plain-daily")["backups"][0]
        image = manager.get_image(backup["id"])
        assert (image.type, image.name) == ("backup", backup["name"])
        image.get_data(f"images/{backup['id']}/actions/", type="POST", params={"type": "convert"})
        sim.advance(1)
        assert manager.get_image(backup["id"]).type == "snapshot"

    def test_create_and_destroy(self, sim: Sim, manager: digitalocean.Manager) -> None:
        droplet = digitalocean.Droplet(
            token=sim.token,
            name="by-hand",
            region="nyc3",
            image="ubuntu-24-04-x64",
            size_slug="s-1vcpu-1gb",
            backups=True,
        )
        droplet.create()
        sim.advance(1)
        assert droplet.load().status == "active"
        assert [action.type for action in droplet.get_actions()] == ["create"]
        assert droplet.destroy()
        with pytest.raises(digitalocean.NotFoundError):
            manager.get_droplet(droplet.id)

    def test_every_droplet_action(self, sim: Sim, manager: digitalocean.Manager) -> None:
        sim.behave(ipv6_when_on="accept")
        known = sim.known("plain-daily")
        droplet = manager.get_droplet(known["id"])
        for order, arguments in (
            (droplet.restore, [known["backups"][0]["id"]]),
            (droplet.rebuild, ["debian-12-x64"]),
            (droplet.resize, ["s-2vcpu-4gb"]),
            (droplet.rename, ["by-hand"]),
            (droplet.reboot, []),
            (droplet.power_cycle, []),
            (droplet.reset_root_password, []),
            (droplet.enable_ipv6, []),
            (droplet.shutdown, []),
        ):
            assert order(*arguments)["action"]["status"] == "in-progress"
            sim.advance(1)
        droplet = droplet.load()
        assert (droplet.name, droplet.disk, droplet.status) == ("by-hand", 80, "off")
        assert {action.status for action in droplet.get_actions()} == {"completed"}

    def test_what_is_for_droplets_of_before_2017(self, sim: Sim, manager: digitalocean.Manager, tmp_path) -> None:
        world = tmp_path / "legacy.yml"
        world.write_text("droplets: [{name: old, legacy: true, age: 4000d}]")
        sim.reset(world=str(world))
        droplet = manager.get_droplet(sim.id("old"))
        kernels = droplet.get_kernel_available()
        for order, arguments in ((droplet.change_kernel, [kernels[-1]]), (droplet.enable_private_networking, [])):
            order(*arguments)
            sim.advance(1)
        assert droplet.load().kernel["id"] == kernels[-1].id
        assert droplet.private_ip_address.startswith("10.")

    def test_images_and_snapshots(self, sim: Sim, manager: digitalocean.Manager) -> None:
        (snapshot,) = manager.get_droplet_snapshots()
        assert manager.get_volume_snapshots() == []
        image = manager.get_image(int(snapshot.id))
        assert image.rename("new")["image"]["name"] == "new"
        image.transfer("fra1")
        sim.advance(1)
        assert manager.get_snapshot(snapshot.id).regions == ["nyc3", "fra1"]
        assert snapshot.destroy()
        assert manager.get_all_snapshots() == []
        assert manager.get_image(sim.known("plain-daily")["backups"][0]["id"]).destroy()
        assert len(sim.known("plain-daily")["backups"]) == 6

    def test_tags(self, sim: Sim, manager: digitalocean.Manager) -> None:
        tag = digitalocean.Tag(token=sim.token, name="fresh")
        tag.create()
        droplet = manager.get_droplet(sim.id("untagged"))
        tag.add_droplets([droplet])
        assert [found.id for found in manager.get_all_droplets(tag_name="fresh")] == [droplet.id]
        assert tag.load().resources["droplets"]["count"] == 1
        tag.remove_droplets([str(droplet.id)])
        assert tag.load().resources["count"] == 0
        assert tag.delete()
        assert "fresh" not in [found.name for found in manager.get_all_tags()]

    def test_errors(self, sim: Sim, manager: digitalocean.Manager) -> None:
        droplet = manager.get_droplet(sim.id("busy-snapshot"))
        with pytest.raises(digitalocean.DataReadError, match="Droplet already has a pending event"):
            droplet.enable_backups()
