"""`axisor sim serve`: reads the settings from the command line and runs until told to stop."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal, TypeAlias

import click

from axisor.exchange import Rules
from axisor.exchange.scenarios import DEMO_SEED
from axisor.maths import MAX_PRICE, on_step
from axisor.ports import Secret
from axisor_lnmarkets.sim.running import Running, note
from axisor_lnmarkets.sim.server import serve
from axisor_lnmarkets.sim.settings import (
    CandlePrices,
    FixedPrice,
    PriceSource,
    ScenarioPrices,
    Settings,
    WalkPrices,
)
from axisor_lnmarkets.sim.wire import encode

FeeTier: TypeAlias = Literal["by volume"] | int | None


@click.command("serve")
@click.option("--listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT")
@click.option("--key", required=True, envvar="AXISOR_SIM_KEY", help="API key to accept.")
@click.option(
    "--secret", envvar="AXISOR_SIM_SECRET", help="Its secret; - or nothing reads a line of input."
)
@click.option(
    "--passphrase", envvar="AXISOR_SIM_PASSPHRASE", help="Its passphrase; as with --secret."
)
@click.option("--balance", type=click.IntRange(0), required=True, metavar="SATS")
@click.option("--candles", type=click.Path(path_type=Path, dir_okay=False), help="Prices: a file.")
@click.option("--scenario", metavar="NAME", help="Prices: a scenario; with --seed if you like.")
@click.option("--seed", type=int, help="Prices: a walk, or the seed of the scenario.")
@click.option("--price", default="100000", show_default=True, help="Prices: one, held.")
@click.option("--speed", default="1", show_default=True, help="Market time per time, or max.")
@click.option("--start", metavar="ISO", help="First moment of market time.")
@click.option("--fee-tier", default="volume", show_default=True, help="volume, 0 to 3, or off.")
@click.option("--funding-rate", metavar="RATE", help="For eight hours, such as 0.0001.")
@click.option("--spread", metavar="USD", help="Between bid and ask, whole dollars.")
@click.option(
    "--liquidate-on", type=click.Choice(("last", "executable")), default="last", show_default=True
)
@click.option("--rate-limit", type=click.Choice(("on", "off")), default="on", show_default=True)
@click.option("--hold", is_flag=True, help="Keep market time until `axisor sim clock go`.")
@click.option("--any-host", is_flag=True, help="Listen beyond this machine, without encryption.")
def serve_command(**options: Any) -> None:
    """Serve REST v3 and Stream v1 of one simulated account until SIGTERM or SIGINT.

    When ready, one line of JSON on standard output tells the addresses.
    """
    asyncio.run(_serve(_settings(**options)))


def _settings(**options: Any) -> Settings:
    host, port = _address(options["listen"])
    speed = options["speed"]
    return Settings(
        key=options["key"],
        secret=_secret(options["secret"], "secret"),
        passphrase=_secret(options["passphrase"], "passphrase"),
        balance=options["balance"],
        host=host,
        port=port,
        prices=_prices(
            options["candles"], options["scenario"], options["seed"], number(options["price"])
        ),
        start=_time(options["start"]),
        speed=None if speed == "max" else number(speed),
        spread=None if options["spread"] is None else number(options["spread"]),
        rules=Rules(fee_tier=_fee_tier(options["fee_tier"]), liquidate_on=options["liquidate_on"]),
        funding_rate=None if options["funding_rate"] is None else number(options["funding_rate"]),
        rate_limit=options["rate_limit"] == "on",
        control_token=Secret(secrets.token_hex(32)),
        any_host=options["any_host"],
        held=options["hold"],
        seed=options["seed"] or 0,
    )


async def _serve(settings: Settings) -> None:
    async with serve(settings) as simulator:
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, simulator.stopping.set)
        assert settings.control_token is not None
        token = settings.control_token.reveal()
        path = note(Running(simulator.url, token, os.getpid()), simulator.port)
        try:
            ready = {
                "url": simulator.url,
                "rest": simulator.rest_url,
                "stream": simulator.stream_url,
            }
            click.echo(encode(ready).decode())
            await simulator.stopping.wait()
        finally:
            path.unlink(missing_ok=True)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise click.BadParameter("write HOST:PORT", param_hint="--listen")
    return host.strip("[]"), int(port)


def _secret(given: str | None, what: str) -> Secret:
    if given and given != "-":
        return Secret(given)
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise click.UsageError(f"The {what} is missing: give --{what}, or a line of input for it.")
    return Secret(line)


def _prices(
    candles: Path | None, scenario: str | None, seed: int | None, price: Decimal
) -> PriceSource:
    if candles is not None and scenario is not None:
        raise click.UsageError("Choose one of --candles and --scenario.")
    if candles is not None:
        return CandlePrices(candles)
    if scenario is not None:
        return ScenarioPrices(scenario, DEMO_SEED if seed is None else seed)
    if seed is not None:
        return WalkPrices(seed)
    if not 0 < price <= MAX_PRICE or not on_step(price):
        raise click.BadParameter("write a multiple of 0.5 above 0", param_hint="--price")
    return FixedPrice(price)


def number(text: str | Decimal) -> Decimal:
    """Return the finite decimal a text is. Raises click's BadParameter."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise click.BadParameter(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise click.BadParameter(f"{text!r} is not finite")
    return value


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a time such as 2026-10-01T00:00:00Z") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _fee_tier(text: str) -> FeeTier:
    if text == "off":
        return None
    if text == "volume":
        return "by volume"
    if text in ("0", "1", "2", "3"):
        return int(text)
    raise click.BadParameter("write volume, 0, 1, 2, 3 or off", param_hint="--fee-tier")
