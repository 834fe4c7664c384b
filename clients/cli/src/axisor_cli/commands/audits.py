"""`axisor audit`: who did what, whether the journals are what they were, and proofs for others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from axisor.errors import JournalCorrupt
from axisor_cli.evidence import (
    COLUMNS,
    as_checkpoint,
    as_line,
    as_row,
    write_history,
    write_table,
)
from axisor_cli.output import Column
from axisor_cli.session import Options, command
from axisor_cli.telling import as_record, sentence

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from axisor.client import Client
    from axisor.wire.audit import AuditEntry, Checkpoint

T = TypeVar("T")

CHECKPOINTS = (
    Column("sequence", "entry", number=True),
    Column("time", "time"),
    Column("root", "root"),
    Column("key", "key"),
)
PLATFORM = click.option(
    "--platform",
    is_flag=True,
    help="The core's own journal: people, sessions, tokens, rights, keys, halts of all accounts.",
)
FILTERS = (
    click.option("--kind", "kinds", multiple=True, help="Only entries of this kind."),
    click.option("--by", "principal", default="", help="Only what this caller did."),
    click.option("--since", type=click.DateTime(), help="Not before this time, UTC."),
    click.option("--until", type=click.DateTime(), help="Before this time, UTC."),
)


def filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose entries."""
    for option in reversed(FILTERS):
        function = option(function)
    return function


@click.group()
def audit() -> None:
    """Who did what, and whether the journals are what they were."""


def run(options: Options, platform: bool, use: Callable[[Client, str], Awaitable[T]]) -> T:
    """Use a client on the journal that is meant."""
    if platform:
        return options.run(lambda client: use(client, "platform"))
    return options.run_on(lambda client, account: use(client, account.id))


@command(audit)
@PLATFORM
@click.option("--kind", "kinds", multiple=True, help="Only entries of this kind.")
@click.option("--after", type=click.IntRange(min=0), help="Resume after this entry.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many.")
def tail(
    options: Options,
    platform: bool,
    kinds: tuple[str, ...],
    after: int | None,
    count: int | None,
) -> None:
    """Follow critical operations as they happen: a line for each, resumed by itself."""
    from axisor.wire.records import SeenEvent

    printer = options.printer()

    async def use(client: Client, journal: str) -> None:
        seen = 0
        async with aclosing(client.audit.watch(journal, after=after, kinds=kinds)) as items:
            async for item in items:
                if not isinstance(item, SeenEvent):
                    continue
                text = f"{item.sequence:>7} {item.time:%H:%M:%S} {item.kind:<20} {sentence(item)}"
                printer.line(as_record(item), text.rstrip())
                seen += 1
                if seen == count:
                    return

    run(options, platform, use)


@command(audit)
@PLATFORM
@filtered
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def search(options: Options, platform: bool, limit: int, **wanted: Any) -> None:
    """List critical operations, newest first."""

    async def use(client: Client, journal: str) -> list[AuditEntry]:
        found: list[AuditEntry] = []
        async for entry in _entries(client, journal, newest_first=True, **_filter(wanted)):
            found.append(entry)
            if len(found) == limit:
                break
        return found

    printer = options.printer()
    printer.rows([as_row(each) for each in run(options, platform, use)], COLUMNS)


@command(audit)
@PLATFORM
@click.argument("sequence", type=click.IntRange(min=1))
def show(options: Options, platform: bool, sequence: int) -> None:
    """Show one entry with all it holds."""

    async def use(client: Client, journal: str) -> AuditEntry:
        return (await client.audit.prove(journal, sequence)).entry

    entry = run(options, platform, use)
    record = {**as_row(entry), "payload": json.loads(entry.payload)}
    options.printer().record({**record, "hash": entry.event.hash.hex()})


@command(audit)
@PLATFORM
@filtered
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--csv", "table", is_flag=True, help="A table of the operations, for people.")
def export(options: Options, platform: bool, file: Path, table: bool, **wanted: Any) -> None:
    """Write a journal to a file that can be verified anywhere, or a table of operations."""
    chosen = any(wanted.values())
    if chosen and not table:
        raise click.UsageError("A part of a journal cannot be verified: choose with --csv only.")

    async def use(client: Client, journal: str) -> int:
        entries = _entries(client, journal, everything=not table, **_filter(wanted))
        write = write_table if table else write_history
        return await write(file, entries)

    count = run(options, platform, use)
    options.printer().record({"file": str(file), "entries": count})


@command(audit)
@PLATFORM
def verify(options: Options, platform: bool) -> None:
    """Have a journal computed anew and compared with its checkpoints."""

    async def use(client: Client, journal: str) -> dict[str, Any]:
        found = await client.audit.verify(journal)
        return {
            "journal": journal,
            "entries": found.entries,
            "checkpoints": found.checkpoints,
            "first_bad": found.first_bad,
            "problem": found.problem,
        }

    record = run(options, platform, use)
    options.printer().record(record)
    if record["first_bad"] is not None:
        raise JournalCorrupt(f"The journal is broken at {record['first_bad']}.")


@command(audit)
@PLATFORM
@click.argument("sequence", type=click.IntRange(min=1))
def prove(options: Options, platform: bool, sequence: int) -> None:
    """Print the proof that an entry is in the journal of the latest checkpoint, as JSON."""

    async def use(client: Client, journal: str) -> dict[str, Any]:
        proof = await client.audit.prove(journal, sequence)
        return {
            "entry": as_line(proof.entry),
            "stream": proof.entry.journal,
            "previous_hash": proof.entry.previous_hash.hex(),
            "path": [each.hex() for each in proof.path],
            "checkpoint": as_checkpoint(proof.checkpoint),
        }

    click.echo(json.dumps(run(options, platform, use), indent=2))


@command(audit)
@PLATFORM
def checkpoints(options: Options, platform: bool) -> None:
    """List the latest checkpoints of a journal, oldest first."""
    from axisor.client import every

    async def use(client: Client, journal: str) -> tuple[Checkpoint, ...]:
        return await every(lambda token: client.audit.checkpoints(journal, page_token=token))

    rows = [{**as_checkpoint(each), "time": each.time} for each in run(options, platform, use)]
    options.printer().rows(rows, CHECKPOINTS)


@command(audit)
def key(options: Options) -> None:
    """Print the public key that checkpoints are signed for."""
    import base64

    async def use(client: Client) -> bytes:
        return await client.audit.key()

    text = f"axisor-audit-key:{base64.b64encode(options.run(use)).decode()}"
    printer = options.printer()
    if printer.is_data:
        printer.record({"key": text})
    else:
        printer.say(text)


async def _entries(client: Client, journal: str, **wanted: Any) -> AsyncIterator[AuditEntry]:
    token = ""
    while True:
        page = await client.audit.list(journal, page_size=500, page_token=token, **wanted)
        for entry in page.items:
            yield entry
        token = page.next_page_token
        if not token:
            return


def _filter(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "kinds": wanted["kinds"],
        "principal": wanted["principal"],
        "start": _utc(wanted["since"]),
        "end": _utc(wanted["until"]),
    }


def _utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)
