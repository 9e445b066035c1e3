# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that only moves when somebody sleeps, and answers without a network."""

from __future__ import annotations

import json
from types import SimpleNamespace

import requests
from azure.core.rest import HttpRequest
from azure.core.rest._requests_basic import RestRequestsTransportResponse

API = "https://api.digitalocean.com"


class Clock:
    """Seconds as `time.monotonic` tells them; `slept` are the pauses so far."""

    def __init__(self):
        self.time = 1000.0
        self.slept = []

    def __call__(self):
        return self.time

    def sleep(self, seconds):
        assert seconds >= 0
        self.slept.append(seconds)
        self.time += seconds


def request(method="GET", path="/v2/droplets"):
    return HttpRequest(method, API + path)


def answer(status=200, body=None, method="GET", path="/v2/droplets", **headers):
    """A response as the pipeline hands it up: `body` bytes or str as it is, anything else as JSON."""
    inner = requests.Response()
    inner.status_code = status
    inner.reason = "Reason"
    inner.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    inner._content = text.encode() if isinstance(text, str) else text
    inner._content_consumed = True
    response = RestRequestsTransportResponse(request=request(method, path), internal_response=inner)
    response.read()
    return response


def said(message, status, **headers):
    """The API's error envelope."""
    return answer(status, {"id": "some_id", "message": message}, **headers)


class Script:
    """The next policy of a pipeline: gives one scripted answer, or raises one error, for each request sent."""

    def __init__(self, *script):
        self.script = list(script)
        self.sent = []

    def send(self, pipeline_request):
        assert self.script, "one request too many was sent"
        self.sent.append(pipeline_request.http_request.method)
        event = self.script.pop(0)
        if isinstance(event, Exception):
            raise event
        return SimpleNamespace(http_request=pipeline_request.http_request, http_response=event)
