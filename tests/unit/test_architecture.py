# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layers keep to their arrows, and each to its rule. Read from the source, so that nobody has to remember."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
SIMULATOR = ROOT / "tests" / "simulator"
COLLECTION = "ansible_collections.lifeboat.digitalocean"

ARROWS = {
    "modules": {"_python", "_engine", "_verbs", "_api", "_domain"},
    "inventory": {"_api", "_domain", "plugin_utils"},
    "filter": {"_verbs", "_domain"},
    "doc_fragments": set(),
    "plugin_utils": set(),
    "_engine": {"_api", "_domain"},
    "_verbs": {"_domain"},
    "_api": {"_domain"},
    "_domain": set(),
    "_python": set(),
}
"""Which folders each folder may import from, besides its own; `_python` is a file."""

PURE = ("_domain", "_verbs")
PURE_FILES = [PLUGINS / "module_utils" / "_engine" / name for name in ("job.py", "hold.py")]
"""What decides, in a folder that is not pure."""
PURE_IMPORTS = {
    *("__future__", "abc", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "itertools"),
    *("bisect", "fnmatch", "math", "operator", "re", "types", "typing"),
}
IMPURE_CALLS = {"open", "print", "input", "eval", "exec", "__import__", "hash", "id", "globals"}
"""`hash` and `id` differ from run to run."""
CLOCK_METHODS = {"now", "today", "utcnow", "fromtimestamp", "utcfromtimestamp", "localtime", "time"}
HTTP_LIBRARIES = {"pydo", "azure", "requests", "urllib3", "httpx", "http", "socket", "ssl"}
ANSIBLE_WORDS = {"AnsibleModule", "check_mode", "supports_check_mode", "fail_json", "exit_json"}
SET_METHODS = {"intersection", "isdisjoint", "issubset", "issuperset", "difference"}
MOST_CODE_LINES = 35


def folder_of(path):
    """The layer that a file belongs to: `_domain`, `modules` and so on."""
    parts = path.relative_to(PLUGINS).parts
    return parts[1].removesuffix(".py") if parts[0] == "module_utils" else parts[0]


def sources(*folders):
    """The Python files of these layers, of all layers if none is named."""
    return [path for path in sorted(PLUGINS.rglob("*.py")) if not folders or folder_of(path) in folders]


def named(path):
    return str(path.relative_to(ROOT))


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree, package=""):
    """The dotted names of all imports in `tree`, wherever they stand; relative ones seen from `package`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def package_of(path):
    return ".".join([COLLECTION, *path.relative_to(ROOT).parts[:-1]])


def layers_reached(tree, package):
    """The layers of the collection that are imported from."""
    reached = set()
    for name in imported(tree, package):
        if name.startswith(f"{COLLECTION}.plugins."):
            parts = name.removeprefix(f"{COLLECTION}.plugins.").split(".")
            reached.add(parts[1] if parts[0] == "module_utils" else parts[0])
    return reached


def libraries(tree):
    """The top-level names of what is imported from outside the collection."""
    absolute = [node for node in ast.walk(tree) if isinstance(node, ast.Import) or getattr(node, "level", 1) == 0]
    names = (name for node in absolute for name in imported(node) if isinstance(node, ast.Import | ast.ImportFrom))
    return {name.split(".")[0] for name in names} - {"ansible_collections"}


def words(tree):
    """Every identifier in the code; documentation and other strings are not code."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname"):
            if isinstance(word := getattr(node, field, None), str):
                yield word.split(".")[-1]


def impurities(tree):
    """What a pure layer must not do, as sentences."""
    yield from (f"imports {name}" for name in sorted(libraries(tree) - PURE_IMPORTS))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in IMPURE_CALLS:
            yield f"calls {node.func.id}"
        if isinstance(node, ast.Attribute) and node.attr in CLOCK_METHODS:
            yield f"asks the clock with {node.attr}"
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "astimezone" and not node.args:
            yield "asks for the time zone of this machine"
        if isinstance(node, ast.Global):
            yield f"changes the global {', '.join(node.names)}"


