# Copyright (c) 2026 Lifeboat maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the get-pip script that ``ansible-test`` would download from its own file store.

``sanity.py`` puts it where ansible-test looks for a copy that was downloaded earlier. Python includes a pip of its own
(ensurepip), which can install the requested version, so the tests need no server but the package index.
"""

from __future__ import annotations

import subprocess
import sys

# Options of get-pip alone: "leave out setuptools and wheel", which ensurepip does not install anyway.
GET_PIP_ONLY = {"--no-setuptools", "--no-wheel"}


def main(arguments: list[str]) -> None:
    """Install the requested packages with a pip from ensurepip."""
    wanted = [argument for argument in arguments if argument not in GET_PIP_ONLY]
    subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
