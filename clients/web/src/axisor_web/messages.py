"""Finds the texts that pages say: `t("…")` in templates and scripts, `text("…")` in Python.

A text is English and its own key; its values are named in braces: `t("{count} alerts", count=3)`.
"""

from __future__ import annotations

import ast
import re

from jinja2 import Environment, nodes

SAYING = frozenset({"t", "text", "marked"})
_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SAID = re.compile(
    r"""\b(?:t|marked)\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`$\\]*`)""",
)


def placeholders(message: str) -> frozenset[str]:
    """Return the names of the values that a text has a place for."""
    return frozenset(_PLACE.findall(message))


def filled(message: str, values: dict[str, str]) -> str:
    """Return a text with its values. Raises KeyError for one that is not given."""
    return _PLACE.sub(lambda found: values[found[1]], message)


def in_script(source: str) -> frozenset[str]:
    """Return the texts that a script says."""
    return frozenset(
        literal[1:-1] if literal.startswith("`") else str(ast.literal_eval(literal))
        for literal in _SAID.findall(source)
    )


def in_template(source: str) -> frozenset[str]:
    """Return the texts that a template of jinja2 says."""
    tree = Environment(autoescape=True).parse(source)
    return frozenset(
        call.args[0].value
        for call in tree.find_all(nodes.Call)
        if call.args
        and isinstance(call.args[0], nodes.Const)
        and isinstance(call.args[0].value, str)
        and _called(call.node) in SAYING
    )


def in_python(source: str) -> frozenset[str]:
    """Return the texts that a module of Python says."""
    return frozenset(
        call.args[0].value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and _name(call.func) in SAYING
    )


def _called(node: nodes.Node) -> str:
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(attr=attr):
            return str(attr)
        case _:
            return ""


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
