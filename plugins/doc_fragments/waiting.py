# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Wait until the actions have ended, and read the result again to verify it.
      - V(false) skips the last wait only, and is refused if one step must have ended before the next. The task then
        ends once the log of actions shows what it has begun, so that another run would find it.
    type: bool
    default: true
  wait_timeout:
    description:
      - The time limit for the whole task in seconds, including waits for the API's request limits. When it is over, the
        task fails and names the actions that are still running. They keep running, and the next run waits for them
        instead of starting others. The effect of a completed action is also looked for within this time.
      - If left out, it is 600, and 180 more for each GiB of the images that one Droplet has to wait for, and the time
        that the requests take under O(burst_limit).
      - If the hourly limit has too little left for all requests, a warning says how long they take, and they are spread
        over that time. If they cannot all be sent in time, the task is refused before the first write.
    type: int
"""
