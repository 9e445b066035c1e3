# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tag is the same in every spelling, however the API looks it up: in selections, exclusions, rules and writes."""

from __future__ import annotations

from itertools import product

import pytest

from ansible_collections.lifeboat.digitalocean.tests.promises.harness.module import Runner
from ansible_collections.lifeboat.digitalocean.tests.promises.harness.sample import one_in

DAILY = {"plan": "daily", "hour": 4}
GPU = {"size": "gpu-h100x1-80gb", "region": "tor1"}
DROPLETS = [
    {"name": "marked", "tags": ["env:prod", "NoBackup"], "policy": DAILY},
    {"name": "plain", "tags": ["env:prod"], "policy": DAILY},
    {"name": "marked-gpu", "tags": ["NoBackup"], "policy": DAILY, **GPU},
    {"name": "bare", "tags": [], "policy": DAILY},
]
MARKED, PLAIN, MARKED_GPU, BARE = range(4)
SPELLINGS = ("NoBackup", "nobackup", "NOBACKUP")
POSITIONS = one_in(2, ("exact", "insensitive"), ("absent", "included"), ("empty", "404"))
OFF = {"state": "disabled", "existing_backups": "may_be_lost"}


def at(sim, position):
    case, gpu, nobody = position
    sim.behave(tag_case=case, gpu_in_filtered_lists=gpu, by_tag_without_members=nobody)


def off(sim, ids):
    """The numbers of the Droplets whose backups are off."""
    return {number for number, key in enumerate(ids) if sim.state().policy(key) is None}


def warnings(outcome):
    return [one if isinstance(one, str) else one["event"]["msg"] for one in outcome.result.get("warnings", ())]


@pytest.fixture(name="ids")
def _ids(world):
    return world(*DROPLETS)


@pytest.mark.parametrize("position", POSITIONS, ids=str)
@pytest.mark.parametrize("spelling", SPELLINGS)
class TestEverySpelling:
    def test_excludes(self, sim, ids, run, position, spelling):
        at(sim, position)
        told = run(all=True, exclude_tag=[spelling], max_disable=9, **OFF)
        assert not told.failed, told
        assert off(sim, ids) == {PLAIN, BARE}, told
        assert not warnings(told), told

    def test_selects(self, sim, ids, run, position, spelling):
        at(sim, position)
        for check in (True, False):
            told = run(check=check, tag=[spelling], max_disable=9, **OFF)
            assert not told.failed, told
            assert set(told.droplets) == {ids[MARKED], ids[MARKED_GPU]}, told
        assert off(sim, ids) == {MARKED, MARKED_GPU}

    def test_selects_beside_another_tag(self, sim, ids, run, position, spelling):
        """One tag of several that finds nobody would go unseen."""
        at(sim, position)
        told = run(check=True, tag=["env:prod", spelling], plan="weekly", weekday="SUN")
        assert set(told.droplets) == {ids[MARKED], ids[PLAIN], ids[MARKED_GPU]}, told

    def test_exempts(self, sim, ids, position, spelling):
        at(sim, position)
        rules = [
            {"name": "marked", "match": {"tags_any": [spelling]}, "exempt": True, "reason": "It was asked for."},
            {"name": "rest", "match": {"names": ["*"], "gpu": False}, **OFF},
        ]
        told = Runner(sim, "backup_policies")(policies=rules, max_disable=9)
        assert not told.failed, told
        assert off(sim, ids) == {PLAIN, BARE}, told
        assert not warnings(told), told

    def test_rules_match(self, sim, ids, position, spelling):
        at(sim, position)
        rules = [{"name": "all of them", "match": {"tags_all": [spelling, "ENV:prod"]}, **OFF}]
        told = Runner(sim, "backup_policies")(policies=rules, unmatched="ignore", max_disable=9)
        assert not told.failed, told
        assert off(sim, ids) == {MARKED}, told

    def test_takes_part_in_an_order_by_tag(self, sim, ids, position, spelling):
        at(sim, position)
        told = Runner(sim, "droplet_action")(
            tag=[spelling], type="power_off", by_tag=True, expected_count=2, wait_timeout=600
        )
        assert not told.failed, told
        assert [sim.state().droplets[key]["status"] for key in ids] == ["off", "active", "off", "active"]


@pytest.mark.parametrize("position", [*product(("exact", "insensitive"), ("accept", "reject"))], ids=str)
def test_a_tag_that_the_account_spells_otherwise_is_put_on_and_found_again(sim, ids, position):
    sim.behave(**dict(zip(("tag_case", "tag_exists"), position, strict=True)))
    snap = Runner(sim, "droplet_snapshot")
    for number, spelling in enumerate(SPELLINGS):
        told = snap(droplet_id=ids[PLAIN], snapshot_name="once", tags=[spelling])
        assert not told.failed, told
        assert told.changed == (number == 0), told
        assert told.counts[1] == 0 or number == 0
        found = Runner(sim, "droplet_snapshot_info")(tag=[spelling]).result["snapshots"]
        assert [(one["name"], one["tags"]) for one in found] == [("once", ["NoBackup"])]
    made = Runner(sim, "droplet_from_backup")
    source = {"snapshot_id": sim.state().droplets[ids[PLAIN]]["snapshots"][0]["id"], "wait_timeout": 900}
    for number, spelling in enumerate(SPELLINGS):
        told = made(name="twin", tags=[spelling], **source)
        assert not told.failed, told
        assert told.changed == (number == 0), told
        assert "lacks the tags" not in str(told.droplets)


