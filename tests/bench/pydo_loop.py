# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same with pydo: reads the list page by page, then each Droplet, and writes to those that differ.

Takes its input as one JSON object in its argument; prints the seconds of its parts as one JSON object.
"""

import json
import os
import sys
import time

import pydo


def main(backups_too, enable, sample_ids):
    client = pydo.Client(
        os.environ["DIGITALOCEAN_TOKEN"],
        endpoint=os.environ["DIGITALOCEAN_API_URL"],
        connection_verify=os.environ["DIGITALOCEAN_CA_PATH"],
    )
    began = time.perf_counter()
    droplets, page, total = [], 0, 1
    while len(droplets) < total:
        page += 1
        answer = client.droplets.list(page=page, per_page=200)
        droplets += answer["droplets"]
        total = answer["meta"]["total"]
    listed = time.perf_counter()
    off = []
    for droplet_id in sample_ids or [droplet["id"] for droplet in droplets]:
        policy = client.droplets.get_backup_policy(droplet_id=droplet_id)["policy"]
        if not policy["backup_enabled"]:
            off.append(droplet_id)
        if backups_too:
            client.droplets.list_backups(droplet_id=droplet_id, per_page=200)
    asked = time.perf_counter()
    for droplet_id in off:
        client.droplet_actions.post(droplet_id=droplet_id, body=enable)
    written = time.perf_counter()
    print(json.dumps({"list": listed - began, "ask": asked - listed, "write": written - asked}))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
