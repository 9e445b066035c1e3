# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Droplet is made from which restore point, and what is refused before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    ActionFailedError,
    InputError,
    LifeboatError,
    NotConvergedError,
    RefusedError,
    SelectionError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.gone import Account, Source
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import (
    Action,
    BackupPolicy,
    BackupState,
    Size,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import Plan
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_from_backup import verb as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import (
    HOURS,
    NOW,
    OFF,
    SUPPORTED,
    backup,
    droplet,
    on,
    snapshot,
)
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done

SIZES = {
    size.slug: size
    for size in (
        Size("small", 25, 6.0, ("nyc3", "ams3")),
        Size("middle", 60, 18.0, ("nyc3",)),
        Size("large", 160, 48.0, ("nyc3", "ams3")),
        Size("sold-out", 80, 24.0, ()),
    )
}
SOURCE = droplet(1, "web", region="nyc3", size="small", price_monthly=6.0)
BACKUP = replace(backup(11, days=1), regions=("nyc3",), min_disk_size=25)
SNAPSHOT = replace(snapshot(12, days=2), regions=("nyc3", "ams3"), min_disk_size=60)
OPTIONS = ("source_droplet_id", "source_droplet_name", "size", "region", "vpc_uuid", "ssh_keys", "tags", "user_data")
OPTIONS += ("monitoring", "ipv6", "backups", "backup_policy", "backup_id", "snapshot_id", "newest", "before")
OPTIONS += ("snapshot_name", "max_age_hours", "wait")


def asked(**given_):
    """The Request of a task for a Droplet "copy", as Ansible hands the options over."""
    left_out = {"name": "copy", "allow_unlisted_plan": False, **dict.fromkeys(OPTIONS), "wait": True}
    assert given_.keys() <= left_out.keys()
    return plans.request({**left_out, **given_})


def newest(**given_):
    return asked(newest=True, source_droplet_name="web", **given_)


def before(days):
    return asked(before=f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}", source_droplet_name="web")


def of_name(name):
    return asked(snapshot_name=name, source_droplet_name="web")


def by_id(**given_):
    return asked(backup_id=11, **given_)


def read(*others, **fields):
    """What was read for `newest`: the source, its points, the sizes; `others` are further Droplets of the names."""
    seen = {
        "named": (SOURCE, *others),
        "source": SOURCE,
        "points": (BACKUP, SNAPSHOT),
        "sizes": SIZES,
        "supported": SUPPORTED,
        "state": OFF,
    }
    return plans.Observed(**{**seen, **fields})


def read_by_id(image=BACKUP, source=None, **fields):
    """What was read for a restore point that was named by its id."""
    return plans.Observed(**{"image": image, "source": source, "sizes": SIZES, "supported": SUPPORTED, **fields})


def change(request, observed):
    (found,) = plans.plan(request, observed, NOW).changes
    return found


def body(request, observed):
    (step,) = change(request, observed).steps
    return step.arguments


def copy(*tags, key=5, name="copy", **fields):
    """A Droplet that is there."""
    return droplet(key, name, **{"tags": tags, "region": "nyc3", "size": "small", "status": "active", **fields})


OURS = copy("lifeboat:from:11", "lifeboat:source:1")


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        ("given_", "sentence"),
        [
            ({"newest": True}, "newest, before and snapshot_name go by a Droplet: set source_droplet_id"),
            ({"backup_id": 11, "source_droplet_id": 1}, "backup 11 is named by its id, so leave it out"),
            ({"newest": True, "source_droplet_id": 0}, "source_droplet_id 0 is not the id of a Droplet"),
            ({"newest": True, "source_droplet_name": " "}, "source_droplet_name is empty"),
            ({"backup_id": 11, "size": ""}, "size is empty"),
            ({"backup_id": 0}, "backup_id 0 is not the id of an image"),
            ({"backup_id": 11, "name": "my copy"}, "name 'my copy' cannot be the name of a Droplet: it has letters"),
            ({"backup_id": 11, "name": ""}, "name '' cannot be"),
            ({"backup_id": 11, "name": "copy-"}, "name 'copy-' cannot be"),
            ({"backup_id": 11, "name": "copy\n"}, "cannot be the name"),
            ({"backup_id": 11, "name": "a" * 256}, "at most 255 characters"),
            ({"backup_id": 11, "user_data": "é" * (32 * 1024 + 1)}, "user_data has more than 64 KiB"),
            ({"backup_id": 11, "tags": ["env prod"]}, "tags 'env prod' cannot be a tag"),
            ({"backup_id": 11, "tags": ["Lifeboat:From:3"]}, "tags 'Lifeboat:From:3' is one that this module sets"),
            ({"backup_id": 11, "backups": False, "backup_policy": {"plan": "daily"}}, "backups: false leaves no"),
        ],
        ids=str,
    )
    def test_what_cannot_be_is_said_before_anything_is_read(self, given_, sentence):
        with pytest.raises(InputError) as refused:
            asked(**given_)
        assert sentence in refused.value.message

    @pytest.mark.parametrize("name", ["c", "-c", ".c", "copy.example.com", "Copy-01", "a" * 255])
    def test_names_of_every_kind(self, name):
        assert by_id(name=name).name == name

    def test_keys_are_ids_or_fingerprints(self):
        assert by_id(ssh_keys=["289794", "3b:16"]).options == {"ssh_keys": [289794, "3b:16"]}

    def test_user_data_is_in_no_representation(self):
        assert "secret" not in repr(by_id(user_data="secret"))


