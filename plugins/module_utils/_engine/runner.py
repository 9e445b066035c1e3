# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way through, for every module that changes things:

params → request → plan ⇄ read → (check mode ends here) → apply, wait, verify → result
"""

from __future__ import annotations

import gc
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._api import dependencies
from .._api.client import Client
from .._api.connection import Connection, token_warnings
from .._api.printable import printable
from .._api.read import answer
from .._domain import scopes
from .._domain.errors import InputError, LifeboatError, RateLimitError, RefusedError, UnexpectedError
from .._domain.plan import SECONDS_PER_GIB, Plan
from .._domain.quota import reads_of_a_run
from .._domain.reader import Reader
from .._domain.verb import Record, Verb
from . import arguments, result
from .apply import apply
from .job import Job

DEFAULT_TIMEOUT = 600
ALLOCATIONS_BETWEEN_COLLECTIONS = 50_000
"""Of the garbage collector. What a task reads of a large account is no garbage, and looking through it again and again
would take a tenth of the task's time."""


def run(verb: Verb[Any] | Reader[Any]) -> None:
    """The `main()` of a module that changes things, a Verb, or of one that does not, a Reader."""
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    spec = arguments.CONNECTION + verb.arguments
    if isinstance(verb, Verb):
        spec = spec + arguments.WAITING + arguments.REPORT
    else:
        spec = arguments.READING + spec
    module = AnsibleModule(**spec.for_ansible(), supports_check_mode=True)
    # A secret of several lines that the API repeats comes without its control characters.
    module.no_log_values |= {printable(value) for value in module.no_log_values}
    if dependencies.MISSING:
        module.fail_json(msg=missing_required_lib("pydo"), exception=dependencies.MISSING)
    told = {"changed": False}
    try:
        for warning in token_warnings(module.params["token"]):
            module.warn(warning)
        if isinstance(verb, Verb):
            _carry_out(module, verb, told)
        else:
            _read(module, verb, told)
    except LifeboatError as error:
        _fail(module, error, told)
    except Exception as error:  # pylint: disable=broad-except
        _fail(module, UnexpectedError.of(error), told)
    module.exit_json(**told)


def _fail(module: AnsibleModule, error: LifeboatError, told: Record) -> None:
    if isinstance(error, UnexpectedError):
        told["exception"] = "".join(traceback.format_exception(error.__cause__))
    module.fail_json(msg=error.message, failure=error.as_failure(), **told)


def _carry_out(module: AnsibleModule, verb: Verb[Any], told: Record) -> None:
    """Fill `told`, the result, as far as the task comes; raises LifeboatError."""
    params = module.params
    request = verb.request(params)
    timeout = arguments.wait_timeout(params, DEFAULT_TIMEOUT)
    with Client(Connection.from_options(params), timeout) as client:
        try:
            plan = answer(client, lambda facts: verb.plan(request, facts, client.now()))
            planned_at = client.now()
            for warning in plan.warnings:
                module.warn(warning)
            if plan.confirmation_required:
                _refuse_unconfirmed(module, plan.confirmation_required)
            if not params["wait"]:
                _refuse_unawaited(plan)
            told["diff"] = result.diff(plan, verb.describe)
            told["required_scopes"] = scopes.of_plan(plan)
            if module.check_mode and (sentence := scopes.missed_too_late(plan)):
                module.warn(sentence)
            told["changed"] = module.check_mode and bool(plan.changing)
            jobs, extras = None, {}
            if module.check_mode:
                _foresee(module, client, plan)
            else:
                jobs = _apply(module, client, verb, request, plan)
                plan = plan.with_added(job.change for job in jobs if job.key is not None)
                extras = {job.change.target.id: job.told for job in jobs}
            entries = result.droplets(plan, jobs, extras)
            told.update(verb.summary(request, plan, entries, planned_at))
            _tell(told, plan, jobs, entries, params)
        finally:
            _close(module, client, told)


def _apply(module: AnsibleModule, client: Client, verb: Verb[Any], request: Any, plan: Plan[Any]) -> list[Job]:
    """The Jobs of the plan; if it fails before the first write, none of them was tried."""
    try:
        _foresee(module, client, plan)
    except RateLimitError as error:
        return [Job.not_tried(change, error) for change in plan.pending]
    return apply(client, verb, request, plan, module.params["wait"])


