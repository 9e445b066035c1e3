# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: the policy in force, the schedule, the images and their expiry."""

from dosim import schedule
from dosim.clock import stamp
from dosim.cloud import Cloud
from dosim.errors import ApiError
from dosim.services import actions
from dosim.store import Action, Droplet, Image, Policy

DAY = 86400
# What is between the Droplet's name and the date in a backup's name; all three were seen.
_JOINTS = {"dash": "- ", "spaced_dash": " - ", "space": " "}
FOUR_WEEKS = 28 * DAY


def used_gigabytes(cloud: Cloud, droplet: Droplet) -> float:
    """How many GiB of its disk a Droplet uses, always the same."""
    return round(1.2 + droplet.disk * (4 + cloud.choice("used", droplet.id) % 36) / 100, 2)


def add_image(cloud: Cloud, droplet: Droplet, kind: str, name: str, created: int, expires: int | None = None) -> Image:
    """A new image of a Droplet's disk as it was at ``created``."""
    store = cloud.store
    base = store.any_image(droplet.image)
    image = Image(
        id=cloud.ids.next("image"),
        name=name,
        kind=kind,
        origin=droplet.id,
        distribution=base.distribution if base else "Unknown",
        regions=[droplet.region],
        created=created,
        min_disk=droplet.disk,
        gigabytes=used_gigabytes(cloud, droplet),
        expires=expires,
        host_keys=droplet.host_keys,
    )
    store.images.add(image)
    (droplet.backups if kind == "backup" else droplet.snapshots).append(image.id)
    if expires is not None:
        cloud.at(expires, expire, image)
    return image


def add_backup(cloud: Cloud, droplet: Droplet, policy: Policy, created: int) -> Image:
    """A backup made under a policy, which decides how long it lives."""
    image = add_image(cloud, droplet, "backup", droplet.name, created, created + policy.retention_days * DAY)
    image.named_after = droplet.name
    name(cloud, image)
    return image


def name(cloud: Cloud, image: Image) -> None:
    """Give a backup the name that the API makes of its Droplet's and the date, unless somebody has named it."""
    if image.named_after is None:
        return
    form = cloud.behaviour["backup_name"]
    if form == "mixed":
        form = sorted(_JOINTS)[cloud.choice("backup name", image.id) % len(_JOINTS)]
    image.name = f"{image.named_after}{_JOINTS[form]}{stamp(image.created)[:10]}"
    cloud.store.image_changed(image.id)


def remove_image(cloud: Cloud, image: Image) -> None:
    cloud.store.images.remove(image.id)
    cloud.store.image_changed(image.id)
    if droplet := cloud.store.droplets.get(image.origin):
        (droplet.backups if image.kind == "backup" else droplet.snapshots).remove(image.id)
        droplet.views.clear()


def expire(cloud: Cloud, image: Image) -> None:
    """Remove a backup at its expiry. A running conversion saves it, if it succeeds."""
    due = image.expires is not None and image.expires <= cloud.now and not image.pending
    if due and cloud.store.images.get(image.id) is image:
        remove_image(cloud, image)


@actions.on_idle(Image)
def _expire_if_late(cloud: Cloud, image: Image) -> None:
    expire(cloud, image)


def remove_all(cloud: Cloud, droplet: Droplet) -> None:
    """Remove a Droplet's backups, except those that are being converted."""
    for image in _images(cloud, droplet):
        if not image.pending:
            remove_image(cloud, image)


def outlive(cloud: Cloud, droplet: Droplet, deleted: int) -> None:
    """Set when the backups of a Droplet that was deleted at ``deleted`` expire."""
    reading = cloud.behaviour["kept_backups_expire"]
    for image in _images(cloud, droplet):
        if reading == "four_weeks":
            image.expires = deleted + FOUR_WEEKS
        elif reading == "sooner":
            image.expires = min(_expiry(image), deleted + FOUR_WEEKS)
        cloud.at(max(_expiry(image), cloud.now), expire, image)


def _expiry(backup: Image) -> int:
    """When a backup goes; only snapshots have no such date."""
    assert backup.expires is not None
    return backup.expires


def set_policy(cloud: Cloud, droplet: Droplet, policy: Policy | None) -> None:
    """Set a Droplet's policy from now on; None switches backups off."""
    old, droplet.policy = droplet.policy, policy
    droplet.views.clear()
    if policy != old:
        plan_next(cloud, droplet)


def minute(cloud: Cloud, droplet: Droplet, policy: Policy) -> int:
    """Seconds into its windows at which a Droplet is backed up."""
    return schedule.offset(policy, cloud.choice("minute", droplet.id))


def plan_next(cloud: Cloud, droplet: Droplet, after: float | None = None) -> None:
    """Schedule the first window that opens after a moment (default: now), in place of what was scheduled before."""
    droplet.schedule += 1
    droplet.backup_waiting = False
    droplet.window = None
    droplet.views.clear()
    policy = droplet.policy
    if policy:
        start = schedule.next_start(policy, cloud.now if after is None else after)
        droplet.window = schedule.window(policy, start)
        cloud.at(start + minute(cloud, droplet, policy), _due, droplet.id, droplet.schedule)


