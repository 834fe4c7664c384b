"""`axisor approve`: what others want to have done, and your word about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from axisor.errors import ConfirmationNotFound
from axisor.states import ConfirmationState
from axisor_cli.mutations import confirm, confirmed, show_change, show_result
from axisor_cli.output import Column, Printer, cell
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.client.confirmations import Carried
    from axisor.wire.confirmations import Confirmation
    from axisor.wire.records import Account

COLUMNS = (
    Column("short", "id"),
    Column("state", "state"),
    Column("summary", "what"),
    Column("preparer", "prepared by"),
    Column("until", "waits until"),
)
WAITING = (ConfirmationState.PENDING,)
WHOLE = 36
SHORT = 13
"""Of an id that begins with its time, so much tells two apart that were made in one second."""

repeating = click.option("--request-id", type=click.UUID, help="Repeat a word under the same id.")


@click.group()
def approve() -> None:
    """Calls that wait for your word, as bots and agents propose them."""


def row(found: Confirmation) -> dict[str, Any]:
    """Return a confirmation as a row."""
    return {**confirmed(found), "short": found.id[:SHORT]}


async def find(
    client: Client, account: str, wanted: str, states: tuple[ConfirmationState, ...] = ()
) -> str:
    """Return the id of the confirmation that begins with `wanted`, in some states or in any.

    Raises ConfirmationNotFound.
    """
    if len(wanted) == WHOLE:
        return wanted
    found = await _all(client, account, states)
    return unique(wanted, [each.id for each in found], ConfirmationNotFound)


async def _all(
    client: Client, account: str, states: tuple[ConfirmationState, ...]
) -> tuple[Confirmation, ...]:
    from axisor.client import every

    return await every(
        lambda token: client.confirmations.list(account, states=states, page_token=token),
        most=1_000,
    )


@command(approve, name="list")
@click.option("--all", "everything", is_flag=True, help="Those of the last day that ended, too.")
def list_confirmations(options: Options, everything: bool) -> None:
    """List what waits for a word, newest first."""
    states = () if everything else WAITING

    async def use(client: Client, account: Account) -> tuple[Confirmation, ...]:
        return await _all(client, account.id, states)

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(approve)
@click.argument("id")
def show(options: Options, id: str) -> None:
    """Show one: what it would change, who wants it, and how it ended."""
    found, printer = options.run_on(_reader(id)), options.printer()
    if printer.is_data:
        printer.record(confirmed(found))
        return
    _show(printer, found)


@command(approve)
@click.argument("id")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@repeating
def yes(options: Options, id: str, yes: bool, request_id: object) -> None:
    """Have a call made that another prepared, once."""
    found, printer = options.run_on(_reader(id, WAITING)), options.printer()
    if not printer.is_data:
        _show(printer, found)
    confirm(options, "Have it done?", yes=yes, dry_run=False)

    async def use(client: Client, account: Account) -> Carried:
        return await client.confirmations.approve(
            account.id, found.id, request_id=_text(request_id)
        )

    carried = options.run_on(use)
    if carried.result is not None:
        show_result(printer, carried.result, "approved", dry_run=False)
    elif printer.is_data:
        printer.record(confirmed(carried.confirmation))
    else:
        printer.say(f"approved and done, as request {carried.confirmation.request_id}")


@command(approve)
@click.argument("id")
@click.option("--reason", default="", help="Why, for the journal and whoever prepared it.")
@repeating
def no(options: Options, id: str, reason: str, request_id: object) -> None:
    """Refuse a call, or take back one that you prepared; it is never made."""

    async def use(client: Client, account: Account) -> Confirmation:
        return await client.confirmations.refuse(
            account.id,
            await find(client, account.id, id, WAITING),
            reason=reason,
            request_id=_text(request_id),
        )

    found, printer = options.run_on(use), options.printer()
    if printer.is_data:
        printer.record(confirmed(found))
    else:
        printer.say(f"{found.id} is {found.state.value}; nothing was sent")


def _reader(id: str, states: tuple[ConfirmationState, ...] = ()) -> Any:
    async def use(client: Client, account: Account) -> Confirmation:
        whole = await find(client, account.id, id, states)
        return await client.confirmations.get(account.id, whole)

    return use


def _text(request_id: object) -> str | None:
    return None if request_id is None else str(request_id)


def _show(printer: Printer, found: Confirmation) -> None:
    printer.say(f"{found.summary}")
    printer.say(f"  prepared by       {found.preparer}, {cell(found.created_at)}")
    printer.say(f"  {found.state.value:<18}{_fate(found)}")
    show_change(printer, found)


def _fate(found: Confirmation) -> str:
    if found.state is ConfirmationState.PENDING:
        return f"until {cell(found.until)}"
    said = f"by {found.settler} " if found.settler else ""
    reason = f": {found.reason}" if found.reason else ""
    return f"{said}{cell(found.settled_at)}{reason}"