class TestMaking:
    def test_from_the_newest_with_what_the_source_has(self):
        found = change(newest(), read())
        assert found.steps[0].arguments == {
            "name": "copy",
            "size": "small",
            "region": "nyc3",
            "image": 11,
            "tags": ["lifeboat:from:11", "lifeboat:source:1"],
        }
        assert found.target.id is None
        assert found.before == {"state": "absent", "monthly_cost": 0.0}
        assert found.extra_result["restore_point"] == {
            "id": 11,
            "name": "web-01- 2026-03-01",
            "type": "backup",
            "created_at": "2026-03-01T12:00:00Z",
            "age_hours": 24.0,
        }
        assert plans.describe(found.before) == "absent"
        assert plans.describe(found.after) == (
            "small in nyc3 from image 11 (web-01- 2026-03-01), no backups, 6.00 USD a month"
        )

    def test_with_all_that_can_be_asked_for(self):
        request = newest(
            size="middle",
            region="nyc3",
            vpc_uuid="760e",
            ssh_keys=["1"],
            tags=["env:a", "env:a"],
            user_data="#!",
            monitoring=True,
            ipv6=False,
            backup_policy={"plan": "weekly", "weekday": "sun", "hour": 4},
        )
        found = change(request, read())
        assert found.steps[0].arguments == {
            "name": "copy",
            "size": "middle",
            "region": "nyc3",
            "image": 11,
            "tags": ["lifeboat:from:11", "lifeboat:source:1", "env:a"],
            "vpc_uuid": "760e",
            "ssh_keys": [1],
            "user_data": "#!",
            "monitoring": True,
            "ipv6": False,
            "backups": True,
            "backup_policy": {"plan": "weekly", "weekday": "SUN", "hour": 4},
        }
        assert plans.describe(found.after) == (
            "middle in nyc3 from image 11 (web-01- 2026-03-01), ipv6 off, monitoring on, VPC 760e, tags env:a, backups "
            "weekly on SUN at 04:00 UTC, 21.60 USD a month"
        )

    def test_before_a_time(self):
        request = asked(source_droplet_id=1, before=(NOW - timedelta(days=2)).isoformat(), size="middle")
        assert body(request, read())["image"] == 12

    def test_by_id_the_droplet_it_was_taken_of_tells_the_size(self):
        made = body(by_id(), read_by_id(source=SOURCE))
        assert (made["size"], made["tags"]) == ("small", ["lifeboat:from:11", "lifeboat:source:1"])

    def test_by_id_of_one_that_is_gone(self):
        made = body(by_id(size="large"), read_by_id())
        assert (made["size"], made["region"], made["tags"]) == ("large", "nyc3", ["lifeboat:from:11"])

    @pytest.mark.parametrize(
        ("request_", "image", "lacks"),
        [
            (by_id(), BACKUP, True),
            (by_id(size="small"), BACKUP, False),
            (asked(snapshot_id=12, size="large"), SNAPSHOT, True),
            (asked(snapshot_id=12, size="large", region="ams3"), SNAPSHOT, False),
        ],
    )
    def test_the_source_is_looked_for_only_where_it_has_to_tell_something(self, request_, image, lacks):
        assert plans.lacks_source(request_, image) is lacks

    def test_without_sizes_to_see_the_api_decides_and_a_warning_says_so(self):
        plan = plans.plan(newest(size="small"), read(sizes=None), NOW)
        assert plan.changes[0].after["monthly_cost"] == 6.0
        assert "The token may not read sizes" in plan.warnings[0]
        assert change(newest(size="middle"), read(sizes=None)).after["monthly_cost"] == "unknown"

    def test_an_hour_follows_from_the_name(self):
        def hour(name):
            return body(newest(name=name, backups=True), read())["backup_policy"]["hour"]

        assert hour("copy") == hour("copy")
        assert {hour(f"copy-{number}") for number in range(60)} == {*HOURS}

    def test_a_plan_that_is_not_listed(self):
        policy = {"plan": "hourly", "hour": 4}
        with pytest.raises(InputError, match=r"Plan 'hourly' is not among the supported ones \(for Droplet copy\)"):
            plans.plan(newest(backup_policy=policy), read(), NOW)
        plan = plans.plan(newest(backup_policy=policy, allow_unlisted_plan=True), read(), NOW)
        assert "Plan 'hourly' is not among the supported ones and is sent" in plan.warnings[0]
        assert plan.changes[0].after["monthly_cost"] == "unknown"

    def test_one_that_differs_by_capitals_is_no_obstacle(self):
        plan = plans.plan(newest(), read(copy(name="Copy", key=9)), NOW)
        assert "There is a Droplet Copy (9) too" in plan.warnings[0]
        assert plan.changing