def sleeps(tree):
    """Ways to sleep, other than to ask the client or its machine for it."""
    yield from (name for name in imported(tree) if name in ("time.sleep", "asyncio", "asyncio.sleep", "select.select"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "sleep" and ast.unparse(node.value) in ("time", "asyncio"):
            yield ast.unparse(node)


def tags_compared(tree):
    """Comparisons of tags that capitals could spoil: `_domain/tags.py` has the one that they cannot."""
    for node in ast.walk(tree):
        compared = ()
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            compared = node.comparators
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in SET_METHODS:
            compared = (node.func.value, *node.args)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.Sub):
            compared = (node.left, node.right)
        if any(re.search(r"\.tags\b|\btags\b", ast.unparse(part)) for part in compared):
            yield ast.unparse(node)


def code_lines(path):
    """Lines of code besides documentation, comments and empty ones."""
    text = path.read_text(encoding="utf-8")
    skipped = set()
    for node in parsed(path).body:
        targets = {target.id for target in getattr(node, "targets", ()) if isinstance(target, ast.Name)}
        if targets & {"DOCUMENTATION", "EXAMPLES", "RETURN"}:
            skipped.update(range(node.lineno, node.end_lineno + 1))
    lines = [line.strip() for number, line in enumerate(text.splitlines(), 1) if number not in skipped]
    return sum(1 for line in lines if line and not line.startswith("#"))


def test_every_folder_has_its_arrows():
    assert {folder_of(path) for path in sources()} <= ARROWS.keys()
    assert {"modules", "_engine", "_verbs", "_api", "_domain"} <= {folder_of(path) for path in sources()}


@pytest.mark.parametrize("path", sources(), ids=named)
def test_imports_follow_the_arrows(path):
    folder = folder_of(path)
    allowed = ARROWS[folder] | ({folder} if folder.startswith("_") else set())
    assert layers_reached(parsed(path), package_of(path)) <= allowed


@pytest.mark.parametrize("path", [*sources(*PURE), *PURE_FILES], ids=named)
def test_the_pure_layers_are_pure(path):
    assert list(impurities(parsed(path))) == []


@pytest.mark.parametrize("path", PURE_FILES, ids=named)
def test_what_decides_in_the_engine_knows_values_only(path):
    assert layers_reached(parsed(path), package_of(path)) <= {"_domain", "_engine"}


@pytest.mark.parametrize("path", sources(), ids=named)
def test_only_the_api_layer_speaks_http(path):
    spoken = libraries(parsed(path)) & HTTP_LIBRARIES
    assert spoken == set() or folder_of(path) == "_api"


@pytest.mark.parametrize("path", sources(), ids=named)
def test_only_the_module_layer_speaks_ansible(path):
    tree = parsed(path)
    if folder_of(path) != "_engine":
        assert ANSIBLE_WORDS.isdisjoint(words(tree))
    if folder_of(path) not in ("_engine", "inventory", "filter"):
        assert "ansible" not in libraries(tree)


@pytest.mark.parametrize("path", sources("modules"), ids=named)
def test_a_module_is_short_and_neither_sleeps_nor_knows_check_mode(path):
    assert code_lines(path) <= MOST_CODE_LINES
    assert {"sleep", *ANSIBLE_WORDS}.isdisjoint(words(parsed(path)))


def test_one_place_sleeps():
    assert [named(path) for path in sources() if list(sleeps(parsed(path)))] == ["plugins/module_utils/_api/machine.py"]


def test_one_place_asks_for_the_seconds_that_have_passed():
    """Sockets go by time of their own, which no test can make up."""

    def asking(path):
        return "monotonic" in words(parsed(path)) and "time" in libraries(parsed(path))

    assert [named(path) for path in sources() if asking(path)] == ["plugins/module_utils/_api/machine.py"]


@pytest.mark.parametrize("path", sources(), ids=named)
def test_tags_are_compared_in_one_place(path):
    found = [text for text in tags_compared(parsed(path)) if "key(" not in text]
    assert found == [] or path.name == "tags.py"


@pytest.mark.parametrize("path", sorted(SIMULATOR.rglob("*.py")), ids=named)
def test_the_simulator_imports_nothing_from_the_collection_it_tests(path):
    names = list(imported(parsed(path), package_of(path)))
    assert [name for name in names if ".plugins" in name or name.split(".")[0] == "plugins"] == []


class TestTheReaders:
    """The rules above see what they forbid."""

    PACKAGE = f"{COLLECTION}.plugins.module_utils._domain"

    @pytest.mark.parametrize(
        ("code", "reached"),
        [
            ("from .._api import paging", {"_api"}),
            ("from .._api.client import Client", {"_api"}),
            ("from .. import _api", {"_api"}),
            ("from . import models", {"_domain"}),
            ("from .models import Droplet", {"_domain"}),
            (f"import {COLLECTION}.plugins.module_utils._engine.apply", {"_engine"}),
            (f"from {COLLECTION}.plugins.modules import droplet_backups", {"modules"}),
            ("def late():\n    from .._verbs import droplet_backups", {"_verbs"}),
            ("import re", set()),
        ],
    )
    def test_layers_reached(self, code, reached):
        assert layers_reached(ast.parse(code), self.PACKAGE) == reached

    @pytest.mark.parametrize(
        "code",
        [
            "import os",
            "import socket",
            "import time",
            "from random import choice",
            "import threading",
            "from ansible.module_utils.basic import env_fallback",
            "import pydo",
            "open('file')",
            "datetime.now()",
            "datetime.now(timezone.utc)",
            "date.today()",
            "datetime.datetime.utcnow()",
            "datetime.fromtimestamp(0)",
            "moment.astimezone()",
            "hash('text')",
            "__import__('os')",
            "def f():\n    global memory\n    memory = 1",
        ],
    )
    def test_impure_code_is_seen(self, code):
        assert list(impurities(ast.parse(code))) != []

    @pytest.mark.parametrize("code", ["now - made", "moment.astimezone(timezone.utc)", "from datetime import datetime"])
    def test_pure_code_is_left_alone(self, code):
        assert list(impurities(ast.parse(code))) == []

    @pytest.mark.parametrize(
        "code", ["import time\ntime.sleep(1)", "from time import sleep", "import asyncio", "asyncio.sleep(1)"]
    )
    def test_sleeping_is_seen(self, code):
        assert list(sleeps(ast.parse(code))) != []

    def test_pausing_through_the_client_is_left_alone(self):
        assert list(sleeps(ast.parse("self._client.sleep(1)"))) == []

    @pytest.mark.parametrize(
        "code",
        [
            "tag in droplet.tags",
            "tag not in (droplet.tags or ())",
            "any(tag in tags for tag in wanted)",
            "set(self.tags).isdisjoint(kept.get('tags') or ())",
            "wanted.intersection(droplet.tags or ())",
            "set(wanted) & set(point.tags)",
        ],
    )
    def test_a_comparison_of_tags_is_seen(self, code):
        assert len(list(tags_compared(ast.parse(code)))) == 1

    @pytest.mark.parametrize("code", ["'tags' in data", "carries_any(droplet.tags, tags)", "droplet.tags is None"])
    def test_what_compares_no_tags_is_left_alone(self, code):
        assert list(tags_compared(ast.parse(code))) == []

    @pytest.mark.parametrize(
        ("code", "word"),
        [
            ("module.check_mode", "check_mode"),
            ("from ansible.module_utils.basic import AnsibleModule", "AnsibleModule"),
            ("make(supports_check_mode=True)", "supports_check_mode"),
            ("def fail_json(): pass", "fail_json"),
        ],
    )
    def test_words_are_seen(self, code, word):
        assert word in words(ast.parse(code))

    def test_documentation_is_not_code(self):
        assert "check_mode" not in words(ast.parse("'''In check_mode it tells.'''"))

    def test_libraries(self):
        code = "import os.path\nfrom azure.core import x\nfrom . import y\nfrom .._domain.z import w"
        assert libraries(ast.parse(code)) == {"os", "azure"}

    def test_code_lines_leave_out_documentation(self, tmp_path):
        path = tmp_path / "module.py"
        path.write_text("#!/usr/bin/python\n\nDOCUMENTATION = r'''\na: b\n'''\nimport re\n\n# why\nmain()\n")
        assert code_lines(path) == 2
