"""`axisor run upgrade`: another version of a strategy, in shadow first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click

from axisor_cli.finding import find_run
from axisor_cli.mutations import confirm, proposable
from axisor_cli.output import Column
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.versions import Upgrade
    from axisor.wire.records import Account

DIFFERENCES = (
    Column("step", "step", number=True),
    Column("cause", "called by"),
    Column("from", "old decides"),
    Column("to", "new would decide"),
)


@click.group()
def upgrade() -> None:
    """Upgrades of a run to another version of its strategy."""


def row(found: Upgrade) -> dict[str, Any]:
    """Return an upgrade as a record."""
    return {
        "run": found.run,
        "state": found.state.value,
        "from": str(found.before),
        "to": str(found.after),
        "compared": found.compared,
        "differing": found.differing,
        "equal_in_a_row": found.equal,
        "equal_steps": found.wanted,
        "started_at_step": found.begun,
        "cut_over_at_step": found.cut,
        "probation_steps": found.probation,
        "on_probation": found.standing_by,
        "reason": found.reason,
    }


def difference_rows(found: Upgrade) -> list[dict[str, Any]]:
    """Return the decisions that differ, one row each."""
    return [
        {
            "step": each.step,
            "cause": each.cause,
            "from": "; ".join(each.before) or "nothing",
            "to": "; ".join(each.after) or "nothing",
        }
        for each in found.differences
    ]


Verb = Callable[["Client", str, str], Awaitable["Upgrade"]]


def _do(options: Options, id: str, verb: Verb) -> None:
    async def use(client: Client, account: Account) -> Upgrade:
        return await verb(client, account.id, (await find_run(client, account.id, id)).id)

    options.printer().record(row(options.run_on(use)))


@command(upgrade)
@click.argument("id")
@click.option("--version", "wanted", default="", help="Which one; the newest other one at hand.")
@click.option(
    "--equal-steps",
    type=click.IntRange(0, 1_000_000),
    default=0,
    help="Take over by itself after so many equal decisions in a row.",
)
@click.option(
    "--probation-steps",
    type=click.IntRange(0, 1_000_000),
    default=100,
    show_default=True,
    help="For how many steps the old version stands by afterwards.",
)
@click.option("--dry-run", is_flag=True, help="Load and check it, and stop.")
@proposable
def start(
    options: Options, id: str, wanted: str, equal_steps: int, probation_steps: int, dry_run: bool
) -> None:
    """Ask another version whatever the one that decides is asked; nothing comes of its answers."""
    _do(
        options,
        id,
        lambda client, account, run: client.strategies.start_upgrade(
            account,
            run,
            version=wanted,
            equal_steps=equal_steps,
            probation_steps=probation_steps,
            validate_only=dry_run,
        ),
    )


@command(upgrade)
@click.argument("id")
def show(options: Options, id: str) -> None:
    """Show a run's latest upgrade and the decisions that differ."""

    async def use(client: Client, account: Account) -> Upgrade:
        run = await find_run(client, account.id, id)
        return await client.strategies.get_upgrade(account.id, run.id)

    found = options.run_on(use)
    printer = options.printer()
    if printer.is_data:
        printer.record({**row(found), "differences": difference_rows(found)})
        return
    printer.record(row(found))
    if found.differences:
        printer.rows(difference_rows(found), DIFFERENCES)


@command(upgrade)
@click.argument("id")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Check it, and stop.")
@proposable
def commit(options: Options, id: str, yes: bool, dry_run: bool) -> None:
    """Have the new version decide from the next step on."""
    confirm(options, f"Have the new version decide for {id}?", yes=yes, dry_run=dry_run)
    _do(
        options,
        id,
        lambda client, account, run: client.strategies.commit_upgrade(
            account, run, validate_only=dry_run
        ),
    )


@command(upgrade)
@click.argument("id")
@proposable
def cancel(options: Options, id: str) -> None:
    """End an upgrade before the new version decided anything."""
    _do(options, id, lambda client, account, run: client.strategies.cancel_upgrade(account, run))
