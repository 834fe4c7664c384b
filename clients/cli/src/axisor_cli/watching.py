"""`--watch`: what a list shows, shown again every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import AxisorError
from axisor_cli.fail import show_error

if TYPE_CHECKING:
    from axisor_cli.session import Options

EVERY_S = 2.0
SHORTEST_S = 0.5
"""More often would take from the calls that the guard needs."""

Show = Callable[[], Any]


def option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--watch`, with or without seconds."""
    return click.option(
        "--watch",
        "every",
        type=click.FloatRange(min=SHORTEST_S),
        is_flag=False,
        flag_value=EVERY_S,
        metavar="[SECONDS]",
        help=f"Show it again every {EVERY_S:g} seconds, or as many as you say.",
    )(function)


def again(
    options: Options, every: float, show: Show, pause: Callable[[float], None] = time.sleep
) -> None:
    """Show it, and again after each pause, until somebody presses Ctrl-C.

    A core that is away is said, and asked again: whoever watches wants to see it come back.
    """
    if options.output == "json":
        raise click.UsageError("--watch writes one answer after another: say -o ndjson.")
    while True:
        if sys.stdout.isatty():
            click.clear()
        try:
            show()
        except AxisorError as error:
            show_error(error)
        pause(every)
