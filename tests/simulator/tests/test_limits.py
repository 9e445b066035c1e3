# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rate limits: sliding, per token, on the simulated clock."""

from collections.abc import Iterator

import pytest
from dosim_testing import Schema, Sim, process

START = 1773221400


@pytest.fixture(scope="module")
def small(schema: Schema | None) -> Iterator[Sim]:
    """A quota of 12 an hour and a burst limit of 5 a minute."""
    with process("--droplets", "3", "--rate-limit", "12/3600,5/60") as (_program, ready):
        yield Sim(ready, schema)


@pytest.fixture
def limited(small: Sim) -> Sim:
    small.reset()
    return small


def statuses(sim: Sim, count: int, **options) -> list[int]:
    return [sim.get("/v2/account", **options).status_code for _time in range(count)]


def test_headers_tell_the_quota_on_every_answer(sim: Sim) -> None:
    for used, path in enumerate(("/v2/account", "/v2/nope", "/v2/snapshots", "/v2/droplets/1"), 1):
        answer = sim.get(path)
        assert answer.headers["ratelimit-limit"] == "5000"
        assert answer.headers["ratelimit-remaining"] == str(5000 - used)
        assert 0 <= int(answer.headers["ratelimit-reset"]) - START - 3600 <= 3
    refused = sim.get("/v2/account", token="dop_v1_wrong")
    assert refused.status_code == 401
    assert refused.headers["ratelimit-remaining"] == "5000"


def test_a_burst_is_refused_with_retry_after(limited: Sim) -> None:
    assert statuses(limited, 5) == [200] * 5
    refused = limited.get("/v2/account")
    assert limited.refused(refused, 429) == "API rate limit exceeded."
    assert refused.headers["ratelimit-remaining"] == "0"
    wait = int(refused.headers["retry-after"])
    assert 58 <= wait <= 60
    limited.advance(wait)
    assert limited.get("/v2/account").status_code == 200


def test_windows_slide(limited: Sim) -> None:
    """Each request ages out on its own, not all with the first."""
    for _time in range(5):
        assert limited.get("/v2/account").status_code == 200
        limited.advance(10)
    assert limited.get("/v2/account").status_code == 429
    limited.advance(10)
    assert statuses(limited, 2) == [200, 429]


def test_a_spent_quota_is_refused_without_retry_after(limited: Sim) -> None:
    for _time in range(3):
        assert statuses(limited, 4) == [200] * 4
        limited.advance(60)
    refused = limited.get("/v2/account")
    assert refused.status_code == 429
    assert "retry-after" not in refused.headers
    assert refused.headers["ratelimit-remaining"] == "0"
    reset = int(refused.headers["ratelimit-reset"])
    assert 0 <= reset - START - 3600 <= 2
    limited.advance(reset - START - 180)
    assert limited.get("/v2/account").status_code == 200


def test_refused_requests_are_not_counted(limited: Sim) -> None:
    assert statuses(limited, 25) == [200] * 5 + [429] * 20
    limited.advance(61)
    assert limited.get("/v2/account").headers["ratelimit-remaining"] == "6"


def test_every_token_has_its_own_limits(limited: Sim) -> None:
    other = limited.control("POST", "tokens", {"scopes": ["account:read"]})["token"]
    assert statuses(limited, 6)[-1] == 429
    assert statuses(limited, 1, token=other) == [200]


def test_a_refused_request_is_in_the_journal_and_not_carried_out(limited: Sim) -> None:
    statuses(limited, 5)
    droplet = limited.state()["droplets"][0]["id"]
    assert limited.delete(f"/v2/droplets/{droplet}").status_code == 429
    entry = limited.journal()[-1]
    assert (entry["method"], entry["status"], entry["carried_out"]) == ("DELETE", 429, False)
    assert len(limited.state()["droplets"]) == 3


def test_the_control_plane_is_not_limited_and_a_reset_clears_the_counters(limited: Sim) -> None:
    statuses(limited, 6)
    for _time in range(30):
        limited.control("GET", "clock")
    limited.reset()
    assert limited.get("/v2/account").status_code == 200


def test_limits_can_be_off() -> None:
    with process("--droplets", "0", "--rate-limit", "off") as (_program, ready):
        assert statuses(Sim(ready), 300) == [200] * 300


def test_the_published_limits_are_the_default(sim: Sim) -> None:
    assert statuses(sim, 251) == [200] * 250 + [429]
