"""`axisor alert`: what the core had to tell of an account, seen, muted, followed."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import AlertNotFound
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.notices import AlertSummary, MuteSummary
    from axisor.wire.records import Account

COLUMNS = (
    Column("updated_at", "when"),
    Column("short", "id"),
    Column("level", "level"),
    Column("kind", "kind"),
    Column("state", "state"),
    Column("title", "what"),
)
MUTED = (Column("account", "account"), Column("kind", "kind"), Column("until", "until"))


@click.group()
def alert() -> None:
    """What the core had to tell of an account."""


def row(found: AlertSummary) -> dict[str, Any]:
    """Return an alert as a row."""
    state = "open" if found.open else "over"
    return {
        "id": found.id,
        "short": found.id[:8],
        "level": found.level.value,
        "kind": found.kind,
        "mode": found.mode.value,
        "position": found.position,
        "title": found.title,
        "effect": found.effect,
        "next_step": found.next_step,
        "state": "seen" if found.acknowledged and found.open else state,
        "open": found.open,
        "times": found.times,
        "acknowledged": found.acknowledged,
        "acknowledged_at": found.acknowledged_at,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


@command(alert, name="list")
@click.option("--open", "only_open", is_flag=True, help="Only those that go on.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, help="How many.")
def list_alerts(options: Options, only_open: bool, limit: int) -> None:
    """List alerts of the last 7 days, newest first."""
    from axisor.client import every

    async def use(client: Client, account: Account) -> tuple[AlertSummary, ...]:
        return await every(
            lambda token: client.notices.list_alerts(
                account.id, only_open=only_open, page_token=token
            ),
            most=limit,
        )

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(alert)
@click.argument("id")
def ack(options: Options, id: str) -> None:
    """Say that you have seen an alert; `all` is every one that is open."""
    from axisor.client import every

    async def use(client: Client, account: Account) -> list[AlertSummary]:
        found = await every(
            lambda token: client.notices.list_alerts(
                account.id, only_open=id == "all", page_token=token
            )
        )
        ids = [each.id for each in found]
        wanted = ids if id == "all" else [unique(id, ids, AlertNotFound)]
        return [await client.notices.acknowledge(account.id, each) for each in wanted]

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(alert)
@click.argument("span")
@click.option("--kind", default="", help="Only this kind, such as near.")
def mute(options: Options, span: str, kind: str) -> None:
    """Be told nothing for so long, such as 30m or 2h; `off` ends it.

    What is CRIT or LOST is muted for 30 minutes at most.
    """
    from axisor.notices import minutes_of

    minutes = minutes_of(span)

    async def use(client: Client, account: Account) -> tuple[MuteSummary, ...]:
        return await client.notices.mute(account.id, minutes, kind=kind)

    rows = [
        {"account": each.account, "kind": each.kind or "all", "until": each.until}
        for each in options.run_on(use)
    ]
    options.printer().rows(rows, MUTED)


@command(alert)
@click.option("--count", type=click.IntRange(1), help="Stop after so many.")
def watch(options: Options, count: int | None) -> None:
    """Follow alerts: those that are open, then each that is new or changed."""
    from axisor.wire.notices import AlertSummary

    printer = options.printer()

    async def use(client: Client, account: Account) -> None:
        told = 0
        async with aclosing(client.notices.watch_alerts(account.id)) as items:
            async for item in items:
                if not isinstance(item, AlertSummary):
                    printer.say(f"~ {type(item).__name__.lower()}")
                    continue
                shown = row(item)
                printer.line(shown, f"{shown['level']:<5} {shown['state']:<5} {shown['title']}")
                told += 1
                if told == count:
                    return

    options.run_on(use)
