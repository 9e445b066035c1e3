# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer means, and when a request is sent again."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from azure.core.exceptions import IncompleteReadError, ServiceRequestError, ServiceResponseError

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api import pipeline
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.limits import Budget, Governor
from ansible_collections.lifeboat.digitalocean.plugins.module_utils._domain import errors
from ansible_collections.lifeboat.digitalocean.tests.unit.api.wire import Clock, Script, answer, request, said

SERVER_TIME = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GOOD = {"droplets": [], "meta": {"total": 0}}
IMAGE = {"id": 7, "type": "snapshot", "name": "s", "created_at": "2026-03-02T12:00:00Z", "regions": ["nyc3"]}


def done(method):
    """The answer to a write that was carried out."""
    action = {"id": 5, "type": "reboot", "status": "in-progress"}
    return {
        "POST": answer(201, {"action": action}, "POST", "/v2/droplets/1/actions"),
        "PUT": answer(200, {"image": IMAGE}, "PUT", "/v2/images/7"),
        "DELETE": answer(204, b"", "DELETE", "/v2/snapshots/7"),
    }[method]


class TestJudge:
    @pytest.mark.parametrize(
        "response",
        [
            pytest.param(answer(200, GOOD), id="200"),
            pytest.param(done("POST"), id="201"),
            pytest.param(done("PUT"), id="200 to a write"),
            pytest.param(done("DELETE"), id="204 without a body"),
        ],
    )
    def test_good(self, response):
        assert pipeline.error_from_response(response) is None

    @pytest.mark.parametrize(
        "response",
        [
            pytest.param(answer(200, b""), id="empty"),
            pytest.param(answer(200, b'{"droplets": [{"id": 1'), id="cut off"),
            pytest.param(answer(200, "<html>Welcome to the hotel</html>"), id="a web page"),
            pytest.param(answer(200, "[" * 100_000), id="deeper than anybody counts"),
            pytest.param(answer(200, b"\xff\xfe\x00"), id="bytes that are no text"),
        ],
    )
    def test_a_body_that_is_not_a_whole_object_may_be_better_next_time(self, response):
        problem = pipeline.error_from_response(response)
        assert isinstance(problem, errors.UnreachableError)
        assert problem.passing
        assert problem.message == "The answer to GET /v2/droplets is not the JSON object that it should be."

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (301, errors.ApiError),
            (302, errors.ApiError),
            (307, errors.ApiError),
            (308, errors.ApiError),
            (400, errors.ApiError),
            (401, errors.AuthenticationError),
            (403, errors.ScopeError),
            (404, errors.NotFoundError),
            (408, pipeline.TransientError),
            (409, errors.ApiError),
            (412, errors.ApiError),
            (422, errors.ApiError),
            (429, errors.RateLimitError),
            (500, pipeline.TransientError),
            (501, errors.ApiError),
            (502, pipeline.TransientError),
            (503, pipeline.TransientError),
            (504, pipeline.TransientError),
            (520, pipeline.TransientError),
        ],
    )
    @pytest.mark.parametrize(
        "body",
        [
            {"id": "some_id", "message": "some words", "request_id": "r-1"},
            "some words",
            {"error": "some words", "messages": None, "root_causes": []},
            ["some words"],
        ],
        ids=["envelope", "plain text", "the tags' own envelope", "an array"],
    )
    def test_each_status_is_one_kind_of_error_that_says_what_the_api_said(self, status, kind, body):
        problem = pipeline.error_from_response(answer(status, body, x_request_id="r-1"))
        assert problem.__class__ is kind
        assert problem.status == status
        assert problem.request_id == "r-1"
        assert ("some words" if status >= 400 else "by a redirect, which is not followed") in problem.message

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            pytest.param(b"", "Reason", id="empty"),
            pytest.param("  \n", "Reason", id="blank"),
            pytest.param("null", "null", id="null"),
            pytest.param({"id": "x"}, '{"id": "x"}', id="no message"),
            pytest.param({"message": None, "error": None}, '{"message": null', id="null message"),
            pytest.param({"message": {"deep": "words"}}, "words", id="a message that is no text"),
            pytest.param(b"\xff\xfe", "", id="bytes that are no text"),
            pytest.param("x" * 5000, "x" * 200, id="a long page"),
        ],
    )
    def test_an_odd_error_body_is_no_error_of_ours(self, body, says):
        problem = pipeline.error_from_response(answer(422, body))
        assert says in problem.message
        assert len(problem.message) < 400
        assert problem.request_id is None

    def test_the_request_id_in_the_body_goes_before_the_header(self):
        body = {"id": "x", "message": "m", "request_id": "from-body"}
        assert pipeline.error_from_response(answer(422, body, x_request_id="from-header")).request_id == "from-body"

    @pytest.mark.parametrize(
        ("message", "kind"),
        [
            ("Droplet already has a pending event.", errors.PendingEventError),
            ("droplet already has a PENDING EVENT", errors.PendingEventError),
            ("there are currently blocking events for one or more of the droplets", errors.PendingEventError),
            ("Backups are already enabled.", errors.ApiError),
        ],
    )
    def test_a_pending_event_is_told_by_its_words(self, message, kind):
        assert pipeline.error_from_response(said(message, 422)).__class__ is kind

    @pytest.mark.parametrize(
        ("method", "path", "scope"),
        [
            ("GET", "/v2/droplets?page=1&per_page=200", "droplet:read."),
            ("GET", "/v2/droplets?page=1&tag_name=web", "droplet:read and tag:read."),
            ("GET", "/v2/droplets/backups/policies?page=1", "droplet:read."),
            ("GET", "/v2/droplets/1/actions", "droplet:read."),
            ("POST", "/v2/droplets/1/actions", "droplet:update."),
            ("POST", "/v2/droplets", "droplet:create."),
            ("DELETE", "/v2/droplets/1", "droplet:delete."),
            ("GET", "/v2/images?private=true", "image:read."),
            ("POST", "/v2/images/7/actions", "image:update."),
            ("PUT", "/v2/images/7", "image:update."),
            ("GET", "/v2/actions?page=1", "actions:read."),
            ("GET", "/v2/snapshots", "snapshot:read."),
            ("GET", "/v2/sizes", "sizes:read and regions:read."),
            ("POST", "/v2/droplets/actions?tag_name=web", "droplet:update and tag:read."),
            ("GET", "/v2/regions", "regions:read."),
            ("GET", "/v2/account", "account:read."),
            ("DELETE", "/v2/snapshots/7", "image:delete and snapshot:delete."),
            ("POST", "/v2/tags", "tag:create."),
            ("POST", "/v2/tags/web/resources", "tag:create, and update of what is tagged."),
            ("DELETE", "/v2/tags/web/resources", "tag:delete, and update of what is tagged."),
        ],
    )
    def test_a_403_names_the_scope(self, method, path, scope):
        problem = pipeline.error_from_response(answer(403, {"id": "forbidden", "message": "No."}, method, path))
        assert problem.message.startswith(f"The token may not do {method} {path.partition('?')[0]} (No.).")
        assert problem.message.endswith(f"It needs the scope {scope}")

    @pytest.mark.parametrize(
        ("kind", "scope"),
        [
            ("power_off", "droplet:update."),
            ("restore", "droplet:update and droplet:admin."),
            ("snapshot", "droplet:update and image:create."),
        ],
    )
    def test_a_403_names_what_the_type_of_an_action_needs_besides(self, kind, scope):
        refused = answer(403, {"id": "forbidden", "message": "No."}, "POST", "/v2/droplets/1/actions")
        refused.request.set_json_body({"type": kind})
        assert pipeline.error_from_response(refused).message.endswith(f"It needs the scope {scope}")

    def test_an_order_by_tag_needs_what_its_type_needs_and_the_tag(self):
        refused = answer(403, {"id": "forbidden", "message": "No."}, "POST", "/v2/droplets/actions?tag_name=web")
        refused.request.set_json_body({"type": "snapshot"})
        assert pipeline.error_from_response(refused).message.endswith("droplet:update and image:create and tag:read.")

    def test_what_needs_the_droplet_off_says_how(self):
        problem = pipeline.error_from_response(
            said("Droplet is currently on. Please power it off to run this event.", 422)
        )
        assert problem.__class__ is errors.ApiError
        assert problem.message.endswith("Power the Droplet off first, as with droplet_action, type: shutdown.")

    def test_a_403_names_what_the_fields_of_a_new_droplet_need_besides(self):
        refused = answer(403, {"id": "forbidden", "message": "No."}, "POST", "/v2/droplets")
        refused.request.set_json_body({"name": "a", "image": 7, "tags": ["b"], "ssh_keys": [], "vpc_uuid": "c"})
        wanted = "It needs the scope droplet:create and image:read and tag:create and vpc:read."
        assert pipeline.error_from_response(refused).message.endswith(wanted)

    def test_the_query_is_not_in_the_sentence(self):
        problem = pipeline.error_from_response(answer(404, {"message": "Gone."}, path="/v2/droplets?name=a-name"))
        assert "a-name" not in problem.message


