# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`droplet_restore`: killed anywhere, beside others, under either reading of the API: restored once, and nothing lost.

`tests/promises/scenarios/droplet_restore.py` holds it to the promises of every module. Here is what only a restore can
do wrong, asserted on the simulator's state.
"""

from __future__ import annotations

from functools import partial
from itertools import count

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness import worlds
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.machine import Killed
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import FULL, one_in
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.verbs import instant
from ansible_collections.lifeboat.digitalocean.tests.promises.scenarios import droplet_restore as scenarios

MINUTE, HOUR = 60, 3600
SLOW = ("--droplets", "0", "--action-seconds", "5,snapshot=40,restore=40,rebuild=40", "--rate-limit", "off")
KILLS = 1 if FULL else 10
"""Each so manyth request is one at which a run is killed."""


@pytest.fixture(name="slow")
def _slow(simulators):
    """A simulator in which work on images takes longer than a poll."""
    sim = simulators(*SLOW)
    sim.reset(droplets=0)
    return sim


def restores(sim, before):
    """Restores and rebuilds since the State `before`, the oldest first."""
    found = [action for action in sim.state().actions_since(before) if action["type"] in scenarios.WORK]
    return sorted(found, key=lambda action: action["id"])


def marks(sim, key):
    return [tag for tag in sim.state().droplets[key]["tags"] if tag.startswith("lifeboat:restore:")]


def untag(sim, key, word):
    """Somebody takes the marks with that word in them away."""
    for tag in marks(sim, key):
        if f":{word}:" in tag:
            body = {"resources": [{"resource_id": str(key), "resource_type": "droplet"}]}
            sim.api("DELETE", f"tags/{tag}/resources", body, status=204)


def converged(sim, before, options, run):
    """All is as promised, and one more run changes and writes nothing."""
    assert scenarios.wrong(before, sim.state(), options) is None
    last = run(**options)
    assert not last.failed, last
    assert not last.changed, last
    assert not last.writes, last
    assert last.diff == {"prepared": ""}
    assert scenarios.wrong(before, sim.state(), options) is None


def sweep(sim, start, every, **task):
    """Kill the run at each request in turn, before it is sent or after its answer; the number of kills."""
    kills = 0
    for number in count(start, every):
        for moment in ("before_request", "after_request"):
            sim.reset(droplets=0)
            options = scenarios.world(sim, **task)
            run = Runner(sim, "droplet_restore")
            before = sim.state()

            def kill(sent, _request, number=number):
                if sent >= number:
                    raise Killed

            try:
                whole = run(**options, **{moment: kill})
            except Killed:
                kills += 1
                again = run(**options)
                assert not again.failed, again
                converged(sim, before, options, run)
            else:
                assert not whole.failed, whole
                return kills
    raise AssertionError("unreachable")


TASKS = {
    f"{point}-{'stopped' if stop else 'running'}-{'on' if on else 'off'}": {
        "point": point,
        "stop_first": stop,
        "on": on,
    }
    for point in ("backup", "snapshot")
    for stop in (True, False)
    for on in (True, False)
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("task", "speed"), one_in(3, TASKS, ["quick", "slow"]))
def test_p3_killed_at_every_request(sim, slow, record_property, task, speed):
    """Whether an action is over by the next run or still in progress."""
    kills = sweep(sim if speed == "quick" else slow, 1 + list(TASKS).index(task) % KILLS, KILLS, **TASKS[task])
    record_property("kills", kills)
    assert kills > 40 // KILLS


@pytest.fixture(name="restore")
def _restore(sim):
    return Runner(sim, "droplet_restore")


def somebody_restores(sim, key, kind="restore"):
    """Somebody else overwrites the disk: from its oldest backup, or its first snapshot; `(action id, image id)`."""
    droplet = sim.state().droplets[key]
    point = min(droplet["backups"], key=lambda backup: backup["created_at"])
    image = point["id"] if kind == "restore" else droplet["snapshots"][0]["id"]
    return worlds.act(sim, key, kind, image=image), image


@pytest.mark.parametrize("kind", ["restore", "rebuild"])
def test_p3_a_restore_of_somebody_else_is_waited_for_and_named(slow, kind):
    """In check mode it is named at once."""
    options = scenarios.world(slow, point="newest")
    key = options["droplet_id"]
    action, image = somebody_restores(slow, key, kind)
    run = Runner(slow, "droplet_restore")
    before = slow.state()
    told = run(check=True, **options)
    assert told.kind == "refused", told
    assert f"action {action} ({kind})" in told.result["msg"]
    assert not told.changed
    met = run(**options)
    assert met.kind == "refused", met
    assert f"action {action} ({kind})" in met.result["msg"]
    assert f"Action {action} ({kind}) on Droplet alpha ({key}) has ended as completed." in met.result["msg"]
    assert slow.state().action(action)["status"] == "completed"
    assert (met.changed, met.diff) == (told.changed, told.diff)
    assert not met.writes
    assert met.result["summary"] == {"matched": 1, "unchanged": 0, "changed": 0, "failed": 1, "not_tried": 0}
    again = run(**options)
    assert again.kind == "refused", again
    assert "which has no mark of an incident" in again.result["msg"]
    assert not again.writes
    assert slow.state().droplets[key]["disk_from"] == image
    assert restores(slow, before) == []


def test_p3_a_restore_of_somebody_else_that_fails_ends_the_task_too(slow):
    options = scenarios.world(slow)
    # The Droplet is off while it is restored, and on again then.
    before = slow.state()
    slow.fault({"action": "errored"}, method="POST")
    action, _image = somebody_restores(slow, options["droplet_id"])
    slow.clear_faults()
    run = Runner(slow, "droplet_restore")
    met = run(**options)
    assert met.kind == "refused", met
    assert f"Action {action} (restore)" in met.result["msg"]
    assert "has ended as errored" in met.result["msg"]
    assert not met.writes
    again = run(**options)
    assert not again.failed, again
    converged(slow, before, options, run)


@pytest.mark.parametrize("kind", ["restore", "rebuild"])
@pytest.mark.parametrize("number", range(8))
def test_p3_somebody_restores_just_before_a_write(slow, number, kind):
    """The n-th write of a run meets it, on a Droplet that is stopped first: ours is never carried out after it."""
    options = scenarios.world(slow, stop_first=True)
    key = options["droplet_id"]
    run = Runner(slow, "droplet_restore")
    before = slow.state()
    writes, theirs = [], []

    def meet(_number, request):
        if request.method == "POST":
            writes.append(request.url)
            if len(writes) == number + 1:
                theirs.extend(somebody_restores(slow, key, kind))

    met = run(before_request=meet, **options)
    assert theirs, f"there is no write {number}\n{met}"
    assert met.kind in ("refused", "not_converged"), met
    assert str(theirs[0]) in met.result["msg"], met
    *ours, last = restores(slow, before)
    assert last["id"] == theirs[0], "P3: restored after somebody else had"
    assert len(ours) == (number > 4)
    slow.advance(MINUTE)
    assert slow.state().droplets[key]["disk_from"] == theirs[1]


def test_p3_somebody_restores_while_a_limit_holds_ours_up(sim, restore):
    """Ours was decided on before: after the wait it is decided anew, and not sent."""
    options = scenarios.world(sim, safety_snapshot=False)
    key = options["droplet_id"]
    before = sim.state()
    sim.fault({"status": 429, "reset_in": 300}, method="POST", path=f"droplets/{key}/actions")
    theirs = []

    def meet(seconds):
        if seconds > 200 and not theirs:
            theirs.append(somebody_restores(sim, key)[0])

    met = restore(on_sleep=meet, wait_timeout=3600, **options)
    assert met.kind == "refused", met
    assert [action["id"] for action in restores(sim, before)] == theirs


@pytest.mark.timeout(600)
@pytest.mark.parametrize("other", ["same", "another"])
@pytest.mark.parametrize("start", range(8 if FULL else 1))
def test_p3_two_runs_at_once(slow, other, start):
    """A second run, of the same incident or of another one, from beginning to end between any two requests of a first.

    The first does not restore after the second has; whoever is refused is told, and a rerun finds everything done.
    """
    # The journal does not tell whose of the two a request is.
    sim, restore = slow, Runner(slow, "droplet_restore", reaches=False)
    for number in count(1 + start, 8):
        options = scenarios.world_again(sim, stop_first=True)
        second = {**options, "incident": scenarios.INCIDENT if other == "same" else "inc-2"}
        before = sim.state()
        within = []

        meet = partial(_meet, number, within, partial(restore, **second))
        first = restore(after_request=meet, **options)
        if not within:
            assert number > 8
            return
        told = within[-1]
        done = restores(sim, before)
        assert all(action["status"] == "completed" for action in done)
        outcome = f"{first}\n\nwithin it, at request {number}:\n{told}"
        if other == "same":
            assert len(done) == 1, outcome
            assert first.kind in (None, "refused"), outcome
            assert told.kind in (None, "refused"), outcome
            converged(sim, before, options, rerun(restore))
        elif told.failed:
            assert told.kind == "refused", outcome
            assert len(done) == 1, outcome
            converged(sim, before, options, restore)
        else:
            last = f"lifeboat:restore:inc-2:done:{options['backup_id']}:{done[-1]['id']}"
            assert last in marks(sim, options["droplet_id"]), outcome
            assert first.kind in (None, "refused", "not_converged"), outcome
            begun = any(f":{scenarios.INCIDENT}:" in tag for tag in marks(sim, options["droplet_id"]))
            again = restore(**options)
            assert again.kind == ("refused" if begun else None), f"{again}\n\nafter\n{outcome}"
            assert len(restores(sim, before)) == len(done) + (not begun)


def _meet(number, within, another, sent, _request):
    """Run `another` once, after the request of that number; what it told comes last in `within`."""
    if sent == number and not within:
        within.append(None)
        within.append(another())


def rerun(restore):
    """Runs twice and gives the second: the first may still have a mark to write."""

    def run(**options):
        assert not restore(**options).failed
        return restore(**options)

    return run


BOTH_WAYS = [
    *(("image_after_restore", value) for value in ("base", "backup")),
    *(("image_after_rebuild", value) for value in ("new", "old")),
    *(("list_order", value) for value in ("newest_first", "oldest_first")),
    *(("backups_order", value) for value in ("newest_first", "oldest_first")),
    *(("tag_exists", value) for value in ("accept", "reject")),
    *(("tag_case", value) for value in ("exact", "insensitive")),
    *(("droplet_action_completed_at", value) for value in ("set", "null")),
    *(("missing_scope_fields", value) for value in ("omit", "empty")),
    *(("restore_takes_snapshots", value) for value in ("true", "false")),
]


@pytest.mark.parametrize("point", ["backup", "snapshot"])
@pytest.mark.parametrize(("switch", "value"), BOTH_WAYS)
def test_p1_p10_the_same_incident_is_unchanged_whatever_shows(sim, restore, switch, value, point):
    """Also in capitals, with a newer backup, and with one of its marks taken away."""
    options = scenarios.world(sim, point=point)
    key = options["droplet_id"]
    sim.behave(**{switch: value})
    before = sim.state()
    first = restore(**options)
    assert not first.failed, first
    converged(sim, before, options, restore)
    sim.advance(2 * worlds.DAY)
    newest = {"droplet_id": key, "confirm": "alpha", "newest": True, "max_age_hours": 30, "incident": "INC-1"}
    if point == "backup":
        # It was not the newest.
        refused = restore(**newest)
        assert (refused.kind, refused.writes) == ("refused", []), refused
        assert "and not from the newest restore point, which was backup" in refused.result["msg"]
        newest = {**options, "incident": "INC-1"}
    untag(sim, key, "intent")
    last = restore(**newest)
    assert not last.changed, last
    assert not last.writes, last
    assert last.result["undo"] == first.result["undo"]
    assert last.result["duration_seconds"] is not None
    assert scenarios.wrong(before, sim.state(), options) == "the intent is []"


@pytest.mark.parametrize("point", ["backup", "snapshot"])
@pytest.mark.parametrize("image_after_restore", ["base", "backup"])
@pytest.mark.parametrize("image_after_rebuild", ["new", "old"])
def test_p3_tags_that_somebody_took_away(sim, restore, point, image_after_restore, image_after_rebuild):
    options = scenarios.world(sim, point=point)
    key = options["droplet_id"]
    sim.behave(image_after_restore=image_after_restore, image_after_rebuild=image_after_rebuild)
    before = sim.state()
    assert not restore(**options).failed
    untag(sim, key, "done")
    told = restore(check=True, **options)
    again = restore(**options)
    assert not again.failed, again
    assert (again.changed, again.diff) == (told.changed, told.diff) == (True, told.diff)
    assert [entry["path"].split("/")[2] for entry in again.writes] == ["tags", "tags"], again
    converged(sim, before, options, restore)
    untag(sim, key, "done")
    untag(sim, key, "intent")
    sim.advance(2 * worlds.DAY)
    for task in (options, {"droplet_id": key, "confirm": "alpha", "newest": True, "max_age_hours": 30}):
        last = restore(**{**task, "incident": options["incident"]})
        assert not last.failed, last
        assert not last.changed
        assert not last.writes
        assert "from which image, nothing tells" in str(last.result["warnings"])
        assert last.result["undo"] == again.result["undo"]


def test_p3_without_tags_and_safety_snapshot_an_unknown_restore_is_not_undone(sim, restore):
    options = {**scenarios.world(sim), "safety_snapshot": False}
    key = options["droplet_id"]
    before = sim.state()
    assert not restore(**options).failed
    untag(sim, key, "done")
    untag(sim, key, "intent")
    refused = restore(**options)
    assert refused.kind == "refused", refused
    assert "which has no mark of an incident. Restoring now would undo that." in refused.result["msg"]
    assert not refused.writes
    assert len(restores(sim, before)) == 1


def test_p3_another_incident_restores_again_and_the_first_stays_done_with(sim, restore):
    options = scenarios.world(sim)
    before = sim.state()
    assert not restore(**options).failed
    other = {**options, "incident": "inc-2"}
    assert restore(**other).changed
    assert len(restores(sim, before)) == 2
    assert not restore(**other).writes
    refused = restore(**options)
    assert refused.kind == "refused", refused
    assert "of incident 'inc-2'" in refused.result["msg"]
    assert not refused.writes


@pytest.mark.parametrize("point", ["backup", "snapshot"])
def test_the_undo_in_a_result_is_a_task_that_goes_back(sim, restore, point):
    options = scenarios.world(sim, point=point, stop_first=True)
    told = restore(check=True, **options)
    assert told.result["safety_snapshot"]["id"] is None
    done = restore(**options)
    assert done.result["safety_snapshot"]["name"] == told.result["safety_snapshot"]["name"]
    assert done.result["restore_point"] == told.result["restore_point"]
    (module, task), = [(name, value) for name, value in done.result["undo"].items() if name != "name"]
    assert module == "lifeboat.digitalocean.droplet_restore"
    assert task["snapshot_id"] == done.result["safety_snapshot"]["id"]
    back = restore(**task)
    assert not back.failed, back
    assert sim.state().droplets[options["droplet_id"]]["disk_from"] == task["snapshot_id"]
    last = restore(**task)
    assert not last.changed
    assert not last.writes
    assert back.result["undo"] != done.result["undo"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("given", "kind", "sentence"),
    [
        ({"confirm": "Alpha"}, "refused", "confirm 'Alpha' is not the name of the Droplet that this task selects"),
        ({"incident": "inc 1"}, "input", "use 1 to 80 letters"),
        ({"incident": "i" * 81}, "input", "use 1 to 80 letters"),
        ({"backup_id": None, "newest": True}, "input", "newest needs max_age_hours"),
        ({"backup_id": None, "newest": True, "max_age_hours": 1}, "refused", "max_age_hours allows 1"),
        ({"backup_id": "of bravo"}, "selection", "a new Droplet can be made from any with droplet_from_backup"),
        ({"backup_id": None, "snapshot_id": 1}, "selection", "Image 1 is no restore point of Droplet alpha"),
        ({"wait": False}, "input", "wait: false is not possible here"),
        ({"droplet_id": 1}, "selection", "No Droplet has the id 1"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_nothing_is_sent(sim, restore, check, given, kind, sentence):
    options = scenarios.world(sim)
    before = sim.state()
    if given.get("backup_id") == "of bravo":
        other = next(droplet for droplet in before["droplets"] if droplet["name"] == "bravo")
        given = {"backup_id": other["backups"][0]["id"]}
    sim.advance(2 * HOUR)
    task = {name: value for name, value in {**options, **given}.items() if value is not None}
    told = restore(check=check, **task)
    assert told.kind == kind, told
    assert sentence in told.result["msg"]
    assert not told.writes
    assert sim.state()["droplets"] == before["droplets"]


def test_confirm_may_be_missing_in_check_mode_alone(sim, restore):
    options = scenarios.world(sim)
    del options["confirm"]
    told = restore(check=True, **options)
    assert told.changed
    assert "This overwrites the disk of Droplet alpha" in str(told.result["warnings"])
    met = restore(**options)
    assert met.kind == "refused", met
    assert "This overwrites the disk of Droplet alpha" in met.result["msg"]
    assert not met.writes


@pytest.mark.parametrize("fields", ["omit", "empty"])
@pytest.mark.parametrize("tagged", [True, False])
def test_a_token_that_sees_no_tags_sends_nothing(sim, restore, fields, tagged):
    options = scenarios.world(sim)
    if not tagged:
        for tag in sim.state().droplets[options["droplet_id"]]["tags"]:
            body = {"resources": [{"resource_id": str(options["droplet_id"]), "resource_type": "droplet"}]}
            sim.api("DELETE", f"tags/{tag}/resources", body, status=204)
    assert not restore(**options).failed
    sim.behave(missing_scope_fields=fields)
    token = sim.make_token(*(scope for scope in scenarios.SCOPES if scope != "tag:read"))
    for incident in (scenarios.INCIDENT, "inc-2"):
        told = restore(token=token, **{**options, "incident": incident})
        assert told.kind == "scope", told
        assert "tag:read" in told.result["msg"]
        assert not told.writes


@pytest.mark.parametrize(
    ("lacking", "powered"), [("droplet:admin", True), ("image:create", True), ("tag:create", False)]
)
def test_a_scope_that_is_missing_is_named_and_no_server_is_left_off(sim, restore, lacking, powered):
    options = scenarios.world(sim, stop_first=True)
    key = options["droplet_id"]
    before = sim.state()
    token = sim.make_token(*(scope for scope in scenarios.SCOPES if scope != lacking))
    checked = restore(check=True, token=token, **options)
    needed = ["droplet:admin", "droplet:update", "image:create", "tag:create"]
    assert checked.result["required_scopes"] == needed
    assert f"needs a token with the scopes {', '.join(needed)}." in str(checked.result["warnings"])
    told = restore(token=token, **options)
    assert told.kind == "scope", told
    assert f"Altogether this task needs {', '.join(needed)}, and scopes to read." in told.result["msg"]
    sim.advance(10)
    assert sim.state().droplets[key]["status"] == "active"
    assert any("power_on was sent" in note for note in told.droplets[key]["notes"]) == powered
    assert restores(sim, before) == []
    again = restore(**options)
    assert not again.failed, again
    assert sim.state().droplets[key]["status"] == "active"
    assert len(restores(sim, before)) == 1


def test_p4_without_its_safety_snapshot_nothing_is_restored(sim, restore):
    options = scenarios.world(sim, stop_first=True)
    key = options["droplet_id"]
    before = sim.state()
    sim.fault({"action": "errored"}, method="POST", path=f"droplets/{key}/actions", after=1)
    told = restore(**options)
    assert told.kind == "action_failed", told
    assert "(snapshot)" in told.result["msg"]
    assert restores(sim, before) == []
    sim.advance(10)
    assert sim.state().droplets[key]["status"] == "active"
    sim.clear_faults()
    assert not restore(**options).failed
    converged(sim, before, options, restore)


@pytest.mark.parametrize(("takes", "kind"), [("true", "restore"), ("false", "rebuild")])
def test_p10_a_snapshot_is_restored_or_rebuilt_and_the_host_keys_are_told(sim, restore, takes, kind):
    options = scenarios.world(sim, point="snapshot")
    key = options["droplet_id"]
    sim.behave(restore_takes_snapshots=takes)
    before = sim.state()
    told = restore(check=True, **options)
    assert told.result["new_ssh_host_keys"] is None
    assert any("by rebuild, and they are new" in note for note in told.droplets[key]["notes"])
    done = restore(**options)
    assert not done.failed, done
    assert [action["type"] for action in restores(sim, before)] == [kind]
    assert done.result["new_ssh_host_keys"] is (kind == "rebuild")
    assert any("the SSH host keys are new" in note for note in done.droplets[key]["notes"]) == (kind == "rebuild")
    again = restore(**options)
    assert (again.changed, again.result["new_ssh_host_keys"]) == (False, kind == "rebuild")


@pytest.mark.parametrize("stop", [True, False])
@pytest.mark.parametrize("point", ["backup", "snapshot"])
def test_p4_a_restore_that_failed_tells_the_way_back_and_it_works(sim, restore, point, stop):
    """Half way through the disk is not what it was, and a server that was stopped is off."""
    options = scenarios.world(sim, point=point, stop_first=stop)
    key = options["droplet_id"]
    sim.fault({"action": "errored"}, method="POST", path=f"droplets/{key}/actions", after=1 + stop, times=0)
    met = restore(**options)
    sim.clear_faults()
    assert met.kind == "action_failed", met
    safety = met.result["safety_snapshot"]["id"]
    assert safety in [snapshot["id"] for snapshot in sim.state().droplets[key]["snapshots"]]
    assert f"Safety snapshot {safety} holds the disk as it was; undo brings it back." in met.result["msg"]
    assert ("The Droplet is off, and was on before." in met.result["msg"]) == stop
    assert (sim.state().droplets[key]["status"] == "off") == stop
    assert f"snapshot_id={safety} incident=inc-1-undo confirm=alpha'" in met.result["undo_command"]
    back = restore(**met.result["undo"]["lifeboat.digitalocean.droplet_restore"])
    assert not back.failed, back
    after = sim.state().droplets[key]
    assert (after["disk_from"], after["status"]) == (safety, "active")


def test_the_restore_points_are_listed_and_nothing_is_changed(sim, restore):
    options = scenarios.world(sim)
    key = options["droplet_id"]
    token = sim.make_token("droplet:read", "image:read", "tag:read")
    for check in (True, False):
        told = restore(check=check, token=token, droplet_id=key, list=True)
        assert (told.failed, told.changed, told.writes, told.diff["prepared"]) == (False, False, [], "")
        own = sim.state().droplets[key]
        points = sorted([*own["backups"], *own["snapshots"]], key=lambda point: point["created_at"], reverse=True)
        assert [(p["id"], p["created_at"]) for p in told.result["restore_points"]] == [
            (point["id"], point["created_at"]) for point in points
        ]
    refused = restore(droplet_id=key, incident="inc-1", before="2020-01-01T00:00:00Z", max_age_hours=9)
    assert refused.kind == "selection", refused
    assert all(f"{point['id']} ({point['name']}) of {point['created_at']}" in refused.result["msg"] for point in points)


def test_a_backup_that_would_expire_meanwhile_is_refused(sim, restore):
    """Its 7 GiB and as many of the snapshot, at 3 minutes each, are in the time that it takes."""
    options = scenarios.world(sim)
    key = options["droplet_id"]
    backup = next(point for point in sim.state().droplets[key]["backups"] if point["id"] == options["backup_id"])
    left = instant(backup["expires_at"]) - instant(sim.state()["now"])
    sim.advance(left.total_seconds() - 25 * MINUTE)
    for check in (True, False):
        told = restore(check=check, **options)
        assert told.kind == "refused", told
        assert "Convert it first with backup_to_snapshot." in told.result["msg"]
        assert not told.writes
    assert not restore(**options, safety_snapshot=False).failed


def thirty_gib(sim, point):
    """The options for the one of many Droplets whose images are nearest to 30 GiB, and their size."""
    sim.reset(droplets=0)
    keys = worlds.create(sim, *(f"large-{number}" for number in range(9)), size="s-4vcpu-8gb", policy=worlds.DAILY)
    sim.advance(2 * worlds.DAY)
    for key in keys:
        worlds.act(sim, key, "snapshot", name="by hand")
    sim.advance(4 * HOUR)
    state = sim.state()
    sizes = {image["id"]: image["size_gigabytes"] for image in state["images"]}
    points = {droplet["id"]: droplet[f"{point}s"][0]["id"] for droplet in state["droplets"]}
    key, image = min(points.items(), key=lambda item: abs(sizes[item[1]] - 30))
    name = state.droplets[key]["name"]
    options = {"droplet_id": key, "confirm": name, "incident": scenarios.INCIDENT, f"{point}_id": image}
    return options, sizes[image]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("timeout", [None, 1500])
@pytest.mark.parametrize("point", ["backup", "snapshot"])
def test_p6_an_hour_of_work_is_waited_for_or_resumed(simulators, point, timeout):
    """30 GiB at 2 minutes each, and as long for the safety snapshot; each run waits for what the one before began."""
    sim = simulators("--droplets", "0", "--action-seconds", "real", "--rate-limit", "off")
    options, size = thirty_gib(sim, point)
    assert 28 < size < 32
    options["stop_first"] = True
    run = Runner(sim, "droplet_restore")
    before = sim.state()
    ends = []
    while not ends or ends[-1]:
        told = run(wait_timeout=timeout, **options)
        ends.append(told.kind)
        assert told.kind in (None, "wait_timeout"), told
        if told.failed:
            assert f"action {told.result['failure']['action']} " in told.result["msg"]
        assert len(ends) < 9, ends
    assert len(ends) == 1 if timeout is None else len(ends) > 4, ends
    assert 0 <= told.result["duration_seconds"] - 2 * size * 2 * MINUTE < 5 * MINUTE
    converged(sim, before, options, run)
