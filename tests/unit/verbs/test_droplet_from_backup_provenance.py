# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags that say from what a Droplet was made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.names import is_tag
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._verbs.droplet_from_backup.verb import provenance
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import droplet

anything = st.text(st.characters() | st.sampled_from("aA.-_:0"), min_size=1, max_size=60)


@given(anything, anything, st.sampled_from([str.lower, str.upper, str.title]))
def test_each_name_has_a_tag_of_its_own_whatever_becomes_of_its_capitals(name, other, spelled):
    tags = provenance.tags(11, None, name)
    assert all(is_tag(tag) for tag in tags)
    made = droplet(5, tags=tuple(map(spelled, tags)))
    assert provenance.Origin.of(made) == provenance.Origin((11,), (), (provenance.name_in_a_tag(name),))
    assert (provenance.name_in_a_tag(name) == provenance.name_in_a_tag(other)) == (name == other)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("web-01", "web-01"),
        ("db.example.com", "db_example_com"),
        ("Web", ":57:eb"),
        ("a_b c", "a:5f:b:20:c"),
    ],
)
def test_a_usual_name_can_be_read_in_its_tag(name, text):
    assert provenance.name_in_a_tag(name) == text


def test_the_longest_names_have_a_tag_too():
    names = ["x" * 255, "x" * 254 + "y", "X" * 200]
    tags = {provenance.tags(1, 2, name)[-1] for name in names}
    assert len(tags) == 3
    assert all(is_tag(tag) for tag in tags)


def test_tags_of_ours_are_not_for_users():
    assert all(map(provenance.reserved, provenance.tags(11, 1, "web")))
    assert not provenance.reserved("lifeboat:mine")