class TestLost:
    @pytest.mark.parametrize(
        "error", [ServiceRequestError("refused"), ServiceResponseError("reset"), IncompleteReadError("cut")], ids=repr
    )
    def test_another_try_may_do_better(self, error):
        problem = pipeline.error_from_exception(request(), error)
        assert problem.passing
        assert problem.message == f"No answer came to GET /v2/droplets ({type(error).__name__})."

    def test_the_first_cause_is_named(self):
        cause = ConnectionResetError("by peer")
        problem = pipeline.error_from_exception(request(), ServiceResponseError("lost", error=cause))
        assert "ConnectionResetError" in problem.message

    def test_causes_that_go_round_in_a_circle_come_to_an_end(self):
        first, second = ServiceRequestError("a"), ServiceRequestError("b")
        first.__cause__, second.__cause__ = second, first
        assert "ServiceRequestError" in pipeline.error_from_exception(request(), first).message

    def test_a_certificate_does_not_get_better(self):
        cause = OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed")
        problem = pipeline.error_from_exception(request(), ServiceRequestError("lost", error=cause))
        assert not problem.passing
        assert "The certificate of api.digitalocean.com:443 is signed by an unknown authority" in problem.message
        assert "ca_path" in problem.message


class Sender:
    """A SendPolicy with a scripted network: `sent` are the methods that went out, `slept` the pauses."""

    def __init__(self, *script, seconds=600.0, burst_limit="250/60"):
        self.clock = Clock()
        self.meter = pipeline.Meter(print, self.clock)
        self.script = Script(*script)
        budget = Budget(seconds, self.clock)
        self.governor = Governor(burst_limit, budget, self.clock.sleep, self.clock)
        self.policy = pipeline.SendPolicy(self.governor, self.meter, budget, self.clock.sleep)
        self.policy.next = self.script

    def send(self, method="GET", **options):
        context = SimpleNamespace(options=options)
        return self.policy.send(SimpleNamespace(http_request=request(method), context=context)).http_response

    @property
    def sent(self):
        return self.script.sent

    @property
    def slept(self):
        return self.clock.slept