class TestRefusing:
    @pytest.mark.parametrize(
        ("request_", "observed", "error", "sentence"),
        [
            (by_id(), read_by_id(None), SelectionError, "There is no backup 11: it has expired, was deleted, or"),
            (by_id(), read_by_id(replace(BACKUP, type="snapshot")), InputError, "is a snapshot: name it with snapshot"),
            (
                by_id(),
                read_by_id(replace(BACKUP, type="snapshot", public=True)),
                RefusedError,
                "is a public image, no restore point",
            ),
            (by_id(), read_by_id(replace(BACKUP, type="base")), RefusedError, "is a public image, no restore point"),
            (by_id(), read_by_id(replace(BACKUP, type="custom")), RefusedError, "is an image of type 'custom', no re"),
            (
                by_id(max_age_hours=23),
                read_by_id(),
                RefusedError,
                "(web-01- 2026-03-01) is 24.0 hours old, and max_age_hours allows 23. Raise it, or name a younger one.",
            ),
            (newest(max_age_hours=23), read(), RefusedError, "24.0 hours old, and max_age_hours allows 23."),
            (newest(), read(points=()), SelectionError, "Droplet web (1) has no such restore point"),
            (
                asked(newest=True, source_droplet_id=7),
                read(source=droplet(7, " ", region=None), points=()),
                SelectionError,
                "has no such restore point",
            ),
            (
                newest(region="ams3"),
                read(),
                InputError,
                "which is in nyc3: choose one of these regions, or convert it with backup_to_snapshot and copy",
            ),
            (
                asked(snapshot_id=12, region="fra1", size="large"),
                read_by_id(SNAPSHOT),
                InputError,
                "which is in nyc3, ams3: choose one of these regions, or copy it there with droplet_snapshot.",
            ),
            (
                asked(snapshot_id=12, size="large"),
                read_by_id(SNAPSHOT),
                InputError,
                "region is needed: snapshot 12 (web-01- 2026-02-28) is in nyc3, ams3.",
            ),
            (
                by_id(),
                read_by_id(),
                InputError,
                "It takes a disk of at least 25 GiB. The cheapest that fit in nyc3 are small, middle, large.",
            ),
            (
                asked(snapshot_id=12, size="small", region="nyc3"),
                read_by_id(SNAPSHOT),
                InputError,
                "Size small has a disk of 25 GiB, and snapshot 12 (web-01- 2026-02-28) needs 60 GiB. The cheapest that "
                "fit in nyc3 are middle, large.",
            ),
            (by_id(size="giant"), read_by_id(), InputError, "There is no size 'giant'. The cheapest that fit"),
            (by_id(size="sold-out"), read_by_id(), InputError, "Size sold-out is offered nowhere at present"),
            (
                asked(snapshot_id=12, size="middle", region="ams3"),
                read_by_id(SNAPSHOT),
                InputError,
                "Size middle is offered only in nyc3 at present, and not in ams3.",
            ),
            (newest(backup_policy={"plan": "weekly"}), read(), InputError, "Plan 'weekly' needs a weekday"),
            (newest(backup_policy={"hour": 3}), read(), InputError, "allowed are 0, 4, 8, 12, 16, 20 (UTC)"),
            (newest(), read(copy()), RefusedError, "a Droplet copy (5) already, which was not made by this module"),
            (newest(), read(copy("lifeboat:from:x")), RefusedError, "was not made by this module: it has no tag"),
            (by_id(), read(copy("lifeboat:from:12")), RefusedError, "was made from image 12, not from backup 11."),
            (
                newest(),
                read(copy("lifeboat:from:11", "lifeboat:source:2")),
                RefusedError,
                "was made from image 11 of Droplet 2, not from one of Droplet 1.",
            ),
            (
                newest(),
                read(copy("lifeboat:from:11")),
                RefusedError,
                "was made from image 11 whose Droplet was not known, not from one of Droplet 1.",
            ),
            (
                newest(),
                read(OURS, copy(key=6)),
                SelectionError,
                "2 Droplets are named 'copy': ids 5, 6. Which one is meant cannot be told, so none was made",
            ),
            (
                newest(),
                read(named=(OURS,)),
                SelectionError,
                "No Droplet is named 'web'. copy (5) was made from Droplet 1: if that is the one, set source_droplet_",
            ),
        ],
    )
    def test_a_sentence_says_why_and_what_to_do(self, request_, observed, error, sentence):
        with pytest.raises(LifeboatError) as refused:
            plans.plan(request_, observed, NOW)
        assert refused.value.__class__ is error
        assert sentence in refused.value.message

    def test_a_source_of_a_name_that_fits_two(self):
        with pytest.raises(SelectionError, match=r"2 Droplets are named 'web': ids 1, 2. Say which with source_dropl"):
            plans.source_id(newest(), (SOURCE, replace(SOURCE, id=2)))

    @pytest.mark.parametrize(
        ("request_", "named", "sentence"),
        [
            (newest(), (), "No Droplet is named 'web', and nothing that is left tells of one that is gone. There are"),
            (newest(), (), "backups of Droplets that are gone and were named web-01."),
            (newest(), (replace(SOURCE, name="Web"),), "There is Web (1): write the name exactly so."),
            (asked(newest=True, source_droplet_id=7), (), "No Droplet has the id 7, and nothing that is left tells"),
        ],
    )
    def test_nothing_left_of_one_that_is_gone(self, request_, named, sentence):
        with pytest.raises(SelectionError) as refused:
            plans.left_of_source(request_, named, Account((), (BACKUP,), ()))
        assert sentence in refused.value.message

    @pytest.mark.parametrize("request_", [newest(), asked(newest=True, source_droplet_id=1)], ids=str)
    def test_a_source_that_shows_only_at_the_second_look(self, request_):
        late = replace(SOURCE, backup_ids=())
        with pytest.raises(SelectionError, match=r"did not show at first, and does now: the API was behind. Run the"):
            plans.left_of_source(request_, (), Account((late,), (replace(BACKUP, name="web- 2026-03-01"),), ()))


