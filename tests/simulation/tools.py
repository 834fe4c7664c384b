"""`python -m tests.simulation table|mutants|explore …`: compares, removes and walks through."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import msgspec

from tests.simulation import killing, scopes, table
from tests.simulation.explorer import replay
from tests.simulation.patches import Patches
from tests.simulation.unguarded import UNGUARDED


def tell_table(arguments: Sequence[str]) -> int:
    """Compare designs, parts and mutants, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation table")
    parser.add_argument("--seeds", type=int, default=100, help="for each variant, from 0 on")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    parser.add_argument("--json", type=Path, help="a file of the figures, whose other rows stay")
    parser.add_argument("--page", type=Path, help="a page to write the table into")
    asked = parser.parse_args(arguments)
    print(table.HEAD, table.RULE, sep="\n", flush=True)
    rows = table.table(
        asked.seeds, asked.jobs, lambda line: print(line, flush=True), only=asked.only
    )
    if asked.json is not None:
        if asked.json.exists():
            known = msgspec.json.decode(asked.json.read_bytes(), type=list[table.Row])
            rows = table.merged(known, rows)
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n")
    if asked.page is not None:
        fill(asked.page, "table", table.markdown(rows))
    return 0


def fill(page: Path, name: str, text: str) -> None:
    """Put a table into a page, between the comment of its name and the next that says `end`."""
    before, mark, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition("<!-- end -->")
    assert mark
    assert end
    page.write_text(f"{before}{mark}\n{text}\n{end}{after}", encoding="utf-8")


def hunt_mutants(arguments: Sequence[str]) -> int:
    """Measure in which seeds each mutant is caught; the exit code says whether all were."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation mutants")
    parser.add_argument("names", nargs="*", help="all of them where none is named")
    parser.add_argument("--seeds", type=int, default=killing.SEEDS)
    parser.add_argument("--enough", type=int, default=3, help="stop after so many; 0 for none")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--pin", action="store_true", help="keep the seeds for the tests")
    parser.add_argument("--page", type=Path, help="a page to write the table into")
    asked = parser.parse_args(arguments)
    found = killing.measure(asked.names, seeds=asked.seeds, enough=asked.enough, jobs=asked.jobs)
    kills = []
    for kill in found:
        kills.append(kill)
        print(kill.markdown(), flush=True)
    if asked.pin:
        killing.pin(kills)
    if asked.page is not None:
        fill(asked.page, "mutants", killing.markdown(kills))
    return 1 if any(kill.surprising for kill in kills) else 0


def explore_schedules(arguments: Sequence[str]) -> int:
    """Walk through scopes, or replay one schedule; the exit code says whether all was well."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation explore")
    parser.add_argument("scope", nargs="*", choices=[*scopes.SCOPES, []], help="all but none named")
    parser.add_argument("--schedule", help="choices with commas between; needs one scope")
    parser.add_argument("--without", choices=UNGUARDED, help="take a rule away first")
    parser.add_argument("--limit", type=int, default=0, help="schedules of each scope; 0 for all")
    parser.add_argument("--page", type=Path, help="a page to write the table into")
    asked = parser.parse_args(arguments)
    with Patches() as patches:
        if asked.without is not None:
            UNGUARDED[asked.without](patches)
        if asked.schedule is not None:
            if len(asked.scope) != 1:
                parser.error("a schedule is replayed in one scope")
            return _replay(asked.scope[0], asked.schedule)
        walks = _walk(asked.scope or list(scopes.SCOPES), asked.limit)
    if asked.page is not None:
        fill(asked.page, "scopes", scopes.markdown(walks))
    return 1 if any(walked.bad for walked in walks.values()) else 0


def _replay(name: str, schedule: str) -> int:
    outcome, told = replay(scopes.SCOPES[name], tuple(filter(None, schedule.split(","))))
    print(*told, sep="\n")
    print(outcome.wrong or f"All is well after {outcome.steps} more steps.")
    return 1 if outcome.wrong else 0


def _walk(names: Sequence[str], limit: int) -> dict[str, scopes.Walk]:
    walks: dict[str, scopes.Walk] = {}
    for name in names:
        began = time.monotonic()
        walked = walks[name] = scopes.walk(scopes.SCOPES[name], limit=limit)
        took = time.monotonic() - began
        end = "all" if walked.complete else "stopped there"
        line = f"{name}: {walked.schedules} schedules ({end}), {walked.bad} bad, {took:.1f} s"
        print(line, flush=True)
        if walked.first is not None:
            print(f"  {walked.first.wrong}\n  --schedule {','.join(walked.first.schedule)}")
    return walks


TOOLS: Mapping[str, Callable[[Sequence[str]], int]] = MappingProxyType(
    {"table": tell_table, "mutants": hunt_mutants, "explore": explore_schedules}
)
