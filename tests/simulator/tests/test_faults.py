# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of fault does what was ordered, as often as it was ordered, and the journal tells."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from dosim_testing import Sim


def order(sim: Sim, droplet: int, **options) -> requests.Response:
    return sim.post(f"/v2/droplets/{droplet}/actions", {"type": "enable_backups"}, **options)


def last(sim: Sim) -> dict:
    return sim.journal()[-1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("carried_out", [False, True])
def test_status(sim: Sim, status: int, carried_out: bool) -> None:
    droplet = sim.id("plain-none")
    key = sim.fault({"status": status, "carried_out": carried_out}, method="POST", path="/actions$")
    answer = order(sim, droplet)
    sim.refused(answer, status)
    assert "retry-after" not in answer.headers
    entry = last(sim)
    assert (entry["status"], entry["carried_out"], entry["fault"]) == (status, carried_out, key)
    sim.advance(1)
    assert bool(sim.known("plain-none")["policy"]) is carried_out
    assert [fault["hits"] for fault in sim.faults()] == [1]


def test_status_is_not_carried_out_unless_it_is_said(sim: Sim) -> None:
    sim.fault({"status": 500})
    order(sim, sim.id("plain-none"))
    assert last(sim)["carried_out"] is False


def test_status_with_a_body_of_its_own(sim: Sim) -> None:
    sim.fault({"status": 502, "body": "<html>Bad Gateway</html>"})
    sim.fault({"status": 422, "body": {"id": "x", "message": "Droplet already has a pending event."}})
    assert sim.get("/v2/account").text == "<html>Bad Gateway</html>"
    assert sim.get("/v2/account").json()["message"] == "Droplet already has a pending event."


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_sent_when_it_is_ordered(sim: Sim, status: int) -> None:
    sim.fault({"status": status, "retry_after": 7})
    answer = sim.get("/v2/account")
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["ratelimit-remaining"] != "0"


@pytest.mark.parametrize(("effect", "seconds"), [({}, 2), ({"reset_in": 30}, 30)])
def test_a_429_without_retry_after_tells_when_the_quota_is_back(sim: Sim, effect: dict, seconds: int) -> None:
    sim.fault({"status": 429, **effect})
    answer = sim.get("/v2/account")
    assert answer.headers["ratelimit-remaining"] == "0"
    now = 1773221400  # the world's start
    assert 0 <= int(answer.headers["ratelimit-reset"]) - now - seconds <= 2


@pytest.mark.parametrize("carried_out", [False, True])
def test_drop(sim: Sim, carried_out: bool) -> None:
    droplet = sim.id("plain-none")
    sim.fault({"drop": True, "carried_out": carried_out}, method="POST")
    with pytest.raises(requests.ConnectionError):
        order(sim, droplet)
    entry = last(sim)
    assert (entry["status"], entry["carried_out"]) == (None, carried_out)
    sim.advance(1)
    assert bool(sim.known("plain-none")["policy"]) is carried_out


@pytest.mark.parametrize("per_page", [1, 200])
def test_truncate_sends_half_of_a_body_that_was_announced_whole(sim: Sim, per_page: int) -> None:
    sim.reset(droplets=200)
    path = f"/v2/droplets?per_page={per_page}"
    whole = sim.get(path).content
    sim.fault({"truncate": True})
    with pytest.raises(
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError), match="IncompleteRead"
    ) as cut:
        sim.get(path)
    assert f"IncompleteRead({len(whole) // 2} bytes read, {len(whole) - len(whole) // 2} more expected)" in str(
        cut.value
    )