class TestOfOneThatIsGone:
    """Its points come from `_domain/gone.py`; what is made of them is known by its name again."""

    LEFT = Source(replace(SOURCE, id=None, name="web.Old", region=None, size=None), (BACKUP, SNAPSHOT))

    def read(self, left=LEFT, *named):
        return read(named=named, source=left.droplet, points=left.points, left=left)

    def asked(self, **given_):
        return asked(**{"newest": True, "source_droplet_name": "web.Old", "size": "small", **given_})

    def test_it_is_made_and_bears_the_name_of_its_source(self):
        made = body(self.asked(), self.read())
        assert made["tags"] == ["lifeboat:from:11", "lifeboat:source-name:web_:4f:ld"]
        known = replace(self.LEFT, droplet=replace(self.LEFT.droplet, id=7))
        assert body(self.asked(), self.read(known))["tags"][1:] == [
            "lifeboat:source:7",
            "lifeboat:source-name:web_:4f:ld",
        ]

    @pytest.mark.parametrize("name", ["copy", "web.Old"])
    def test_it_is_found_again_by_that_name_also_under_it(self, name):
        made = replace(copy("lifeboat:from:11", "lifeboat:source-name:web_:4f:ld"), name=name)
        request_ = self.asked(name=name)
        assert plans.source_id(request_, (made,)) is None
        assert not change(request_, read(named=(made,), image=BACKUP)).steps

    def test_once_it_is_back_it_is_the_source_of_others(self):
        back = replace(copy("lifeboat:from:11", "lifeboat:source-name:web_:4f:ld"), name="web.Old")
        assert plans.source_id(self.asked(), (back,)) == back.id

    def test_one_of_another_name_that_is_gone_is_refused(self):
        made = copy("lifeboat:from:11", "lifeboat:source-name:web_old")
        with pytest.raises(RefusedError, match=r"not from one of Droplet web\.Old"):
            plans.plan(self.asked(), read(named=(made,)), NOW)

    def test_a_snapshot_is_not_the_newest_where_a_backup_may_be(self):
        doubtful = replace(backup(13, 0.5, "other"), regions=("nyc3",))
        left = Source(plans.Droplet(7, ""), (SNAPSHOT,), (doubtful,))
        with pytest.raises(SelectionError, match="younger backups, and nothing tells whose they are: backup 13"):
            plans.plan(asked(newest=True, source_droplet_id=7, size="small"), self.read(left), NOW)


