# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  report:
    description:
      - Which Droplets the result lists if there are more than 200. V(changed) means those that changed, failed or were
        not tried.
    type: str
    choices: [changed, all]
    default: changed
notes:
  - In addition to the keys listed under the return values, every result has C(summary), C(requests) and
    C(required_scopes), and after a failure C(failure). The guide C(docs/results.md), which is part of the collection,
    describes them.
"""
