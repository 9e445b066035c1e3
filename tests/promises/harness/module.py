# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module's `main()` in process and checks each result against the promises for every result."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import re
from dataclasses import dataclass, field
from unittest import mock

import pytest
from ansible.module_utils import _internal as ansible_internal
from ansible.module_utils.common import warnings as ansible_warnings
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import client

from . import journal
from .machine import WatchedMachine

MODULES = "ansible_collections.lifeboat.digitalocean.plugins.modules."
KINDS = frozenset({
    *("input", "selection", "refused", "api", "authentication", "scope", "not_found", "pending_event", "rate_limit"),
    *("unreachable", "outcome_unknown", "incomplete_list", "action_failed", "not_converged", "wait_timeout"),
    "invalid_answer",
})
"""Every `failure.kind`, except `error`, which stands for an unexpected exception."""


@dataclass
class Outcome:
    """The result of a run, and the requests that it sent."""

    result: dict
    requests: list = field(default_factory=list)

    @property
    def failed(self):
        return bool(self.result.get("failed"))

    @property
    def changed(self):
        return self.result["changed"]

    @property
    def kind(self):
        return self.result["failure"]["kind"] if self.failed else None

    @property
    def diff(self):
        return self.result["diff"]

    @property
    def droplets(self):
        """Droplet id → entry of the result."""
        return {entry["id"]: entry for entry in self.result.get("droplets", ())}

    @property
    def writes(self):
        return journal.writes(self.requests)

    @property
    def reads(self):
        return journal.reads(self.requests)

    @property
    def counts(self):
        """`(reads, writes)`, in numbers that a failing test can show."""
        return len(self.reads), len(self.writes)

    def __str__(self):
        told = {key: value for key, value in self.result.items() if key not in ("invocation", "droplets")}
        entries = [entry for entry in self.droplets.values() if entry["changed"] or len(entry) > 6]
        requests = map(journal.line, self.requests)
        return "\n".join([json.dumps(told, indent=1), *map(json.dumps, entries[:20]), *requests])


@dataclass
class Runner:
    """Runs `module` against `simulator`; with `real_time` it really sleeps."""

    simulator: object
    module: str = "droplet_backups"
    real_time: bool = False
    reaches: bool = True
    """False if the simulator cannot see the requests."""
    unexpected: bool = False
    """True if even a `failure.kind` of "unexpected" is accepted: a sentence, and no traceback."""

    def __call__(self, check=False, token=None, before_request=None, after_request=None, on_sleep=None, **params):
        """Run once. The hooks get (number from 1, request) and may raise `Killed`.

        Asserts what holds for each result: a clean exit, a sentence and a kind if it failed, no token anywhere,
        requests counted as in the journal, no write in check mode, none sent twice without a read between.
        """
        arguments = {
            "token": token or self.simulator.token,
            "api_url": self.simulator.api_url,
            "ca_path": self.simulator.ca_path,
            "burst_limit": "1000000/1",
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            **params,
        }
        try:
            text, status = self._run(arguments, before_request, after_request, on_sleep)
        finally:
            requests = self.simulator.news()
        result = _clean(text, status, self.simulator.tokens, {*KINDS, *(["unexpected"] if self.unexpected else [])})
        outcome = Outcome(result, requests)
        if self.reaches:
            _counted(outcome)
        if check:
            assert not outcome.writes, f"P2: check mode wrote\n{outcome}"
        journal.never_twice(requests, self.simulator.faults())
        return outcome

    def _run(self, arguments, *hooks):
        machine = WatchedMachine(None if self.real_time else self.simulator.time, *hooks)
        main = importlib.import_module(MODULES + self.module).main
        output = io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(patch_module_args(arguments))
            # A process that has imported a filter counts as one that runs plays, and would print warnings.
            stack.enter_context(mock.patch.object(ansible_internal, "is_controller", False))
            stack.enter_context(mock.patch.object(ansible_warnings, "_global_warnings", {}))
            stack.enter_context(contextlib.redirect_stdout(output))
            stack.enter_context(mock.patch.object(client, "THIS_MACHINE", machine))
            with pytest.raises(SystemExit) as ending:
                main()
        return output.getvalue(), ending.value.code


def _clean(text, status, tokens, kinds=KINDS):
    """The result in a module's output, which must be one clean JSON object and nothing else."""
    try:
        result = json.loads(text)
    except ValueError:
        pytest.fail(f"the module printed something else than a result: {text[:2000]!r}")
    assert "Traceback" not in text, f"a traceback reached the user: {result}"
    assert "exception" not in result, f"a traceback reached the user: {result['exception']}"
    for token in tokens:
        assert token not in text, "P9: the token is in the result"
        assert token.removeprefix("dop_v1_") not in text, "P9: the token is in the result"
    assert status == (1 if result.get("failed") else 0), f"exit status {status}: {result}"
    if result.get("failed"):
        _is_sentence(result["msg"])
        if "failure" in result:
            _is_failure(result, kinds)
        else:
            # Ansible's own refusal of the arguments, before the module began.
            assert "requests" not in result, result
    return result


def _is_sentence(text):
    assert re.fullmatch(r"\S.{10,}[.!)\w\]'\"]", text, re.DOTALL), f"not a sentence: {text!r}"
    assert ".." not in text, f"not a sentence: {text!r}"


def _is_failure(result, kinds):
    failure = result["failure"]
    assert set(failure) == {"kind", "message", "status", "request_id", "droplet", "action"}, failure
    assert failure["kind"] in kinds, f"a failure that nobody foresaw: {result}"
    assert failure["message"] == result["msg"]


def _counted(outcome):
    told = outcome.result.get("requests", {"reads": 0, "writes": 0})
    real = {"reads": len(outcome.reads), "writes": len(outcome.writes)}
    assert told == real, f"P5: requests are told as {told}, and the journal has {real}\n{outcome}"
