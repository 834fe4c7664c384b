"""The command `axisor replay`: the past decided again, from a database or from a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from axisor.errors import AccountNotFound, JournalCorrupt, ReplayDiverged
from axisor_server.cli import CONFIG, OUTPUT, read, told, usual_data_dir
from axisor_server.engine.editions import ONE_EACH
from axisor_server.services.replay import (
    FileSource,
    Source,
    Verdict,
    chain,
    export,
    journal_source,
)
from axisor_server.services.replay import replay as decide_again
from axisor_server.services.replay.sources import Read
from axisor_server.settings import Loaded

DIVERGED = 20
CORRUPT = 21


@click.command()
@click.option("--verify", is_flag=True, help="Decide everything again and compare.")
@click.option(
    "--export",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write one account's history to this file; `.gz` compresses it.",
)
@click.option("--account", help="This account only: its id or the beginning of it.")
@click.option(
    "--file",
    "history",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An exported history, instead of a database.",
)
@click.option(
    "--from",
    "since",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Compare from this sequence on; what is before it is only read.",
)
@click.option(
    "--installed",
    is_flag=True,
    help="Decide with the code installed here, whichever version decided then.",
)
@click.option(
    "--data-dir",
    envvar="AXISOR_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the core's journal is; the core may be running.",
)
@click.option("--database", help="postgresql://… instead of SQLite in the data directory.")
@click.option("--plugin", "plugins", multiple=True, help="Enable these plugins only.")
@CONFIG
@OUTPUT
@told
def replay(file: Path | None, output: str, **asked: Any) -> None:
    """Make every recorded decision again with today's code and compare. Exit 0 all the same, 20
    one came out otherwise, 21 a journal is broken.
    """
    target, history, account = asked["target"], asked["history"], asked["account"]
    if not asked["verify"] and target is None:
        raise click.UsageError("Say --verify or --export FILE.")
    if history is not None and (account is not None or target is not None):
        raise click.UsageError("--file stands alone: the file is one account's history already.")
    flags = {"database.url": asked["database"], "plugins": list(asked["plugins"]) or None}
    loaded = read(file, **flags)
    with _sources(loaded, asked["data_dir"] or usual_data_dir(), account, history) as sources:
        if target is not None:
            _export(sources, target, output=output)
        if asked["verify"]:
            installed = asked["installed"]
            _verify(sources, loaded, since=asked["since"], installed=installed, output=output)


@contextmanager
def _sources(
    loaded: Loaded, data_dir: Path, account: str | None, history: Path | None
) -> Iterator[list[Source]]:
    from axisor_server import offline

    if history is not None:
        yield [FileSource(history)]
        return
    reading = offline.reading(loaded, data_dir)
    try:
        found = _accounts(reading.read, account)
        yield [journal_source(reading.read, id) for id in found]
    finally:
        reading.close()


def _accounts(read: Read, account: str | None) -> list[str]:
    records: list[str] = read(lambda view: [record.id for record in view.accounts()])
    if account is None:
        return [id for id in records if _length(read, id)]
    found = [id for id in records if id.startswith(account)]
    if len(found) > 1:
        raise AccountNotFound(f"{len(found)} accounts begin with {account}.", account=account)
    return found or [account]  # the journal of an account that was removed is still there


def _length(read: Read, account: str) -> int:
    sequence: int = read(lambda view: view.head(f"accounts/{account}").sequence)
    return sequence


def _export(sources: list[Source], target: Path, *, output: str) -> None:
    if len(sources) != 1:
        raise click.UsageError(f"There are {len(sources)} accounts: choose one with --account.")
    count = export(sources[0], target)
    if output == "json":
        click.echo(json.dumps({"file": str(target), "entries": count}))
    else:
        click.echo(f"Wrote {count:,} entries to {target}.")


def _verify(
    sources: list[Source], loaded: Loaded, *, since: int, installed: bool, output: str
) -> None:
    from axisor_server import offline

    strategies, editions = offline.strategies(loaded)
    if installed:
        editions = ONE_EACH
    try:
        for source in sources:
            chain(source)
        verdicts = [
            decide_again(source.entries(), strategies, since=since, editions=editions)
            for source in sources
        ]
    except JournalCorrupt as error:
        if output != "json":
            raise
        shape = {"reason": error.reason, "message": error.message, "metadata": error.metadata}
        click.echo(json.dumps({"error": shape}))
        sys.exit(CORRUPT)
    _show(verdicts, output=output)
    first = next((v for v in verdicts if v.divergence is not None), None)
    if first is not None and first.divergence is not None:
        if output == "json":
            sys.exit(DIVERGED)
        found = first.divergence
        raise ReplayDiverged(
            f"The decision at {found.sequence} of {first.stream} comes out otherwise.",
            account=first.stream.removeprefix("accounts/"),
            sequence=found.sequence,
        )


def _show(verdicts: list[Verdict], *, output: str) -> None:
    if output == "json":
        shape = {"histories": [msgspec.to_builtins(verdict) for verdict in verdicts]}
        click.echo(json.dumps(shape, indent=2))
        return
    if not verdicts:
        click.echo("There is no journal yet.")
    for verdict in verdicts:
        for line in _lines(verdict):
            click.echo(line)


def _lines(verdict: Verdict) -> Iterator[str]:
    same = verdict.decisions - (verdict.divergence is not None)
    yield (
        f"{verdict.stream}: {verdict.entries:,} entries; "
        f"{same:,} decisions made again come out the same."
    )
    if verdict.unrecorded:
        yield (
            f"  {verdict.unrecorded:,} decisions up to {verdict.unrecorded_until} did not keep "
            "what they saw and cannot be made again."
        )
    if verdict.not_at_hand:
        yield (
            f"  {verdict.not_at_hand:,} decisions were made by versions that are not at hand and "
            f"are taken as they are: {', '.join(verdict.missing)}."
        )
    found = verdict.divergence
    if found is not None:
        step = f", step {found.step} of run {found.run}" if found.run else ""
        yield f"  First difference: {found.kind} at {found.sequence}{step}"
        yield f"    {found.path} was  {found.recorded or 'nothing'}"
        yield f"    {' ' * len(found.path)} is   {found.replayed or 'nothing'}"
        if found.note:
            yield f"    {found.note}"
