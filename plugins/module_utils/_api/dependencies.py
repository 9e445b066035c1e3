# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run-time libraries, imported so that a machine without them still gets a sentence instead of a traceback."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

__all__ = [
    "MISSING",
    "AzureError",
    "HTTPAdapter",
    "HTTPConnection",
    "HTTPError",
    "HTTPSConnection",
    "HeadersPolicy",
    "HttpRequest",
    "HttpResponse",
    "PipelineRequest",
    "PipelineResponse",
    "Policy",
    "PoolManager",
    "PydoClient",
    "RequestsTransport",
    "Timeout",
    "UserAgentPolicy",
    "requests",
]

MISSING: str | None = None
"""Why a library cannot be imported, as a traceback; None if all are there."""

try:
    import requests
    from azure.core import pipeline
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.policies import HeadersPolicy, HTTPPolicy, UserAgentPolicy
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest, HttpResponse
    from pydo import Client as PydoClient
    from requests.adapters import HTTPAdapter
    from urllib3 import PoolManager, Timeout
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import HTTPError

    PipelineRequest = pipeline.PipelineRequest[HttpRequest]
    PipelineResponse = pipeline.PipelineResponse[HttpRequest, HttpResponse]
    Policy = HTTPPolicy[HttpRequest, HttpResponse]
except ImportError:
    MISSING = traceback.format_exc()
    # So much that the files which use them can be imported, as far as the sentence; types are those of the libraries.
    if not TYPE_CHECKING:
        requests = HeadersPolicy = UserAgentPolicy = RequestsTransport = PydoClient = PoolManager = Timeout = None
        HttpRequest = HttpResponse = PipelineRequest = PipelineResponse = None
        Policy = HTTPAdapter = HTTPConnection = HTTPSConnection = object
        AzureError = HTTPError = Exception