PASSING = [
    pytest.param(said("oops", 500), id="500"),
    pytest.param(said("oops", 502), id="502"),
    pytest.param(said("oops", 503), id="503"),
    pytest.param(said("oops", 504), id="504"),
    pytest.param(said("oops", 408), id="408"),
    pytest.param(said("oops", 503, retry_after="1"), id="503 with retry-after"),
    pytest.param(answer(200, b'{"droplets": [{"id'), id="truncated"),
    pytest.param(answer(200, b""), id="empty"),
    pytest.param(ServiceRequestError("refused"), id="not connected"),
    pytest.param(ServiceResponseError("reset"), id="connection lost"),
    pytest.param(IncompleteReadError("cut"), id="cut while reading"),
]
LASTING = [
    pytest.param(said("no", 400), errors.ApiError, id="400"),
    pytest.param(said("no", 401), errors.AuthenticationError, id="401"),
    pytest.param(said("no", 403), errors.ScopeError, id="403"),
    pytest.param(said("no", 404), errors.NotFoundError, id="404"),
    pytest.param(said("no", 422, retry_after="1"), errors.ApiError, id="422 with retry-after"),
    pytest.param(said("Droplet already has a pending event.", 422), errors.PendingEventError, id="pending event"),
    pytest.param(said("no", 501), errors.ApiError, id="501"),
    pytest.param(answer(302, b"", location="https://elsewhere.example.com/"), errors.ApiError, id="redirect"),
]
WRITES = ["POST", "PUT", "DELETE"]


