"""Money is integers and decimals: the modules that count it hold no float."""

from __future__ import annotations

import ast

import pytest

from tests.house import sources

MONEY = (
    "sdk/src/axisor/model",
    "sdk/src/axisor/maths",
    "sdk/src/axisor/exchange",
    "sdk/src/axisor/indicators/",
    "plugins/margin-guard/src/",
    "plugins/balance/src/",
    "plugins/limits/src/",
    "plugins/carry/src/",
    "plugins/entries/src/",
    "plugins/exits/src/",
    "server/src/axisor_server/domain/",
    "server/src/axisor_server/engine/",
    *(
        f"plugins/lnmarkets/src/axisor_lnmarkets/{name}"
        for name in (
            "account.py",
            "actions.py",
            "convert.py",
            "models/",
            "outcome.py",
            "picture.py",
            "rest/",
            "signing.py",
            "wire.py",
        )
    ),
)

TIMEKEEPING = {
    f"server/src/axisor_server/engine/{name}.py"
    for name in ("actor", "executor", "failpoints", "market", "observer", "waiting")
}
"""These wait in seconds, which the event loop takes as floats; they count no money."""


def floats(tree: ast.AST) -> list[int]:
    """Give the lines that hold a float literal or call `float`."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "float"
        )
    ]


def test_no_module_that_counts_money_has_a_float() -> None:
    counting = [
        path
        for path in sources.hand_written(".py")
        if path.as_posix().startswith(MONEY) and path.as_posix() not in TIMEKEEPING
    ]

    sources.all_well(counting, lambda path: floats(sources.tree(path)))


@pytest.mark.parametrize("source", ["x = 0.5", "x = 1e8", "x = float('1')"])
def test_a_float_is_found(source: str) -> None:
    assert floats(ast.parse(source)) == [1]


@pytest.mark.parametrize("source", ["x = 5", "x: float", "x = Decimal('0.5')"])
def test_what_is_no_float_passes(source: str) -> None:
    assert floats(ast.parse(source)) == []
