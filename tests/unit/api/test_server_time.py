# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's time is taken from answers, unless it cannot be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from ansible_collections.lifeboat.digitalocean.plugins.module_utils._api.policies import Meter

NOW = datetime.now(UTC).replace(microsecond=0)
ODD = (None, "", "half past nine", format_datetime(datetime(1970, 1, 1, tzinfo=UTC), usegmt=True),
       format_datetime(datetime(2100, 1, 1, tzinfo=UTC), usegmt=True))  # fmt: skip


def answer(date):
    return SimpleNamespace(headers={} if date is None else {"date": date})


def heard(*dates):
    warnings = []
    meter = Meter(warnings.append)
    for date in dates:
        meter.hear(answer(format_datetime(date, usegmt=True) if isinstance(date, datetime) else date))
    return meter.now(), warnings


@pytest.mark.parametrize("off", [timedelta(0), timedelta(days=-300), timedelta(days=900)])
def test_the_server_is_believed_against_this_machine(off):
    now, warnings = heard(NOW + off, NOW + off + timedelta(minutes=10))
    assert abs(now - NOW - off - timedelta(minutes=10)) < timedelta(minutes=1)
    assert warnings == []


@pytest.mark.parametrize("odd", ODD)
def test_a_time_that_cannot_be_right_is_told_and_not_believed(odd):
    now, warnings = heard(odd)
    assert abs(now - NOW) < timedelta(minutes=1)
    assert len(warnings) == 1
    assert "this machine's clock" in warnings[0]


@pytest.mark.parametrize("odd", [*ODD, NOW + timedelta(days=2), NOW - timedelta(hours=7)])
def test_nor_one_that_is_far_from_what_others_told(odd):
    true = NOW - timedelta(hours=5)
    now, warnings = heard(true, odd)
    assert abs(now - true) < timedelta(minutes=1)
    assert "what others told" in warnings[0]