class TestReads:
    def test_a_good_answer_needs_one_request(self):
        sender = Sender(answer(200, GOOD))
        assert sender.send().json() == GOOD
        assert sender.sent == ["GET"]
        assert sender.slept == []

    @pytest.mark.parametrize("trouble", PASSING)
    def test_trouble_that_passes_is_waited_out(self, trouble):
        sender = Sender(trouble, trouble, answer(200, GOOD))
        assert sender.send().json() == GOOD
        assert sender.sent == ["GET"] * 3
        assert sender.slept == pytest.approx([0.2, 0.4])

    @pytest.mark.parametrize("trouble", PASSING)
    def test_trouble_that_stays_is_told_after_a_few_tries(self, trouble):
        sender = Sender(*[trouble] * 20)
        with pytest.raises(errors.UnreachableError):
            sender.send()
        assert len(sender.sent) == pipeline.READ_TRIES
        assert sender.meter.reads == pipeline.READ_TRIES

    def test_no_try_is_begun_after_the_end_of_the_time(self):
        sender = Sender(*[said("oops", 500)] * 20, seconds=0.7)
        with pytest.raises(errors.UnreachableError):
            sender.send()
        assert sum(sender.slept) <= 0.7
        assert len(sender.sent) == 3

    @pytest.mark.parametrize(("trouble", "kind"), LASTING)
    def test_a_refusal_is_told_at_once(self, trouble, kind):
        sender = Sender(trouble)
        with pytest.raises(kind):
            sender.send()
        assert sender.sent == ["GET"]

    def test_a_bad_certificate_is_told_at_once(self):
        sender = Sender(ServiceRequestError("x", error=OSError("CERTIFICATE_VERIFY_FAILED")))
        with pytest.raises(errors.UnreachableError, match="ca_path"):
            sender.send()
        assert sender.sent == ["GET"]


class TestWrites:
    @pytest.mark.parametrize("method", WRITES)
    @pytest.mark.parametrize("trouble", PASSING)
    def test_a_write_is_never_sent_again_when_its_outcome_is_not_known(self, method, trouble):
        sender = Sender(trouble, done(method))
        with pytest.raises(errors.OutcomeUnknownError, match="Whether it was carried out is not known"):
            sender.send(method)
        assert sender.sent == [method]
        assert sender.slept == []
        assert (sender.meter.reads, sender.meter.writes) == (0, 1)

    @pytest.mark.parametrize("method", WRITES)
    @pytest.mark.parametrize(("trouble", "kind"), LASTING)
    def test_a_refusal_is_told_at_once(self, method, trouble, kind):
        sender = Sender(trouble)
        with pytest.raises(kind):
            sender.send(method)
        assert sender.sent == [method]

    @pytest.mark.parametrize("method", WRITES)
    def test_a_429_says_that_it_was_not_carried_out_so_it_is_sent_again(self, method):
        sender = Sender(said("slow down", 429, retry_after="7"), done(method))
        sender.send(method)
        assert sender.sent == [method] * 2
        assert sender.slept == [7]

    def test_the_status_and_request_of_a_lost_write_are_told(self):
        sender = Sender(answer(503, {"message": "oops", "request_id": "r-9"}))
        with pytest.raises(errors.OutcomeUnknownError) as caught:
            sender.send("POST")
        assert (caught.value.status, caught.value.request_id) == (503, "r-9")

    def test_after_a_429_a_lost_answer_is_still_not_sent_again(self):
        sender = Sender(said("slow down", 429, retry_after="1"), said("oops", 500), done("POST"))
        with pytest.raises(errors.OutcomeUnknownError):
            sender.send("POST")
        assert sender.sent == ["POST"] * 2


def limited(reset_in=None, **headers):
    """A 429 of the hourly limit, whose Date is SERVER_TIME."""
    if reset_in is not None:
        headers["ratelimit_reset"] = str(int((SERVER_TIME + timedelta(seconds=reset_in)).timestamp()))
    return said("API rate limit exceeded.", 429, date=format_datetime(SERVER_TIME, usegmt=True), **headers)


