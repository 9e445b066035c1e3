# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables a Jinja2 expression uses, read from its text. For plugins on the controller, which has Jinja2."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment, TemplateError, nodes

Path = tuple[str, ...]
"""A variable and the fields behind it: `do_region.slug` and `do_region['slug']` are ("do_region", "slug")."""

_ENVIRONMENT = Environment(autoescape=True)  # It only parses.
_DEFAULTS = ("default", "d")
_TESTS = ("defined", "undefined")


def paths(expression: object) -> list[Path]:
    """What `expression` uses and relies on, in order, each once; none if it is no text or no expression.

    What it asks for with `is defined` or `default` may be missing, and is left out wherever it stands.
    """
    if not isinstance(expression, str):
        return []
    try:
        tree = _ENVIRONMENT.parse("{{ (" + expression + ") }}")
    except TemplateError:
        return []
    found = dict.fromkeys(_walk(tree))
    optional = {path for path, guarded in found if guarded}
    return [path for path, _guarded in found if not any(path[: len(start)] == start for start in optional)]


def _walk(node: nodes.Node, guarded: bool = False) -> Iterator[tuple[Path, bool]]:
    path = _path(node)
    if path:
        yield path, guarded
        return
    guard = None
    if isinstance(node, nodes.Filter | nodes.Test):
        asks = _DEFAULTS if isinstance(node, nodes.Filter) else _TESTS
        guard = node.node if node.name in asks else None
    for child in node.iter_child_nodes():
        yield from _walk(child, guarded or child is guard)


def _path(node: nodes.Node) -> Path | None:
    """The path of a variable or of a field of one, or None for anything else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        owner, field = node.node, node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        owner, field = node.node, node.arg.value
    else:
        return None
    start = _path(owner) if isinstance(field, str) else None
    return (*start, field) if start else None