class TestWhatIsThere:
    @pytest.mark.parametrize(
        "request_", [newest(), by_id(), newest(max_age_hours=25), asked(snapshot_id=11), before(1)], ids=str
    )
    def test_it_is_unchanged(self, request_):
        found = change(request_, read(OURS, image=BACKUP))
        assert (found.steps, found.wait_for, found.notes) == ((), None, ())
        assert found.before == found.after
        assert found.extra_result["restore_point"]["age_hours"] == 24.0

    @pytest.mark.parametrize(
        ("request_", "image", "sentence"),
        [
            (newest(max_age_hours=1), BACKUP, "11 (web-01- 2026-03-01) of 2026-03-01T12:00:00Z: it is 24.0 hours"),
            (by_id(max_age_hours=1), BACKUP, "it is 24.0 hours old, and max_age_hours allows 1. Choose another name"),
            (before(2), BACKUP, "that is not the newest restore point of 2026-02-28T12:00:00Z or before. Choose"),
            (of_name("nightly"), BACKUP, "and that is not the newest snapshot named 'nightly'. Choose another name"),
            (newest(max_age_hours=25), None, "tells whether it fits max_age_hours. If that Droplet is the one, name"),
            (before(1), None, "image 11, which is gone by now: nothing tells whether it fits before."),
            (by_id(max_age_hours=25), None, "If that Droplet is the one, leave max_age_hours out. Choose another name"),
        ],
        ids=str,
    )
    def test_one_that_was_made_from_another_point_than_allowed_is_refused(self, request_, image, sentence):
        with pytest.raises(RefusedError) as refused:
            change(request_, read(OURS, image=image))
        assert refused.value.message.startswith("There is a Droplet copy (5) already, which was made from ")
        assert sentence in refused.value.message
        new = replace(OURS, status="new")
        assert not change(request_, read(new, image=image)).steps

    def test_also_where_the_tags_were_spelled_otherwise_first(self):
        assert not change(newest(), read(copy("Lifeboat:From:11", "LIFEBOAT:source:1"))).steps

    def test_also_by_the_id_of_a_source_that_is_gone(self):
        assert not change(asked(newest=True, source_droplet_id=1), plans.Observed(named=(OURS,))).steps

    def test_an_image_that_is_gone_is_told_by_its_id(self):
        found = change(newest(), read(OURS))
        assert found.extra_result["restore_point"]["id"] == 11
        assert found.extra_result["restore_point"]["created_at"] is None

    @pytest.mark.parametrize(
        ("given_", "state", "note"),
        [
            ({"size": "large"}, OFF, "size is small, wanted is large"),
            ({"region": "ams3"}, OFF, "region is nyc3, wanted is ams3"),
            ({"vpc_uuid": "b"}, OFF, "vpc_uuid is a, wanted is b"),
            ({"monitoring": True}, OFF, "monitoring is false, wanted is true"),
            ({"ipv6": False}, OFF, "ipv6 is true, wanted is false"),
            ({"tags": ["a", "B", "c"]}, OFF, "it lacks the tags c"),
            ({"backups": True}, OFF, "backups are disabled, which is not what is wanted; droplet_backups changes them"),
            (
                {"backup_policy": {"hour": 8}},
                on("daily", 4),
                "backups are enabled, daily, 4, which is not what is wanted; droplet_backups changes them",
            ),
        ],
        ids=str,
    )
    def test_what_differs_is_told(self, given_, state, note):
        there = replace(OURS, tags=(*OURS.tags, "A", "b"), vpc_uuid="a", features=("ipv6",))
        assert change(newest(**given_), read(there, state=state)).notes == (f"left as it is: {note}",)

    @pytest.mark.parametrize(
        "given_",
        [
            {"size": "small", "region": "nyc3", "vpc_uuid": "b"},
            {"user_data": "x", "ssh_keys": ["1"], "ipv6": True, "monitoring": False},
            {"backup_policy": {"plan": "daily"}},
        ],
        ids=str,
    )
    def test_what_does_not_differ_or_does_not_show_is_not_told(self, given_):
        there = replace(OURS, vpc_uuid="", features=("ipv6",))
        assert change(newest(**given_), read(there, state=on("daily", 4))).notes == ()

    def test_what_it_costs_with_its_backups(self):
        found = change(newest(), read(replace(OURS, price_monthly=10.0), state=on("weekly", 4, "SUN")))
        assert found.after["monthly_cost"] == 12.0
        assert change(newest(), read(OURS, state=BackupState(True))).after["monthly_cost"] == "unknown"

    RUNNING = Action(3, "create", "in-progress")

    def test_one_that_is_being_created_is_waited_for(self):
        new = read(replace(OURS, status="new"), image=BACKUP, history=(self.RUNNING,))
        found = change(newest(tags=["x"]), new)
        assert found.steps == ()
        assert (found.wait_for.action, found.wait_for.size_gigabytes) == (self.RUNNING, 1.0)
        assert (found.notes, found.extra_result["networks"]) == ((), None)
        assert Plan((found,)).pending == (found,)
        found = change(newest(wait=False), new)
        assert (found.wait_for, found.notes) == (None, ("it is not up yet",))

    def test_one_whose_creation_failed_needs_a_hand(self):
        errored = (Action(3, "create", "errored"),)
        with pytest.raises(ActionFailedError, match="never came up"):
            plans.plan(newest(), read(replace(OURS, status="new"), history=errored), NOW)
        assert not change(newest(), read(OURS, history=errored)).steps

    def test_one_whose_creation_ended_and_that_is_still_new_is_told(self):
        ended = (Action(3, "create", "completed"),)
        found = change(newest(), read(replace(OURS, status="new"), history=ended))
        assert (found.wait_for, found.notes) == (None, ("it is not up yet",))