def _read(module: AnsibleModule, reader: Reader[Any], told: Record) -> None:
    """Fill `told`, the result; raises LifeboatError."""
    request = reader.request(module.params)
    timeout = arguments.wait_timeout(module.params, DEFAULT_TIMEOUT)
    with Client(Connection.from_options(module.params), timeout) as client:
        try:
            found = answer(client, lambda facts: reader.read(request, facts, client.now()))
            for warning in found.warnings:
                module.warn(warning)
            told.update(found.result)
        finally:
            _close(module, client, told)


def _close(module: AnsibleModule, client: Client, told: Record) -> None:
    """What is told however a task ends: what its reads met, and how many requests it made."""
    for warning in client.warnings:
        module.warn(warning)
    told["requests"] = client.requests


def _tell(told: Record, plan: Plan[Any], jobs: list[Job] | None, entries: list[Record], params: Record) -> None:
    told["droplets"] = result.listed(entries, params["report"] == "all")
    told["summary"] = result.summary(plan, jobs)
    if jobs is not None:
        told["changed"] = any(entry["changed"] for entry in entries)
    errors = [job.error for job in jobs or () if job.error]
    if errors:
        sentence = result.failure_sentence(plan, jobs or ())
        raise _failed(errors[0], f"{sentence} {plan.deferred_failure}" if plan.deferred_failure else sentence)
    if plan.deferred_failure:
        raise RefusedError(plan.deferred_failure)


def _failed(first: LifeboatError, sentence: str) -> LifeboatError:
    """The error of a task: of the kind of the first failure, with the sentence about all of them."""
    error = first.copy(sentence).with_context(first.droplet, first.action)
    error.__cause__ = first.__cause__
    return error


def _refuse_unconfirmed(module: AnsibleModule, sentence: str) -> None:
    """Raises RefusedError; check mode, which one runs to see what there is to confirm, only warns."""
    if not module.check_mode:
        raise RefusedError(f"{sentence} Nothing was sent.")
    module.warn(f"{sentence} Without check mode it would be refused.")


def _refuse_unawaited(plan: Plan[Any]) -> None:
    for change in plan.pending:
        if change.wait_for:
            action = change.wait_for.action
            raise InputError(
                f"wait: false is not possible here: action {action.id} ({action.type}) on Droplet {change.target} must "
                "have ended first. Leave wait out.",
                droplet=change.target.id,
            )
        if len(change.steps) > 1:
            raise InputError(
                f"wait: false is not possible here: Droplet {change.target} needs {len(change.steps)} steps, and each "
                "must have ended before the next. Leave wait out.",
                droplet=change.target.id,
            )


def _foresee(module: AnsibleModule, client: Client, plan: Plan[Any]) -> None:
    """Announce what is to be sent; raises RateLimitError if it cannot fit into the time. Check mode only says so.

    The reads that follow a write count too: a run that writes with its last request could not verify anything.
    """
    steps = [len(change.steps) for change in plan.changing]
    writes = min(1, sum(steps)) if plan.by_tag else sum(steps)
    reads = reads_of_a_run(steps)
    forecast = client.announce(writes + reads, f"requests ({writes:,} writes and about {reads:,} reads)")
    if module.params["wait_timeout"] is None:
        client.budget.seconds += _step_seconds(plan) + forecast.burst.seconds_for(forecast.requests)
    allowed = client.budget.left
    too_long = forecast.seconds > allowed
    if too_long and not module.check_mode:
        raise RateLimitError(
            f"{forecast.sentence(allowed)} Nothing was sent. Raise wait_timeout, select fewer Droplets, or run the "
            "task later."
        )
    if too_long or forecast.over_quota:
        module.warn(forecast.sentence(allowed) + (" Without check mode it would be refused." if too_long else ""))


def _step_seconds(plan: Plan[Any]) -> float:
    """What slow steps add to the default time: one Droplet's steps follow each other, Droplets run in parallel."""

    def seconds(work: object) -> float:
        return SECONDS_PER_GIB * (getattr(work, "size_gigabytes", None) or 0) + getattr(work, "settle_seconds", 0)

    return max((sum(map(seconds, (*change.steps, change.wait_for))) for change in plan.pending), default=0)
