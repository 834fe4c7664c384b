"""`axisor status | doctor | watch | down | version`: the core as a whole."""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import aclosing
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, entry_points
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import AxisorError
from axisor_cli.fail import ExitCode
from axisor_cli.guard_run import guard_run, status_of
from axisor_cli.mutations import confirm
from axisor_cli.output import Column
from axisor_cli.session import Options
from axisor_cli.telling import as_record, line

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.strategy import Floor
    from axisor.wire.records import Account

ACCOUNTS = (
    Column("label", "account"),
    Column("mode", "mode"),
    Column("standing", "standing"),
    Column("guard", "guard"),
    Column("positions", "positions", number=True),
    Column("protected", "protected", number=True),
    Column("floor_usd", "floor $", number=True),
    Column("quality", "price"),
    Column("price_age_ms", "age ms", number=True),
    Column("open_intents", "open intents", number=True),
    Column("halt", "halt"),
)
output = click.option("-o", "--output", type=click.Choice(["table", "plain", "json", "ndjson"]))


@click.command()
@output
@click.pass_obj
def status(options: Options | None, /, output: str | None) -> None:
    """Show the core on one screen. Exit 0 protected, 10 degraded, 11 paused, 6 unreachable."""
    options = options or Options()
    record = options.run(_status)
    printer = options.printer(output)
    if printer.is_data:
        printer.record(record)
    else:
        printer.say(f"core {record['version']}  max mode {record['max_mode'].upper()}")
        halt = record["platform_halt"]
        if halt["level"] != "none":
            why = f": {halt['reason']}" if halt["reason"] else ""
            printer.say(f"‼ all accounts are halted, {halt['level']}, by {halt['by']}{why}")
        if record["accounts"]:
            printer.rows(record["accounts"], ACCOUNTS)
            for each in record["accounts"]:
                for cause in each["causes"]:
                    printer.say(f"! {each['label']}: {cause['text'] or cause['code']}")
        else:
            printer.say("no account yet: axisor account add")
    raise click.exceptions.Exit(_verdict(record))


async def _status(client: Client) -> dict[str, Any]:
    found = await client.system.status()
    accounts = [await _account(client, each) for each in found.accounts]
    return {
        "version": found.version,
        "max_mode": _enum(found, "max_mode"),
        "draining": found.draining,
        "platform_halt": {
            "level": _enum(found.halt, "level"),
            "by": found.halt.principal,
            "reason": found.halt.reason,
            "file": found.halt.file,
        },
        "accounts": accounts,
        "plugins": [
            {"name": each.name, "version": each.version, "problem": each.error}
            for each in found.plugins
        ],
        "rate_budgets": [
            {
                "venue": each.venue,
                "network": each.network,
                "calls_per_second": each.calls_per_second,
                "used_per_second": each.used_per_second,
            }
            for each in found.rate_budgets
        ],
    }


def _enum(message: Any, field: str) -> str:
    """Return an enum field of a message as its bare lower-case word."""
    described = message.DESCRIPTOR.fields_by_name[field].enum_type
    number = getattr(message, field)
    value = described.values_by_number.get(number)
    if value is None:
        return "unrecognized"
    prefix = described.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return str(value.name).removeprefix(prefix).lower()


async def _account(client: Client, found: Any) -> dict[str, Any]:
    id = found.account.rpartition("/")[2]
    run = await guard_run(client, id)
    floor = None
    if status_of(run) == "armed":
        try:
            floors = (await client.guard.floor(id)).floors
        except AxisorError:
            floors = ()  # no price yet: then there is no floor to tell
        nearest = sorted((each for each in floors if each.move is not None), key=_reach)
        floor = nearest[0].price if nearest else None
    return {
        "id": id,
        "label": found.label,
        "mode": _enum(found, "mode"),
        "halt": _enum(found, "halt_level"),
        "standing": _enum(found, "standing"),
        "causes": [{"code": each.code, "text": each.text} for each in found.standing_causes],
        "guard": status_of(run),
        "floor_usd": floor,
        "quality": _enum(found, "feed_quality"),
        "price_age_ms": int(found.price_age.ToTimedelta().total_seconds() * 1000),
        "positions": found.position_count,
        "protected": found.protected_count,
        "open_intents": found.open_intent_count,
        "sequence": found.latest_sequence,
    }


def _reach(floor: Floor) -> Decimal:
    """Return how far the price may go before the guard breaks, on either side."""
    return abs(floor.move or Decimal(0))


