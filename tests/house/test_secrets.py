"""Secrets are compared in constant time: `==` on one is refused wherever it is written."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house import sources

SECRET = re.compile(
    r"(^|_)(digest|mac|secret|signature|password|passphrase|refresh_token|access_token|token_hash|hmac)$"
)
"""Names of what an attacker would guess at. A hash of a request is no secret: see ALLOWED."""

ALLOWED = {
    # The hash of a request tells repeats from others; its caller made it and knows it.
    "server/src/axisor_server/services/requests.py",
}
PLACES = (
    "server/src/",
    "sdk/src/axisor/tokens/",
    "sdk/src/axisor/client/",
    "clients/cli/src/",
    "clients/bot/src/",
)


def guarded() -> list[Path]:
    """Name the files that handle secrets."""
    return [
        path
        for path in sources.hand_written(".py")
        if path.as_posix().startswith(PLACES) and path.as_posix() not in ALLOWED
    ]


def name_of(node: ast.expr) -> str:
    """Return the last name of an expression: `a.b.digest` is `digest`, as is `digest.hex()`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case ast.Call(func=ast.Attribute(value=value, attr="hex" | "encode" | "decode" | "reveal")):
            return name_of(value)
        case _:
            return ""


def is_plain(node: ast.expr) -> bool:
    """Tell whether an expression is a constant, which nobody guesses at by timing."""
    return isinstance(node, ast.Constant)


def comparisons(tree: ast.AST) -> list[tuple[int, str]]:
    """Return where secrets are compared by a way that stops at the first difference."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        hasty = any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
        if not hasty or any(map(is_plain, sides)):
            continue
        found += [(node.lineno, name) for name in map(name_of, sides) if SECRET.search(name)]
    return found


def test_no_secret_is_compared_by_equality() -> None:
    sources.all_well(guarded(), lambda path: comparisons(sources.tree(path)))


@pytest.mark.parametrize(
    "code",
    [
        "if token.digest == digest_of(text): pass",
        "same = self._mac != mac",
        "ok = secret.reveal() == other",
        "ok = found.password == given.password",
        "ok = key.digest.hex() == text",
    ],
)
def test_a_hasty_comparison_would_be_noticed(code: str) -> None:
    assert comparisons(ast.parse(code))


@pytest.mark.parametrize(
    "code", ["hmac.compare_digest(mac, token.mac)", "if secret == '': pass", "a.count == b.count"]
)
def test_a_harmless_comparison_is_left_alone(code: str) -> None:
    assert comparisons(ast.parse(code)) == []
