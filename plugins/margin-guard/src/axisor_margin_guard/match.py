"""The small language in which an exception says which positions it means."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from axisor.model import Position

Test: TypeAlias = Callable[[Position], bool]

_TERM = re.compile(
    r"(?P<key>id|side|margin|leverage)\s*(?P<op><=|>=|<|>|=)\s*(?P<value>\S+)", re.ASCII
)
_ORDER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_SIDES = {"long": "buy", "buy": "buy", "short": "sell", "sell": "sell"}


def parse_match(text: str) -> tuple[Test, ...] | str:
    """Return the tests of a match, all of which must hold, or a sentence on what is wrong."""
    if text.strip() == "*":
        return ()
    tests: list[Test] = []
    for part in re.split(r"\s+and\s+", text.strip()):
        found = _TERM.fullmatch(part)
        test = None if found is None else _term(found["key"], found["op"], found["value"])
        if test is None:
            return (
                f"The match {text!r} is not understood at {part!r}: write '*', 'id = ID', "
                "'side = long', 'leverage > 50' or 'margin = cross', joined by 'and'."
            )
        tests.append(test)
    return tuple(tests)


def _term(key: str, sign: str, value: str) -> Test | None:
    if key == "leverage":
        if re.fullmatch(r"\d+(\.\d+)?", value) is None:
            return None
        bound, compare = Decimal(value), _ORDER[sign]
        return lambda position: compare(position.leverage, bound)
    if sign != "=":
        return None
    if key == "id":
        return lambda position: position.id == value
    if key == "side":
        side = _SIDES.get(value)
        return None if side is None else lambda position: position.side.value == side
    if value not in ("isolated", "cross"):
        return None
    return lambda position: position.margin_mode.value == value


def matches(text: str, position: Position) -> bool:
    """Return whether a match means this position; one that cannot be read means none."""
    tests = parse_match(text)
    return not isinstance(tests, str) and all(test(position) for test in tests)
