"""`python -m tests.simulation --seed 7 --trace`: lives through seeds and says what came of them."""

from __future__ import annotations

import argparse
import time

from tests.simulation.run import run_seed


def main() -> int:
    """Run what was asked for; the exit code says whether every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", default="")
    parser.add_argument("--trace", action="store_true")
    asked = parser.parse_args()
    if asked.seeds:
        first, last = asked.seeds.split(":")
        seeds = range(int(first), int(last))
    else:
        seeds = range(asked.seed, asked.seed + 1)
    bad = 0
    began = time.perf_counter()
    for seed in seeds:
        trace = [] if asked.trace else None
        t = time.perf_counter()
        result = run_seed(seed, trace=trace)
        took = time.perf_counter() - t
        for line in trace or ():
            print(line)
        print(
            f"seed {seed} {took:.2f}s steps={result.steps} eff={result.effects} req={result.requests} kills={result.kills} liq={result.liquidated} stop={result.stopped} conv={result.converged_s} ev={result.events} {result.hash[:12]} {[f'{v.kind}: {v.detail}' for v in result.violations][:4]}"
        )
        bad += bool(result.violations)
    print(f"{len(seeds)} seeds, {bad} bad, {time.perf_counter() - began:.1f} s")
    return 1 if bad else 0


raise SystemExit(main())
