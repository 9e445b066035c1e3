# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Droplets are in the inventory: by tag, name, region, kind and filters."""

from __future__ import annotations

import itertools

import pytest

GPU = {"size": "gpu-h100x1-80gb", "region": "tor1"}
DROPLETS = [
    {"name": "web", "tags": ["env:prod", "web"], "region": "nyc3", "policy": {"plan": "daily"}},
    {"name": "db", "tags": ["env:prod"], "region": "ams3", "policy": {"plan": "weekly", "weekday": "SUN"}},
    {"name": "Web", "tags": ["env:staging"], "region": "fra1"},
    {"name": "web-2", "tags": [], "region": "nyc3"},
    {"name": "ml", "tags": ["env:prod"], **GPU, "policy": {"plan": "daily"}},
    {"name": "web", "tags": ["env:staging"], **GPU},
]
WEB, DB, CAPITAL, OTHER, ML, GPU_WEB = range(6)
POSITIONS = list(itertools.product(["absent", "included"], ["included", "absent"]))


@pytest.fixture(name="ids")
def _ids(world):
    return world(*DROPLETS)


def kept(ids, *numbers):
    return [ids[number] for number in numbers]


SELECTED = {
    "all": ({}, (WEB, DB, CAPITAL, OTHER, ML, GPU_WEB)),
    "tag": ({"tag": ["env:prod"]}, (WEB, DB, ML)),
    "one-tag-as-text": ({"tag": "env:staging"}, (CAPITAL, GPU_WEB)),
    "any-of-tags": ({"tag": ["web", "env:staging"]}, (WEB, CAPITAL, GPU_WEB)),
    "tag-of-nobody": ({"tag": ["nobody"]}, ()),
    "name": ({"name": ["web"]}, (WEB, CAPITAL, GPU_WEB)),
    "capitals": ({"name": ["WEB", "Db"]}, (WEB, DB, CAPITAL, GPU_WEB)),
    "part-of-a-name": ({"name": ["we"]}, ()),
    "tag-and-name": ({"tag": ["env:prod"], "name": ["web", "ml"]}, (WEB, ML)),
    "region": ({"region": ["nyc3", "fra1"]}, (WEB, CAPITAL, OTHER)),
    "region-of-gpus": ({"region": ["tor1"]}, (ML, GPU_WEB)),
    "region-of-nobody": ({"region": ["nowhere"]}, ()),
    "tag-and-region": ({"tag": ["env:prod"], "region": ["ams3", "tor1"]}, (DB, ML)),
    "filter": ({"filters": ["do_region == 'nyc3'"]}, (WEB, OTHER)),
    "all-filters": ({"filters": ["do_region == 'nyc3'", "'web' in do_tags"]}, (WEB,)),
    "filter-by-backups": ({"filters": ["do_backups.plan == 'daily'"]}, (WEB, ML)),
    "filter-by-what-is-hidden": ({"filters": ["do_name is search('^d')"], "attributes": ["id"]}, (DB,)),
    "filter-of-nobody": ({"filters": ["false"]}, ()),
    "everything": ({"tag": ["env:prod"], "name": ["ml", "db"], "region": ["tor1"], "filters": ["do_gpu"]}, (ML,)),
}


OF_EACH_KIND = ("all", "tag", "name", "tag-and-name", "region", "filter-by-backups")


@pytest.mark.parametrize(
    ("selection", "gpu"),
    [(name, "include") for name in SELECTED] + [(name, gpu) for name in OF_EACH_KIND for gpu in ("only", "exclude")],
)
def test_selected(sim, ids, inventory, selection, gpu):
    """Each selection with each choice of kind, wherever the API shows GPU Droplets."""
    options, numbers = SELECTED[selection]
    in_kind = {"include": numbers, "only": [n for n in numbers if n >= ML], "exclude": [n for n in numbers if n < ML]}
    for filtered, policies in POSITIONS if selection in OF_EACH_KIND[:4] else POSITIONS[:1]:
        sim.behave(gpu_in_filtered_lists=filtered, gpu_in_policies=policies)
        told = inventory(**options, gpu=gpu)
        assert told.failure is None, told
        assert told.ids == kept(ids, *in_kind[gpu]), (filtered, policies, str(told))
        if "attributes" not in options:
            gpus = {known["do_id"] for known in told.hosts.values() if known["do_gpu"]}
            assert gpus == set(told.ids) & set(ids[ML:])
        assert told.groups["plan_daily"] == {told.by_id[key] for key in kept(ids, WEB, ML) if key in told.ids}