def test_truncate_of_an_answer_without_a_body_hangs_up_and_says_so(sim: Sim) -> None:
    sim.fault({"truncate": True}, method="DELETE")
    answer = sim.delete(f"/v2/droplets/{sim.id('plain-none')}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["connection"] == "close"
    assert last(sim)["carried_out"] is True


@pytest.mark.parametrize("carried_out", [None, True, False])
def test_truncate_is_carried_out_unless_it_is_said_otherwise(sim: Sim, carried_out: bool | None) -> None:
    droplet = sim.id("plain-none")
    said = {} if carried_out is None else {"carried_out": carried_out}
    sim.fault({"truncate": True, **said}, method="POST")
    with pytest.raises(requests.RequestException):
        order(sim, droplet)
    sim.advance(1)
    assert bool(sim.known("plain-none")["policy"]) is (carried_out is not False)


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_delay_that_is_waited_out_ends_in_the_usual_answer(sim: Sim, carried_out: bool) -> None:
    droplet = sim.id("plain-none")
    sim.fault({"delay": 0.3, "carried_out": carried_out}, method="POST")
    begun = time.monotonic()
    assert order(sim, droplet).status_code == 201
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_delay_that_is_not_waited_out(sim: Sim, carried_out: bool) -> None:
    """Carried out before it is held, or, the client being gone, not at all."""
    droplet = sim.id("plain-none")
    sim.fault({"delay": 0.6, "carried_out": carried_out}, method="POST")
    session = requests.Session()
    session.trust_env = False
    with pytest.raises(requests.ReadTimeout):
        session.post(
            f"{sim.ready['api_url']}/v2/droplets/{droplet}/actions",
            json={"type": "enable_backups"},
            headers={"Authorization": f"Bearer {sim.token}"},
            verify=sim.ready["ca_path"],
            timeout=0.2,
        )
    session.close()
    time.sleep(0.6)
    sim.advance(1)
    assert last(sim)["carried_out"] is carried_out
    assert bool(sim.known("plain-none")["policy"]) is carried_out


def test_a_delayed_refusal(sim: Sim) -> None:
    sim.fault({"delay": 0.2}, {"status": 503})
    begun = time.monotonic()
    assert sim.get("/v2/account").status_code == 503
    assert time.monotonic() - begun >= 0.2


def test_a_request_that_is_held_over_a_reset_leaves_the_new_world_alone(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.fault({"delay": 0.5}, method="POST")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(
            Sim(sim.ready).request, "POST", f"/v2/droplets/{droplet}/actions", json={"type": "enable_backups"}
        )
        time.sleep(0.2)
        sim.reset()
        with pytest.raises(requests.ConnectionError):
            held.result()
    sim.advance(2)
    assert sim.known("plain-none")["policy"] is None


def test_delays_overlap(sim: Sim) -> None:
    sim.fault({"delay": 0.4}, times=0)
    begun = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        clients = [Sim(sim.ready) for _time in range(5)]
        assert {answer.status_code for answer in pool.map(lambda client: client.get("/v2/account"), clients)} == {200}
    assert time.monotonic() - begun < 1.2


@pytest.mark.parametrize("effect", ["errored", "stuck"])
def test_actions_that_do_not_complete(sim: Sim, effect: str) -> None:
    droplet = sim.id("plain-none")
    key = sim.fault({"action": effect}, method="POST")
    action = order(sim, droplet).json()["action"]
    assert action["status"] == "in-progress"
    sim.advance("3h")
    now = sim.read(f"/v2/actions/{action['id']}")["action"]
    assert now["status"] == {"errored": "errored", "stuck": "in-progress"}[effect]
    busy = effect == "stuck"
    assert (order(sim, droplet).status_code == 422) is busy
    if busy:
        sim.control("DELETE", f"faults/{key}")
        ended = sim.read(f"/v2/actions/{action['id']}")["action"]
        assert ended["status"] == "completed"
        assert ended["completed_at"].startswith("2026-03-11T12:30:0")
        assert sim.policy(droplet)["backup_enabled"] is True


def test_a_stuck_action_released_early_ends_at_its_own_time(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.fault({"action": "stuck"}, method="POST")
    action = order(sim, droplet).json()["action"]
    sim.control("DELETE", "faults")
    assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == "in-progress"
    sim.advance(1)
    assert sim.read(f"/v2/actions/{action['id']}")["action"]["status"] == "completed"


def test_first_slips_another_request_in(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    sim.control("DELETE", "journal")
    sim.fault({"first": {"method": "DELETE", "path": f"/v2/droplets/{droplet}"}}, method="POST")
    sim.refused(order(sim, droplet), 404)
    assert [(entry["method"], entry["status"]) for entry in sim.journal()] == [("POST", 404)]
    assert [fault["first_statuses"] for fault in sim.faults()] == [[204]]


def test_first_makes_a_droplet_busy_just_in_time_whatever_the_token_may_do(sim: Sim) -> None:
    droplet = sim.id("plain-none")
    token = sim.control("POST", "tokens", {"scopes": ["droplet:update"]})["token"]
    body = {"type": "snapshot", "name": "from elsewhere"}
    sim.fault({"first": {"method": "POST", "path": f"/v2/droplets/{droplet}/actions", "body": body}}, path="actions$")
    sim.refused(order(sim, droplet, token=token), 422, "Droplet already has a pending event.")


def test_times_after_and_the_order_of_faults(sim: Sim) -> None:
    older = sim.fault({"status": 500}, path="^/v2/account$", after=1, times=2)
    newer = sim.fault({"status": 503}, path="account", times=0)
    statuses = [sim.get("/v2/account").status_code for _time in range(5)]
    assert statuses == [503, 500, 500, 503, 503]
    assert [(fault["id"], fault["hits"]) for fault in sim.faults()] == [(older, 2), (newer, 3)]
    sim.control("DELETE", f"faults/{newer}")
    assert sim.get("/v2/account").status_code == 200


def test_a_fault_without_a_match_hits_the_next_request_of_any_kind(sim: Sim) -> None:
    assert sim.control("POST", "faults", {"effect": {"status": 500}})["id"]
    assert [sim.get("/v2/droplets").status_code, sim.get("/v2/droplets").status_code] == [500, 200]


def test_the_path_is_matched_without_the_query_and_by_method(sim: Sim) -> None:
    sim.fault({"status": 500}, path="page=2")
    sim.fault({"status": 503}, method="delete", path="droplets")
    assert sim.get("/v2/droplets?page=2").status_code == 200
    assert sim.delete("/v2/droplets/1").status_code == 503


def test_a_refused_token_hits_no_fault(sim: Sim) -> None:
    sim.fault({"status": 500})
    sim.refused(sim.get("/v2/account", token="dop_v1_wrong"), 401)
    assert [fault["hits"] for fault in sim.faults()] == [0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "must be a JSON object"),
        ({}, "exactly one of"),
        ({"effect": []}, "at least one"),
        ({"effect": {}}, "exactly one of"),
        ({"effect": {"status": 500, "drop": True}}, "exactly one of"),
        ({"effect": {"status": "500"}}, "status must be"),
        ({"effect": {"status": 99}}, "status must be"),
        ({"effect": {"status": 500, "carried_out": "yes"}}, "carried_out must be"),
        ({"effect": {"status": 429, "retry_after": -1}}, "retry_after must be"),
        ({"effect": {"status": 429, "reset_in": "2"}}, "reset_in must be"),
        ({"effect": {"drop": False}}, "drop must be true"),
        ({"effect": {"drop": True, "retry_after": 1}}, "unknown key 'retry_after'"),
        ({"effect": {"truncate": 1}}, "truncate must be true"),
        ({"effect": {"delay": "1"}}, "delay must be"),
        ({"effect": {"wrong": "sideways"}}, "wrong must be one of body_empty_object, body_message"),
        ({"effect": {"wrong": ["body_null"]}}, "wrong must be one of"),
        ({"effect": {"wrong": "body_null", "field": "droplet.id"}}, "belong to wrong 'field'"),
        ({"effect": {"wrong": "field", "as": "null"}}, "needs field"),
        ({"effect": {"wrong": "field", "field": "droplet.id"}}, "as must be one of null, text"),
        ({"effect": {"wrong": "field", "field": "droplet.id", "as": "date"}}, "as must be one of null, text"),
        ({"effect": [{"wrong": "body_null"}, {"drop": True}]}, "at most one of"),
        ({"effect": {"slow": 0}}, "slow must be more than 0"),
        ({"effect": {"slow": "1"}}, "slow must be a number"),
        ({"effect": {"slow": 1, "carried_out": True}}, "unknown key 'carried_out'"),
        ({"effect": {"delay": True}}, "delay must be"),
        ({"effect": {"action": "lost"}}, "errored"),
        ({"effect": {"action": "stuck", "carried_out": True}}, "unknown key"),
        ({"effect": {"first": {"method": "GET"}}}, "path is missing"),
        ({"effect": {"first": {"method": "GET", "path": "/_sim/reset"}}}, "must begin with /v2/"),
        ({"effect": [{"status": 500}, {"drop": True}]}, "at most one of"),
        ({"effect": [{"delay": 1}, {"delay": 2}]}, "at most once"),
        ({"effect": {"drop": True}, "match": {"path": "("}}, "regular expression"),
        ({"effect": {"drop": True}, "match": {"path": 1}}, "path must be"),
        ({"effect": {"drop": True}, "match": {"times": -1}}, "times must be"),
        ({"effect": {"drop": True}, "match": {"after": 1.5}}, "after must be"),
        ({"effect": {"drop": True}, "match": {"url": "x"}}, "unknown key 'url'"),
        ({"effect": {"drop": True}, "times": 3}, "unknown key 'times'"),
    ],
    ids=lambda value: str(value)[:70],
)
def test_a_bad_order_is_refused_with_a_sentence(sim: Sim, body: object, words: str) -> None:
    answer = sim.session.post(f"{sim.ready['api_url']}/_sim/faults", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["message"]
    assert sim.faults() == []
