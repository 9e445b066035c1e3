# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one action needs, does and refuses, by tables and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import needs
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import (
    InputError,
    NotConvergedError,
    RefusedError,
)
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.facts import Facts, Missing
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.models import Action, RestorePoint, Size
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.plan import DropletAction
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.selection import Selection
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs import droplet_action as plans
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, droplet, snapshot
from ansible_collections.lifeboat.digitalocean.tests.unit.verbs.account import is_done

SMALL, LARGE = Size("small", 25, 6.0, ("nyc3",)), Size("large", 80, 24.0, ("nyc3", "ams3"))
IMAGE = RestorePoint(7, "Debian", "base", size_gigabytes=1.5, regions=("nyc3",), min_disk_size=20)
ONE = Selection(ids=(1,))


def web(key=1, **fields):
    """A small Droplet that is on."""
    return droplet(key, **{"status": "active", "region": "nyc3", "size": "small", "disk": 25, **fields})


def params(kind, **given_):
    left_out = dict.fromkeys([*plans.OPTIONS, "expected_count"])
    left_out.update(disk=False, power_off_after_timeout=False, by_tag=False)
    assert given_.keys() <= left_out.keys()
    return {"type": kind, **left_out, **given_}


def request(kind, selection=ONE, **given_):
    return plans.request(selection, params(kind, **given_))


def observed(*droplets, **fields):
    return plans.Observed(droplets or (web(),), sizes={"small": SMALL, "large": LARGE}, **{"image": IMAGE, **fields})


def planned(wanted, *droplets, **fields):
    return plans.plan(wanted, observed(*droplets, **fields), NOW)


def only(plan):
    (change,) = plan.changes
    return change


def again(change, *droplets, done=None, own=(), **fields):
    """The Change of the same Droplet, planned again after the steps `done`: all of them if that is left out."""
    return only(planned(plans.resumed(change, change.steps if done is None else done, own), *droplets, **fields))


def asked_to_shut_down(seconds):
    """The action of a run that has asked for a shutdown, and ended so many seconds ago."""
    ended = NOW - timedelta(seconds=seconds)
    return Action(9, "shutdown", "completed", 1, "droplet", ended, ended)


REQUESTS = {
    "power_on": {},
    "power_off": {},
    "shutdown": {},
    "reboot": {},
    "power_cycle": {},
    "rename": {"new_name": "db-01.example.com"},
    "resize": {"size": "large"},
    "rebuild": {"image": "debian-13-x64", "confirm": "web-01"},
    "password_reset": {"confirm": "web-01"},
    "enable_ipv6": {},
    "enable_private_networking": {},
    "change_kernel": {"kernel": 231},
    "snapshot": {"snapshot_name": "before upgrade"},
}


