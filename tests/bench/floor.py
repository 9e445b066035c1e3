# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least possible time: each page is fetched and parsed once, each write sent once, all known in advance."""

import time
from concurrent.futures import ThreadPoolExecutor

import requests
from scenarios import ENABLE, IMAGES

CONCURRENCY = 8
"""As many requests at a time as the collection's modules send by default."""

PER_PAGE = 200


class Direct:
    """An account that is read with `requests` alone, by CONCURRENCY threads and connections."""

    def __init__(self, account):
        self._url = account.api_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = account.ca_path
        self._session.headers["Authorization"] = f"Bearer {account.token}"
        self._session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=CONCURRENCY))

    def pages(self, lists, newest_of=0):
        """All pages of `lists` (see Scenario), as (path, query); reads the length of each list.

        Of images only the last ones that hold one for each of `newest_of` Droplets, if those are more than PER_PAGE.
        """
        found = []
        for path, query in lists:
            total = self.get((path, {**query, "per_page": 1}))["meta"]["total"]
            count = max(1, -(-total // PER_PAGE))
            first = 1
            if (path, query) == IMAGES and newest_of > PER_PAGE:
                first = 1 + (total - newest_of) // PER_PAGE
            found += [(path, {**query, "per_page": PER_PAGE, "page": number}) for number in range(first, count + 1)]
        return found

    def get(self, page):
        path, query = page
        answer = self._session.get(self._url + path, params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def enable(self, droplet_id):
        """Turn a Droplet's backups on."""
        answer = self._session.post(f"{self._url}/v2/droplets/{droplet_id}/actions", json=ENABLE, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def seconds(self, pages, droplet_ids):
        """How long it takes to get all `pages`, then to enable backups of `droplet_ids`."""
        with ThreadPoolExecutor(CONCURRENCY) as threads:
            began = time.perf_counter()
            for function, items in ((self.get, pages), (self.enable, droplet_ids)):
                # Answers are not kept: their memory is not part of the floor.
                for _answer in threads.map(function, items):
                    pass
            return time.perf_counter() - began
