# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup policies: of one Droplet, of all Droplets, and the plans on offer."""

from dosim import schedule, serialise
from dosim.handlers.find import find_droplet
from dosim.paging import page
from dosim.store import Droplet
from dosim.wire import Call, Reply


def show(call: Call) -> Reply:
    return Reply(200, {"policy": serialise.policy_record(call.cloud, find_droplet(call))})


def listing(call: Call) -> Reply:
    cloud = call.cloud
    with_gpu = cloud.behaviour["gpu_in_policies"] == "included"
    shuffled = cloud.behaviour["policies_map_order"] == "shuffled"

    def place(droplet: Droplet) -> int:
        return cloud.choice("place", droplet.id) if shuffled else droplet.id

    found = cloud.store.droplets.derived(
        ("policies", with_gpu, shuffled),
        lambda rows: sorted((row for row in rows if with_gpu or not row.gpu), key=place),
    )
    return page(call, "policies", found, lambda row: (str(row.id), serialise.policy_record(cloud, row)), as_map=True)


def supported(call: Call) -> Reply:
    shapes = [_supported(plan, 4, days) for plan, days in schedule.STANDARD.items()]
    if call.cloud.behaviour["supported_policies"] == "usage":
        shapes += [_supported(plan, 4, schedule.STANDARD["daily"]) for plan in schedule.USAGE]
    return Reply(200, {"supported_policies": shapes})


def _supported(plan: str, window_hours: int, retention_days: int) -> dict[str, object]:
    return {
        "name": plan,
        "possible_window_starts": list(schedule.HOURS),
        "window_length_hours": window_hours,
        "retention_period_days": retention_days,
        "possible_days": list(schedule.WEEKDAYS) if plan == "weekly" else [],
    }
