"""`axisor sim`: runs the simulator and steers running ones."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from axisor.exchange.scenarios import SCENARIOS
from axisor_lnmarkets.sim.remote import Remote
from axisor_lnmarkets.sim.serving import number, serve_command
from axisor_lnmarkets.sim.wire import encode

_connect = click.option(
    "--connect", metavar="URL", envvar="AXISOR_SIM_URL", help="Simulator, if several run."
)
_token_file = click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Control token, for a simulator of another user.",
)
_output = click.option("-o", "--output", type=click.Choice(("table", "json")), default="table")


@click.group()
def sim() -> None:
    """Run and steer a simulated LN Markets."""


sim.add_command(serve_command)


@sim.command("beside")
@click.pass_obj
def beside(core: Any) -> None:
    """Keep a simulator running for the core of this machine, and an account for it there.

    `axisor up --sim` starts it. The account is called sandbox, in SIM, and has play money: the
    price stands at 100,000 dollars until it is moved.
    """
    from axisor_lnmarkets.sim import beside as work  # it speaks to a core, which few commands do

    work.run(core)


def _show(value: Any, output: str) -> None:
    if output == "json":
        click.echo(encode(value).decode())
    else:
        for name, part in value.items():
            click.echo(
                f"{name:<22} {part if not isinstance(part, dict | list) else encode(part).decode()}"
            )


@sim.command()
@_output
def scenarios(output: str) -> None:
    """List the price stories there are."""
    made = [make(21) for make in SCENARIOS.values()]
    rows = [
        {
            "name": story.name,
            "seconds": int(story.length.total_seconds()),
            "fundingRate": story.funding_rate,
            "first": story.price(story.length * 0),
            "last": story.price(story.length),
        }
        for story in made
    ]
    if output == "json":
        click.echo(encode(rows).decode())
        return
    for row in rows:
        click.echo(f"{row['name']:<18} {row['seconds']:>7} s   {row['first']} → {row['last']}")


@sim.group()
def price() -> None:
    """Take the price into your own hands."""


@price.command("set")
@click.argument("dollars", type=number)
@_connect
@_token_file
@_output
def price_set(dollars: Decimal, connect: str | None, token_file: Path | None, output: str) -> None:
    """Print one price now and hold it."""
    remote = Remote.of(connect, token_file)
    _show(remote.call("POST", "price", {"action": "set", "price": dollars}), output)


_signed = {"ignore_unknown_options": True}


@price.command("move", context_settings=_signed)
@click.argument("percent", type=number)
@click.option("--over", default="10s", show_default=True, metavar="SPAN", help="How long it takes.")
@_connect
@_token_file
@_output
def price_move(
    percent: Decimal, over: str, connect: str | None, token_file: Path | None, output: str
) -> None:
    """Move the price by a percentage (-3 is down) in small steps and hold it."""
    remote = Remote.of(connect, token_file)
    body = {"action": "move", "percent": percent, "over": over}
    _show(remote.call("POST", "price", body), output)


@price.command("crash")
@click.argument("percent", type=number, default=Decimal(10))
@click.option("--over", default="0s", show_default=True, metavar="SPAN", help="How long it takes.")
@_connect
@_token_file
@_output
def price_crash(
    percent: Decimal, over: str, connect: str | None, token_file: Path | None, output: str
) -> None:
    """Let the price fall by a percentage, in a single print unless told otherwise."""
    remote = Remote.of(connect, token_file)
    body = {"action": "move", "percent": -abs(percent), "over": over}
    _show(remote.call("POST", "price", body), output)


@price.command("follow")
@_connect
@_token_file
@_output
def price_follow(connect: str | None, token_file: Path | None, output: str) -> None:
    """Give the price back to the scenario, walk or file."""
    remote = Remote.of(connect, token_file)
    _show(remote.call("POST", "price", {"action": "follow"}), output)


class FaultGroup(click.Group):
    """`fault OP …` is short for `fault add OP …`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take an unknown word for an operation."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            args = ["add", *args]
        return super().resolve_command(ctx, args)


@sim.group(cls=FaultGroup)
def fault() -> None:
    """Make requests go wrong: fault add-margin --mode lose-response --times 1."""


@fault.command("add")
@click.argument("operation")
@click.option(
    "--mode",
    required=True,
    help="lose-response, lose-request, late:5s, status:502, status-after:502 or stale:2s.",
)
@click.option("--times", type=click.IntRange(1), help="How many requests; all if not given.")
@_connect
@_token_file
@_output
def fault_add(
    operation: str,
    mode: str,
    times: int | None,
    connect: str | None,
    token_file: Path | None,
    output: str,
) -> None:
    """Put a fault in force for an operation, `read` or `any`."""
    remote = Remote.of(connect, token_file)
    body = {"operation": operation, "mode": mode, "times": times}
    _show(remote.call("POST", "faults", body), output)


@fault.command("list")
@_connect
@_token_file
@_output
def fault_list(connect: str | None, token_file: Path | None, output: str) -> None:
    """List the faults in force."""
    faults = Remote.of(connect, token_file).call("GET", "faults")["faults"]
    if output == "json":
        click.echo(encode(faults).decode())
        return
    for row in faults:
        times = "always" if row["times"] is None else f"{row['times']} more"
        click.echo(f"{row['id']:>4}  {row['operation']:<20} {row['mode']:<18} {times}")


@fault.command("clear")
@click.argument("operation", required=False)
@_connect
@_token_file
@_output
def fault_clear(
    operation: str | None, connect: str | None, token_file: Path | None, output: str
) -> None:
    """Lift all faults, or those of one operation."""
    path = "faults" if operation is None else f"faults?operation={operation}"
    _show(Remote.of(connect, token_file).call("DELETE", path), output)


@sim.command()
@click.option("--after", type=click.IntRange(0), default=0, help="Only rows after this number.")
@_connect
@_token_file
@_output
def ledger(after: int, connect: str | None, token_file: Path | None, output: str) -> None:
    """List every state-changing request the simulator accepted, with its effect."""
    rows = Remote.of(connect, token_file).call("GET", f"ledger?after={after}")["rows"]
    if output == "json":
        click.echo(encode(rows).decode())
        return
    for row in rows:
        effect, state = row["effect"], row["state"]
        click.echo(
            f"{row['sequence']:>5}  {row['time']}  {row['request']:<18} {row['target'][:8]:<9}"
            f"margin {effect['margin']:>+12,}  balance {effect['balance']:>+12,}"
            f"  = {state['margin']:,} / {state['balance']:,}"
        )


@sim.command()
@_connect
@_token_file
@_output
def state(connect: str | None, token_file: Path | None, output: str) -> None:
    """Show the market and the account."""
    _show(Remote.of(connect, token_file).call("GET", "state"), output)


@sim.command()
@click.argument("action", type=click.Choice(("show", "go")), default="show")
@_connect
@_token_file
@_output
def clock(action: str, connect: str | None, token_file: Path | None, output: str) -> None:
    """Show transport time and market time; `go` lets a held market begin."""
    verb = "POST" if action == "go" else "GET"
    _show(Remote.of(connect, token_file).call(verb, "clock"), output)


@sim.command()
@_connect
@_token_file
def stop(connect: str | None, token_file: Path | None) -> None:
    """Stop a running simulator."""
    Remote.of(connect, token_file).call("POST", "stop")
