# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run-time libraries, imported so that a machine without them still gets a sentence instead of a traceback."""

from __future__ import annotations

import traceback

__all__ = [
    "MISSING",
    "AzureError",
    "HTTPAdapter",
    "HTTPConnection",
    "HTTPError",
    "HTTPPolicy",
    "HTTPSConnection",
    "HeadersPolicy",
    "PoolManager",
    "PydoClient",
    "RequestsTransport",
    "Timeout",
    "UserAgentPolicy",
    "requests",
]

try:
    import requests
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.policies import HeadersPolicy, HTTPPolicy, UserAgentPolicy
    from azure.core.pipeline.transport import RequestsTransport
    from pydo import Client as PydoClient
    from requests.adapters import HTTPAdapter
    from urllib3 import PoolManager, Timeout
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import HTTPError

    MISSING = None
except ImportError:
    requests = HeadersPolicy = UserAgentPolicy = RequestsTransport = PydoClient = PoolManager = Timeout = None
    HTTPPolicy = HTTPAdapter = HTTPConnection = HTTPSConnection = object
    AzureError = HTTPError = Exception
    MISSING = traceback.format_exc()
