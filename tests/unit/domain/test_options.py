# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of options, and how an error speaks of them."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain.options import in_variables

VARIABLES = {"max_disable": "keep_most", "tag": "keep_tag", "before": "keep_before", "droplet_name": "keep_droplet"}


@pytest.mark.parametrize(
    ("message", "explained"),
    [
        ("max_disable is 0.", "Here max_disable is keep_most."),
        ("tag 'a b' and before '2026' are wrong.", "Here tag is keep_tag, before is keep_before."),
        ("droplet_name: there is no web-01.", "Here droplet_name is keep_droplet."),
        ("Nobody carries the tag any more; it did before.", ""),
        ("own_max_disable and max_disable_all are others.", ""),
        ("keep_most (max_disable) is 0.", ""),
    ],
)
def test_an_error_is_followed_by_the_variables_of_its_options(message, explained):
    assert in_variables(message, VARIABLES) == f"{message} {explained}".rstrip()
