# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  token:
    description:
      - The DigitalOcean API token.
      - Taken from the first of E(DIGITALOCEAN_TOKEN), E(DIGITALOCEAN_ACCESS_TOKEN), E(DO_API_TOKEN), E(DO_API_KEY) and
        E(DO_OAUTH_TOKEN) that is set where the task runs, if left out. A warning says if they differ.
    type: str
  api_url:
    description:
      - Where the API is. Plain http is accepted for this machine only. Redirects are not followed.
      - Taken from E(DIGITALOCEAN_API_URL) if left out.
    type: str
    default: https://api.digitalocean.com
  ca_path:
    description:
      - A file with certificates of authorities to trust instead of the system's, in PEM format.
      - Taken from E(DIGITALOCEAN_CA_PATH) if left out.
    type: path
  validate_certs:
    description:
      - Certificates are always validated. V(false), which other collections know, is refused. Set O(ca_path) instead,
        for a server whose certificate is of an authority of your own.
    type: bool
    default: true
  request_timeout:
    description: How long to wait for the whole answer to one request, in seconds, at most 3600.
    type: int
    default: 30
  concurrency:
    description: How many requests may be under way at once, at most 64.
    type: int
    default: 8
  burst_limit:
    description:
      - The API's burst limit as REQUESTS/SECONDS. The task sends up to it and not beyond. Requests of others on the
        same token show in the API's answers and are taken into account; give a lower limit to leave them more room.
    type: str
    default: 250/60
  lag_tolerance:
    description:
      - For how long the API may not show yet what has just been done, in seconds. Lists, single reads and the log of
        actions lag behind now and then.
      - Something that is missing, but may have been made that recently, is waited for and not made again. Where
        everything shows at once, this costs no request.
    type: int
    default: 60
"""

    # For plugins on the controller, where Ansible itself looks into the environment. The last that is set counts.
    ENVIRONMENT = r"""
options:
  token:
    env:
      - name: DO_OAUTH_TOKEN
      - name: DO_API_KEY
      - name: DO_API_TOKEN
      - name: DIGITALOCEAN_ACCESS_TOKEN
      - name: DIGITALOCEAN_TOKEN
  api_url:
    env:
      - name: DIGITALOCEAN_API_URL
  ca_path:
    env:
      - name: DIGITALOCEAN_CA_PATH
"""
