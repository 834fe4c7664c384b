"""`axisor guard`: what protects the positions, how far, and why it did what it did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from axisor.events import (
    IntentPlanned,
    IntentReviewRefused,
    IntentSettled,
    NoticeGiven,
    RunState,
)
from axisor.model import Side
from axisor.words import short
from axisor_cli import completing
from axisor_cli.amounts import LIMIT_SATS, PAUSE, PERCENT
from axisor_cli.commands.positions import find
from axisor_cli.fail import ExitCode
from axisor_cli.guard_run import (
    STRATEGY,
    WORKING,
    guard_run,
    must_have,
    run_record,
    status_of,
    until,
)
from axisor_cli.mutations import confirm, proposable
from axisor_cli.output import Column
from axisor_cli.rules import PRESETS, rule
from axisor_cli.session import Options, command
from axisor_cli.telling import sentence

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.client.guard import Floors, Plan
    from axisor.client.strategies import RunResult
    from axisor.wire.records import Account, Run, SeenEvent

MOST_EVENTS = 500

PLAN = (
    Column("price_usd", "price $", number=True),
    Column("move_percent", "move %", number=True),
    Column("short", "position"),
    Column("action", "action"),
    Column("cost_sats", "cost sat", number=True),
    Column("budget_left_sats", "budget left sat", number=True),
    Column("liquidation_usd", "liquidation after $", number=True),
    Column("note", "note"),
)
FLOOR = (
    Column("side", "for"),
    Column("price_usd", "floor $", number=True),
    Column("move_percent", "move %", number=True),
    Column("short", "breaks first"),
    Column("extra_sats", "with extra sat", number=True),
    Column("extra_price_usd", "floor then $", number=True),
)
COVER = (
    Column("short", "position"),
    Column("state", "protection"),
    Column("reason", "reason"),
    Column("missing_sats", "missing sat", number=True),
)
HISTORY = (
    Column("sequence", "event", number=True),
    Column("time", "time"),
    Column("kind", "kind"),
    Column("text", "what"),
)


@click.group()
def guard() -> None:
    """The margin guard of an account."""


@command(guard)
def status(options: Options) -> None:
    """Show whether the guard acts, and the protection of every position."""
    from axisor.client import every

    async def use(client: Client, account: Account) -> tuple[Run | None, list[dict[str, Any]]]:
        run = await guard_run(client, account.id)
        covers = await every(lambda token: client.guard.list_coverage(account.id, page_token=token))
        rows = [
            {
                "position": each.position,
                "short": short(each.position),
                "state": each.state.value,
                "reason": each.reason,
                "missing_sats": each.missing,
            }
            for each in covers
        ]
        return run, rows

    run, rows = options.run_on(use)
    printer = options.printer()
    record = {
        "guard": status_of(run),
        "run": None if run is None else run.id,
        "reason": "" if run is None else run.reason,
        "resumes_at": None if run is None else run.resumes_at,
        "config": None if run is None else json.loads(run.config or "{}"),
        "coverage": rows,
    }
    if printer.is_data:
        printer.record(record)
    else:
        printer.say(f"guard {status_of(run).upper()}{until(run)} {record['reason']}".rstrip())
        printer.rows(rows, COVER)
    if run is None or run.state not in WORKING:
        raise click.exceptions.Exit(ExitCode.PAUSED)
    if any(row["state"] != "protected" for row in rows):
        raise click.exceptions.Exit(ExitCode.DEGRADED)


@command(guard)
@click.option("--side", type=click.Choice(["long", "short"]), help="Whose danger to walk towards.")
def plan(options: Options, side: str | None) -> None:
    """Show what the guard does as the price walks away."""
    towards = None if side is None else Side.BUY if side == "long" else Side.SELL

    async def use(client: Client, account: Account) -> Plan:
        return await client.guard.plan(account.id, side=towards)

    found = options.run_on(use)
    rows = [
        {
            "price_usd": each.price,
            "move_percent": round(each.move * 100, 2),
            "position": each.position,
            "short": short(each.position),
            "action": each.action,
            "cost_sats": each.cost,
            "budget_left_sats": each.budget_left,
            "liquidation_usd": each.liquidation,
            "note": each.note,
        }
        for each in found.rows
    ]
    options.printer().rows(rows, PLAN)


@command(guard)
def floor(options: Options) -> None:
    """Show how far the guard holds: the one number that answers "am I safe?"."""

    async def use(client: Client, account: Account) -> Floors:
        return await client.guard.floor(account.id)

    found = options.run_on(use)
    rows = [
        {
            "side": "longs" if each.side is Side.BUY else "shorts",
            "price_usd": each.price,
            "move_percent": None if each.move is None else round(each.move * 100, 2),
            "position": each.position,
            "short": short(each.position),
            "extra_sats": each.extra or None,
            "extra_price_usd": each.extra_price,
        }
        for each in found.floors
    ]
    printer = options.printer()
    if not rows and not printer.is_data:
        printer.say("holds as far as it looks")
        return
    printer.rows(rows, FLOOR)


@command(guard, name="set")
@click.argument("position", required=False, shell_complete=completing.positions)
@click.option("--preset", type=click.Choice(list(PRESETS)))
@click.option("--trigger", type=PERCENT, help="Act below this distance to liquidation.")
@click.option("--target", type=PERCENT, help="Restore this distance.")
@click.option("--budget", type=LIMIT_SATS, help="Most sats in the life of one position.")
@click.option("--budget-action", type=LIMIT_SATS, help="Most sats for one action.")
@click.option("--budget-day", type=LIMIT_SATS, help="Most sats for the account in one UTC day.")
@click.option("--reserve", type=LIMIT_SATS, help="Sats that must stay in the balance.")
@click.option("--cooldown", type=click.IntRange(min=0), help="Seconds between two actions.")
@click.option("--ladder", help="Steps in order, such as add_margin,close.")
@click.option("--fallback", type=click.Choice(["alert", "close"]), help="The ladder's last step.")
@click.option("--native-stop", type=click.Choice(["live", "on", "off"]))
@click.option("--config", "config_file", type=click.Path(dir_okay=False), help="JSON file.")
@click.option("--dry-run", is_flag=True, help="Check it, and stop.")
def set_rule(options: Options, **given: Any) -> None:
    """Set the guard's rule; what is not named stays. With a POSITION, an exception for it."""
    from axisor.client.strategies import RunResult

    async def use(client: Client, account: Account) -> RunResult:
        run = await guard_run(client, account.id)
        before: dict[str, Any] = {} if run is None else json.loads(run.config or "{}")
        position = given["position"]
        if position is not None:
            position = await find(client, account.id, position)
        after = rule(before, position, given)
        config = json.dumps(after)
        if run is None or run.state in (RunState.STOPPED, RunState.FAILED):
            return await client.strategies.create_run(
                account.id,
                STRATEGY,
                config=config,
                label="guard",
                validate_only=given["dry_run"],
            )
        if after == before:
            return RunResult(run=run)
        return await client.strategies.configure_run(
            account.id, run.id, etag=run.etag, config=config, validate_only=given["dry_run"]
        )

    result = options.run_on(use)
    printer = options.printer()
    for warning in result.warnings:
        printer.say(f"! {warning}")
    more = {"warnings": list(result.warnings)} if printer.is_data else {}
    printer.record({**run_record(result.run), **more})
    if result.run.state is RunState.CREATED and not given["dry_run"]:
        printer.say("not armed yet: axisor guard arm")


