# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Wait until the actions have ended, and read the result again to verify it.
      - V(false) skips the last wait only, and is refused where one step must have ended before the next. The task then
        ends once the log of actions shows what it has begun, so that another run would find it.
    type: bool
    default: true
  wait_timeout:
    description:
      - The time for the whole task in seconds, waits for request limits included. After it the actions run on, the
        task fails and names them, and running it again waits for them instead of starting others. What has completed
        is looked for that long, too, until it shows.
      - Left out, it is 600, and 180 more for each GiB of image that one Droplet has to wait for, and what the writes
        take under O(burst_limit).
      - Where the hourly limit has too little left for all writes, a warning tells how long they take, and they are
        spread over that time. Writes that cannot be sent within the time are refused before the first one.
    type: int
"""