@pytest.mark.parametrize("exists", ["accept", "reject"])
def test_a_fleet_gets_a_tag_that_is_there_already(sim, ids, exists):
    """It is asked for once for all of them, whether or not the API takes that for a mistake."""
    sim.api("POST", "tags", {"name": "kept"}, status=201)
    sim.behave(tag_exists=exists)
    run = Runner(sim, module="droplet_snapshot")
    task = {"droplet_id": ids, "snapshot_name": "{droplet}-now", "tags": ["kept"]}
    told = run(**task)
    assert not told.failed, told
    assert sum(write["path"] == "/v2/tags" for write in told.writes) == 1
    snapshots = [one for key in ids for one in sim.state().droplets[key]["snapshots"]]
    assert [one["tags"] for one in snapshots] == [["kept"]] * len(ids)
    assert not run(**task).changed


@pytest.mark.parametrize("position", [("exact", "absent"), ("exact", "included"), ("insensitive", "absent")], ids=str)
@pytest.mark.parametrize("gpu", ["include", "only"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_inventory_is_selected_by_every_spelling(sim, ids, inventory, position, gpu, spelling):
    sim.behave(**dict(zip(("tag_case", "gpu_in_filtered_lists"), position, strict=True)))
    told = inventory(tag=[spelling], gpu=gpu, keyed_groups=[{"key": "do_tags", "prefix": "tag"}])
    assert told.failure is None, told
    assert told.ids == ([ids[MARKED]] if gpu == "include" else []) + [ids[MARKED_GPU]], told
    assert told.groups["tag_NoBackup"] == set(told.by_id.values()), "a group is called as the API spells the tag"


@pytest.mark.parametrize("case", ["exact", "insensitive"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_inventory_leaves_out_by_every_spelling(sim, ids, inventory, case, spelling):
    sim.behave(tag_case=case)
    told = inventory(exclude_tag=spelling)
    assert told.failure is None, told
    assert told.ids == [ids[PLAIN], ids[BARE]], told
    assert not told.warnings, told


def test_an_inventory_warns_of_an_exclusion_that_fits_nobody(ids, inventory):
    told = inventory(exclude_tag=["no-backup"])
    assert told.ids == ids
    assert "exclude_tag 'no-backup' leaves out nobody" in str(told.warnings)


@pytest.mark.parametrize("hidden", ["omit", "empty"])
def test_hidden_tags_exclude_nobody_unseen(sim, ids, inventory, hidden):
    sim.behave(missing_scope_fields=hidden)
    told = inventory(exclude_tag=["nobackup"], token=sim.make_token("droplet:read", "image:read"))
    assert "tag:read" in told.failure, told
    assert not told.hosts
    assert ids


def test_a_tag_of_nobody_is_still_nobody(sim, ids, run, inventory):
    for case in ("exact", "insensitive"):
        sim.behave(tag_case=case)
        assert run(tag=["nobackups"], **OFF).kind == "selection"
        assert inventory(tag=["nobackups"]).ids == []
        assert off(sim, ids) == set()


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("module", "options"),
    [("droplet_backups", {}), ("droplet_backups_info", {}), ("droplet_snapshot", {"snapshot_name": "x"})],
)
def test_an_exclusion_that_fits_nobody_is_a_warning(sim, ids, module, options, check):
    select = {"droplet_id": ids[:2]} if module == "droplet_snapshot" else {"all": True}
    told = Runner(sim, module)(check=check, exclude_tag=["no-backup", "nobackup"], **select, **options)
    assert not told.failed, told
    assert warnings(told) == [
        "exclude_tag 'no-backup' leaves out nobody: no selected Droplet carries it. Check how it is written."
    ]


@pytest.mark.parametrize("check", [True, False])
def test_an_exemption_that_spares_nobody_is_a_warning(sim, ids, check):
    exempt = {"name": "marked", "match": {"tags_any": ["no-backup"]}, "exempt": True, "reason": "It was asked for."}
    rest = {"name": "rest", "match": {"all": True}, "state": "enabled"}
    told = Runner(sim, "backup_policies")(check=check, policies=[exempt, rest])
    assert warnings(told) == ["The exemption 'marked' fits no Droplet. Check its match, or remove it."]
    late = [{**rest, "match": {"gpu": False}}, {**exempt, "match": {"names": ["marked"]}}]
    (sentence, *_unmatched) = warnings(Runner(sim, "backup_policies")(check=check, policies=late, unmatched="ignore"))
    assert f"'rest' takes marked ({ids[MARKED]})" in sentence
