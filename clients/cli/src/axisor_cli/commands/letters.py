"""`axisor dlq`: actions whose outcome stays unknown, and your word about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from axisor.errors import EventNotFound
from axisor.events import IntentState
from axisor.words import describe
from axisor_cli.mutations import confirm, how, mutating, proposable
from axisor_cli.output import Column, Printer, cell
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account, DeadLetter, Ruling

COLUMNS = (
    Column("short", "id"),
    Column("action", "action"),
    Column("target", "target"),
    Column("amount_sats", "sats", number=True),
    Column("unknown_since", "unknown since"),
    Column("why", "why"),
)
OUTCOMES = {"confirmed": IntentState.CONFIRMED, "not-applied": IntentState.NOT_APPLIED}


@click.group()
def dlq() -> None:
    """Actions whose outcome stays unknown (dead letters)."""


def row(letter: DeadLetter) -> dict[str, Any]:
    """Return a dead letter as a row."""
    effect = letter.effect
    return {
        "id": effect.id,
        "short": effect.id[:8],
        "action": describe(effect.action),
        "target": effect.target,
        "amount_sats": letter.amount,
        "run": effect.run,
        "principal": effect.principal,
        "request_id": letter.request_id,
        "signed_at": letter.signed_at,
        "fence": effect.fence,
        "unknown_since": letter.unknown_since,
        "why": letter.message,
    }


async def find(client: Client, account: str, wanted: str) -> str:
    """Return the id of the action that begins with `wanted`; a whole id need not be a dead letter.

    Raises EventNotFound.
    """
    from axisor.client import every

    if len(wanted) == 36:
        return wanted
    letters = await every(
        lambda token: client.dead_letters.list(account, page_token=token), most=1_000
    )
    return unique(wanted, [each.effect.id for each in letters], EventNotFound)


@command(dlq, name="list")
def list_letters(options: Options) -> None:
    """List actions whose outcome stays unknown, oldest first."""
    from axisor.client import every

    async def use(client: Client, account: Account) -> tuple[DeadLetter, ...]:
        return await every(
            lambda token: client.dead_letters.list(account.id, page_token=token), most=1_000
        )

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(dlq)
@click.argument("id")
def show(options: Options, id: str) -> None:
    """Show one: the action, what was known before it, and what was read since."""

    async def use(client: Client, account: Account) -> DeadLetter:
        return await client.dead_letters.get(account.id, await find(client, account.id, id))

    letter, printer = options.run_on(use), options.printer()
    readings = [
        {
            "sequence": reading.sequence,
            "time": reading.time,
            "after_fence": reading.fenced,
            "why": reading.message,
            "shows": reading.shows,
        }
        for reading in letter.readings
    ]
    if printer.is_data:
        printer.record({**row(letter), "before": letter.baseline, "readings": readings})
        return
    printer.record({**row(letter), "before": _words(letter.baseline)})
    for reading in letter.readings:
        when = "after its fence" if reading.fenced else "before its fence"
        printer.say(f"read {cell(reading.time)}, {when}: {reading.message}")
        printer.say(f"  {_words(reading.shows)}")


def _words(figures: dict[str, str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())


@command(dlq)
@click.argument("id")
@click.option("--outcome", type=click.Choice(list(OUTCOMES)), required=True, help="What happened.")
@click.option("--note", required=True, help="How you know, for the journal.")
@click.option("--force", is_flag=True, help="Although the venue says otherwise, or nothing.")
@proposable
@mutating
def settle(options: Options, id: str, outcome: str, note: str, **given: Any) -> None:
    """Say what became of an action; the venue is read once more first."""
    question = f"Settle it as {outcome}? A wrong word can make a rescue happen twice, or never."
    confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])
    dry_run, keywords = given["dry_run"], how(given)

    async def use(client: Client, account: Account) -> Ruling:
        return await client.dead_letters.settle(
            account.id,
            await find(client, account.id, id),
            OUTCOMES[outcome],
            note=note,
            force=given["force"],
            **keywords,
        )

    _show(options.printer(), options.run_on(use), dry_run=dry_run)


@command(dlq)
@click.argument("id")
@click.option("--note", required=True, help="Why, for the journal.")
@click.option("--force", is_flag=True, help="Although the venue knows, or does not answer.")
@proposable
@mutating
def drop(options: Options, id: str, note: str, **given: Any) -> None:
    """Give an action up: its sats stay counted as spent, its position may be added to again."""
    question = "Give it up? If it happened after all, the next rescue comes on top of it."
    confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])
    dry_run, keywords = given["dry_run"], how(given)

    async def use(client: Client, account: Account) -> Ruling:
        return await client.dead_letters.drop(
            account.id,
            await find(client, account.id, id),
            note=note,
            force=given["force"],
            **keywords,
        )

    _show(options.printer(), options.run_on(use), dry_run=dry_run)


def _show(printer: Printer, ruling: Ruling, *, dry_run: bool) -> None:
    if printer.is_data:
        printer.record(
            {
                "dry_run": dry_run,
                "state": ruling.state.value,
                "counted_sats": ruling.counted,
                "witness": "" if ruling.witness is None else ruling.witness.value,
                "text": ruling.text,
                "shows": ruling.shows,
                "sequence": ruling.sequence,
            }
        )
        return
    verb = "would be" if dry_run else "is"
    printer.say(f"it {verb} {ruling.state.value.replace('_', ' ')} (event {ruling.sequence:,})")
    printer.say(f"  counted as spent  {ruling.counted:,} sat")
    printer.say(f"  the venue         {ruling.text}")
    for name, value in ruling.shows.items():
        printer.say(f"    {name:<16}{value}")
