"""`axisor run`: strategies at work."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import ConfigInvalid
from axisor_cli import completing
from axisor_cli.amounts import PAUSE
from axisor_cli.commands.upgrades import upgrade
from axisor_cli.finding import all_runs, find_run
from axisor_cli.mutations import confirm, proposable
from axisor_cli.output import Column
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.client.strategies import RunResult, RunStep
    from axisor.wire.records import Account, Run

COLUMNS = (
    Column("short", "id"),
    Column("strategy", "strategy"),
    Column("label", "label"),
    Column("state", "state"),
    Column("step", "steps", number=True),
    Column("reason", "reason"),
)
STEPS = (
    Column("sequence", "event", number=True),
    Column("time", "time"),
    Column("called_by", "called by"),
    Column("asked", "asked for"),
)


@click.group()
def run() -> None:
    """Runs of strategies on an account."""


run.add_command(upgrade)


def row(found: Run) -> dict[str, Any]:
    """Return a run as a row."""
    return {
        "id": found.id,
        "short": found.id[:13],
        "strategy": found.strategy,
        "label": found.label,
        "state": found.state.value,
        "reason": found.reason,
        "mode": found.mode.value,
        "step": found.step,
        "config": json.loads(found.config or "{}"),
        "started_at": found.started_at,
        "resumes_at": found.resumes_at,
        "etag": found.etag,
    }


@command(run, name="list")
def list_runs(options: Options) -> None:
    """List runs, newest first."""

    async def use(client: Client, account: Account) -> tuple[Run, ...]:
        return await all_runs(client, account.id)

    options.printer().rows([row(each) for each in options.run_on(use)], COLUMNS)


@command(run)
@click.argument("id", shell_complete=completing.runs)
def show(options: Options, id: str) -> None:
    """Show a run."""

    async def use(client: Client, account: Account) -> Run:
        return await find_run(client, account.id, id)

    options.printer().record(row(options.run_on(use)))


@command(run)
@click.argument("strategy")
@click.option("--config", default="{}", help="The strategy's configuration as JSON.")
@click.option("--label", default="")
@click.option("--start", "begin", is_flag=True, help="Start it at once.")
def create(options: Options, strategy: str, config: str, label: str, begin: bool) -> None:
    """Create a run of a strategy."""
    _check_json(config)

    async def use(client: Client, account: Account) -> Run:
        made = await client.strategies.create_run(account.id, strategy, config=config, label=label)
        if not begin:
            return made.run
        return (await client.strategies.start_run(account.id, made.run.id)).run

    options.printer().record(row(options.run_on(use)))


def _check_json(config: str) -> None:
    try:
        json.loads(config)
    except ValueError as error:
        raise ConfigInvalid(f"The configuration is not JSON: {error}.") from error


Verb = Callable[["Client", str, "Run"], Awaitable["RunResult"]]


def _do(options: Options, id: str, verb: Verb) -> None:
    async def use(client: Client, account: Account) -> RunResult:
        return await verb(client, account.id, await find_run(client, account.id, id))

    result = options.run_on(use)
    printer = options.printer()
    for warning in result.warnings:
        printer.say(f"! {warning}")
    printer.record(row(result.run))


@command(run)
@click.argument("id", shell_complete=completing.runs)
@proposable
def start(options: Options, id: str) -> None:
    """Start a run that was created, stopped or failed."""
    _do(options, id, lambda client, account, it: client.strategies.start_run(account, it.id))


@command(run)
@click.argument("id", shell_complete=completing.runs)
@click.option("--for", "span", type=PAUSE, help="How long, from 1m to 1d; it resumes by itself.")
@click.option("--reason", default="")
@proposable
def pause(options: Options, id: str, span: timedelta | None, reason: str) -> None:
    """Pause a run; it protects nothing meanwhile."""
    _do(
        options,
        id,
        lambda client, account, it: client.strategies.pause_run(
            account, it.id, pause_for=span, reason=reason
        ),
    )


@command(run)
@click.argument("id", shell_complete=completing.runs)
@proposable
def resume(options: Options, id: str) -> None:
    """Let a paused run go on."""
    _do(options, id, lambda client, account, it: client.strategies.resume_run(account, it.id))


@command(run)
@click.argument("id", shell_complete=completing.runs)
@click.option("--reason", default="")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@proposable
def stop(options: Options, id: str, reason: str, yes: bool) -> None:
    """Stop a run after one last call."""
    confirm(options, f"Stop {id}?", yes=yes, dry_run=False)
    _do(
        options,
        id,
        lambda client, account, it: client.strategies.stop_run(account, it.id, reason=reason),
    )


@command(run)
@click.argument("id", shell_complete=completing.runs)
@click.option("--config", required=True, help="The strategy's configuration as JSON.")
@click.option("--dry-run", is_flag=True, help="Check it, and stop.")
def configure(options: Options, id: str, config: str, dry_run: bool) -> None:
    """Change a run's configuration."""
    _check_json(config)
    _do(
        options,
        id,
        lambda client, account, it: client.strategies.configure_run(
            account, it.id, etag=it.etag, config=config, validate_only=dry_run
        ),
    )


@command(run)
@click.argument("id", shell_complete=completing.runs)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
def logs(options: Options, id: str, limit: int) -> None:
    """List a run's steps, newest first: what it was called with and what it asked for."""

    async def use(client: Client, account: Account) -> tuple[RunStep, ...]:
        found = await find_run(client, account.id, id)
        page = await client.strategies.list_run_steps(account.id, found.id, page_size=limit)
        return page.items

    rows = [
        {
            "sequence": each.sequence,
            "time": each.time,
            "step": each.step.step,
            "cause": each.step.cause,
            "called_by": each.step.cause.partition(" ")[0],
            "asked": "; ".join(intent.text or intent.kind for intent in each.step.intents),
        }
        for each in options.run_on(use)
    ]
    options.printer().rows(rows, STEPS)