class TestRequest:
    @pytest.mark.parametrize(("kind", "module"), plans.SAFER.items())
    def test_what_another_module_does_safely_is_refused_with_its_name(self, kind, module):
        with pytest.raises(InputError, match=f"lifeboat.digitalocean.{module} does it safely"):
            request(kind)

    @pytest.mark.parametrize("kind", [kind for kind, given_ in REQUESTS.items() if given_.keys() & {*plans.REQUIRED}])
    def test_what_a_type_needs_is_required(self, kind):
        (needed,) = REQUESTS[kind].keys() & {*plans.REQUIRED}
        with pytest.raises(InputError, match=f"type: {kind} needs {needed}"):
            request(kind)

    @pytest.mark.parametrize("kind", REQUESTS)
    @pytest.mark.parametrize("option", plans.OPTIONS)
    def test_an_option_of_another_type_is_refused(self, kind, option):
        own = kind in plans.OPTIONS[option]
        values = {"kernel": 231, "shutdown_timeout": 9, "disk": True, "by_tag": True, "power_off_after_timeout": True}
        given_ = {**REQUESTS[kind], option: values.get(option, "web-01")}
        if own:
            assert getattr(request(kind, Selection(tags=("a",)), **given_), option)
        else:
            with pytest.raises(InputError, match=f"^{option} does not belong to type: {kind}, but to "):
                request(kind, **given_)

    @pytest.mark.parametrize("kind", REQUESTS)
    def test_what_is_enough_is_taken(self, kind):
        assert request(kind, **REQUESTS[kind]).type == kind

    @pytest.mark.parametrize(
        "name", ["", "a_b", "ü", "web 01", "web-", "web.", "a" * 256, "web/01", "-", "w\n", " web", "web!"]
    )
    def test_a_name_that_no_droplet_can_have(self, name):
        with pytest.raises(InputError, match=r"^new_name .* cannot be the name of a Droplet"):
            request("rename", new_name=name)

    @pytest.mark.parametrize("name", ["a", "A9", "web-01.example.com", "a" * 255, ".web", "1"])
    def test_a_name_that_a_droplet_can_have(self, name):
        assert request("rename", new_name=name).arguments == {"name": name}

    @pytest.mark.parametrize("name", ["", " ", "a" * 256, "a\nb", "\x07"])
    def test_a_name_that_no_snapshot_can_have(self, name):
        with pytest.raises(InputError, match=r"^snapshot_name .* cannot be the name of a snapshot"):
            request("snapshot", snapshot_name=name)

    @pytest.mark.parametrize(
        ("kind", "option", "value"),
        [("change_kernel", "kernel", 0), ("shutdown", "shutdown_timeout", 0), ("reboot", "expected_count", -1)],
    )
    def test_numbers_that_are_too_small(self, kind, option, value):
        with pytest.raises(InputError, match=f"{option} {value} is too small"):
            request(kind, **{option: value})

    @pytest.mark.parametrize(("text", "image"), [("161119022", 161119022), ("debian-13-x64", "debian-13-x64")])
    def test_an_image_by_id_or_slug(self, text, image):
        assert request("rebuild", image=text).arguments == {"image": image}

    @pytest.mark.parametrize(
        "selection",
        [ONE, Selection(names=("a",)), Selection(tags=("a", "b")), Selection(tags=("a",), exclude_tags=("c",))],
        ids=str,
    )
    def test_by_tag_takes_one_tag_and_nothing_else(self, selection):
        with pytest.raises(InputError, match="exactly one tag and no exclude_tag"):
            request("power_off", selection, by_tag=True)

    def test_by_tag_sends_one_request_and_so_powers_nobody_off_afterwards(self):
        with pytest.raises(InputError, match="sends one request for all"):
            request("shutdown", Selection(tags=("a",)), by_tag=True, power_off_after_timeout=True)


class TestWhoNeedsIt:
    @pytest.mark.parametrize(
        ("kind", "needs", "does_not"),
        [
            ("power_on", {"status": "off"}, {"status": "active"}),
            ("power_on", {"status": "archive"}, {"status": "new"}),
            ("power_off", {"status": "active"}, {"status": "off"}),
            ("power_off", {"status": "new"}, {"status": "off"}),
            ("shutdown", {"status": "active"}, {"status": "off"}),
            ("rename", {"name": "web-01"}, {"name": "db-01.example.com"}),
            ("resize", {"size": "small"}, {"size": "large"}),
            ("enable_ipv6", {"features": ("backups",)}, {"features": ("ipv6",)}),
            ("enable_private_networking", {"features": ()}, {"features": ("private_networking",)}),
            ("change_kernel", {"kernel": 7515}, {"kernel": 231}),
        ],
    )
    def test_where_the_state_shows_it(self, kind, needs, does_not):
        wanted = request(kind, **REQUESTS[kind])
        change = only(planned(wanted, web(**needs)))
        assert change.steps
        assert change.before != change.after
        idle = only(planned(wanted, web(**does_not)))
        assert idle.steps == ()
        assert idle.before == idle.after

    @pytest.mark.parametrize("kind", plans.UNSEEN)
    def test_where_no_state_shows_it_everybody_does_until_it_was_done(self, kind):
        wanted = request(kind, **REQUESTS[kind])
        change = only(planned(wanted))
        assert [step.type for step in change.steps] == [kind]
        assert change.steps[0].observable is False
        assert is_done(again(change, web()))
        assert again(change, web(), done=()).steps == change.steps

    def test_a_snapshot_of_this_name_is_enough(self):
        wanted = request("snapshot", snapshot_name="web-01- 2026-03-02")
        assert only(planned(wanted, snapshots={1: (snapshot(5, name="other"),)})).steps == (
            DropletAction("snapshot", {"name": "web-01- 2026-03-02"}, size_gigabytes=25),
        )
        assert only(planned(wanted, snapshots={1: (snapshot(5),)})).steps == ()

    def test_a_larger_disk_is_part_of_what_is_wanted(self):
        wanted = request("resize", size="large", disk=True, confirm="web-01")
        change = only(planned(wanted, web(size="large")))
        assert change.after == {"size": "large", "disk": 80, "monthly_cost": 24.0}
        assert change.steps[0].arguments == {"size": "large", "disk": True}
        assert only(planned(wanted, web(size="large", disk=80))).steps == ()

    def test_the_price_of_a_size_is_told(self):
        change = only(planned(request("resize", size="large"), web(price_monthly=6.0)))
        assert (change.before["monthly_cost"], change.after["monthly_cost"]) == (6.0, 24.0)
        assert change.after["disk"] == 25
        hidden = only(planned(request("resize", size="large"), web(price_monthly=None)))
        assert hidden.before["monthly_cost"] == "unknown"

    @pytest.mark.parametrize(
        ("size", "disk", "has", "needed"),
        [("small", False, "small", False), ("large", False, "small", True), ("small", True, "small", True)],
    )
    def test_sizes_are_read_where_they_decide(self, size, disk, has, needed):
        assert plans.needs_sizes(request("resize", size=size, disk=disk), [web(size=has)]) is needed