class TestVerifying:
    CHANGE = change(newest(tags=["a"], backup_policy={"plan": "daily", "hour": 4}), read())
    THERE = copy("lifeboat:from:11", "lifeboat:source:1", "A", public_v4="198.18.0.2", listed=True)
    MADE = replace(CHANGE, target=THERE)
    UP = replace(OURS, public_v4="198.18.0.2", listed=True)

    def again(self, planned, *named, state=None, **fields):
        """The Changes of the same Droplet, planned again."""
        return plans.plan(plans.resumed(planned), plans.Observed(named=named, state=state, **fields), NOW).changes

    @pytest.mark.parametrize(
        ("there", "state", "problem"),
        [
            (THERE, on("daily", 4), None),
            (replace(THERE, listed=False), on("daily", 4), "the list of Droplets does not show it yet"),
            (replace(THERE, public_v4=None), on("daily", 4), "none of its addresses shows yet in the networks"),
            (replace(THERE, tags=None), on("daily", 4), "GET /v2/droplets does not tell its tags"),
            (replace(THERE, tags=()), on("daily", 4), "it lacks the tags lifeboat:from:11, lifeboat:source:1, a"),
            (THERE, replace(on("daily", 4), policy=None), "backups/policy does not tell its backup_policy"),
            (replace(THERE, status="new"), on("daily", 4), "its status is 'new' instead of 'active'"),
            (replace(THERE, tags=("lifeboat:from:11",)), on("daily", 4), "it lacks the tags lifeboat:source:1, a"),
            (THERE, on("daily", 8), "hour 4 (told by GET /v2/droplets/5/backups/policy)"),
            (THERE, OFF, "its backups are not as asked for: plan daily, hour 4"),
            (THERE, None, "its backups are not as asked for: plan daily, hour 4"),
        ],
    )
    def test_what_is_not_as_planned_is_told(self, there, state, problem):
        (found,) = self.again(self.MADE, there, state=state)
        assert found.steps == ()
        assert is_done(found) == (problem is None)
        if problem:
            assert problem in found.doubt.why
            assert found.doubt.until > NOW

    @pytest.mark.parametrize("others", [(), (copy(name="Copy"),), (copy(key=6),), (replace(UP, id=6),)], ids=str)
    def test_one_that_is_gone_is_not_made_again_nor_taken_for_another(self, others):
        assert self.again(self.MADE, *others) == ()

    def test_while_nothing_shows_of_it_the_same_creation_is_left(self):
        (found,) = self.again(self.CHANGE)
        assert (found.steps, found.after) == (self.CHANGE.steps, self.CHANGE.after)

    def test_while_it_is_being_created_it_is_waited_for(self):
        running = Action(3, "create", "in-progress")
        (found,) = self.again(self.MADE, replace(self.THERE, status="new"), history=(running,))
        assert found.wait_for.action == running
        errored = (replace(running, status="errored"),)
        with pytest.raises(ActionFailedError, match="was made from image 11 and never came up"):
            self.again(self.MADE, replace(self.THERE, status="new", tags=()), history=errored)

    def test_a_twin_is_told_at_once(self):
        with pytest.raises(NotConvergedError, match="another of this name was made meanwhile: ids 5, 6"):
            self.again(self.MADE, self.THERE, copy(key=6), state=on("daily", 4))

    def test_a_twin_that_shows_first_is_not_taken_for_it(self):
        named, by_key = needs.DropletsNamed(("copy",)), needs.DropletById(5)
        known = {named: (replace(self.UP, id=6),), by_key: replace(self.THERE, listed=False)}
        with pytest.raises(NotConvergedError, match="another of this name was made meanwhile: ids 6, 5"):
            plans.DropletFromBackup().plan(plans.resumed(self.MADE), Facts(known=known), NOW)

    def test_backups_that_nobody_asked_for_are_not_looked_at(self):
        planned = replace(change(newest(), read()), target=self.UP)
        facts = Facts(known={needs.DropletsNamed(("copy",)): (self.UP,)})
        (found,) = plans.DropletFromBackup().plan(plans.resumed(planned), facts, NOW).changes
        assert is_done(found)

    def test_tags_that_do_not_show_yet_are_waited_for(self):
        planned = replace(change(newest(), read()), target=self.UP)
        facts = Facts(known={needs.DropletsNamed(("copy",)): (replace(self.UP, tags=()),)})
        (found,) = plans.DropletFromBackup().plan(plans.resumed(planned), facts, NOW).changes
        assert "it lacks the tags lifeboat:from:11" in found.doubt.why

    def test_one_that_was_waited_for_may_have_become_otherwise(self):
        waited = change(newest(), read(replace(OURS, status="new")))
        (found,) = self.again(waited, replace(self.UP, tags=("lifeboat:from:11",)))
        assert is_done(found)

    def test_addresses_are_told_once_it_is_up(self):
        up = replace(self.THERE, private_v4="10.0.0.2")
        (found,) = self.again(self.MADE, up, state=on("daily", 4))
        assert found.extra_result == {
            "networks": {"public_v4": "198.18.0.2", "private_v4": "10.0.0.2", "public_v6": None}
        }


