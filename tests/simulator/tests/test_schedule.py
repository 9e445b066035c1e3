# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled backups and their expiry, by the simulated clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from dosim_testing import Sim

DAILY = {"plan": "daily", "hour": 16}
START = "2026-03-11T09:30:00Z"


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def backups(sim: Sim, droplet: int) -> list[dict]:
    """Newest first."""
    return sim.read(f"/v2/droplets/{droplet}/backups?per_page=200")["backups"]


def actions(sim: Sim, droplet: int, kind: str) -> list[dict]:
    """Those since the world's start, newest first."""
    log = sim.read(f"/v2/droplets/{droplet}/actions?per_page=200")["actions"]
    return [action for action in log if action["type"] == kind and action["started_at"] >= START]


def test_a_backup_is_taken_once_inside_its_window(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.done(droplet, "enable_backups", backup_policy=DAILY)
    window = sim.policy(droplet)["next_backup_window"]
    assert window == {"start": "2026-03-11T16:00:00Z", "end": "2026-03-11T20:00:00Z"}
    sim.set_clock(window["start"])
    assert backups(sim, droplet) == []
    sim.set_clock(window["end"])
    (backup,) = backups(sim, droplet)
    (action,) = actions(sim, droplet, "backup")
    assert moment(window["start"]) <= moment(backup["created_at"]) < moment(window["end"])
    assert action["started_at"] == backup["created_at"]
    assert action["status"] == "completed"
    assert moment(action["completed_at"]) - moment(action["started_at"]) == timedelta(seconds=1)
    assert backup["name"] == "plain-none- 2026-03-11"
    assert (backup["type"], backup["regions"], backup["min_disk_size"]) == ("backup", ["nyc3"], 25)
    assert 1 < backup["size_gigabytes"] < 25
    assert sim.policy(droplet)["next_backup_window"]["start"] == "2026-03-12T16:00:00Z"
    shown = sim.read(f"/v2/droplets/{droplet}")["droplet"]
    assert shown["backup_ids"] == [backup["id"]]
    assert shown["next_backup_window"]["start"] == "2026-03-12T16:00:00Z"


def test_the_window_stays_the_next_one_until_its_backup_has_begun(sim: Sim) -> None:
    droplet = sim.known("plain-daily")
    newest = moment(droplet["backups"][-1]["created_at"])
    due = newest + timedelta(days=1)
    sim.set_clock((due - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert sim.policy(droplet["id"])["next_backup_window"]["start"] == "2026-03-12T04:00:00Z"
    sim.advance("70s")
    assert sim.policy(droplet["id"])["next_backup_window"]["start"] == "2026-03-13T04:00:00Z"
    assert moment(backups(sim, droplet["id"])[0]["created_at"]) == due


def test_daily_backups_live_seven_days_and_weekly_ones_twenty_eight(sim: Sim) -> None:
    daily, weekly = sim.id("plain-daily"), sim.id("powered-off")
    for _day in range(60):
        sim.advance("1d")
        now = moment(sim.control("GET", "clock")["now"])
        for droplet, count, days in ((daily, 7, 7), (weekly, 4, 28)):
            created = [moment(backup["created_at"]) for backup in backups(sim, droplet)]
            assert len(created) == count
            assert created == sorted(created, reverse=True)
            assert all(now - timedelta(days=days) < at <= now for at in created)


def test_a_world_starts_with_the_backups_that_its_policies_imply(sim: Sim) -> None:
    sim.reset(droplets=60)
    now = moment(sim.state()["now"])
    for droplet in sim.state()["droplets"]:
        created = [moment(backup["created_at"]) for backup in droplet["backups"]]
        plan = droplet["policy"] and droplet["policy"]["plan"]
        count, days = {None: (0, 0), "daily": (7, 7), "weekly": (4, 28)}[plan]
        assert len(created) == count
        assert all(timedelta() <= now - at < timedelta(days=days) for at in created)
        assert all(later - earlier == timedelta(days=days / count) for earlier, later in pairwise(created))
        assert all(at.hour // 4 * 4 == droplet["policy"]["hour"] for at in created)


def test_a_backup_keeps_its_date_when_backups_are_switched_off(sim: Sim) -> None:
    known = sim.known("plain-daily")
    droplet, dates = known["id"], [backup["expires_at"] for backup in known["backups"]]
    sim.done(droplet, "disable_backups")
    for already_gone, date in enumerate(dates):
        sim.set_clock((moment(date) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        assert len(backups(sim, droplet)) == len(dates) - already_gone
        sim.set_clock(date)
    assert backups(sim, droplet) == []
    assert actions(sim, droplet, "backup") == []


def test_a_disabled_droplet_is_not_backed_up_and_a_powered_off_one_is(sim: Sim) -> None:
    sim.advance("21d")
    assert backups(sim, sim.id("plain-none")) == []
    assert sim.known("powered-off")["status"] == "off"
    assert len(actions(sim, sim.id("powered-off"), "backup")) == 3


def test_a_failing_droplet_tries_and_has_nothing_to_show(sim: Sim) -> None:
    droplet = sim.id("never-backed-up")
    sim.advance("3d")
    assert [action["status"] for action in actions(sim, droplet, "backup")] == ["errored"] * 3
    assert backups(sim, droplet) == []


def test_a_four_hourly_plan_is_backed_up_six_times_a_day(sim: Sim) -> None:
    droplet = sim.id("usage-plan")
    assert len(backups(sim, droplet)) == 42
    sim.advance("1d")
    assert len(actions(sim, droplet, "backup")) == 6
    assert len(backups(sim, droplet)) == 42


def test_a_busy_droplet_is_backed_up_when_it_gets_idle_within_the_window(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    fault = sim.fault({"action": "stuck"}, path="actions$")
    sim.act(droplet, "snapshot", name="held")
    sim.set_clock("2026-03-12T07:59:00Z")
    assert actions(sim, droplet, "backup") == []
    sim.control("DELETE", f"faults/{fault}")
    (action,) = actions(sim, droplet, "backup")
    assert action["started_at"].startswith("2026-03-12T07:59:")


def test_a_backup_is_missed_when_the_window_closes_on_a_busy_droplet(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    fault = sim.fault({"action": "stuck"}, path="actions$")
    sim.act(droplet, "snapshot", name="held")
    sim.set_clock("2026-03-12T08:00:01Z")
    assert sim.policy(droplet)["next_backup_window"]["start"] == "2026-03-13T04:00:00Z"
    sim.control("DELETE", f"faults/{fault}")
    assert actions(sim, droplet, "backup") == []
    sim.advance("1d")
    assert len(actions(sim, droplet, "backup")) == 1


def test_a_backup_keeps_the_retention_under_which_it_was_made(sim: Sim) -> None:
    droplet = sim.id("plain-daily")
    before = {backup["id"]: backup["expires_at"] for backup in sim.known("plain-daily")["backups"]}
    sim.done(droplet, "change_backup_policy", backup_policy={"plan": "weekly", "weekday": "THU", "hour": 8})
    sim.advance("2d")
    for backup in sim.known("plain-daily")["backups"]:
        days = moment(backup["expires_at"]) - moment(backup["created_at"])
        assert days == timedelta(days=7 if backup["id"] in before else 28)
        assert backup["expires_at"] == before.get(backup["id"], backup["expires_at"])


def test_a_conversion_under_way_saves_a_backup_from_its_expiry(sim: Sim) -> None:
    oldest = sim.known("plain-daily")["backups"][0]
    held = sim.fault({"action": "stuck"}, path="images")
    assert sim.post(f"/v2/images/{oldest['id']}/actions", {"type": "convert"}).status_code == 201
    sim.set_clock(oldest["expires_at"])
    sim.advance("1h")
    assert oldest["id"] in [backup["id"] for backup in backups(sim, sim.id("plain-daily"))]
    sim.control("DELETE", f"faults/{held}")
    sim.advance("40d")
    assert oldest["id"] in [image["id"] for image in sim.known("plain-daily")["snapshots"]]


def test_a_conversion_that_fails_after_the_expiry_leaves_nothing(sim: Sim) -> None:
    oldest = sim.known("plain-daily")["backups"][0]
    second = timedelta(seconds=1)
    sim.set_clock((moment(oldest["expires_at"]) - second).strftime("%Y-%m-%dT%H:%M:%SZ"))
    sim.fault({"action": "errored"}, path="images")
    action = sim.post(f"/v2/images/{oldest['id']}/actions", {"type": "convert"}).json()["action"]
    sim.set_clock(oldest["expires_at"])
    sim.advance(2)
    assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == "errored"
    assert sim.get(f"/v2/images/{oldest['id']}").status_code == 404


def test_nothing_changes_because_it_was_read(sim: Sim) -> None:
    """A month that was looked at every few hours is the same as one that passed unseen."""

    def month(looks: int) -> dict:
        sim.reset(droplets=12)
        for _look in range(looks):
            sim.advance(30 * 86400 / looks)
            sim.read("/v2/droplets?per_page=200")
            sim.read("/v2/droplets/backups/policies?per_page=200")
            sim.read("/v2/images?private=true&per_page=200")
        sim.set_clock("2026-04-10T09:31:00Z")
        state = sim.state()
        return {key: state[key] for key in ("droplets", "images", "actions")}

    assert month(1) == month(100)


def test_what_is_due_happens_in_order(sim: Sim) -> None:
    sim.reset(droplets=60)
    sim.advance("10d")
    log = [action for action in sim.state()["actions"] if action["type"] == "backup"]
    assert len(log) > 200
    assert [action["started_at"] for action in log] == sorted(action["started_at"] for action in log)
    assert [action["id"] for action in log] == sorted(action["id"] for action in log)


def test_the_same_seed_gives_the_same_world_and_another_seed_another_one(sim: Sim) -> None:
    def world(seed: int) -> list:
        sim.reset(droplets=30, seed=seed)
        sim.set_clock("2026-03-13T00:00:00Z")
        return sim.state()["droplets"]

    assert world(5) == world(5)
    assert world(5) != world(6)


@pytest.mark.parametrize("world", ["fleet", "usage"])
def test_images_have_their_ids_in_the_order_of_their_time(sim: Sim, world: str) -> None:
    sim.reset(world=world)
    images = sorted(sim.state()["images"], key=lambda image: image["id"])
    assert [image["created_at"] for image in images] == sorted(image["created_at"] for image in images)
    kinds = {image["id"]: image["type"] for image in images}
    for droplet in sim.state()["droplets"]:
        shown = sim.read(f"/v2/droplets/{droplet['id']}")["droplet"]
        assert shown["backup_ids"] == [backup["id"] for backup in droplet["backups"]]
        assert {kinds[key] for key in shown["backup_ids"]} <= {"backup"}
        assert {kinds[key] for key in shown["snapshot_ids"]} <= {"snapshot"}
