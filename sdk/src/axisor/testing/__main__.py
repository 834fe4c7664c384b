"""`python -m axisor.testing MODULE:Class [CONFIG]` holds a strategy to the conformance checks."""

from __future__ import annotations

import importlib
import sys

from axisor.strategy import Strategy
from axisor.testing.checks import CheckFailed, run_checks


def main(arguments: list[str]) -> int:
    """Run the checks, a line for each; return 0 when all hold, 1 when one fails, 2 for usage."""
    if len(arguments) not in (1, 2) or ":" not in arguments[0]:
        print("usage: python -m axisor.testing MODULE:Class [CONFIG as JSON]", file=sys.stderr)
        return 2
    module, _, name = arguments[0].partition(":")
    strategy = getattr(importlib.import_module(module), name)
    if not (isinstance(strategy, type) and issubclass(strategy, Strategy)):
        print(f"{arguments[0]} is not a strategy", file=sys.stderr)
        return 2
    config = arguments[1].encode() if len(arguments) == 2 else None
    failed = 0
    for check, failure in run_checks(strategy, config):
        print(f"{'ok' if failure is None else 'FAILED':7}{check}")
        if failure is not None:
            failed += 1
            print(f"       {failure}")
    return 1 if failed else 0


__all__ = ["CheckFailed", "main"]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