def _aimed(cloud: Cloud, droplet_id: int, aim: int) -> Droplet | None:
    droplet = cloud.store.droplets.get(droplet_id)
    return droplet if droplet and droplet.schedule == aim else None


def _due(cloud: Cloud, droplet_id: int, aim: int) -> None:
    """Take a backup that is due now, or as soon as the Droplet is idle if the window is still open then."""
    if droplet := _aimed(cloud, droplet_id, aim):
        if droplet.pending:
            assert droplet.window is not None  # as long as a backup is scheduled
            droplet.backup_waiting = True
            cloud.at(droplet.window[1], _missed, droplet_id, aim)
        else:
            _take(cloud, droplet)


def _missed(cloud: Cloud, droplet_id: int, aim: int) -> None:
    if droplet := _aimed(cloud, droplet_id, aim):
        plan_next(cloud, droplet)


@actions.on_idle(Droplet)
def _take_if_waiting(cloud: Cloud, droplet: Droplet) -> None:
    if droplet.backup_waiting:
        _take(cloud, droplet)


def _take(cloud: Cloud, droplet: Droplet) -> None:
    action = actions.start(cloud, droplet, "backup", used_gigabytes(cloud, droplet))
    if droplet.backups_fail:
        action.outcome = "errored"
    plan_next(cloud, droplet)


@actions.effect("backup")
def _backup_taken(cloud: Cloud, action: Action) -> None:
    # The policy is still the one of the start: a backup in progress lets nothing else begin.
    droplet = cloud.store.droplets[action.resource]
    assert droplet.policy is not None
    add_backup(cloud, droplet, droplet.policy, action.started)


def refuse_if_unsupported(cloud: Cloud, size: str) -> None:
    if cloud.store.catalogue.is_gpu(size) and cloud.behaviour["gpu_backups"] == "rejected":
        raise ApiError(422, "Backups are not supported for this Droplet.")


def enable(cloud: Cloud, droplet: Droplet, policy: Policy | None) -> actions.Start:
    """Prepare switching backups on; ``policy`` is None if the request gave none."""
    actions.refuse_if_busy(cloud, droplet)
    refuse_if_unsupported(cloud, droplet.size)
    if droplet.policy:
        reading = cloud.behaviour["enable_when_enabled"]
        if reading == "reject":
            raise ApiError(422, "Backups are already enabled for this Droplet.")
        if reading == "ignore" or policy is None:
            return actions.prepare(cloud, droplet, "enable_backups", policy=droplet.policy)
    return actions.prepare(cloud, droplet, "enable_backups", policy=policy or default_policy(cloud, droplet.id))


def change(cloud: Cloud, droplet: Droplet, policy: Policy) -> actions.Start:
    actions.refuse_if_busy(cloud, droplet)
    if not droplet.policy and cloud.behaviour["change_when_disabled"] == "reject":
        raise ApiError(422, "Backups are not enabled for this Droplet.")
    return actions.prepare(cloud, droplet, "change_backup_policy", policy=policy)


def disable(cloud: Cloud, droplet: Droplet) -> actions.Start:
    actions.refuse_if_busy(cloud, droplet)
    if not droplet.policy and cloud.behaviour["disable_when_disabled"] == "reject":
        raise ApiError(422, "Backups are not enabled for this Droplet.")
    return actions.prepare(cloud, droplet, "disable_backups")


@actions.effect("enable_backups")
def _enabled(cloud: Cloud, action: Action) -> None:
    set_policy(cloud, cloud.store.droplets[action.resource], action.args["policy"])


@actions.effect("change_backup_policy")
def _changed(cloud: Cloud, action: Action) -> None:
    droplet, policy = cloud.store.droplets[action.resource], action.args["policy"]
    set_policy(cloud, droplet, policy)
    if cloud.behaviour["shorter_retention"] == "prune":
        for image in _images(cloud, droplet):
            image.expires = min(_expiry(image), image.created + policy.retention_days * DAY)
            cloud.at(max(image.expires, cloud.now), expire, image)


@actions.effect("disable_backups")
def _disabled(cloud: Cloud, action: Action) -> None:
    droplet = cloud.store.droplets[action.resource]
    set_policy(cloud, droplet, None)
    if cloud.behaviour["disable_backups_images"] == "delete":
        remove_all(cloud, droplet)


def _images(cloud: Cloud, droplet: Droplet) -> list[Image]:
    return [cloud.store.images[key] for key in droplet.backups]


def default_hour(cloud: Cloud, droplet_id: int) -> int:
    reading = cloud.behaviour["default_hour"]
    if reading == "spread":
        return schedule.HOURS[cloud.choice("hour", droplet_id) % len(schedule.HOURS)]
    return int(reading)


def default_policy(cloud: Cloud, droplet_id: int) -> Policy:
    return Policy("daily", default_hour(cloud, droplet_id))