class TestLimits:
    @pytest.mark.parametrize(
        ("refusal", "pause"),
        [
            pytest.param(limited(retry_after="30"), 30, id="burst limit: retry-after"),
            pytest.param(limited(3000, retry_after="30"), 30, id="retry-after goes before the reset"),
            pytest.param(limited(90), 91, id="hourly limit: until the reset, by the server's clock, and a second"),
            pytest.param(limited(-5), 1, id="a reset in the past"),
            pytest.param(limited(), pipeline.DEFAULT_RETRY_AFTER, id="neither"),
            pytest.param(limited(ratelimit_reset="soon"), pipeline.DEFAULT_RETRY_AFTER, id="a reset that is no number"),
            pytest.param(limited(90, retry_after="soon"), 91, id="a retry-after that is no number"),
            pytest.param(
                limited(ratelimit_reset="9" * 30), pipeline.DEFAULT_RETRY_AFTER, id="a reset beyond the calendar"
            ),
            pytest.param(limited(90, retry_after="nan"), 91, id="a retry-after that is not a number by name"),
            pytest.param(limited(90, retry_after="-3"), 91, id="a retry-after below zero"),
        ],
    )
    def test_the_pause_that_the_api_asks_for(self, refusal, pause):
        sender = Sender(refusal, answer(200, GOOD))
        sender.send()
        assert sum(sender.slept) == pytest.approx(pause, abs=0.5)
        assert sender.meter.reads == 2

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("refusal", [limited(3000), limited(retry_after="3000")], ids=["hourly", "burst"])
    def test_a_wait_that_would_outlast_the_task_fails_early(self, method, refusal):
        sender = Sender(refusal)
        with pytest.raises(errors.RateLimitError, match=r"and 600 s of 600 s are left\. Run it again later"):
            sender.send(method)
        assert sender.sent == [method]
        assert sender.slept == []

    def test_the_hourly_limit_says_when_it_is_over(self):
        sender = Sender(limited(3000))
        with pytest.raises(errors.RateLimitError, match="hourly limit frees up at 12:50:00 UTC"):
            sender.send()

    def test_a_limit_that_never_frees_up_ends_with_the_time(self):
        sender = Sender(*[limited(retry_after="60")] * 50)
        with pytest.raises(errors.RateLimitError):
            sender.send()
        assert sum(sender.slept) <= 600

    def test_every_attempt_is_counted(self):
        sender = Sender(
            limited(retry_after="1"),
            said("oops", 500),
            ServiceResponseError("lost"),
            answer(200, b"{"),
            answer(200, GOOD),
            limited(retry_after="1"),
            done("POST"),
        )
        sender.send()
        sender.send("POST")
        assert (sender.meter.reads, sender.meter.writes) == (5, 2)

    def test_429s_do_not_use_up_the_tries_for_trouble(self):
        sender = Sender(*[limited(retry_after="1")] * 9, said("oops", 500), answer(200, GOOD))
        assert sender.send().status_code == 200

    @pytest.mark.parametrize(("seconds", "sent"), [(4, 2), (20, 1)])
    def test_what_must_not_be_late_is_not_sent_after_a_long_pause(self, seconds, sent):
        sender = Sender(limited(retry_after=str(seconds)), done("POST"))
        late = pytest.raises(errors.PendingEventError, match="must not be late") if sent == 1 else nullcontext()
        with late:
            sender.send("POST", stale_after=5.0)
        assert sender.sent == ["POST"] * sent
        assert sender.meter.writes == sent

    def test_a_write_that_was_too_late_leaves_its_place_to_others(self):
        sender = Sender(*[answer(200, GOOD)] * 3, burst_limit="2/60")
        sender.send()
        sender.send()
        with pytest.raises(errors.PendingEventError):
            sender.send("POST", stale_after=5.0)
        sender.send()
        assert sum(sender.slept) == pytest.approx(60)

    def test_requests_are_paced(self):
        sender = Sender(*[answer(200, GOOD)] * 21, burst_limit="10/60")
        for _number in range(21):
            sender.send()
        assert sum(sender.slept) == pytest.approx(120)


class TestServerTime:
    def test_the_server_tells_the_time(self):
        sender = Sender(answer(200, GOOD, date="Mon, 02 Mar 2026 12:00:00 GMT"))
        sender.send()
        assert timedelta(0) <= sender.meter.now() - SERVER_TIME < timedelta(seconds=60)

    @pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": ""}], ids=str)
    def test_without_a_date_it_is_the_time_of_this_machine(self, headers):
        sender = Sender(answer(200, GOOD, **headers))
        sender.send()
        assert abs(sender.meter.now() - datetime.now(UTC)) < timedelta(seconds=60)

    def test_it_can_be_compared_with_the_times_of_backups(self):
        sender = Sender(answer(200, GOOD, date="Mon, 02 Mar 2026 12:00:00 -0000"))
        sender.send()
        assert sender.meter.now() - SERVER_TIME < timedelta(seconds=60)

    def test_errors_tell_the_time_too(self):
        sender = Sender(said("no", 404, date="Mon, 02 Mar 2026 12:00:00 GMT"))
        with pytest.raises(errors.NotFoundError):
            sender.send()
        assert abs(sender.meter.now() - SERVER_TIME) < timedelta(seconds=60)