REQUESTS = st.one_of(
    st.builds(
        newest,
        size=st.sampled_from((None, "small", "middle", "large", "sold-out")),
        region=st.sampled_from((None, "nyc3", "ams3")),
        tags=st.lists(st.sampled_from(("a", "b", "C")), max_size=2),
        backups=st.booleans(),
        ipv6=st.sampled_from((None, True, False)),
    ),
    st.builds(by_id, size=st.sampled_from(("small", "large", "giant"))),
)
WORLDS = st.builds(
    lambda others, points, sizes, image, state: read(*others, points=points, sizes=sizes, image=image, state=state),
    others=st.lists(
        st.builds(
            copy,
            st.sampled_from(("lifeboat:from:11", "lifeboat:from:12", "env:a")),
            st.sampled_from(("lifeboat:source:1", "lifeboat:source:2", "env:b")),
            key=st.integers(5, 9),
            name=st.sampled_from(("copy", "Copy")),
            status=st.sampled_from(("new", "active", "off")),
        ),
        max_size=2,
        unique_by=lambda each: each.id,
    ),
    points=st.sampled_from(((), (BACKUP,), (SNAPSHOT,), (BACKUP, SNAPSHOT))),
    sizes=st.sampled_from((None, SIZES)),
    image=st.sampled_from((None, BACKUP, SNAPSHOT)),
    state=st.sampled_from((OFF, on("daily", 4))),
)


