"""`python -m tests.simulation --seed 7 --trace`: lives through seeds and says what came of them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tests.simulation import campaign, shrink, tools
from tests.simulation.records import Result
from tests.simulation.run import run_seed


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; the exit code says whether every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed, told in full")
    parser.add_argument("--seeds", help="FIRST:END, the end left out")
    parser.add_argument("--trace", action="store_true", help="print all that happens in --seed")
    parser.add_argument("--shrink", action="store_true", help="find the least that fails")
    parser.add_argument("--remember", action="store_true", help="keep failing seeds for ever")
    parser.add_argument("--jobs", type=int, default=1, help="processes to run on")
    parser.add_argument("--json", type=Path, help="a file for every record")
    parser.add_argument("--lines", type=Path, help="a file of records to go on with, one a line")
    asked = parser.parse_args(arguments)
    if (asked.seed is None) == (asked.seeds is None):
        parser.error("give either --seed or --seeds")
    if asked.seed is not None:
        return _one(asked.seed, trace=asked.trace, shrunk=asked.shrink)
    first, _, end = asked.seeds.partition(":")
    seeds, began = range(int(first), int(end)), time.monotonic()
    if asked.lines is not None:
        return _tell(campaign.go_on(seeds, asked.lines, jobs=asked.jobs), began)
    results = list(campaign.run_seeds(seeds, jobs=asked.jobs))
    if asked.json is not None:
        asked.json.write_bytes(campaign.encode(results))
    if asked.remember:
        for result in results:
            if result.violations:
                campaign.remember(result)
    code = _tell(results, began)
    if asked.shrink:
        print(shrink.explain(results))
    return code


def _one(seed: int, *, trace: bool, shrunk: bool) -> int:
    told: list[str] | None = [] if trace else None
    result = run_seed(seed, trace=told)
    for line in told or ():
        print(line)
    print(msgspec.json.format(msgspec.json.encode(result), indent=1).decode())
    if shrunk and (found := shrink.shrink(seed)) is not None:
        print(shrink.describe(found))
    return 1 if result.violations else 0


def _tell(results: Iterable[Result], began: float) -> int:
    found = campaign.total(map(_accused, results))
    took = time.monotonic() - began
    print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    hours = found.virtual_s / 3600
    print(f"{found.seeds} seeds, {found.bad} bad, {hours:.1f} virtual hours in {took:.1f} s")
    return 1 if found.bad else 0


def _accused(result: Result) -> Result:
    for violation in result.violations:
        print(f"seed {result.seed}: {violation.kind}: {violation.detail}", flush=True)
    return result


if __name__ == "__main__":
    tool = tools.TOOLS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    raise SystemExit(main(sys.argv[1:]) if tool is None else tool(sys.argv[2:]))