@command(guard)
@click.option("--live", is_flag=True, help="Say that you mean a LIVE account.")
@click.option("--dry-run", is_flag=True, help="Check it, and stop.")
def arm(options: Options, live: bool, dry_run: bool) -> None:
    """Start the guard, or let it go on."""

    async def use(client: Client, account: Account) -> RunResult:
        if account.mode.value == "live" and not (live or dry_run):
            raise click.UsageError("This account is LIVE: say --live to arm its guard.")
        run = await must_have(client, account.id)
        if run.state is RunState.PAUSED:
            return await client.strategies.resume_run(account.id, run.id, validate_only=dry_run)
        return await client.strategies.start_run(account.id, run.id, validate_only=dry_run)

    result = options.run_on(use)
    printer = options.printer()
    for warning in result.warnings:
        printer.say(f"! {warning}")
    printer.record(
        {
            **run_record(result.run),
            "coverage": {each.position: each.state.value for each in result.coverages},
        }
    )


@command(guard)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--reason", default="")
def disarm(options: Options, yes: bool, reason: str) -> None:
    """Pause the guard; positions are not protected until it is armed again."""
    confirm(options, "Leave every position unprotected?", yes=yes, dry_run=False)

    async def use(client: Client, account: Account) -> RunResult:
        run = await must_have(client, account.id)
        return await client.strategies.pause_run(account.id, run.id, reason=reason)

    options.printer().record(run_record(options.run_on(use).run))


