# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuses a Python that is too old, with a sentence instead of a traceback.

Every module imports this file before anything else of the collection, whose other files use what older Pythons lack.
This file keeps to what Python 3.8 understands, the oldest on which Ansible runs modules.
"""

from __future__ import annotations

import json
import platform
import sys

OLDEST = (3, 11)


def refusal(found: str, executable: str) -> str:
    """The sentence for a target whose Python is `found`, as in "3.9.18"."""
    return (
        f"Python {found} at {executable} is too old: the modules of lifeboat.digitalocean need Python 3.11 or newer "
        "where the task runs. Name one with ansible_python_interpreter, or run the task with delegate_to: localhost."
    )


if sys.version_info < OLDEST:
    # AnsibleModule is not imported before: the newer ones do not know an old Python either.
    sys.stdout.write(json.dumps({"failed": True, "msg": refusal(platform.python_version(), sys.executable)}))
    raise SystemExit(1)
