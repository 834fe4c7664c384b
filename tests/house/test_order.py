"""No decision hangs on the order in which a set happens to lie in memory."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house import sources
from tests.house.order import leaks, set_attributes

DECIDING = (
    "server/src/axisor_server/domain/",
    "server/src/axisor_server/engine/",
    "server/src/axisor_server/services/",
    "sdk/src/axisor/strategy.py",
    "sdk/src/axisor/maths.py",
    "sdk/src/axisor/exchange/",
    "sdk/src/axisor/indicators/",
    "sdk/src/axisor/backtest/",
    "plugins/margin-guard/src/",
    "plugins/balance/src/",
    "plugins/limits/src/",
    "plugins/carry/src/",
    "plugins/entries/src/",
    "plugins/exits/src/",
)
LEAK = {
    "a loop": "for x in {1, 2}:\n    print(x)\n",
    "a made set": "for x in set(names):\n    print(x)\n",
    "a list": "made = list({n for n in names})\n",
    "a comprehension": "made = [n for n in set(names)]\n",
    "a dictionary": "made = {n: 1 for n in frozenset(names)}\n",
    "a difference": "left = set(a)\nfor x in left - set(b):\n    print(x)\n",
    "a parameter": "def f(names: frozenset[str]) -> list[str]:\n    return [*names]\n",
    "an attribute": "class A:\n    def f(self) -> None:\n        self.all: set[str] = set()\n"
    "        for x in self.all:\n            print(x)\n",
    "a pop": "left = {1, 2}\nfirst = left.pop()\n",
    "the first": "first = next(iter(set(names)))\n",
    "a joined text": "text = ', '.join({n for n in names})\n",
}
HARMLESS = {
    "sorted": "for x in sorted({1, 2}):\n    print(x)\n",
    "any": "found = any(x > 1 for x in {1, 2})\n",
    "another set": "made = {x + 1 for x in {1, 2}}\n",
    "unpacked into a set": "made = {*{1, 2}, 3}\n",
    "a sum": "total = sum(x for x in set(names))\n",
    "a list": "for x in [1, 2]:\n    print(x)\n",
    "a dictionary": "for x in dict.fromkeys(names):\n    print(x)\n",
    "membership": "known = {1, 2}\nis_known = 1 in known\n",
}


def _is_deciding(path: Path) -> bool:
    return path.as_posix().startswith(DECIDING)


FILES = [p for p in sources.hand_written(".py") if _is_deciding(p)]


def test_no_order_of_a_set_reaches_a_decision() -> None:
    elsewhere = set_attributes(sources.tree(path) for path in FILES)

    # Sort what is found, or keep a dictionary.
    sources.all_well(FILES, lambda path: list(leaks(sources.tree(path), elsewhere)))


@pytest.mark.parametrize("source", [pytest.param(code, id=name) for name, code in LEAK.items()])
def test_a_leak_is_found(source: str) -> None:
    assert list(leaks(ast.parse(source)))


@pytest.mark.parametrize("source", [pytest.param(code, id=name) for name, code in HARMLESS.items()])
def test_what_forgets_the_order_is_left_alone(source: str) -> None:
    assert not list(leaks(ast.parse(source)))
