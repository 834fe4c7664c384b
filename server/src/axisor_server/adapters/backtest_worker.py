"""Makes one back-test: reads the wish from standard input, tells its way on standard output."""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

import msgspec

from axisor.backtest import (
    Market,
    back_test,
    parse_scenario,
    plan,
    play,
    read_market,
    sheet,
)
from axisor.errors import AxisorError
from axisor.strategy import Strategy
from axisor_server.domain.backtesting import (
    Advanced,
    Broken,
    Line,
    Refused,
    Reported,
    Told,
    Wish,
)

CPU_S = 600
MEMORY_BYTES = 2 << 30
PART_BYTES = 128 * 1024
NICE = 19
"""Whatever the core has to do goes first."""

STEPS = 200
"""How often it tells how far it is, at most."""


def main() -> None:
    """Make the back-test of standard input."""
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # a strategy that prints must not speak in our name
    _confine()
    wish = msgspec.json.decode(sys.stdin.buffer.readline(), type=Wish)
    try:
        _make(wish, output)
    except AxisorError as error:
        _tell(
            output,
            Refused(error.reason, error.message, error.means, error.todo, _text(error.metadata)),
        )
    except Exception as error:  # a plugin's boundary: its strategy may raise anything
        _tell(output, Broken(f"The back-test broke: {type(error).__name__}: {error}"))
    _tell(output, None)


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with contextlib.suppress(OSError):  # the machine may not let us; then we are as all others
        os.nice(NICE)


def _make(wish: Wish, output: IO[bytes]) -> None:
    account = plan(
        name="account-1",
        balance=wish.balance,
        strategy=_strategy(wish.strategy),
        config=wish.config,
        openings=wish.positions,
    )
    market = _market(wish)
    told = 0

    def progress(done: int, of: int) -> None:
        nonlocal told
        if done * STEPS // of > told:
            told = done * STEPS // of
            _tell(output, Advanced(done, of))

    report = msgspec.json.encode(sheet(back_test(market, [account], progress=progress)))
    for start in range(0, len(report), PART_BYTES):
        _tell(output, Reported(report[start : start + PART_BYTES]))


def _market(wish: Wish) -> Market:
    if wish.scenario:
        return play(parse_scenario(wish.scenario))
    with tempfile.TemporaryDirectory(prefix="axisor-backtest-") as folder:
        file = Path(folder) / "candles"
        file.write_bytes(wish.candles)
        return read_market(file)


def _strategy(reference: str) -> type[Strategy[Any, Any]]:
    module, _, name = reference.partition(":")
    found: Any = importlib.import_module(module)
    for each in name.split("."):
        found = getattr(found, each)
    kind: type[Strategy[Any, Any]] = found
    return kind


def _tell(output: IO[bytes], told: Told | None) -> None:
    output.write(msgspec.json.encode(Line(told)) + b"\n")
    output.flush()


def _text(metadata: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in metadata.items()}


if __name__ == "__main__":
    main()
