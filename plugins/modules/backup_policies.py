#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_policies
"""

EXAMPLES = r"""
"""

RETURN = r"""
"""

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import backups, droplets
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._module import arguments, runner
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._plans import backup_policies as plans

MATCH = {
    "tags_any": {"type": "list", "elements": "str"},
    "tags_all": {"type": "list", "elements": "str"},
    "names": {"type": "list", "elements": "str"},
    "regions": {"type": "list", "elements": "str"},
    "droplet_ids": {"type": "list", "elements": "int"},
    "gpu": {"type": "bool"},
    "all": {"type": "bool", "choices": [True]},
}
RULE = arguments.BACKUPS + arguments.Arguments(
    {
        "name": {"type": "str", "required": True},
        "match": {"type": "dict", "required": True, "options": MATCH},
        "state": {"type": "str", "choices": ["enabled", "disabled"]},
        "exempt": {"type": "bool", "default": False},
        "reason": {"type": "str"},
        "expires": {"type": "str"},
    }
)
ARGUMENTS = arguments.Arguments(
    {
        "policies": {"type": "list", "elements": "dict", "required": True, "options": RULE.options},
        "unmatched": {"type": "str", "choices": ["report", "fail", "ignore"], "default": "report"},
        "on_unknown_plan": {"type": "str", "choices": ["leave", "enforce"], "default": "leave"},
        "max_disable": {"type": "int", "default": 0},
        "allow_empty": {"type": "bool", "default": False},
    }
)


def observe(client, wanted):
    """The whole account, or the one Droplet that is planned again; then only what the plan turns out to need."""
    found, states = backups.fleet(client, wanted.selection)
    droplets.prove_tags_are_shown(client, wanted.tags, found)
    seen = plans.observed(wanted, found, states, client.now())
    return backups.complete(client, seen, lambda seen: plans.needs(wanted, seen, client.now()))


def main():
    runner.run(runner.Verb(ARGUMENTS, plans, plans.request, observe, backups.reread, plans.tell))


if __name__ == "__main__":
    main()
