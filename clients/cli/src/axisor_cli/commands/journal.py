"""`axisor events`: an account's journal, followed, listed and verified."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import JournalCorrupt
from axisor_cli.output import Column
from axisor_cli.session import Options, command
from axisor_cli.telling import as_record, sentence

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account, SeenEvent

COLUMNS = (
    Column("sequence", "event", number=True),
    Column("time", "time"),
    Column("kind", "kind"),
    Column("text", "what"),
)


@click.group()
def events() -> None:
    """The journal of an account."""


@command(events)
@click.option("--after", type=click.IntRange(min=0), help="Resume after this event; 0 is all.")
@click.option("--kind", "kinds", multiple=True, help="Only events of this kind.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many.")
def stream(options: Options, after: int | None, kinds: tuple[str, ...], count: int | None) -> None:
    """Follow the journal: a line for each event, resumed by itself."""
    from axisor.wire.records import SeenEvent

    printer = options.printer()

    async def use(client: Client, account: Account) -> None:
        seen = 0
        watch = client.events.watch(account.id, after=after, kinds=kinds)
        async with aclosing(watch) as items:
            async for item in items:
                if not isinstance(item, SeenEvent):
                    continue
                text = f"{item.sequence:>7} {item.time:%H:%M:%S} {item.kind:<20} {sentence(item)}"
                printer.line(as_record(item), text.rstrip())
                seen += 1
                if seen == count:
                    return

    options.run_on(use)


@command(events, name="list")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--kind", "kinds", multiple=True, help="Only events of this kind.")
def list_events(options: Options, limit: int, kinds: tuple[str, ...]) -> None:
    """List events, newest first."""

    async def use(client: Client, account: Account) -> tuple[SeenEvent, ...]:
        page = await client.events.list(account.id, kinds=kinds, newest_first=True, page_size=limit)
        return page.items

    printer = options.printer()
    rows = [
        as_record(each) if printer.is_data else {**as_record(each), "text": sentence(each)}
        for each in options.run_on(use)
    ]
    printer.rows(rows, COLUMNS)


@command(events)
def verify(options: Options) -> None:
    """Have every hash of the journal computed again."""

    async def use(client: Client, account: Account) -> dict[str, Any]:
        found = await client.events.verify(account.id)
        return {
            "account": account.id,
            "events": found.events,
            "head_hash": found.head_hash.hex(),
            "first_bad": found.first_bad,
            "problem": found.problem,
        }

    record = options.run_on(use)
    options.printer().record(record)
    if record["first_bad"] is not None:
        raise JournalCorrupt(f"The journal is broken at {record['first_bad']}.")