def planned(request, observed):
    """The Plan, or None where the task is refused."""
    try:
        return plans.plan(request, observed, NOW)
    except LifeboatError:
        return None


def created(step, key=77):
    """The Droplet that the request of a step makes."""
    sent = step.arguments
    return copy(*sent["tags"], key=key, name=sent["name"], size=sent["size"], region=sent["region"], status="new")


@given(REQUESTS, WORLDS)
def test_p1_what_was_made_is_unchanged_whatever_becomes_of_the_rest(request_, observed):
    plan = planned(request_, observed)
    if plan and plan.changing:
        (step,) = plan.changes[0].steps
        made = created(step)
        for later in (replace(observed, named=(*observed.named, made)), read(made, points=(), image=None, sizes=None)):
            again = plans.plan(request_, later, NOW)
            assert not again.changing
            assert again.changes[0].target == made


@given(REQUESTS, WORLDS)
def test_p11_nothing_is_left_once_it_shows_as_it_was_asked_for(request_, observed):
    plan = planned(request_, observed)
    if plan and plan.changing:
        (first,) = plan.changes
        (step,) = first.steps
        new = created(step)
        sent = step.arguments.get("backup_policy")
        state = BackupState(True, BackupPolicy.from_api(sent)) if sent else OFF
        resumed = plans.resumed(replace(first, target=new))
        for there in (new, replace(new, status="active"), replace(new, status="active", listed=True)):
            (found,) = plans.plan(resumed, plans.Observed(named=(there,), state=state), NOW).changes
            assert not is_done(found)
        up = replace(new, status="active", listed=True, public_v4="198.18.0.2")
        (found,) = plans.plan(resumed, plans.Observed(named=(up,), state=state), NOW).changes
        assert is_done(found)


@given(REQUESTS, WORLDS)
def test_p3_none_is_made_beside_one_of_the_name(request_, observed):
    plan = planned(request_, observed)
    if plan and plan.changing:
        assert "copy" not in {droplet_.name for droplet_ in observed.named}


@given(REQUESTS, WORLDS, WORLDS)
def test_p3_what_is_planned_again_is_the_same_creation_or_none(request_, observed, later):
    plan = planned(request_, observed)
    if plan and plan.changing:
        (first,) = plan.changes
        again = planned(plans.resumed(first), later)
        assert again is None or not again.changing or again.changes == (first,)
        known = replace(first, target=droplet(77, "copy"))
        gone = planned(plans.resumed(known), later)
        assert gone is None or not gone.changing