class TestShutdown:
    WANTED = request("shutdown", shutdown_timeout=60, power_off_after_timeout=True)

    def test_the_plug_is_pulled_only_where_that_is_asked_for(self):
        assert [step.type for step in only(planned(request("shutdown"))).steps] == ["shutdown"]
        assert [step.type for step in only(planned(self.WANTED)).steps] == ["shutdown", "power_off"]

    def test_it_has_its_time_to_show(self):
        assert [step.settle_seconds for step in only(planned(self.WANTED)).steps] == [60, 0]
        assert only(planned(request("shutdown"))).steps[0].settle_seconds == plans.SHUTDOWN_TIMEOUT

    @pytest.mark.parametrize(
        ("status", "seconds", "left", "doubtful"),
        [
            ("active", 0, [], True),
            ("active", 59, [], True),
            ("active", 60, ["power_off"], False),
            ("off", 0, [], False),
        ],
    )
    def test_what_is_left_after_it(self, status, seconds, left, doubtful):
        first = only(planned(self.WANTED))
        found = again(first, web(status=status), done=first.steps[:1], own=(asked_to_shut_down(seconds),))
        assert [step.type for step in found.steps] == left
        if doubtful:
            assert found.doubt.until == NOW + timedelta(seconds=60 - seconds)
            assert found.doubt.why == "it has been asked to shut down, and is not off yet"
        assert is_done(found) == (status == "off")

    def test_one_that_stays_on_is_told_what_to_do(self):
        change = only(planned(request("shutdown")))
        over = (asked_to_shut_down(plans.SHUTDOWN_TIMEOUT),)
        assert is_done(again(change, web(status="off"), own=over))
        with pytest.raises(NotConvergedError, match=r"still active 120 s after its .*power_off_after_timeout: true"):
            again(change, web(), own=over)
        late = again(change, web(), own=over, lag=timedelta(seconds=30))
        assert "power_off_after_timeout: true" in late.doubt.why
        assert late.doubt.until == NOW + timedelta(seconds=30)

    def test_one_that_was_powered_off_and_stays_on_is_not_told_to_be_powered_off(self):
        change = only(planned(self.WANTED))
        found = again(change, web(), own=(asked_to_shut_down(60),))
        assert [step.type for step in found.steps] == ["power_off"]
        assert found.doubt is None
        assert (plans.describe(found.before), plans.describe(found.after)) == ("status active", "status off")


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "has", "why"),
        [
            ("resize", {"disk": 100}, "a disk never becomes smaller"),
            ("resize", {"region": "fra1"}, "not offered in its region fra1"),
            ("rebuild", {"region": "ams3"}, "not in its region ams3"),
            ("rebuild", {"disk": 10}, "needs a disk of 20 GiB"),
            ("change_kernel", {}, "no kernel of its own"),
            ("reboot", {"status": "off"}, "Use type: power_on"),
            ("power_cycle", {"status": "off"}, "Use type: power_on"),
        ],
    )
    def test_what_cannot_work_is_refused_for_the_droplet_by_name(self, kind, has, why):
        with pytest.raises(RefusedError, match=r"^Droplet web-01 \(1\): .*" + why) as refusal:
            planned(request(kind, **REQUESTS[kind]), web(**has))
        assert refusal.value.droplet == 1

    def test_an_image_that_is_not_there(self):
        with pytest.raises(RefusedError, match="there is no image 'debian-13-x64'"):
            planned(request("rebuild", **REQUESTS["rebuild"]), image=None)

    def test_a_size_that_is_not_listed(self):
        with pytest.raises(InputError, match="size 's-1' is not among the 2 sizes"):
            planned(request("resize", size="s-1"))

    @pytest.mark.parametrize("kind", REQUESTS)
    def test_more_than_one_needs_their_number(self, kind):
        given_ = {option: value for option, value in REQUESTS[kind].items() if option != "confirm"}
        fleet = [web(key, kernel=7515) for key in range(1, 9)]
        with pytest.raises(RefusedError, match=r"8 Droplets, .*web-05 \(5\) and 3 more") as refusal:
            planned(request(kind, **given_), *fleet)
        dangerous = kind in ("rebuild", "password_reset")
        assert ("takes one Droplet" if dangerous else "expected_count: 8") in refusal.value.message
        for number in (7, 9, 1, 0):
            with pytest.raises(RefusedError, match="8 Droplets"):
                planned(request(kind, **given_, expected_count=number), *fleet)
        if not dangerous:
            assert len(planned(request(kind, **given_, expected_count=8), *fleet).changes) == 8

    def test_their_number_counts_those_that_need_nothing(self):
        fleet = [web(1, status="off"), web(2)]
        assert len(planned(request("power_off", expected_count=2), *fleet).changing) == 1

    def test_the_number_must_be_right_for_one_and_for_none(self):
        with pytest.raises(RefusedError, match="expected_count is 2, and the selection matches 1"):
            planned(request("reboot", expected_count=2))
        with pytest.raises(RefusedError, match="expected_count is 2, and the selection matches none"):
            plans.plan(request("reboot", expected_count=2), plans.Observed(()), NOW)
        assert plans.plan(request("reboot"), plans.Observed(()), NOW).changes == ()

    def test_a_larger_disk_is_for_one_droplet(self):
        with pytest.raises(RefusedError, match="takes one Droplet"):
            planned(request("resize", size="large", disk=True, expected_count=2), web(1), web(2))