@command(guard)
@click.argument("span", type=PAUSE, default="15m")
@click.option("--reason", default="")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@proposable
def pause(options: Options, span: timedelta, reason: str, yes: bool) -> None:
    """Pause the guard for a SPAN such as 15m or 2h; it goes on by itself then.

    Positions are not protected meanwhile.
    """
    confirm(options, "Leave every position unprotected until then?", yes=yes, dry_run=False)

    async def use(client: Client, account: Account) -> RunResult:
        run = await must_have(client, account.id)
        return await client.strategies.pause_run(account.id, run.id, pause_for=span, reason=reason)

    options.printer().record(run_record(options.run_on(use).run))


@command(guard)
@proposable
def resume(options: Options) -> None:
    """Let a paused guard go on now."""

    async def use(client: Client, account: Account) -> RunResult:
        run = await must_have(client, account.id)
        return await client.strategies.resume_run(account.id, run.id)

    options.printer().record(run_record(options.run_on(use).run))


@command(guard)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
def history(options: Options, limit: int) -> None:
    """List what the guard did and what it had to say, newest first."""
    kinds = (IntentPlanned, IntentSettled, IntentReviewRefused, NoticeGiven)

    async def use(client: Client, account: Account) -> tuple[SeenEvent, ...]:
        page = await client.events.list(
            account.id,
            kinds=[kind.__name__ for kind in kinds],
            newest_first=True,
            page_size=MOST_EVENTS,
        )
        return page.items

    rows = [
        {"sequence": each.sequence, "time": each.time, "kind": each.kind, "text": sentence(each)}
        for each in of_runs(options.run_on(use))[:limit]
    ]
    options.printer().rows(rows, HISTORY)


def of_runs(events: Sequence[SeenEvent]) -> list[SeenEvent]:
    """Return the events about what runs did, without those about what people asked for."""
    by_hand = {
        each.payload.intent
        for each in events
        if isinstance(each.payload, IntentPlanned) and not each.payload.run
    }
    return [each for each in events if getattr(each.payload, "intent", "") not in by_hand]


@command(guard)
@click.argument("id")
def why(options: Options, id: str) -> None:
    """Explain an event (by its number) or an intent (by its id)."""

    async def use(client: Client, account: Account) -> Any:
        if id.isdigit():
            return await client.guard.explain(account.id, sequence=int(id))
        return await client.guard.explain(account.id, intent=id)

    found = options.run_on(use)
    printer = options.printer()
    if printer.is_data:
        import msgspec

        printer.record(msgspec.to_builtins(found))
        return
    printer.say(found.text)
    if found.why is not None:
        printer.say(f"rule      {found.why.rule}")
        for name, value in sorted(found.why.inputs.items()):
            printer.say(f"input     {name.replace('_', ' '):<22}{figure(value)}")
        for check in found.why.checks:
            mark = "ok " if check.passed else "NO "
            against = f"{figure(check.value)} against {figure(check.threshold)}"
            printer.say(f"check {mark} {check.name:<22}{against}")
        for each in found.why.rejected:
            printer.say(f"rejected  {each}")
    for entry in found.timeline:
        moment = f"{entry.time:%H:%M:%S}.{entry.time.microsecond // 1000:03}"
        printer.say(f"{entry.sequence:>8}  {moment}  {entry.text}")


def figure(text: str) -> str:
    """Return a whole number with its thousands separated, any other text as it is."""
    return f"{int(text):,}" if text.removeprefix("-").isdecimal() else text
