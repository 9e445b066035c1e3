# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Droplets and images: lists, pages, filters, creation, deletion."""

from urllib.parse import parse_qs, urlsplit

import pytest
from dosim_testing import Sim

REQUEST = {"name": "new-01", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64"}


def names(sim: Sim, query: str) -> list[str]:
    return [droplet["name"] for droplet in sim.read(f"/v2/droplets?per_page=200&{query}")["droplets"]]


def test_pages_hold_everything_once_and_link_to_each_other(sim: Sim) -> None:
    sim.reset(droplets=45)
    url, seen, numbers = "/v2/droplets?per_page=20", [], []
    while url:
        body = sim.read(url)
        assert body["meta"] == {"total": 45}
        seen += [droplet["id"] for droplet in body["droplets"]]
        pages = body["links"]["pages"]
        numbers.append({name: int(parse_qs(urlsplit(link).query)["page"][0]) for name, link in pages.items()})
        assert all(link.startswith(sim.ready["api_url"] + "/v2/droplets?") for link in pages.values())
        url = pages.get("next", "").removeprefix(sim.ready["api_url"])
    assert seen == sorted(droplet["id"] for droplet in sim.state()["droplets"])
    assert numbers == [{"next": 2, "last": 3}, {"first": 1, "prev": 1, "next": 3, "last": 3}, {"first": 1, "prev": 2}]


def test_twenty_is_the_size_of_a_page_and_one_page_has_no_links(sim: Sim) -> None:
    sim.reset(droplets=21)
    assert len(sim.read("/v2/droplets")["droplets"]) == 20
    assert sim.read("/v2/droplets?per_page=21")["links"] == {}
    beyond = sim.read("/v2/droplets?page=9")
    assert (beyond["droplets"], beyond["meta"]["total"]) == ([], 21)
    assert set(beyond["links"]["pages"]) == {"first", "prev"}


def test_links_keep_the_filter_and_the_host_that_was_asked(sim: Sim) -> None:
    link = sim.read("/v2/droplets?tag_name=env:prod&per_page=1")["links"]["pages"]["next"]
    assert parse_qs(urlsplit(link).query) == {"tag_name": ["env:prod"], "per_page": ["1"], "page": ["2"]}
    answer = sim.session.get(
        f"{sim.ready['http_url']}/v2/droplets?per_page=1",
        headers={"Authorization": f"Bearer {sim.token}", "Host": "api.example.com:81"},
    )
    assert answer.json()["links"]["pages"]["next"].startswith("http://api.example.com:81/v2/droplets?")


def test_gpu_droplets_come_only_when_they_are_asked_for(sim: Sim) -> None:
    gpu = ["gpu-none", "gpu-daily"]
    assert names(sim, "type=gpus") == gpu
    everything = [droplet["name"] for droplet in sim.state()["droplets"]]
    assert names(sim, "") == names(sim, "type=droplets") == [name for name in everything if name not in gpu]
    assert sim.read(f"/v2/droplets/{sim.id('gpu-daily')}")["droplet"]["gpu_info"]["model"] == "nvidia_l40s"


def test_filters(sim: Sim) -> None:
    assert names(sim, "name=twin") == names(sim, "name=TWIN") == ["twin", "twin"]
    assert names(sim, "name=twi") == []
    assert names(sim, "tag_name=role:ci") == ["twin", "twin", "powered-off"]
    assert names(sim, "tag_name=role") == []
    for query in ("tag_name=a&name=b", "tag_name=a&type=gpus"):
        sim.refused(sim.get(f"/v2/droplets?{query}"), 422, "can not be combined")
    sim.refused(sim.get("/v2/droplets?type=cpus"), 422, "type must be one of")


def test_a_created_droplet_is_new_and_then_active(sim: Sim) -> None:
    body = {**REQUEST, "tags": ["env:prod", "fresh"], "backups": True, "ipv6": True, "monitoring": True}
    reply = sim.post("/v2/droplets", body)
    assert reply.status_code == 202
    droplet, (link,) = reply.json()["droplet"], reply.json()["links"]["actions"]
    assert (droplet["status"], droplet["networks"]) == ("new", {"v4": [], "v6": []})
    assert (droplet["backup_ids"], droplet["next_backup_window"]) == ([], None)
    assert droplet["features"] == ["backups", "private_networking", "ipv6", "monitoring", "droplet_agent"]
    assert link["rel"] == "create"
    assert link["href"] == f"{sim.ready['api_url']}/v2/actions/{link['id']}"
    action = sim.read(f"/v2/actions/{link['id']}")["action"]
    assert (action["type"], action["status"], action["resource_id"]) == ("create", "in-progress", droplet["id"])
    sim.advance(1)
    droplet = sim.read(f"/v2/droplets/{droplet['id']}")["droplet"]
    assert droplet["status"] == "active"
    assert [network["type"] for network in droplet["networks"]["v4"]] == ["private", "public"]
    assert len(droplet["networks"]["v6"]) == 1
    assert droplet["next_backup_window"] == {"start": "2026-03-12T00:00:00Z", "end": "2026-03-12T04:00:00Z"}
    assert sim.policy(droplet["id"])["backup_policy"]["plan"] == "daily"
    assert names(sim, "tag_name=fresh") == ["new-01"]


def test_several_are_created_in_one_request(sim: Sim) -> None:
    policy = {"plan": "weekly", "weekday": "TUE", "hour": 12}
    body = {**REQUEST, "names": ["a", "b", "c"], "backups": True, "backup_policy": policy}
    del body["name"]
    reply = sim.post("/v2/droplets", body).json()
    assert [droplet["name"] for droplet in reply["droplets"]] == ["a", "b", "c"]
    assert len({link["id"] for link in reply["links"]["actions"]}) == 3
    sim.advance(1)
    for name in "abc":
        assert sim.known(name)["policy"] == {**policy, "window_length_hours": 4, "retention_period_days": 28}


def test_what_clients_send_for_nothing_is_nothing(sim: Sim) -> None:
    nothing = {"tags": None, "ssh_keys": None, "volumes": None, "region": "", "user_data": "", "vpc_uuid": ""}
    body = {**REQUEST, **nothing, "private_networking": False, "backup_policy": None, "ipv6": None}
    assert sim.post("/v2/droplets", body).status_code == 202


@pytest.mark.parametrize(("given", "region"), [("nyc", "nyc1"), ("", "nyc1"), ("fra1", "fra1")])
def test_a_region_may_be_left_open(sim: Sim, given: str, region: str) -> None:
    droplet = sim.post("/v2/droplets", {**REQUEST, "region": given}).json()["droplet"]
    assert droplet["region"]["slug"] == region


def test_a_backup_is_an_image_for_its_region_and_a_disk_that_is_large_enough(sim: Sim) -> None:
    sim.reset(world="fleet")
    backup = next(image for image in sim.known("web-prod-02")["backups"])
    body = {**REQUEST, "image": backup["id"], "size": "s-2vcpu-4gb", "region": "ams3"}
    assert sim.post("/v2/droplets", body).json()["droplet"]["image"]["id"] == backup["id"]
    sim.refused(sim.post("/v2/droplets", {**body, "region": "nyc3"}), 422, "not available in this region")
    sim.refused(sim.post("/v2/droplets", {**body, "size": "s-1vcpu-2gb"}), 422, "disk of at least 80 GB")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": None}, "exactly one of name and names is required"),
        ({"name": "under_score"}, "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)"),
        ({"name": "line\n"}, "Only valid hostname"),
        ({"name": "x" * 256}, "Only valid hostname"),
        ({"name": 7}, "Only valid hostname"),
        ({"names": ["a"]}, "exactly one of name and names"),
        ({"size": "s-999vcpu"}, "invalid size"),
        ({"size": None}, "invalid size"),
        ({"size": 4}, "size must be a text"),
        ({"image": "windows-95"}, "invalid image"),
        ({"image": 1}, "invalid image"),
        ({"image": None}, "invalid image"),
        ({"image": True}, "invalid image"),
        ({"image": ["a"]}, "invalid image"),
        ({"image": 1.5}, "invalid image"),
        ({"region": "mars1"}, "invalid region"),
        ({"region": "ams2"}, "invalid region"),
        ({"region": "fra1", "size": "gpu-h100x1-80gb"}, "Size is not available"),
        ({"image": "docker-20-04", "size": "s-1vcpu-512mb-10gb"}, "disk of at least 25 GB"),
        ({"backups": "yes"}, "backups must be true or false"),
        ({"tags": "web"}, "tags must be a list"),
        ({"tags": [1]}, "tags must be a list"),
        ({"tags": ["no blanks"]}, "tags may contain"),
        ({"ssh_keys": [True]}, "ssh_keys must be a list"),
        ({"volumes": ["12e97116-7280-11ed-b3d0-0a58ac146812"]}, "no such volume"),
        ({"user_data": "x" * 70_000}, "64 KiB"),
        ({"vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000"}, "no such VPC"),
        ({"backups": True, "backup_policy": {"plan": "weekly"}}, "weekday is required"),
        ({"backups": True, "backup_policy": [1]}, "must be an object"),
        ({"backup_policy": {"plan": "daily"}}, "can only be set when backups are enabled"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_request_creates_nothing(sim: Sim, change: dict, words: str) -> None:
    before = len(sim.state()["droplets"])
    sim.refused(sim.post("/v2/droplets", {**REQUEST, **change}), 422, words)
    assert len(sim.state()["droplets"]) == before


@pytest.mark.parametrize("several", [[], ["a"] * 11, ["a", "not good"], "abc", [None], None])
def test_bad_names(sim: Sim, several: object) -> None:
    before = len(sim.state()["droplets"])
    body = {**REQUEST, "names": several}
    del body["name"]
    sim.refused(sim.post("/v2/droplets", body), 422)
    assert len(sim.state()["droplets"]) == before


def test_the_droplet_limit(sim: Sim, tmp_path) -> None:
    world = tmp_path / "small.yml"
    world.write_text("account: {droplet_limit: 3}\ndroplets: [{name: 'd-#', count: 2}]\n")
    sim.reset(world=str(world))
    assert sim.post("/v2/droplets", REQUEST).status_code == 202
    sim.refused(sim.post("/v2/droplets", REQUEST), 422, "creating this/these droplet(s) will exceed your droplet limit")


def test_the_first_spelling_of_a_tag_is_the_one(sim: Sim) -> None:
    droplet = sim.post("/v2/droplets", {**REQUEST, "tags": ["ENV:Prod", "env:prod"]}).json()["droplet"]
    assert droplet["tags"] == ["env:prod"]


def test_deleting_leaves_backups_and_snapshots_and_the_log(sim: Sim) -> None:
    known = sim.known("with-volumes")
    droplet, backup, snapshot = known["id"], known["backups"][0]["id"], known["snapshots"][0]["id"]
    answer = sim.delete(f"/v2/droplets/{droplet}")
    assert (answer.status_code, answer.content) == (204, b"")
    sim.refused(sim.get(f"/v2/droplets/{droplet}"), 404)
    sim.refused(sim.delete(f"/v2/droplets/{droplet}"), 404)
    assert sim.read(f"/v2/images/{backup}")["image"]["type"] == "backup"
    assert sim.read(f"/v2/images/{snapshot}")["image"]["type"] == "snapshot"
    assert droplet not in [row["id"] for row in sim.read("/v2/droplets?per_page=200")["droplets"]]
    assert str(droplet) not in sim.read("/v2/droplets/backups/policies?per_page=200")["policies"]
    newest = sim.read("/v2/actions")["actions"][0]
    assert (newest["type"], newest["status"], newest["resource_id"]) == ("destroy", "completed", droplet)
    sim.advance("40d")


def test_policies_are_a_map_of_every_droplet(sim: Sim) -> None:
    policies = sim.read("/v2/droplets/backups/policies?per_page=200")["policies"]
    assert set(policies) == {str(droplet["id"]) for droplet in sim.state()["droplets"]}
    assert policies[str(sim.id("plain-none"))] == {"droplet_id": sim.id("plain-none"), "backup_enabled": False}
    assert all(policies[str(key)] == sim.policy(key) for key in map(int, policies))


def test_supported_policies(sim: Sim) -> None:
    body = sim.read("/v2/droplets/backups/supported_policies")
    assert set(body) == {"supported_policies"}
    weekly, daily = body["supported_policies"]
    assert (weekly["name"], weekly["retention_period_days"], len(weekly["possible_days"])) == ("weekly", 28, 7)
    assert (daily["name"], daily["retention_period_days"], daily["possible_days"]) == ("daily", 7, [])
    assert weekly["possible_window_starts"] == daily["possible_window_starts"] == [0, 4, 8, 12, 16, 20]


def test_images_public_private_and_by_slug(sim: Sim) -> None:
    def images(query: str) -> list[dict]:
        return sim.read(f"/v2/images?per_page=200&{query}")["images"]

    private = {image["id"] for image in images("private=true")}
    assert private == {image["id"] for image in sim.state()["images"]}
    assert all(image["public"] for image in images("type=distribution"))
    assert {"docker-20-04"} <= {image["slug"] for image in images("type=application")}
    assert {image["type"] for image in images("")} == {"base", "backup", "snapshot"}
    by_slug = sim.read("/v2/images/ubuntu-24-04-x64")["image"]
    assert sim.read(f"/v2/images/{by_slug['id']}")["image"] == by_slug
    sim.refused(sim.get("/v2/images/nothing"), 404)
    sim.refused(sim.get("/v2/images?type=backup"), 422, "type must be one of")
    sim.refused(sim.get("/v2/images?private=perhaps"), 422, "private must be")


def test_sizes_have_their_list_prices_and_agree_with_the_regions(sim: Sim) -> None:
    sizes = {size["slug"]: size for size in sim.read("/v2/sizes?per_page=200")["sizes"]}
    prices = {"s-1vcpu-512mb-10gb": 4, "s-1vcpu-1gb": 6, "s-2vcpu-4gb": 24, "g-2vcpu-8gb": 63, "so-2vcpu-16gb": 131}
    assert {slug: sizes[slug]["price_monthly"] for slug in prices} == prices
    assert sizes["gpu-h100x1-80gb"]["gpu_info"]["count"] == 1
    for region in sim.read("/v2/regions?per_page=200")["regions"]:
        assert set(region["sizes"]) == {slug for slug, size in sizes.items() if region["slug"] in size["regions"]}
        assert "backups" in region["features"]
