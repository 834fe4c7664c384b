"""`axisor halt`: stop new risk, everything, or close it all, on every account at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from axisor.events import HaltLevel
from axisor_cli.mutations import confirm, mutating
from axisor_cli.output import FORMATS
from axisor_cli.session import Options

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.client.system import PlatformHalt

WORDS = ("risk", "all", "flatten", "status", "resume")
MEANS = {
    HaltLevel.NONE: "no halt",
    HaltLevel.RISK: "reduce-only: guards go on",
    HaltLevel.ALL: "nothing is sent, guards stand still",
    HaltLevel.FLATTEN: "everything is closed, guards stand still",
}


@click.command()
@click.argument("what", type=click.Choice(WORDS), default="risk")
@click.option("--reason", default="", help="Why, for the journal.")
@click.option("-o", "--output", type=click.Choice(FORMATS))
@mutating
@click.pass_obj
def halt(
    options: Options | None, /, what: str, reason: str, output: str | None, **given: Any
) -> None:
    """Halt every account: new risk (the default), everything, or close it all; or resume."""
    options = options or Options()
    if what == "flatten":
        question = "Close every position of every account at the market?"
        confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])

    async def use(client: Client) -> PlatformHalt:
        if what == "status":
            return await client.system.platform_halt()
        request_id = given["request_id"]
        more: dict[str, Any] = {
            "reason": reason,
            "validate_only": given["dry_run"],
            "request_id": None if request_id is None else str(request_id),
        }
        if what == "resume":
            return await client.system.resume(**more)
        return await client.system.halt(HaltLevel(what), **more)

    options.printer(output).record(row(options.run(use)))


def row(halt: PlatformHalt) -> dict[str, Any]:
    """Return the halt of every account as it is printed."""
    return {
        "halt": halt.level.value,
        "means": MEANS.get(halt.level, "not known to this version"),
        "by": halt.principal,
        "reason": halt.reason,
        "since": halt.since,
        "file": halt.file,
        "on_record": halt.durable,
    }
