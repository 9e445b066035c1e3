# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names with placeholders: what is refused, what they give, and how they are recognised."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.errors import InputError
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.templates import checked, fits, rendered
from ansible_collections.lifeboat.digitalocean.tests.unit.builders import NOW, snapshot


@pytest.mark.parametrize(
    ("template", "odd"),
    [
        ("{hostname}-{date}", "{hostname}"),
        ("{Droplet}", "{Droplet}"),
        ("{}", "{}"),
        ("keep-{date", "{"),
        ("keep-date}", "}"),
        ("{{date}}", "{"),
        ("{ date }", "{ date }"),
    ],
)
def test_what_is_no_placeholder_is_refused_with_those_there_are(template, odd):
    with pytest.raises(InputError) as raised:
        checked(template)
    assert f"has {odd}, which is not among its placeholders: {{droplet}}, {{date}}, {{time}}." in raised.value.message


@pytest.mark.parametrize("template", ["", "  ", "two\nlines", "a\tb"])
def test_what_is_no_name_is_refused(template):
    with pytest.raises(InputError, match="is not a name"):
        checked(template)


def test_a_placeholder_that_is_not_allowed_here_is_refused():
    with pytest.raises(InputError, match=r"has {time}, which is not among its placeholders: {droplet}, {date}\."):
        checked("{droplet}-{time}", ("droplet", "date"))


@pytest.mark.parametrize("template", [None, "plain", "{droplet}", "keep-{droplet}-{date}-{time}", "Größe"])
def test_a_name_is_taken_as_it_is(template):
    assert checked(template) == template


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("plain", "plain"),
        ("keep-{droplet}-{date}", "keep-web-01-2026-03-02"),
        ("{date}T{time}", "2026-03-02T12:00:00"),
        ("{droplet}{droplet}", "web-01web-01"),
    ],
)
def test_placeholders_are_filled_in(template, name):
    assert rendered(template, "web-01", NOW) == name


def test_a_placeholder_without_a_value_is_refused_and_the_others_do_not_mind():
    with pytest.raises(InputError, match=r"the Droplet's name is not known, for it is gone\. Leave {droplet} out\."):
        rendered("{droplet}-{date}", "", NOW)
    with pytest.raises(InputError, match=r"the API tells no time\. Leave {time} out\."):
        rendered("{droplet}-{time}", "web-01", None)
    assert rendered("{date}", "", NOW) == "2026-03-02"
    assert rendered("{droplet}", "web-01", None) == "web-01"


def test_a_name_that_gets_too_long_is_refused():
    assert len(rendered("{droplet}", "d" * 255, NOW)) == 255
    with pytest.raises(InputError, match="gives a name of 256 characters; 255 are allowed"):
        rendered("{droplet}x", "d" * 255, NOW)


@given(st.sampled_from(["{droplet}", "{droplet}-{date}", "x {time}"]), st.sampled_from(["web-01", "db"]))
def test_what_was_named_is_recognised(template, name):
    point = snapshot(1, days=3)
    assert fits(template, name, replace(point, name=rendered(template, name, point.created_at)))
    assert not fits(template, name, replace(point, name=rendered(template, name, point.created_at) + "x"))


def test_one_that_cannot_have_the_name_does_not_bear_it():
    assert not fits("{droplet}", "", snapshot(1))
    assert not fits("{date}", "web-01", snapshot(1, days=None))
