# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lag: what is new does not show yet, what was changed shows as it was, what was deleted still shows."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from dosim import routes
from dosim.behaviour import LAGS
from dosim.lag import READS, TAGGING
from dosim_testing import Sim, process

LAG = 20
NEW = {"name": "late", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3", "tags": ["fresh"]}


@pytest.fixture(scope="module", name="swift")
def _swift() -> Iterator[Sim]:
    """A simulator of its own, whose actions end at once."""
    with process("--world", "awkward", "--action-seconds", "0") as (_program, ready):
        yield Sim(ready)


@pytest.fixture(name="late")
def _late(swift: Sim) -> Sim:
    swift.reset()
    return swift


def listed(sim: Sim, path: str) -> list:
    """The ids of a list, or the names if there are none, whose total must be their number."""
    body = sim.read(f"{path}{'&' if '?' in path else '?'}per_page=200")
    root = next(key for key in body if key not in ("links", "meta"))
    rows = body[root]
    keys = list(rows) if isinstance(rows, dict) else [row.get("id") or row["name"] for row in rows]
    assert body["meta"]["total"] == len(keys)
    return keys


def create(sim: Sim) -> int:
    return sim.post("/v2/droplets", {**NEW, "backups": True}).json()["droplet"]["id"]


def snapshot(sim: Sim) -> tuple[int, int, int]:
    """A Droplet, the action and the image of a snapshot just made of it."""
    droplet = sim.id("plain-daily")
    action = sim.act(droplet, "snapshot", name="by hand")["id"]
    return droplet, action, sim.known("plain-daily")["snapshots"][-1]["id"]


def backup(sim: Sim) -> tuple[int, int]:
    """A Droplet and a backup that was just taken of it: the clock stands right behind its minute."""
    droplet = sim.id("plain-daily")
    old = [image["id"] for image in sim.known("plain-daily")["backups"]]
    for _minute in range(24 * 60):
        sim.advance(60)
        new = [image["id"] for image in sim.known("plain-daily")["backups"] if image["id"] not in old]
        if new:
            return droplet, new[0]
    raise AssertionError("no backup in a day")


def test_the_switches_are_those_that_the_routes_follow() -> None:
    assert {*READS.values(), "lag_addresses"} == set(LAGS)
    assert set(READS) | {TAGGING} <= set(routes.TABLE)
    never_late = {"/v2/account", "/v2/regions", "/v2/sizes", "/v2/droplets/backups/supported_policies"}
    served = {template for template, methods in routes.TABLE.items() if methods.get("GET")}
    assert served - set(READS) == never_late | routes.BEYOND_SCHEMA


def new_droplet(sim: Sim) -> tuple[str, str, int, str]:
    key = create(sim)
    return "droplets", "/v2/droplets", key, f"/v2/droplets/{key}"


def new_image(sim: Sim) -> tuple[str, str, int, str]:
    _droplet, _action, image = snapshot(sim)
    return "images", "/v2/images?private=true", image, f"/v2/images/{image}"


def new_snapshot(sim: Sim) -> tuple[str, str, str, str]:
    _droplet, _action, image = snapshot(sim)
    return "snapshots", "/v2/snapshots", str(image), f"/v2/snapshots/{image}"


def new_action(sim: Sim) -> tuple[str, str, int, str]:
    _droplet, action, _image = snapshot(sim)
    return "actions", "/v2/actions", action, f"/v2/actions/{action}"


def new_droplet_action(sim: Sim) -> tuple[str, str, int, str]:
    droplet, action, _image = snapshot(sim)
    return "actions", f"/v2/droplets/{droplet}/actions", action, f"/v2/droplets/{droplet}/actions/{action}"


def new_image_action(sim: Sim) -> tuple[str, str, int, str]:
    image = sim.known("plain-daily")["backups"][0]["id"]
    action = sim.post(f"/v2/images/{image}/actions", {"type": "convert"}).json()["action"]["id"]
    return "actions", f"/v2/images/{image}/actions", action, f"/v2/images/{image}/actions/{action}"


def new_policy(sim: Sim) -> tuple[str, str, str, str]:
    key = create(sim)
    return "policies", "/v2/droplets/backups/policies", str(key), f"/v2/droplets/{key}/backups/policy"


def new_tag(sim: Sim) -> tuple[str, str, str, str]:
    assert sim.post("/v2/tags", {"name": "fresh"}).status_code == 201
    return "tags", "/v2/tags", "fresh", "/v2/tags/fresh"


MAKERS = (
    *(new_droplet, new_image, new_snapshot, new_action, new_droplet_action, new_image_action, new_policy, new_tag),
)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("late_form", ["list", "single", "both", "other"])
def test_what_is_new(late: Sim, make: Callable, late_form: str) -> None:
    """Missing from lists and their total, 404 by id, until so many seconds have passed; each by its own switch."""
    kind = make.__name__.removeprefix("new_").rpartition("_")[2]
    kind = {"policy": "policies"}.get(kind, f"{kind}s")
    forms = {"list": ["list"], "single": ["single"], "both": ["list", "single"], "other": []}[late_form]
    switches = {f"lag_{kind}_{form}": str(LAG) for form in forms}
    if late_form == "other":
        switches = {key: str(LAG) for key in LAGS if f"lag_{kind}_" not in key}
        # Whether there is a Droplet at all is told by its own lag.
        switches.pop("lag_droplets_single", None)
    late.behave(**switches)
    _kind, listing, key, single = make(late)
    for _again in range(2):
        assert (key in listed(late, listing)) is ("list" not in forms)
        assert late.get(single).status_code == (404 if "single" in forms else 200)
        late.advance(LAG / 2 - 1)
    late.advance(4)
    assert key in listed(late, listing)
    assert late.get(single).status_code == 200


@pytest.mark.parametrize("seconds", [10, 40])
def test_what_was_changed_or_deleted(late: Sim, seconds: int) -> None:
    """Shows as it was, the deleted too; writes act on what is there."""
    droplet, other = late.id("plain-daily"), late.id("plain-none")
    late.behave(**dict.fromkeys(LAGS, str(seconds)))
    assert late.post(f"/v2/droplets/{droplet}/actions", {"type": "rename", "name": "renamed"}).status_code == 201
    assert late.post(f"/v2/droplets/{droplet}/actions", {"type": "disable_backups"}).status_code == 201
    assert late.delete(f"/v2/droplets/{other}").status_code == 204
    paths = (f"/v2/droplets/{droplet}", f"/v2/droplets/{droplet}/backups/policy", f"/v2/droplets/{other}")

    def shown() -> tuple:
        named, policy, gone = (late.get(path) for path in paths)
        in_lists = other in listed(late, "/v2/droplets"), str(other) in listed(late, "/v2/droplets/backups/policies")
        return named.json()["droplet"]["name"], policy.json()["policy"]["backup_enabled"], gone.status_code, *in_lists

    assert shown() == ("plain-daily", True, 200, True, True)
    assert late.delete(f"/v2/droplets/{other}").status_code == 404
    assert late.post(f"/v2/droplets/{droplet}/actions", {"type": "rename", "name": "renamed"}).status_code == 201
    late.advance(seconds - 2)
    assert shown() == ("plain-daily", True, 200, True, True)
    late.advance(3)
    assert shown() == ("renamed", False, 404, False, False)


def test_each_state_in_turn(late: Sim) -> None:
    """Several changes within the lag show one after another, each as late as the other."""
    droplet = late.id("plain-daily")
    late.behave(lag_droplets_single="30")
    for name in ("one", "two", "three"):
        late.act(droplet, "rename", name=name)
        late.advance(10)
    found = []
    for _step in range(5):
        found.append(late.read(f"/v2/droplets/{droplet}")["droplet"]["name"])
        late.advance(10)
    assert found == ["one", "two", "three", "three", "three"]


def test_the_answer_to_a_write_is_true_and_a_second_write_is_carried_out(late: Sim) -> None:
    late.behave(**dict.fromkeys(LAGS, str(LAG)))
    droplet = late.id("plain-daily")
    for _twice in range(2):
        assert late.act(droplet, "snapshot", name="same")["status"] == "in-progress"
    assert [image["name"] for image in late.known("plain-daily")["snapshots"]][-2:] == ["same", "same"]
    assert late.post("/v2/droplets", NEW).json()["droplet"]["name"] == "late"
    image = late.known("plain-daily")["snapshots"][-1]["id"]
    answer = late.request("PUT", f"/v2/images/{image}", json={"name": "renamed"})
    assert answer.json()["image"]["name"] == "renamed"


def test_a_backup_is_late_in_its_list(late: Sim) -> None:
    late.behave(lag_backups_list="90")
    droplet, image = backup(late)
    assert image not in listed(late, f"/v2/droplets/{droplet}/backups")
    assert image in listed(late, "/v2/images?private=true")
    late.advance(91)
    assert image in listed(late, f"/v2/droplets/{droplet}/backups")


def test_lists_of_a_new_droplet_are_empty_and_not_missing(late: Sim) -> None:
    late.behave(**dict.fromkeys(("lag_backups_list", "lag_snapshots_list", "lag_actions_list"), str(LAG)))
    key = create(late)
    for what in ("backups", "snapshots", "actions"):
        assert listed(late, f"/v2/droplets/{key}/{what}") == []
    late.behave(lag_droplets_single=str(LAG))
    for what in ("backups", "snapshots", "actions", "kernels"):
        assert late.get(f"/v2/droplets/{key}/{what}").status_code == 404
    late.advance(LAG + 1)
    assert len(listed(late, f"/v2/droplets/{key}/actions")) == 1


@pytest.mark.parametrize("more", [{}, {"lag_droplets_single": "5", "lag_droplets_list": "5"}], ids=str)
def test_addresses_are_late(late: Sim, more: dict) -> None:
    """A new Droplet is active before its addresses show; those of an older one stay."""
    late.behave(lag_addresses=str(LAG), **more)
    key, old = create(late), late.id("plain-daily")
    late.advance(6)

    def shown() -> list[bool]:
        single = late.read(f"/v2/droplets/{key}")["droplet"]
        rows = {row["id"]: row for row in late.read("/v2/droplets?per_page=200")["droplets"]}
        assert single["status"] == "active"
        return [bool(row["networks"]["v4"]) for row in (single, rows[key], rows[old])]

    assert shown() == [False, False, True]
    late.advance(LAG)
    assert shown() == [True, True, True]


def test_a_new_tag_is_unknown_to_what_is_given_it(late: Sim) -> None:
    droplet = late.id("plain-daily")
    body = {"resources": [{"resource_type": "droplet", "resource_id": str(droplet)}]}
    late.behave(lag_tags_single=str(LAG))
    new_tag(late)
    late.refused(late.post("/v2/tags/fresh/resources", body), 404)
    assert late.post("/v2/tags", {"name": "fresh"}).status_code == 201
    late.advance(LAG + 1)
    assert late.post("/v2/tags/fresh/resources", body).status_code == 204


def test_filters_and_pages_are_of_that_time_too(late: Sim) -> None:
    late.behave(lag_droplets_list=str(LAG))
    late.read("/v2/droplets?tag_name=fresh")
    create(late)
    body = late.read("/v2/droplets?tag_name=fresh")
    assert (body["droplets"], body["meta"]["total"]) == ([], 0)
    assert late.read("/v2/droplets?name=late")["meta"]["total"] == 0
    late.advance(LAG + 1)
    assert late.read("/v2/droplets?tag_name=fresh&per_page=1")["meta"]["total"] == 1


def test_what_was_there_before_a_lag_was_set_is_old(late: Sim) -> None:
    key = create(late)
    late.behave(**dict.fromkeys(LAGS, "60"))
    assert key in listed(late, "/v2/droplets")
    assert late.get(f"/v2/droplets/{key}").status_code == 200


def test_a_lag_that_is_taken_away_leaves_the_truth(late: Sim) -> None:
    late.behave(**dict.fromkeys(LAGS, "60"))
    key = create(late)
    assert late.get(f"/v2/droplets/{key}").status_code == 404
    late.behave(**dict.fromkeys(LAGS, "0"))
    assert late.get(f"/v2/droplets/{key}").status_code == 200
    late.behave(lag_droplets_single="60")
    assert late.get(f"/v2/droplets/{key}").status_code == 200
    late.reset()
    assert {late.control("GET", "behaviour")[lag] for lag in LAGS} == {"0"}


def test_other_switches_hold_for_what_is_shown_late(late: Sim) -> None:
    droplet = late.id("plain-daily")
    late.behave(lag_droplets_single="30")
    late.act(droplet, "rename", name="renamed")
    late.read(f"/v2/droplets/{droplet}")
    late.behave(extra_fields="added")
    shown = late.read(f"/v2/droplets/{droplet}")["droplet"]
    assert (shown["name"], "added_later" in shown) == ("plain-daily", True)


def test_the_state_is_the_truth(late: Sim) -> None:
    late.behave(**dict.fromkeys(LAGS, "60"))
    key = create(late)
    assert key in [droplet["id"] for droplet in late.state()["droplets"]]


def test_months_pass_quickly_under_a_lag(late: Sim) -> None:
    """Only what a read can still go back to is kept: 60 Droplets' backups of 90 days are no work worth the name."""
    late.reset(world="fleet")
    late.behave(**dict.fromkeys(LAGS, "40"))
    begun = time.monotonic()
    late.advance("90d")
    assert time.monotonic() - begun < 20
    assert late.read("/v2/images?private=true")["meta"]["total"] == len(late.state()["images"])


@pytest.mark.parametrize("value", ["-1", "1.5", "3601", "soon", "", 3601, -1, 1.5, True, None, ["1"]], ids=str)
def test_a_lag_is_whole_seconds(late: Sim, value: object) -> None:
    answer = late.session.put(f"{late.ready['api_url']}/_sim/behaviour", json={"lag_tags_list": value})
    assert answer.status_code == 422
    assert "lag_tags_list takes whole seconds from 0 to 3600, not" in answer.json()["message"]


def test_a_number_is_taken_for_a_lag(late: Sim) -> None:
    assert late.control("PUT", "behaviour", {"lag_tags_list": 20})["lag_tags_list"] == "20"


@pytest.mark.parametrize("odd", ["9" * 5000, "9" * 20, "0", "-1", "%D9%A3", "%C2%B2", "x"], ids=lambda odd: odd[:20])
def test_an_odd_id_is_as_unknown_to_a_late_read_as_to_any_other(late: Sim, odd: str) -> None:
    late.behave(**dict.fromkeys(LAGS, str(LAG)))
    paths = [re.sub(r"\{\w+\}", odd, template) for template in READS if "{" in template]
    assert {path: late.get(path).status_code for path in paths} == dict.fromkeys(paths, 404)
