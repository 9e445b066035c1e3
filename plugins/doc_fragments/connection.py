# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  token:
    description:
      - The DigitalOcean API token.
      - If left out, it is taken from the first of E(DIGITALOCEAN_TOKEN), E(DIGITALOCEAN_ACCESS_TOKEN), E(DO_API_TOKEN),
        E(DO_API_KEY) and E(DO_OAUTH_TOKEN) that is set on the host that runs the task. If several of them are set and
        differ, a warning says which one is used.
    type: str
  api_url:
    description:
      - The address of the API, as scheme, host and port. Plain http is accepted for this machine only. Redirects are
        not followed.
      - If left out, it is taken from E(DIGITALOCEAN_API_URL), if that is set.
    type: str
    default: https://api.digitalocean.com
  ca_path:
    description:
      - A file with the certificates of the authorities to trust, in PEM format, instead of those that Python's library
        C(requests) trusts by default.
      - If left out, it is taken from E(DIGITALOCEAN_CA_PATH), if that is set.
    type: path
  validate_certs:
    description:
      - Certificates are always validated. V(false), which other collections accept, is refused. For a server with a
        certificate from an authority of your own, set O(ca_path) instead.
    type: bool
    default: true
  request_timeout:
    description: How long to wait for the whole answer to one request, in seconds, from 1 to 3600.
    type: int
    default: 30
  concurrency:
    description: How many requests may be in flight at once, from 1 to 64.
    type: int
    default: 8
  burst_limit:
    description:
      - The API's burst limit as REQUESTS/SECONDS. The task never sends more than that. Requests that others send with
        the same token show in the API's answers and are taken into account; set a lower limit to leave more room for
        them.
    type: str
    default: 250/60
  lag_tolerance:
    description:
      - How long the API may take to show what has just been done, in seconds. Lists, single reads and the log of
        actions sometimes lag behind.
      - Something that is missing, but may have been made within that time, is waited for and not made again. If the API
        shows everything at once, this costs no request.
    type: int
    default: 60
"""

    # For plugins on the controller, for which Ansible itself reads the environment. The last that is set counts.
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
