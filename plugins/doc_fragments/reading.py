# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait_timeout:
    description:
      - The time limit for the whole task in seconds, including waits for the API's request limits.
    type: int
    default: 600
notes:
  - In addition to the keys listed under the return values, every result has C(requests), and after a failure
    C(failure). The guide C(docs/results.md), which is part of the collection, describes them.
"""
