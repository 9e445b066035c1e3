# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md tells of every route and every switch, and nothing else."""

import re
from pathlib import Path

from dosim import routes, wrong
from dosim.behaviour import LAGS, SWITCHES

HERE = Path(__file__).parent
TEXT = (HERE.parent / "README.md").read_text(encoding="utf-8")


def test_every_route_is_in_the_table_with_tests_that_exist() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/v2/\S+)` \| (served|501) \| (.+) \|$", TEXT, re.MULTILINE)
    told = {(method, template): word == "served" for method, template, word, _files in rows}
    ours = {
        (method, template): route is not None
        for template, methods in routes.TABLE.items()
        for method, route in methods.items()
    }
    assert told == ours
    assert len(rows) == len(told)
    for _method, template, _word, files in rows:
        # The clients have names of their own for what they call.
        for file in set(re.findall(r"`(\w+)`", files)) - {"test_clients"}:
            text = (HERE / f"{file}.py").read_text(encoding="utf-8")
            word = re.findall(r"[a-z_]{4,}", re.sub(r"\{\w+\}", "", template))[-1]
            assert word in text or "routes.TABLE" in text, (template, file)


def test_every_switch_is_in_the_table_with_its_values() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ((?:`\w+` ?)+) \| (.+) \| (.+) \|$", TEXT, re.MULTILINE)
    assert {key: tuple(re.findall(r"`(\w+)`", values)) for key, values, _meaning, _source in rows} == SWITCHES
    assert [key for key, *_rest in rows] == sorted(SWITCHES)


def test_every_lag_is_in_the_table() -> None:
    assert tuple(re.findall(r"^\| `(lag_\w+)` \| .+ \|$", TEXT, re.MULTILINE)) == LAGS


def test_every_wrong_way_is_in_the_table() -> None:
    table = TEXT.partition("### Wrong answers")[2].partition("## Routes")[0]
    rows = re.findall(r"^\| ((?:`\w+` ?)+) \| .+ \|$", table, re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(wrong.names())