def test_the_api_filters_by_tag_and_by_name(ids, inventory):
    lists = {f"/v2/droplets?&tag_name={tag}" for tag in ("web", "env%3Astaging")} | {"/v2/droplets?&type=gpus"}
    told = inventory(tag=["web", "env:staging"], backup_facts=False)
    assert set(told.asked) == lists, told
    assert len(told.asked) == 3
    assert inventory(name=["db"], backup_facts=False).asked == ["/v2/droplets?&name=db", "/v2/droplets?&type=gpus"]
    assert ids


@pytest.mark.parametrize(
    ("gpu", "asked"), [("only", ["&type=gpus"]), ("exclude", [""]), ("include", ["", "&type=gpus"])]
)
def test_only_lists_that_are_needed_are_read(ids, inventory, gpu, asked):
    told = inventory(gpu=gpu, backup_facts=False)
    assert told.asked == [f"/v2/droplets?{query}" for query in asked], told
    assert ids


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("do_nmae == 'web'", "do_nmae"),
        ("do_backups.plam == 'daily'", "plam"),
        ("do_backups.status == 'overdue'", "status"),
        ("do_tags | nonsense", "nonsense"),
        ("do_tags ==", "do_tags =="),
        ("do_name", "neither true nor false"),
        ("do_tags", "neither true nor false"),
    ],
)
def test_a_filter_that_is_no_question(ids, inventory, expression, told):
    """An expression over what there is not is an error that names it, and leaves out no host."""
    found = inventory(filters=["true", expression])
    assert found.failure, found
    assert expression in found.failure
    assert told in found.failure
    assert not found.hosts
    assert ids


def test_a_filter_may_say_what_counts_where_nothing_is_known(ids, inventory):
    told = inventory(filters=["do_backups.status | default('x') == 'x'"])
    assert told.ids == ids


@pytest.mark.parametrize("option", ["tag", "name", "region"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_entry_is_refused(sim, inventory, option, value):
    """It would mean all, or nothing."""
    told = inventory(**{option: ["web", value]})
    assert told.failure == f"{option} has an empty entry."
    assert not sim.journal()


def test_options_that_may_be_templates(ids, inventory):
    path = inventory.write(
        {
            "tag": ["{{ 'env:' ~ 'prod' }}"],
            "name": ["{{ lookup('env', 'MINE') }}"],
            "region": ["{{ 'ams3' }}"],
        }
    )
    assert inventory.run(path, environ={"MINE": "db"}).ids == kept(ids, DB)


@pytest.mark.parametrize("hidden", ["omit", "empty"])
@pytest.mark.parametrize("gpu", ["include", "only"])
def test_tags_that_the_token_may_not_read_are_an_error_and_no_empty_inventory(sim, ids, inventory, hidden, gpu):
    sim.behave(missing_scope_fields=hidden)
    told = inventory(tag=["env:prod"], gpu=gpu, token=sim.make_token("droplet:read"))
    assert "tag:read" in told.failure, told
    assert not told.hosts
    assert ids


def test_the_list_of_gpu_droplets_is_proof_enough(sim, ids, inventory):
    """If a Droplet's record does not show that it has one."""
    listed = sim.api("GET", "droplets?type=gpus&asked")
    assert len(listed["droplets"]) == 2
    for droplet in listed["droplets"]:
        droplet.pop("gpu_info", None)
        droplet["size"].pop("gpu_info", None)
    sim.fault({"status": 200, "body": listed}, path="^/v2/droplets$")
    told = inventory(gpu="only")
    assert told.ids == kept(ids, ML, GPU_WEB)
    assert all(known["do_gpu"] for known in told.hosts.values())