class TestConfirm:
    CASES = (("rebuild", {"image": "x"}), ("password_reset", {}), ("resize", {"size": "large", "disk": True}))

    @pytest.mark.parametrize(("kind", "given_"), CASES)
    def test_it_is_asked_for_by_the_name_of_the_droplet(self, kind, given_):
        assert "Set confirm: web-01" in planned(request(kind, **given_)).confirmation_required
        assert planned(request(kind, confirm="web-01", **given_)).confirmation_required is None

    @pytest.mark.parametrize(("kind", "given_"), [*CASES, ("resize", {"size": "large"})])
    @pytest.mark.parametrize("confirm", ["", "web-02", "WEB-01", "web-01 "])
    def test_another_name_is_refused(self, kind, given_, confirm):
        with pytest.raises(RefusedError, match="is not the name of the Droplet"):
            planned(request(kind, confirm=confirm, **given_))

    def test_a_resize_that_can_be_undone_needs_none(self):
        assert planned(request("resize", size="large")).confirmation_required is None


class TestByTag:
    TAG = Selection(tags=("role:web",))

    def wanted(self, kind="power_off", **given_):
        return request(kind, self.TAG, by_tag=True, expected_count=2, **given_)

    def test_one_order_for_all_where_one_needs_it(self):
        plan = planned(self.wanted(), web(1, status="off"), web(2))
        assert (plan.by_tag.tag, plan.by_tag.action.type) == ("role:web", "power_off")
        idle, needing = plan.changes
        assert needing.after == {"status": "off"}
        assert idle.notes == (plans.AS_WELL,)
        assert needing.notes == ()
        told = plans.tell(self.wanted(), plan)["by_tag"]
        assert (told["members"], told["needing"]) == ([1, 2], [2])

    def test_nothing_where_nobody_does(self):
        plan = planned(self.wanted(), web(1, status="off"), web(2, status="off"))
        assert plan.by_tag is None
        assert plan.changing == ()
        assert not any(change.notes for change in plan.changes)

    def test_who_is_off_does_not_keep_the_others_from_a_power_cycle(self):
        plan = planned(self.wanted("power_cycle"), web(1, status="off"), web(2))
        assert len(plan.changing) == 2

    def test_one_by_one_there_is_no_order(self):
        assert planned(request("power_off")).by_tag is None
        assert plans.tell(request("power_off"), None) == {}
        assert planned(plans.narrowed(self.wanted(), web(2)), web(2)).by_tag is None

    def test_one_that_has_joined_is_planned_again_like_the_others(self):
        change = plans.DropletAction().joined(self.wanted(), web(3))
        assert (change.after, change.steps) == ({"status": "off"}, ())
        assert change.notes == ("got the tag 'role:web' after the Droplets were read",)
        assert change.request == plans.narrowed(self.wanted(), web(3))
        assert is_done(again(change, web(3, status="off")))
        assert again(change, web(3)).steps == (DropletAction("power_off"),)


