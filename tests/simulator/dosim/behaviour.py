# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches: one for every point on which the sources about the API conflict or are silent."""

import re
from collections.abc import Mapping

from dosim.errors import ControlError

SWITCHES: dict[str, tuple[str, ...]] = {
    # The first value is the default; README.md says what each does and where it comes from.
    "backup_actions_block": ("true", "false"),
    "backup_name": ("dash", "spaced_dash", "space", "mixed"),
    "backups_in_log": ("true", "false"),
    "backups_order": ("newest_first", "oldest_first"),
    "basic_plan_retention": ("ignore", "take"),
    "by_tag_blocked": ("all_or_nothing", "skip"),
    "by_tag_without_members": ("empty", "404"),
    "change_when_disabled": ("reject", "accept"),
    "closed_regions": ("copies", "nothing"),
    "convert_image_id": ("keep", "new"),
    "convert_non_backup": ("reject", "accept"),
    "default_hour": ("0", "20", "spread"),
    "disable_backups_images": ("keep", "delete"),
    "disable_when_disabled": ("accept", "reject"),
    "droplet_action_completed_at": ("set", "null"),
    "droplet_delete_backups": ("keep", "delete"),
    "droplet_order": ("id", "newest_first"),
    "enable_network_again": ("reject", "accept"),
    "enable_when_enabled": ("accept", "reject", "ignore"),
    "extra_fields": ("none", "added"),
    "gpu_backups": ("supported", "rejected"),
    "gpu_in_filtered_lists": ("absent", "included"),
    "gpu_in_policies": ("included", "absent"),
    "image_after_rebuild": ("new", "old"),
    "image_after_restore": ("base", "backup"),
    "image_order": ("oldest_first", "newest_first", "shuffled"),
    "ipv6_when_on": ("reject", "accept"),
    "kept_backups_expire": ("sooner", "four_weeks", "retention"),
    "list_order": ("newest_first", "oldest_first"),
    "locked_during_events": ("false", "true"),
    "missing_scope_fields": ("omit", "empty"),
    "page_out_of_range": ("reject", "clamp"),
    "policies_map_order": ("id", "shuffled"),
    "policy_without_backups": ("reject", "ignore"),
    "power_during_disk_work": ("off", "on"),
    "power_on_when_on": ("accept", "reject"),
    "rebuild_takes_backups": ("false", "true"),
    "resize_when_on": ("accept", "reject"),
    "restart_when_off": ("reject", "accept"),
    "restore_takes_snapshots": ("true", "false"),
    "shorter_retention": ("keep", "prune"),
    "shutdown_result": ("off", "stays_on"),
    "supported_policies": ("standard", "usage"),
    "tag_case": ("insensitive", "exact"),
    "tag_exists": ("accept", "reject"),
    "transfer_again": ("reject", "accept"),
    "transfer_of_backups": ("accept", "reject"),
    "unlisted_plans": ("accept", "reject"),
    "usage_plan_features": ("without_backups", "with_backups"),
    "weekday_with_daily": ("ignore", "reject", "store"),
    "weekly_without_weekday": ("reject", "assign"),
    "wording": ("observed", "older"),
}
LAGS = (
    # Simulated seconds; README.md says what each is about.
    "lag_droplets_list", "lag_droplets_single", "lag_addresses",
    "lag_policies_list", "lag_policies_single",
    "lag_backups_list", "lag_snapshots_list", "lag_snapshots_single",
    "lag_images_list", "lag_images_single",
    "lag_actions_list", "lag_actions_single",
    "lag_tags_list", "lag_tags_single",
)  # fmt: skip
LONGEST_LAG = 3600


class Behaviour:
    """The values of the switches: ``behaviour["gpu_backups"] == "rejected"``."""

    def __init__(self) -> None:
        self._values = {key: values[0] for key, values in SWITCHES.items()} | dict.fromkeys(LAGS, "0")

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def set(self, changes: Mapping[str, object]) -> None:
        """Set several or none. Raises ControlError with what is allowed."""
        checked: dict[str, str] = {}
        for key, value in changes.items():
            if key in LAGS:
                checked[key] = _seconds(key, value)
                continue
            if key not in SWITCHES:
                raise ControlError(f"unknown switch {key!r}; the switches are {', '.join((*SWITCHES, *LAGS))}")
            if not isinstance(value, str) or value not in SWITCHES[key]:
                raise ControlError(f"switch {key} takes {', '.join(SWITCHES[key])}, not {value!r}")
            checked[key] = value
        self._values.update(checked)

    def lag(self, key: str) -> int:
        """One of ``LAGS``, in seconds."""
        return int(self._values[key])

    @property
    def longest_lag(self) -> int:
        return max(map(self.lag, LAGS))

    def as_dict(self) -> dict[str, str]:
        return dict(self._values)


def _seconds(key: str, value: object) -> str:
    """A lag as text, like every value of a switch; a number is accepted too."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not (isinstance(text, str) and re.fullmatch(r"[0-9]{1,4}", text) and int(text) <= LONGEST_LAG):
        raise ControlError(f"switch {key} takes whole seconds from 0 to {LONGEST_LAG}, not {value!r}")
    return str(int(text))
