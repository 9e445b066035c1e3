# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`backup_policies` through ansible-playbook: what only a written playbook can show."""

from __future__ import annotations

PLAY = """
- hosts: localhost
  gather_facts: false
  vars:
    rules:
      - name: held back
        match: {all: true}
        exempt: true
        reason: "Its last day is over: long ago."
        expires: 2020-02-29
      - name: web
        match:
          tags_any: role:web
        plan: daily
        hour: "{{ 4 }}"
        existing_backups: may_be_lost
  tasks:
    - name: Keep
      lifeboat.digitalocean.backup_policies:
        policies: "{{ rules }}"
        unmatched: ignore
      register: kept

    - name: Verify
      ansible.builtin.assert:
        that:
          - kept.rules[0].expires == '2020-02-29'
          - kept.rules[0].expired
          - kept.rules[1].matched > 0
          - kept.rules[1].matched == kept.rules[1].changed + kept.rules[1].compliant
        quiet: true
"""


def test_p2_rules_as_people_write_them(sim, play, tmp_path):
    """A day without quotes, one value for a list, rules from a variable; the diff names the rule."""
    playbook = tmp_path / "rules.yml"
    playbook.write_text(PLAY, encoding="utf-8")
    told = play(None, "--check", "--diff", playbook=playbook)
    assert told.status == 0, told.output
    assert not [entry for entry in sim.journal() if entry["method"] != "GET"]
    done = play(None, "--diff", playbook=playbook)
    assert done.status == 0, done.output
    for output in (told.output, done.output):
        assert "\nweb:\n  " in output, output
        assert " → " in output
        assert "held back' held until 2020-02-29" in output
    web = {key for key, droplet in sim.state().droplets.items() if "role:web" in droplet["tags"]}
    assert all(sim.state().policy(key)["hour"] == 4 for key in web)