def _verdict(record: dict[str, Any]) -> ExitCode:
    """Return the exit code that says how safe all accounts are together."""
    accounts: list[dict[str, Any]] = record["accounts"]
    exposed = [each for each in accounts if each["positions"]]
    still = ("all", "flatten")
    paused = any(each["guard"] != "armed" or each["halt"] in still for each in exposed)
    if paused or record["platform_halt"]["level"] in still:
        return ExitCode.PAUSED
    fresh = all(each["quality"] == "fresh" for each in exposed)
    whole = all(each["protected"] == each["positions"] for each in exposed)
    blind = any(each["standing"] in ("degraded", "reconcile_only") for each in accounts)
    return ExitCode.OK if fresh and whole and not blind else ExitCode.DEGRADED


@click.command()
@output
@click.pass_obj
def doctor(options: Options | None, /, output: str | None) -> None:
    """Check what can be wrong: core, token, certificate, clock, feeds, keys, journal, plugins."""
    options = options or Options()
    checks: list[dict[str, Any]] = []

    def note(check: str, ok: bool, text: str) -> None:
        checks.append({"check": check, "ok": ok, "text": text})

    try:
        options.run(lambda client: _examine(client, note))
    except AxisorError as error:
        note("core", False, str(error))
    printer = options.printer(output)
    printer.rows(checks, (Column("check", "check"), Column("ok", "ok"), Column("text", "what")))
    if not all(each["ok"] for each in checks):
        raise click.exceptions.Exit(ExitCode.DEGRADED)


async def _examine(client: Client, note: Callable[[str, bool, str], None]) -> None:
    found = await client.system.status()
    note("core", True, f"{client.target} answers, version {found.version}")
    for plugin in found.plugins:
        if plugin.error:
            note(f"plugin {plugin.name}", False, plugin.error)
    for each in found.accounts:
        await _examine_account(client, each, note)


async def _examine_account(client: Client, found: Any, note: Any) -> None:
    id, label = found.account.rpartition("/")[2], found.label
    quality = _enum(found, "feed_quality")
    note(f"{label} price", quality == "fresh", quality)
    if _enum(found, "mode") != "paper":
        try:
            report = await client.accounts.test_credentials(id)
            can = report.valid and not report.can_withdraw
            note(f"{label} key", can, report.text or ("works" if report.valid else "refused"))
        except AxisorError as error:
            note(f"{label} key", False, error.message)
    verified = await client.events.verify(id)
    note(
        f"{label} journal",
        verified.first_bad is None,
        verified.problem or f"{verified.events:,} events, every hash holds",
    )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON object on each line.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many.")
@click.pass_obj
def watch(options: Options | None, /, as_json: bool, count: int | None) -> None:
    """Follow an account line by line, for terminals without a console and for log files."""
    from axisor.wire.records import SeenEvent, Snapshot

    options = options or Options()
    printer = options.printer("ndjson" if as_json else None)

    async def use(client: Client, account: Account) -> None:
        seen = 0
        async with aclosing(client.events.watch(account.id)) as items:
            async for item in items:
                if isinstance(item, Snapshot):
                    printer.say(f"{account.mode.value.upper()} {account.label}: watching")
                elif isinstance(item, SeenEvent):
                    text = line(item)
                    if text or printer.is_data:
                        mode = item.mode.value.upper()
                        printer.line(as_record(item), f"{item.time:%H:%M:%S} {mode:<6} {text}")
                        seen += 1
                else:
                    printer.say(f"~ {type(item).__name__.lower()}")
                if seen == count:
                    return

    options.run_on(use)


@click.command()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def down(options: Options | None, /, yes: bool) -> None:
    """Ask the core to stop: it finishes what was sent, and guards nothing afterwards."""
    options = options or Options()
    confirm(options, "Stop the core? Positions are then unguarded.", yes=yes, dry_run=False)

    async def use(client: Client) -> int:
        return await client.system.shutdown(reason="axisor down")

    waiting = options.run(use)
    options.printer().record({"stopping": True, "open_intents": waiting})


@click.command()
@output
@click.pass_obj
def version(options: Options | None, /, output: str | None) -> None:
    """Show the versions of everything of Axisor that is installed."""
    options = options or Options()
    record = {"python": platform.python_version(), **parts()}
    options.printer(output).record(record)


def parts() -> dict[str, str]:
    """Return the distributions that make up this Axisor, plugins too, with their versions.

    Those that offer commands or plugins are known by their entry points: reading the name of
    everything installed would take longer than all the rest.
    """
    entries = (*entry_points(group="axisor.commands"), *entry_points(group="axisor"))
    names = {entry.dist.name for entry in entries if entry.dist is not None}
    found: dict[str, str] = {}
    for name in sorted({"axisor", "axisor-platform", *names}):
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            continue  # a part that is not installed here has no version
    return found
