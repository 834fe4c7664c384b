"""`axisor demo`: a guarded and an unguarded twin in the same crash, on a simulator and a real core.

Two processes of their own are started, `axisor sim serve` and `axisor up`, in a folder that is gone
afterwards. Every figure shown comes from the core's streams and journal; nothing is scripted but
the market, and that by its seed.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from axisor_cli.amounts import LIMIT_SATS, PERCENT
from axisor_cli.session import Options
from axisor_cli.staging import Stage, Wishes


@click.command()
@click.option("--scenario", default="flash-crash", show_default=True)
@click.option("--seed", type=int, default=21, show_default=True, help="21 is the worked example.")
@click.option("--trigger", type=PERCENT, default="2", show_default=True, help="Act below this, %.")
@click.option("--target", type=PERCENT, default="5", show_default=True, help="Restore this, %.")
@click.option("--budget", type=LIMIT_SATS, default=500_000, show_default=True)
@click.option("--balance", type=LIMIT_SATS, default=2_000_000, show_default=True)
@click.option("--speed", type=click.FloatRange(0.1, 20), default=2, show_default=True)
@click.option("--headless", is_flag=True, help="Lines instead of the console.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON, without lines.")
@click.pass_obj
def demo(options: Options | None, /, **given: Any) -> None:
    """Save a position from a flash crash, beside a twin that nobody guards."""
    headless, as_json = given.pop("headless"), given.pop("as_json")
    on_screen = sys.stdout.isatty() and sys.stdin.isatty() and not headless and not as_json
    wishes = Wishes(**{**given, "speed": str(given["speed"])})
    printer = (options or Options()).printer("json" if as_json else None)
    say = (lambda _: None) if as_json or on_screen else click.echo
    with tempfile.TemporaryDirectory(prefix="axisor-demo-") as folder:
        stage = Stage(Path(folder), wishes, say)
        result = asyncio.run(stage.play(console=on_screen))
    if as_json:
        printer.record(result.record())
    else:
        for line in result.lines():
            click.echo(line)
    if not result.kept_its_word:
        raise click.exceptions.Exit(1)
