# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Droplet may be told, what that does, and when; what is refused, and with which words."""

import pytest
from dosim_testing import Sim

PENDING = "Droplet already has a pending event."
WEEKLY = {"plan": "weekly", "weekday": "SUN", "hour": 8}


def test_an_action_takes_effect_when_it_completes(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    action = sim.act(droplet, "enable_backups", backup_policy=WEEKLY)
    assert (action["status"], action["completed_at"]) == ("in-progress", None)
    assert (action["resource_id"], action["resource_type"], action["type"]) == (droplet, "droplet", "enable_backups")
    assert action["region"]["slug"] == action["region_slug"] == "nyc3"
    assert sim.policy(droplet) == {"droplet_id": droplet, "backup_enabled": False}
    sim.advance(1)
    done = sim.read(f"/v2/actions/{action['id']}")["action"]
    assert done["status"] == "completed"
    assert done["completed_at"] > done["started_at"] == action["started_at"]
    assert sim.policy(droplet) == {
        "droplet_id": droplet,
        "backup_enabled": True,
        "backup_policy": {**WEEKLY, "window_length_hours": 4, "retention_period_days": 28},
        "next_backup_window": {"start": "2026-03-15T08:00:00Z", "end": "2026-03-15T12:00:00Z"},
    }
    shown = sim.read(f"/v2/droplets/{droplet}")["droplet"]
    assert "backups" in shown["features"]


def test_a_daily_policy_has_no_weekday_and_its_last_window_ends_at_midnight(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.done(droplet, "enable_backups", backup_policy={"plan": "daily", "hour": 20, "weekday": ""})
    assert sim.policy(droplet)["backup_policy"] == {
        "plan": "daily",
        "hour": 20,
        "window_length_hours": 4,
        "retention_period_days": 7,
    }
    window = sim.policy(droplet)["next_backup_window"]
    assert window == {"start": "2026-03-11T20:00:00Z", "end": "2026-03-12T00:00:00Z"}


def test_enabling_without_a_policy_is_daily(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.done(droplet, "enable_backups")
    assert sim.policy(droplet)["backup_policy"]["plan"] == "daily"


def test_disabling_takes_policy_window_and_feature_away(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    assert sim.done(droplet, "disable_backups")["status"] == "completed"
    assert sim.policy(droplet) == {"droplet_id": droplet, "backup_enabled": False}
    shown = sim.read(f"/v2/droplets/{droplet}")["droplet"]
    assert "backups" not in shown["features"]
    assert shown["next_backup_window"] is None
    assert len(shown["backup_ids"]) == 7


def test_an_identical_change_succeeds_and_leaves_the_window(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    before = sim.policy(droplet)
    policy = {key: before["backup_policy"][key] for key in ("plan", "hour")}
    assert sim.done(droplet, "change_backup_policy", backup_policy=policy)["status"] == "completed"
    assert sim.policy(droplet) == before


def test_an_identical_change_in_an_open_window_does_not_cost_the_backup_of_the_day(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    policy = {key: sim.policy(droplet)["backup_policy"][key] for key in ("plan", "hour")}
    sim.set_clock("2026-03-12T04:00:00Z")
    sim.done(droplet, "change_backup_policy", backup_policy=policy)
    assert sim.policy(droplet)["next_backup_window"]["start"] == "2026-03-12T04:00:00Z"


def test_an_answer_is_never_older_than_the_state(sim: Sim) -> None:
    """Answers are kept serialised; a switch that is turned to where it was throws them all away."""
    known = sim.known("plain-daily")
    droplet, backup = known["id"], known["backups"][-1]["id"]

    def answers() -> list:
        paths = ("/v2/droplets?per_page=200", "/v2/droplets/backups/policies?per_page=200", f"/v2/droplets/{droplet}")
        return [sim.read(path) for path in paths]

    def order(kind: str) -> None:
        sim.act(droplet, kind)

    for step in (
        lambda: order("snapshot"),
        lambda: sim.advance(1),
        lambda: sim.post(f"/v2/images/{backup}/actions", {"type": "convert"}),
        lambda: sim.advance(1),
        lambda: order("power_off"),
        lambda: sim.advance(1),
        lambda: sim.set_clock("2026-03-12T04:00:00Z"),  # a backup expires before the next one is taken
        *[lambda: sim.advance("10m")] * 25,
        lambda: order("disable_backups"),
        lambda: sim.advance(1),
        lambda: sim.advance("5d"),
        lambda: order("enable_backups"),
        lambda: sim.advance(1),
        lambda: sim.fault({"action": "errored"}, method="POST"),
        lambda: order("power_on"),
        lambda: sim.advance(1),
    ):
        answers()
        step()
        kept = answers()
        sim.behave()
        assert kept == answers()


def test_what_is_read_only_may_be_sent_back(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    policy = {**WEEKLY, "window_length_hours": 4, "retention_period_days": 7}
    sim.done(droplet, "change_backup_policy", backup_policy=policy)
    assert sim.policy(droplet)["backup_policy"]["retention_period_days"] == 28


def test_a_usage_based_plan_is_taken_with_its_retention(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    policy = {"plan": "intra_daily_4h", "hour": 0, "window_length_hours": 4, "retention_period_days": 14}
    sim.done(droplet, "change_backup_policy", backup_policy=policy)
    assert sim.policy(droplet)["backup_policy"] == policy
    assert sim.policy(droplet)["backup_enabled"] is True


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "type must be one of"),
        ({"type": None}, "type must be one of"),
        ({"type": 7}, "type must be one of"),
        ({"type": ["enable_backups"]}, "type must be one of"),
        ({"type": "explode"}, "type must be one of"),
        ({"type": "backup"}, "type must be one of"),
        ({"type": "create"}, "type must be one of"),
        ({"type": "convert"}, "type must be one of"),
        ({"type": "change_backup_policy"}, "backup_policy is required"),
        ({"type": "change_backup_policy", "backup_policy": None}, "backup_policy is required"),
        ({"type": "change_backup_policy", "backup_policy": {}}, "plan is required"),
        ({"type": "change_backup_policy", "backup_policy": {"hour": 8}}, "plan is required"),
        ({"type": "change_backup_policy", "backup_policy": "daily"}, "must be an object"),
        ({"type": "enable_backups", "backup_policy": ["daily"]}, "must be an object"),
        ({"type": "enable_backups", "backup_policy": {"plan": "monthly"}}, "plan must be one of weekly, daily"),
        ({"type": "enable_backups", "backup_policy": {"plan": 1}}, "plan must be one of"),
        ({"type": "enable_backups", "backup_policy": {"plan": {"a": 1}}}, "plan must be one of"),
        ({"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": 3}}, "one of 0, 4, 8, 12, 16, 20"),
        ({"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": 24}}, "hour must be"),
        ({"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": -4}}, "hour must be"),
        ({"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": "4"}}, "hour must be"),
        ({"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": 4.0}}, "hour must be"),
        ({"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": True}}, "hour must be"),
        ({"type": "enable_backups", "backup_policy": {"plan": "daily", "hour": 10**30}}, "hour must be"),
        ({"type": "enable_backups", "backup_policy": {"plan": "weekly", "hour": 4}}, "weekday is required"),
        (
            {"type": "enable_backups", "backup_policy": {"plan": "weekly", "weekday": "", "hour": 4}},
            "weekday is required",
        ),
        (
            {"type": "enable_backups", "backup_policy": {"plan": "weekly", "weekday": "sunday"}},
            "weekday must be one of",
        ),
        ({"type": "enable_backups", "backup_policy": {"plan": "weekly", "weekday": ["SUN"]}}, "weekday must be one of"),
        (
            {"type": "enable_backups", "backup_policy": {"plan": "weekly", "day": "SUN", "hour": 4}},
            "weekday is required",
        ),
        (
            {"type": "enable_backups", "backup_policy": {"plan": "intra_daily_4h", "hour": 0}},
            "retention_period_days is",
        ),
        (
            {"type": "enable_backups", "backup_policy": {"plan": "intra_daily_4h", "retention_period_days": 0}},
            "retention_period_days must be",
        ),
        (
            {
                "type": "enable_backups",
                "backup_policy": {"plan": "intra_daily_4h", "retention_period_days": 7, "window_length_hours": 5},
            },
            "window_length_hours is too long",
        ),
        ({"type": "snapshot", "name": 5}, "name must be"),
        ({"type": "snapshot", "name": "x" * 256}, "name must be"),
        ({"type": "snapshot", "name": "a\0b"}, "name must be"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_order_is_refused_with_422_and_does_nothing(sim: Sim, body: dict, words: str) -> None:
    droplet = sim.id("plain-none")
    before = sim.state()["actions"]
    sim.refused(sim.post(f"/v2/droplets/{droplet}/actions", body), 422, words)
    assert sim.state()["actions"] == before
    assert sim.known("plain-none")["policy"] is None


def test_power(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    assert sim.done(droplet, "power_off")["type"] == "power_off"
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["status"] == "off"
    again = sim.post(f"/v2/droplets/{droplet}/actions", {"type": "power_off"})
    sim.refused(again, 422, "Droplet is already powered off.")
    sim.done(droplet, "power_on")
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["status"] == "active"


def test_a_snapshot_is_as_old_as_the_start_of_its_action(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    action = sim.done(droplet, "snapshot", name="before the upgrade")
    (snapshot,) = sim.read(f"/v2/droplets/{droplet}/snapshots")["snapshots"]
    assert snapshot["created_at"] == action["started_at"]
    assert (snapshot["name"], snapshot["type"], snapshot["regions"]) == ("before the upgrade", "snapshot", ["nyc3"])
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["snapshot_ids"] == [snapshot["id"]]
    sim.advance("400d")
    assert sim.read(f"/v2/images/{snapshot['id']}")["image"]["type"] == "snapshot"


@pytest.mark.parametrize("first", ["enable_backups", "snapshot", "power_off"])
@pytest.mark.parametrize("second", ["enable_backups", "disable_backups", "snapshot", "power_off", "delete"])
def test_a_busy_droplet_refuses_until_it_is_idle(sim: Sim, first: str, second: str) -> None:
    sim.behave(locked_during_events="true")
    droplet = sim.id("plain-none")
    sim.act(droplet, first)
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["locked"] is True

    def order():
        if second == "delete":
            return sim.delete(f"/v2/droplets/{droplet}")
        return sim.post(f"/v2/droplets/{droplet}/actions", {"type": second})

    sim.refused(order(), 422, PENDING)
    sim.advance(1)
    assert sim.read(f"/v2/droplets/{droplet}")["droplet"]["locked"] is False
    assert order().status_code in ((204,) if second == "delete" else (201, 422 if first == second else 201))


def test_one_busy_droplet_does_not_keep_another_from_working(sim: Sim) -> None:
    sim.act(sim.id("plain-none"), "enable_backups")
    sim.act(sim.id("plain-daily"), "disable_backups")
    sim.advance(1)
    assert sim.known("plain-none")["policy"]
    assert not sim.known("plain-daily")["policy"]


def test_a_world_can_start_with_an_action_under_way(sim: Sim) -> None:
    busy = sim.known("busy-snapshot")
    (pending,) = busy["pending"]
    assert sim.read(f"/v2/actions/{pending}")["action"]["started_at"] == "2026-03-11T09:28:30Z"
    sim.refused(sim.post(f"/v2/droplets/{busy['id']}/actions", {"type": "enable_backups"}), 422, PENDING)
    sim.advance("4m")
    assert sim.read(f"/v2/actions/{pending}")["action"]["status"] == "completed"
    assert len(sim.known("busy-snapshot")["snapshots"]) == 1


def test_actions_are_listed_newest_first_and_found_where_they_belong(sim: Sim) -> None:
    droplet, other = sim.id("plain-none"), sim.id("plain-daily")
    ids = [sim.done(droplet, kind)["id"] for kind in ("power_off", "power_on", "enable_backups")]
    elsewhere = sim.done(other, "power_off")["id"]
    own = sim.read(f"/v2/droplets/{droplet}/actions")["actions"]
    assert [action["id"] for action in own[:3]] == ids[::-1]
    assert [action["type"] for action in own] == ["enable_backups", "power_on", "power_off", "create"]
    everything = sim.read("/v2/actions?per_page=200")
    assert [action["id"] for action in everything["actions"][:4]] == [elsewhere, *ids[::-1]]
    started = [action["started_at"] for action in everything["actions"]]
    assert started == sorted(started, reverse=True)
    assert everything["meta"]["total"] == len(sim.state()["actions"])
    assert sim.read(f"/v2/droplets/{droplet}/actions/{ids[0]}")["action"]["id"] == ids[0]
    sim.refused(sim.get(f"/v2/droplets/{other}/actions/{ids[0]}"), 404)
    sim.refused(sim.get("/v2/actions/1"), 404)
    sim.refused(sim.get("/v2/droplets/1/actions"), 404)


def test_an_errored_action_ends_without_its_effect(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.fault({"action": "errored"}, method="POST")
    action = sim.done(droplet, "enable_backups")
    assert action["status"] == "errored"
    assert action["completed_at"] is not None
    assert sim.policy(droplet)["backup_enabled"] is False
    assert sim.done(droplet, "enable_backups")["status"] == "completed"


def test_converting_makes_a_snapshot_that_does_not_expire(sim: Sim) -> None:
    known = sim.known("plain-daily")
    backup = known["backups"][0]
    before = sim.read(f"/v2/images/{backup['id']}")["image"]
    reply = sim.post(f"/v2/images/{backup['id']}/actions", {"type": "convert"})
    assert reply.status_code == 201
    action = reply.json()["action"]
    assert (action["type"], action["resource_type"], action["resource_id"]) == ("convert", "image", backup["id"])
    sim.refused(sim.post(f"/v2/images/{backup['id']}/actions", {"type": "convert"}), 422, "pending event")
    sim.advance(1)
    assert sim.read(f"/v2/images/{backup['id']}")["image"] == {**before, "type": "snapshot"}
    shown = sim.read(f"/v2/droplets/{known['id']}")["droplet"]
    assert backup["id"] not in shown["backup_ids"]
    assert shown["snapshot_ids"] == [backup["id"]]
    log = sim.read(f"/v2/images/{backup['id']}/actions")["actions"]
    assert [(entry["id"], entry["status"]) for entry in log] == [(action["id"], "completed")]
    sim.advance("60d")
    assert sim.read(f"/v2/images/{backup['id']}")["image"]["type"] == "snapshot"


def test_an_image_action_needs_an_image_of_ones_own(sim: Sim) -> None:
    public = sim.read("/v2/images/ubuntu-24-04-x64")["image"]["id"]
    sim.refused(sim.post(f"/v2/images/{public}/actions", {"type": "convert"}), 403)
    sim.refused(sim.post("/v2/images/12/actions", {"type": "convert"}), 404)
    sim.refused(sim.post("/v2/images/ubuntu-24-04-x64/actions", {"type": "convert"}), 404)
    sim.refused(sim.get("/v2/images/12/actions"), 404)
    backup = sim.known("plain-daily")["backups"][0]["id"]
    sim.refused(sim.post(f"/v2/images/{backup}/actions", {"type": "snapshot"}), 422, "convert, transfer")
    sim.refused(sim.get(f"/v2/images/{backup}/actions/{sim.state()['actions'][0]['id']}"), 404)