class TestVerified:
    @pytest.mark.parametrize("kind", [kind for kind in REQUESTS if kind not in plans.UNSEEN])
    def test_what_was_not_reached_is_left_and_what_was_is_not(self, kind):
        wanted = request(kind, **REQUESTS[kind])
        was = web(kernel=7515, status="off" if kind == "power_on" else "active")
        change = only(planned(wanted, was))
        left = again(change, was)
        assert not is_done(left)
        assert left.steps == (() if kind == "shutdown" else change.steps)
        reached = web(
            name=change.after.get("name"),
            status=change.after.get("status"),
            size=change.after.get("size"),
            features=("ipv6", "private_networking"),
            kernel=231,
        )
        there = {1: (RestorePoint(5, "before upgrade", "snapshot"),)}
        assert is_done(again(change, reached, snapshots=there))

    @pytest.mark.parametrize("kind", plans.UNSEEN)
    def test_what_cannot_be_seen_is_believed(self, kind):
        assert is_done(again(only(planned(request(kind, **REQUESTS[kind]))), web()))

    @pytest.mark.parametrize(("listed", "where"), [(True, "GET /v2/droplets"), (False, "GET /v2/droplets/1")])
    @pytest.mark.parametrize(
        ("kind", "options", "hidden"),
        [("change_kernel", REQUESTS["change_kernel"], "kernel"), ("resize", {"size": "large", "disk": True}, "disk")],
    )
    def test_what_the_api_does_not_show_is_waited_for(self, kind, options, hidden, listed, where):
        change = only(planned(request(kind, **options), web(kernel=7515)))
        left = again(change, web(size="large", listed=listed, **{hidden: None}))
        assert left.steps == ()
        assert left.doubt.why == f"the API reports the {kind} as completed, but {where} does not show its {hidden}"
        assert left.doubt.until > NOW

    @pytest.mark.parametrize(("kind", "name"), [("power_off", "web-01"), ("rename", "db-01.example.com")])
    def test_it_is_asked_for_by_its_id_and_present_name_and_one_that_is_gone_has_no_change(self, kind, name):
        change = only(planned(request(kind, **REQUESTS[kind])))
        resumed = plans.DropletAction().resume(change, change.steps, ())
        selected = needs.Selected(Selection.of(web(name=name)))
        with pytest.raises(Missing) as missing:
            plans.DropletAction().plan(resumed, Facts(), NOW)
        assert missing.value.needs == (selected,)
        assert plans.DropletAction().plan(resumed, Facts(known={selected: ()}), NOW).changes == ()


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ({"status": "off"}, "status off"),
        ({"size": "small", "disk": 1, "monthly_cost": 6.0}, "size small, disk 1 GiB, 6.00 USD a month"),
        ({"size": "small", "disk": 25, "monthly_cost": "unknown"}, "size small, disk 25 GiB, unknown cost"),
        ({"ipv6": True}, "ipv6 on"),
        ({"ipv6": False}, "ipv6 off"),
        ({"kernel": 1}, "kernel 1"),
        ({"image": 7, "action": None}, "image 7, action none"),
    ],
)
def test_a_line_for_people(shown, text):
    assert plans.describe(shown) == text


