"""`axisor setup`: an account, a rule and an armed guard, by a few questions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import AxisorError, FieldInvalid, VenueError
from axisor_cli.amounts import SATS
from axisor_cli.commands import accounts, guards
from axisor_cli.fail import show_error
from axisor_cli.rules import PRESETS
from axisor_cli.session import Options

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account

MODES = {
    "sim": "a simulator: made-up prices, made-up sats",
    "paper": "the venue's prices, made-up sats; needs no key",
    "shadow": "your account, only read: says what the guard would do",
    "live": "your account, real sats",
}
TRIES = 3
"""How often a key is asked for before the wizard gives up; a venue counts wrong ones too."""

DEFAULT_BUDGET = "500000sat"


@click.command()
@click.pass_context
def setup(ctx: click.Context) -> None:
    """Set up an account and its guard by a few questions, one rung of the ladder at a time.

    Nothing is sent to a venue but what reads. Every answer can be changed later.
    """
    options: Options = ctx.obj or Options()
    if not sys.stdin.isatty():
        raise click.UsageError(
            "setup asks at a terminal. Without one: axisor account add, guard set, guard arm."
        )
    options.profile()  # where there is no core, nobody is asked anything
    account = _account(ctx, options)
    options.account = account.id
    _about_key(options, account)
    _rule(ctx)
    armed = _arm(ctx, account)
    printer = options.printer()
    printer.say("")
    printer.say(f"{account.label} is set up{'' if armed else '; its guard is not armed'}.")
    for line in _next(account, armed):
        printer.say(f"  {line}")


def _account(ctx: click.Context, options: Options) -> Account:
    """Ask which account, and add it. A key that the venue refuses is asked for again."""
    click.echo("1. How real is it to be? An account stays so for ever; begin with less.")
    for name, told in MODES.items():
        click.echo(f"   {name:<7} {told}")
    mode = click.prompt("   mode", type=click.Choice(list(MODES)), default="paper")
    network, url = "sim", ""
    if mode == "sim":
        url = click.prompt("   address of the simulator (axisor sim serve says it)")
    else:
        networks = click.Choice(["mainnet", "signet"])
        network = click.prompt("   network", type=networks, default="mainnet")
    label = click.prompt("   a name for it", default=f"{mode}-{network}")
    if mode != "paper":
        click.echo("2. The key: three hidden answers. Make one that can trade and not withdraw.")
    add = accounts.account.commands["add"]
    for left in reversed(range(TRIES)):
        try:
            ctx.invoke(add, network=network, mode=mode, label=label, url=url)
        except (VenueError, FieldInvalid) as error:
            if not left or mode == "paper":
                raise
            show_error(error)
            click.echo("   Nothing was kept. Once more:")
        else:
            break

    async def use(client: Client) -> Account:
        return await client.accounts.choose(label)

    return options.run(use)


def _about_key(options: Options, account: Account) -> None:
    """Say what the key may do, and warn of one that may do too much."""
    if account.mode.value == "paper":
        return

    async def use(client: Client) -> Any:
        return await client.accounts.test_credentials(account.id)

    try:
        report = options.run(use)
    except AxisorError as error:
        show_error(error)
        return
    click.echo(f"   {report.text or 'The key works.'}")
    if report.can_withdraw:
        click.echo(
            "   ! This key can withdraw. Axisor never needs that: make another at the venue."
        )


def _rule(ctx: click.Context) -> None:
    click.echo("3. When is the guard to act? Below the first distance, back to the second.")
    for name, (trigger, target) in PRESETS.items():
        click.echo(f"   {name:<7} {trigger} % → {target} %")
    preset = click.prompt("   preset", type=click.Choice(list(PRESETS)), default="normal")
    click.echo("4. The most it may add in the life of one position, such as 500000sat or 0.005btc.")
    budget = click.prompt("   budget", type=SATS, default=DEFAULT_BUDGET)
    ctx.invoke(guards.guard.commands["set"], preset=preset, budget=budget)


def _arm(ctx: click.Context, account: Account) -> bool:
    live = account.mode.value == "live"
    click.echo("5. Arm it now? It then acts by itself whenever a position comes too near.")
    if live:
        meant = click.prompt("   type LIVE to arm it with real sats", default="no") == "LIVE"
    else:
        meant = click.confirm("   arm", default=True)
    if meant:
        ctx.invoke(guards.guard.commands["arm"], live=live)
    return meant


def _next(account: Account, armed: bool) -> list[str]:
    named = f"axisor --account {account.label}"
    lines = (
        [] if armed else [f"{named} guard arm{' --live' if account.mode.value == 'live' else ''}"]
    )
    lines += [
        f"{named} guard floor    how far it holds",
        f"{named} console        watch it",
        f"{named} status         one line for scripts",
    ]
    higher = {"sim": "paper", "paper": "shadow", "shadow": "live"}.get(account.mode.value)
    return lines if higher is None else [*lines, f"axisor setup           the next rung: {higher}"]