STATUSES = ("new", "active", "off", "archive")


def carried_out(change):
    """The Droplet of a Change as its `after` says, and its snapshots."""
    shown = dict(change.after)
    features = [name for name in ("ipv6", "private_networking") if shown.pop(name, name in change.target.features)]
    taken = shown.pop("snapshot", None)
    shown = {name: value for name, value in shown.items() if name in ("status", "name", "size", "disk", "kernel")}
    points = (RestorePoint(5, taken, "snapshot"),) if taken else ()
    return replace(change.target, features=tuple(features), **shown), points


@given(
    kind=st.sampled_from([kind for kind in REQUESTS if kind not in plans.UNSEEN and kind != "change_kernel"]),
    fleet=st.lists(
        st.tuples(st.sampled_from(STATUSES), st.booleans(), st.sampled_from(["small", "large"])),
        min_size=1,
        max_size=6,
    ),
)
def test_a_plan_made_from_its_own_outcome_has_nothing_left_to_do(kind, fleet):
    droplets = [
        web(key, status=status, features=("ipv6", "private_networking") if both else ("backups",), size=size)
        for key, (status, both, size) in enumerate(fleet, 1)
    ]
    wanted = request(kind, expected_count=len(fleet), **REQUESTS[kind])
    plan = planned(wanted, *droplets)
    assert [change.target.id for change in plan.changes] == [one.id for one in droplets]
    for change in plan.changes:
        assert (change.before == change.after) is (change.steps == ())
    outcome = [carried_out(change) for change in plan.changes]
    snapshots = {after.id: points for after, points in outcome}
    assert planned(wanted, *(after for after, _points in outcome), snapshots=snapshots).changing == ()
    for change, (after, _points) in zip(plan.changes, outcome, strict=True):
        assert is_done(again(change, after, snapshots=snapshots))
        assert is_done(again(change, change.target)) == (change.steps == ())


class TestNotes:
    """What else somebody has to know or to do stands beside the change, in check mode too."""

    @pytest.mark.parametrize(
        ("wanted", "fields", "note"),
        [
            (request("resize", size="large"), {}, "for a moment that nobody tells beforehand; see to it that it is on"),
            (
                request("resize", size="large", disk=True, confirm="web-01"),
                {},
                "by itself, for about one minute for each GB on its disk, up to 25 minutes; see",
            ),
            (
                request("resize", size="large", disk=True, confirm="web-01"),
                {"disk": None},
                "for about one minute for each GB on its disk; see",
            ),
            (request("enable_ipv6"), {}, "the operating system on it has to be configured for the new address as well"),
            (request("snapshot", snapshot_name="s"), {"gpu": True}, "and nothing of its scratch disk"),
        ],
    )
    def test_what_it_means(self, wanted, fields, note):
        (found,) = only(planned(wanted, web(**fields))).notes
        assert note in found

    @pytest.mark.parametrize(
        ("wanted", "fields"),
        [
            (request("resize", size="large"), {"status": "off"}),
            (request("resize", size="small"), {}),
            (request("enable_ipv6"), {"features": ("ipv6",)}),
            (request("snapshot", snapshot_name="s"), {}),
            (request("reboot"), {"gpu": True}),
        ],
    )
    def test_where_there_is_nothing_to_know(self, wanted, fields):
        assert only(planned(wanted, web(**fields))).notes == ()

    def test_by_tag_beside_what_the_tag_means(self):
        selection = Selection(tags=("a",))
        wanted = request("enable_ipv6", selection, by_tag=True, expected_count=2)
        plan = planned(wanted, web(), web(2, features=("ipv6",)))
        assert [len(change.notes) for change in plan.changes] == [1, 1]
        assert plan.by_tag.action.type == "enable_ipv6"
